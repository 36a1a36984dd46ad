"""Ask the running Rasa to serve another model; standard library only."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Final

MODEL_PATH: Final = "/webhooks/hamyar/model"
LOADS_WITHIN_SECONDS: Final = 60.0
_REFUSED: Final = 409


class SwitchRefused(Exception):
    """Rasa could not load the model and goes on with the one it has; the message says why."""


class RasaAbsent(Exception):
    """No Rasa of ours answers there."""


def switch_model(url: str, token: str, name: str) -> None:
    """Have Rasa serve the model of this name.

    Raises SwitchRefused; RasaAbsent also where somebody else's Rasa answers, who knows neither token nor name.
    """
    body = json.dumps({"name": name}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    # Loopback or a private network: no proxy is on the way.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        request = urllib.request.Request(f"{url}{MODEL_PATH}", body, headers)  # noqa: S310 - the address is a setting
        with opener.open(request, timeout=LOADS_WITHIN_SECONDS):
            return
    except urllib.error.HTTPError as error:
        if error.code == _REFUSED:
            raise SwitchRefused(_message(error)) from error
        raise RasaAbsent from error
    except (OSError, ValueError) as error:
        raise RasaAbsent from error


def _message(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["message"])
    except (ValueError, KeyError, TypeError):
        return "no reason was given"
