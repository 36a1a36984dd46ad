from dataclasses import replace

import numpy as np
import pytest

from knowledge_base.confidence import Thresholds
from knowledge_base.embedder import ArticleText, Embedder
from knowledge_base.enums import Band
from knowledge_base.question import Question, matching_form
from knowledge_base.search import VERBATIM, SearchableArticle, SearchablePassage, SearchableVariant, SearchIndex
from knowledge_base.weights import RankerWeights

ARTICLES = [
    ("refund-rules", "How much is refunded", "A withdrawal before the first session brings all of the fee back."),
    ("certificate", "Getting the certificate", "The certificate comes five days after the final exam."),
    ("class-times", "When classes take place", "Sessions are on Saturdays and Mondays, from five in the afternoon."),
]


@pytest.fixture
def index(embedder: Embedder) -> SearchIndex:
    weights = RankerWeights.load()
    index = SearchIndex(embedder.dimension, ranker=weights.ranker(), calibration=weights.calibration())
    for number, (slug, title, body) in enumerate(ARTICLES):
        index.put(searchable(embedder, number, slug, title, body))
    return index


def searchable(
    embedder: Embedder, number: int, slug: str, title: str, body: str, *, language: str = "en", questions: tuple = ()
) -> SearchableArticle:
    embedded = embedder.embed_now(ArticleText(title, "", body, questions))
    passages = [
        SearchablePassage(number * 100 + position, passage.embedded(title), vector)
        for position, (passage, vector) in enumerate(zip(embedded.passages, embedded.passage_vectors, strict=True))
    ]
    variants = [
        SearchableVariant(number * 100 + position, text, vector)
        for position, (text, vector) in enumerate(zip(questions, embedded.question_vectors, strict=True))
    ]
    return SearchableArticle(number, slug, language, title, 1, embedded.title_vector, "", passages, variants)


def ask(embedder: Embedder, text: str, *, language: str = "en") -> Question:
    return Question(matching_form(text), embedder.questions([text])[0], language)


class TestBand:
    @pytest.fixture
    def unsure(self, index: SearchIndex) -> SearchIndex:
        """Offers titles whatever the question, and answers nothing."""
        index.calibration = replace(index.calibration, thresholds=Thresholds(answer=1.0, offer=0.0))
        return index

    @pytest.mark.parametrize("text", ["asdkjh", "ghhhjk", "شسیبلات", "ضصثقف غعهخ", "۱۲۳۴", "123 456", "؟؟؟", "😀"])
    def test_declines_what_holds_no_word_that_anybody_knows(self, unsure, embedder, text):
        question = ask(embedder, text)

        assert unsure.band(question, unsure.rank(question)) is Band.decline

    @pytest.mark.parametrize(
        "text",
        [
            # Of the articles, of Persian, of English, and of Persian in Latin letters.
            *("certificate?", "پول", "how", "pul"),
            # Nobody knows it, and an article has most of its letters.
            "certificatess",
        ],
    )
    def test_offers_titles_for_words_that_somebody_knows(self, unsure, embedder, text):
        question = ask(embedder, text)

        assert unsure.band(question, unsure.rank(question)) is Band.offer

    @pytest.mark.parametrize("text", ["سلام", "سلام، خسته نباشید", "salam", "hi there", "aaaa", "x"])
    def test_declines_what_names_nothing_however_likely(self, index, embedder, text):
        question = ask(embedder, text)
        ranking = replace(index.rank(question), confidence=0.9)

        assert index.band(question, ranking) is Band.decline

    def test_answers_a_greeting_that_an_editor_wrote_an_answer_for(self, index, embedder):
        index.put(searchable(embedder, 9, "welcome", "Hello", "Welcome to the academy.", questions=("hi there",)))
        question = ask(embedder, "hi there")

        assert index.band(question, index.rank(question)) is Band.answer

    def test_offers_what_is_likely_whatever_the_language(self, unsure, embedder):
        question = ask(embedder, "Rückerstattung")
        ranking = unsure.rank(question)

        assert unsure.band(question, replace(ranking, confidence=0.49)) is Band.decline
        assert unsure.band(question, replace(ranking, confidence=0.5)) is Band.offer


