"""What became of the articles, as tables beside them: earlier versions, uses and votes, questions in vain."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from knowledge_base.csv_files import write_rows
from knowledge_base.import_files import GAPS_FILE, USAGE_FILE, VERSIONS_FILE
from knowledge_base.models import Article, ArticleVersion, Gap
from knowledge_base.repository import Uses, Votes
from knowledge_base.service import KnowledgeService

VERSION_COLUMNS = ("slug", "language", "number", "saved_at", "saved_by", "title", "summary", "questions", "body")
USAGE_COLUMNS = ("slug", "language", "shown", "chosen", "led_to_handoff", "helpful", "unhelpful")
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
    """Reads within the caller's session."""

    def __init__(self, knowledge: KnowledgeService) -> None:
        self._knowledge = knowledge

    async def tables(self) -> dict[str, bytes]:
        """Every table by the name of its file."""
        versions: list[list[str]] = []
        usage: list[list[str]] = []
        async for addresses in self._addresses():
            versions += await self._versions(addresses)
            usage += await self._usage(addresses)
        gaps = [_gap_cells(gap) for gap in await self._knowledge.gaps.all()]
        return {
            GAPS_FILE: await asyncio.to_thread(write_rows, GAP_COLUMNS, gaps),
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

    async def _usage(self, addresses: dict[int, tuple[str, str]]) -> list[list[str]]:
        uses = await self._knowledge.uses.counts(addresses)
        votes = await self._knowledge.votes.counts(addresses)
        return [[*address, *_counts(uses.get(one), votes.get(one))] for one, address in addresses.items()]


def _version_cells(version: ArticleVersion) -> list[str]:
    saved = [str(version.number), version.saved_at.isoformat(), version.saved_by]
    return [*saved, version.title, version.summary, "\n".join(version.questions), version.body]


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
