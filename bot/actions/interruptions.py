"""Tell what is meant for a form from what is not: a question in its middle, a courtesy, another ticket."""

import re
from typing import Any, Final

from rasa_sdk import Tracker

from bot.actions.base import intent_of
from bot.actions.form_words import is_command, withholds
from bot.identifiers import find_ticket_number
from bot.names import TOPICS, Intents, Slots
from bot.questions import is_marked_question, is_question, is_short_question
from language.contact_details import find_contact_detail
from language.wanted import wanted_language

# How sure the classifier has to be that a message is no answer to the form.
SURE: Final = 0.5
# "No, thank you very much" is a courtesy; a longer sentence that sounds like one is an answer.
WORDS_OF_A_COURTESY: Final = 4
# How sure it has to be of a question that has no question mark.
SURE_OF_A_QUESTION: Final = 0.7

_QUESTIONS: Final = TOPICS | {Intents.ASK_KNOWLEDGE, Intents.OUT_OF_SCOPE}
_COURTESIES: Final = frozenset(
    {
        Intents.GREET,
        Intents.GOODBYE,
        Intents.AFFIRM,
        Intents.DENY,
        Intents.THANKS,
        Intents.ASK_AGAIN,
        Intents.SMALL_TALK,
        Intents.DOUBT,
        Intents.ABUSE,
        Intents.OPEN_TICKET,
        Intents.ANNOUNCE_QUESTION,
    }
)
# "Four times yesterday" sounds like a chat, and "it didn't work" like a doubt; where something is described they are
# what is described, unless they ask.
_DESCRIBING: Final = frozenset({Intents.SMALL_TALK, Intents.DOUBT})
_DESCRIBED: Final = frozenset({Slots.TICKET_DESCRIPTION, Slots.TICKET_NOTE})
# What would leave the form or the answer before; a mere question must not.
_ENDING: Final = frozenset({Intents.CANCEL, Intents.GOODBYE, Intents.GO_BACK})
# What concerns another ticket than the one that is being written.
_COMMANDS: Final = frozenset({Intents.CLOSE_TICKET, Intents.ADD_TO_TICKET, Intents.RATE_CONVERSATION})
_TICKET_FORM: Final = (Slots.TICKET_SUBJECT, Slots.TICKET_DESCRIPTION, Slots.CONTACT_DETAIL)

# "Add to HM-1042 that …", «به تیکتم اضافه کن که …»: what is to be added stands in the same message.
NOTE: Final = re.compile(r"(?::|\bthat\b|(?<=\s)که|\bke\b)\s+(?P<note>\S.{4,})", re.IGNORECASE | re.DOTALL)


def is_interrupted(tracker: Tracker) -> bool:
    """Whether the latest message is something else than an answer to what the form asks for."""
    requested = tracker.get_slot(Slots.REQUESTED_SLOT)
    if requested not in tracker.slots_to_validate():
        # The form is back after the question was answered, or has only just begun.
        return False
    intent, confidence = _meaning(tracker)
    text = tracker.latest_message.get("text") or ""
    if text.startswith("/"):
        # A button's payload is nobody's words; only a no to the contact detail answers the form.
        return requested != Slots.CONTACT_DETAIL or intent != Intents.DENY
    if is_command(intent, text, confidence, in_story=requested in _DESCRIBED) or wanted_language(text):
        return True
    if requested == Slots.CONTACT_DETAIL and find_contact_detail(text):
        return False
    if requested == Slots.CONTACT_DETAIL and intent not in _ENDING and is_question(text):
        # Whatever it asks in words, it is no address.
        return any(map(str.isalpha, text)) and not withholds(text)
    if intent == Intents.NLU_FALLBACK:
        # Not understood, but in a question's words: nothing to write into a ticket.
        return is_marked_question(text) and is_short_question(text)
    if intent not in _QUESTIONS | _COURTESIES | _COMMANDS or confidence < SURE:
        return False
    if intent in _COMMANDS:
        return requested in _TICKET_FORM and _is_whole(intent, text)
    if requested == Slots.CONTACT_DETAIL:
        # "No" is an answer here: the contact would rather not leave one.
        return intent != Intents.DENY
    if intent in _DESCRIBING and requested in _DESCRIBED:
        return is_marked_question(text)
    if intent in _COURTESIES:
        return len(text.split()) <= WORDS_OF_A_COURTESY
    if intent == Intents.ASK_KNOWLEDGE and confidence >= SURE_OF_A_QUESTION and is_short_question(text):
        return True
    return is_marked_question(text)


def _is_whole(intent: str | None, command: str) -> bool:
    """Whether a command can be followed at once: what it leaves open would be asked for beside the form's own question.

    "Please add that I paid by card" is a description; with another ticket's number it is none.
    """
    if intent == Intents.RATE_CONVERSATION:
        return True
    return find_ticket_number(command) is not None and (intent == Intents.CLOSE_TICKET or bool(NOTE.search(command)))


def _meaning(tracker: Tracker) -> tuple[str | None, float]:
    """What the latest message was understood as, and how surely.

    A question that is out of scope is looked up as one that is not; so it counts as the question it looks like.
    """
    message = tracker.latest_message
    decided = message.get("intent") or {}
    ranking: list[dict[str, Any]] = message.get("intent_ranking") or []
    likeliest = next((guess for guess in ranking if guess["name"] != decided.get("name")), {})
    if intent_of(tracker) == Intents.NLU_FALLBACK and likeliest.get("name") == Intents.ASK_KNOWLEDGE:
        decided = likeliest
    return decided.get("name"), float(decided.get("confidence") or 0.0)
