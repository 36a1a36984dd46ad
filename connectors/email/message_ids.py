"""The Message-IDs that we give, and how those of others are kept."""

import hashlib
import re

from core.security import derived_secret

# RFC 5322 has no limit but a line's; messages.external_id has, where a digest and a file's number follow.
_MAX_KEPT_CHARACTERS = 130
# Stands between a Message-ID and the digest of the mail that has it.
MARK = "#"
_DIGEST_CHARACTERS = 20
# Visible ASCII alone, so that one can stand in a header of ours.
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_OURS = re.compile(r"<hamyar\.(?P<message>[0-9]{1,9})\.(?P<proof>[0-9a-f]{24})@[^<>\s]+>", re.ASCII)


def ids_in(value: str) -> list[str]:
    """The Message-IDs that a field holds, in its order."""
    return _MESSAGE_ID.findall(value)


def kept(message_id: str) -> str:
    """A Message-ID as it is kept and looked for: itself, or its digest where it is too long."""
    if len(message_id) <= _MAX_KEPT_CHARACTERS:
        return message_id
    return f"sha256:{hashlib.sha256(message_id.encode('utf-8', 'surrogatepass')).hexdigest()}"


def named(external_id: str) -> str | None:
    """The Message-ID that a mail's external id begins with; `None` where there is none, or one too long to keep."""
    match = _MESSAGE_ID.match(external_id)
    return match[0] if match else None


def external_id_of(message_id: str, *, address: str, body: bytes) -> str:
    """What tells a mail from all others, though senders use a Message-ID more than once, by mistake or on purpose."""
    digest = hashlib.sha256(address.encode("utf-8", "surrogatepass") + b"\n" + body).hexdigest()[:_DIGEST_CHARACTERS]
    return f"{kept(message_id)}{MARK}{digest}"


class MessageIds:
    """Ours: the same for a message however often it is sent, and not to be guessed by those who were not sent it."""

    def __init__(self, secret_key: str, *, inbox_id: int, domain: str) -> None:
        self._secret_key = secret_key
        self._inbox_id = inbox_id
        self._domain = domain

    def give(self, message_id: int) -> str:
        """The Message-ID of a stored message."""
        return f"<hamyar.{message_id}.{self._proof(message_id)}@{self._domain}>"

    def read(self, message_id: str) -> int | None:
        """The stored message that one of our Message-IDs names; `None` for all others."""
        match = _OURS.fullmatch(message_id)
        if match is None or match["proof"] != self._proof(int(match["message"])):
            return None
        return int(match["message"])

    def _proof(self, message_id: int) -> str:
        return derived_secret(self._secret_key, purpose=f"message-id:{self._inbox_id}:{message_id}")[:24]
