"""What became of the articles, as tables beside them: versions, changes of status, uses, votes, questions in vain."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from knowledge_base.csv_files import write_rows
from knowledge_base.import_files import GAPS_FILE, MOVES_FILE, USAGE_FILE, VERSIONS_FILE
from knowledge_base.models import Article, ArticleMove, ArticleVersion, Gap
from knowledge_base.repository import Uses, Votes
from knowledge_base.service import KnowledgeService

VERSION_COLUMNS = (
    "slug",
    "language",
    "number",
    "saved_at",
    "saved_by",
    "title",
    "summary",
    "questions",
    "body",
    # Where it was then, and for whom; nothing of it is known of what was saved before that was kept.
    "slug_then",
    "category",
    "visibility",
    "reviewed",
    "review_due",
)
MOVE_COLUMNS = ("slug", "language", "status", "moved_at", "moved_by")
USAGE_COLUMNS = ("slug", "language", "owner", "shown", "chosen", "led_to_handoff", "helpful", "unhelpful")
GAP_COLUMNS = (
    "question",
    "language",
    "state",
    "cause",
    "band",
    "confidence",
    "nearest",
    "answer",
    "conversation_id",
    "created_at",
)
# Articles whose versions are read together.
READ_AT_ONCE = 100


class Records:
    """Reads within the caller's session; `people` are the names of those who look after articles."""

    def __init__(self, knowledge: KnowledgeService, *, people: Mapping[int, str]) -> None:
        self._knowledge = knowledge
        self._people = people

    async def tables(self) -> dict[str, bytes]:
        """Every table by the name of its file."""
        versions: list[list[str]] = []
        moves: list[list[str]] = []
        usage: list[list[str]] = []
        async for addresses in self._addresses():
            versions += await self._versions(addresses)
            moves += await self._moves(addresses)
            usage += await self._usage(addresses)
        gaps = [_gap_cells(gap) for gap in await self._knowledge.gaps.all()]
        return {
            GAPS_FILE: await asyncio.to_thread(write_rows, GAP_COLUMNS, gaps),
            MOVES_FILE: await asyncio.to_thread(write_rows, MOVE_COLUMNS, moves),
            USAGE_FILE: await asyncio.to_thread(write_rows, USAGE_COLUMNS, usage),
            VERSIONS_FILE: await asyncio.to_thread(write_rows, VERSION_COLUMNS, versions),
        }

    async def _addresses(self) -> AsyncIterator[dict[int, tuple[str, str]]]:
        """Slug and language of some articles by id, until there were all."""
        every = list((await self._knowledge.articles.addresses()).items())
        for start in range(0, len(every), READ_AT_ONCE):
            yield dict(every[start : start + READ_AT_ONCE])

    async def _versions(self, addresses: dict[int, tuple[str, str]]) -> list[list[str]]:
        saved: dict[int, list[list[str]]] = {one: [] for one in addresses}
        for version in await self._knowledge.articles.versions_of(addresses):
            saved[version.article_id].append([*addresses[version.article_id], *_version_cells(version)])
        return [row for rows in saved.values() for row in rows]

    async def _moves(self, addresses: dict[int, tuple[str, str]]) -> list[list[str]]:
        made: dict[int, list[list[str]]] = {one: [] for one in addresses}
        for move in await self._knowledge.articles.moves_of(addresses):
            made[move.article_id].append([*addresses[move.article_id], *_move_cells(move)])
        return [row for rows in made.values() for row in rows]

    async def _usage(self, addresses: dict[int, tuple[str, str]]) -> list[list[str]]:
        owners = await self._knowledge.articles.owners(addresses)
        uses = await self._knowledge.uses.counts(addresses)
        votes = await self._knowledge.votes.counts(addresses)
        return [
            [*address, self._name(owners.get(one)), *_counts(uses.get(one), votes.get(one))]
            for one, address in addresses.items()
        ]

    def _name(self, owner: int | None) -> str:
        """The number of somebody whose name is not known."""
        return "" if owner is None else self._people.get(owner, str(owner))


def _version_cells(version: ArticleVersion) -> list[str]:
    saved = [str(version.number), version.saved_at.isoformat(), version.saved_by]
    text = [version.title, version.summary, "\n".join(version.questions), version.body]
    days = [day.isoformat() if day else "" for day in (version.reviewed_on, version.review_due_on)]
    visibility = version.visibility.value if version.visibility else ""
    return [*saved, *text, version.slug or "", version.category or "", visibility, *days]


def _move_cells(move: ArticleMove) -> list[str]:
    return [move.status.value, move.moved_at.isoformat(), move.moved_by]


def _counts(uses: Uses | None, votes: Votes | None) -> Sequence[str]:
    uses, votes = uses or Uses(), votes or Votes()
    numbers = (uses.shown, uses.chosen, uses.led_to_handoff, votes.helpful, votes.unhelpful)
    return [str(number) for number in numbers]


def _gap_cells(gap: Gap) -> list[str]:
    found = [gap.band.value, f"{gap.confidence:.4f}", _slug(gap.best_article), _slug(gap.answer)]
    asked = [gap.question, gap.language, gap.state.value, gap.cause.value]
    return [*asked, *found, gap.conversation_id or "", gap.created_at.isoformat()]


def _slug(article: Article | None) -> str:
    return article.slug if article else ""
