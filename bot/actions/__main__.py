"""The actions as a process of their own: `python -m bot.actions --port 5055`; `./hamyar up` does it with ACTIONS_PORT.

Rasa is then pointed at it with ACTIONS_URL=http://127.0.0.1:5055/actions/webhook. Settings: API_URL, SERVICE_TOKEN,
ACTIONS_TOKEN, from where the app's come from.
"""

import argparse
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from bot.actions.backend import Backend
from bot.actions.endpoints import create_actions_router
from core.config import ActionSettings, problems

EXIT_CONFIGURATION = 78


def create_app(backend: Backend, token: str) -> FastAPI:
    """A web application with the action endpoint, and `/health/live` for whoever keeps it running."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await backend.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None)
    app.include_router(create_actions_router(backend, token))

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    return app


def main() -> int:
    """Serve on loopback until told to stop; 78 where a setting is missing."""
    parser = argparse.ArgumentParser(prog="python -m bot.actions", description="Serve the bot's actions on loopback.")
    parser.add_argument("--port", type=int, default=5055)
    arguments = parser.parse_args()
    if found := problems(ActionSettings):
        return _refuse("; ".join(found))
    settings = ActionSettings()
    if not settings.api_url:
        return _refuse("API_URL: where the app is, such as http://127.0.0.1:8000")
    backend = Backend.connect(settings.api_url, settings.service_token.get_secret_value())
    uvicorn.run(
        create_app(backend, settings.actions_token.get_secret_value()),
        host="127.0.0.1",
        port=arguments.port,
        loop="asyncio",
        access_log=False,
    )
    return 0


def _refuse(reason: str) -> int:
    print(f"bot.actions: {reason}", file=sys.stderr)
    return EXIT_CONFIGURATION


if __name__ == "__main__":
    sys.exit(main())
