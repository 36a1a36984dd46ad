"""The parts of the app, chosen by the settings; `web.app` joins them to routes and workers."""

import os
import secrets
import socket
from dataclasses import dataclass

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.policy_file import load_policy
from connectors.rasa_rest import RasaBot, open_client
from connectors.telegram.alerts import HandoffAlerts
from connectors.text_reader import TextReader
from core.clock import Clock, SystemClock
from core.config import Settings
from core.database import Database
from core.events import EventBus, create_event_bus
from core.unit_of_work import UnitOfWork
from crm.conversations.handoff_policy import HandoffPolicy
from crm.conversations.ports import Bot, Reader
from crm.conversations.repository import ConversationRepository
from crm.conversations.service import ConversationService
from crm.wording import Wording
from knowledge_base.embedder import Embedder
from knowledge_base.index_file import IndexFile
from knowledge_base.live_index import LiveIndex
from knowledge_base.projection import Projection
from knowledge_base.reranking import open_reranker
from knowledge_base.service import KnowledgeService
from knowledge_base.weights import RankerWeights
from language.batching import BatchingEncoder
from language.encoder import Encoder
from sentiment.frustration import load_weights
from sentiment.model import SentimentModel
from sentiment.reader import MoodReader
from web.answer_notes import AnswerNotes

# Waiting for a free connection to Rasa is part of a turn's time.
RASA_CONNECTIONS = 32


@dataclass
class Parts:
    """Everything that routes and workers are made from."""

    settings: Settings
    clock: Clock
    database: Database
    events: EventBus
    work: UnitOfWork
    wording: Wording
    policy: HandoffPolicy
    encoder: BatchingEncoder
    reader: Reader
    rasa_client: httpx.AsyncClient
    bot: Bot
    embedder: Embedder
    live_index: LiveIndex
    # Names this process in leases.
    process: str

    def open_conversations(self, session: AsyncSession) -> ConversationService:
        """The conversations' service within a transaction."""
        return ConversationService(
            session,
            clock=self.clock,
            wording=self.wording,
            policy=self.policy,
            listeners=(self.open_knowledge(session), HandoffAlerts(session, self.clock)),
        )

    def open_knowledge(self, session: AsyncSession) -> KnowledgeService:
        """The knowledge base's service within a transaction."""
        return KnowledgeService(
            session, live=self.live_index, clock=self.clock, earlier=ConversationRepository(session)
        )

    async def close(self) -> None:
        """Let go of everything that is open."""
        await self.rasa_client.aclose()
        await self.encoder.aclose()
        await self.events.close()
        await self.database.close()


def choose_parts(settings: Settings) -> Parts:
    """The real parts.

    Raises:
        PolicyUnreadable, EncoderNotBuilt, EncoderBroken, RerankerError, SentimentModelError: with what to do about it.
    """
    policy = load_policy(settings.handoff_policy_file)
    model = Encoder.open(settings.encoder_folder)
    encoder = BatchingEncoder(model)
    clock = SystemClock()
    database = Database(settings.database_url)
    events = create_event_bus(settings.redis_url)
    work = UnitOfWork(database, events)
    sentiment = SentimentModel.load(settings.sentiment_folder, encoder=model.fingerprint)
    rasa_client = open_client(settings.rasa_url, connections=RASA_CONNECTIONS)
    embedder = Embedder(model)
    reranker = open_reranker(settings.reranker_model)
    live_index = LiveIndex(
        work,
        embedder,
        weights=RankerWeights.load(),
        projection=Projection.load(),
        file=IndexFile(
            settings.index_folder,
            database_url=settings.database_url,
            encoder=embedder.fingerprint,
            holds_texts=reranker is not None,
        ),
        reranker=reranker,
    )
    return Parts(
        settings=settings,
        clock=clock,
        database=database,
        events=events,
        work=work,
        wording=Wording.load(settings.domain_file),
        policy=policy,
        encoder=encoder,
        reader=TextReader(encoder, MoodReader(sentiment), load_weights(), words=live_index),
        rasa_client=rasa_client,
        bot=RasaBot(
            rasa_client,
            token=settings.rasa_token.get_secret_value(),
            timeout_seconds=settings.rasa_timeout_seconds,
            notes=AnswerNotes(settings.time_zone),
        ),
        embedder=embedder,
        live_index=live_index,
        process=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
    )
