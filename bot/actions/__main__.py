"""The actions as a process of their own: `python -m bot.actions --port 5055`.

Rasa is then pointed at it with ACTIONS_URL=http://127.0.0.1:5055/actions/webhook. Settings: APP_URL, SERVICE_TOKEN,
ACTIONS_TOKEN.
"""

import argparse
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from bot.actions.backend import Backend
from bot.actions.endpoints import create_actions_router

EXIT_CONFIGURATION = 78


def create_app(backend: Backend, token: str) -> FastAPI:
    """A web application with the action endpoint and nothing else."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await backend.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None)
    app.include_router(create_actions_router(backend, token))
    return app


def main() -> int:
    """Serve on loopback until told to stop; 78 where a setting is missing."""
    parser = argparse.ArgumentParser(prog="python -m bot.actions", description="Serve the bot's actions on loopback.")
    parser.add_argument("--port", type=int, default=5055)
    arguments = parser.parse_args()
    missing = [name for name in ("APP_URL", "SERVICE_TOKEN", "ACTIONS_TOKEN") if not os.environ.get(name)]
    if missing:
        print(f"bot.actions: {', '.join(missing)} not set.", file=sys.stderr)
        return EXIT_CONFIGURATION
    backend = Backend.connect(os.environ["APP_URL"], os.environ["SERVICE_TOKEN"])
    uvicorn.run(
        create_app(backend, os.environ["ACTIONS_TOKEN"]),
        host="127.0.0.1",
        port=arguments.port,
        loop="asyncio",
        access_log=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
