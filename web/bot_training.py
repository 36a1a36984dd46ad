"""Trains the bot for an admin in the desk: a process of Rasa's interpreter, one at a time."""

import asyncio
import os
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Sequence
from contextlib import suppress

from bot.models import LOG_FILE, KeptModels, Progress, Stages, now
from bot.rasa_environment import for_rasa
from core.config import ROOT, Settings
from core.errors import Conflict
from web.training_examples import Example, as_lines

STOPS_WITHIN_SECONDS = 5.0


class TrainingIsUnderWay(Conflict):
    """A training is under way already; wait until it has ended."""

    code = "training_under_way"


class TrainingIsElsewhere(Conflict):
    """Rasa's interpreter is not on this machine; run ./hamyar train where it is."""

    code = "training_elsewhere"


class BotTraining:
    """Starts the training and knows whether one goes on; the kept models have how it went."""

    def __init__(self, settings: Settings) -> None:
        self.models = KeptModels(settings.rasa_models_folder.resolve())
        self._settings = settings
        self._process: Process | None = None
        self._begins = asyncio.Lock()

    @property
    def is_possible(self) -> bool:
        """Whether Rasa's interpreter is here."""
        return self._settings.rasa_python.is_file()

    @property
    def is_running(self) -> bool:
        """Whether a training goes on, whoever has started it."""
        progress = self.models.progress()
        return self._has_process or (progress is not None and progress.is_running)

    async def begin(self, rows: Sequence[Example]) -> None:
        """Start a training on what ships and these labelled texts.

        Raises:
            TrainingIsElsewhere, TrainingIsUnderWay
        """
        if not self.is_possible:
            raise TrainingIsElsewhere
        async with self._begins:
            if self.is_running:
                raise TrainingIsUnderWay
            await asyncio.to_thread(self._prepare, rows)
            self._process = await self._start()

    async def stop(self) -> None:
        """End a training of this process; what serves stays."""
        if self._process is None or not self._has_process:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(STOPS_WITHIN_SECONDS):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    @property
    def _has_process(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def _prepare(self, rows: Sequence[Example]) -> None:
        self.models.keep_labels(as_lines(rows))
        # A process that dies before it can say anything has been broken off too.
        self.models.tell(Progress(Stages.TRAINING, now()))

    async def _start(self) -> Process:
        settings = self._settings
        environment = {
            **for_rasa(os.environ),
            "RASA_URL": settings.rasa_url,
            "RASA_TOKEN": settings.rasa_token.get_secret_value(),
            "ENCODER_FOLDER": str(settings.encoder_folder.resolve()),
        }
        command = ["-m", "bot.train", "--gently", "--models", str(self.models.folder)]
        with (self.models.folder / LOG_FILE).open("wb") as log:
            return await asyncio.create_subprocess_exec(
                str(settings.rasa_python.absolute()),
                *command,
                cwd=ROOT,
                env=environment,
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
            )
