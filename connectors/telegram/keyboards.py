"""Inline keyboards, and what a press on one of their buttons means.

Telegram carries 64 bytes with a button, fewer than a payload may have. So a button carries its place, not its meaning:
the stored message's number and the button's index, which still hold after a restart. What comes back is the word of
somebody's client, so whoever looks it up checks whose message it is.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from crm.conversations.ports import OutgoingMessage
from crm.enums import MessageKind

LANGUAGE_TITLES = {"fa": "فارسی", "en": "English"}
_DIGITS = {"fa": "۱۲۳۴۵", "en": "12345"}
# Nine digits: what a forged press names must still be a number that PostgreSQL can look for.
_PRESS = re.compile(
    r"b:(?P<message>[0-9]{1,9}):(?P<index>[0-9]{1,3})|s:(?P<suggestion>[0-9]{1,3})"
    r"|r:(?P<score>[1-5])(?::(?P<request>[0-9]{1,9}))?|l:(?P<language>fa|en)",
    re.ASCII,
)

Rows = list[list[InlineKeyboardButton]]


@dataclass(frozen=True)
class Choice:
    """A button of a stored message."""

    message_id: int
    index: int


@dataclass(frozen=True)
class Suggestion:
    """A button of the greeting."""

    index: int


@dataclass(frozen=True)
class Score:
    """A rating, 1 to 5, and the request's sequence number, which the stars of older messages do not carry."""

    score: int
    request: int | None


@dataclass(frozen=True)
class LanguageChoice:
    """A language to be answered in."""

    language: str


Press = Choice | Suggestion | Score | LanguageChoice


def read_press(carried: str | None) -> Press | None:
    """What a pressed button means; `None` for what no keyboard of ours carries."""
    match = _PRESS.fullmatch(carried or "")
    if match is None:
        return None
    if match["message"]:
        return Choice(int(match["message"]), int(match["index"]))
    if match["suggestion"]:
        return Suggestion(int(match["suggestion"]))
    if match["score"]:
        return Score(int(match["score"]), int(match["request"]) if match["request"] else None)
    return LanguageChoice(match["language"])


def for_message(message: OutgoingMessage, *, public_url: str) -> InlineKeyboardMarkup | None:
    """A message's articles, then its choices; a request for a rating has five stars instead."""
    if message.kind is MessageKind.rating_request:
        return InlineKeyboardMarkup([_stars(message)])
    choices = [
        [InlineKeyboardButton(button["title"], callback_data=f"b:{message.message_id}:{index}")]
        for index, button in enumerate(message.buttons)
    ]
    rows = _links(message.articles, public_url) + choices
    return InlineKeyboardMarkup(rows) if rows else None


def for_suggestions(buttons: Sequence[dict[str, str]]) -> InlineKeyboardMarkup | None:
    """The greeting's suggestions."""
    rows = [[InlineKeyboardButton(button["title"], callback_data=f"s:{index}")] for index, button in enumerate(buttons)]
    return InlineKeyboardMarkup(rows) if rows else None


def for_languages() -> InlineKeyboardMarkup:
    """The languages to choose from, each in its own words."""
    row = [InlineKeyboardButton(title, callback_data=f"l:{code}") for code, title in LANGUAGE_TITLES.items()]
    return InlineKeyboardMarkup([row])


def _stars(request: OutgoingMessage) -> list[InlineKeyboardButton]:
    digits = _DIGITS.get(request.language, _DIGITS["fa"])
    return [
        InlineKeyboardButton(f"{digit}⭐", callback_data=f"r:{score}:{request.sequence}")
        for score, digit in enumerate(digits, start=1)
    ]


def _links(articles: Sequence[dict[str, Any]], public_url: str) -> Rows:
    links = [(str(article["title"]), urljoin(public_url, str(article["url"]))) for article in articles]
    return [[InlineKeyboardButton(title, url=url)] for title, url in links if is_reachable(url)]


def is_reachable(url: str) -> bool:
    """Whether Telegram takes an address for a button; one that it does not would cost the whole message."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and ("." in host.strip(".") or _is_ip_address(host))


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
