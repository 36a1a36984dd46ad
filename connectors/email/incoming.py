"""What a mail means to us: `Incoming.handle` returns when it is dealt with, and raises when it must come again."""

import asyncio
import logging
from dataclasses import dataclass, replace

from connectors.email import responses
from connectors.email.choices import number_in
from connectors.email.mail import Mail, read_mail
from connectors.email.polling import MailUnanswerable
from connectors.email.ports import Say, Threads
from connectors.ports import Rate, Receive
from core.errors import Conflict, NotFound
from crm.conversations.commands import TALK_TO_PERSON
from crm.conversations.contents import MAX_MESSAGE_CHARACTERS, has_words
from crm.conversations.files import File
from crm.conversations.ports import IncomingMessage
from crm.enums import MessageKind
from crm.wording import DEFAULT_LANGUAGE
from language.detection import Language, detect
from language.normalise import normalise

logger = logging.getLogger(__name__)

# Beyond so many times the limit not even the handoff is announced any more.
_SILENT_FROM = 2


@dataclass(frozen=True)
class _Words:
    """A mail as a conversation shows it; `response` names the words that stand for missing ones."""

    text: str
    payload: str | None = None
    response: str | None = None


class Incoming:
    """Turns mails into messages."""

    def __init__(
        self,
        *,
        inbox_id: int,
        own_address: str,
        receive: Receive,
        rate: Rate,
        threads: Threads,
        say: Say,
        replies_per_hour: int,
        new_addresses_per_hour: int,
        files_per_day: int,
    ) -> None:
        self._inbox_id = inbox_id
        self._own_address = own_address
        self._receive = receive
        self._rate = rate
        self._threads = threads
        self._say = say
        self._replies_per_hour = replies_per_hour
        self._new_addresses_per_hour = new_addresses_per_hour
        self._files_per_day = files_per_day

    async def handle(self, raw: bytes, *, is_whole: bool = True, by_person: bool = False) -> bool:
        """Deal with one mail; what it holds of a contact is stored when this returns.

        What machines write, and what its sender's domain disowns, begins no conversation, gets no answer and changes
        nothing; in a thread of their address people see it. Nor does a stranger begin one whom more than the hour's
        number came before. False where somebody should see what was left alone for that; `by_person`, they have. A mail
        of ours that came back counts as not sent.

        Raises:
            MailUnanswerable
        """
        # In a thread of its own: a large one takes a second, and others wait for the loop.
        mail = await asyncio.to_thread(read_mail, raw, own_address=self._own_address, is_whole=is_whole)
        if mail is None:
            raise MailUnanswerable("nobody can be read whom an answer would go to")
        if by_person:
            mail = replace(mail, is_automatic=False, is_refuted=False)
        is_noted = mail.bounce is not None and await self._threads.note_bounce(mail.bounce)
        mail = await self._within_files_per_day(mail)
        thread = await self._threads.find(self._inbox_id, mail)
        if thread is None and is_noted:
            # The desk shows it where it belongs.
            return True
        is_left_alone = mail.is_automatic or mail.is_refuted
        if thread is None and (is_left_alone or (not by_person and await self._are_too_many(mail))):
            # Our own come back to us where an address forwards to itself.
            return mail.address == self._own_address
        is_first = thread is None
        thread = thread or await self._threads.begin(self._inbox_id, mail)
        language = await self._threads.language(self._inbox_id, thread) or _language_of(mail)
        if is_left_alone:
            await self._store(mail, thread, self._words(mail, language, is_first=is_first), wants_answer=False)
            await self._store_files(mail, thread, language, first=2)
        elif await self._store_rating(mail, thread):
            await self._store_files(mail, thread, language, first=1)
        else:
            await self._store_question(mail, thread, language, is_first=is_first)
        return True

    async def _are_too_many(self, mail: Mail) -> bool:
        """Whether a mail's sender is one of more than we answer: who makes up senders would have us write to them."""
        if await self._threads.strangers(self._inbox_id, mail) < self._new_addresses_per_hour:
            return False
        logger.warning("more than %d new addresses wrote within an hour", self._new_addresses_per_hour)
        return True

    async def _within_files_per_day(self, mail: Mail) -> Mail:
        """The mail with as many of its files as its address may still send today, and the names of the others."""
        if not mail.files:
            return mail
        sent = await self._threads.files_sent(self._inbox_id, mail)
        taken = max(0, self._files_per_day - sent)
        names = tuple(file.name for file in mail.files[taken:])
        return replace(mail, files=mail.files[:taken], refused=(*mail.refused, *names))

    async def _store_question(self, mail: Mail, thread: str, language: str, *, is_first: bool) -> None:
        words = await self._chosen(mail, thread) or self._words(mail, language, is_first=is_first)
        replies = await self._threads.automatic_replies(self._inbox_id, mail.address)
        if replies >= self._replies_per_hour:
            logger.warning("an address was written to %d times within an hour; a person has to go on", replies)
            words = _Words(words.text, TALK_TO_PERSON, words.response)
        is_answered = replies < _SILENT_FROM * self._replies_per_hour
        await self._store(mail, thread, words, language=language, wants_answer=is_answered)
        await self._store_files(mail, thread, language, first=2)

    async def _store(
        self, mail: Mail, thread: str, words: _Words, *, language: str | None = None, wants_answer: bool
    ) -> None:
        stored = words.text[:MAX_MESSAGE_CHARACTERS]
        await self._receive(
            IncomingMessage(
                inbox_id=self._inbox_id,
                contact_external_id=thread,
                external_id=mail.external_id,
                text=stored,
                payload=words.payload,
                contact_name=mail.name,
                language=language,
                upload=mail.files[0] if mail.files else None,
                response=words.response,
                wants_answer=wants_answer,
            )
        )
        if mail.original and _said(mail.original) != _said(stored):
            await self._threads.keep_original(self._inbox_id, mail.external_id, mail.original)

    async def _store_files(self, mail: Mail, thread: str, language: str, *, first: int) -> None:
        """A message has one file; those of a mail from this one on follow it and want no answers of their own."""
        for number, file in enumerate(mail.files[first - 1 :], start=first):
            await self._receive(
                IncomingMessage(
                    inbox_id=self._inbox_id,
                    contact_external_id=thread,
                    external_id=f"{mail.external_id}#{number}",
                    text=self._placeholder(file, language),
                    upload=file,
                    response=_placeholder_for(file),
                    wants_answer=False,
                )
            )

    async def _store_rating(self, mail: Mail, thread: str) -> bool:
        """Take a number for the rating that was asked for; false where it is none."""
        score = number_in(mail.text)
        if score is None or not 1 <= score <= 5:
            return False
        offer = await self._threads.offer(self._inbox_id, thread)
        if offer is None or offer.kind is not MessageKind.rating_request:
            return False
        try:
            await self._rate(self._inbox_id, thread, score)
        except (Conflict, NotFound):
            return False
        return True

    async def _chosen(self, mail: Mail, thread: str) -> _Words | None:
        """The choice that a number stands for."""
        number = number_in(mail.text)
        offer = await self._threads.offer(self._inbox_id, thread) if number else None
        if number is None or offer is None or not 1 <= number <= len(offer.buttons):
            return None
        button = offer.buttons[number - 1]
        return _Words(button["title"], button["payload"])

    def _words(self, mail: Mail, language: str, *, is_first: bool) -> _Words:
        """What they wrote, a thread's first mail under its subject, and the names of files that we do not take."""
        subject = mail.subject if is_first and normalise(mail.subject) not in normalise(mail.text) else ""
        refused = [f"{self._say(responses.FILE_REFUSED, language).text} {name}".strip() for name in mail.refused]
        doubted = self._say(responses.REFUTED, language).text if mail.is_refuted else ""
        text = "\n\n".join(part for part in (subject, mail.text, "\n".join(refused), doubted) if part)
        if has_words(text[:MAX_MESSAGE_CHARACTERS]):
            return _Words(text)
        if mail.files:
            return _Words(self._placeholder(mail.files[0], language), response=_placeholder_for(mail.files[0]))
        return _Words(self._say(responses.EMPTY, language).text, response=responses.EMPTY)

    def _placeholder(self, file: File, language: str) -> str:
        return f"{self._say(_placeholder_for(file), language).text} {file.name}".strip()


def _placeholder_for(file: File) -> str:
    return responses.PLACEHOLDERS[file.content_type.partition("/")[0]]


def _said(text: str) -> str:
    """A text without the spaces in which its forms differ."""
    return "".join(text.split())


def _language_of(mail: Mail) -> str:
    """The language of a first mail; the turn looks more closely, but what we say before it must be in one."""
    found = detect(f"{mail.subject}\n{mail.text[:500]}").language
    return Language.en.value if found is Language.en else DEFAULT_LANGUAGE
