"""Bots' tokens: what they look like, and how those that admins type at the desk are kept.

The database holds them sealed, so that a copy of it gives nobody a bot; SECRET_KEY, which opens them, is elsewhere.
"""

import base64
import re

from cryptography.fernet import Fernet, InvalidToken

from core.security import derived_secret

_TOKEN = re.compile(r"(?P<number>[1-9][0-9]{2,15}):[A-Za-z0-9_-]{20,80}", re.ASCII)


class Seal:
    """Seals tokens for the database and opens them again."""

    def __init__(self, secret_key: str) -> None:
        key = bytes.fromhex(derived_secret(secret_key, purpose="telegram tokens"))
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, token: str) -> str:
        """The token as it is stored."""
        return self._fernet.encrypt(token.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """The token; `None` where it was sealed with another SECRET_KEY."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None


def number_of(token: str) -> int | None:
    """Telegram's number of the bot that a token is for; `None` for what is no token."""
    match = _TOKEN.fullmatch(token)
    return int(match["number"]) if match else None
