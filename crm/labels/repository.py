"""Labels and the messages that want one, in SQL."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, ScalarSelect, String, and_, case, cast, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, load_only

from crm.enums import Author, MessageKind
from crm.models import Agent, Contact, Conversation, IntentLabel, Message

# How many of the latest messages are looked through for doubtful ones, and how many of these are taken.
LOOKED_BACK = 50_000
MOST_DOUBTFUL = 2_000
# Above this the guess is not looked at by a person. The bot acts on some of the others all the same, and gives just
# this to a wish that it heard in plain words where the classifier did not.
SURE_ABOVE = 0.6
FALLBACK = "nlu_fallback"
# A label of what the bot shall not learn from, such as a lone name: no intent, and none may be called so.
TEACHES_NOTHING = "teaches_nothing"
# Who wishes for a person is rightly handed off.
TALK_TO_PERSON = "talk_to_person"
# What contacts say of an answer that missed: as an intent, and as a signal, which may come with any.
DOUBT, MISUNDERSTOOD = "doubt", "misunderstood"
_APOLOGY, _HANDED_OFF = "utter_sorry_", "utter_handed_off"
_LAST = 2**31 - 1
_SHOWN = load_only(
    *(Message.conversation_id, Message.sequence, Message.text, Message.corrected_text, Message.created_at),
    *(Message.intent, Message.likeliest_intent, Message.intent_confidence, Message.language),
)


class Reason(StrEnum):
    """Why a person should say what a message means; the most telling first."""

    contradicted = "contradicted"
    mended = "mended"
    unsure = "unsure"


@dataclass(frozen=True)
class Doubtful:
    """A message of which it is unknown what was asked for."""

    message: Message
    reason: Reason


@dataclass(frozen=True)
class Labelled:
    """A message with its label, and the names and addresses of who wrote it."""

    message: Message
    label: IntentLabel
    known: tuple[str, ...]


class LabelRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def doubtful(self) -> Sequence[Doubtful]:
        """Typed messages that may have been misread, latest first.

        Their intent was unsure, a person or an apology mended the outcome, or the contact said that it was wrong.
        """
        newest = select(func.coalesce(func.max(Message.id), 0)).scalar_subquery()
        by_reason = ((_was_contradicted(), Reason.contradicted.value), (_was_mended(), Reason.mended.value))
        reason = case(*by_reason, else_=Reason.unsure.value)
        statement = (
            select(Message, reason)
            .where(
                Message.id > newest - LOOKED_BACK,
                Message.author == Author.contact,
                Message.payload.is_(None),
                Message.text != "",
                or_(_is_unsure(), _was_mended(), _was_contradicted()),
            )
            .options(_SHOWN)
            .order_by(Message.id.desc())
            .limit(MOST_DOUBTFUL)
        )
        return [Doubtful(message, Reason(why)) for message, why in await self.session.execute(statement)]

    async def labelled(self) -> Sequence[Labelled]:
        """All messages that have a label, latest label first."""
        statement = (
            select(Message, IntentLabel, Contact.name, Contact.email, Contact.phone)
            .join(IntentLabel, IntentLabel.message_id == Message.id)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .join(Contact, Contact.id == Conversation.contact_id)
            .options(_SHOWN)
            .order_by(IntentLabel.labelled_at.desc(), IntentLabel.message_id.desc())
        )
        rows = await self.session.execute(statement)
        return [Labelled(message, label, tuple(filter(None, known))) for message, label, *known in rows]

    async def from_contacts(self, message_ids: Collection[int]) -> Sequence[int]:
        """Those of the messages that exist and that contacts wrote."""
        statement = select(Message.id).where(
            Message.id.in_(message_ids), Message.author == Author.contact, Message.kind == MessageKind.text
        )
        return (await self.session.scalars(statement)).all()

    async def get(self, message_id: int) -> IntentLabel | None:
        return await self.session.get(IntentLabel, message_id)

    async def remove(self, message_ids: Collection[int]) -> None:
        await self.session.execute(delete(IntentLabel).where(IntentLabel.message_id.in_(message_ids)))

    async def agent_names(self) -> Sequence[str]:
        """Everybody who works here, whom contacts may call by name."""
        return (await self.session.scalars(select(Agent.name))).all()


def _is_unsure() -> ColumnElement[bool]:
    return or_(Message.intent == FALLBACK, and_(Message.intent.is_not(None), Message.intent_confidence <= SURE_ABOVE))


def _was_mended() -> ColumnElement[bool]:
    """Whether, before the contact wrote again, a person answered, was brought in unasked, or we apologised."""
    then = aliased(Message)
    # Where a person had the conversation already, the bot was not asked and there is no intent.
    answered = and_(Message.intent.is_not(None), then.author == Author.agent, then.kind == MessageKind.text)
    said = or_(*(then.response.startswith(name, autoescape=True) for name in (_APOLOGY, _HANDED_OFF)))
    followed = exists().where(
        then.conversation_id == Message.conversation_id,
        then.sequence > Message.sequence,
        then.sequence < func.coalesce(_next_word(), _LAST),
        or_(answered, said),
    )
    return and_(func.coalesce(Message.intent, "") != TALK_TO_PERSON, followed)


def _was_contradicted() -> ColumnElement[bool]:
    """Whether the contact's next word to the bot is that it got this one wrong."""
    reply = aliased(Message)
    says_so = or_(reply.intent == DOUBT, cast(reply.signals, String).contains(f'"{MISUNDERSTOOD}"'))
    # Of both the bot was asked: what is said to a person is about the person's answer.
    followed = exists().where(
        reply.conversation_id == Message.conversation_id,
        reply.sequence == _next_word(),
        reply.intent.is_not(None),
        says_so,
    )
    return and_(Message.intent.is_not(None), followed)


def _next_word() -> ScalarSelect[int]:
    """The place of what the contact wrote next; null where that is nothing."""
    later = aliased(Message)
    return (
        select(func.min(later.sequence))
        .where(
            later.conversation_id == Message.conversation_id,
            later.author == Author.contact,
            later.sequence > Message.sequence,
        )
        .correlate(Message)
        .scalar_subquery()
    )
