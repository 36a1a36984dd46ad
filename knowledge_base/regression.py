"""The regression set: questions with the article that should answer them, asked whenever what is published changes."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.errors import InvalidInput, NotFound
from core.unit_of_work import UnitOfWork
from knowledge_base.answering import Found, QuestionBlank
from knowledge_base.csv_files import Refused, Row, read_rows, write_rows
from knowledge_base.enums import Band, Reason, RunCause, Verdict
from knowledge_base.models import Article, Expectation, RegressionRun
from knowledge_base.question import answer_language, matching_form
from knowledge_base.repository import RegressionRepository
from knowledge_base.service import KnowledgeService
from knowledge_base.storage import from_bytes, to_bytes

QUESTION_CHARACTERS = 500
MATCHING_CHARACTERS = 1_000
# All of them are asked on each publication.
MOST_EXPECTATIONS = 2_000
COLUMNS = ("question", "article")
# A run that has taken this long was begun by a process that is no more.
LOST_AFTER = timedelta(minutes=10)
READ_AT_ONCE = 50


class ExpectationNotFound(NotFound):
    """There is no such question in the regression set."""

    code = "expectation_not_found"


class TooManyExpectations(InvalidInput):
    """The regression set has as many questions as it can have."""

    code = "too_many_expectations"


class QuestionTooLong(InvalidInput):
    """A question of the regression set has at most 500 characters."""

    code = "question_too_long"


@dataclass
class ExpectationsRead:
    """What became of the rows of a file."""

    added: int = 0
    changed: int = 0
    same: int = 0
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True)
class Judged:
    """What the bot made of a question."""

    verdict: Verdict
    confidence: float
    found_id: int | None


class RegressionSet:
    """The regression set within the caller's session."""

    def __init__(self, knowledge: KnowledgeService) -> None:
        self._knowledge = knowledge
        self._regression = knowledge.regression

    async def add(self, question: str, article_id: int, *, by: str = "") -> Expectation:
        """Expect an article to answer a question, and see at once whether it does.

        A question that is expected of another article already is expected of this one instead.

        Raises:
            ArticleNotFound, QuestionBlank, QuestionTooLong, TooManyExpectations
        """
        article = await self._knowledge.get(article_id)
        expectation, _kind = await self._put(question, article, by=by)
        await self.judge(expectation)
        return await self.get(expectation.id)

    async def get(self, expectation_id: int) -> Expectation:
        """A question with its articles.

        Raises:
            ExpectationNotFound
        """
        found = await self._regression.get(expectation_id)
        if found is None:
            raise ExpectationNotFound
        return found

    async def remove(self, expectation_id: int) -> None:
        """Expect this no longer; safe to call twice."""
        await self._regression.remove(expectation_id)

    async def read(self, text: str, *, by: str = "") -> ExpectationsRead:
        """Take in a table of questions and the addresses of their articles; a bad row is refused, the rest go in.

        The same table a second time changes nothing. New questions are asked by the run that this asks for.

        Raises:
            ImportRefused: it has not the columns `question` and `article`.
        """
        report = ExpectationsRead()
        for row in read_rows(text, required=COLUMNS):
            if isinstance(row, Refused):
                report.refused.append(row)
                continue
            try:
                await self._read(row, report, by=by)
            except TooManyExpectations:
                report.refused.append(Refused(Reason.too_many_rows, line=row.line))
                break
        if report.added or report.changed:
            await self._knowledge.want_regression(RunCause.wanted)
        return report

    async def write(self) -> bytes:
        """The whole set as a table that `read` takes in again."""
        rows = [[one.question, one.article.slug, one.article.language] for one in await self._regression.all()]
        return write_rows([*COLUMNS, "language"], rows)

    async def judge(self, expectation: Expectation) -> Judged:
        """Ask one question as a contact would, and write down what became of it; nothing else is kept."""
        judged = await self.ask(expectation)
        expectation.verdict, expectation.confidence = judged.verdict, judged.confidence
        expectation.found_id = judged.found_id
        await self._knowledge.session.flush()
        return judged

    async def ask(self, expectation: Expectation) -> Judged:
        """What the bot makes of a question now, its article loaded; its vector is kept with it."""
        embedder = self._knowledge.live.embedder
        if expectation.vector is None or expectation.encoder != embedder.fingerprint:
            expectation.vector = to_bytes(await embedder.embed_question(expectation.question, own=self._knowledge.live))
            expectation.encoder = embedder.fingerprint
        vector = from_bytes(expectation.vector)
        found = await self._knowledge.answer(
            expectation.question, language=expectation.language, vector=vector, keep_gap=False
        )
        return self._judged(found, expectation.article.slug)

    def _judged(self, found: Found, expected: str) -> Judged:
        shown = [found.answer.article_id] if found.answer else [one.article_id for one in found.offers]
        entries = [self._knowledge.live.search.entry(one) for one in shown]
        is_shown = any(entry.slug == expected for entry in entries if entry)
        first = shown[0] if shown else None
        if found.band is Band.answer and found.answer:
            return Judged(Verdict.answered if is_shown else Verdict.another, found.confidence, first)
        return Judged(Verdict.offered if is_shown else Verdict.missed, found.confidence, first)

    async def _read(self, row: Row, report: ExpectationsRead, *, by: str) -> None:
        address = row.cells.get("article", "").strip()
        language = row.cells.get("language", "").strip() or answer_language(row.cells["question"], preferred="fa")
        article = await self._at(address, language)
        if article is None:
            report.refused.append(Refused(Reason.article_unknown, line=row.line, detail=address))
            return
        try:
            _expectation, kind = await self._put(row.cells["question"], article, by=by)
        except (QuestionBlank, QuestionTooLong):
            report.refused.append(Refused(Reason.question_unfit, line=row.line))
            return
        setattr(report, kind, getattr(report, kind) + 1)

    async def _at(self, slug: str, language: str) -> Article | None:
        """The article at an address; in this language, else in whichever there is."""
        addresses = await self._knowledge.articles.at_addresses({slug})
        found = addresses.get((slug, language)) or next(iter(addresses.values()), None)
        return await self._knowledge.get(found) if found else None

    async def _put(self, question: str, article: Article, *, by: str) -> tuple[Expectation, str]:
        """The expectation, and whether it was `added`, `changed` or is the `same`."""
        text = " ".join(question.split())
        matching = matching_form(text)
        if not matching:
            raise QuestionBlank
        if len(text) > QUESTION_CHARACTERS or len(matching) > MATCHING_CHARACTERS:
            raise QuestionTooLong
        if there := await self._regression.by_matching(matching):
            return await self._expect(there, article)
        if await self._regression.count() >= MOST_EXPECTATIONS:
            raise TooManyExpectations
        expectation = Expectation(
            question=text,
            matching=matching,
            language=answer_language(text, preferred=article.language),
            article=article,
            added_by=by,
            added_at=self._knowledge.clock.now(),
        )
        self._knowledge.session.add(expectation)
        await self._knowledge.session.flush()
        return expectation, "added"

    async def _expect(self, expectation: Expectation, article: Article) -> tuple[Expectation, str]:
        if expectation.article.slug == article.slug:
            return expectation, "same"
        expectation.article, expectation.verdict = article, None
        await self._knowledge.session.flush()
        return expectation, "changed"


