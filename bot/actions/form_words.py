"""Short sayings inside a form that are about the form itself: stop, go back, change that, rather not.

The classifier alone cannot tell them from answers: "Cancellation" is a subject, and "no sorry, it was Tuesday" is no
refusal. So they count where they are the whole message, or where it is short and the classifier all but certain.
"""

import re
from typing import Final

from bot.names import Intents
from language.normalise import normalise

_LONGEST_SAYING: Final = 120

_BEFORE: Final = (
    r"no|nope|ok(?:ay)?|oh|please|sorry|actually|wait|well|so|just|you know what|can we|could you|let'?s"
    r"|na|lotfan|bebakhshid|khob"
    r"|نه|خیر|اوکی|باشه|لطفا|ببخشید|شرمنده|راستی|خب|آقا|اصلا|حالا|یه لحظه|بذار|دیگه"
)
_AFTER: Final = (
    r"please|pls|thanks|thank you|now|then|all|after all|sorry|actually|for now|dige|lotfan|mersi|merci"
    r"|لطفا|ممنونم?|مرسی|متشکرم|تشکر|ممنون از شما|دیگه|اصلا|فعلا|کلا|ببخشید"
)


def saying(*wordings: str) -> re.Pattern[str]:
    """Matches a text that is made of these wordings and of courtesies around them, in the form of `as_saying`."""
    one = "|".join(wordings)
    return re.compile(rf"\W*(?:(?:{_BEFORE})\W+){{0,3}}(?:{one})(?:\W+(?:{one}|{_AFTER})){{0,3}}\W*", re.IGNORECASE)


