"""What goes wrong on purpose: processes are killed, Rasa hangs, and lines to Telegram, PostgreSQL and Redis break."""

import asyncio
import random
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from benchmarks.channel_database import cut_lines, cut_lines_to_redis
from benchmarks.stack import Stack
from core.database import Database
from tests.connectors.telegram.emulator import Emulator, bad_gateway, flood

# The app dies more often than Rasa, which needs long to come back and must be there most of the time to be tried.
VICTIMS = ("app", "app", "rasa")
# A file has no lines that could be cut.
VICTIMS_ON_POSTGRESQL = ("database", "database")
LONGEST_DOWN_SECONDS = 1.0
# Beyond Rasa's time-out, so that some turns are given up.
LONGEST_HANG_SECONDS = 6.0
TROUBLES = ("cut_before", "cut_after", "cut_after", "flood", "gateway")
CALLS_BETWEEN_TROUBLES = (4, 20)
# How many messages more are sent while a kill is overdue, so that each one comes in the middle of a talk.
MESSAGES_BEYOND = 10


@dataclass
class Faults:
    """Does harm as the talks go on; `kills` says who died when. Rasa is the first app's."""

    apps: Sequence[Stack]
    database: Database
    emulator: Emulator
    chance: random.Random
    moments: list[int]
    progress: Callable[[], int]
    kills: list[tuple[str, datetime]] = field(default_factory=list)
    hangs: int = 0

    async def kill(self) -> None:
        """Kill somebody whenever so many messages are sent and all is well again; now and then let Rasa hang first."""
        for index, moment in enumerate(self.moments):
            for app in self.apps:
                await asyncio.to_thread(app.wait_until_ready)
            while self.progress() < moment:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await asyncio.sleep(self.chance.uniform(0, 0.2))
            if index % 3 == 2:
                await self._hang_rasa()
            await self._kill(self.chance.choice(self._victims))

    async def until_welcome(self) -> None:
        """Wait while the next kill is overdue."""
        while len(self.kills) < len(self.moments) and self.progress() > self._next_moment + MESSAGES_BEYOND:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    @property
    def _victims(self) -> tuple[str, ...]:
        on_postgresql = self.database.engine.dialect.name == "postgresql"
        between_apps = len(self.apps) > 1
        return VICTIMS + VICTIMS_ON_POSTGRESQL * on_postgresql + ("redis",) * between_apps

    @property
    def _next_moment(self) -> int:
        return self.moments[len(self.kills)]

    async def break_lines(self) -> None:
        """Spoil calls of the Bot API, one in some, for ever."""
        while True:
            called = self.emulator.calls.count("sendMessage")
            troubled_at = called + self.chance.randint(*CALLS_BETWEEN_TROUBLES)
            while self.emulator.calls.count("sendMessage") < troubled_at:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            trouble = self.chance.choice(TROUBLES)
            described = {"flood": flood(1), "gateway": bad_gateway()}.get(trouble, trouble)
            self.emulator.fail_next("sendMessage", described)

    async def _kill(self, name: str) -> None:
        match name:
            case "database":
                await cut_lines(self.database)
                self._note(name)
            case "redis":
                await cut_lines_to_redis(self.apps[0].settings["REDIS_URL"])
                self._note(name)
            case "rasa":
                await self._kill_rasa()
            case _:
                await self._kill_app()

    async def _kill_rasa(self) -> None:
        self.apps[0].kill("rasa")
        self._note("rasa")
        await asyncio.sleep(self.chance.uniform(0, LONGEST_DOWN_SECONDS))
        self.apps[0].start_rasa()

    async def _kill_app(self) -> None:
        app = self.chance.choice(self.apps)
        app.kill("app")
        self._note("app")
        await asyncio.sleep(self.chance.uniform(0, LONGEST_DOWN_SECONDS))
        if len(self.apps) == 1:
            # Each life of the app takes Telegram's updates in the other of the two ways; several have to agree.
            takes_calls = app.settings["TELEGRAM_WEBHOOK"] == "true"
            app.settings["TELEGRAM_WEBHOOK"] = "false" if takes_calls else "true"
        app.start_app()

    def _note(self, name: str) -> None:
        self.kills.append((name, datetime.now(UTC)))

    async def _hang_rasa(self) -> None:
        rasa = self.apps[0].rasa
        assert rasa
        self.hangs += 1
        rasa.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self.chance.uniform(0.5, LONGEST_HANG_SECONDS))
        rasa.send_signal(signal.SIGCONT)
