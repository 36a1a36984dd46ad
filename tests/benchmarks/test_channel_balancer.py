"""What stands before several apps of a run."""

import asyncio
import random
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from benchmarks.channel_balancer import one_address
from benchmarks.channels import _Server
from benchmarks.stack import Stack, free_port


def app_at(port: int, tmp_path: Path) -> Stack:
    return Stack(tmp_path, {}, port, rasa_port=0)


async def test_a_single_app_is_called_by_its_own_address(tmp_path: Path) -> None:
    alone = app_at(8123, tmp_path)

    async with one_address([alone], random.Random(1)) as url:
        assert url == alone.url


async def test_who_calls_reaches_the_app_that_is_alive(tmp_path: Path) -> None:
    alive, dead = free_port(), free_port()
    app = FastAPI()
    app.add_api_route("/", lambda: "here")
    server = _Server(uvicorn.Config(app, host="127.0.0.1", port=alive, log_level="critical"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)

    apps = [app_at(dead, tmp_path), app_at(alive, tmp_path)]
    async with one_address(apps, random.Random(1)) as url:
        answers = []
        for _ in range(8):
            async with httpx.AsyncClient(trust_env=False) as caller:
                answers.append((await caller.get(url)).json())
    server.should_exit = True
    await serving

    assert answers == ["here"] * 8


async def test_a_call_ends_where_no_app_is_alive(tmp_path: Path) -> None:
    apps = [app_at(free_port(), tmp_path), app_at(free_port(), tmp_path)]

    async with one_address(apps, random.Random(1)) as url, httpx.AsyncClient(trust_env=False) as caller:
        with pytest.raises(httpx.TransportError):
            await caller.get(url)
