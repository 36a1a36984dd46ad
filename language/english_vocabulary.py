"""English words of support talk, by which a text in Latin letters is told from Finglish.

    python -m language.english_vocabulary        # count the words of our English texts anew

The texts are those of the training businesses and of the general passages and, from `sentiment/data`, what people
write and post; what is kept apart for measuring stays unseen.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from language.general_passages import read_passages
from language.latin_words import ENGLISH_VOCABULARY_FILE, is_listed
from language.moods import MOODS_FOLDER
from language.normalise import normalise
from language.support_questions import KEPT_APART, read_groups

# A word seen once is as often a slip of the pen as a word.
FEWEST = 2
# So many times as frequent in English texts as in Finglish ones, which are full of English words, is English.
TIMES_AS_FREQUENT = 5
# A Persian word's spelling says nothing where English has it not much more seldom ("pain", «پایین»).
FEWEST_OF_BOTH = 3
TIMES_AS_SELDOM = 3
# Shorter ones are for the list by hand: "OTP" and "POS" are everybody's.
_LATIN = re.compile(r"[a-z]{4,}(?:'[a-z]+)?")
_PERSIAN_LETTER = re.compile("[آ-ی]")


def count(texts: Iterable[str]) -> Counter[str]:
    """How often each word in Latin letters occurs, in lower case."""
    return Counter(word for text in texts for word in _LATIN.findall(normalise(text)))


def english_among(english: Counter[str], finglish: Counter[str]) -> list[str]:
    """The words of English texts that are English, or English as well as Persian, sorted."""
    all_english, all_finglish = english.total(), max(finglish.total(), 1)

    def is_english(word: str) -> bool:
        in_english, in_finglish = english[word] / all_english, finglish[word] / all_finglish
        if english[word] >= FEWEST and in_english >= TIMES_AS_FREQUENT * in_finglish:
            return True
        return is_listed(word) and english[word] >= FEWEST_OF_BOTH and in_english * TIMES_AS_SELDOM >= in_finglish

    return sorted(filter(is_english, english))


def main() -> int:
    """Write the words, one a line."""
    groups = [group for group in read_groups() if group.business not in KEPT_APART]
    english = [text for group in groups for text in group.in_english()]
    english += [text for one in read_passages() for text in (one.passage, *one.questions) if not _is_persian(text)]
    finglish = [group.finglish for group in groups]
    words = english_among(count([*english, *_posted("en")]), count([*finglish, *_posted("finglish")]))
    ENGLISH_VOCABULARY_FILE.write_text("\n".join(words) + "\n", encoding="utf-8")
    print(f"{len(words)} words are in {ENGLISH_VOCABULARY_FILE}")
    return 0


def _is_persian(text: str) -> bool:
    return bool(_PERSIAN_LETTER.search(text))


def _posted(language: str) -> Iterator[str]:
    """The texts of the moods in a language: the last column of its tables, below a header."""
    for file in sorted(Path(MOODS_FOLDER).glob(f"*_{language}.tsv")):
        yield from (line.rsplit("\t", 1)[-1] for line in file.read_text(encoding="utf-8").splitlines()[1:])


if __name__ == "__main__":
    sys.exit(main())
