"""Threads of mails as the database has them."""

import hashlib
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.email.bounces import Bounce
from connectors.email.mail import Mail
from connectors.email.message_ids import MARK, MessageIds, kept, named
from connectors.email.ports import Envelope, Offer
from core.clock import Clock
from core.unit_of_work import UnitOfWork, announce
from crm.conversations.repository import ConversationRepository
from crm.enums import Author, ConversationStatus, DeliveryState, MessageKind
from crm.models import Attachment, Contact, ContactIdentity, Conversation, Delivery, EmailOriginal, EmailThread, Message

# Of a thread's mails, how many a new one refers to.
_NAMED_MAILS = 10
_IDENTITY_CHARACTERS = 128
# A server has taken it, though we may not have noted that yet.
_LEFT = (DeliveryState.sending, DeliveryState.sent, DeliveryState.maybe_sent)


class StoredThreads:
    """The `Threads` of the connector, each question in a transaction of its own.

    Nothing proves a sender's address. So a mail joins no thread but one with the same address, to which alone the
    answers go, and its contact is known from mails only, whoever else has named that address.
    """

    def __init__(self, work: UnitOfWork, clock: Clock, ids: MessageIds) -> None:
        self._work = work
        self._clock = clock
        self._ids = ids

    async def find(self, inbox_id: int, mail: Mail) -> str | None:
        """By the mails that it answers, or else by the subject among those that are not resolved."""
        async with self._work.reading() as session:
            return await self._by_reference(session, inbox_id, mail) or await self._by_subject(session, inbox_id, mail)

    async def begin(self, inbox_id: int, mail: Mail) -> str:
        """Make the thread, for the contact who wrote from this address before or for a new one."""
        try:
            return await self._begin(inbox_id, mail)
        except IntegrityError:
            # The same mail came at the same moment through another process.
            return await self._begin(inbox_id, mail)

    async def language(self, inbox_id: int, thread: str) -> str | None:
        """The conversation's."""
        async with self._work.reading() as session:
            conversation = await ConversationRepository(session).of_contact(inbox_id, thread, lock=False)
        return conversation.language if conversation else None

    async def offer(self, inbox_id: int, thread: str) -> Offer | None:
        """The latest choices, unless the contact has written since; a mail without words takes none away."""
        async with self._work.reading() as session:
            conversation = await ConversationRepository(session).of_contact(inbox_id, thread, lock=False)
            if conversation is None:
                return None
            statement = (
                select(Message)
                .where(Message.conversation_id == conversation.id, Message.kind != MessageKind.internal_note)
                .order_by(Message.sequence.desc())
                .limit(_NAMED_MAILS)
            )
            for message in await session.scalars(statement):
                if message.author is Author.contact and message.response is None:
                    return None
                if message.buttons or message.kind is MessageKind.rating_request:
                    return Offer(message.kind, message.buttons)
        return None

    async def automatic_replies(self, inbox_id: int, address: str) -> int:
        """Of all threads with the address."""
        return await self._count(
            select(func.count(Message.id)).where(
                _is_in_threads_with(inbox_id, address),
                Message.author.in_((Author.bot, Author.system)),
                Message.created_at > self._clock.now() - timedelta(hours=1),
            )
        )

    async def strangers(self, inbox_id: int, mail: Mail) -> int:
        """By the contacts who are known from mails alone."""
        statement = (
            select(func.count(func.distinct(Contact.id)))
            .join(ContactIdentity, ContactIdentity.contact_id == Contact.id)
            .join(EmailThread, EmailThread.identity_id == ContactIdentity.id)
            .where(EmailThread.inbox_id == inbox_id, Contact.created_at > self._clock.now() - timedelta(hours=1))
        )
        async with self._work.reading() as session:
            if await self._contact(session, inbox_id, mail.address):
                return 0
            return await session.scalar(statement) or 0

    async def files_sent(self, inbox_id: int, mail: Mail) -> int:
        """In all their threads. Of a mail that comes again after a failure, some are stored already."""
        return await self._count(
            select(func.count(Attachment.id))
            .join(Message, Message.id == Attachment.message_id)
            .where(
                _is_in_threads_with(inbox_id, mail.address),
                Message.author == Author.contact,
                ~Message.external_id.startswith(mail.external_id, autoescape=True),
                Message.created_at > self._clock.now() - timedelta(days=1),
            )
        )

    async def keep_original(self, inbox_id: int, external_id: str, text: str) -> None:
        """Beside its message."""
        async with self._work.begin() as session:
            message = await ConversationRepository(session).message_by_external_id(inbox_id, external_id)
            if message and not await session.get(EmailOriginal, message.id):
                session.add(EmailOriginal(message_id=message.id, text=text))
                announce(session, "desk", {"type": "conversation", "conversation_id": message.conversation_id})

    async def note_bounce(self, bounce: Bounce) -> bool:
        """Once, however often it is reported. Only whoever had the mail knows its Message-ID."""
        ours = [number for number in map(self._ids.read, bounce.message_ids) if number is not None]
        if not ours:
            return False
        async with self._work.begin() as session:
            statement = select(Delivery).where(Delivery.message_id.in_(ours)).with_for_update()
            deliveries = (await session.scalars(statement)).all()
            for delivery in deliveries:
                if delivery.state in _LEFT:
                    delivery.state, delivery.error = DeliveryState.failed, bounce.error or None
                    announce(session, "desk", {"type": "conversation", "conversation_id": delivery.conversation_id})
        return bool(deliveries)

    async def envelope(self, message_id: int) -> Envelope | None:
        """With the mails before it in the thread."""
        async with self._work.reading() as session:
            message = await session.get(Message, message_id)
            thread = await self._thread_of(session, message) if message else None
            if message is None or thread is None:
                return None
            earlier = await self._mails_before(session, message)
        return Envelope(
            address=thread.address,
            subject=thread.subject,
            references=tuple(mail_id for mail_id, _author in earlier),
            answers=next((mail_id for mail_id, author in reversed(earlier) if author is Author.contact), None),
            is_automatic=message.author is not Author.agent,
        )

    async def _by_reference(self, session: AsyncSession, inbox_id: int, mail: Mail) -> str | None:
        if not mail.references:
            return None
        ours = [number for number in map(self._ids.read, mail.references) if number is not None]
        statement = (
            _threads_with(inbox_id, mail.address)
            .join(Message, Message.conversation_id == Conversation.id)
            .where(
                Message.inbox_id == inbox_id,
                or_(*map(_is_mail, mail.references), Message.id.in_(ours)),
            )
            .order_by(Message.id.desc())
            .limit(1)
        )
        return (await session.scalars(statement)).one_or_none()

    async def _by_subject(self, session: AsyncSession, inbox_id: int, mail: Mail) -> str | None:
        if not mail.subject_key:
            return None
        statement = (
            _threads_with(inbox_id, mail.address)
            .where(
                EmailThread.subject_key == mail.subject_key,
                Conversation.status != ConversationStatus.resolved,
            )
            .order_by(Conversation.updated_at.desc())
            .limit(1)
        )
        return (await session.scalars(statement)).one_or_none()

    async def _count(self, statement: Select[int]) -> int:
        async with self._work.reading() as session:
            return await session.scalar(statement) or 0

    async def _begin(self, inbox_id: int, mail: Mail) -> str:
        name = _thread_name(mail)
        async with self._work.begin() as session:
            if await ConversationRepository(session).identity(inbox_id, name):
                return name
            now = self._clock.now()
            contact = await self._contact(session, inbox_id, mail.address)
            if contact is None:
                contact = Contact(name=mail.name, email=mail.address, created_at=now)
            identity = ContactIdentity(contact=contact, inbox_id=inbox_id, external_id=name, created_at=now)
            session.add(identity)
            await session.flush()
            session.add(
                EmailThread(
                    identity_id=identity.id,
                    inbox_id=inbox_id,
                    address=mail.address,
                    subject=mail.subject,
                    subject_key=mail.subject_key,
                )
            )
        return name

    async def _contact(self, session: AsyncSession, inbox_id: int, address: str) -> Contact | None:
        statement = (
            select(Contact)
            .join(ContactIdentity, ContactIdentity.contact_id == Contact.id)
            .join(EmailThread, EmailThread.identity_id == ContactIdentity.id)
            .where(EmailThread.inbox_id == inbox_id, EmailThread.address == address)
            .order_by(Contact.id)
            .limit(1)
        )
        return (await session.scalars(statement)).one_or_none()

    async def _thread_of(self, session: AsyncSession, message: Message) -> EmailThread | None:
        statement = (
            select(EmailThread)
            .join(Conversation, Conversation.identity_id == EmailThread.identity_id)
            .where(Conversation.id == message.conversation_id)
        )
        return (await session.scalars(statement)).one_or_none()

    async def _mails_before(self, session: AsyncSession, message: Message) -> list[tuple[str, Author]]:
        """Message-IDs of the last mails before a message, oldest first, each with who wrote it."""
        statement = (
            select(Message.id, Message.external_id, Message.author)
            .where(
                Message.conversation_id == message.conversation_id,
                Message.sequence < message.sequence,
                Message.kind != MessageKind.internal_note,
            )
            .order_by(Message.sequence.desc())
            .limit(_NAMED_MAILS)
        )
        rows = (await session.execute(statement)).all()
        mails = [
            (named(external_id or "") if author is Author.contact else self._ids.give(number), author)
            for number, external_id, author in reversed(rows)
        ]
        # Once, though each file of a mail is a message.
        return [(mail_id, author) for mail_id, author in dict.fromkeys(mails) if mail_id]


