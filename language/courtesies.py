"""Greetings, thanks and goodbyes: what is said beside a matter and names none."""

from __future__ import annotations

import re

_YOURS = "(?: ?ات| ?تون| ?تان|ت)?"
# In the matching form (`language.normalise`), in which the half-space is a space; Finglish is read before.
_PHRASES = (
    r"سلام(?: علیکم| بر شما| عرض شد| و درود)?",
    r"(?:عرض |با )سلام(?: و احترام| و عرض ادب)?",
    r"درود(?: بر شما)?",
    r"الو",
    rf"(?:صبح|ظهر|بعد از ظهر|عصر|شب|روز|وقت){_YOURS} (?:بخیر|به خیر|خوش)",
    r"خسته نباش(?:ی|ید|ین)",
    rf"(?:حال{_YOURS} )?(?:خوب|چطور)(?:ی|ید|ین|ه| هستی| هستید| هستین)",
    r"چه خبرا?",
    r"ممنون(?:م|یم)?|مرسی|تشکر|سپاس",
    r"(?:خیلی )?(?:متشکر|سپاسگزار)(?:م|یم)?",
    rf"(?:دست{_YOURS}(?: شما)? درد نکنه|دم{_YOURS} گرم)",
    rf"سایه{_YOURS} (?:مستدام|کم نشه|از سر ما کم نشه)|(?:زنده|سلامت|پاینده) باش(?:ی|ید|ین)|خیر ببین(?:ی|ید|ین)",
    rf"(?:قربان|قربون|فدای)(?: محبت{_YOURS}(?: شما)?| شما)|خدا خیر{_YOURS} بده|لطف (?:کرد|دار)(?:ید|ین)",
    r"خدا ?حافظ|خدافظ|بدرود|فعلا|بای",
    r"hi(?: there| all)?|hello(?: there| again)?|hey(?: there)?|hiya|howdy|greetings",
    r"good (?:morning|afternoon|evening|night|day)",
    r"how are you(?: doing| today)?|what'?s up",
    r"thanks?(?: you)?(?: so much| very much| a lot)?|thx|ty|cheers",
    # "Bye bye" is two of them: said in two ways, a long row of them would be read in more ways than can be tried.
    r"(?:good ?)?bye|see you(?: later)?|take care",
)
_COURTESIES = re.compile(rf"(?:\W*\b(?:{'|'.join(_PHRASES)})\b)+\W*")


_SILENCE = re.compile(r"[\s.…،,;؛:_ـ~–—-]+")


def is_silence(text: str) -> bool:
    """Whether a text has marks in it that say nothing, and no more: "...". Takes any str."""
    return _SILENCE.fullmatch(text) is not None


def is_courtesy(matching: str) -> bool:
    """Whether a text in its matching form greets, thanks or takes leave, and says nothing else. Takes any str."""
    return _COURTESIES.fullmatch(matching) is not None
