"""What a contact's open screens are told when something happens, and where: that it did, or the new message itself."""

from core.events import Event
from crm.enums import MessageKind
from crm.models import Conversation, Message

CHANGED: Event = {"type": "changed"}


def contact_topic(conversation: Conversation) -> str:
    """Where what the contact should see is announced; known before there is a conversation."""
    return topic_of_contact(conversation.inbox_id, conversation.identity.external_id)


def topic_of_contact(inbox_id: int, external_id: str) -> str:
    """The same, by the contact's address in an inbox."""
    return f"contact:{inbox_id}:{external_id}"


def news_of(message: Message) -> Event:
    """The message, so that a screen which has all before it need not look into the database.

    Of a note, which contacts never see, and of a file, which has to be looked up, only that something changed.
    """
    if message.kind is MessageKind.internal_note or message.attachment:
        return CHANGED
    return {"type": "message", **as_seen(message)}


def as_seen(message: Message) -> Event:
    """A message as its contact may see it, as JSON; without its file."""
    return {
        "sequence": message.sequence,
        "author": message.author.value,
        "agent_name": message.agent_name,
        "external_id": message.external_id,
        "text": message.text,
        "buttons": message.buttons,
        "articles": message.articles,
        "kind": message.kind.value,
        "created_at": message.created_at.isoformat(),
    }
