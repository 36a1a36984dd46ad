"""Hear that a message asks for a ticket and dictates it: "open a ticket: I was charged twice". Standard library only.

Only plain commands count; "how do I open a ticket?" asks, and "don't open one" refuses.
"""

import re
from typing import Final

from language.normalise import same_letters

_MOST_CHARACTERS: Final = 2_000
_LONGEST_TITLE: Final = 60
_LEAST_WORDS: Final = 2

_BEFORE: Final = (
    r"سلام|لطفاً?|خب|پس|آره|بله|نه|ببخشید|میشه|می\u200cشه|می ?\u200c?تونی[دن]?|می ?\u200c?خوا(?:م|هم)"
    r"|hi|hello|please|ok|okay|yes|no|so|then|just|can you|could you|would you|let'?s|i'?d like(?: you)? to"
    r"|i (?:want|need|wanna|would like) (?:you )?to|lotfan|salam|mikha?m|mishe"
)
_MAKE: Final = (
    r"(?:بزن|ثبت کن|باز کن|بذار|بگذار|ایجاد کن|درست کن|بساز|ثبت ?\u200c?ش کن)(?:ید|ین|ی|م|یم)?"
    r"|(?:bezan|sabt kon|baz kon|bezar)(?:id|in|i|am)?"
)
_TICKET: Final = r"(?:(?:یه|یک|برام|واسم|برای من|ye|yek|baram)\s+)*(?:تیکت|تیکتی|ti(?:c|k|ck)et)"
_KIND: Final = r"(?:\s+(?:جدید|تازه|دیگه|دیگر|پشتیبانی|برام|برای من|واسم|jadid|dige))*"
_OPEN_ONE: Final = (
    r"(?:open|create|raise|file|log|submit|make|start|register)(?:\s+(?:me|us))?"
    r"(?:\s+(?:an?|another|new|the|this|support))*\s+(?:ticket|case)(?:\s+for\s+(?:me|us)(?!\w))?"
)
_COMMAND: Final = rf"(?:{_TICKET}{_KIND}\s+(?:{_MAKE})(?!\w)|{_OPEN_ONE}(?!\w))"
_THAT: Final = (
    r"\s*(?:[:؛;–—-]|[،,](?=\s))\s*(?:که\s+)?"
    r"|\s+(?:که|برای ?\u200c?(?:اینکه|این که)|برای|واسه|بابت|درباره ?\u200c?ی?|دربارهٔ|در مورد|راجع به"
    r"|مبنی بر|با موضوع|با عنوان"
    r"|ke|baraye|vase|dar morede|that says|saying|about|regarding|concerning|for|because|that|titled"
    r"|with the (?:subject|title))(?:\s*:)?\s+"
)
_DICTATED: Final = re.compile(
    rf"^\W*(?:(?:{_BEFORE})[\s،,.!]+){{0,4}}{_COMMAND}(?:{_THAT})(?P<details>\S.*)$", re.IGNORECASE | re.DOTALL
)
# At the end of the message, after a stop or an "and".
_AFTERWARDS: Final = re.compile(
    rf"(?:[،,؛;.!?؟\n]\s*|\s+(?=(?:and|so|و|پس)\s))(?:(?:{_BEFORE}|and|و)[\s،,]+){{0,3}}{_COMMAND}"
    r"(?:\s+(?:for|about)\s+(?:this|it|that|me))?(?:\s+(?:please|لطفاً?|lotfan|now))?$",
    re.IGNORECASE,
)
# A longer one would take long to look for in a text made of stops.
_LONGEST_COMMAND: Final = 120
_STOPS: Final = " \t\n.!?؟…،,؛;:"
_POINTING: Final = re.compile(
    r"(?:this(?: (?:problem|issue|one))?|it|that|me|us|my (?:problem|issue|question)"
    r"|این|همین|اینو?|مشکلم|سوالم|این (?:موضوع|مشکل|مورد))"
    r"(?:\W+(?:please|now|لطفا|ممنون))*\W*",
    re.IGNORECASE,
)


def dictated_ticket(text: str) -> str | None:
    """What the ticket is to say that a message asks for; None where it asks for none, or says nothing of its matter."""
    text = text[:_MOST_CHARACTERS].strip(_STOPS)
    letters = same_letters(text)
    if match := _DICTATED.match(letters):
        details = text[match.start("details") :]
    else:
        last = max(len(letters) - _LONGEST_COMMAND, 0)
        match = _AFTERWARDS.search(letters, last)
        details = text[: match.start()].strip(_STOPS) if match else ""
    says_something = len(details.split()) >= _LEAST_WORDS and not _POINTING.fullmatch(same_letters(details))
    return details if says_something else None


def title_of(words: str) -> str:
    """The beginning of a text as a ticket's subject: its first sentence, cut between two words where that is long."""
    first = re.split(r"(?<=[.!?؟؛\n])\s+|\n", words.strip(), maxsplit=1)[0].strip(" .،,؛")
    if len(first) <= _LONGEST_TITLE:
        return first
    return first[:_LONGEST_TITLE].rsplit(" ", 1)[0].rstrip(" ،,؛") + "…"
