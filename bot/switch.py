"""Which model serves, and the exchange of it for another between two turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from rasa.core.agent import Agent
from sanic import Sanic

from bot.models import KeptModels, Model


class ModelUnknown(Exception):
    """No kept model has this name."""


class ModelRefused(Exception):
    """The model cannot be loaded; the message says why and what to do."""


class ModelSwitch:
    """Replaces the agent of a server.

    A turn takes the agent once, at its beginning; so one that is under way ends on the model that it began with. No
    part of a conversation is in an agent: its state comes with the next message, and what the other model does not know
    of it is passed over.
    """

    def __init__(self, app: Sanic, models: KeptModels, *, load: Callable[[Path], Agent]) -> None:
        self.serving = models.serving
        self._app = app
        self._models = models
        self._load = load
        self._exchange = asyncio.Lock()

    async def use(self, name: str) -> None:
        """Serve this model from now on, and after a restart.

        Raises ModelUnknown or ModelRefused; the old one then goes on serving.
        """
        async with self._exchange:
            model = self._models.get(name)
            if model is None:
                raise ModelUnknown(name)
            # In a thread: loading takes a second, and turns go on meanwhile.
            agent = await asyncio.get_running_loop().run_in_executor(None, self._prepare, model)
            self._app.ctx.agent = agent
            self.serving = name

    def _prepare(self, model: Model) -> Agent:
        try:
            agent = self._load(self._models.file_of(model.name))
            # Before it serves: what cannot be written down would be gone after a restart.
            self._models.choose(model)
        except Exception as error:
            raise ModelRefused(why_unusable(error)) from error
        return agent


def why_unusable(error: BaseException) -> str:
    """What is the matter with a model that does not load, and what to do, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    words = " ".join(str(error).split())[:300]
    return words if "./hamyar" in words else f"{type(error).__name__}: {words} - make another with: ./hamyar train"
