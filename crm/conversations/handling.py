"""What agents do with a conversation: they take it, answer, keep notes, and see it to its end."""

from core.errors import Conflict, InvalidInput
from core.unit_of_work import announce
from crm.agents.permissions import require_handles_conversations
from crm.conversations.contents import attached, checked_words
from crm.conversations.files import File
from crm.conversations.news import CHANGED, contact_topic
from crm.conversations.service import ConversationService
from crm.conversations.transitions import WITH_PEOPLE, StatusChangeRefused
from crm.enums import Author, Channel, ConversationStatus, MessageKind
from crm.models import Agent, Attachment, Conversation, Message

# Where contacts can be sent files.
FILE_CHANNELS = frozenset({Channel.telegram, Channel.web_widget, Channel.email})
# What colleagues read where a conversation went from one of them to another; the note's text names who has it then.
HANDED_OVER = "note_handed_over"
TAKEN_OVER = "note_taken_over"


class FileNotCarried(InvalidInput):
    """Files cannot be sent on this channel."""

    code = "file_not_carried"


class KeyReused(Conflict):
    """Something else was sent under this key before; it counts, and this was not stored."""

    code = "key_reused"


class Handling:
    """What the people who work here do, within the transaction of `conversations`."""

    def __init__(self, conversations: ConversationService) -> None:
        self.conversations = conversations
        self.repository = conversations.conversations
        self.tickets = conversations.tickets
        self.session = conversations.session
        self.clock = conversations.clock

    async def take(self, conversation: Conversation, *, by: Agent) -> None:
        """Give a conversation to an agent, unless it is open with somebody already."""
        if conversation.status is ConversationStatus.open and conversation.assignee_id is not None:
            return
        if conversation.status is not ConversationStatus.open:
            self.conversations.move(conversation, ConversationStatus.open)
        await self._make_assignee(conversation, by)
        await self.conversations.say(conversation, "utter_agent_joined", agent_name=by.name)

    async def assign(self, conversation: Conversation, *, to: Agent, by: Agent) -> None:
        """Make an agent answer for an open conversation, note so in it, and tell them if a colleague did so.

        Who has it already keeps it.

        Raises:
            HandlesNoConversations
            StatusChangeRefused: it is with the bot, in the queue or resolved.
        """
        if conversation.status is not ConversationStatus.open:
            raise StatusChangeRefused(f"A conversation that is {conversation.status.value} is nobody's to give.")
        if to.id == conversation.assignee_id:
            return
        await self._make_assignee(conversation, to)
        response = TAKEN_OVER if to.id == by.id else HANDED_OVER
        kind = MessageKind.internal_note
        await self.conversations.add_message(
            conversation, Author.system, to.name, agent=by, kind=kind, response=response
        )
        if to.id != by.id:
            told = {"type": "assigned", "conversation_id": conversation.id, "agent_id": to.id, "by": by.name}
            announce(self.session, "desk", told)

    async def _make_assignee(self, conversation: Conversation, agent: Agent) -> None:
        # Who asks was read in a session of their own.
        assignee = await self.session.get_one(Agent, agent.id)
        if assignee.id != conversation.assignee_id:
            require_handles_conversations(assignee)
        conversation.assignee = assignee
        conversation.assignee_id = assignee.id
        self.conversations.mark_changed(conversation)

    async def reply(
        self,
        conversation: Conversation,
        text: str,
        *,
        by: Agent,
        file: File | None = None,
        external_id: str | None = None,
    ) -> Message:
        """Send an agent's words to the contact; the conversation is then theirs and the bot is silent.

        The same `external_id` twice is one reply.

        Raises:
            MessageEmpty: there is neither a text nor a file.
            MessageTooLong, FileEmpty, FileTooLarge, FileNotCarried
            KeyReused: the same `external_id` was another reply.
        """
        text = checked_words(text, file)
        if file and conversation.inbox.channel not in FILE_CHANNELS:
            raise FileNotCarried
        attachment = attached(file, at=self.clock.now()) if file else None
        if known := await self._sent_before(conversation, external_id, text, attachment, kind=MessageKind.text):
            return known
        await self.take(conversation, by=by)
        await self.tickets.answered_by_person(conversation, by)
        return await self.conversations.add_message(
            conversation, Author.agent, text, agent=by, attachment=attachment, external_id=external_id
        )

    async def add_note(
        self,
        conversation: Conversation,
        text: str,
        *,
        by: Agent,
        file: File | None = None,
        external_id: str | None = None,
    ) -> Message:
        """Keep an internal note that the contact never sees; the same `external_id` twice is one note.

        Raises:
            MessageEmpty, MessageTooLong, FileEmpty, FileTooLarge, KeyReused
        """
        text = checked_words(text, file)
        attachment = attached(file, at=self.clock.now()) if file else None
        kind = MessageKind.internal_note
        if known := await self._sent_before(conversation, external_id, text, attachment, kind=kind):
            return known
        return await self.conversations.add_message(
            conversation, Author.agent, text, agent=by, kind=kind, attachment=attachment, external_id=external_id
        )

    async def resolve(self, conversation: Conversation, *, by: Agent | None = None) -> None:
        """Close the matter, which is the work of whoever has it unless `by` is named, and ask for a rating."""
        self.conversations.move(conversation, ConversationStatus.resolved)
        conversation.resolved_at = self.clock.now()
        called_for = await self.repository.ticket_called_for(conversation)
        await self.tickets.solve_for(
            conversation, by_id=by.id if by else conversation.assignee_id, called_for=called_for
        )
        await self.conversations.say(conversation, "utter_resolved")
        asked = await self.conversations.say(conversation, "utter_ask_rating")
        # Whom the rating is of: by the time that it comes, somebody else may have the conversation.
        asked.agent_id = conversation.assignee_id

    async def return_to_bot(self, conversation: Conversation) -> None:
        """Let the bot answer again, with a clean slate."""
        self.conversations.begin_anew(conversation)
        self.conversations.unassign(conversation)
        await self.conversations.say(conversation, "utter_returned_to_bot")

    async def read_by_agent(self, conversation: Conversation) -> None:
        """A person of ours has the conversation before their eyes; its contact is shown so."""
        if conversation.agent_seen_sequence < conversation.last_sequence:
            conversation.agent_seen_sequence = conversation.last_sequence
            announce(self.session, contact_topic(conversation), CHANGED)

    async def agent_types(self, conversation: Conversation, *, by: Agent) -> bool:
        """Show the contact that a person is writing, once it is known that a person will; false before that."""
        if conversation.status not in WITH_PEOPLE:
            return False
        typing = {"type": "typing", "author": "agent", "name": by.name, "on": True}
        announce(self.session, contact_topic(conversation), typing)
        return True

    async def _sent_before(
        self,
        conversation: Conversation,
        external_id: str | None,
        text: str,
        attachment: Attachment | None,
        *,
        kind: MessageKind,
    ) -> Message | None:
        """What is stored under this id already, where that is the same."""
        if external_id is None:
            return None
        known = await self.repository.message_by_external_id(conversation.inbox_id, external_id)
        if known is None:
            return None
        file = await self.repository.attachment_of(known)
        if (known.text, known.kind, _look_of(file)) != (text, kind, _look_of(attachment)):
            raise KeyReused
        return known


def id_of_sending(agent: Agent, conversation_id: str, key: str | None) -> str | None:
    """The external id of what an agent sends to a conversation under a key; nobody else's key is the same."""
    return f"agent:{agent.id}:{conversation_id}:{key}" if key else None


def _look_of(file: Attachment | None) -> tuple[str, int | None] | None:
    """What tells two files apart."""
    return (file.name, file.size) if file else None
