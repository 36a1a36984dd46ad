"""Hears a rating from 1 to 5 in a text. Standard library only."""

from __future__ import annotations

import re
from typing import Final

from language.normalise import same_letters

# "4 out of 5": the five is the scale, not the rating.
_OUT_OF_FIVE: Final = re.compile(r"(?:\bout of|\baz|از|/)\s*5(?!\d)", re.IGNORECASE)
# "5 stars? Not at all", «۵ ستاره نبود»: but not "1, as you did not help", which says why.
_DENIED: Final = re.compile(
    r"[1-5](?!\d)(?:\s+(?!چون|چرا|زیرا|که|ولی|because|since|as|but)[^\s.،,؛;!?؟\d]+){0,3}\s*[?؟]?[\s،,]*"
    r"(?:(?<!\w)(?:نبود\w*|نیست\w*|نمی[\u200c ]?(?:د|ده)م|نه|اصلاً? نه|ابداً?|nabud|nist|nemidam)(?!\w)"
    r"|\b(?:not at all|no way|not really|hardly|isn'?t|wasn'?t|it (?:is|was) not|nope|never|as if|yeah,? right)\b)"
    r"|\b(?:not|never|won'?t give(?: you)?|don'?t give(?: you)?|no)\s+(?:a\s+|even\s+)?[1-5](?!\d)"
    r"|(?<!\w)نه\s+[1-5](?!\d)",
    re.IGNORECASE,
)
_SAYS_SO: Final = re.compile(
    r"امتیاز|نمره|ستاره|رای\S?(?!\w)|\bstars?\b|\brat(?:e|ing)\b|\bemtiaz|\bnomre|\bi give (?:you|it|this)\b"
    # «۱ میدم بهتون», "1, you were awful", "2/5"
    r"|(?<!\w)[1-5]\s+(?:بهتون |بهت )?می[\u200c ]?(?:د|ده)(?:م|یم)(?!\w)|^\W*[1-5]\s*(?:$|[.،,؛;:!–—-]|/5|از 5|out of)",
    re.IGNORECASE,
)

# "I give you a 2 out of 5", «امتیاز من به شما ۲ ستاره است»: nothing but the rating.
_ONLY_RATES: Final = re.compile(
    r"(?:i(?:'d|'ll)?|my|you|it|this|is|an?|the|just|only|would|give|gave|rate|rating|score|stars?|out|of|from|to|for"
    r"|(?:امتیاز|نمره|ستاره|رای)\S*|(?:می\s?|ب)?(?:د|ده)(?:م|یم)|من|ما|به|بهتون|بهت|شما|از|است|هست|فقط|یک|رو|را"
    r"|(?:emtiaz|nomre|setare|ra+y)\w*|mi(?:da|de)m|bed[ae]m|man|be|behet(?:un|oon)?|shoma|az|faghat|ast|hast|\d+)",
    re.IGNORECASE,
)

# Whoever gives so little or less was not content.
LOW_RATING: Final = 2


def find_rating(text: str) -> int | None:
    """The one number from 1 to 5 in a text; nothing if there is none, several different ones, or one that is denied."""
    folded = _OUT_OF_FIVE.sub(" ", same_letters(text))
    if _DENIED.search(folded):
        return None
    # A number of more than nine digits falls apart into several, none of them a rating.
    numbers = {int(number) for number in re.findall(r"\d{1,9}", folded)}
    return next((number for number in numbers if 1 <= number <= 5), None) if len(numbers) == 1 else None


def words_beside_rating(text: str) -> int:
    """How many words of a text are about something else than which rating it gives."""
    words = re.findall(r"[^\W_]+(?:['’\u200c][^\W_]+)*", same_letters(text))
    return sum(1 for word in words if not _ONLY_RATES.fullmatch(word.replace("\u200c", "").replace("’", "'")))


def rating_in_words(text: str) -> int | None:
    """The rating of a text that says that it is one, whatever else it says: "1, you were awful", «۲ ستاره»."""
    return find_rating(text) if _SAYS_SO.search(same_letters(text)) else None
