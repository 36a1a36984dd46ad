"""How agents find conversations by words: by what people would call the same, not by the same letters."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.contacts.phones import dialled_digits
from crm.enums import Author
from crm.models import Contact, Conversation, FindableMessage, Message, Ticket
from crm.tickets.repository import id_of
from language.normalise import joined_form, normalise

# What people and the bot said; the product's own lines name the same few things in every conversation.
IS_FINDABLE = and_(Message.author != Author.system, Message.text != "")


def findable_words(text: str, corrected_text: str | None = None) -> str:
    """A message's words as they are looked for, those that the contact replaced among them."""
    return joined_form(f"{text} {corrected_text or ''}")


def parts_of(words: str) -> list[str]:
    """What must be there, each in the form of `findable_words`; none where the words say nothing.

    The parts of a word with half-spaces are there where it is written as one word, and where it is several.
    """
    return normalise(words).split()


class ConversationSearch:
    """Conversations that have each of the words in one message, in what is known of the contact, or in both together;
    or whose contact has this phone number, or whose ticket this number.
    """

    def __init__(self, session: AsyncSession, words: str) -> None:
        self.session = session
        self.parts = parts_of(words)

    async def ids(self) -> Sequence[str]:
        """Of all of them, in whatever state, the latest first."""
        found = or_(
            Conversation.id.in_(select(FindableMessage.conversation_id).where(*self._are_said())),
            Conversation.contact_id.in_(select(Contact.id).where(self._is_contact())),
            Conversation.id.in_(select(Ticket.conversation_id).where(Ticket.id == id_of(" ".join(self.parts)))),
        )
        statement = select(Conversation.id).where(found).order_by(Conversation.updated_at.desc(), Conversation.id)
        # All words of all messages are gone through: not where others wait for it.
        return (await self.session.scalars(statement, execution_options={"large": True})).all()

    async def messages(self, conversation_ids: Collection[str]) -> dict[str, Message]:
        """Of each of these conversations the latest message that has any of the words, and all that are not known of
        the contact.
        """
        latest = (
            select(FindableMessage.conversation_id, func.max(FindableMessage.sequence).label("sequence"))
            .where(FindableMessage.conversation_id.in_(conversation_ids), or_(*map(_is_said, self.parts)))
            .where(*self._are_said())
            .group_by(FindableMessage.conversation_id)
            .subquery()
        )
        statement = select(Message).join(
            latest,
            (Message.conversation_id == latest.c.conversation_id) & (Message.sequence == latest.c.sequence),
        )
        return {message.conversation_id: message for message in await self.session.scalars(statement)}

    def _are_said(self) -> list[ColumnElement[bool]]:
        of_contacts = select(Conversation.id).join(Contact, Contact.id == Conversation.contact_id)
        return [
            or_(_is_said(part), FindableMessage.conversation_id.in_(of_contacts.where(_is_known(part))))
            for part in self.parts
        ]

    def _is_contact(self) -> ColumnElement[bool]:
        known = and_(*map(_is_known, self.parts))
        digits = dialled_digits(" ".join(self.parts))
        return or_(known, _is_known(digits)) if digits else known


def _is_said(part: str) -> ColumnElement[bool]:
    return FindableMessage.words.contains(part, autoescape=True)


def _is_known(part: str) -> ColumnElement[bool]:
    return Contact.findable.contains(part, autoescape=True)
