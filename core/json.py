"""JSON in C: dialogue states are long, and each turn writes and reads them several times."""

import json
from typing import Any

import orjson


def dumps(value: Any) -> str:
    """A value as compact JSON.

    Raises:
        TypeError, ValueError: it cannot be JSON.
    """
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # Half a surrogate pair and whole numbers beyond 64 bits are JSON too, only not orjson's.
        return json.dumps(value)


def loads(text: str | bytes) -> Any:
    """What a text of JSON says.

    Raises:
        ValueError: it is none.
        RecursionError: it is nested too deeply.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)
