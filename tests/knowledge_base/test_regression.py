"""Questions that an article should answer, asked again whenever what is published changes."""

from datetime import timedelta

import pytest

from knowledge_base.answering import ArticleNotFound, QuestionBlank
from knowledge_base.csv_files import ImportRefused
from knowledge_base.enums import Reason, Verdict, Visibility
from knowledge_base.regression import (
    LOST_AFTER,
    ExpectationNotFound,
    QuestionTooLong,
    Regression,
    RegressionSet,
)
from knowledge_base.repository import RegressionRepository
from knowledge_base.schemas import ArticleDraft
from knowledge_base.trial import Trial, Unsaved

PARKING = {"title": "Where to park", "body": "Park behind the house.", "questions": ["is there a parking lot?"]}
QUESTION = "is there a parking lot?"


@pytest.fixture
def regression(work, open_knowledge, clock):
    return Regression(work, open_service=open_knowledge, clock=clock)


@pytest.fixture
def do(work, open_knowledge):
    """Calls the regression set in a transaction of its own."""

    async def do(name, *arguments, **more):
        async with work.begin() as session:
            return await getattr(RegressionSet(open_knowledge(session)), name)(*arguments, **more)

    return do


@pytest.fixture
def runs(work, regression):
    """Does all that waits and gives the runs, latest first."""

    async def runs():
        for one in await regression.due():
            await regression.run(one)
        async with work.reading() as session:
            return await RegressionRepository(session).runs(limit=10)

    return runs


@pytest.fixture
def expectations(work):
    async def expectations():
        async with work.reading() as session:
            return await RegressionRepository(session).all()

    return expectations


class TestAdd:
    async def test_says_at_once_whether_the_article_answers(self, make_article, do):
        article = await make_article("parking", **PARKING)
        other = await make_article("refunds", body="Ten days.")

        met = await do("add", QUESTION, article.id, by="Sara")
        unmet = await do("add", "refunds", article.id)

        assert (met.verdict, met.found.id, met.added_by) == (Verdict.answered, article.id, "Sara")
        assert (unmet.verdict, unmet.found.id) == (Verdict.another, other.id)

    async def test_a_question_is_expected_of_one_article_alone(self, make_article, do, expectations):
        first, second = await make_article("parking", **PARKING), await make_article("refunds", body="Ten days.")

        await do("add", QUESTION, first.id)
        await do("add", "Is there a  parking lot?", second.id)

        assert [one.article_id for one in await expectations()] == [second.id]

    async def test_a_translation_answers_for_its_topic(self, make_article, do):
        english = await make_article("parking", **PARKING)
        await make_article("parking", language="fa", title="جای پارک", questions=["پارکینگ دارید؟"])

        assert (await do("add", "پارکینگ دارید؟", english.id)).verdict is Verdict.answered

    @pytest.mark.parametrize(("question", "refusal"), [(" \u200c", QuestionBlank), ("word " * 200, QuestionTooLong)])
    async def test_refuses_what_is_no_question(self, make_article, do, question, refusal):
        article = await make_article("parking", **PARKING)

        with pytest.raises(refusal):
            await do("add", question, article.id)

    async def test_refuses_an_unknown_article(self, do):
        with pytest.raises(ArticleNotFound):
            await do("add", QUESTION, 77)

    async def test_what_is_removed_is_gone(self, make_article, do):
        article = await make_article("parking", **PARKING)
        added = await do("add", QUESTION, article.id)

        await do("remove", added.id)
        await do("remove", added.id)

        with pytest.raises(ExpectationNotFound):
            await do("get", added.id)


