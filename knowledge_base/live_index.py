"""The search index of this process, kept true to the database.

Every article's vectors are stored with it, so a start reads them and computes none; most come from a file of the index
itself. A save is put into the index as its transaction commits; other processes hear of it on the event bus, and a
slow look at the articles' versions finds whatever a lost notification missed.

Vectors of two encoders never meet. After a change of the encoder everything is found by its words at once, and by
meaning as it is embedded anew, in the background.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from core.events import EventBus
from core.unit_of_work import UnitOfWork, announce
from knowledge_base.embedder import ArticleText, Embedder
from knowledge_base.enums import ArticleStatus, Visibility
from knowledge_base.index import use_one_thread
from knowledge_base.index_file import IndexFile
from knowledge_base.models import Article
from knowledge_base.projection import Projection
from knowledge_base.question import Question
from knowledge_base.repository import ArticleRepository, OperatingPointRepository, VoteRepository
from knowledge_base.reranking import Reranker
from knowledge_base.search import (
    Edition,
    Ranking,
    SearchableArticle,
    SearchablePassage,
    SearchableVariant,
    SearchIndex,
    Shortlist,
)
from knowledge_base.storage import from_bytes, readable, store
from knowledge_base.weights import RankerWeights

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

TOPIC = "knowledge"
LOOK_AROUND_SECONDS = 30.0
KEPT_AFTER_SECONDS = 1.0
LOADED_AT_ONCE = 100
# Articles that are embedded anew before others' changes are looked at again.
EMBEDDED_AT_ONCE = 10


class LiveIndex:
    """Searches what is published, for contacts and for agents.

    Raises RerankerError where the weights were not calibrated with the reranker.
    """

    def __init__(
        self,
        work: UnitOfWork,
        embedder: Embedder,
        *,
        weights: RankerWeights,
        projection: Projection | None,
        file: IndexFile | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self._work = work
        self.embedder = embedder
        # Where the index is kept between two runs; none where it is not.
        self._file = file
        # What the file holds, as far as we know.
        self._kept: dict[int, Edition] = {}
        if weights.encoder != embedder.fingerprint:
            logger.warning("The ranker was trained with another encoder: its confidence may be off")
        self.weights = weights.belonging_to(reranker)
        self._reranker = reranker
        # A reranker takes one question at a time, and must not keep others' vectors waiting.
        self._reranking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reranking")
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

    def sounding(self, consonants: str) -> Iterable[tuple[str, int]]:
        """The articles' Persian words with these consonants, and how many articles hold each."""
        return self.search.words.sounding(consonants)

    def count(self, word: str) -> int:
        """How many articles hold a word."""
        return self.search.words.count(word)

    async def rank(self, question: Question, *, search: SearchIndex | None = None) -> Ranking:
        """Order what may answer the question, for contacts unless told otherwise, and say how sure the first is."""
        return await self.settle((search or self.search).shortlist(question))

    async def settle(self, shortlist: Shortlist) -> Ranking:
        """The order of a shortlist, away from the event loop where that takes long."""
        if self._reranker is None:
            return self.search.settle(shortlist)
        return await asyncio.get_running_loop().run_in_executor(self._reranking, self.search.settle, shortlist)

    def answer_at(self, wrong: float | None) -> None:
        """Answer from now on so that at most this share of the answers is wrong."""
        if wrong == self.wrong_wanted:
            return
        self.wrong_wanted = wrong
        for search in self._searches():
            search.calibration = self.weights.calibration(wrong=wrong)

    def follow_choice(self, session: AsyncSession, wrong: float | None) -> None:
        """As this transaction commits, answer so, and tell the other processes."""
        event.listen(session.sync_session, "after_commit", lambda _session: self.answer_at(wrong), once=True)
        announce(session, TOPIC, {"operating_point": wrong})

    async def start(self) -> None:
        """Take the index from its file, and from the database what has changed since."""
        use_one_thread()
        started = time.perf_counter()
        if loaded := await self._loaded():
            self.search, self._kept = loaded, loaded.editions()
        await self.synchronise()
        logger.info("Searching %d articles, %.1f s after the start", len(self.search), time.perf_counter() - started)

    async def run(self, events: EventBus) -> None:
        """Follow the database until cancelled: what other processes save, and what another encoder embedded."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_database(events))
            tasks.create_task(self._keep_graphs())

    async def _follow_database(self, events: EventBus) -> None:
        # Soon after the start: who dies before it is kept builds it again.
        patience = KEPT_AFTER_SECONDS
        async with events.listen(TOPIC) as changed:
            while True:
                waiting = await _tried(self._look_around, "The search index could not look at the database")
                try:
                    async with asyncio.timeout(0 if waiting else patience):
                        await changed.get()
                except TimeoutError:
                    # Nobody has saved anything for a while.
                    if not waiting:
                        await _tried(self.save, "The search index could not be kept on disk")
                        patience = LOOK_AROUND_SECONDS

    async def _keep_graphs(self) -> None:
        """Build the graphs anew that need it, beside those that serve."""
        while True:
            await _tried(self.rebuild_graphs, "A search graph could not be built")
            await asyncio.sleep(LOOK_AROUND_SECONDS)

    async def _look_around(self) -> bool:
        """Catch up with the database; True where there is more to embed."""
        await self.synchronise()
        return await self.embed_anew()

    async def rebuild_graphs(self) -> None:
        """Give every field that has outgrown its index a new one; searches and changes go on meanwhile."""
        for search in self._searches():
            for field in search.fields:
                if field.wants_rebuilding:
                    for step in field.rebuild():
                        await asyncio.to_thread(step)

    async def close(self) -> None:
        """Keep the index for the next start; what goes wrong with that keeps nobody from ending."""
        self._reranking.shutdown(wait=False, cancel_futures=True)
        await _tried(self.save, "The search index could not be kept on disk")

    async def save(self) -> None:
        """Keep what contacts may see on disk; nothing is done where it is there, or is changing right now."""
        editions = self.search.editions()
        if self._file is None or editions == self._kept:
            return
        state = await asyncio.to_thread(self.search.state)
        if state:
            await asyncio.to_thread(self._file.save, state)
            self._kept = editions

    async def synchronise(self) -> None:
        """Read the articles that are not searched as they are, and drop those no longer published."""
        async with self._work.reading() as session:
            chosen = await OperatingPointRepository(session).latest()
            self.answer_at(chosen.wrong_wanted if chosen else None)
            self.search.helpful = await VoteRepository(session).helpful_tenths()
            articles, encoder = ArticleRepository(session), self.embedder.fingerprint
            public = await articles.published_editions(encoder=encoder, visible_to=[Visibility.public])
            await self._bring(self.search, public, articles, _is_answered_from)
            published = await articles.published_editions(encoder=encoder)
            if published.keys() == public.keys():
                self._agents_search = None
                return
            # Nearly all of it is what contacts may see.
            for_agents = self._agents_search or await self._loaded() or self._empty()
            await self._bring(for_agents, published, articles, _is_searched)
            for_agents.helpful = self.search.helpful
            self._agents_search = for_agents

    async def embed_anew(self) -> bool:
        """Give some articles without vectors of this encoder theirs; True where there are more.

        Each is stored as soon as it is done, so that a restart goes on where it was interrupted.
        """
        async with self._work.reading() as session:
            outdated = await ArticleRepository(session).published_with_another_encoder(self.embedder.fingerprint)
        if outdated:
            logger.info("%d articles are still to be embedded by the present encoder", len(outdated))
        # Several processes are at it, each at others if chance will have it.
        chosen = random.sample(outdated, min(EMBEDDED_AT_ONCE, len(outdated)))
        for article_id in chosen:
            await self._embed_anew(article_id)
        return len(outdated) > len(chosen)

    async def _embed_anew(self, article_id: int) -> None:
        async with self._work.reading() as session:
            found = await ArticleRepository(session).with_vectors([article_id])
        for article in found:
            if self._is_embedded(article):
                continue
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

        One that another encoder embedded is found by its words until `embed_anew`, which the announcement brings about.
        """
        ready = self.searchable(article) if _is_searched(article) else None
        is_public = article.is_public

        def apply(_session: object) -> None:
            _take(self.search, article.id, ready if is_public else None)
            # Where the first article for agents alone brings their index into being, the announcement does.
            if self._agents_search:
                _take(self._agents_search, article.id, ready)

        event.listen(session.sync_session, "after_commit", apply, once=True)
        announce(session, TOPIC, {"article_id": article.id})

    def searchable(self, article: Article) -> SearchableArticle:
        """A stored article as search takes it, its variants and passages loaded."""
        is_embedded = self._is_embedded(article)
        texts = [(one, readable(one).embedded(article.title)) for one in article.passages]
        return SearchableArticle(
            id=article.id,
            slug=article.slug,
            language=article.language,
            title=article.title,
            version=article.version,
            vector=from_bytes(article.vector) if article.vector and is_embedded else None,
            summary=article.summary,
            passages=[SearchablePassage(one.id, text, from_bytes(one.vector)) for one, text in texts if is_embedded],
            variants=[
                SearchableVariant(one.id, one.text, from_bytes(one.vector))
                for one in article.variants
                if one.vector and is_embedded
            ],
            updated_at=article.updated_at,
            is_embedded=is_embedded,
            passages_unread=[] if is_embedded else [text for _, text in texts],
            variants_unread=[] if is_embedded else article.questions,
        )

    def _is_embedded(self, article: Article) -> bool:
        """Whether its vectors are of this encoder."""
        return article.encoder == self.embedder.fingerprint

    def _searches(self) -> list[SearchIndex]:
        return [self.search] if self._agents_search is None else [self.search, self._agents_search]

    async def _loaded(self) -> SearchIndex | None:
        """What the file holds; none where there is none that can be used."""
        search = self._empty()
        if self._file is None or not await asyncio.to_thread(self._file.load, search):
            return None
        return search

    def _empty(self) -> SearchIndex:
        return SearchIndex(
            self.embedder.dimension,
            ranker=self.weights.ranker(),
            calibration=self.weights.calibration(wrong=self.wrong_wanted),
            projection=self._projection,
            reranker=self._reranker,
        )

    async def _bring(
        self,
        search: SearchIndex,
        published: dict[int, Edition],
        articles: ArticleRepository,
        fits: Callable[[Article], bool],
    ) -> None:
        """Make an index hold these editions of these articles and no others."""
        searched = search.editions()
        for article_id in searched.keys() - published.keys():
            search.remove(article_id)
        stale = [one for one, edition in published.items() if searched.get(one) != edition]
        for start in range(0, len(stale), LOADED_AT_ONCE):
            for article in await articles.with_vectors(stale[start : start + LOADED_AT_ONCE]):
                # It may have changed since its edition was read.
                _take(search, article.id, self.searchable(article) if fits(article) else None)


def _is_searched(article: Article) -> bool:
    """Whether agents find it."""
    return article.status is ArticleStatus.published


def _is_answered_from(article: Article) -> bool:
    return article.is_public


async def _tried(work: Callable[[], Awaitable[Answer]], failed: str) -> Answer | None:
    """What the work gives; where it fails, nothing and its traceback in the log, for it will be tried again."""
    try:
        return await work()
    except Exception:
        logger.exception(failed)
        return None


def _take(search: SearchIndex, article_id: int, ready: SearchableArticle | None) -> None:
    """Search an article as it is now, or no longer."""
    if ready:
        search.put(ready)
    else:
        search.remove(article_id)


def article_text(article: Article) -> ArticleText:
    """What the embedder reads of a stored article, its variants loaded."""
    return ArticleText(article.title, article.summary, article.body, [variant.text for variant in article.variants])