class Regression:
    """What a worker finds and does: the runs that wait; whatever a process left undone is found by the next one."""

    def __init__(
        self, work: UnitOfWork, *, open_service: Callable[[AsyncSession], KnowledgeService], clock: Clock
    ) -> None:
        self._work = work
        self._open_service = open_service
        self._clock = clock

    async def due(self) -> Sequence[str]:
        """The ids of the runs that nobody is at."""
        async with self._work.reading() as session:
            return [str(one) for one in await RegressionRepository(session).waiting(lost_before=self._lost_before())]

    async def run(self, run_id: str) -> None:
        """Ask every question through the search that serves, and keep what has changed since they were asked last."""
        async with self._work.begin() as session:
            mine = await RegressionRepository(session).begin(
                int(run_id), at=self._clock.now(), lost_before=self._lost_before()
            )
            if not mine:
                return
            live = self._open_service(session).live
        # What another process published may not be searched here yet.
        await live.synchronise()
        judged: dict[int, tuple[Expectation, Judged]] = {}
        async with self._work.reading() as session:
            expectations = await RegressionRepository(session).all()
        for batch in _batches(expectations):
            async with self._work.reading() as session:
                asked = RegressionSet(self._open_service(session))
                for one in batch:
                    judged[one.id] = one, await asked.ask(one)
                    await asyncio.sleep(0)
        async with self._work.begin() as session:
            await self._keep(session, int(run_id), judged)

    async def _keep(self, session: AsyncSession, run_id: int, judged: dict[int, tuple[Expectation, Judged]]) -> None:
        regression = RegressionRepository(session)
        run = await session.get_one(RegressionRun, run_id)
        kept = [one for one in await regression.all() if one.id in judged]
        for expectation in kept:
            asked, result = judged[expectation.id]
            # Another article may be expected of it meanwhile.
            if asked.article_id == expectation.article_id:
                _note(run, expectation, result)
                expectation.vector, expectation.encoder = asked.vector, asked.encoder
        run.asked = len(kept)
        run.passed = sum(one.verdict is Verdict.answered for one in kept)
        run.finished_at = self._clock.now()
        await regression.forget_old_runs()

    def _lost_before(self) -> datetime:
        return self._clock.now() - LOST_AFTER


def _note(run: RegressionRun, expectation: Expectation, result: Judged) -> None:
    """Write down what became of a question, and in the run whether that has changed."""
    before, now = expectation.verdict is Verdict.answered, result.verdict is Verdict.answered
    if expectation.verdict and before and not now:
        run.broken = [*run.broken, expectation.id]
    if expectation.verdict and now and not before:
        run.mended = [*run.mended, expectation.id]
    expectation.verdict, expectation.confidence = result.verdict, result.confidence
    expectation.found_id = result.found_id


def _batches(expectations: Sequence[Expectation]) -> Iterator[Sequence[Expectation]]:
    yield from (expectations[start : start + READ_AT_ONCE] for start in range(0, len(expectations), READ_AT_ONCE))