class TestRun:
    async def test_each_publication_asks_and_shows_what_broke_and_what_was_mended(
        self, make_article, do, runs, work, open_knowledge
    ):
        article = await make_article("parking", **PARKING)
        added = await do("add", QUESTION, article.id)

        async with work.begin() as session:
            await open_knowledge(session).archive(article.id)
        broke = (await runs())[0]
        async with work.begin() as session:
            await open_knowledge(session).publish(article.id)
        mended = (await runs())[0]

        assert (broke.asked, broke.passed, broke.broken, broke.mended) == (1, 0, [added.id], [])
        assert (mended.asked, mended.passed, mended.broken, mended.mended) == (1, 1, [], [added.id])
        assert mended.article.id == article.id

    async def test_nothing_is_asked_where_nothing_is_expected(self, make_article, runs):
        await make_article("parking", **PARKING)

        assert await runs() == []

    async def test_publications_in_a_row_are_one_run(self, make_article, do, runs):
        article = await make_article("parking", **PARKING)
        await do("add", QUESTION, article.id)

        await make_article("refunds", body="Ten days.")
        await make_article("prices", body="All of them.")

        assert len(await runs()) == 1

    async def test_a_run_that_a_process_left_is_taken_up_later_and_no_sooner(
        self, make_article, do, regression, clock, work
    ):
        article = await make_article("parking", **PARKING)
        await do("add", QUESTION, article.id)
        await make_article("refunds", body="Ten days.")
        run_id = (await regression.due())[0]
        async with work.begin() as session:
            await RegressionRepository(session).begin(int(run_id), at=clock.now(), lost_before=clock.now())

        soon = await regression.due()
        clock.advance(LOST_AFTER + timedelta(seconds=1))

        assert (soon, await regression.due()) == ([], [run_id])

    async def test_asking_leaves_no_question_without_an_answer_and_counts_no_use(
        self, make_article, do, runs, work, open_knowledge
    ):
        article = await make_article("parking", **PARKING)
        await do("add", "something else altogether", article.id)
        await make_article("refunds", body="Ten days.")
        await runs()

        async with work.reading() as session:
            service = open_knowledge(session)
            assert await service.gaps.count("open") == 0
            assert await service.uses.counts([article.id]) == {}


class TestTable:
    async def test_a_second_import_changes_nothing_and_a_bad_row_keeps_no_other_out(
        self, make_article, do, expectations
    ):
        await make_article("parking", **PARKING)
        table = f'question,article\n"{QUESTION}",parking\nwhere?,nowhere\n,parking\n"two\nlines",parking\n'

        first, second = await do("read", table), await do("read", table)

        assert (first.added, second.added, second.same) == (2, 0, 2)
        assert [(one.line, one.reason) for one in first.refused] == [
            (3, Reason.article_unknown),
            (4, Reason.question_unfit),
        ]
        assert [one.question for one in await expectations()] == ["two lines", QUESTION]

    async def test_refuses_a_table_without_its_columns(self, do):
        with pytest.raises(ImportRefused):
            await do("read", "a,b\n1,2\n")

    async def test_what_is_written_is_read_again_and_runs_no_formula(self, make_article, do, expectations):
        article = await make_article("parking", **PARKING)
        await do("add", '=HYPERLINK("http://evil.example")', article.id)

        table = (await do("write")).decode("utf-8-sig")
        report = await do("read", table)

        assert "\"'=HYPERLINK" in table
        assert (report.same, report.added) == (1, 0)

    async def test_new_questions_are_asked_in_the_background(self, make_article, do, runs, expectations):
        await make_article("parking", **PARKING)
        await do("read", f"question;article\n{QUESTION};parking\n")

        run = (await runs())[0]

        assert (run.passed, run.broken, run.mended) == (1, [], [])
        assert (await expectations())[0].verdict is Verdict.answered


class TestBroken:
    @pytest.fixture
    def broken(self, work, open_knowledge):
        async def broken(unsaved):
            async with work.reading() as session:
                return await Trial(open_knowledge(session)).broken(unsaved)

        return broken

    async def test_names_what_a_text_would_keep_from_its_answer(self, make_article, do, broken, live):
        article = await make_article("parking", **PARKING)
        await do("add", QUESTION, article.id)
        hidden = ArticleDraft.model_validate({**PARKING, "visibility": Visibility.agents})

        found = await broken(Unsaved(hidden, "parking", "en", article.id))

        assert [(one.question, one.article_id, one.title) for one in found] == [(QUESTION, article.id, "Where to park")]
        assert live.search.versions() == {article.id: 1}

    async def test_is_silent_where_all_stays_as_it_is_or_was_broken_before(self, make_article, do, broken):
        article = await make_article("parking", **PARKING)
        await do("add", QUESTION, article.id)
        await do("add", "something else altogether", article.id)

        assert await broken(Unsaved(ArticleDraft.model_validate(PARKING), "parking", "en", article.id)) == []
