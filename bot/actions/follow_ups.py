"""What a contact says right after their ticket was opened is about that ticket: close it, add this, reach me there."""

import re
from typing import Any, Final

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.backend import Backend, BackendRefused
from bot.actions.base import intent_of, is_fresh, offer_of
from bot.actions.corrections import WORDS_OF_A_CONTACT_DETAIL, sets_right
from bot.identifiers import find_ticket_number, number_alone
from bot.names import NO_CONTACT_DETAIL, Intents, Responses, Slots
from bot.questions import is_question
from language.contact_details import find_contact_detail
from language.ratings import LOW_RATING, rating_in_words, words_beside_rating

LONGEST_NOTE: Final = 4_000
_WORDS_OF_A_COMMAND: Final = 8
_WORDS_OF_AN_AFTERTHOUGHT: Final = 3
_WORDS_OF_A_COMMENT: Final = 2
LONGEST_COMMENT: Final = 2_000

_CLOSING: Final = re.compile(
    r"\bclose (?:it|that|this|(?:the|my|this|that) ticket)\b"
    r"|(?<!\S)(?:ببند(?:ش|ید|یدش|ین|ینش)?|بسته بشه|بسته شود)(?!\w)"
    r"|\bbeband(?:esh|id|idesh)?\b",
    re.IGNORECASE,
)
_REOPENING: Final = re.compile(
    r"\b(?:re-?open|open (?:it|that|this|(?:the|my|this|that) ticket) (?:again|back)|open (?:it|that) back up)\b"
    r"|دوباره (?:\S+ ){0,2}باز(?:ش)? ?کن|باز(?:ش)? کن(?:ید|ین)? دوباره|\bdobare baz(?:esh)? kon",
    re.IGNORECASE,
)
_REFUSING: Final = re.compile(r"\b(?:don'?t|do not|not|never)\b|نبند|(?<!\S)نه(?!\w)|\bnaband", re.IGNORECASE)
# "By the way, I forgot to say …", «راستی یادم رفت بگم …», "sorry, it was Tuesday".
_AFTERTHOUGHT: Final = re.compile(
    r"^\W*(?:(?:oh|ah|ok|okay|and|also|sorry|ببخشید|آها|آهان|آخ|و)[\s،,.!]+){0,2}"
    r"(?:by the way|btw|i forgot|forgot to|one more thing|in addition|i should (?:add|mention)|please add|add that"
    r"|راستی|یادم رفت|فراموش کردم|ضمنا|در ضمن|اینم (?:بگم|اضافه)"
    r"|این رو هم (?:بگم|اضافه)|همچنین|rasti|yadam raft)(?!\w)",
    re.IGNORECASE,
)
# "Write to my colleague too": one more address, and none that was wrong.
_BESIDES: Final = re.compile(r"(?<!\S)(?:هم|نیز)(?!\w)|\b(?:also|too|as well|another|cc|ham)\b", re.IGNORECASE)


def ticket_at_hand(tracker: Tracker) -> dict[str, Any] | None:
    """The ticket that was spoken of last: its `number`, whether it `is_closed`, whether it `has_contact`."""
    at_hand: dict[str, Any] | None = tracker.get_slot(Slots.TICKET_AT_HAND)
    return at_hand


def keep_at_hand(tracker: Tracker, number: str, **known: bool) -> EventType:
    """The ticket is what a message right after this one may be about."""
    earlier = ticket_at_hand(tracker) or {}
    same = earlier if earlier.get("number") == number else {"has_contact": True, "is_closed": False}
    return SlotSet(Slots.TICKET_AT_HAND, {**same, **known, "number": number})


def fresh_ticket(tracker: Tracker) -> dict[str, Any] | None:
    """The ticket at hand where it was spoken of just before the latest message."""
    return ticket_at_hand(tracker) if is_fresh(tracker, Slots.TICKET_AT_HAND) else None


def wants_reopened(tracker: Tracker) -> bool:
    """Whether the latest message asks to open a ticket again, rather than a new one."""
    return asks_to_reopen(_text_of(tracker))


def asks_to_reopen(text: str) -> bool:
    """Whether a text asks to open a ticket again."""
    return bool(_REOPENING.search(text)) and len(text.split()) <= _WORDS_OF_A_COMMAND


def is_afterthought(tracker: Tracker) -> bool:
    """Whether the latest message adds to what was just written."""
    text = _text_of(tracker)
    if is_question(text) or _names_at_hand(tracker, text):
        return False
    is_said = bool(_AFTERTHOUGHT.search(text)) or sets_right(text)
    return intent_of(tracker) == Intents.INFORM or (is_said and len(text.split()) >= _WORDS_OF_AN_AFTERTHOUGHT)


def _names_at_hand(tracker: Tracker, text: str) -> bool:
    """Whether a text names a ticket, if only by the bare number of the one at hand: «پیگیری ۱۰۴۲»."""
    alone = number_alone(text)
    is_at_hand = alone is not None and (ticket_at_hand(tracker) or {}).get("number") == f"HM-{alone}"
    return is_at_hand or find_ticket_number(text) is not None


