"""Finglish into Persian letters: "sefaresham koja ast?" becomes «سفارشم کجا است?».

Known words come from a list of everyday and support talk and take Persian's suffixes; others are looked for among the
common words that such a spelling may stand for (`language.vocabulary`), and among those that the caller knows, such as
the knowledge base's; the rest goes letter by letter, which is a guess, for Latin letters do not say which of several
Persian ones is meant and Persian does not write short vowels. What is plainly English ("login", "CRM"), an address or a
number stays as it is. Good enough to search by, never to show.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from language.latin_words import LOANWORDS, english_words, loanword_stems, loanwords, persian_words, spelling_key
from language.vocabulary import WORST_FIT, Words, likeliest_word

# Lengths are bounded here and below, so that no text takes quadratic time.
_ADDRESS = r"\S{1,100}@\S+|\w{1,20}://\S+|www\.\S+|\S{0,100}[\d_#/]\S*"
_TOKEN = re.compile(rf"(?P<address>{_ADDRESS})|(?P<word>[A-Za-z]+(?:['’][A-Za-z]+)*)|(?P<other>.)", re.DOTALL)
_VERB_PREFIX = re.compile(r"\b((?:ne)?mi)[ \-\u200c](?=[a-z]{2})", re.IGNORECASE)
_APART_PLURAL = re.compile(r"(?<=[a-z])[ \-](?=ha(?:ye|ro|tun|shun)?\b)", re.IGNORECASE)
# The ezafe written apart ("ramz e oboor") has no letter in Persian; what follows a clause makes a final -e "is".
_APART_EZAFE = re.compile(r"(?<=[a-z]) +e(?= +[a-z])", re.IGNORECASE)
_APART_POSSESSIVE = re.compile(r"(?<=[b-df-hj-np-tv-z])(?:e)? +(?=(?:am|et|esh|etun|emun|eshun)\b)", re.IGNORECASE)
_CONJUNCTIONS = frozenset({"ya", "va", "vali", "ama", "amma", "ke", "na", "chon", "age", "agar"})
_VERB_END = re.compile(r"(?:am|i|e|ad|im|id|in|an|and)$")
_HALF_SPACE = "\u200c"
# Of a spelling and how badly a word may fit: the word, or none.
_Look = Callable[[str, float], str | None]
# How badly a spelling may fit a common word that is looked for before the guesses.
GOOD_FIT = 1.25

# What a letter that stands alone is short for, once the text is known to be Finglish.
_LONE_LETTERS = {"o": "و", "e": "است", "i": "ی", "k": "که"}
# These end many other words too: they are taken off stems of three letters and more.
_LOOSE_SUFFIXES = frozenset({"a", "as", "ast"})
_VOWEL = re.compile("[aeiou]")

# Suffixes by spelling key, longest first: what follows the stem, and what follows a stem that ends in a silent he.
_SUFFIXES: list[tuple[str, str, str]] = sorted(
    [
        ("am", "م", "‌ام"),
        ("at", "ت", "‌ات"),
        ("et", "ت", "‌ات"),
        ("ash", "ش", "‌اش"),
        ("esh", "ش", "‌اش"),
        ("mun", "مون", "‌مون"),
        ("emun", "مون", "‌مون"),
        ("amun", "مون", "‌مون"),
        ("eman", "مان", "‌مان"),
        ("man", "مان", "‌مان"),
        ("tun", "تون", "‌تون"),
        ("etun", "تون", "‌تون"),
        ("eton", "تون", "‌تون"),
        ("ton", "تون", "‌تون"),
        ("atun", "تون", "‌تون"),
        ("etan", "تان", "‌تان"),
        ("tan", "تان", "‌تان"),
        ("eshun", "شون", "‌شون"),
        ("shun", "شون", "‌شون"),
        ("eshan", "شان", "‌شان"),
        ("ha", "‌ها", "‌ها"),
        ("haye", "‌های", "‌های"),
        ("hai", "‌هایی", "‌هایی"),
        ("haro", "‌ها رو", "‌ها رو"),
        ("ham", "‌هام", "‌هام"),
        ("hatun", "‌هاتون", "‌هاتون"),
        ("hatan", "‌هایتان", "‌هایتان"),
        ("ro", " رو", " رو"),
        ("ra", " را", " را"),
        ("o", " رو", " رو"),
        ("amo", "م رو", "‌ام رو"),
        ("etuno", "تون رو", "‌تون رو"),
        ("atuno", "تون رو", "‌تون رو"),
        ("emuno", "مون رو", "‌مون رو"),
        ("amuno", "مون رو", "‌مون رو"),
        ("eshuno", "شون رو", "‌شون رو"),
        ("esho", "ش رو", "‌اش رو"),
        ("asho", "ش رو", "‌اش رو"),
        ("eto", "ت رو", "‌ات رو"),
        ("ato", "ت رو", "‌ات رو"),
        ("emo", "م رو", "‌ام رو"),
        ("aro", "ا رو", "‌ها رو"),
        ("ast", " است", " است"),
        ("as", " است", " است"),
        ("a", "ا", "‌ها"),
        ("yi", "یی", "‌ای"),
        ("iye", "یه", "‌ایه"),
        ("ie", "یه", "‌ایه"),
        ("i", "ی", "‌ای"),
        ("e", "", ""),
        ("ye", "ی", "‌ی"),
        ("im", "یم", "‌ایم"),
        ("id", "ید", "‌اید"),
        ("in", "ین", "‌این"),
        ("and", "ند", "‌اند"),
        ("tar", "‌تر", "‌تر"),
        ("tarin", "‌ترین", "‌ترین"),
    ],
    key=lambda suffix: -len(suffix[0]),
)
_LETTERS = {
    "sh": "ش",
    "ch": "چ",
    "zh": "ژ",
    "th": "ت",
    "ck": "ک",
    "ei": "ی",
    "ai": "ای",
    "b": "ب",
    "c": "ک",
    "d": "د",
    "f": "ف",
    "g": "گ",
    "h": "ه",
    "i": "ی",
    "j": "ج",
    "k": "ک",
    "l": "ل",
    "m": "م",
    "n": "ن",
    "p": "پ",
    "q": "ق",
    "r": "ر",
    "s": "س",
    "t": "ت",
    "u": "و",
    "v": "و",
    "x": "خ",
    "y": "ی",
    "z": "ز",
}
_INITIAL_VOWELS = {"a": "ا", "e": "ا", "o": "ا", "i": "ای", "u": "او", "ei": "ای", "ai": "ای"}
_FINAL_VOWELS = {"a": "ا", "e": "ه", "o": "و"}
_SOFT_C = re.compile(r"c(?=[eiy])")
_CLOSED_LAST_A = re.compile(r"a(?:sh|ch|zh|[b-df-hj-lnp-tv-z])$")


def to_persian(text: str, own: Words | None = None) -> str:
    """The text with its Persian words in Persian letters; whatever is not Finglish passes unchanged. Takes any str.

    Unlisted words are looked for among one's own words too, where there are some.
    """
    look = partial(_from_vocabulary, own)
    joined = _VERB_PREFIX.sub(r"\1", text)
    for apart in (_APART_PLURAL, _APART_EZAFE, _APART_POSSESSIVE):
        joined = apart.sub("", joined)
    tokens = list(_TOKEN.finditer(joined))
    written = []
    for position, token in enumerate(tokens):
        if word := token["word"]:
            written.append(_persian_word(word, look, ends_clause=_ends_clause(tokens, position)))
        else:
            written.append(token["address"] or token["other"])
    return "".join(written)


def is_known(word: str) -> bool:
    """Whether a word in Latin letters is Persian from the list, bare or with a suffix or a verb's prefix."""
    key = spelling_key(word)
    return key in persian_words() or bool(_with_suffix(key, ends_clause=True)) or bool(_with_verb_prefix(key, _shipped))


