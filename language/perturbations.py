"""Ways in which people write the same question otherwise, for measuring what they cost."""

import re
import zlib
from collections.abc import Callable
from functools import cache

from language.latin_words import persian_words

_YE_KAF = str.maketrans("یک", "يك")
_TO_LATIN_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")
_TO_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_LONG_WORD = re.compile(r"\w{5,}")
_JOINABLE = re.compile(r"\b(ن?می) (?=\w)")
ZWNJ = "\u200c"
_PERSIAN_WORD = re.compile(r"[\u0621-\u064a\u066e-\u06d3\u200c]+")
# As most people type them; short vowels, which Persian does not write, are put between consonants.
_SPELLINGS = (
    "آ:a ا:a أ:a ب:b پ:p ت:t ث:s ج:j چ:ch ح:h خ:kh د:d ذ:z ر:r ز:z ژ:zh س:s ش:sh ص:s ض:z ط:t ظ:z ع:a غ:gh ف:f ق:gh ک:k "
    "ك:k گ:g ل:l م:m ن:n و:o ؤ:o ه:h ة:e ی:i ي:i ئ:e ء:"
)
_LATIN = {ZWNJ: "", **dict(pair.split(":", 1) for pair in _SPELLINGS.split())}
_VOWELS = frozenset("aeiou")


def arabic_letters(text: str) -> str:
    """Arabic ye and kaf, as many keyboards give them."""
    return text.translate(_YE_KAF)


def without_zwnj(text: str) -> str:
    """Half-spaces left out, and "می" joined to its verb."""
    return _JOINABLE.sub(r"\1", text.replace(ZWNJ, ""))


def other_digits(text: str) -> str:
    """Persian digits for Latin ones and the other way round."""
    return "".join(one.translate(_TO_LATIN_DIGITS if one > "9" else _TO_PERSIAN_DIGITS) for one in text)


def with_typo(text: str) -> str:
    """Two neighbouring letters changed over in one of the longer words, always the same ones."""
    words = list(_LONG_WORD.finditer(text))
    if not words:
        return text
    code = zlib.crc32(text.encode())
    word = words[code % len(words)]
    at = word.start() + 1 + (code >> 8) % (len(word.group()) - 2)
    return f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"


def in_latin_letters(text: str) -> str:
    """Persian in Latin letters: everyday words as people spell them, others letter by letter with guessed vowels.

    Kinder than life to everyday words, which come from the list that `language.finglish` reads, and harsher to names.
    """
    return _PERSIAN_WORD.sub(lambda match: _everyday().get(match.group()) or _by_letters(match.group()), text)


PERTURBATIONS: dict[str, Callable[[str], str]] = {
    "yekaf": arabic_letters,
    "zwnj": without_zwnj,
    "digits": other_digits,
    "typo": with_typo,
    "finglish": in_latin_letters,
}


@cache
def _everyday() -> dict[str, str]:
    """Persian word to one of its Latin spellings."""
    return {word: spelling for spelling, word in reversed(persian_words().items())}


def _by_letters(word: str) -> str:
    letters = [_LATIN.get(letter, letter) for letter in word]
    if len(letters) > 1 and word[-1] == "ه" and _is_consonant(letters[-2][-1:]):
        letters[-1] = "e"
    if word[0] == "و":
        letters[0] = "v"
    if word.startswith("ای"):
        letters[0] = ""
    spelled = ""
    for position, letter in enumerate(letters):
        # Most words of two letters have an a between them; a cluster at the end of a word is spoken as it is.
        is_last = position == len(letters) - 1
        if _is_consonant(spelled[-1:]) and _is_consonant(letter[:1]) and (not is_last or len(letters) == 2):
            spelled += "a" if len(letters) < 4 else "e"
        spelled += letter
    return spelled


def _is_consonant(letter: str) -> bool:
    return letter.isascii() and letter.isalpha() and letter not in _VOWELS
