"""Random keys: letters of which nobody knows a word say nothing of a mood, whatever the encoder makes of them."""

from __future__ import annotations

import re

from language.detection import detect
from language.finglish import is_known
from language.normalise import normalise
from language.reading import text_for_encoder
from language.spelling import knows_a_word
from language.vocabulary import Words
from sentiment.features import features_of

# Shorter ones are abbreviations ("wtf") and what masked insults leave ("sh*t"): these are for the model.
_LETTERS = re.compile(r"[^\W\d_]{4,}")
_LATIN_WORD = re.compile(r"[a-z']{2,}")
# What the lexicon holds of feelings; the other features are of punctuation and length, which random keys have too.
_FEELINGS = (
    *("emoji_positive", "emoji_negative", "emoji_angry"),
    *("positive", "negative", "negated_positive", "negated_negative"),
    *("thanks", "anger", "abuse", "churn_threat", "legal_threat", "vulnerable", "misunderstood"),
)


def is_nonsense(text: str, own: Words | None = None) -> bool:
    """Whether a text has letters, but no word that is known as typed or as Finglish, and no feeling. Takes any str.

    Of the 8,700 messages in our data and tests, four that are not neutral were taken for nonsense without own words. Of
    240 strings of random keys 220 are found; the model alone had called 130 of the 240 upset, insulting or glad.
    """
    typed = normalise(text)
    if not _LETTERS.search(typed) or knows_a_word(typed, own):
        return False
    if any(map(is_known, _LATIN_WORD.findall(typed))):
        return False
    if knows_a_word(normalise(text_for_encoder(text, detect(text).language, own)), own):
        return False
    features = features_of(text)
    return not any(getattr(features, feeling) for feeling in _FEELINGS)
