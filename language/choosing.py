"""Hears which of several things somebody means by its place: "the second one", «همون اولی رو بگو», "option 2"."""

from __future__ import annotations

import re
from typing import Final

from language.normalise import normalise

LAST: Final = -1
"""The place of "the last one"."""
_MOST_CHARACTERS: Final = 60

# In the matching form (`language.normalise`), in which the half-space is a space.
_ENGLISH: Final = {1: "first|1st", 2: "second|2nd", 3: "third|3rd", 4: "fourth|4th", 5: "fifth|5th", LAST: "last"}
_PERSIAN: Final = {1: "اول", 2: "دوم", 3: "سوم", 4: "چهارم", 5: "پنجم", LAST: "آخر"}
_FINGLISH: Final = {1: "avv?al", 2: "dovv?om", 3: "sevv?om", 4: "chaharom", 5: "panjom", LAST: "akhar"}
_BEFORE: Final = (
    r"the|that|i mean(?:t)?|ok(?:ay)?|so|and|no|yes|please|what about|tell me(?: more)?(?: about)?|explain|show me"
    r"|give me|i(?:'d like| want| choose| pick|'ll take)|همو?ا?ن|همین|اون|آن|این|خب|پس|نه|آره|بله|منظورم|لطفا|و|حالا"
    r"|hamun|hamoon|oon|un|hamin|khob|na|are|manzooram|lotfan"
)
_AFTER: Final = (
    r"please|then|now|thanks|again|دوباره|رو|را|و|بگو|بگید|بگین|(?:توضیح|نشون|نشان) (?:بده|بدید|بدین)|باز کن(?:ید|ین)?"
    r"|می ?خوا(?:م|هم)|چی|چیه|لطفا|بود|هست|است|خوبه|مرسی|ممنون"
    r"|ro|o|bego|begu|begid|tozih bede|mikha?m|chi|chie|bud|bood|lotfan|khobe"
)
_THING: Final = r"(?:one|option|article|link|ticket|choice|question)s?"
_PERSIAN_THING: Final = r"(?:مورد|گزینه|مقاله|لینک|تیکت|سوال|شماره|gozine|mored|shomare)"


def _wording(place: int) -> re.Pattern[str]:
    digit = str(place) if place != LAST else r"(?!)"
    one = "|".join(
        (
            rf"(?:{_ENGLISH[place]})(?: {_THING})?(?: of (?:them|these|those))?",
            # A ticket has a number of its own.
            rf"(?:number|no\.?|option|choice|#|(?!تیکت){_PERSIAN_THING}(?: ی)?) ?{digit}",
            rf"{_PERSIAN_THING}(?: ی)? {_PERSIAN[place]}ی?",
            rf"{_PERSIAN[place]}(?:ی|ین(?: {_PERSIAN_THING})?)(?: ?(?:ش|شو|و|ه))?",
            rf"(?:{_FINGLISH[place]})(?:i|in(?: {_PERSIAN_THING})?)(?:sh|sho|e)?",
        )
    )
    return re.compile(rf"\W*(?:(?:{_BEFORE})\W+){{0,4}}(?:{one})(?:\W+(?:{_AFTER})){{0,3}}\W*")


_WORDINGS: Final = {place: _wording(place) for place in _PERSIAN}


def chosen_place(text: str) -> int | None:
    """The place from 1 to 5, or `LAST`, of the thing that a text means; None where it says anything more."""
    if len(text) > _MOST_CHARACTERS:
        return None
    matching = normalise(text)
    return next((place for place, wording in _WORDINGS.items() if wording.fullmatch(matching)), None)
