from dataclasses import replace
from statistics import fmean

import pytest
from sqlalchemy import select

from knowledge_base.answering import ArticleNotFound, QuestionBlank, VectorUnfit
from knowledge_base.enums import Band, GapState
from knowledge_base.lexical import terms
from knowledge_base.models import ArticleUse, Gap
from knowledge_base.ranking import Candidate
from knowledge_base.search import VERBATIM, Ranking
from knowledge_base.service import (
    KnowledgeService,
)
from tests.knowledge_base.conftest import REFUND


class Earlier:
    """Keeps what was asked before, and how often it was looked up."""

    def __init__(self, *texts):
        self.texts = texts
        self.looked_up = []

    async def questions_before(self, conversation_id, message_id):
        self.looked_up.append((conversation_id, message_id))
        return self.texts


class TestFollowUp:
    @pytest.fixture
    def ask_after(self, work, live, clock):
        async def ask(question, earlier, *, conversation_id="c1", message_id="m2"):
            async with work.begin() as session:
                service = KnowledgeService(session, live=live, clock=clock, earlier=earlier)
                return await service.answer(
                    question, language="en", conversation_id=conversation_id, message_id=message_id
                )

        return ask

    @pytest.fixture
    async def refunds(self, make_article):
        await make_article("parking", body="Park behind the house.", questions=["where do I park?"])
        return await make_article("refund-rules", **REFUND)

    async def test_finds_the_article_of_the_question_before(self, refunds, ask_after):
        alone = await ask_after("and for companies?", Earlier())
        found = await ask_after(
            "and for companies?", Earlier("How much of the fee is refunded before the start?"), message_id="m3"
        )

        assert alone.band is not Band.answer
        assert found.answer.article_id == refunds.id
        assert found.confidence > alone.confidence

    async def test_looks_past_follow_ups_for_what_they_are_about(self, refunds, ask_after):
        earlier = Earlier("and for companies?", "How much of the fee is refunded before the start?", "where do I park?")

        found = await ask_after("why?", earlier)

        assert found.answer.article_id == refunds.id

    async def test_a_complete_question_is_not_drawn_to_the_topic_before(self, refunds, ask_after):
        earlier = Earlier("do I get my money back?")

        unknown = await ask_after("when is the whale fed", earlier)
        known = await ask_after("where do I park?", earlier, message_id="m3")

        assert unknown.answer is None
        assert known.answer.title == "parking"
        assert not earlier.looked_up

    async def test_what_an_editor_wrote_down_is_complete_however_short(self, refunds, make_article, ask_after):
        article = await make_article("prices", questions=["how much is it?"], body="A course is ten.")
        earlier = Earlier("do I get my money back?")

        found = await ask_after("how much is it?", earlier)

        assert found.answer.article_id == article.id
        assert not earlier.looked_up

    async def test_what_names_nothing_is_asked_of_the_topic_before_however_sure_another_article_is(
        self, refunds, make_article, ask_after
    ):
        prices = await make_article("prices", title="How much does a course cost", body="The cost is much: ten.")
        earlier = Earlier("How much of the fee is refunded before the start?")

        alone = await ask_after("how much does that cost", Earlier())
        found = await ask_after("how much does that cost", earlier, message_id="m3")

        assert alone.answer.article_id == prices.id
        assert found.answer.article_id == refunds.id

    async def test_where_two_are_about_as_likely_the_article_just_read_is_meant(
        self, make_article, open_knowledge, live, work
    ):
        first, second = await make_article("parking"), await make_article("hotels")
        ranking = Ranking([Candidate(first.id, {}, 5.0), Candidate(second.id, {}, 4.5)], 0.9, "parking")
        async with work.reading() as session:
            service = open_knowledge(session)

            drawn, left, unread = (service._drawn_to(one, ranking) for one in ("hotels", "parking", None))
            far = service._drawn_to(
                "hotels", replace(ranking, candidates=[Candidate(first.id, {}, 9.0), ranking.candidates[1]])
            )

        assert [one.article_id for one in drawn.candidates] == [second.id, first.id]
        assert drawn.topic == "hotels"
        assert (
            left.candidates[0].article_id == unread.candidates[0].article_id == far.candidates[0].article_id == first.id
        )

    async def test_nothing_changes_where_nothing_was_asked_before(self, refunds, ask, ask_after):
        found = await ask_after("and for companies?", Earlier())

        assert found == await ask("and for companies?", message_id="m2")

    async def test_is_not_looked_for_outside_a_conversation(self, refunds, ask_after):
        earlier = Earlier("do I get my money back?")

        await ask_after("why?", earlier, conversation_id=None)

        assert not earlier.looked_up

    async def test_the_earlier_half_is_no_phrasing_of_the_whole(self, refunds, live, ask_after):
        found = await ask_after("why?", Earlier("do I get my money back?"))

        assert found.confidence < VERBATIM

    async def test_of_the_article_that_is_shown_which_answers_what_was_asked_last(
        self, refunds, live, open_knowledge, work
    ):
        async with work.reading() as session:
            service = open_knowledge(session)
            whole = await service.read_question("is there a fee before the start? and later?", language="en")
            last = await service.read_question("and later?", language="en")
            joined = replace(whole, last=last)
            places = [one.id for one in await service.articles.passages_of(refunds.id)]

            nearness = [service.likeness(one, refunds.id, places) for one in (joined, whole, last)]
            wanted = service.wanted(joined, "Refunds")

        assert nearness[0] == pytest.approx([fmean(both) for both in zip(*nearness[1:], strict=True)])
        assert nearness[0] != nearness[1]
        assert [set(one) for one in wanted.wordings] == [set(terms(one.wording)) for one in (whole, last)]

    async def test_what_is_kept_says_what_was_meant(self, refunds, ask_after, work):
        await ask_after("and for companies?", Earlier("How much of the fee is refunded before the start?"))

        async with work.reading() as session:
            use = (await session.scalars(select(ArticleUse))).one()
        assert use.question == "How much of the fee is refunded before the start?\nand for companies?"


