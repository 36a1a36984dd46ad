import asyncio
from contextlib import suppress
from dataclasses import replace
from statistics import fmean

import pytest
from sqlalchemy import func, select, update

from knowledge_base.embedder import Embedder
from knowledge_base.enums import ArticleStatus, Band, GapState, Visibility
from knowledge_base.lexical import terms
from knowledge_base.live_index import TOPIC, LiveIndex, _is_answered_from
from knowledge_base.models import Article, ArticleUse, Gap, Passage
from knowledge_base.ranking import Candidate
from knowledge_base.repository import ArticleRepository
from knowledge_base.schemas import ArticleCreate, ArticleDraft
from knowledge_base.search import VERBATIM, Edition, Ranking
from knowledge_base.service import (
    AddressTaken,
    ArticleChanged,
    ArticleNotFound,
    CategoryNotFound,
    KnowledgeService,
    PublishedMeanwhile,
    QuestionBlank,
    VectorUnfit,
    as_draft,
)
from knowledge_base.weights import RankerWeights
from language.hashing_encoder import HashingEncoder

REFUND = {
    "title": "How much is refunded",
    "summary": "What comes back.",
    "body": "## Before the start\n\nAll of the fee comes back.\n\n## Later\n\nAfter session one 70% comes back.",
    "questions": ["do I get my money back?"],
}


@pytest.fixture
def ask(work, open_knowledge):
    async def ask(question, *, live=None, language="en", **more):
        async with work.begin() as session:
            service = open_knowledge(session, live) if live else open_knowledge(session)
            return await service.answer(question, language=language, **more)

    return ask


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


class TestSave:
    async def test_a_published_article_is_searchable_when_the_transaction_ends(
        self, make_article, work, open_knowledge, ask
    ):
        article = await make_article("refund-rules", **REFUND)
        draft = as_draft(article).model_copy(update={"questions": ["can I park a bicycle?"]})

        async with work.begin() as session:
            await open_knowledge(session).save(article.id, draft, version=1)

        assert (await ask("can I park a bicycle?")).answer.article_id == article.id
        assert (await ask("do I get my money back?")).confidence < 0.99

    async def test_what_is_rolled_back_is_not_searched(self, make_article, work, open_knowledge, live, ask):
        article = await make_article("refund-rules", **REFUND)
        draft = as_draft(article).model_copy(update={"questions": ["can I park a bicycle?"]})

        with suppress(RuntimeError):
            async with work.begin() as session:
                await open_knowledge(session).save(article.id, draft, version=1)
                raise RuntimeError

        assert live.search.versions() == {article.id: 1}
        assert (await ask("do I get my money back?")).band is Band.answer

    async def test_the_second_of_two_editors_is_told_and_loses_nothing(self, make_article, work, open_knowledge):
        article = await make_article("refund-rules", **REFUND)
        async with work.begin() as session:
            await open_knowledge(session).save(article.id, ArticleDraft(title="Theirs", body="theirs"), version=1)

        async with work.reading() as session:
            with pytest.raises(ArticleChanged) as refusal:
                await open_knowledge(session).save(article.id, ArticleDraft(title="Yours", body="yours"), version=1)

        assert refusal.value.yours.body == "yours"
        assert refusal.value.theirs.body == "theirs"
        assert refusal.value.version == 2

    async def test_every_save_is_a_version(self, make_article, work, open_knowledge):
        article = await make_article("refund-rules", **REFUND)
        async with work.begin() as session:
            await open_knowledge(session).save(article.id, ArticleDraft(title="Second"), version=1, by="Omid")

        async with work.reading() as session:
            versions = await open_knowledge(session).articles.versions(article.id)

        assert [(one.number, one.title, one.saved_by) for one in versions] == [
            (2, "Second", "Omid"),
            (1, REFUND["title"], "Sara"),
        ]

    async def test_replaces_the_passages(self, make_article, work, open_knowledge):
        article = await make_article("refund-rules", **REFUND)

        for version, body in enumerate(["one", "# A\n\none\n\n# B\n\ntwo\n\n# C\n\nthree", "last"], 1):
            async with work.begin() as session:
                await open_knowledge(session).save(article.id, ArticleDraft(title="T", body=body), version=version)

        async with work.reading() as session:
            assert [one.text for one in (await session.scalars(select(Passage))).all()] == ["last"]

    async def test_a_body_without_words_is_found_by_its_title(self, make_article, ask):
        article = await make_article("parking", title="Parking at the office", body="")

        assert (await ask("parking at the office")).answer.article_id == article.id


