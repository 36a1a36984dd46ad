"""Tell what is meant for a form from what is not: a question in its middle, a courtesy, a correction."""

import re
from dataclasses import dataclass
from typing import Any, Final

from rasa_sdk import Tracker

from bot.actions.base import intent_of
from bot.actions.form_words import is_command
from bot.identifiers import find_contact_detail, find_ticket_number
from bot.names import TOPICS, Intents, Slots

# How sure the classifier has to be that a message is no answer to the form.
SURE: Final = 0.5
# "No, thank you very much" is a courtesy; a longer sentence that sounds like one is an answer.
WORDS_OF_A_COURTESY: Final = 4
WORDS_OF_A_CONTACT_DETAIL: Final = 10
# How sure it has to be of a question that has no question mark, and how short that is.
SURE_OF_A_QUESTION: Final = 0.7
WORDS_OF_A_QUESTION: Final = 12
# After a question mark, thanks and the like; more is a description that asks in its middle.
WORDS_AFTER_A_QUESTION: Final = 4

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
    }
)
# "Four times yesterday" sounds like a chat, and "it didn't work" like a doubt; where something is described they are
# what is described, unless they ask.
_DESCRIBING: Final = frozenset({Intents.SMALL_TALK, Intents.DOUBT})
_DESCRIBED: Final = frozenset({Slots.TICKET_DESCRIPTION, Slots.TICKET_NOTE})
# What concerns another ticket than the one that is being written.
_COMMANDS: Final = frozenset({Intents.CLOSE_TICKET, Intents.ADD_TO_TICKET, Intents.RATE_CONVERSATION})
_TICKET_FORM: Final = (Slots.TICKET_SUBJECT, Slots.TICKET_DESCRIPTION, Slots.CONTACT_DETAIL)

# "Add to HM-1042 that …", «به تیکتم اضافه کن که …»: what is to be added stands in the same message.
NOTE: Final = re.compile(r"(?::|\bthat\b|(?<=\s)که|\bke\b)\s+(?P<note>\S.{4,})", re.IGNORECASE | re.DOTALL)

_QUESTION_WORD: Final = re.compile(
    r"(?:^|\s)(?:چند|چنده|چندمه?|چقدره?|چقده|کجاست|کجان?|کجایید|کی|چطوری?|چطوره|چگونه|چیه|چیست|چیا|چه|آیا|کدوم\S*|کدام\S*)"
    r"(?=[\s!.،]|$)"
    r"|\b(?:chande?|che?gh?adre?|kojast|koja|chetori?|chetore|chie|chist|aya|kodum|kodom)\b"
    r"|^(?:(?:and|so|ok|okay|hi|hello|by the way|btw|also|sorry|wait)[\s,.!]+)*"
    r"(?:how|what|what's|when|where|which|who|do (?:you|i)|does|is (?:there|it)|are (?:there|you)|can (?:i|you|we))\b",
    re.IGNORECASE,
)

_FIELDS: Final = {
    Slots.TICKET_SUBJECT: r"subject|title|topic|موضوع|عنوان",
    Slots.TICKET_DESCRIPTION: r"description|explanation|شرح|توضیحات?",
}
_SUFFIX: Final = r"(?:\u200c?(?:ش|اش|م|ام|شون|شان))?(?:\s+تیکت\w{0,3})?"
_LEAD_WORDS: Final = (
    r"no|nope|sorry|wait|oops|actually|correction|hold on|my mistake|نه|خیر|ببخشید|راستی|آقا|یه لحظه|صبر کنی?د?"
    r"|اشتباه (?:شد|گفتم|نوشتم|کردم)"
)
# "No, wait, the subject is …", «نه، موضوعش …», "change the title to …", «موضوع رو بکن …»
_LEAD: Final = rf"(?:(?:{_LEAD_WORDS}|i meant?|منظورم)[\s،,.:!–-]+){{1,4}}(?:that )?(?:the |my )?"
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
_RIGHT_ONE: Final = (
    r"(?:it'?s|it is|it should (?:be|read|say)|should be|the right one is|درستش|صحیحش|باید|یعنی)\s+"
    r"(?:اینه(?=[\s:،])\s*)?[:،]?\s*"
)
# "Wrong subject, it is …", "the title was wrong, it should be …", «موضوع اشتباه بود، …»
_ERRORS: Final = {
    slot: re.compile(
        rf"^\s*(?:{_LEAD})?(?:(?:the |my )?wrong (?:{field})"
        rf"|(?:the |my )?(?:{field}) (?:is|was|were) (?:wrong|not right|incorrect)"
        rf"|(?:{field}){_SUFFIX}(?:\s+(?:رو|را))?\s+(?:اشتباه|غلط)(?:ه|\s+(?:بود|شد|است|هست|نوشتم|گفتم|دادم|زدم))?)"
        # Without a stop, only "it is" tells the right one from the rest of the sentence.
        rf"(?:\s*[،,.:;؛!–-]+\s*|\s+(?={_RIGHT_ONE}))(?:{_RIGHT_ONE})?{_VALUE}{_END}",
        re.IGNORECASE | re.DOTALL,
    )
    for slot, field in _FIELDS.items()
}
# "Sorry, I meant billing, not login", «منظورم صورت‌حساب بود نه ورود»
_VERB_BEFORE_NOT: Final = re.compile(
    r"\b(?:is|are|am|was|were|do|does|did|have|has|had|can|could|will|would|should|may|might|must|need|but|it'?s|i'?m|still)\s*$",
    re.IGNORECASE,
)
# After "the subject was wrong": what is asked for, and no title.
_PLEA: Final = re.compile(
    r"^(?:please|pls|plz|sorry|fix|can you|could you|change it|correct it"
    r"|لطفا\w?|ببخشید|شرمنده|معذرت|درستش? کن|اصلاحش? کن|عوضش? کن|میشه|می\u200cشه)",
    re.IGNORECASE,
)
_NOT_BUT: Final = re.compile(
    rf"^\s*(?={_LEAD})(?:(?:{_LEAD_WORDS})[\s،,.:!–-]+){{0,4}}(?P<said>(?:i meant?|منظورم(?:\s+این بود)?)[\s:،,]+)?"
    r"(?P<value>\S.{0,40}?)(?:\s+(?:بود|است|هست))?"
    r"[\s،,]+(?:not|نه)\s+(?:the |my |a )?(?P<wrong>\S.{0,60}?)[.!\s]*$",
    re.IGNORECASE,
)


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
    intent, confidence = _meaning(tracker)
    text = tracker.latest_message.get("text") or ""
    if text.startswith("/"):
        # A button's payload is nobody's words; only a no to the contact detail answers the form.
        return requested != Slots.CONTACT_DETAIL or intent != Intents.DENY
    if is_command(intent, text):
        return True
    if intent not in _QUESTIONS | _COURTESIES | _COMMANDS or confidence < SURE:
        return False
    if requested == Slots.CONTACT_DETAIL and find_contact_detail(text):
        return False
    if intent in _COMMANDS:
        return requested in _TICKET_FORM and _is_whole(intent, text)
    if requested == Slots.CONTACT_DETAIL:
        # "No" is an answer here: the contact would rather not leave one.
        return intent != Intents.DENY
    if intent in _DESCRIBING and requested in _DESCRIBED:
        return _asks(text)
    if intent in _COURTESIES:
        return len(text.split()) <= WORDS_OF_A_COURTESY
    return _asks(text) or (intent == Intents.ASK_KNOWLEDGE and _asks_unmarked(text, confidence))