class TestRank:
    def test_puts_the_article_that_answers_first(self, index, embedder):
        ranking = index.rank(ask(embedder, "when do I get my certificate after the exam"))

        assert ranking.candidates[0].article_id == 1
        assert 0 < ranking.confidence < 1

    def test_finds_nothing_in_an_empty_knowledge_base(self, embedder):
        weights = RankerWeights.load()
        empty = SearchIndex(embedder.dimension, ranker=weights.ranker(), calibration=weights.calibration())

        ranking = empty.rank(ask(embedder, "anything"))

        assert ranking.candidates == []
        assert ranking.confidence == 0

    def test_trusts_a_phrasing_that_an_editor_wrote(self, index, embedder):
        slug, title, body = ARTICLES[1]
        index.put(searchable(embedder, 1, slug, title, body, questions=("مدرک دوره کِی به دستم می‌رسه؟",)))

        ranking = index.rank(ask(embedder, "مدرك دوره کی به دستم می رسه؟", language="fa"))

        assert ranking.candidates[0].article_id == 1
        assert ranking.confidence >= VERBATIM

    @pytest.mark.parametrize("text", ["چه دوره‌هایی دارین", "چه دوره‌هایی دارین؟!", "چه دوره‌هایی دارین..."])
    def test_trusts_it_with_another_mark_at_its_end(self, index, embedder, text):
        slug, title, body = ARTICLES[1]
        index.put(searchable(embedder, 1, slug, title, body, questions=("چه دوره‌هایی دارین؟",)))

        assert index.rank(ask(embedder, text, language="fa")).confidence >= VERBATIM

    def test_does_not_trust_a_phrasing_of_two_articles(self, index, embedder):
        for number in (0, 1):
            slug, title, body = ARTICLES[number]
            index.put(searchable(embedder, number, slug, title, body, questions=("what now?",)))

        assert index.rank(ask(embedder, "what now?")).confidence < VERBATIM

    def test_does_not_trust_a_phrasing_that_was_taken_away(self, index, embedder):
        slug, title, body = ARTICLES[1]
        index.put(searchable(embedder, 1, slug, title, body, questions=("and the paper?",)))
        index.put(searchable(embedder, 1, slug, title, body))

        assert index.rank(ask(embedder, "and the paper?")).confidence < VERBATIM

    def test_variants_of_one_article_take_no_question_from_another(self, index, embedder):
        question = ask(embedder, "how much of the fee is refunded before the first session")
        slug, title, body = ARTICLES[2]
        index.put(searchable(embedder, 2, slug, title, body, questions=("when is it", "what time is the class")))

        assert index.rank(question).candidates[0].article_id == 0

    def test_gives_a_topic_once_and_in_the_language_of_the_question(self, index, embedder):
        body = "گواهی‌نامه پنج روز پس از آزمون پایانی صادر می‌شود."
        index.put(searchable(embedder, 11, "certificate", "گرفتن گواهی‌نامه", body, language="fa"))

        english = index.rank(ask(embedder, "certificate after the final exam"))
        persian = index.rank(ask(embedder, "certificate after the final exam", language="fa"))

        assert english.candidates[0].article_id == 1
        assert persian.candidates[0].article_id == 11
        assert len(persian.candidates) == len(ARTICLES)

    def test_does_not_find_a_removed_article(self, index, embedder):
        index.remove(1)

        assert 1 not in [one.article_id for one in index.rank(ask(embedder, "certificate exam")).candidates]
        assert index.entry(1) is None

    @pytest.mark.parametrize("text", ["?", "🙂", "\x00", "a" * 10_000, "\ud800", "<script>"])
    def test_takes_any_question(self, index, embedder, text):
        assert 0 <= index.rank(ask(embedder, text)).confidence <= 1

    def test_a_vector_of_zeros_is_like_nothing(self, index, embedder):
        ranking = index.rank(Question("", np.zeros(embedder.dimension, np.float32), "en"))

        assert ranking.confidence < 0.5