class TestCreate:
    async def test_a_draft_is_not_searched(self, make_article, live):
        article = await make_article(publish=False)

        assert article.status is ArticleStatus.draft
        assert len(live.search) == 0

    async def test_refuses_an_address_twice(self, make_article):
        await make_article("parking")

        with pytest.raises(AddressTaken):
            await make_article("parking")

    async def test_refuses_an_unknown_category(self, make_article):
        with pytest.raises(CategoryNotFound):
            await make_article(category="nowhere")


class TestArchive:
    async def test_takes_the_article_out_of_the_search_and_publishing_brings_it_back(
        self, make_article, work, open_knowledge, live
    ):
        article = await make_article()

        async with work.begin() as session:
            await open_knowledge(session).archive(article.id)
        assert len(live.search) == 0

        async with work.begin() as session:
            await open_knowledge(session).publish(article.id)
        assert len(live.search) == 1


class TestLiveIndex:
    @pytest.fixture
    async def other(self, work, embedder):
        """The search index of another process."""
        other = LiveIndex(work, embedder, weights=RankerWeights.load(), projection=None)
        await other.start()
        return other

    async def test_a_restart_finds_what_was_published(self, make_article, work, embedder, ask):
        article = await make_article("refund-rules", **REFUND)
        restarted = LiveIndex(work, embedder, weights=RankerWeights.load(), projection=None)

        await restarted.start()

        assert (await ask("do I get my money back?", live=restarted)).answer.article_id == article.id

    async def test_a_change_is_announced_to_other_processes(self, make_article, other, events):
        async with events.listen(TOPIC) as told:
            article = await make_article()
            assert (await told.get())["article_id"] == article.id

        await other.synchronise()

        assert other.search.versions() == {article.id: 1}

    async def test_a_look_at_the_versions_finds_what_a_lost_notification_missed(
        self, make_article, work, open_knowledge, other
    ):
        kept, archived = await make_article("kept"), await make_article("archived")
        await other.synchronise()
        async with work.begin() as session:
            await open_knowledge(session).archive(archived.id)
            await open_knowledge(session).save(kept.id, ArticleDraft(title="New"), version=1)

        await other.synchronise()

        assert other.search.versions() == {kept.id: 2}

    async def test_articles_of_another_encoder_are_embedded_anew(self, make_article, work, open_knowledge, embedder):
        article = await make_article()
        async with work.begin() as session:
            (await open_knowledge(session).articles.for_change(article.id)).encoder = "another"
        live = LiveIndex(work, embedder, weights=RankerWeights.load(), projection=None)
        await live.start()
        assert not live.search.editions()[article.id].is_embedded

        await live.embed_anew()

        assert live.search.editions()[article.id].is_embedded

    @pytest.fixture
    async def old_draft(self, work, open_knowledge):
        """A draft that an encoder of another dimension embedded."""
        older = LiveIndex(work, Embedder(HashingEncoder(64)), weights=RankerWeights.load(), projection=None)
        async with work.begin() as session:
            draft = ArticleCreate(slug="refund-rules", language="en", **REFUND)
            return await open_knowledge(session, older).create(draft)

    async def test_what_another_encoder_embedded_is_not_searched_as_it_is(self, old_draft, work, open_knowledge, live):
        async with work.begin() as session:
            await open_knowledge(session).publish(old_draft.id)

        assert not any(len(field) for field in live.search.fields)

    async def test_what_another_encoder_embedded_is_found_by_its_words_at_once(
        self, old_draft, work, open_knowledge, live, ask
    ):
        async with work.begin() as session:
            await open_knowledge(session).publish(old_draft.id)

        assert (await ask("do I get my money back?")).answer.article_id == old_draft.id
        assert [offer.article_id for offer in (await ask("session one fee refunded")).offers] in ([], [old_draft.id])

    async def test_a_draft_of_another_encoder_is_searched_soon_after_it_is_published(
        self, old_draft, work, open_knowledge, live, events, ask
    ):
        async with events.listen(TOPIC) as told:
            running = asyncio.create_task(live.run(events))
            async with work.begin() as session:
                await open_knowledge(session).publish(old_draft.id)
            async with asyncio.timeout(5):
                # Of the publishing, and of the new vectors.
                await told.get()
                await told.get()
            running.cancel()

        assert live.search.editions()[old_draft.id].is_embedded
        assert (await ask("do I get my money back?")).answer.article_id == old_draft.id


class TestGaps:
    async def test_can_be_dismissed(self, ask, work, open_knowledge):
        found = await ask("how do whales sleep")

        async with work.begin() as session:
            await open_knowledge(session).settle(found.gap_id, GapState.dismissed)

        async with work.reading() as session:
            assert not await open_knowledge(session).gaps.in_state(GapState.open)
            assert await session.scalar(select(func.count()).select_from(Gap)) == 1


