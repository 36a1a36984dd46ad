"""The search index of this process, kept true to the database.

Every article's vectors are stored with it, so a start reads them and computes none. A save is put into the index as
its transaction commits; other processes hear of it on the event bus, and a slow look at the articles' versions finds
whatever a lost notification missed.
"""

import asyncio
import logging
from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from core.events import EventBus
from core.unit_of_work import UnitOfWork, announce
from knowledge_base.embedder import ArticleText, Embedder
from knowledge_base.enums import ArticleStatus, Visibility
from knowledge_base.index import use_one_thread
from knowledge_base.models import Article
from knowledge_base.projection import Projection
from knowledge_base.repository import ArticleRepository, OperatingPointRepository
from knowledge_base.search import SearchableArticle, SearchablePassage, SearchableVariant, SearchIndex
from knowledge_base.storage import from_bytes, readable, store
from knowledge_base.weights import RankerWeights

logger = logging.getLogger(__name__)

TOPIC = "knowledge"
LOOK_AROUND_SECONDS = 30.0
LOADED_AT_ONCE = 100


class LiveIndex:
    """Searches what is published, for contacts and for agents."""

    def __init__(
        self, work: UnitOfWork, embedder: Embedder, *, weights: RankerWeights, projection: Projection | None
    ) -> None:
        self._work = work
        self.embedder = embedder
        if weights.encoder != embedder.fingerprint:
            logger.warning("The ranker was trained with another encoder: its confidence may be off")
        self.weights = weights
        # The share of the given answers that may be wrong; none for what the ranker was trained for.
        self.wrong_wanted: float | None = None
        self._projection = projection if projection and projection.encoder == embedder.fingerprint else None
        # What contacts may see, and nothing else: no answer comes from what is not in it.
        self.search = self._empty()
        # What agents may see; there is none while that is the same.
        self._agents_search: SearchIndex | None = None

    @property
    def search_for_agents(self) -> SearchIndex:
        """Searches all that is published, also what only agents may see."""
        return self._agents_search or self.search

    @property
    def is_calibrated(self) -> bool:
        """Whether the ranker was trained with this encoder: else confidence may be off."""
        return self.weights.encoder == self.embedder.fingerprint

    def answer_at(self, wrong: float | None) -> None:
        """Answer from now on so that at most this share of the answers is wrong."""
        if wrong == self.wrong_wanted:
            return
        self.wrong_wanted = wrong
        for search in {id(one): one for one in (self.search, self.search_for_agents)}.values():
            search.calibration = self.weights.calibration(wrong=wrong)

    def follow_choice(self, session: AsyncSession, wrong: float | None) -> None:
        """As this transaction commits, answer so, and tell the other processes."""
        event.listen(session.sync_session, "after_commit", lambda _session: self.answer_at(wrong), once=True)
        announce(session, TOPIC, {"operating_point": wrong})

    async def start(self) -> None:
        """Read every published article that has vectors of this encoder."""
        use_one_thread()
        await self.synchronise()

    async def run(self, events: EventBus) -> None:
        """Follow the database until cancelled: what other processes save, and what another encoder embedded."""
        async with events.listen(TOPIC) as changed:
            while True:
                try:
                    await self.synchronise()
                    await self.embed_anew()
                except Exception:
                    logger.exception("The search index could not look at the database; it tries again")
                try:
                    async with asyncio.timeout(LOOK_AROUND_SECONDS):
                        await changed.get()
                except TimeoutError:
                    pass

    async def synchronise(self) -> None:
        """Read the articles whose version is not the one searched, and drop those no longer published."""
        async with self._work.reading() as session:
            chosen = await OperatingPointRepository(session).latest()
            self.answer_at(chosen.wrong_wanted if chosen else None)
            articles, encoder = ArticleRepository(session), self.embedder.fingerprint
            public = await articles.published_versions(encoder=encoder, visible_to=[Visibility.public])
            await _bring(self.search, public, articles, self._is_answered_from)
            published = await articles.published_versions(encoder=encoder)
            if published.keys() == public.keys():
                self._agents_search = None
                return
            for_agents = self._agents_search or self._empty()
            await _bring(for_agents, published, articles, self._is_searched)
            self._agents_search = for_agents

    async def embed_anew(self) -> None:
        """Give articles without vectors of this encoder theirs; the rest is searched meanwhile."""
        async with self._work.reading() as session:
            outdated = await ArticleRepository(session).published_with_another_encoder(self.embedder.fingerprint)
        for article_id in outdated:
            await self._embed_anew(article_id)

    async def _embed_anew(self, article_id: int) -> None:
        async with self._work.reading() as session:
            found = await ArticleRepository(session).with_vectors([article_id])
        for article in found:
            embedded = await self.embedder.embed(article_text(article))
            async with self._work.begin() as session:
                current = await ArticleRepository(session).for_change(article_id)
                # Who saved meanwhile has embedded what they saved.
                if current and current.version == article.version:
                    store(embedded, current, encoder=self.embedder.fingerprint)
                    await session.flush()
                    self.follow(session, current)

    def follow(self, session: AsyncSession, article: Article) -> None:
        """As this transaction commits, search the article as it is then, and tell the other processes.

        One that another encoder embedded is searched only after `embed_anew`, which the announcement brings about.
        """
        ready = searchable(article) if self._is_searched(article) else None
        is_public = article.is_public

        def apply(_session: object) -> None:
            _take(self.search, article.id, ready if is_public else None)
            # Where the first article for agents alone brings their index into being, the announcement does.
            if self._agents_search:
                _take(self._agents_search, article.id, ready)

        event.listen(session.sync_session, "after_commit", apply, once=True)
        announce(session, TOPIC, {"article_id": article.id})

    def _is_searched(self, article: Article) -> bool:
        """Whether agents find it, by vectors of this encoder."""
        return article.status is ArticleStatus.published and article.encoder == self.embedder.fingerprint

    def _is_answered_from(self, article: Article) -> bool:
        return article.is_public and self._is_searched(article)

    def _empty(self) -> SearchIndex:
        return SearchIndex(
            self.embedder.dimension,
            ranker=self.weights.ranker(),
            calibration=self.weights.calibration(wrong=self.wrong_wanted),
            projection=self._projection,
        )