_TICKET: Final = r"(?:این |همین )?(?:تیکت|فرم|کار|درخواست|یادداشت)"
_LEAVING: Final = saying(
    r"(?:لغو|کنسل|متوقف|تموم|فراموش|ول|رها)ش? ?(?:کن(?:ید|ین|یم)?|شه)?",
    r"بی ?خیال(?:ش)?(?: ?(?:شو|شدم|شید|بشیم))?|ولش|بسه",
    rf"{_TICKET}(?: رو| را)? (?:(?:لغو|کنسل|متوقف) کن(?:ید|ین)?|ببند(?:ید)?|نمی ?خوا(?:م|هم))",
    r"(?:از (?:ثبت )?(?:تیکت|ثبتش) )?(?:منصرف|پشیمو?ا?ن) شدم|انصراف(?: می ?(?:د|ده)م)?|از خیرش گذشتم",
    r"ادامه ن(?:ده(?:ید)?|دیم)|نمی ?خوا(?:م|هم) (?:ادامه بد(?:م|هم)|تیکت ثبت کنم|ثبت کنم|ثبتش کنم)|نمی ?خواد",
    r"لازم نیست ادامه (?:بدیم|بدهیم)|ثبت(?:ش)? نکن(?:ید)?",
    r"cancel(?:led)?(?: (?:it|that|this|everything|(?:the|my|this) (?:ticket|note|form)))?",
    r"stop(?: (?:it|this|that|here))?",
    r"never ?mind|forget (?:it|about it|that|(?:this|the) (?:ticket|form|note))|abort",
    r"quit|exit(?: this form)?|(?:i'?ve |i )?changed my mind|drop (?:it|this form)",
    r"leave it|scrap (?:that|it)|don'?t go on|skip the whole thing|no ticket",
    r"i (?:don'?t|no longer|do not) want (?:to (?:continue|go on|open a ticket)|(?:a|the|this) ticket)(?: any ?more)?",
    r"(?:bi ?khi(?:a|ya)l(?:esh)?)(?: sho)?|(?:kansel|cancel|laghv)(?:esh)?(?: kon(?:id)?)?|velesh(?: kon(?:id)?)?",
    r"(?:monsaref|pashimo?o?u?n) shodam|enseraf",
)
_PREVIOUS: Final = r"(?:قبلی?(?: ?ا?م)?|قبل ?تر|پیش|عقب|اول)"
_GOING_BACK: Final = saying(
    r"برگرد(?:ید|ین|یم|م)?(?: به)?(?: (?:یه|یک) (?:قدم|مرحله))?"
    rf"(?: (?:مرحله|سوال|سؤال|سئوال|جواب))?ی?(?: {_PREVIOUS})?",
    rf"(?:یه|یک) (?:قدم|مرحله) (?:به )?(?:عقب|قبل|برگرد(?:ید|یم)?)|(?:مرحله|سوال|سؤال) ?ی? ?{_PREVIOUS}|قبلی|برو عقب",
    r"(?:بازگشت|برگشت)(?: به (?:قبل|عقب|مرحله قبل))?|به مرحله ی?(?:قبل|پیش) برگرد(?:ید)?",
    r"(?:می ?خوا(?:م|هم) )?(?:(?:جواب |پاسخ )?قبلی(?: ?ا?م)?)(?:و| رو| را) "
    r"(?:اصلاح|درست|عوض|تغییر) ?(?:بد|کن)?ه?م",
    r"(?:جواب |پاسخ )?قبلی(?: ?ا?م)? (?:اشتباه|غلط) (?:بود|شد)|اشتباه (?:نوشتم|گفتم|شد)",
    r"(?:go |take me |step )?back(?: (?:one|a) (?:step|question))?(?: to the (?:last|previous) (?:question|step|one))?",
    r"(?:go )?(?:one|a) step back|go one (?:step|question) back",
    r"previous(?: (?:step|question|one))?|undo(?: (?:that|it))?",
    r"return to the (?:last|previous) (?:question|step)|i made a mistake",
    r"(?:let me )?(?:redo|fix) (?:that|it|the last one)",
    r"(?:i (?:want|need) to |let me )?(?:change|correct) (?:my (?:previous|last) answer|what i wrote)",
    r"my last answer was wrong",
    r"can i correct what i wrote",
    r"bargard(?:id|im)?(?: aghab)?|(?:marhale )?gha?bli?|eshtebah (?:neveshtam|goftam|shod)",
)
_GIVE: Final = r"(?:give|leave|share|say|tell(?: you)?|provide)"
_ANY: Final = (
    r"(?: (?:(?:you )?(?:it|that|one|any|anything|either|them|out)|(?:you )?(?:my |an? |any )?"
    r"(?:phone|number|phone number|e-?mail|e-?mail address|address|contact|contact details?|mobile)))?"
)
_WITHHOLDING: Final = saying(
    r"(?:that|it)(?:'s| is) (?:ok|okay|fine|all|all right|alright)|مشکلی نیست|همین (?:خوبه|کافیه)|کافیه",
    r"no|nope|nah|none|nothing|no thanks|no thank you",
    r"not (?:now|needed|necessary|really)|no need(?: to)?|skip(?: it| this)?",
    rf"i(?:'d| would)? (?:rather|prefer) not(?: to)?(?: {_GIVE}{_ANY})?|rather not(?: {_GIVE}{_ANY})?",
    rf"i (?:don'?t|do not|won'?t|will not|can'?t|cannot)(?: want(?: to)?| wish to)?(?: (?:have|use|{_GIVE}))?{_ANY}",
    r"i have (?:none|neither|no (?:phone|e-?mail|number|address)(?: (?:or|and) (?:phone|e-?mail|number|address))?)",
    r"no (?:phone|e-?mail|number|mobile)(?: number| address)?(?: (?:or|and) (?:phone|e-?mail|number|mobile))?",
    r"(?:go on )?without(?: one| it| that)?",
    r"(?:just )?open (?:it|the ticket)(?: without (?:one|it))?|i'?ll (?:check|come) (?:here|back)",
    r"نه|خیر|نخیر|هیچ ?کدو?ا?م|ندارم|ندارم نه|نداریم|لازم نیست",
    r"نیازی نیست|لازم ندارم|نمی ?خواد|همین ?جا (?:سر می ?زنم|خوبه)",
    r"(?:(?:شماره|ایمیل|موبایل|تلفن)(?: ?ا?م)?|راه تماس|هیچی)?(?: ?(?:و|یا) ?(?:شماره|ایمیل|موبایل))? ?(?:رو |را )?"
    r"(?:ندارم|نمی ?(?:د|ده)م|نمی ?ذارم|نمی ?گذارم"
    r"|نمی ?خوا(?:م|هم)(?: (?:بد(?:م|هم)|بذارم|بگذارم|بگم|بگویم|شماره بدم|ایمیل بدم))?)",
    r"(?:نمی ?خوا(?:م|هم)|ترجیح می ?(?:د|ده)م) (?:(?:شماره|ایمیل)(?: ?ا?م)?|چیزی)? ?(?:رو|را)? ?"
    r"(?:ن?بد(?:م|هم)|ندم|ندهم|ن?گم|بذارم|بگذارم)",
    r"(?:بدون|بی) ?(?:راه تماس|شماره|ایمیل|تماس)(?: (?:ثبت کن(?:ید)?|ادامه بده(?:ید)?))?",
    r"(?:همین ?(?:طور|جور)ی )?ثبت(?:ش)? کن(?:ید)?",
    r"na|nakheyr|nadaram|nemi ?kha(?:m|ham)(?: bedam| begam)?",
    r"nemi ?dam|lazem nist|niazi nist|bedune? (?:shomare|email)",
)
_COMMANDS: Final = {Intents.CANCEL: _LEAVING, Intents.GO_BACK: _GOING_BACK}


