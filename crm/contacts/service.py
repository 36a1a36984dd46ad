"""What we know of a contact, and who they turn out to be."""

import re
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.errors import Conflict, InvalidInput, NotFound
from core.unit_of_work import announce
from crm.contacts.repository import ContactRepository
from crm.conversations.repository import ConversationRepository
from crm.enums import ConversationStatus
from crm.models import (
    Consent,
    Contact,
    ContactIdentity,
    Conversation,
    FindableMessage,
    MergedConversation,
    Message,
    Rating,
    Ticket,
)
from language.normalise import normalise, safe_text

_PHONE = re.compile(r"\+?\d[\d\s()-]{6,18}\d")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


class ContactNotFound(NotFound):
    """There is no such contact."""

    code = "contact_not_found"


class ContactDetailUnfit(InvalidInput):
    """This is neither an e-mail address nor a phone number."""

    code = "contact_detail_unfit"


class ConversationBusy(Conflict):
    """An answer is being worked on; try again in a moment."""

    code = "conversation_busy"


@dataclass(frozen=True, kw_only=True)
class Introduction:
    """What somebody says of themselves before they write, and the words they agreed to, if any."""

    name: str = ""
    address: str = ""
    consent: str = ""
    privacy_url: str = ""


def remember_contact_detail(contact: Contact, detail: str, *, instead_of: str = "") -> None:
    """Keep an e-mail address or phone number that the contact gave; what was known before stays.

    Unless it was `instead_of` that: what they had given just before, and got wrong. A contact's word proves nothing, so
    the address gives nobody access to anything.
    """
    detail, wrong = normalise(detail).strip(), normalise(instead_of).strip()
    if "@" in detail:
        contact.email = detail[:254] if contact.email in ("", wrong) else contact.email
    elif _PHONE.fullmatch(detail):
        contact.phone = detail[:32] if contact.phone in ("", wrong) else contact.phone


async def latest_consent(session: AsyncSession, contact_id: int) -> str:
    """The sentence that a contact agreed to last; empty where there is none."""
    newest = select(Consent.wording).where(Consent.contact_id == contact_id).order_by(Consent.id.desc()).limit(1)
    return await session.scalar(newest) or ""


