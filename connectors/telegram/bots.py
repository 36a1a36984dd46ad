"""The library's `Bot`, and asking Telegram whose a token is."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from telegram import Bot
from telegram.error import InvalidToken, TelegramError
from telegram.request import BaseRequest, HTTPXRequest

from connectors.telegram.tokens import number_of
from core.errors import InvalidInput, Unavailable

# A send that takes longer is marked "maybe sent", so patience is cheap.
_ANSWER_SECONDS = 15.0
_CONNECT_SECONDS = 5.0


class TokenRefused(InvalidInput):
    """Telegram does not know this token."""

    code = "telegram_token_refused"


class TelegramUnreachable(Unavailable):
    """Telegram does not answer, so the token could not be checked."""

    code = "telegram_unreachable"


@dataclass(frozen=True)
class BotIdentity:
    """Whom a token belongs to."""

    number: int
    username: str
    name: str


def make_bot(
    token: str,
    *,
    api_url: str,
    proxy_url: str = "",
    request_factory: Callable[[], BaseRequest] | None = None,
) -> Bot:
    """The library's bot; it connects to nobody yet."""
    # The library's switch for durations as timedeltas; without it every 429 is a deprecation warning.
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    request = request_factory() if request_factory else _request(proxy_url)
    api_url = api_url.rstrip("/")
    return Bot(
        token,
        base_url=f"{api_url}/bot",
        base_file_url=f"{api_url}/file/bot",
        request=request,
        get_updates_request=request,
    )


async def identify(token: str, *, api_url: str, proxy_url: str = "") -> BotIdentity:
    """Ask Telegram whose a token is.

    Raises:
        TokenRefused, TelegramUnreachable
    """
    # It becomes a part of the address that is asked.
    number = number_of(token)
    if number is None:
        raise TokenRefused
    bot = make_bot(token, api_url=api_url, proxy_url=proxy_url)
    try:
        me = await bot.get_me()
    # No causes: their texts show the token.
    except InvalidToken:
        raise TokenRefused from None
    except TelegramError:
        raise TelegramUnreachable from None
    finally:
        with suppress(TelegramError):
            await bot.request.shutdown()
    return BotIdentity(number, me.username or "", me.full_name)


def _request(proxy_url: str) -> HTTPXRequest:
    return HTTPXRequest(
        connection_pool_size=64,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_ANSWER_SECONDS,
        write_timeout=_ANSWER_SECONDS,
        pool_timeout=_CONNECT_SECONDS,
        proxy=proxy_url or None,
    )
