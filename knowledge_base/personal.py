"""Taking out of a text what tells who it is about: pure functions.

They would rather take out too much than too little: an editor reads the text before anybody else does.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from language.normalise import same_letters


class Personal(StrEnum):
    """What is taken out of a text."""

    name = "name"
    email = "email"
    phone = "phone"
    card = "card"
    iban = "iban"
    number = "number"
    link = "link"
    address = "address"


# Nobody sees them, and they part what belongs together; the half-space is seen, and stays.
_UNSEEN = re.compile("[\u00ad\u061c\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_LINK = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,15}://|www\.)[^\s<>\"«»]+|(?<![\w.@-])[\w-]+(?:\.[\w-]+)+/[^\s<>\"«»]*", re.I
)
# In a link: a query, a fragment, an account, or a part that nobody chose as words.
_TOKEN = re.compile(r"[?#@+=%;&]|\d{5,}|[A-Za-z0-9_]{16,}|(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{8,}")
_AT = r"[\s\u200c]*+(?:[@＠]|[\[({]\s?at\s?[\])}])[\s\u200c]*+"
_DOT = r"(?:[.．]|\s?[\[({]\s?dot\s?[\])}]\s?|\sdot\s)"
_EMAIL = re.compile(rf"(?<![\w.+%-])[\w.+%-]++{_AT}[\w-]++(?:{_DOT}[\w-]++)++", re.I)
_HANDLE = re.compile(r"(?<!\w)[@＠]\w{3,}")
_BETWEEN = r"[\s\u200c\u0640\-‐-―._/\\,٬،:*()]{0,3}"
_IBAN = re.compile(
    rf"(?<![A-Za-z])IR{_BETWEEN}\d(?:{_BETWEEN}\d){{15,25}}"
    r"|(?<!\w)[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?(?!\w)",
    re.I,
)
_DIGITS = re.compile(rf"(?:\((?=\+?\d{{1,4}}\)))?\+?\d(?:{_BETWEEN}\d)*")
# `HM-1042`, `ORD/2026-77`, `AB12CD34`.
_CODE = re.compile(
    r"(?<!\w)(?:[A-Za-z]{1,8}[-_#/]\d[\d/-]{2,}|(?=\d*[A-Za-z])(?=[A-Za-z]*\d[A-Za-z]*\d[A-Za-z]*\d[A-Za-z]*\d)[A-Za-z0-9]{8,})(?!\w)"
)
_THOUSANDS = re.compile(r"[1-9۱-۹١-٩]\d{0,2}(?:[,٬،.]\d{3}){1,3}")
_HOURS = re.compile(r"\d{1,2}:\d{2}\s?[-‐-―]\s?\d{1,2}:\d{2}")
_MONEY = re.compile(
    r"[\s\u200c]*(?:هزار|میلیون|میلیارد|تومان|تومن|ریال|toman|rial|irr|usd|eur|dollar|euro|[$€£])", re.I
)
_MOBILE = re.compile(r"(?:98)?9\d{9}")
# Fewer digits are a year, a price or a count; where they stand apart, as in a card's number, a few more.
FEWEST_DIGITS = 5
FEWEST_SPACED_DIGITS = 8
MOST_DIGITS_OF_MONEY = 12
# What stands in postal addresses, in the letters of `same_letters`: streets, and what other talk is full of as well.
_STREETS = r"خیابان|خیابون|کوچه(?:\u200c? ?ی(?!\w)|\u0654)?|بلوار|خ\.|خ(?= \w{2})"
_PLACES = (
    r"میدان|فلکه|چهارراه|بزرگراه|اتوبان|شهرک|مجتمع|ساختمان|برج|بلوک|واحد|طبقه(?:\u200c? ?ی(?!\w)|\u0654)?"
    r"|بن[ \u200c]?بست|کد[ \u200c]?پستی|ک|پ\.?(?= ?\d)"
)
_ORDINAL = "اول|دوم|سوم|چهارم|پنجم|ششم|هفتم|هشتم|نهم|دهم|همکف"
_UNITS = "رقم|دقیقه|ساعت|روز|تومان|تومن|ریال|هزار|میلیون|درصد|متر|کیلومتر|نفر|عدد|تا|بار|ماه|سال"
_NUMBER_OF_HOUSE = rf"(?:شماره ?)?(?:\d{{1,10}}(?!\d)(?! ?(?:{_UNITS}))|(?:{_ORDINAL})(?!\w))"
# The number stands by the word, or behind a street's name and ends its clause.
_CUE = re.compile(
    rf"(?<![\w\u200c])(?:(?P<street>{_STREETS})|(?P<plate>پلاک)|{_PLACES})(?![\w\u200c])"
    rf"(?P<number>(?=[ :،,.-]{{0,3}}{_NUMBER_OF_HOUSE})"
    r"|(?(street)(?=(?: [^\W\d]{1,20}){1,3}[ ،,]{1,2}(?:شماره ?)?\d{1,4} ?(?:[،,)]|\Z))|(?!)))?"
)
# A point within a word, or behind one that it shortens, ends no sentence.
_SENTENCE = re.compile(r"(?:[^\n.!?؟;؛]|(?<=(?<!\w)[خپک])\.|\.(?=[^\s.]))+")
_SIZE = r"#? ?\d{1,5}[A-Za-z]?\b"
_PART = rf"(?i:(?:Flat|Apt|Apartment|Suite|Unit|Room|Floor|No|Number)\b\.? ?{_SIZE}|\d{{1,2}}(?:st|nd|rd|th) floor\b)"
_CAPITALISED = r"[A-Z][\w'’-]{0,30}"
_ROAD = (
    r"(?:(?i:Street|Road|Avenue|Boulevard|Lane|Alley)\b|(?i:St|Rd|Ave|Blvd)\b\.?|(?:Ln|Dr|Sq)\b\.?"
    r"|(?:Drive|Square|Court|Crescent|Terrace|Close|Way|Place|Gardens|Parkway|Highway)\b)"
)
_POSTCODE = r"(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|\d{5}(?:-\d{4})?|\d{5}-?\d{5})\b"
_ENGLISH_ADDRESS = re.compile(
    rf"(?<!\w)(?:"
    rf"(?:{_PART}, ?){{0,3}}(?:"
    rf"\d{{1,5}}[A-Za-z]?,? (?!(?:Google|One|Hard|Flash|USB) Drive)(?:{_CAPITALISED} ){{1,3}}{_ROAD}"
    r"|\d{1,5}[A-Za-z]?,? (?:(?!(?:the|a|an|of|on|in|to|per|my|our|your|this|that|lane)\b)[a-z'’-]{2,30} ){1,2}"
    r"(?:street|road|avenue|boulevard)\b"
    rf"|(?<=, )(?:{_CAPITALISED} ){{1,3}}{_ROAD}"
    rf"|(?:{_CAPITALISED} ){{1,3}}{_ROAD},? {_PART}"
    r")"
    rf"(?:,? {_PART}){{0,3}}(?:(?:,? {_CAPITALISED}){{0,4}},? {_POSTCODE})?"
    r"|P\.? ?O\.? ?Box \d{1,10}"
    r")"
)
# "سارای عزیز": what joins a name that ends in such a letter to the next word.
_JOINING = "(?:(?<=[او])[یيى])?"
_SAME_LETTERS = {"ی": "[یيى]", "ي": "[یيى]", "ک": "[کك]", "ك": "[کك]", "ا": "[اأإآ]", "آ": "[اآ]", "ه": "[هةۀ]"}


def without_personal(text: str, *, known: Iterable[str], placeholders: Mapping[Personal, str]) -> str:
    """The text with placeholders for whatever tells who it is about.

    `known` are the names and addresses of the people in it; numbers, addresses and links with tokens are found by
    what they look like.
    """
    text = _UNSEEN.sub("", text)
    names = _names(known)
    parts: list[str] = []
    end = 0
    for link in _LINK.finditer(text):
        parts.append(_words_without(text[end : link.start()], names, placeholders))
        tells = _TOKEN.search(_path_of(link[0])) or (names and names.search(link[0]))
        parts.append(placeholders[Personal.link] if tells else link[0])
        end = link.end()
    return "".join([*parts, _words_without(text[end:], names, placeholders)])


def _path_of(link: str) -> str:
    """A link without its scheme, and without what ends the sentence."""
    return link.partition("://")[2] or link


def _words_without(text: str, names: re.Pattern[str] | None, placeholders: Mapping[Personal, str]) -> str:
    text = _EMAIL.sub(lambda _: placeholders[Personal.email], text)
    text = _HANDLE.sub(lambda _: placeholders[Personal.name], text)
    text = _without_addresses(text, placeholders[Personal.address])
    text = _IBAN.sub(lambda _: placeholders[Personal.iban], text)
    text = _CODE.sub(lambda _: placeholders[Personal.number], text)
    text = _DIGITS.sub(lambda found: _number_without(found, placeholders), text)
    # Last, since a name may be part of an address.
    return names.sub(lambda _: placeholders[Personal.name], text) if names else text


def _without_addresses(text: str, placeholder: str) -> str:
    """The text without postal addresses; one in Persian goes on to the end of its sentence or line."""
    text = _ENGLISH_ADDRESS.sub(placeholder, text)
    parts: list[str] = []
    end = 0
    for sentence in _SENTENCE.finditer(same_letters(text)):
        cues = list(_CUE.finditer(sentence[0]))
        if _is_address(cues):
            parts += [text[end : sentence.start() + cues[0].start()], placeholder]
            end = sentence.start() + len(sentence[0].rstrip())
    return "".join([*parts, text[end:]])


def _is_address(cues: Sequence[re.Match[str]]) -> bool:
    """Whether a sentence with these words has an address: one with a number of its own, or several that go together."""
    streets = [one for one in cues if one["street"]]
    numbered = [one for one in cues if one["number"] is not None]
    return any(one["street"] or one["plate"] for one in numbered) or (
        len(cues) > 1 and (bool(streets) or len(numbered) > 1)
    )


def _number_without(found: re.Match[str], placeholders: Mapping[Personal, str]) -> str:
    written = found[0]
    digits = "".join(str(int(one)) for one in written if one.isdecimal())
    fewest = FEWEST_DIGITS if written.isdecimal() else FEWEST_SPACED_DIGITS
    if len(digits) < fewest or _HOURS.fullmatch(written) or _is_money(found, digits):
        return written
    return placeholders[_kind_of(digits, international=written.startswith("+"))]


def _is_money(found: re.Match[str], digits: str) -> bool:
    if len(digits) > MOST_DIGITS_OF_MONEY or digits.startswith("0"):
        return False
    # A mobile's number without its 0 may stand before the word for money, and no price needs to be kept at that risk.
    has_unit = found[0].isdecimal() and not _MOBILE.fullmatch(digits) and _MONEY.match(found.string, found.end())
    return bool(has_unit or _THOUSANDS.fullmatch(found[0]))


def _kind_of(digits: str, *, international: bool) -> Personal:
    if len(digits) == 24:
        return Personal.iban
    if len(digits) == 16:
        return Personal.card
    # A national id has ten digits, and the first may be 0.
    is_iranian = re.fullmatch(r"0[1-9]\d{9}|9\d{9}|98\d{10}", digits)
    is_foreign = len(digits) <= 15 and (international or (digits.startswith("00") and len(digits) > 10))
    return Personal.phone if is_iranian or is_foreign else Personal.number


def _names(known: Iterable[str]) -> re.Pattern[str] | None:
    """Finds whole names before their parts, however their letters are joined or typed; none for no names."""
    wholes = {" ".join(_UNSEEN.sub("", one).split()) for one in known}
    parts = {part for whole in wholes for part in re.split(r"[\s\u200c]+", whole) if len("".join(_words_of(part))) > 2}
    all_names = sorted({one for one in wholes | parts if len("".join(_words_of(one))) > 1}, key=len, reverse=True)
    if not all_names:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_spelled, all_names))}){_JOINING}(?!\w)", re.IGNORECASE)


def _words_of(name: str) -> list[str]:
    """A name's words, without what only joins letters or parts words; none where there is nothing else."""
    return [word for word in re.split(r"[\s\u200c_.\-]+", name.replace("\u0640", "")) if word]


def _spelled(name: str) -> str:
    """A pattern for a name as it may be typed.

    What may stand between its letters or words is none of them, and is never given back: people choose their names,
    and one of gaps alone would else be tried in more ways than anybody can wait for.
    """
    words = (r"[\u0640\u200c]*+".join(map(_typed, word)) for word in _words_of(name))
    return r"[\s\u200c\u0640_.\-]*+".join(words)


def _typed(letter: str) -> str:
    """A pattern for a letter, from whichever keyboard."""
    return _SAME_LETTERS.get(letter, re.escape(letter))