def _take(search: SearchIndex, article_id: int, ready: SearchableArticle | None) -> None:
    """Search an article as it is now, or no longer."""
    if ready:
        search.put(ready)
    else:
        search.remove(article_id)


async def _bring(
    search: SearchIndex, published: dict[int, int], articles: ArticleRepository, fits: Callable[[Article], bool]
) -> None:
    """Make an index hold these versions of these articles and no others."""
    searched = search.versions()
    for article_id in searched.keys() - published.keys():
        search.remove(article_id)
    stale = [one for one, version in published.items() if searched.get(one) != version]
    for start in range(0, len(stale), LOADED_AT_ONCE):
        for article in await articles.with_vectors(stale[start : start + LOADED_AT_ONCE]):
            # It may have changed since its version was read.
            _take(search, article.id, searchable(article) if fits(article) else None)


def article_text(article: Article) -> ArticleText:
    """What the embedder reads of a stored article, its variants loaded."""
    return ArticleText(article.title, article.summary, article.body, [variant.text for variant in article.variants])


def searchable(article: Article) -> SearchableArticle:
    """A stored article as search takes it, its variants and passages loaded."""
    return SearchableArticle(
        id=article.id,
        slug=article.slug,
        language=article.language,
        title=article.title,
        version=article.version,
        vector=from_bytes(article.vector) if article.vector else None,
        summary=article.summary,
        passages=[
            SearchablePassage(one.id, readable(one).embedded(article.title), from_bytes(one.vector))
            for one in article.passages
        ],
        variants=[
            SearchableVariant(one.id, one.text, from_bytes(one.vector)) for one in article.variants if one.vector
        ],
    )