def is_closing(tracker: Tracker, number: str | None = None) -> str | None:
    """The ticket of which the bot has just asked whether to close it, if it is this one or any."""
    asked: str | None = tracker.get_slot(Slots.CLOSING_TICKET)
    is_just_asked = offer_of(tracker) == Intents.CLOSE_TICKET
    return asked if asked and is_just_asked and number in (None, asked) else None


def say_not_reopened(dispatcher: CollectingDispatcher, at_hand: dict[str, Any]) -> None:
    """A closed ticket stays closed, and an open one need not be opened."""
    response = Responses.TICKET_IS_CLOSED if at_hand["is_closed"] else Responses.TICKET_STILL_OPEN
    dispatcher.utter_message(response=response, ticket_number=at_hand["number"])


async def follow_up(backend: Backend, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType] | None:
    """Do what the latest message wants of the ticket just spoken of; None where it is about something else."""
    at_hand = fresh_ticket(tracker)
    text = _text_of(tracker)
    if at_hand is None or text.startswith("/"):
        return None
    number = str(at_hand["number"])
    if wants_reopened(tracker):
        say_not_reopened(dispatcher, at_hand)
        return [keep_at_hand(tracker, number)]
    if at_hand["is_closed"]:
        return None
    if _wants_closed(text) and not is_closing(tracker, number):
        return await _ask_to_close(backend, dispatcher, tracker, number)
    if contact_detail := _contact_detail_from_now_on(tracker, at_hand):
        await backend.keep_contact_detail(tracker.sender_id, contact_detail, instead_of=_given_contact_detail(tracker))
        dispatcher.utter_message(response=Responses.CONTACT_KEPT, ticket_number=number)
        return [keep_at_hand(tracker, number, has_contact=True), SlotSet(Slots.CONTACT_DETAIL, contact_detail)]
    if is_afterthought(tracker):
        await backend.add_to_ticket(number, text[:LONGEST_NOTE], conversation_id=tracker.sender_id)
        dispatcher.utter_message(response=Responses.ADDED_TO_TICKET, ticket_number=number)
        return [keep_at_hand(tracker, number)]
    return None


async def take_rating(backend: Backend, dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
    """Store the rating that the latest message names in plain words, where one was asked for: "1, you were awful"."""
    text = _text_of(tracker)
    score = None if text.startswith("/") else rating_in_words(text)
    if score is None:
        return False
    try:
        was_asked = offer_of(tracker) == Intents.RATE_CONVERSATION
        await backend.rate(tracker.sender_id, score=score, comment=rating_comment(text), offered=was_asked)
    except BackendRefused:
        return False
    thank_for_rating(dispatcher, score, text)
    return True


def thank_for_rating(dispatcher: CollectingDispatcher, score: int, text: str) -> None:
    """Thank for a rating that was stored, and ask for the reason of a low one whose message gives none."""
    wants_reason = score <= LOW_RATING and not rating_comment(text)
    dispatcher.utter_message(response=Responses.RATING_LOW if wants_reason else Responses.RATING_THANKS)


def rating_comment(text: str) -> str:
    """What a message says beside the rating; a button, a bare number or "I give you 2 stars" says nothing."""
    is_more = not text.startswith("/") and words_beside_rating(text) >= _WORDS_OF_A_COMMENT
    return text[:LONGEST_COMMENT] if is_more else ""


async def _ask_to_close(
    backend: Backend, dispatcher: CollectingDispatcher, tracker: Tracker, number: str
) -> list[EventType] | None:
    ticket = await backend.find_ticket(number, conversation_id=tracker.sender_id)
    if ticket is None:
        return None
    dispatcher.utter_message(response=Responses.CONFIRM_CLOSING, ticket_number=number, subject=ticket.subject)
    return [keep_at_hand(tracker, number), SlotSet(Slots.CLOSING_TICKET, number)]


def _contact_detail_from_now_on(tracker: Tracker, at_hand: dict[str, Any]) -> str | None:
    """Where the contact is to be reached from now on: a first contact detail, or one in place of what they gave."""
    text, given = _text_of(tracker), _given_contact_detail(tracker)
    detail = find_contact_detail(text)
    if detail is None or detail == given or len(text.split()) > WORDS_OF_A_CONTACT_DETAIL:
        return None
    is_instead = bool(given) and not _BESIDES.search(text)
    return detail if is_instead or not at_hand["has_contact"] else None


def _given_contact_detail(tracker: Tracker) -> str:
    """The contact detail that the ticket form was given; empty where it was given none."""
    given = tracker.get_slot(Slots.CONTACT_DETAIL)
    return "" if given in (None, NO_CONTACT_DETAIL) else str(given)


def _wants_closed(text: str) -> bool:
    is_short = len(text.split()) <= _WORDS_OF_A_COMMAND
    return is_short and bool(_CLOSING.search(text)) and not _REFUSING.search(text)


def _text_of(tracker: Tracker) -> str:
    return str(tracker.latest_message.get("text") or "")
