"""A question as search reads it."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from language.courtesies import is_courtesy
from language.detection import Language, detect
from language.finglish import to_persian
from language.normalise import normalise
from language.spelling import corrected
from language.vocabulary import Words

# Nobody asks a longer question; the head of a longer text says what it is about.
MAX_CHARACTERS = 2_000
# A letter by itself names nothing.
_WORD_OR_NUMBER = re.compile(r"\w{2,}")


@dataclass(frozen=True)
class Question:
    """What was asked: its matching form, its vector and the language to answer in (fa or en)."""

    matching: str
    vector: NDArray[np.float32]
    language: str
    # The matching form where it was read by the articles' own words; none where that makes no difference.
    read: str | None = None
    # The second by itself, where this is two questions in one.
    last: "Question | None" = None

    @property
    def joined(self) -> bool:
        """Whether it is two questions in one, which no editor wrote down so."""
        return self.last is not None

    @property
    def wording(self) -> str:
        """What articles' words are looked for in."""
        return self.matching if self.read is None else self.read

    @property
    def names_nothing(self) -> bool:
        """Whether there is nothing in it to look for: a greeting, thanks, or no word at all."""
        return not _WORD_OR_NUMBER.search(self.wording) or is_courtesy(self.wording)


def matching_form(text: str, own: Words | None = None) -> str:
    """Normalised, and in Persian letters where it was Persian in Latin ones; by one's own words also without slips."""
    if detect(text).language is Language.finglish:
        return normalise(to_persian(text, own))
    return normalise(corrected(text, own) if own else text)


def phrasing_of(matching: str) -> str:
    """A matching form as it is compared word for word: a question is the same without its mark."""
    return matching.strip(" ?!.…")


def as_question(text: str, vector: NDArray[np.float32], language: str, *, own: Words) -> Question:
    """A question of articles that have these words; the matching form is an editor's, whatever the words."""
    matching, read = matching_form(text), matching_form(text, own)
    return Question(matching, vector, language, read=read if read != matching else None)


def answer_language(text: str, *, preferred: str) -> str:
    """The language of a text where it is plain, else the preferred one; Finglish is answered in Persian."""
    found = detect(text).language
    if found is Language.finglish:
        return Language.fa.value
    return found.value if found in (Language.fa, Language.en) else preferred
