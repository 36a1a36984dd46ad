"""What the stack's database has, SQLite or PostgreSQL, read beside the app; and lines to it and to Redis, cut."""

import re
from collections import defaultdict
from datetime import datetime

import redis.asyncio as redis
from sqlalchemy import Connection, func, inspect, select, text

from benchmarks.channel_verdict import Told, Transcript
from core.database import Database
from crm.enums import Author, DeliveryState, TurnState
from crm.models import Delivery, Message

NUMBER = re.compile(r"HM-(\d+)")
# Said before an answer, which it is not.
APOLOGY = "utter_sorry"
# The answer where the bot fails; whatever else the product says by itself is none.
FAILURE = "utter_bot_failed"
# An action that could not reach the app brings in a person; the bot is silent from then on.
HANDED_OFF = "utter_handed_off"


async def is_empty(database: Database) -> bool:
    """Whether there is no table yet."""

    def names(connection: Connection) -> list[str]:
        return inspect(connection).get_table_names()

    async with database.engine.connect() as connection:
        return not await connection.run_sync(names)


async def read_transcripts(database: Database) -> list[Transcript]:
    """Every conversation."""
    query = (
        select(
            Message.conversation_id,
            Message.sequence,
            Message.author,
            Message.text,
            Message.response,
            Delivery.state,
            Delivery.external_id,
        )
        .outerjoin(Delivery, Delivery.message_id == Message.id)
        .order_by(Message.conversation_id, Message.sequence)
    )
    transcripts: defaultdict[str, Transcript] = defaultdict(Transcript)
    async with database.reading() as session:
        for conversation, sequence, author, words, response, delivery, external_id in await session.execute(query):
            transcript = transcripts[conversation]
            transcript.last_sequence = sequence
            match = NUMBER.search(words)
            number = match[1] if match else None
            told = Told(sequence, words, number, delivery, external_id)
            if author == Author.contact:
                transcript.asked.append(number or words)
            elif (response or "").startswith(HANDED_OFF):
                transcript.handed_off = told
            elif _is_answer(author, response or ""):
                transcript.told.append(told)
            else:
                transcript.asides.append(told)
    return list(transcripts.values())


def _is_answer(author: Author, response: str) -> bool:
    return response.startswith(FAILURE) if author == Author.system else not response.startswith(APOLOGY)


async def count_waiting(database: Database) -> tuple[int, int, int]:
    """How many turns and deliveries are still to come, and how many turns were set aside."""
    turns = select(Message.turn, func.count()).where(Message.turn.is_not(None)).group_by(Message.turn)
    unsent = select(func.count(Delivery.message_id)).where(
        Delivery.state.in_([DeliveryState.pending, DeliveryState.sending])
    )
    async with database.reading() as session:
        of_state = dict((await session.execute(turns)).all())
        deliveries = await session.scalar(unsent) or 0
    return of_state.get(TurnState.pending, 0), deliveries, of_state.get(TurnState.parked, 0)


async def read_answers(database: Database) -> list[tuple[datetime, Author]]:
    """When each message was written that is not a contact's, and by whom; the earliest first."""
    query = select(Message.created_at, Message.author).where(Message.author != Author.contact)
    async with database.reading() as session:
        return sorted((at, author) for at, author in await session.execute(query))


async def cut_lines(database: Database) -> None:
    """End every line to PostgreSQL but the one that asks for it, whatever it is in the middle of."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    async with database.reading() as session:
        await session.execute(text(f"{others} AND pid <> pg_backend_pid()"))


async def cut_lines_to_redis(url: str) -> None:
    """End every other line to Redis: of those who listen, and of those who tell."""
    async with redis.from_url(url) as own:
        for kind in ("pubsub", "normal"):
            await own.client_kill_filter(_type=kind, skipme=True)
