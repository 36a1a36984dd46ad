"""`./hamyar bench channels`: does any message get lost, doubled or out of order while processes die?

Contacts write over the widget's socket and over Telegram (its Bot API emulated, over HTTP), each message one to ten
times. Meanwhile app and Rasa are killed, Rasa hangs, and lines are cut before and after Telegram has accepted a
message; on PostgreSQL also all lines of the app to its database. Several apps may share the work, over Redis, with what
they are reached through choosing one for each connection. At the end every message must be stored once, answered
once and in order, and every reply delivered once or marked "maybe sent". Exits with 1 where that is not so.
"""

import argparse
import asyncio
import contextlib
import json
import math
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
import yaml

from benchmarks import channel_connections, channel_webhook
from benchmarks.channel_balancer import one_address
from benchmarks.channel_contacts import Contact, TelegramContact, WidgetContact, talk
from benchmarks.channel_database import count_waiting, is_empty, read_answers, read_transcripts
from benchmarks.channel_faults import Faults
from benchmarks.channel_flood import Flood, measure
from benchmarks.channel_flood import in_words as flood_in_words
from benchmarks.channel_people import add_inbox
from benchmarks.channel_verdict import (
    Transcript,
    Verdict,
    judge_deliveries,
    judge_screen,
    judge_storing,
    judge_turns,
)
from benchmarks.stack import ROOT, Stack, free_port, prepare
from core.database import Database
from crm.conversations.handoff_policy import NEVER_IN_A_ROW
from crm.enums import Author, Channel
from tests.connectors.telegram.emulator import TOKEN, Emulator

WIDGET_KEY = "bench"
FIRST_NUMBER = 100_000_000
FIRST_CHAT = 6_000_000_000
MESSAGES_PER_CONTACT = 12
MOST_CONTACTS = 40
# What still waits when nothing has moved for so long after the last message will not move any more.
STILL_SECONDS = 120
# Nobody is refused, and nobody waits behind a limit that is not what is measured.
LIMITLESS = "1000000"


@dataclass(frozen=True)
class Report:
    """What was done and what came of it."""

    seed: int
    contacts: int
    kills: dict[str, int]
    hangs: int
    seconds: float
    # From a kill until the next answer was stored: the app's any, Rasa's of the bot itself.
    recovery_p50: float | None
    recovery_longest: float | None
    verdict: Verdict
    refused: int


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def emulated_telegram(port: int) -> AsyncIterator[Emulator]:
    """A Bot API on loopback."""
    # The emulator cuts a line by raising, which the server would log every time.
    async with httpx.AsyncClient(timeout=30, trust_env=False) as caller:
        emulator = Emulator(caller=caller, local=True)
        server = _Server(uvicorn.Config(emulator.app, host="127.0.0.1", port=port, log_level="critical"))
        serving = asyncio.create_task(server.serve())
        try:
            yield emulator
        finally:
            await emulator.close()
            server.force_exit = server.should_exit = True
            await serving


@dataclass(frozen=True)
class Servers:
    """What a run of several apps is on."""

    database_url: str = ""
    redis_url: str = ""
    apps: int = 1

    @property
    def settings(self) -> dict[str, str]:
        """Those that name them; without a database that is SQLite in the run's folder."""
        named = {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}
        return {name: url for name, url in named.items() if url}


async def run(folder: Path, *, messages: int, kills: int, seed: int, servers: Servers = Servers()) -> Report:
    """Start everything in a folder of its own, let them talk, do harm, wait, and judge; a database named is filled.

    Raises:
        SystemExit: when that one has tables already.
    """
    chance = random.Random(seed)
    port = free_port()
    if servers.database_url:
        await _check_empty(servers.database_url)
    stack = prepare(folder, _settings(folder, port) | servers.settings, seeded=False)
    apps = [stack, *(stack.beside() for _ in range(servers.apps - 1))]
    database = Database(stack.settings["DATABASE_URL"])
    await add_inbox(database, Channel.web_widget, WIDGET_KEY)
    began = time.monotonic()
    contacts: list[Contact] = []
    async with one_address(apps, chance) as url, emulated_telegram(port) as emulator, _client() as client:
        try:
            for app in apps:
                _let_be_called(app, url)
                app.start_app()
            stack.start_rasa()
            await _all_ready(apps)
            contacts = await _contacts(url, emulator, client, messages, chance)
            moments = _moments(messages, kills, chance)
            faults = Faults(apps, database, emulator, random.Random(chance.random()), moments, _progress_of(contacts))
            await _talk_under_fire(contacts, faults, messages, chance)
            await _all_ready(apps)
            await _settle(database, contacts)
            return await _judge(database, contacts, faults, seed=seed, seconds=time.monotonic() - began)
        finally:
            for contact in contacts:
                await contact.close()
            for app in apps:
                app.stop()
            await database.close()


