import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import func, select, update

from knowledge_base.answering import ArticleNotFound
from knowledge_base.embedder import Embedder
from knowledge_base.enums import ArticleStatus, Band, GapState, Visibility
from knowledge_base.live_index import TOPIC, LiveIndex, _is_answered_from
from knowledge_base.models import Article, Gap, Passage
from knowledge_base.repository import ArticleRepository
from knowledge_base.schemas import ArticleCreate, ArticleDraft
from knowledge_base.search import Edition
from knowledge_base.service import (
    AddressTaken,
    ArticleChanged,
    CategoryNotFound,
    PublishedMeanwhile,
    as_draft,
)
from knowledge_base.weights import RankerWeights
from language.hashing_encoder import HashingEncoder
from tests.knowledge_base.conftest import REFUND


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


class TestSaveWithTheStatusSeen:
    async def test_what_was_published_meanwhile_is_not_changed_unseen(self, work, open_knowledge, make_article):
        article = await make_article("refunds")
        draft = as_draft(article).model_copy(update={"title": "Half written"})

        with pytest.raises(PublishedMeanwhile):
            async with work.begin() as session:
                await open_knowledge(session).save(article.id, draft, version=article.version, seen=ArticleStatus.draft)
