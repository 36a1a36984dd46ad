"""What we know about words in Latin letters: Persian ones as people spell them, and common English ones."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

ENGLISH_VOCABULARY_FILE = Path(__file__).with_name("english_vocabulary.txt")
"""What `language.english_vocabulary` counted."""

_SAME_SOUND = [("aa", "a"), ("oo", "u"), ("ou", "u"), ("ee", "i"), ("ii", "i"), ("kh", "x"), ("gh", "q"), ("ph", "f")]
_DOUBLED = re.compile(r"([a-z])\1+")
_DIPHTHONG = re.compile(r"ey(?![aeiou])")
_SILENT_END = re.compile(r"(?<=[a-z]e)h$")


# English words that Persian speakers use as their own and mostly write in Latin letters. `loanwords` has the others.
LOANWORDS = frozenset(
    """
    account admin ai app bug chat code coupon crm demo download email error file film install internet line link login
    logout mail mobile ok okay online operator panel password pdf reset site sms software support telegram ticket tool
    update upgrade user username version video web webinar whatsapp
    apk atm cpu ct dns dvd erp esim faq gps hdd ios ip iptv kyc lcd led mdf mri nfc otp pos pv pvc qr ram rfid ssd ssl
    tv upvc url usb vip vpn
    """.split()  # noqa: SIM905
)


@lru_cache(maxsize=4096)
def spelling_key(word: str) -> str:
    """One key for the ways to spell a Persian word: "khoob", "khub" and "xub" are one, as are "dore" and "doreh"."""
    key = word.lower().replace("'", "").replace("’", "")
    for spelling, sound in _SAME_SOUND:
        key = key.replace(spelling, sound)
    if len(key) > 3:
        key = _DIPHTHONG.sub("ei", key.replace("iy", "i"))
    return _SILENT_END.sub("", _DOUBLED.sub(r"\1", key)).replace("w", "v")


@lru_cache(maxsize=1)
def persian_words() -> dict[str, str]:
    """Persian words by their spelling key; the first to claim a key has it."""
    words: dict[str, str] = {}
    for line in _lines("finglish_words.tsv"):
        persian, spellings = line.split("\t")
        for spelling in spellings.split():
            words.setdefault(spelling_key(spelling), persian)
    return words


@lru_cache(maxsize=1)
def persian_spellings() -> frozenset[str]:
    """The spellings of Persian words as they are listed."""
    return frozenset(spelling for line in _lines("finglish_words.tsv") for spelling in line.split("\t")[1].split())


@lru_cache(maxsize=1)
def loanwords() -> dict[str, str]:
    """English words that Persian speakers use as their own, in lower case, as they are written in Persian letters."""
    lines = (line.split("\t") for line in _lines("loanwords.tsv"))
    return {spelling: persian for persian, spellings in lines for spelling in spellings.split()}


@lru_cache(maxsize=1)
def loanword_stems() -> dict[str, str]:
    """The same by spelling key, with those that stay in Latin letters: what may stand before a suffix."""
    latin = {word: word for word in LOANWORDS if len(word) > 2}
    return {spelling_key(word): written for word, written in (latin | loanwords()).items()}


def is_loanword(word: str) -> bool:
    """Whether a word, in lower case, hardly says which of the two languages the text around it is in."""
    return word in LOANWORDS or word in loanwords()


def is_listed(word: str) -> bool:
    """Whether a word, in lower case, is among the listed spellings of Persian words or sounds like one of them."""
    return word in persian_spellings() or spelling_key(word) in persian_words()


@lru_cache(maxsize=1)
def english_words() -> frozenset[str]:
    """English words, in lower case: the commonest by hand, and those of our English texts."""
    lines = _lines("english_words.txt") + _lines(ENGLISH_VOCABULARY_FILE.name)
    return frozenset(word for line in lines for word in line.split())


def _lines(name: str) -> list[str]:
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
