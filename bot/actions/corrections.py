"""What a contact sets right: an answer of the ticket form given anew or to be asked again, or what was just written."""

import re
from dataclasses import dataclass
from typing import Final

from rasa_sdk import Tracker

from bot.actions.base import intent_of
from bot.actions.form_words import as_saying, saying, withholds
from bot.names import Intents, Slots
from language.contact_details import find_contact_detail

WORDS_OF_A_CONTACT_DETAIL: Final = 10
_LEAST_WORDS_SET_RIGHT: Final = 2

# What begins it.
_SORRY: Final = (
    r"no|nope|oh|sorry|(?:wait|hold on)(?: a (?:minute|moment|second|sec))?|oops|actually|correction|my mistake"
    r"|نه|خیر|ببخشید|شرمنده|راستی|آقا|یه لحظه|صبر کن(?:ید|ین)?|وا(?:یسا|ستا|یستا)\w{0,2}"
    r"|اصلاحیه|اصلاح|اشتباه (?:شد|گفتم|نوشتم|کردم)"
    r"|na|bebakhshid|rasti|eshtebah (?:shod|goftam|neveshtam)"
)
_I_MEAN: Final = r"i meant?|منظورم|manz(?:oo|u)ram"
_FIELDS: Final = {
    Slots.TICKET_SUBJECT: r"subject|title|topic|mozoo?u?e?|onvan|موضوع|عنوان",
    Slots.TICKET_DESCRIPTION: r"description|explanation|sharh|tozihat?|شرح|توضیحات?",
}
_SUFFIX: Final = r"(?:\u200c?(?:ش|اش|م|ام|شون|شان))?(?:\s+تیکت\w{0,3})?"
# "No, wait, the subject is …", «نه، موضوعش …», "change the title to …", «موضوع رو بکن …»
_LEAD: Final = rf"(?:(?:{_SORRY}|{_I_MEAN})[\s،,.:!–-]+){{1,4}}(?:that )?(?:the |my )?"
_COMMAND: Final = r"(?:please )?(?:change|set|make|correct|لطفاً?)\s+(?:the |my )?"
_TO: Final = (
    r"\s*(?:رو|را)?\s*(?:is|was|should be|should read|to|into|باید|بنویسی?د?|بذاری?د?|بگذاری?د?|بکنی?د?"
    r"|(?:عوض کنی?د?|تغییر بدی?د?|تغییر بده)(?: به|(?=\s*[:،])))?\s*[:،]?\s+"
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
    rf"^\s*(?={_LEAD})(?:(?:{_SORRY})[\s،,.:!–-]+){{0,4}}(?P<said>(?:{_I_MEAN})(?:\s+این بود)?[\s:،,]+)?"
    r"(?P<value>\S.{0,40}?)(?:\s+(?:بود|است|هست))?"
    r"[\s،,]+(?:not|نه)\s+(?:the |my |a )?(?P<wrong>\S.{0,60}?)[.!\s]*$",
    re.IGNORECASE,
)
_REOPENING: Final = {
    slot: saying(
        rf"(?:(?:می ?خوا(?:م|هم)|میشه|می ?شه|باید) )?(?:{names})(?:ش|م|شو|مو)?(?: تیکت)?م?(?: ?(?:رو|را|و))? "
        r"(?:(?:عوض|اصلاح|ویرایش|درست) ?(?:کن(?:م|ید|یم)?|ش کن(?:م|ید)?)|تغییر (?:بد(?:م|هم|ید)|بده)|(?:اشتباه|غلط)"
        r"(?: (?:نوشتم|گفتم|شد|بود|است|زدم))?)",
        rf"(?:می ?خوا(?:م|هم) )?(?:اصلاح|تغییر|ویرایش|عوض کردن) (?:{names})(?:ش)?",
        rf"(?:(?:i )?(?:want|need|would like|i'd like|have) to |let me |can i |may i |i'd like to )?"
        rf"(?:change|edit|fix|correct|redo|rewrite) (?:the |my )?(?:{names})",
        rf"(?:the |my )?(?:{names}) (?:is|was) (?:wrong|not right)|wrong (?:{names})",
        rf"(?:mikha?m )?(?:{names}) ?(?:ro|o)? (?:avaz|eslah|taghyir) ?(?:kon(?:am|id)|bedam)",
    )
    for slot, names in {**_FIELDS, Slots.TICKET_DESCRIPTION: rf"{_FIELDS[Slots.TICKET_DESCRIPTION]}|text|متن"}.items()
}
# "No sorry, it was Tuesday", «نه منظورم سه بار بود»
_SETTING_RIGHT: Final = re.compile(
    rf"\W*(?:(?:{_SORRY}|{_I_MEAN})(?:(?<=منظورم) (?:این(?:ه| بود| است)?(?: که)?))?(?:\W+|$))+", re.IGNORECASE
)
_SET_RIGHT_AFTERWARDS: Final = re.compile(
    rf"^\W*(?:(?:{_SORRY})[\s،,.!]+){{1,3}}"
    rf"(?:it (?:was|is|were)|(?:{_I_MEAN})|\S+(?: \S+){{0,4}} (?:بود|بوده|bud|bood)(?!\w))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Correction:
    """A form's answer, given anew."""

    slot: str
    value: str


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


def find_reopened(text: str) -> str | None:
    """The slot whose answer a message wants to change, where it does not give the new one along."""
    folded = as_saying(text)
    return next((slot for slot, wording in _REOPENING.items() if wording.fullmatch(folded)), None)


def find_amendment(text: str) -> str | None:
    """What a message sets right, without the words that only say that it does: "no sorry, it was Tuesday"."""
    begun = _SETTING_RIGHT.match(text)
    if begun is None or withholds(text):
        return None
    rest = text[begun.end() :].strip()
    return rest if len(rest.split()) >= _LEAST_WORDS_SET_RIGHT else None


def sets_right(text: str) -> bool:
    """Whether a message that nobody asked for sets right what was just written: "sorry, it was Tuesday"."""
    return bool(_SET_RIGHT_AFTERWARDS.search(text))
