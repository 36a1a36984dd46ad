"""Passwords, random tokens and signed tokens."""

import hashlib
import hmac
import secrets
import time
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from itsdangerous import BadSignature, URLSafeTimedSerializer

_hasher = PasswordHasher()  # argon2id with the library's current recommendation (RFC 9106, low memory)


def hash_password(password: str) -> str:
    """The Argon2id hash to store."""
    return _hasher.hash(password)


def password_matches(password: str, password_hash: str | None) -> bool:
    """Whether the password is the hashed one; takes as long for nobody (`None`) as for somebody."""
    try:
        return _hasher.verify(password_hash or _nobodys_hash(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    """Checked where there is no such account, so that both answers take as long."""
    return hash_password(secrets.token_hex())


def random_token() -> str:
    """256 random bits, safe in URLs."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored of a random token; a plain digest suffices, since the token cannot be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()


def same_secret(given: str, expected: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())


def derived_secret(secret_key: str, *, purpose: str) -> str:
    """A secret of its own for each purpose; none tells anything of the others or of the key."""
    return _hmac(secret_key, purpose)


def is_signed_by(secret: str, text: str, signature: str) -> bool:
    """Whether the signature is the text's HMAC-SHA256 in hexadecimal; compared in constant time."""
    return same_secret(signature.lower(), _hmac(secret, text))


def _hmac(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


class Signer:
    """Signs small JSON values for one purpose; a token of one purpose is refused for another."""

    def __init__(self, secret_key: str, *, purpose: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret_key, salt=purpose)

    def sign(self, value: dict[str, Any]) -> str:
        """A token that carries the value, readable by anybody and changeable by nobody."""
        return self._serializer.dumps(value)

    def read(self, token: str, *, max_age_seconds: int | None = None) -> dict[str, Any] | None:
        """The signed value, or `None` when the token is forged, garbled or too old.

        One of a machine whose clock is ahead, or from before ours was set back, is ours all the same.
        """
        try:
            value, signed_at = self._serializer.loads(token, return_timestamp=True)
        except (BadSignature, ValueError):
            return None
        is_too_old = max_age_seconds is not None and time.time() - signed_at.timestamp() > max_age_seconds
        return value if isinstance(value, dict) and not is_too_old else None