def _is_whole(intent: str | None, command: str) -> bool:
    """Whether a command can be followed at once: what it leaves open would be asked for beside the form's own question.

    "Please add that I paid by card" is a description; with another ticket's number it is none.
    """
    if intent == Intents.RATE_CONVERSATION:
        return True
    return find_ticket_number(command) is not None and (intent == Intents.CLOSE_TICKET or bool(NOTE.search(command)))


def _asks(text: str) -> bool:
    """Whether a text ends in a question, and perhaps a word of thanks.

    "I cannot sign in" asks for knowledge and is a fine subject all the same; so a question mark decides.
    """
    _, mark, after = text.replace("؟", "?").rpartition("?")
    return bool(mark) and len(re.findall(r"\w+", after)) <= WORDS_AFTER_A_QUESTION


def is_question(text: str) -> bool:
    """Whether a text asks something, with a question mark or without."""
    return _asks(text) or (len(text.split()) <= WORDS_OF_A_QUESTION and bool(_QUESTION_WORD.search(text)))


def _asks_unmarked(text: str, confidence: float) -> bool:
    is_short = len(text.split()) <= WORDS_OF_A_QUESTION
    return is_short and confidence >= SURE_OF_A_QUESTION and bool(_QUESTION_WORD.search(text))


def find_correction(tracker: Tracker) -> Correction | None:
    """The answer to another of the ticket form's questions that the latest message gives anew, if it does."""
    # The patterns take a long row of spaces apart in more ways than can be tried.
    text = re.sub(r"\s{3,}", "  ", (tracker.latest_message.get("text") or "")[:2000])
    requested = tracker.get_slot(Slots.REQUESTED_SLOT)
    for patterns in (_ERRORS, _CORRECTIONS):
        for slot, pattern in patterns.items():
            match = pattern.match(text)
            if match and slot != requested and not _PLEA.match(match["value"]):
                return Correction(slot, match["value"].strip(' «»"“”'))
    exchange = _find_exchange(tracker, text)
    if exchange:
        return exchange
    if requested == Slots.CONTACT_DETAIL or intent_of(tracker) != Intents.INFORM:
        return None
    contact_detail = find_contact_detail(text)
    if contact_detail is None or len(text.split()) > WORDS_OF_A_CONTACT_DETAIL:
        return None
    return Correction(Slots.CONTACT_DETAIL, contact_detail)


def _find_exchange(tracker: Tracker, text: str) -> Correction | None:
    """ "I meant billing, not login": in the answer that has the wrong word, the right one takes its place."""
    match = _NOT_BUT.match(text[:300])
    if match is None or _VERB_BEFORE_NOT.search(match["value"]):
        # "It is still not working" tells what is wrong.
        return None
    requested = tracker.get_slot(Slots.REQUESTED_SLOT)
    right, wrong = (match[name].strip(' «»"“”،,') for name in ("value", "wrong"))
    for slot in _FIELDS:
        given = str(tracker.get_slot(slot) or "")
        corrected = re.sub(rf"(?<!\w){re.escape(wrong)}(?!\w)", lambda _: right, given, flags=re.IGNORECASE)
        if slot != requested and corrected != given:
            return Correction(slot, corrected)
    # Another wording of the wrong one; that it was the subject is certain only just after it.
    is_subject = bool(match["said"]) and requested == Slots.TICKET_DESCRIPTION
    return Correction(Slots.TICKET_SUBJECT, right) if is_subject else None


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
