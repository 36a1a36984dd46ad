"""Read amounts of money: `$20`, `€ 19,99`, «۲ میلیون و ۵۰۰ هزار تومان», «سیصد و پنجاه هزار تومن».

What can be read in two ways is not read at all: a wrong amount costs an agent more than a missing one.
"""

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from bot.identifiers import Identifier
from bot.names import Entities
from bot.nlu.numbers import HUNDREDS, SMALL, TENS, UNITS
from bot.nlu.words import Word

_MULTIPLIERS: Final = {
    **dict.fromkeys(["هزار", "hezar", "thousand", "k"], 1_000),
    **dict.fromkeys(["میلیون", "ملیون", "milion", "milyon", "melyon", "million", "m"], 1_000_000),
    **dict.fromkeys(["میلیارد", "milyard", "miliard", "billion", "bn"], 1_000_000_000),
}
_PERSIAN_MULTIPLIERS: Final = tuple(word for word in _MULTIPLIERS if not word.isascii())
_AND: Final = frozenset({"و", "and", "o", "va"})
_HALF: Final = frozenset({"نیم", "nim", "half"})
_ONE: Final = frozenset({"a", "یه", "ye"})
# Persian in Latin letters looks like English at times ("do", "sad"); it is read before these alone.
_FINGLISH: Final = frozenset(
    word for words in [*UNITS, *TENS] for word in words[:-1] if word.isascii()
) | {word for words in HUNDREDS for word in words if word.isascii()} | {"o", "va", "nim", "ye"}  # fmt: skip
_FINGLISH_CURRENCY: Final = re.compile(r"too?man\w{0,2}|tomen|tumen|rials?|dolar|yoro")

_CURRENCIES: Final = {
    currency: re.compile(words)
    for currency, words in {
        "toman": r"(?:تومان|تومن|تمن)(?:ه|ی|م|ش|و|رو|شو|مو)?|too?man(?:s|i|e|o|am)?|tomen|tumen|irt",
        "rial": r"ریال(?:ه|ی|م|ش|و|رو|شو|مو)?|rials?|irr|﷼",
        "dollar": r"دلار(?:ه|ی|م|ش|و|رو|شو|مو)?|dollars?|dolar|usd|bucks|\$",
        "euro": r"یورو(?:ه|ی|یی|م|ش|شو|مو)?|euros?|yoro|eur|€",
        "pound": r"پوند(?:ه|ی|م|ش|و|رو|شو|مو)?|pounds?|gbp|quid|£",
    }.items()
}
_BEFORE_THE_FIGURE: Final = frozenset({"$", "€", "£", "usd", "eur", "gbp", "irr", "irt"})
_SMALL_MONEY: Final = frozenset({"toman", "rial"})
_LEAST_TOMANS: Final = 100
# «دلار کانادا» is no dollar of ours.
_FOREIGN: Final = re.compile(r"(?:کانادا|استرالیا|سنگاپور|عمان|قطر|سعود|عربستان|لبنان|مصر)\S*")
_WEIGHT: Final = re.compile(r"weigh\S*|lbs|kg|heav\S+|وزن\S*|کیلو\S*")
_CENTS: Final = frozenset({"cent", "cents", "سنت", "pence"})
# "a few hundred", «چند هزار», «صدها هزار»: nobody can tell how much.
_VAGUE: Final = frozenset({"چند", "چندین", "صدها", "دهها", "few", "several", "couple", "many", "siso"})
# "20 to 30", «۲ یا ۳ میلیون»
_RANGE: Final = frozenset({"تا", "الی", "یا", "ta", "ya", "to", "or", "-", "–", "—", "~"})

# «سیصدوپنجاه», «هزارتومان»: words that people write as one.
_PERSIAN_PARTS: Final = sorted(
    [*(word for word in [*SMALL, *_MULTIPLIERS, *_HALF] if not word.isascii()), "تومان", "تومن", "ریال", "دلار", "و"],
    key=len,
    reverse=True,
)
_PART: Final = re.compile("|".join(_PERSIAN_PARTS))
_JOINED: Final = re.compile(rf"(?:{_PART.pattern})(?:\u200c?(?:{_PART.pattern}))+")

