"""`python -m seeds.load`: fills an empty database with the demo business, and leaves any other alone.

The articles come first, in a transaction of their own; everything else is one transaction together with the inboxes,
whose being there says that all is done. A load that was interrupted is taken up again by the next one.
"""

import asyncio
import secrets
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.policy_file import load_policy
from core.clock import Clock, FixedClock, SystemClock
from core.config import Settings
from core.database import Database
from core.events import LocalEventBus
from core.unit_of_work import UnitOfWork
from crm.agents.service import AgentService
from crm.conversations.handoff_policy import HandoffPolicy, PolicyUnreadable
from crm.enums import Channel, Priority, Role
from crm.models import Agent, Inbox, SlaPolicy
from crm.wording import Wording
from knowledge_base.embedder import Embedder
from knowledge_base.live_index import LiveIndex
from knowledge_base.models import Article
from knowledge_base.projection import Projection
from knowledge_base.service import KnowledgeService
from knowledge_base.storage import to_bytes
from knowledge_base.weights import RankerWeights
from language.encoder import Encoder, TextEncoder
from seeds.articles_loader import load_articles
from seeds.business import FIRM, TELEGRAM_KEY, WIDGET_KEY
from seeds.stories import Says, Story, read_stories
from seeds.week import Cast, tell_all

FOLDER = Path(__file__).parent
INBOXES = {Channel.web_widget: WIDGET_KEY, Channel.telegram: TELEGRAM_KEY}
# The business is older than its first conversation.
FOUNDED_BEFORE = timedelta(days=120)


async def is_loaded(database: Database) -> bool:
    """Whether the database has an inbox: this business's or somebody's own."""
    async with database.reading() as session:
        return await _has_inbox(session)


async def load(
    database: Database,
    encoder: TextEncoder,
    *,
    wording: Wording,
    policy: HandoffPolicy,
    clock: Clock,
    folder: Path = FOLDER,
) -> bool:
    """Load the business of a folder; false, and nothing is changed, where the database has an inbox already.

    A conversation that speaks of an article or a colleague that is not there is left out, and named.
    """
    if await is_loaded(database):
        return False
    work = UnitOfWork(database, LocalEventBus())
    embedder = Embedder(encoder)
    live = LiveIndex(work, embedder, weights=RankerWeights.load(), projection=Projection.load())
    await _load_articles(work, live, folder / "articles", clock=clock)
    await live.start()
    business = _business(folder)
    async with work.reading() as session:
        articles = await _articles(session)
    stories = list(_that_can_be_told(read_stories(folder / "conversations"), articles, business["team"]))
    vectors = await asyncio.to_thread(_vectors, embedder, stories)
    async with work.begin() as session:
        # Asked again under the write lock: somebody else may have loaded meanwhile.
        if await _has_inbox(session):
            return False
        now = clock.now()
        cast = Cast(
            inboxes=await _add_inboxes(session, at=now - FOUNDED_BEFORE),
            agents=await _add_team(session, business, at=now - FOUNDED_BEFORE),
            articles=await _articles(session),
            vectors=vectors,
            encoder=embedder.fingerprint,
            wording=wording,
            policy=policy,
            knowledge=KnowledgeService(session, live=live, clock=clock),
        )
        await tell_all(session, stories, cast, now=now)
    print(f"{len(stories)} conversations")
    return True


async def _load_articles(work: UnitOfWork, live: LiveIndex, folder: Path, *, clock: Clock) -> None:
    started = time.monotonic()
    async with work.begin() as session:
        count = await load_articles(KnowledgeService(session, live=live, clock=clock), folder)
    print(f"{count} articles in {time.monotonic() - started:.0f} s", flush=True)


def _that_can_be_told(
    stories: Iterable[Story], articles: Collection[tuple[str, str]], team: Collection[str]
) -> Iterator[Story]:
    """The stories whose articles and people are all there: who starts with articles of their own may leave ours."""
    for story in stories:
        missing = [f"{slug}.{language}" for slug, language in sorted(story.articles.difference(articles))]
        missing += sorted(story.people.difference(team))
        if missing:
            print(f"left out: {story.contact.name or 'a visitor'} ({story.starts}); not there: {', '.join(missing)}")
        else:
            yield story


def _vectors(embedder: Embedder, stories: Sequence[Story]) -> dict[str, bytes]:
    """The vector of all that contacts write in words."""
    texts = list({act.contact for story in stories for act in story.messages if isinstance(act, Says)})
    return dict(zip(texts, map(to_bytes, embedder.questions(texts)), strict=True))


async def _has_inbox(session: AsyncSession) -> bool:
    return await session.scalar(select(Inbox.id).limit(1)) is not None


async def _add_inboxes(session: AsyncSession, *, at: datetime) -> dict[Channel, Inbox]:
    inboxes = {
        channel: Inbox(
            channel=channel,
            name=FIRM["firm_fa"],
            key=key,
            config=dict(FIRM) if channel is Channel.web_widget else {},
            created_at=at,
        )
        for channel, key in INBOXES.items()
    }
    session.add_all(inboxes.values())
    await session.flush()
    return inboxes


async def _add_team(session: AsyncSession, business: Mapping[str, Any], *, at: datetime) -> dict[str, Agent]:
    """The SLA policies and the people; nobody knows their passwords."""
    session.add_all(SlaPolicy(priority=Priority(name), **targets) for name, targets in business["sla"].items())
    service = AgentService(session, clock=FixedClock(at))
    return {
        name: await service.create(
            name=person["name"], email=person["email"], password=secrets.token_urlsafe(), role=Role(person["role"])
        )
        for name, person in business["team"].items()
    }


def _business(folder: Path) -> Mapping[str, Any]:
    content: Mapping[str, Any] = yaml.safe_load((folder / "business.yml").read_text(encoding="utf-8"))
    return content


async def _articles(session: AsyncSession) -> dict[tuple[str, str], Article]:
    return {(article.slug, article.language): article for article in await session.scalars(select(Article))}


async def main() -> None:
    """Load with the settings' database and encoder, and say what was done."""
    settings = Settings()
    try:
        policy = load_policy(settings.handoff_policy_file)
    except PolicyUnreadable as error:
        sys.exit(f"hamyar: {error}")
    database = Database(settings.database_url)
    try:
        if await is_loaded(database):
            print("The database has an inbox already: nothing to load")
            return
        await load(
            database,
            Encoder.open(settings.encoder_folder),
            wording=Wording.load(settings.domain_file),
            policy=policy,
            clock=SystemClock(),
        )
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(main())
