"""A question as search reads it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from language.detection import Language, detect
from language.finglish import to_persian
from language.normalise import normalise

# Nobody asks a longer question; the head of a longer text says what it is about.
MAX_CHARACTERS = 2_000


@dataclass(frozen=True)
class Question:
    """What was asked: its matching form, its vector and the language to answer in (fa or en)."""

    matching: str
    vector: NDArray[np.float32]
    language: str
    # Two questions in one, which no editor wrote down so.
    joined: bool = False


def matching_form(text: str) -> str:
    """Normalised, and in Persian letters where it was Persian in Latin ones."""
    return normalise(to_persian(text) if detect(text).language is Language.finglish else text)


def answer_language(text: str, *, preferred: str) -> str:
    """The language of a text where it is plain, else the preferred one; Finglish is answered in Persian."""
    found = detect(text).language
    if found is Language.finglish:
        return Language.fa.value
    return found.value if found in (Language.fa, Language.en) else preferred
