"""Tell what is meant for a form from what is not: a question in its middle, a courtesy, a correction."""

import re
from dataclasses import dataclass
from typing import Final

from rasa_sdk import Tracker

from bot.actions.base import intent_of
from bot.identifiers import find_contact_detail
from bot.names import TOPICS, Intents, Slots

# How sure the classifier has to be that a message is no answer to the form.
SURE: Final = 0.5
# "No, thank you very much" is a courtesy; a longer sentence that sounds like one is an answer.
WORDS_OF_A_COURTESY: Final = 4
WORDS_OF_A_CONTACT_DETAIL: Final = 10

_QUESTIONS: Final = TOPICS | {Intents.ASK_KNOWLEDGE, Intents.OUT_OF_SCOPE}
_COURTESIES: Final = frozenset(
    {Intents.AFFIRM, Intents.DENY, Intents.THANKS, Intents.SMALL_TALK, Intents.DOUBT, Intents.ABUSE}
)

_FIELDS: Final = {
    Slots.TICKET_SUBJECT: r"subject|title|topic|موضوع|عنوان",
    Slots.TICKET_DESCRIPTION: r"description|explanation|شرح|توضیحات?",
}
_SUFFIX: Final = r"(?:\u200c?(?:ش|اش|م|ام|شون|شان))?(?:\s+تیکت\w{0,3})?"
# "No, the subject is …", «نه، موضوعش …», "change the title to …", «موضوع رو بکن …»
_LEAD: Final = (
    r"(?:no|nope|sorry|wait|oops|actually|correction|i meant?|نه|خیر|ببخشید|راستی|منظورم|یه لحظه|صبر کنی?د?"
    r"|اشتباه (?:شد|گفتم|نوشتم))[\s،,.:!–-]+(?:the |my )?"
)
_COMMAND: Final = r"(?:please )?(?:change|set|make|correct|لطفاً?)\s+(?:the |my )?"
_TO: Final = (
    r"\s*(?:رو|را)?\s*(?:is|was|should be|should read|to|into|باید|بنویسی?د?|بذاری?د?|بگذاری?د?|بکنی?د?"
    r"|عوض کنی?د? به|تغییر بدی?د? به)?\s*[:،]?\s+"
)
_VALUE: Final = r"(?P<value>\S.{2,1999}?)"
_END: Final = r"(?:\s+(?:است|هست|هستش|باشه|باشد|بوده?|بذاری?د?|بنویسی?د?))?[.!\s]*$"
_CORRECTIONS: Final = {
    slot: re.compile(
        rf"^\s*(?:{_LEAD}|{_COMMAND}|(?=(?:{field})\S*\s+(?:رو|را)\s))(?:{field}){_SUFFIX}{_TO}{_VALUE}{_END}",
        re.IGNORECASE | re.DOTALL,
    )
    for slot, field in _FIELDS.items()
}


@dataclass(frozen=True)
class Correction:
    """A form's answer, given anew."""

    slot: str
    value: str


def is_interrupted(tracker: Tracker) -> bool:
    """Whether the latest message is something else than an answer to what the form asks for."""
    requested = tracker.get_slot(Slots.REQUESTED_SLOT)
    if requested not in tracker.slots_to_validate():
        # The form is back after the question was answered, or has only just begun.
        return False
    intent = intent_of(tracker)
    if intent not in _QUESTIONS | _COURTESIES or _confidence(tracker) < SURE:
        return False
    text = (tracker.latest_message.get("text") or "").rstrip()
    if requested == Slots.CONTACT_DETAIL:
        # "No" is an answer here: the contact would rather not leave one.
        return intent != Intents.DENY and find_contact_detail(text) is None
    if intent in _COURTESIES:
        return len(text.split()) <= WORDS_OF_A_COURTESY
    # "I cannot sign in" asks for knowledge and is a fine subject all the same; a question mark decides.
    return text.endswith(("?", "؟"))


def find_correction(tracker: Tracker) -> Correction | None:
    """The answer to another of the ticket form's questions that the latest message gives anew, if it does."""
    text = tracker.latest_message.get("text") or ""
    requested = tracker.get_slot(Slots.REQUESTED_SLOT)
    for slot, pattern in _CORRECTIONS.items():
        match = pattern.match(text[:2000])
        if match and slot != requested:
            return Correction(slot, match["value"].strip(' «»"“”'))
    if requested == Slots.CONTACT_DETAIL or intent_of(tracker) != Intents.INFORM:
        return None
    contact_detail = find_contact_detail(text)
    if contact_detail is None or len(text.split()) > WORDS_OF_A_CONTACT_DETAIL:
        return None
    return Correction(Slots.CONTACT_DETAIL, contact_detail)


def _confidence(tracker: Tracker) -> float:
    intent = tracker.latest_message.get("intent") or {}
    return float(intent.get("confidence") or 0.0)
