"""What contacts asked in vain, and what articles did."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from core.clock import FixedClock
from core.unit_of_work import UnitOfWork
from knowledge_base.enums import GapCause, GapState, Visibility
from knowledge_base.learning import Learning
from knowledge_base.models import Article, ArticleUse, Gap
from knowledge_base.repository import Uses
from knowledge_base.service import KnowledgeService, as_draft

OpenKnowledge = Callable[..., KnowledgeService]
MakeArticle = Callable[..., Awaitable[Article]]


def as_it_is(gap: Gap) -> str:
    """A question that tells nobody who asked it."""
    return gap.question


class TestHandedOff:
    async def test_makes_a_gap_of_the_question_that_was_answered(
        self, work: UnitOfWork, open_knowledge: OpenKnowledge, make_article: MakeArticle
    ) -> None:
        article = await make_article("refunds", title="How long does a refund take?", body="Ten days.")
        async with work.begin() as session:
            await open_knowledge(session).answer(article.title, language="en", conversation_id="c", message_id="m")

        for _again in range(2):
            async with work.begin() as session:
                await open_knowledge(session).handed_off("c")

        async with work.reading() as session:
            knowledge = open_knowledge(session)
            (gap,) = await knowledge.gaps.in_state(GapState.open)
            assert (gap.cause, gap.question, gap.best_article_id) == (GapCause.handed_off, article.title, article.id)
            assert await knowledge.uses.counts([article.id]) == {article.id: Uses(1, 0, 1)}

    async def test_of_a_conversation_without_an_answer_changes_nothing(
        self, work: UnitOfWork, open_knowledge: OpenKnowledge
    ) -> None:
        async with work.begin() as session:
            await open_knowledge(session).handed_off("c")

        async with work.reading() as session:
            assert await open_knowledge(session).gaps.in_state(GapState.open) == []


class TestUses:
    async def test_a_message_is_counted_once_however_often_its_turn_runs(
        self, work: UnitOfWork, open_knowledge: OpenKnowledge, make_article: MakeArticle
    ) -> None:
        article = await make_article("refunds", title="How long does a refund take?")
        for _again in range(2):
            async with work.begin() as session:
                await open_knowledge(session).answer(article.title, language="en", message_id="m")
                await open_knowledge(session).choose(article.id, language="en", message_id="n")

        async with work.reading() as session:
            assert await open_knowledge(session).uses.counts([article.id]) == {article.id: Uses(1, 1, 0)}


class TestDoubted:
    async def test_makes_a_gap_of_the_last_answer_once_and_counts_no_handoff(
        self, work: UnitOfWork, open_knowledge: OpenKnowledge, make_article: MakeArticle
    ) -> None:
        article = await make_article("refunds", title="How long does a refund take?", body="Ten days.")
        async with work.begin() as session:
            await open_knowledge(session).answer(article.title, language="en", conversation_id="c", message_id="m")

        for _again in range(2):
            async with work.begin() as session:
                await open_knowledge(session).doubted("c")

        async with work.reading() as session:
            knowledge = open_knowledge(session)
            (gap,) = await knowledge.gaps.in_state(GapState.open)
            assert (gap.cause, gap.question, gap.best_article_id) == (GapCause.voted_down, article.title, article.id)
            assert (gap.conversation_id, gap.message_id) == ("c", "m")
            assert await knowledge.uses.counts([article.id]) == {article.id: Uses(1, 0, 0)}

    async def test_makes_one_gap_of_an_answer_whose_message_has_no_name_and_another_of_the_next(
        self, work: UnitOfWork, open_knowledge: OpenKnowledge, make_article: MakeArticle, clock: FixedClock
    ) -> None:
        article = await make_article("refunds", title="How long does a refund take?", body="Ten days.")

        kept = []
        for is_asked in (True, False, True):
            async with work.begin() as session:
                if is_asked:
                    await open_knowledge(session).answer(article.title, language="en", conversation_id="c")
            clock.advance(timedelta(minutes=1))
            async with work.begin() as session:
                await open_knowledge(session).doubted("c")
                kept.append(len(await open_knowledge(session).gaps.in_state(GapState.open)))
            clock.advance(timedelta(minutes=1))

        assert kept == [1, 1, 2]

    async def test_keeps_nothing_where_nothing_was_answered_lately(
        self, work: UnitOfWork, open_knowledge: OpenKnowledge, make_article: MakeArticle, clock: FixedClock
    ) -> None:
        article = await make_article("refunds", title="How long does a refund take?")
        async with work.begin() as session:
            await open_knowledge(session).answer(article.title, language="en", conversation_id="c", message_id="m")
        clock.advance(timedelta(hours=1))

        async with work.begin() as session:
            for conversation_id in ("c", "another"):
                await open_knowledge(session).doubted(conversation_id)

            assert await open_knowledge(session).gaps.in_state(GapState.open) == []


class TestVotedDown:
    async def test_keeps_the_question_until_the_reader_thinks_better_of_it(
        self, work: UnitOfWork, open_knowledge: OpenKnowledge, make_article: MakeArticle
    ) -> None:
        await make_article("refunds")
        kept = []
        for helpful in (False, False, True):
            async with work.begin() as session:
                await open_knowledge(session).vote(
                    "refunds", "en", reader="r" * 64, helpful=helpful, question="my money?"
                )
            async with work.reading() as session:
                kept.append([gap.cause for gap in await open_knowledge(session).gaps.in_state(GapState.open)])

        assert kept == [[GapCause.voted_down], [GapCause.voted_down], []]


class TestAskedLike:
    async def test_gives_open_questions_that_came_nearest_but_nothing_that_it_has(
        self, work: UnitOfWork, open_knowledge: OpenKnowledge, make_article: MakeArticle
    ) -> None:
        article = await make_article("refunds", title="How long does a refund take?", questions=["my money?"])
        await make_article("parking", title="Where can I park my car?")
        asked = ["My  money", "refund when", "how long does any refund take", "car park where?"]
        async with work.begin() as session:
            for question in asked:
                await open_knowledge(session).answer(question, language="en", message_id=question)

        async with work.reading() as session:
            suggested = await Learning(open_knowledge(session)).asked_like(article.id)
            (first,) = await Learning(open_knowledge(session)).asked_like(article.id, count=1)

        assert suggested == ["how long does any refund take", "refund when"]
        assert first == suggested[0]

    @pytest.mark.parametrize(
        ("question", "helped", "suggested"),
        [
            ("when is my money back", True, ["when is my money back"]),
            ("when is my money back", False, []),
            # It was understood from the message before it.
            ("how long?\nand on holidays", True, []),
        ],
    )
    async def test_gives_what_it_answered_where_that_helped(
        self,
        work: UnitOfWork,
        open_knowledge: OpenKnowledge,
        make_article: MakeArticle,
        question: str,
        helped: bool,
        suggested: list[str],
    ) -> None:
        article = await make_article("refunds", title="How long does a refund take?")
        async with work.begin() as session:
            await open_knowledge(session).answer(article.title, language="en", conversation_id="c", message_id="m")
            await session.execute(update(ArticleUse).values(question=question))
            if not helped:
                await open_knowledge(session).handed_off("c")
                await session.execute(update(Gap).values(state=GapState.dismissed))

        async with work.reading() as session:
            assert await Learning(open_knowledge(session)).asked_like(article.id) == suggested


class TestStartArticle:
    async def test_settles_the_questions_when_it_is_published(
        self, work: UnitOfWork, open_knowledge: OpenKnowledge
    ) -> None:
        async with work.begin() as session:
            found = await open_knowledge(session).answer("Is there parking?", language="en")
        assert found.gap_id

        async with work.begin() as session:
            article = await Learning(open_knowledge(session)).start_article(
                [found.gap_id], typical=found.gap_id, asked=as_it_is, by="Sara"
            )
        async with work.begin() as session:
            waiting = [gap.id for gap in await open_knowledge(session).gaps.in_state(GapState.open)]
            await open_knowledge(session).publish(article.id)
        async with work.reading() as session:
            settled = [gap.id for gap in await open_knowledge(session).gaps.in_state(GapState.answered)]

        assert (waiting, settled) == ([found.gap_id], [found.gap_id])

    async def test_pressed_twice_leads_to_the_draft_there_is_until_that_is_archived(
        self, work: UnitOfWork, open_knowledge: OpenKnowledge
    ) -> None:
        async with work.begin() as session:
            gap = (await open_knowledge(session).answer("Is there parking?", language="en")).gap_id
        assert gap

        async def start() -> Article:
            async with work.begin() as session:
                return await Learning(open_knowledge(session)).start_article(
                    [gap], typical=gap, asked=as_it_is, by="Sara"
                )

        async def shown() -> int | None:
            async with work.reading() as session:
                (group,) = await Learning(open_knowledge(session)).groups(GapState.open)
                return group.draft.id if group.draft else None

        first, again = await start(), await start()
        while_it_is_there = await shown()
        async with work.begin() as session:
            await open_knowledge(session).archive(first.id)
        once_archived = await shown()
        new = await start()

        assert again.id == first.id == while_it_is_there
        assert once_archived is None
        assert new.id != first.id
        assert await shown() == new.id


class TestSettle:
    @pytest.mark.parametrize("by_program", [False, True])
    async def test_a_question_opened_again_stays_open_when_the_article_that_does_not_answer_it_is_saved(
        self, make_article: MakeArticle, work: UnitOfWork, open_knowledge: OpenKnowledge, by_program: bool
    ) -> None:
        article = await make_article("horses")
        async with work.begin() as session:
            gap = (await open_knowledge(session).answer("May I bring a dragon?", language="en")).gap_id
            assert gap
            await Learning(open_knowledge(session)).add_to(article.id, [gap], asked=as_it_is, by="Sara")

        async with work.begin() as session:
            knowledge = open_knowledge(session)
            settling = knowledge.settle(gap, GapState.open) if by_program else None
            await (settling or Learning(knowledge).settle([gap], GapState.open))
        async with work.begin() as session:
            knowledge = open_knowledge(session)
            seen = as_draft(await knowledge.get(article.id))
            await knowledge.save(article.id, seen.model_copy(update={"body": "No, none."}), version=2)

        async with work.reading() as session:
            assert [one.id for one in await open_knowledge(session).gaps.in_state(GapState.open)] == [gap]


class TestAddTo:
    async def test_settles_the_questions_when_contacts_may_see_the_article(
        self, make_article: MakeArticle, work: UnitOfWork, open_knowledge: OpenKnowledge
    ) -> None:
        async with work.begin() as session:
            found = await open_knowledge(session).answer("May I bring a horse?", language="en")
        article = await make_article("horses", visibility="agents")
        async with work.begin() as session:
            await Learning(open_knowledge(session)).add_to(article.id, [found.gap_id], asked=as_it_is, by="Sara")
            waiting = [gap.id for gap in await open_knowledge(session).gaps.in_state(GapState.open)]

        async with work.begin() as session:
            knowledge = open_knowledge(session)
            seen = as_draft(await knowledge.get(article.id))
            await knowledge.save(article.id, seen.model_copy(update={"visibility": Visibility.public}), version=2)

        async with work.reading() as session:
            settled = [gap.id for gap in await open_knowledge(session).gaps.in_state(GapState.answered)]
        assert (waiting, settled) == ([found.gap_id], [found.gap_id])