async def run_flood(folder: Path) -> Flood:
    """Start everything with the limits that it comes with, and measure what others notice of a flood."""
    port = free_port()
    stack = prepare(folder, _telegram(port) | _patience(folder), seeded=True)
    _let_be_called(stack, stack.url)
    database = Database(stack.settings["DATABASE_URL"])
    await add_inbox(database, Channel.web_widget, WIDGET_KEY)
    await database.close()
    async with emulated_telegram(port) as emulator:
        try:
            await _start(stack, emulator)
            return await measure(stack, emulator, inbox_key=WIDGET_KEY)
        finally:
            stack.stop()


async def run_webhook(folder: Path, *, rate: int) -> channel_webhook.WebhookFigures:
    """Start everything, and measure how soon Telegram is told "ok"."""
    port = free_port()
    stack = prepare(folder, _settings(folder, port), seeded=True)
    _let_be_called(stack, stack.url)
    await channel_webhook.seed(stack)
    async with emulated_telegram(port) as emulator:
        try:
            await _start(stack, emulator)
            return await channel_webhook.measure(stack, emulator, rate=rate)
        finally:
            stack.stop()


async def run_connections(folder: Path, *, count: int) -> channel_connections.Connections:
    """Start the app, and measure how soon visitors who only listen have what agents write."""
    stack = prepare(folder, _limitless(), seeded=False)
    agents = await channel_connections.seed(stack)
    channel_connections.allow_files(count)
    try:
        stack.start_app()
        await asyncio.to_thread(stack.wait_until_ready)
        return await channel_connections.measure(stack, agents, count=count)
    finally:
        stack.stop()


async def _start(stack: Stack, emulator: Emulator) -> None:
    """Until Telegram knows where to call."""
    stack.start_app()
    stack.start_rasa()
    await asyncio.to_thread(stack.wait_until_ready)
    while not emulator.webhook:  # noqa: ASYNC110 - set over HTTP
        await asyncio.sleep(0.1)


async def _all_ready(apps: Sequence[Stack]) -> None:
    for app in apps:
        await asyncio.to_thread(app.wait_until_ready)


async def _check_empty(url: str) -> None:
    database = Database(url)
    empty = await is_empty(database)
    await database.close()
    if not empty:
        sys.exit("That database has tables already: name an empty one, for this run fills it.")