class TestNamesInLatinLetters:
    @pytest.fixture
    async def shops(self, make_article):
        await make_article("hours", language="fa", title="ساعت کار", body="شعبه‌ها از نه تا هجده باز هستند.")
        return await make_article("address", language="fa", title="نشانی", body="شعبهٔ زرینه‌رود در میدان فلاحی است.")

    async def test_are_read_by_the_words_of_the_articles(self, shops, open_knowledge, work):
        async with work.reading() as session:
            question = await open_knowledge(session).read_question("shobeye falahi kojast?", language="fa")

        assert "فلاحی" in question.wording
        assert "فلاحی" not in question.matching

    async def test_find_the_article_that_has_them(self, shops, open_knowledge, live, work):
        async with work.reading() as session:
            question = await open_knowledge(session).read_question("meydane falahi kojast", language="fa")
        ranking = await live.rank(question)

        assert ranking.candidates[0].article_id == shops.id

    async def test_a_variant_in_latin_letters_is_still_known_word_for_word(self, shops, make_article, ask):
        asked = await make_article(
            "map", language="fa", title="نقشه", questions=["meydane falahi kojast"], body="اینجا."
        )

        found = await ask("meydane falahi kojast", language="fa")

        assert found.confidence >= VERBATIM
        assert found.answer.article_id == asked.id


class TestSlips:
    async def test_a_word_typed_wrongly_finds_the_article_that_has_it(self, make_article, open_knowledge, live, work):
        await make_article("parking", language="fa", title="توقفگاه", body="خودرو را پشت ساختمان بگذارید.")
        article = await make_article("session", language="fa", title="جلسه", body="هر جلسهٔ فیزیوتراپی یک ساعت است.")

        async with work.reading() as session:
            question = await open_knowledge(session).read_question("فیزیوتارپی چقدره", language="fa")
        ranking = await live.rank(question)

        assert ranking.candidates[0].article_id == article.id
        assert "فیزیوتراپی" in question.wording


class TestLookUp:
    @pytest.fixture
    def look_up(self, work, open_knowledge):
        async def look_up(question):
            async with work.reading() as session:
                return await open_knowledge(session).look_up(question, language="en")

        return look_up

    async def test_an_answer_is_not_among_the_articles_that_come_near(self, make_article, look_up):
        article = await make_article("refund-rules", **REFUND)
        other = await make_article("parking", body="Park behind the house.")

        found = await look_up("Do I get my money back?")

        assert found.answer.article_id == article.id
        assert [one.article_id for one in found.offers] == [other.id]

    async def test_where_the_bot_declines_the_articles_that_have_the_words_are_found(
        self, make_article, look_up, live, monkeypatch
    ):
        article = await make_article("invoices", body="An invoice comes by e-mail.")
        await make_article("parking", body="Park behind the house.")
        monkeypatch.setattr(live.search.calibration.__class__, "probability", lambda *_: 0.05)

        named, unknown = await look_up("invoice"), await look_up("spaceship")

        assert [one.article_id for one in named.offers] == [article.id]
        assert unknown.offers == []
        assert named.answer is unknown.answer is None

    @pytest.mark.parametrize(
        ("chance", "question", "is_shown"),
        [(0.2, "where is the bus", True), (0.05, "where is the bus", False), (0.2, "qwrtzp xkcdfg", False)],
    )
    async def test_where_the_bot_declines_what_has_a_small_chance_is_shown_unless_the_question_is_gibberish(
        self, make_article, look_up, live, monkeypatch, chance, question, is_shown
    ):
        article = await make_article("parking", body="Park behind the house.")
        monkeypatch.setattr(live.search.calibration.__class__, "probability", lambda *_: chance)

        found = await look_up(question)

        assert found.band is Band.decline
        assert [one.article_id for one in found.offers] == ([article.id] if is_shown else [])

    @pytest.mark.parametrize("text", ["hi", "سلام", "salam", "aaaa", "good morning"])
    async def test_nothing_comes_near_to_what_names_nothing(self, make_article, look_up, text):
        await make_article("greetings", body="Say hi, good morning or سلام to a customer; a smile helps.")

        found = await look_up(text)

        assert (found.band, found.answer, found.offers) == (Band.decline, None, [])


