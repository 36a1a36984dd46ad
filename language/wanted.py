"""Hears in which language somebody wants to be answered, where they say so and nothing else."""

from __future__ import annotations

import re
from typing import Final

from language.normalise import normalise

_MOST_CHARACTERS: Final = 200
# In the matching form (`language.normalise`), in which the half-space is a space.
_NAMES: Final = {"fa": r"(?:فارسی|پارسی|persian|farsi)", "en": r"(?:انگلیسی|اینگلیسی|english|en?ge?lisi)"}
_OTHER: Final = {"fa": "en", "en": "fa"}
_PLEASE: Final = (
    r"(?:لطفا|میشه|می شه|ممنون|خب|باشه|حالا|باز|بازم|نه|سلام|میتونی|می تونی\w?|میتونید|دوباره|همینو|همین رو|اینو|این رو"
    r"|برام|جوابمو|ok|okay|please|pls|plz|no|hi|hello|thanks|can you|could you|would you|can we|let'?s|i want you to"
    r"|just|then|now|again|lotfan|mishe)"
)
_SPEAK: Final = (
    r"(?:بگو|بگی|بگید|بگین|بنویس\w*|(?:جواب|پاسخ|توضیح|ادامه) (?:بده|بدی|بدید|بدین|بدهید)|(?:صحبت|ترجمه|ترجمش) کن\w*"
    r"|حرف بزن\w*|باشه|شو|می ?خوا(?:م|هم)|begu|begoo|benevis|javab bede|sohbat kon|harf bezan)"
)
_SAY: Final = (
    r"(?:(?:say|answer|write|speak|talk|reply|respond|explain|tell|repeat|continue|switch|translate|put|give|show)"
    r"(?: (?:it|that|this|me|us|again|to me|everything|the answer|your answer|with me))*)"
)
_WANTED: Final = {
    code: re.compile(
        rf"\W*(?:{_PLEASE}\W+){{0,4}}(?:"
        rf"(?:(?:به|با|be) )?(?:زبان |زبون )?{name}(?: رو| را)?(?: {_SPEAK})?|{_SPEAK} (?:به|be) (?:زبان )?{name}"
        rf"|(?:{_SAY} )?(?:(?:in|to|into) )?{name}|do you speak {name}|{name} (?:هم )?(?:بلدی|بلدید|میدونی)"
        rf")(?:\W+{_PLEASE}){{0,3}}\W*"
    )
    for code, name in _NAMES.items()
}
_DOES_NOT_KNOW: Final = {
    code: re.compile(
        rf"\W*(?:(?:sorry|ببخشید|شرمنده|متاسفانه|bebakhshid)\W+)?(?:"
        rf"i (?:don'?t|do not|can'?t|cannot) (?:speak|read|understand|know) {name}(?: (?:well|very well|much))?"
        rf"|(?:من )?{name} (?:رو |را )?(?:خوب )?(?:بلد نیستم|نمی ?(?:فهمم|دونم|دانم)|متوجه نمی ?شم"
        r"|balad nistam|nemifahmam)"
        rf")(?:\W+(?:{_PLEASE}|ببخشید))?\W*"
    )
    for code, name in _NAMES.items()
}


_LANGUAGE: Final = re.compile(
    r"زبا?و?ن|فارسی|انگلیسی|عربی|ترکی|کردی|آلمانی|فرانسوی|روسی|چینی|اسپانیایی|\b(?:language|lingua|english|persian|farsi"
    r"|arabic|turkish|kurdish|german|deutsch|french|français|russian|chinese|spanish|español|italian|englisi|zaban)\b"
)
_SPEAKING: Final = re.compile(
    r"بلد|بگ|بنویس|جواب|پاسخ|صحبت|حرف|ترجمه|عوض|تغییر|متوجه|\b(?:speak|say|answer|write|talk|translate|reply|change|switch"
    r"|understand|read|habla|parlez|sprechen|begu|benevis|javab|sohbat|harf|avaz)\b"
)


def is_about_speaking(text: str) -> bool:
    """Whether a text may be about the language to speak in: it names one, and what is done with it."""
    matching = normalise(text[:_MOST_CHARACTERS])
    return bool(_LANGUAGE.search(matching) and _SPEAKING.search(matching))


def wanted_language(text: str) -> str | None:
    """`fa` or `en`, where a text asks to be answered in it and says no more: "in English please", «فارسی بگو»."""
    if len(text) > _MOST_CHARACTERS:
        return None
    matching = normalise(text)
    for code in _NAMES:
        if _WANTED[code].fullmatch(matching) or _DOES_NOT_KNOW[_OTHER[code]].fullmatch(matching):
            return code
    return None