class ContactService:
    def __init__(self, session: AsyncSession, *, clock: Clock) -> None:
        self.session = session
        self.clock = clock
        self.contacts = ContactRepository(session)
        self.conversations = ConversationRepository(session)

    async def get(self, contact_id: int) -> Contact:
        """One contact.

        Raises:
            ContactNotFound
        """
        contact = await self.contacts.get(contact_id)
        if contact is None:
            raise ContactNotFound
        return contact

    async def correct(
        self, contact: Contact, *, name: str | None = None, email: str | None = None, phone: str | None = None
    ) -> None:
        """Keep what a person of ours has learned of a contact, in place of what was known; each may be empty.

        What is not given stays as it is.

        Raises:
            ContactDetailUnfit: nothing is changed.
        """
        email, phone = _checked(email, _EMAIL), _checked(phone, _PHONE)
        contact.name = contact.name if name is None else safe_text(name).strip()[:200]
        contact.email = contact.email if email is None else email[:254]
        contact.phone = contact.phone if phone is None else phone[:32]
        for conversation in await self.contacts.conversations(contact.id):
            self._announce(conversation)

    async def introduce(self, inbox_id: int, external_id: str, introduction: Introduction) -> None:
        """Keep what a contact says of themselves the first time, and each other sentence that they agree to.

        Raises:
            ContactDetailUnfit
        """
        detail = normalise(introduction.address).strip()
        if detail and not (_EMAIL.fullmatch(detail) or _PHONE.fullmatch(detail)):
            raise ContactDetailUnfit
        identity = await self._identity(inbox_id, external_id)
        now, contact = self.clock.now(), identity.contact
        if not identity.introduced_at:
            identity.introduced_at = now
            contact.name = contact.name or safe_text(introduction.name).strip()[:200]
            remember_contact_detail(contact, detail)
        wording = safe_text(introduction.consent)
        if wording and wording != await latest_consent(self.session, contact.id):
            self.session.add(
                Consent(contact_id=contact.id, wording=wording, privacy_url=introduction.privacy_url, created_at=now)
            )
        await self._tell_desk(identity)

    async def recognise(
        self, inbox_id: int, *, known: str, former: str, name: str, email: str, is_vouched_for: bool = False
    ) -> None:
        """The contact's site vouches that whoever wrote from the address `former` is the person at the address `known`.

        What was written from `former` belongs to that person from now on; both must be addresses of the same
        inbox, and `former` one that nobody else can be known by. Name and e-mail address replace what was known only
        where the site vouches for them too.

        Raises:
            ConversationBusy: a turn is running in the former conversation; nothing is changed.
        """
        identity = await self.conversations.identity(inbox_id, known)
        anonymous = await self.conversations.identity(inbox_id, former)
        if anonymous and identity:
            contact = identity.contact
            await self._join(anonymous, identity)
        elif anonymous:
            identity, contact = anonymous, anonymous.contact
            identity.external_id = known
        else:
            identity = identity or await self._identity(inbox_id, known)
            contact = identity.contact
        name, email = safe_text(name).strip()[:200], safe_text(email).strip()[:254]
        if is_vouched_for:
            contact.name, contact.email = name or contact.name, email or contact.email
        else:
            # Whoever is signed by their id alone can say here what they like.
            contact.name, contact.email = contact.name or name, contact.email or email
        await self.session.flush()
        await self._tell_desk(identity)

    async def _identity(self, inbox_id: int, external_id: str) -> ContactIdentity:
        """The address with its contact, made where nobody has written from it."""
        if found := await self.conversations.identity(inbox_id, external_id):
            return found
        now = self.clock.now()
        identity = ContactIdentity(
            contact=Contact(name="", created_at=now), inbox_id=inbox_id, external_id=external_id, created_at=now
        )
        self.session.add(identity)
        await self.session.flush()
        return identity

    async def _join(self, anonymous: ContactIdentity, known: ContactIdentity) -> None:
        """Make one contact of two, and one conversation of theirs; the anonymous ones are gone then."""
        # Before the queries below, which load their addresses anew and without the contacts.
        old, contact = anonymous.contact, known.contact
        source = await self.conversations.of_contact(anonymous.inbox_id, anonymous.external_id, lock=True)
        target = await self.conversations.of_contact(known.inbox_id, known.external_id, lock=True)
        if source and await self._is_busy(source):
            raise ConversationBusy
        if source and target:
            await self._append(source, target)
            await self._leave_trace(source, target)
            await self.session.delete(source)
        elif source:
            source.identity = known
            source.identity_id, source.contact_id = known.id, contact.id
        await self.session.flush()
        for table in (Ticket, Consent):
            await self._run(update(table).where(table.contact_id == old.id).values(contact_id=contact.id))
        contact.name, contact.email, contact.phone = (
            contact.name or old.name,
            contact.email or old.email,
            contact.phone or old.phone,
        )
        known.introduced_at = known.introduced_at or anonymous.introduced_at
        known.chosen_language = known.chosen_language or anonymous.chosen_language
        # Their columns, and not the objects: the database takes what depends on them along.
        await self._run(delete(ContactIdentity).where(ContactIdentity.id == anonymous.id))
        await self._run(delete(Contact).where(Contact.id == old.id))

    async def _is_busy(self, conversation: Conversation) -> bool:
        pending = await self.conversations.pending(conversation.id, limit=1)
        leased_until = conversation.leased_until
        return bool(pending) or (leased_until is not None and leased_until > self.clock.now())

    async def _append(self, source: Conversation, target: Conversation) -> None:
        """Put one conversation's entries after the other's."""
        shift = target.last_sequence
        for entry in (Message, FindableMessage):
            own = update(entry).where(entry.conversation_id == source.id)
            await self._run(own.values(conversation_id=target.id, sequence=entry.sequence + shift))
        target.last_sequence += source.last_sequence
        for handoff in await self.conversations.handoffs(source.id):
            handoff.conversation_id = target.id
            handoff.causes = [_shifted(cause, shift) for cause in handoff.causes]
        for table in (Ticket, Rating):
            await self._run(update(table).where(table.conversation_id == source.id).values(conversation_id=target.id))
        people = (ConversationStatus.waiting, ConversationStatus.open)
        if source.status in people and target.status not in people:
            target.status, target.waiting_since = source.status, source.waiting_since
            target.assignee, target.assignee_id = source.assignee, source.assignee_id

    async def _leave_trace(self, source: Conversation, target: Conversation) -> None:
        """Let links to one conversation lead to the other one, also those to what was merged into it before."""
        merged = update(MergedConversation).where(MergedConversation.into_id == source.id)
        await self._run(merged.values(into_id=target.id))
        self.session.add(MergedConversation(id=source.id, into_id=target.id))

    async def _run(self, statement: object) -> None:
        await self.session.execute(statement, execution_options={"synchronize_session": False})  # type: ignore[call-overload]

    async def _tell_desk(self, identity: ContactIdentity) -> None:
        conversation = await self.conversations.of_contact(identity.inbox_id, identity.external_id, lock=False)
        if conversation:
            self._announce(conversation)

    def _announce(self, conversation: Conversation) -> None:
        announce(self.session, "desk", {"type": "conversation", "conversation_id": conversation.id})


def _checked(detail: str | None, kind: re.Pattern[str]) -> str | None:
    """The detail in the form that is kept, empty or of this kind; none where none is given."""
    if detail is None:
        return None
    detail = normalise(detail).strip()
    if detail and not kind.fullmatch(detail):
        raise ContactDetailUnfit
    return detail


def _shifted(cause: dict[str, object], shift: int) -> dict[str, object]:
    sequence = cause.get("sequence")
    return {**cause, "sequence": sequence + shift} if isinstance(sequence, int) else cause
