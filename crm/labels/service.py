"""What people say that contacts' messages mean: the bot's future training data."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.errors import NotFound
from crm.labels.repository import FALLBACK, LabelRepository, Reason
from crm.models import Agent, IntentLabel, Message
from language.normalise import normalise


class MessageNotFound(NotFound):
    """There is no such message of a contact."""

    code = "message_not_found"


@dataclass
class SameWords:
    """Messages that say the same, the latest first, with what they were said to mean, or why that is asked."""

    messages: list[Message] = field(default_factory=list)
    label: str | None = None
    reason: Reason | None = None

    @property
    def latest(self) -> Message:
        return self.messages[0]

    @property
    def guess(self) -> str | None:
        """The likeliest intent; none where the bot was not asked, or kept no guess."""
        guess = self.latest.likeliest_intent or self.latest.intent
        return None if guess == FALLBACK else guess


class LabelService:
    """Labels within the caller's transaction."""

    def __init__(self, session: AsyncSession, *, clock: Clock) -> None:
        self.session = session
        self.clock = clock
        self.labels = LabelRepository(session)

    async def unlabelled(self) -> list[SameWords]:
        """Doubtful messages whose words have no label yet, the latest first."""
        known = {key_of(one.message) for one in await self.labels.labelled()}
        groups = _grouped((one.message, SameWords(reason=one.reason)) for one in await self.labels.doubtful())
        return [group for key, group in groups.items() if key not in known]

    async def labelled(self) -> list[SameWords]:
        """What has a label, the latest label first."""
        labelled = await self.labels.labelled()
        return list(_grouped((one.message, SameWords(label=one.label.intent)) for one in labelled).values())

    async def label(self, message_ids: Collection[int], intent: str, *, by: Agent) -> None:
        """Say what messages mean, in place of what was said before.

        Raises:
            MessageNotFound: none of them is a contact's.
        """
        found = await self._existing(message_ids)
        await self.labels.remove(found)
        now = self.clock.now()
        self.session.add_all(
            IntentLabel(message_id=one, intent=intent, agent_id=by.id, labelled_at=now) for one in found
        )
        await self.session.flush()

    async def unlabel(self, message_ids: Collection[int]) -> None:
        """Take back what was said; messages without a label stay so."""
        await self.labels.remove(await self._existing(message_ids))

    async def _existing(self, message_ids: Collection[int]) -> Sequence[int]:
        found = await self.labels.from_contacts(message_ids)
        if not found:
            raise MessageNotFound
        return found


def key_of(message: Message) -> str:
    """Equal for messages that say the same."""
    return normalise(message.latest_text)


def _grouped(messages: Iterable[tuple[Message, SameWords]]) -> dict[str, SameWords]:
    """Messages by their words, in the group that comes with the first of them."""
    groups: dict[str, SameWords] = {}
    for message, group in messages:
        groups.setdefault(key_of(message), group).messages.append(message)
    return groups