# How surely a message must be understood as one of them, and how many words it may have, to count as one in words that
# are not above; of one or two ("Cancellation") it may be a subject. Of 3,000 questions that people ask businesses, one
# was taken for leaving and none for going back.
_SURELY: Final = {Intents.CANCEL: (0.8, range(3, 11)), Intents.GO_BACK: (0.97, range(3, 9))}
# Where something is described, "it stops after two minutes" sounds much like leaving, and what tells of others is none.
_SURELY_IN_A_STORY: Final = 0.95
_TELLING: Final = re.compile(r"\W*(?:they|he|she|we|my|our|it (?!is\b|does|no\b)|the (?!ticket|form))", re.IGNORECASE)


def is_command(intent: str | None, text: str, confidence: float = 0.0, *, in_story: bool = False) -> bool:
    """Whether a message that was understood as leaving the form or going back in it is nothing else.

    It has to be surer `in_story`, where the form asks what happened.
    """
    if intent not in _COMMANDS:
        return False
    if text.startswith(f"/{intent}"):
        return True
    sure, words = _SURELY[intent]
    is_told = in_story and (confidence < _SURELY_IN_A_STORY or _TELLING.match(text))
    if confidence >= sure and len(text.split()) in words and not is_told:
        return True
    folded = as_saying(text)
    if any(wording.fullmatch(folded) for wording in _COMMANDS.values()):
        return True
    # "I made a mistake, let's drop this form": each part is one.
    parts = [part for part in re.split(r"[،,.؛;!]+", folded) if re.search(r"\w", part)]
    return bool(parts) and all(any(wording.fullmatch(part) for wording in _COMMANDS.values()) for part in parts)


def withholds(text: str) -> bool:
    """Whether a message says no to leaving a contact detail, and nothing else."""
    return text.strip() == f"/{Intents.DENY}" or bool(_WITHHOLDING.fullmatch(as_saying(text)))


def as_saying(text: str) -> str:
    """The text in the spelling of the sayings; of a long one so much that none can match it."""
    return normalise(text[: 3 * _LONGEST_SAYING])[: _LONGEST_SAYING + 1]
