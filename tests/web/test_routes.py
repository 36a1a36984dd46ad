"""All routes of the app together."""

from collections.abc import Callable, Iterator
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts


def called_by(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    """The endpoint and all that it depends on."""
    if dependant.call:
        yield dependant.call
    for one in dependant.dependencies:
        yield from called_by(one)


class TestRoutes:
    def test_ask_for_no_thread(self, app: FastAPI) -> None:
        # FastAPI hands whatever is not a coroutine to a thread, which waits for the busy loop, and the loop for it.
        routes = [one.original_route for one in iter_route_contexts(app.routes)]
        called = {call for one in routes if isinstance(one, APIRoute) for call in called_by(one.dependant)}
        assert len(called) > 100

        assert [one for one in called if not (iscoroutinefunction(one) or isasyncgenfunction(one))] == []
