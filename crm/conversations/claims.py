"""A turn that a process has claimed: which messages it answers, and the state of things as it begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from crm.conversations.choices import offered_in
from crm.conversations.commands import ordered
from crm.conversations.handoff_policy import HandoffPolicy
from crm.conversations.repository import ConversationRepository
from crm.models import Conversation, Message, Rating
from language.choosing import LAST, chosen_place

# A message that could not be dealt with so often is set aside, so that what follows it gets its turn.
MAX_ATTEMPTS = 3
# Of the words of messages that are taken up together, the last ones are read.
TOGETHER_CHARACTERS = 300
# In so many messages is looked for what "the second one" is among.
RECENT_MESSAGES = 12


@dataclass(frozen=True)
class Claim:
    """A turn this process may run: the state of things as it begins."""

    conversation: Conversation
    # More than one where they came faster than we answer.
    messages: Sequence[Message]
    history: Sequence[Message]
    # The contact's, since the history begins or, where that is the whole conversation, of all times.
    ratings: Sequence[Rating]
    policy: HandoffPolicy
    # The payload of the button that the message names by its place, if it does.
    chosen: str = ""

    @property
    def message(self) -> Message:
        """The one that is answered: what came before it with it is answered too."""
        return self.messages[-1]

    @property
    def words(self) -> str:
        """What is to be answered; a suggestion's payload is a question in words, only longer than its title."""
        if self.chosen:
            return self.chosen
        if len(self.messages) == 1 or ordered(self.message):
            return _asked(self.message)
        worded = [message for message in self.messages if not _is_wordless(message)]
        return "\n".join(_asked(message) for message in worded)[-TOGETHER_CHARACTERS:]

    @property
    def command(self) -> str:
        """What a button orders, pressed or named; nothing for words."""
        return self.chosen if self.chosen.startswith("/") else ordered(self.message)

    @property
    def is_wordless(self) -> bool:
        """Whether there are only files and the like."""
        return all(map(_is_wordless, self.messages))


def taken_up(waiting: Sequence[Message]) -> Sequence[Message]:
    """Of the messages that wait, those that make one turn: words together, and one command however often.

    Where that has failed, each is tried for itself, so that only the one that cannot be dealt with is set aside.
    """
    first = waiting[0]
    alike = takewhile(lambda one: ordered(one) == ordered(first) and not _is_to_be_tried_alone(one), waiting)
    return list(alike) or [first]


def _is_to_be_tried_alone(message: Message) -> bool:
    return message.attempts >= MAX_ATTEMPTS - 1 or is_suspect(message)


def is_suspect(message: Message) -> bool:
    """Whether its last turn ended without a word: all that fails and lives says what went wrong."""
    return message.attempts > 0 and message.error is None


async def chosen_among(repository: ConversationRepository, messages: Sequence[Message]) -> str:
    """The payload of the button that "the second one" means, of those that were offered just before."""
    place = None if messages[0].payload or len(messages) > 1 else chosen_place(messages[0].latest_text)
    if place is None:
        return ""
    payloads = offered_in(await repository.messages_before(messages[0], limit=RECENT_MESSAGES))
    is_offered = place == LAST or place <= len(payloads)
    return payloads[place if place == LAST else place - 1] if payloads and is_offered else ""


def _asked(message: Message) -> str:
    return message.payload or message.latest_text


def _is_wordless(message: Message) -> bool:
    """Whether words of ours stand in for the contact's, who has not added any since."""
    return message.response is not None and not message.corrected_text