def _ends_clause(tokens: list[re.Match[str]], position: int) -> bool:
    """Whether punctuation, the end or a conjunction follows: there a final -e is "is", elsewhere the ezafe."""
    position += 1
    while position < len(tokens) and tokens[position][0] == " ":
        position += 1
    following = tokens[position]["word"] if position < len(tokens) else None
    return not following or following.lower() in _CONJUNCTIONS


def _persian_word(word: str, look: _Look, *, ends_clause: bool) -> str:
    key = spelling_key(word)
    known = persian_words().get(key)
    if known is not None:
        return known
    if (lone := _LONE_LETTERS.get(key) or loanwords().get(word.lower())) is not None:
        return lone
    if word.lower() in english_words() or word.lower() in LOANWORDS or (word.isupper() and len(word) > 1):
        return word
    return (
        _with_suffix(key, ends_clause=ends_clause)
        or look(key, GOOD_FIT)
        or _with_verb_prefix(key, look)
        or _with_suffix(key, ends_clause=ends_clause, find=partial(_common_stem, look))
        or look(key, WORST_FIT)
        or (_by_letters(key) if _VOWEL.search(key) else word)  # "vpn", "lcd": nobody writes them in Persian letters.
    )


def _from_vocabulary(own: Words | None, key: str, worst: float) -> str | None:
    found = likeliest_word(key, own)
    return found[0] if found and found[1] <= worst else None


_shipped: _Look = partial(_from_vocabulary, None)


def _listed(stem: str) -> str | None:
    return persian_words().get(stem) or loanword_stems().get(stem)


def _common_stem(look: _Look, stem: str) -> str | None:
    return look(stem, GOOD_FIT) if len(stem) > 3 else None


def _with_suffix(key: str, *, ends_clause: bool, find: Callable[[str], str | None] = _listed) -> str | None:
    for suffix, after_letter, after_he in _SUFFIXES:
        stem = key.removesuffix(suffix)
        shortest = 3 if suffix in _LOOSE_SUFFIXES else 2
        known = find(stem) if stem != key and len(stem) >= shortest else None
        if known is None:
            continue
        if suffix == "e" and ends_clause:
            return known + "ه"
        return known + (after_he if known.endswith("ه") and stem.endswith("e") else after_letter)
    return None


def _with_verb_prefix(key: str, look: _Look) -> str | None:
    for prefix, persian in (("nemi", "نمی"), ("mi", "می")):
        stem = key.removeprefix(prefix)
        if stem != key and len(stem) > 2 and _VERB_END.search(stem):
            return persian + _HALF_SPACE + (_listed(stem) or look(stem, GOOD_FIT) or _by_letters(stem))
    return None


def _by_letters(key: str) -> str:
    """A guess: long vowels are written, "a" at the end or before the last consonant counts as long, other short ones
    go.

    Not in -am, which is mostly "my" or "I".
    """
    key = _SOFT_C.sub("s", key)
    last_a = match.start() if (match := _CLOSED_LAST_A.search(key)) else -1
    letters = []
    position = 0
    while position < len(key):
        piece = key[position : position + 2]
        if piece not in _LETTERS:
            piece = key[position]
        if position == 0 and piece in _INITIAL_VOWELS:
            letters.append(_INITIAL_VOWELS[piece])
        elif position + len(piece) == len(key) and piece in _FINAL_VOWELS:
            letters.append(_FINAL_VOWELS[piece])
        elif position == last_a:
            letters.append("ا")
        else:
            letters.append(_LETTERS.get(piece, ""))
        position += len(piece)
    return "".join(letters)
