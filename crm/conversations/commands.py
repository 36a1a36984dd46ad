"""What a button may order that is understood here, before the bot."""

from crm.models import Message

# So that a person can be reached when the bot cannot.
TALK_TO_PERSON = "/talk_to_person"
# The way back from people, who are no part of the bot's dialogue.
START_OVER = "/start_over"


def ordered(message: Message) -> str:
    """What a pressed button orders; nothing for words."""
    payload = message.payload or ""
    return payload if payload.startswith("/") else ""
