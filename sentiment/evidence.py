"""What in a text itself speaks of a feeling: without any of it, a model that hears one may well be mistaken."""

from __future__ import annotations

from functools import lru_cache

from sentiment.features import features_of

_FEELINGS = (
    *("exclamations", "repeated_question_marks", "elongations", "capitals", "emoji_negative", "emoji_angry"),
    *("negative", "negated_positive", "wry"),
    *("anger", "abuse", "churn_threat", "legal_threat", "vulnerable", "misunderstood"),
)


@lru_cache(maxsize=1024)
def shows_ill_feeling(text: str) -> bool:
    """Whether a word of the lexicon, an emoji or the punctuation speaks of displeasure, anger, a threat or distress."""
    features = features_of(text)
    return any(getattr(features, name) > 0 for name in _FEELINGS)


@lru_cache(maxsize=1024)
def speaks_of_distress(text: str) -> bool:
    """Whether a word of the lexicon speaks of illness, loss or hardship."""
    return features_of(text).vulnerable > 0