class TestAnswer:
    async def test_answers_with_the_passage_its_article_and_date(self, make_article, ask, clock):
        article = await make_article("refund-rules", **REFUND)
        await make_article("parking", body="Park behind the house.")

        found = await ask("Do I get my money back?")

        assert found.band is Band.answer
        assert found.answer.article_id == article.id
        assert found.answer.url == "/help/en/refund-rules"
        assert found.answer.updated_at == clock.now()
        assert "All of the fee comes back." in found.answer.text
        assert not found.answer.other_language
        assert found.gap_id is None

    async def test_gives_no_answer_and_keeps_what_it_cannot_answer(self, make_article, ask, work):
        await make_article("parking", body="Park behind the house.")

        found = await ask("how do whales sleep", conversation_id="c1", message_id="m1")

        assert found.band is not Band.answer
        assert found.answer is None
        async with work.reading() as session:
            (gap,) = (await session.scalars(select(Gap))).all()
        assert (gap.id, gap.question, gap.conversation_id) == (found.gap_id, "how do whales sleep", "c1")
        assert (gap.band, gap.confidence) == (found.band, found.confidence)
        assert gap.state is GapState.open

    async def test_keeps_one_gap_however_often_a_turn_runs(self, ask, work):
        first, second = [await ask("how do whales sleep", message_id="m1") for _ in range(2)]

        assert first.gap_id == second.gap_id

    async def test_says_when_the_answer_is_in_the_other_language(self, make_article, ask):
        await make_article("refund-rules", **REFUND)

        found = await ask("do I get my money back?", language="fa")

        assert found.answer.language == "en"
        assert found.answer.other_language

    async def test_answers_in_the_language_of_the_question_where_there_is_a_translation(self, make_article, ask):
        await make_article("refund-rules", **REFUND)
        persian = await make_article("refund-rules", language="fa", title="بازگشت شهریه", body="همه‌اش برمی‌گردد.")

        found = await ask("do I get my money back?", language="fa")

        assert found.answer.article_id == persian.id
        assert not found.answer.other_language

    @pytest.mark.parametrize("question", ["", "  \n", "\u200c\u200f", "\x00"])
    async def test_refuses_a_question_without_words(self, ask, question):
        with pytest.raises(QuestionBlank):
            await ask(question)

    async def test_refuses_a_vector_of_another_size(self, ask, embedder):
        with pytest.raises(VectorUnfit):
            await ask("hello", vector=embedder.questions(["hello"])[0][:5])


class TestAnswerFrom:
    async def test_gives_the_summary_and_the_opening(self, make_article, work, open_knowledge):
        article = await make_article("refund-rules", **REFUND)

        async with work.reading() as session:
            answer = await open_knowledge(session).answer_from(article.id, language="en")

        assert answer.text == "What comes back.\n\nAll of the fee comes back."

    async def test_does_not_show_a_draft(self, make_article, work, open_knowledge):
        article = await make_article(publish=False)

        async with work.reading() as session:
            with pytest.raises(ArticleNotFound):
                await open_knowledge(session).answer_from(article.id, language="en")


class TestSuggest:
    async def test_gives_the_nearest_titles_however_sure(self, make_article, work, open_knowledge, embedder):
        await make_article("refund-rules", **REFUND)
        await make_article("parking", body="Park behind the house.")

        async with work.reading() as session:
            service = open_knowledge(session)
            offers = await service.suggest("where to park", embedder.questions(["where to park"])[0], language="en")

        assert offers[0].url == "/help/en/parking"
        assert len(offers) == 2
