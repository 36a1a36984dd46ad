"""Rasa's server as we run it: one model, one channel, loopback, and of Rasa's own HTTP API nothing."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
from rasa.core.agent import Agent
from rasa.core.run import configure_app, create_http_input_channels
from rasa.core.utils import AvailableEndpoints
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from sanic import Sanic

from bot.models import KeptModels
from bot.switch import ModelSwitch

# The app promises a contact an answer within 5 seconds.
ACTION_TIMEOUT_SECONDS = 4.0
# Less than uvicorn's 5 seconds: a connection that the app has just closed must not be used again.
KEPT_ALIVE_SECONDS = 3.0
MAX_REQUEST_BYTES = 1_000_000


class ActionServer(EndpointConfig):
    """Rasa's action endpoint with one HTTP session for all calls and a time limit that fits a conversation.

    Rasa opens a connection for each action and waits up to 300 seconds.
    """

    _session: aiohttp.ClientSession | None = None

    @classmethod
    def like(cls, endpoint: EndpointConfig) -> "ActionServer":
        """The same endpoint, called our way."""
        return cls(endpoint.url, headers=endpoint.headers, **endpoint.kwargs)

    async def request(
        self,
        method: str = "post",
        subpath: str | None = None,
        content_type: str | None = "application/json",
        compress: bool = False,
        **kwargs: Any,
    ) -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # Compressing what does not leave the machine takes longer than it spares.
                headers={**(self.headers or {}), "Accept-Encoding": "identity"},
                connector=aiohttp.TCPConnector(keepalive_timeout=KEPT_ALIVE_SECONDS, limit=0),
                timeout=aiohttp.ClientTimeout(total=ACTION_TIMEOUT_SECONDS),
            )
        async with self._session.request(method, self.url, json=kwargs["json"]) as response:
            if response.status >= 400:
                raise ClientResponseError(response.status, response.reason, await response.text())
            return await response.json()

    async def close(self) -> None:
        """Close the session; the next call opens another."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def action_server(endpoints_file: Path) -> ActionServer:
    """Where the actions are, for every model that is loaded."""
    return ActionServer.like(AvailableEndpoints.read_endpoints(str(endpoints_file)).action)


def load_agent(model: Path, actions: EndpointConfig) -> Agent:
    """The model with its action endpoint.

    Raises whatever Rasa raises on a missing or broken model.
    """
    return Agent.load(str(model), action_endpoint=actions)


def create_server(agent: Agent, credentials_file: Path, models: KeptModels) -> Sanic:
    """The web application: our channel and Rasa's greeting at the root."""
    app = configure_app(create_http_input_channels(None, str(credentials_file)), enable_api=False)
    app.config.REQUEST_MAX_SIZE = MAX_REQUEST_BYTES
    app.ctx.agent = agent
    actions = agent.action_endpoint
    app.ctx.models = ModelSwitch(app, models, load=lambda model: load_agent(model, actions))

    async def close_action_server(_: Sanic, __: asyncio.AbstractEventLoop) -> None:
        if isinstance(actions, ActionServer):
            await actions.close()

    app.register_listener(close_action_server, "after_server_stop")
    return app