_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}(?P<sign>[.,،/'])\d{3}(?:(?P=sign)\d{3})*")
_WITH_CENTS: Final = re.compile(r"([1-9]\d{0,2}(?:,\d{3})+)\.(\d\d)")
# `1.299,99`, as in most of Europe
_WITH_CENTS_AFTER_A_COMMA: Final = re.compile(r"([1-9]\d{0,2}(?:\.\d{3})+),(\d\d)")
_DECIMAL: Final = re.compile(r"(\d+)(?P<sign>[.,،/])(\d{1,2})")


class _Group(NamedTuple):
    """A part of a number with what it is multiplied by: 2 × 1,000,000, or 500 × 1."""

    words: list[str]
    times: int


def find_amounts(words: list[Word]) -> Iterator[Identifier]:
    """The amounts that words name, with their currency: `2500000 toman`.

    A currency's name has to stand with the number. «۱۲۰ تومن» stays 120, though many mean thousands by it; of «دو تومن»
    nobody can tell whether it is thousands or millions.
    """
    words = [part for word in words for part in _parts_of(word)]
    found = [amount for place in range(len(words)) if (amount := _amount_at(words, place))]
    # «۲ میلیون تومان و ۵۰۰ هزار تومان» may be a sum or two amounts, "20 dollars to 30 dollars" is neither.
    doubtful = {
        place
        for (first, (_, end, one)), (second, (start, _, other)) in pairwise(enumerate(found))
        if _unit_of(one) == _unit_of(other) and all(word.text in _AND | _RANGE for word in words[end:start])
        for place in (first, second)
    }
    for place, (start, end, value) in enumerate(found):
        if place not in doubtful:
            yield Identifier(Entities.AMOUNT, value, words[start].start, words[end - 1].end)


def is_money(word: Word) -> bool:
    """Whether a word makes an amount of the number before it: «هزار», «دلاری», `$`."""
    # «هزارتومانی» is more than our parts of words, and surely money.
    is_multiplier = word.text in _MULTIPLIERS or word.text.startswith(_PERSIAN_MULTIPLIERS)
    return is_multiplier or _currency_of(word.text) is not None


def _unit_of(value: str) -> str:
    return value.rsplit(" ", 1)[1]


def _parts_of(word: Word) -> list[Word]:
    """What was written as one word, cut where it is made of number words alone."""
    if word.text[:-1] in _FINGLISH and word.text.endswith("o"):
        # "bisto panj"
        return [Word(word.text[:-1], word.start, word.end - 1), Word("o", word.end - 1, word.end)]
    if word.text in SMALL or not _JOINED.fullmatch(word.text):
        return [word._replace(text=word.text.replace("\u200c", ""))]
    return [Word(part[0], word.start + part.start(), word.start + part.end()) for part in _PART.finditer(word.text)]


def _amount_at(words: list[Word], place: int) -> "tuple[int, int, str] | None":
    """The amount whose currency stands at a place: first word, the one after the last, and value."""
    word = words[place].text
    currency = _currency_of(word)
    if currency is None or (currency == "pound" and any(_WEIGHT.fullmatch(other.text) for other in words)):
        return None
    is_before = word in _BEFORE_THE_FIGURE and _is_figure(words, place + 1) and _leads(words, place)
    start, end = _after(words, place) if is_before else _before(words, place)
    numbers = [other.text for other in (words[place + 1 : end] if is_before else words[start:place])]
    if not numbers or _is_doubtful(words, start, end):
        return None
    number = _read(numbers, in_thousands=currency in _SMALL_MONEY)
    if number and currency == "toman" and number < _LEAST_TOMANS:
        return None
    # Two places are enough for dollars; a whole number is written as one.
    return (start, end, f"{round(number, 2):.15g} {currency}") if number and 0 < number < 1e15 else None


def _currency_of(word: str) -> "str | None":
    return next((name for name, pattern in _CURRENCIES.items() if pattern.fullmatch(word)), None)


def _leads(words: list[Word], place: int) -> bool:
    """Whether a sign belongs to the figure after it: `20$ 30` and `$20 $30` hold one or two."""
    is_close = words[place].end == words[place + 1].start
    return is_close or not _is_figure(words, place - 1)


def _after(words: list[Word], place: int) -> tuple[int, int]:
    end = place + 2
    while end < len(words) and words[end].text in _MULTIPLIERS:
        end += 1
    start = place - 1 if place and words[place - 1].text == "us" else place
    return start, end


def _before(words: list[Word], place: int) -> tuple[int, int]:
    is_finglish = not words[place].text.isascii() or _FINGLISH_CURRENCY.fullmatch(words[place].text)
    start = place
    while start and _is_numeric(words[start - 1].text) and (is_finglish or words[start - 1].text not in _FINGLISH):
        start -= 1
    while start < place and words[start].text in _AND:
        start += 1
    return start, place + 1


def _is_doubtful(words: list[Word], start: int, end: int) -> bool:
    """Whether what stands around an amount makes another of it."""
    further, last = ["", "", *(word.text for word in words[max(start - 2, 0) : start])][-2:]
    next_one, *then = [*(word.text for word in words[end : end + 3]), ""]
    is_range = last in _RANGE and bool(further) and (_is_numeric(further) or bool(_currency_of(further)))
    # «چهارصد، پانصد هزار تومن»
    is_guess = last in {",", "،"} and further in SMALL
    is_glued = start > 0 and words[start].text in _BEFORE_THE_FIGURE and words[start - 1].end == words[start].start
    # "a couple of hundred", but "a payment of 20"
    is_vague = last in _VAGUE or (last == "of" and not words[start].text[0].isdecimal() and further in _VAGUE)
    if is_vague or is_range or is_guess or (is_glued and last.isalpha()):
        return True
    if next_one in _RANGE and then[0][:1].isdecimal():
        return True
    # «دو دلار و نیم»
    is_more = next_one in _AND and not _HALF.isdisjoint(then[:1])
    return is_more or not _CENTS.isdisjoint(then) or bool(_FOREIGN.fullmatch(next_one))


def _is_figure(words: list[Word], place: int) -> bool:
    return 0 <= place < len(words) and words[place].text[0].isdecimal()


def _is_numeric(word: str) -> bool:
    return (
        word[0].isdecimal() or word in SMALL or word in _MULTIPLIERS or word == "hundred" or word in _AND | _HALF | _ONE
    )


def _read(words: list[str], *, in_thousands: bool) -> "float | None":
    """What the words of a number come to; None where they are none, or more than one."""
    groups = _groups_of(_without_spaces(words))
    total, ceiling = 0.0, math.inf
    for group in groups:
        if group.times == 1 and total and _HALF.issuperset(word for word in group.words if word not in _ONE):
            # «دو میلیون و نیم»
            return total + ceiling / 2
        number = _small(group, in_thousands=in_thousands)
        if number is None:
            return None
        value = number * group.times
        # «دو میلیون و پونصد» means two and a half, and says otherwise.
        if value >= ceiling or (1_000 < ceiling < math.inf and value < 1_000):
            return None
        total, ceiling = total + value, float(group.times)
    return total


def _without_spaces(words: list[str]) -> list[str]:
    """`2 500 000` as one figure; only where it ends in 000 is it surely one."""
    is_spaced = len(words) > 1 and words[-1] == "000" and re.fullmatch(r"[1-9]\d{0,2}(?: \d{3})+", " ".join(words))
    return ["".join(words)] if is_spaced else words


def _groups_of(words: list[str]) -> list[_Group]:
    groups: list[_Group] = []
    rest: list[str] = []
    for place, word in enumerate(words):
        if word not in _MULTIPLIERS:
            # The "and" between two groups; one at the beginning of the first was left out already.
            if rest or not groups or word not in _AND:
                rest.append(word)
        elif not rest and groups and words[place - 1] in _MULTIPLIERS:
            # «هزار میلیارد»
            groups[-1] = groups[-1]._replace(times=groups[-1].times * _MULTIPLIERS[word])
        else:
            groups.append(_Group(rest, _MULTIPLIERS[word]))
            rest = []
    return [*groups, _Group(rest, 1)] if rest else groups


def _small(group: _Group, *, in_thousands: bool) -> "float | None":
    """The number of a group before it is multiplied."""
    words, is_multiplied = list(group.words), group.times > 1
    if not words:
        # "Thousand" alone is one; «میلیون تومن» is a manner of speaking.
        return 1 if group.times == 1_000 else None
    if not is_multiplied:
        return _whole(words, is_multiplied=False, in_thousands=in_thousands)
    if words[0] in _HALF:
        return 0.5 if words[1:] in ([], ["a"]) else None
    half = 0.5 if words[-1] in _HALF else 0
    if half:
        # "two and a half million"
        words = words[: -2 if words[-2] in _AND else -3]
    if len(words) == 1 and words[0] in _ONE:
        return 1 + half
    number = _whole(words, is_multiplied=True, in_thousands=in_thousands)
    return None if number is None or (half and number % 1) else number + half


def _whole(words: list[str], *, is_multiplied: bool, in_thousands: bool) -> "float | None":
    if len(words) == 1 and words[0][0].isdecimal():
        return _figure(words[0], is_multiplied=is_multiplied, in_thousands=in_thousands)
    return _spelled(words)


def _spelled(words: list[str]) -> "float | None":
    """A number below a thousand in words: hundreds, tens and units, joined by «و» in Persian."""
    if words[:2] == ["a", "hundred"]:
        words = words[1:]
    total, ceiling, is_joined = 0, 1_000, True
    for word in words:
        number = int(word) if re.fullmatch("[1-9]", word) and words[1:2] == ["hundred"] else SMALL.get(word, 0)
        if word in _AND and not is_joined:
            is_joined = True
        elif word == "hundred" and total < 10:
            total, ceiling, is_joined = (total or 1) * 100, 100, False
        elif 0 < number < ceiling and (is_joined or word.isascii()):
            total, ceiling, is_joined = total + number, _room_below(number), False
        else:
            return None
    return None if is_joined else total


def _room_below(number: int) -> int:
    """What may follow a number word: tens a hundred, units a ten."""
    return next(room for least, room in ((100, 100), (20, 10), (0, 1)) if number >= least)


def _figure(text: str, *, is_multiplied: bool, in_thousands: bool) -> "float | None":
    """A figure with its separators: `450,000` and `450/000` are thousands, «۲/۵ میلیون» is two and a half.

    A single dot before three digits divides a dollar and groups tomans.
    """
    if text.isdecimal():
        return float(text) if text == "0" or text[0] != "0" else None
    if match := _WITH_CENTS.fullmatch(text):
        return None if in_thousands else float(f"{match[1].replace(',', '')}.{match[2]}")
    if match := _WITH_CENTS_AFTER_A_COMMA.fullmatch(text):
        return None if in_thousands else float(f"{match[1].replace('.', '')}.{match[2]}")
    if match := _THOUSANDS.fullmatch(text):
        is_plain = match["sign"] in ",،" or len(text.split(match["sign"])) > 2
        if is_plain or (in_thousands and not is_multiplied):
            return float(text.replace(match["sign"], ""))
        return None
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return None
    is_decimal = is_multiplied or (not in_thousands and match["sign"] in ".,")
    return float(f"{match[1]}.{match[3]}") if is_decimal else None