def _moments(messages: int, kills: int, chance: random.Random) -> list[int]:
    """After how many messages somebody dies; none in the last tenth, so that each kill meets a talk."""
    return sorted(chance.randrange(1, max(2, messages * 9 // 10)) for _ in range(kills))


def _progress_of(contacts: Sequence[Contact]) -> Callable[[], int]:
    """How many messages are sent."""
    return lambda: sum(len(burst) for contact in contacts for burst in contact.bursts)


async def _talk_under_fire(contacts: Sequence[Contact], faults: Faults, messages: int, chance: random.Random) -> None:
    numbers = [str(FIRST_NUMBER + index) for index in range(messages)]
    shares = [numbers[index :: len(contacts)] for index in range(len(contacts))]
    talks = [
        talk(contact, share, random.Random(chance.random()), until_welcome=faults.until_welcome)
        for contact, share in zip(contacts, shares, strict=True)
    ]
    breaking = asyncio.create_task(faults.break_lines())
    try:
        await asyncio.gather(faults.kill(), *talks)
    finally:
        breaking.cancel()


async def _contacts(
    url: str, emulator: Emulator, client: httpx.AsyncClient, messages: int, chance: random.Random
) -> list[Contact]:
    """As many on Telegram as in the widget."""
    pairs = max(1, min(MOST_CONTACTS, messages // MESSAGES_PER_CONTACT) // 2)
    contacts: list[Contact] = []
    for index in range(pairs):
        contacts.append(TelegramContact(emulator, client, url, FIRST_CHAT + index, random.Random(chance.random())))
        visitor = WidgetContact(client, url, WIDGET_KEY, random.Random(chance.random()))
        await visitor.open()
        contacts.append(visitor)
    return contacts


async def _settle(database: Database, contacts: Sequence[Contact]) -> None:
    """Wait until nothing waits any more, or while something moves; what is left then counts as lost."""
    for contact in contacts:
        if isinstance(contact, TelegramContact):
            await contact.close()
    waiting, deadline = None, math.inf
    while time.monotonic() < deadline:
        before, waiting = waiting, (await count_waiting(database))[:2]
        if waiting == (0, 0) and await _screens_are_full(database, contacts):
            return
        if waiting != before:
            deadline = time.monotonic() + STILL_SECONDS
        await asyncio.sleep(0.5)


async def _screens_are_full(database: Database, contacts: Sequence[Contact]) -> bool:
    transcripts = _by_number(await read_transcripts(database))
    visitors = [contact for contact in contacts if isinstance(contact, WidgetContact)]
    return all(
        max(screen, default=0) >= transcripts[_a_number_of(visitor)].last_sequence
        for visitor in visitors
        for screen in visitor.screens
    )


async def _judge(
    database: Database, contacts: Sequence[Contact], faults: Faults, *, seed: int, seconds: float
) -> Report:
    transcripts = await read_transcripts(database)
    verdict = Verdict(parked=(await count_waiting(database))[2])
    judge_storing([contact.bursts for contact in contacts], transcripts, verdict)
    for transcript in transcripts:
        judge_turns(transcript, verdict)
    owned = _by_number(transcripts)
    refused = 0
    for contact in contacts:
        transcript = owned.get(_a_number_of(contact), Transcript())
        if isinstance(contact, TelegramContact):
            arrived = [message for message in faults.emulator.sent if message["chat"]["id"] == contact.chat]
            judge_deliveries(transcript.outgoing, arrived, str(contact.chat), verdict)
        elif isinstance(contact, WidgetContact):
            refused += len(contact.refusals)
            for screen in contact.screens:
                judge_screen(screen, transcript, verdict)
    recoveries = _recoveries(await read_answers(database), faults.kills)
    names = [name for name, _ in faults.kills]
    return Report(
        seed=seed,
        contacts=len(contacts),
        kills={name: names.count(name) for name in sorted(set(names))},
        hangs=faults.hangs,
        seconds=round(seconds, 1),
        recovery_p50=round(statistics.median(recoveries), 1) if recoveries else None,
        recovery_longest=round(max(recoveries), 1) if recoveries else None,
        verdict=verdict,
        refused=refused,
    )


def _recoveries(answers: Sequence[tuple[datetime, Author]], kills: Sequence[tuple[str, datetime]]) -> list[float]:
    """The seconds after each kill until the product, or the bot, answered somebody again."""
    recoveries = []
    for name, killed_at in kills:
        wanted = {Author.bot} if name == "rasa" else {Author.bot, Author.system}
        after = next((at for at, author in answers if at > killed_at and author in wanted), None)
        if after:
            recoveries.append((after - killed_at).total_seconds())
    return recoveries


def _by_number(transcripts: Sequence[Transcript]) -> dict[str, Transcript]:
    return {number: transcript for transcript in transcripts for number in transcript.asked}


def _a_number_of(contact: Contact) -> str:
    return contact.bursts[0][0] if contact.bursts else ""


def _client() -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=200)
    return httpx.AsyncClient(timeout=30, trust_env=False, limits=limits)


def _settings(folder: Path, telegram_port: int) -> dict[str, str]:
    return _limitless() | _telegram(telegram_port) | _patience(folder)


def _limitless() -> dict[str, str]:
    return {
        "WIDGET_MESSAGES_PER_MINUTE": LIMITLESS,
        "WIDGET_SESSIONS_PER_MINUTE": LIMITLESS,
        "TELEGRAM_UPDATES_PER_MINUTE": LIMITLESS,
        "TURNS_PER_MINUTE": LIMITLESS,
    }


def _telegram(port: int) -> dict[str, str]:
    return {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": f"http://127.0.0.1:{port}",
    }


def _let_be_called(app: Stack, url: str) -> None:
    """By Telegram and by Rasa; the address is known only now."""
    app.settings |= {"PUBLIC_URL": url, "TELEGRAM_WEBHOOK": "true", "ACTIONS_URL": f"{url}/actions/webhook"}


def _patience(folder: Path) -> dict[str, str]:
    """A handoff policy that never takes a conversation from the bot: all its turns are wanted."""
    policy: dict[str, Any] = yaml.safe_load((ROOT / "crm/conversations/handoff_policy.yml").read_text(encoding="utf-8"))
    never = {
        "frustration": 1.0,
        "apology": 1.0,
        "not_understood_in_a_row": NEVER_IN_A_ROW,
        "failed_in_a_row": NEVER_IN_A_ROW,
    }
    file = folder / "policy.yml"
    file.write_text(yaml.safe_dump(policy | never), encoding="utf-8")
    return {"HANDOFF_POLICY_FILE": str(file)}


ROWS = {
    "sent": "messages sent",
    "lost": "lost",
    "stored_twice": "stored twice",
    "unanswered": "never answered",
    "doubled_turns": "doubled turns",
    "inverted": "out of order",
    "parked": "set aside",
    "replies_lost": "replies lost",
    "replies_doubled": "replies delivered twice",
    "replies_inverted": "replies out of order",
    "maybe_sent": "replies marked maybe sent",
    "answered_by_bot": "answered by the bot",
    "told_that_bot_failed": "told that the bot failed",
    "handed_off": "conversations handed off",
}


def in_words(report: Report) -> str:
    """The report for people."""
    counts = asdict(report.verdict)
    lines = [
        f"seed {report.seed}: {report.contacts} contacts, {report.seconds:.0f} s",
        f"{_kills_in_words(report.kills)}; Rasa hung {report.hangs} times",
        *(f"{title:<28}{counts[name]:>8}" for name, title in ROWS.items()),
        f"{'refused by a limit':<28}{report.refused:>8}",
        f"answering again after a kill: p50 {report.recovery_p50} s, longest {report.recovery_longest} s",
        "nothing lost, doubled or inverted" if report.verdict.is_clean else "FAILED",
    ]
    return "\n".join(lines)


def _kills_in_words(kills: Mapping[str, int]) -> str:
    names = {"app": "app", "rasa": "Rasa", "database": "all lines to the database", "redis": "all lines to Redis"}
    return "killed: " + ", ".join(f"{names[name]} {count} times" for name, count in kills.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print; 1 when something was lost, doubled or inverted."""
    parser = argparse.ArgumentParser(prog="./hamyar bench channels", description=__doc__)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--database", metavar="URL", default="", help="run on this PostgreSQL, which must be empty and is filled"
    )
    parser.add_argument("--redis", metavar="URL", default="", help="what several apps tell each other over")
    parser.add_argument("--apps", type=int, default=1, help="so many apps share the work; needs --database and --redis")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--flood", action="store_true", help="measure instead what others notice of a flood")
    parser.add_argument(
        "--webhook",
        type=int,
        nargs="?",
        const=channel_webhook.RATE,
        metavar="RATE",
        help=f"measure instead how soon so many updates a second ({channel_webhook.RATE}) are answered",
    )
    parser.add_argument(
        "--connections",
        type=int,
        nargs="?",
        const=channel_connections.CONNECTIONS,
        metavar="COUNT",
        help=f"measure instead what reaches so many open widgets ({channel_connections.CONNECTIONS}) and how soon",
    )
    parser.add_argument("--keep", type=Path, help="keep database and logs in this folder when something went wrong")
    options = parser.parse_args(arguments)
    if options.apps > 1 and not (options.database and options.redis):
        parser.error("several apps need a --database and a --redis that they share")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if options.flood:
            flood = asyncio.run(run_flood(folder))
            print(json.dumps(asdict(flood)) if options.json else flood_in_words(flood))
            return 0 if flood.is_borne else 1
        if options.webhook:
            webhook = asyncio.run(run_webhook(folder, rate=options.webhook))
            print(json.dumps(asdict(webhook)) if options.json else channel_webhook.in_words(webhook))
            return 0 if webhook.is_reached else 1
        if options.connections:
            connections = asyncio.run(run_connections(folder, count=options.connections))
            print(json.dumps(asdict(connections)) if options.json else channel_connections.in_words(connections))
            return 0 if connections.is_reached else 1
        report = asyncio.run(
            run(
                folder,
                messages=options.messages,
                kills=options.kills,
                seed=options.seed,
                servers=Servers(options.database, options.redis, options.apps),
            )
        )
        if options.keep and not report.verdict.is_clean:
            shutil.copytree(folder, options.keep, dirs_exist_ok=True)
    print(json.dumps(asdict(report)) if options.json else in_words(report))
    return 0 if report.verdict.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
