import numpy as np
import pytest

from knowledge_base.lexical import LexicalIndex, terms
from language.vocabulary import consonants_of

TEXTS = ["refund after withdrawal", "the course begins on saturday", "certificate after the course", "refund of a fee"]


@pytest.fixture
def index() -> LexicalIndex:
    index = LexicalIndex()
    for number, text in enumerate(TEXTS):
        index.add(number, text)
    return index


def scores(index: LexicalIndex, question: str) -> dict[int, float]:
    found = index.score(terms(question))
    return {one: float(found.of([one])[0]) for one in found.top(10)}


class TestScore:
    def test_puts_the_document_with_the_rare_words_first(self, index):
        assert next(iter(scores(index, "refund withdrawal"))) == 0

    def test_finds_a_word_in_another_form(self, index):
        assert next(iter(scores(index, "certificates"))) == 2

    def test_finds_nothing_where_no_term_matches(self, index):
        assert scores(index, "zzz") == {}

    def test_says_how_far_a_document_stands_out_and_how_much_it_covers(self, index):
        found = index.score(terms("refund of a fee"))

        assert found.standardised([3])[0] == found.standardised([0, 1, 2, 3]).max() > 1
        assert 0.5 < found.coverage([3])[0] <= 1
        assert found.coverage([1])[0] < 0.2

    def test_a_document_that_it_does_not_hold_scores_nothing(self, index):
        question = terms("refund of a fee")

        assert index.score(question).of([99]).tolist() == [0.0]
        assert LexicalIndex().score(question).of([0, 99]).tolist() == [0.0, 0.0]

    def test_an_empty_index_finds_nothing(self):
        assert LexicalIndex().score(terms("refund")).top(5) == []


class TestAddAndRemove:
    def test_gives_the_same_scores_as_an_index_built_at_once(self, index):
        for number in range(10, 60):
            index.add(number, f"passing text {number} about a course")
        for number in range(10, 60):
            index.remove(number)
        index.add(1, TEXTS[0])
        index.add(1, TEXTS[1])

        fresh = LexicalIndex()
        for number, text in enumerate(TEXTS):
            fresh.add(number, text)
        for question in TEXTS:
            assert scores(index, question) == pytest.approx(scores(fresh, question), rel=1e-4)

    def test_an_edited_document_is_found_by_its_new_words_only(self, index):
        index.add(3, "parking and visits")

        assert 3 not in scores(index, "refund fee")
        assert next(iter(scores(index, "parking"))) == 3

    def test_forgets_the_terms_of_documents_that_are_gone(self, index):
        for number in range(len(TEXTS)):
            index.remove(number)

        assert len(index) == 0
        assert np.all(index.score(terms("refund")).scores == 0)


class TestSounding:
    @pytest.fixture
    def index(self) -> LexicalIndex:
        index = LexicalIndex()
        index.add(1, "پایتخت اسپانیا مادرید است")
        index.add(2, "باشگاه رئال مادرید")
        return index

    def test_knows_its_persian_words_by_their_consonants(self, index):
        assert list(index.sounding(consonants_of("مادرید"))) == [("مادرید", 2)]

    def test_knows_no_others(self, index):
        assert list(index.sounding(consonants_of("بارسلونا"))) == []

    def test_forgets_the_words_of_documents_that_are_gone(self, index):
        index.remove(1)
        index.remove(2)

        assert list(index.sounding(consonants_of("مادرید"))) == []

    def test_knows_them_after_a_restart(self, index):
        again = LexicalIndex()
        again.restore(index.state())

        assert list(again.sounding(consonants_of("مادرید"))) == [("مادرید", 2)]


class TestCount:
    def test_says_how_many_documents_hold_a_word(self, index):
        assert [index.count(word) for word in ("refund", "course", "whale")] == [2, 2, 0]
