"""The mailbox on its IMAP server: blocking calls, each for a thread of its own."""

import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from imaplib import IMAP4
from typing import Any

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from connectors.email.outgoing import Server

# What any of the calls below may raise; the connection is then of no more use.
MAILBOX_ERRORS = (IMAP4.error, ImapToolsError, OSError, EOFError)
MAX_MAIL_BYTES = 40 * 1024 * 1024
# Of a larger one: the text comes first.
BEGINNING_BYTES = 256 * 1024
_ANSWER_SECONDS = 30.0
_KINDS: dict[str, type[BaseMailBox]] = {"tls": MailBox, "starttls": MailBoxStartTls, "none": MailBoxUnencrypted}
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_RECEIVED = re.compile(rb'INTERNALDATE "([^"]+)"')


class Mailbox:
    """One connection; mails are named by their UIDs."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._box: BaseMailBox | None = None
        # Whether it was closed since somebody began to open it, perhaps in another thread.
        self._is_closed = False
        # What the server calls the present set of UIDs; under another name they mean other mails.
        self.uid_validity = ""

    def open(self) -> None:
        """Connect and sign in, unless that is done."""
        self._is_closed = False
        if self._box is None:
            kind: Any = _KINDS[self._server.security]
            # Of itself imaplib takes any certificate.
            secure = {} if self._server.security == "none" else {"ssl_context": ssl.create_default_context()}
            box = kind(self._server.host, self._server.port, timeout=_ANSWER_SECONDS, **secure)
            try:
                box.login(self._server.user, self._server.password, initial_folder="INBOX")
            except MAILBOX_ERRORS:
                _hang_up(box)
                raise
            _kind, named = box.client.response("UIDVALIDITY")
            self.uid_validity = named[-1].decode("ascii", "replace") if named and named[-1] else ""
            self._box = box
            if self._is_closed:
                self.close()

    def unread(self, *, since: datetime) -> Sequence[str]:
        """Mails that have not been seen, oldest first: those that came after a moment, and some from the day before."""
        # IMAP knows days alone, in the server's zone.
        day = (since - timedelta(days=1)).strftime("%d-%b-%Y")
        self._opened.client.noop()
        return sorted(self._opened.uids(f"UNSEEN UNDELETED SINCE {day}"), key=int)

    def came_after(self, uid: str, moment: datetime) -> bool:
        """Whether the server received a mail after a moment; not where it is gone."""
        match = _RECEIVED.search(_joined(self._ask(uid, "(INTERNALDATE)")))
        if match is None:
            return False
        return datetime.strptime(match[1].decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z") >= moment

    def fetch(self, uid: str) -> tuple[bytes, bool]:
        """A mail's bytes, which stay unseen, and whether they are all; both empty where it is gone."""
        is_whole = self._size(uid) <= MAX_MAIL_BYTES
        section = "(BODY.PEEK[])" if is_whole else f"(BODY.PEEK[]<0.{BEGINNING_BYTES}>)"
        parts = [part[1] for part in self._ask(uid, section) if isinstance(part, tuple)]
        return (bytes(parts[0]), is_whole) if parts else (b"", False)

    def mark_seen(self, uid: str) -> None:
        """Say that a mail is dealt with."""
        # Of the library's own way to do so comes an EXPUNGE of all that somebody has marked as deleted.
        status, _answer = self._opened.client.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")
        if status != "OK":
            raise IMAP4.error(f"STORE was answered with {status}")

    def close(self) -> None:
        """Let go of the connection, also under a call that is waiting in another thread; never fails.

        One that is being made there is let go of once it is.
        """
        self._is_closed = True
        if self._box is not None:
            _hang_up(self._box)
            self._box = None

    @property
    def _opened(self) -> BaseMailBox:
        if self._box is None:
            raise OSError("the mailbox is closed")
        return self._box

    def _size(self, uid: str) -> int:
        match = _SIZE.search(_joined(self._ask(uid, "(RFC822.SIZE)")))
        return int(match[1]) if match else 0

    def _ask(self, uid: str, what: str) -> list[Any]:
        status, answer = self._opened.client.uid("FETCH", uid, what)
        if status != "OK":
            raise IMAP4.error(f"FETCH was answered with {status}")
        return list(answer)


def _joined(answer: list[Any]) -> bytes:
    return b" ".join(part for part in answer if isinstance(part, bytes))


def _hang_up(box: BaseMailBox) -> None:
    with suppress(*MAILBOX_ERRORS):
        box.client.shutdown()