def _threads_with(inbox_id: int, address: str) -> Select[str]:
    """The names of an address's threads."""
    return (
        select(ContactIdentity.external_id)
        .join(EmailThread, EmailThread.identity_id == ContactIdentity.id)
        .join(Conversation, Conversation.identity_id == ContactIdentity.id)
        .where(EmailThread.inbox_id == inbox_id, EmailThread.address == address)
    )


def _is_in_threads_with(inbox_id: int, address: str) -> ColumnElement[bool]:
    """Whether a stored message belongs to one of an address's threads."""
    return Message.conversation_id.in_(_threads_with(inbox_id, address).with_only_columns(Conversation.id))


def _is_mail(message_id: str) -> ColumnElement[bool]:
    """Whether a stored message is the mail with this Message-ID, or one of its files."""
    known = kept(message_id)
    # Those stored before digests were have the Message-ID alone.
    return or_(Message.external_id == known, Message.external_id.startswith(f"{known}{MARK}", autoescape=True))


def _thread_name(mail: Mail) -> str:
    """A name that only this address's mail can have, and has again when it comes again."""
    digest = hashlib.sha256(f"{mail.address}\n{mail.external_id}".encode()).hexdigest()[:24]
    return f"{mail.address}#{digest}" if len(mail.address) < _IDENTITY_CHARACTERS - 25 else f"#{digest}"
