"""Messages on their way to a mail server, and what its refusals mean to the outbox."""

import asyncio
import logging
from dataclasses import dataclass
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr
from typing import Literal
from urllib.parse import urljoin, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPTimeoutError,
)

from connectors.email import responses
from connectors.email.addresses import MAX_NAME_CHARACTERS, MAX_SUBJECT_CHARACTERS, one_line
from connectors.email.choices import numbered
from connectors.email.markup import Link, to_page, to_plain
from connectors.email.message_ids import MessageIds
from connectors.email.ports import Envelope, Say, Threads
from core.clock import Clock
from crm.conversations.ports import OutgoingMessage, SendLater, SendRefused, SendUncertain
from crm.enums import MessageKind

logger = logging.getLogger(__name__)

_ANSWER_SECONDS = 20.0
# Within the times after which the outbox cuts a call off: crm.conversations.sending and outbox.
_LONGEST_SECONDS = 45.0
_LONGEST_WITH_FILE_SECONDS = 240.0
# Ours to mend, so the message waits until somebody has.
_MENDING_SECONDS = 300.0

_LINE_END = "\r\n"

Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, kw_only=True)
class Server:
    """A mail server, and how it is spoken to."""

    host: str
    port: int
    security: Security
    user: str
    password: str


class Outgoing:
    """Writes mails and hands them in."""

    def __init__(
        self,
        server: Server,
        *,
        address: str,
        name: str,
        threads: Threads,
        ids: MessageIds,
        say: Say,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._server = server
        self._address = address
        self._name = name
        self._threads = threads
        self._ids = ids
        self._say = say
        self._clock = clock
        self._public_url = public_url

    async def send(self, message: OutgoingMessage) -> str:
        """Send a message as one mail; returns its Message-ID, which is the same at every attempt.

        Raises:
            SendLater, SendRefused, SendUncertain
        """
        envelope = await self._threads.envelope(message.message_id)
        if envelope is None:
            raise SendRefused("the thread is gone")
        mail = self._write(message, envelope)
        seconds = _LONGEST_WITH_FILE_SECONDS if message.file else _LONGEST_SECONDS
        message_id = self._ids.give(message.message_id)
        content = _thread_fields(message_id, envelope) + _field("Subject", self._subject(message, envelope))
        content += _sender_field(self._sender(message), self._address)
        content += mail.as_bytes()
        await self._hand_in(content, str(mail["To"]), seconds=seconds)
        return message_id

    async def try_out(self) -> None:
        """Connect and sign in, so that whoever set this up reads in the log what is wrong before a customer waits."""
        client = self._client()
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                await self._connect(client)
        except (SMTPException, OSError, ValueError) as error:
            logger.warning("e-mail cannot be sent: %s", _told(error))
        finally:
            client.close()

    def _write(self, message: OutgoingMessage, envelope: Envelope) -> EmailMessage:
        mail = EmailMessage(SMTP_POLICY)
        mail["To"] = _recipient(envelope.address)
        mail["Date"] = format_datetime(self._clock.now())
        if envelope.is_automatic:
            # So that other machines do not answer. RFC 3834
            mail["Auto-Submitted"] = "auto-replied"
            mail["X-Auto-Response-Suppress"] = "All"
        paragraphs, links = self._paragraphs(message), self._links(message)
        mail.set_content(to_plain(paragraphs, links), cte="base64")
        mail.add_alternative(to_page(paragraphs, links, language=message.language), subtype="html", cte="base64")
        if message.file:
            kind, _slash, subtype = message.file.content_type.partition("/")
            mail.add_attachment(message.file.content, maintype=kind, subtype=subtype, filename=message.file.name)
        return mail

    def _sender(self, message: OutgoingMessage) -> str:
        """The name beside our address."""
        name = f"{message.agent_name} – {self._name}" if message.agent_name and self._name else self._name
        return one_line(name or message.agent_name or "", limit=MAX_NAME_CHARACTERS)

    def _subject(self, message: OutgoingMessage, envelope: Envelope) -> str:
        subject = one_line(envelope.subject, limit=MAX_SUBJECT_CHARACTERS)
        subject = subject or self._say(responses.SUBJECT, message.language).text
        return subject if subject.lower().startswith("re:") else f"Re: {subject}"

    def _paragraphs(self, message: OutgoingMessage) -> list[str]:
        paragraphs = [message.text]
        if message.agent_name and message.text:
            paragraphs.insert(0, f"**{one_line(message.agent_name, limit=MAX_NAME_CHARACTERS)}**")
        if choices := numbered(message):
            paragraphs += ["\n".join(choices), self._say(responses.CHOOSE, message.language).text]
        if message.kind is MessageKind.rating_request:
            paragraphs.append(self._say(responses.RATE, message.language).text)
        return paragraphs

    def _links(self, message: OutgoingMessage) -> list[Link]:
        """The articles, where there is an address by which they can be reached."""
        links = [
            Link(str(one["title"]), urljoin(self._public_url, str(one["url"])), str(one.get("note", "")))
            for one in message.articles
        ]
        return [link for link in links if urlsplit(link.url).scheme in ("http", "https")]

    async def _hand_in(self, content: bytes, address: str, *, seconds: float) -> None:
        left = False
        client = self._client()
        try:
            async with asyncio.timeout(seconds):
                await self._connect(client)
                await client.mail(self._address)
                await client.rcpt(address)
                left = True
                await client.data(content)
        except (SMTPException, OSError, TimeoutError) as error:
            outcome = outcome_of(error, left=left)
            if isinstance(outcome, SendLater):
                logger.warning("e-mail: a message has to wait: %s", _told(error))
            raise outcome from error
        finally:
            client.close()

    async def _connect(self, client: SMTP) -> None:
        """Connect, and sign in where the server knows how to: one on this machine may take mails from all beside it."""
        await client.connect()
        await client.ehlo()
        if self._server.password and client.supports_extension("auth"):
            await client.login(self._server.user, self._server.password)

    def _client(self) -> SMTP:
        server = self._server
        return SMTP(
            hostname=server.host,
            port=server.port,
            # By itself the library asks the resolver for this machine's name, which may take seconds.
            local_hostname=self._address.rpartition("@")[2],
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            timeout=_ANSWER_SECONDS,
        )


def outcome_of(error: Exception, *, left: bool) -> SendLater | SendRefused | SendUncertain:
    """What a failed call means for the message; `left` is whether its text may have left us."""
    if isinstance(error, SMTPAuthenticationError):
        return SendLater(_told(error), after_seconds=_MENDING_SECONDS)
    if isinstance(error, SMTPResponseException):
        said = f"{error.code} {error.message}"
        # 5xx for the recipient or the text is for ever; for us as sender or at the door it is ours to mend.
        if error.code < 500:
            return SendLater(said)
        if isinstance(error, SMTPRecipientRefused) or left:
            return SendRefused(said)
        after = _MENDING_SECONDS if isinstance(error, SMTPSenderRefused) else None
        return SendLater(said, after_seconds=after)
    if left:
        return SendUncertain("timed out" if isinstance(error, SMTPTimeoutError | TimeoutError) else str(error))
    return SendLater(_told(error))


def _told(error: Exception) -> str:
    """What went wrong, without the server's words, which may hold names and addresses."""
    if isinstance(error, SMTPAuthenticationError):
        return f"the mail server refused the sign-in ({error.code})"
    if isinstance(error, SMTPResponseException):
        return f"the mail server answered {error.code}"
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _thread_fields(message_id: str, envelope: Envelope) -> bytes:
    """What joins mails to threads. The library would make encoded words of a long Message-ID, which join nothing."""
    fields = [f"Message-ID: {message_id}"]
    if envelope.answers:
        fields.append(f"In-Reply-To: {envelope.answers}")
    if envelope.references:
        fields.append("References: " + "\r\n ".join(envelope.references))
    return "".join(f"{field}\r\n" for field in fields).encode("ascii")


def _field(name: str, text: str, *, after: str = "") -> bytes:
    """The library's policies lose the space between two encoded words: "لطفا ۱۲" would come as "لطفا۱۲"."""
    written = Header(text, None if text.isascii() else "utf-8", header_name=name)
    return f"{name}: {written.encode(linesep=_LINE_END)}{after}{_LINE_END}".encode("ascii")


def _sender_field(name: str, address: str) -> bytes:
    if name.isascii():
        return _field("From", formataddr((name, address)))
    # On a line of its own, since that of the name may be full.
    return _field("From", name, after=f"{_LINE_END} <{address}>")


def _recipient(address: str) -> Address:
    user, _at, domain = address.rpartition("@")
    try:
        return Address("", user, domain.encode("idna").decode("ascii"))
    except (UnicodeError, ValueError) as error:
        raise SendRefused("the address cannot be written to") from error