SECRET = {"title": "Refund beyond the rules", "body": "The manager may refund all.", "visibility": "agents"}


class TestAgentsOnly:
    async def test_is_never_given_to_a_contact(self, make_article, ask, work, open_knowledge, live):
        article = await make_article("exceptions", **SECRET)
        await make_article("parking", body="Park behind the house.")

        found = await ask("Refund beyond the rules")

        assert found.answer is None
        assert article.id not in [one.article_id for one in found.offers]
        assert live.search.entry(article.id) is None
        async with work.reading() as session:
            with pytest.raises(ArticleNotFound):
                await open_knowledge(session).answer_from(article.id, language="en")

    async def test_does_not_stand_in_for_its_public_translation(self, make_article, ask):
        await make_article("refund-rules", language="fa", **SECRET)
        english = await make_article("refund-rules", **REFUND)

        found = await ask("do I get my money back?", language="fa")

        assert found.answer.article_id == english.id

    async def test_is_suggested_to_agents(self, make_article, work, open_knowledge, embedder, live):
        article = await make_article("exceptions", **SECRET)
        public = await make_article("parking", body="Park behind the house.")
        await live.synchronise()
        vector = embedder.questions(["Refund beyond the rules"])[0]

        async with work.reading() as session:
            suggest = open_knowledge(session).suggest
            to_agent = await suggest("Refund beyond the rules", vector, language="en", for_agents=True)
            to_contact = await suggest("Refund beyond the rules", vector, language="en")

        assert [(one.article_id, one.is_public) for one in to_agent] == [(article.id, False), (public.id, True)]
        assert [one.article_id for one in to_contact] == [public.id]

    async def test_hiding_a_public_article_takes_it_from_contacts_at_once(
        self, make_article, work, open_knowledge, live
    ):
        article = await make_article("refund-rules", **REFUND)
        draft = as_draft(article).model_copy(update={"visibility": Visibility.agents})

        async with work.begin() as session:
            await open_knowledge(session).save(article.id, draft, version=1)
        assert len(live.search) == 0

        await live.synchronise()
        assert live.search_for_agents.versions() == {article.id: 2}

    @pytest.mark.parametrize("change", [{"visibility": Visibility.agents}, {"status": ArticleStatus.archived}])
    async def test_what_another_process_took_from_contacts_answers_nobody(
        self, make_article, ask, work, open_knowledge, live, change
    ):
        article = await make_article("refund-rules", **REFUND)
        async with work.begin() as session:
            await session.execute(update(Article).values(**change))

        found = await ask("do I get my money back?")

        assert live.search.entry(article.id)
        assert (found.band, found.answer) == (Band.decline, None)
        assert found.gap_id is not None
        async with work.reading() as session:
            with pytest.raises(ArticleNotFound):
                await open_knowledge(session).answer_from(article.id, language="en")

    async def test_what_is_hidden_between_two_statements_is_not_searched_for_contacts(self, make_article, work, live):
        article = await make_article("exceptions", **SECRET)

        async with work.reading() as session:
            published = {article.id: Edition(1, None, is_embedded=True)}
            await live._bring(live.search, published, ArticleRepository(session), _is_answered_from)

        assert len(live.search) == 0

    async def test_agents_have_no_index_of_their_own_where_nothing_is_hidden(
        self, make_article, work, open_knowledge, live
    ):
        article = await make_article("exceptions", **SECRET)
        await live.synchronise()
        assert live.search_for_agents is not live.search

        async with work.begin() as session:
            await open_knowledge(session).archive(article.id)
        assert len(live.search_for_agents) == 0

        await live.synchronise()
        assert live.search_for_agents is live.search


class TestSuggest:
    async def test_gives_the_nearest_titles_however_sure(self, make_article, work, open_knowledge, embedder):
        await make_article("refund-rules", **REFUND)
        await make_article("parking", body="Park behind the house.")

        async with work.reading() as session:
            service = open_knowledge(session)
            offers = await service.suggest("where to park", embedder.questions(["where to park"])[0], language="en")

        assert offers[0].url == "/help/en/parking"
        assert len(offers) == 2


class TestSaveWithTheStatusSeen:
    async def test_what_was_published_meanwhile_is_not_changed_unseen(self, work, open_knowledge, make_article):
        article = await make_article("refunds")
        draft = as_draft(article).model_copy(update={"title": "Half written"})

        with pytest.raises(PublishedMeanwhile):
            async with work.begin() as session:
                await open_knowledge(session).save(article.id, draft, version=article.version, seen=ArticleStatus.draft)
