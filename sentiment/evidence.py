"""What in a text itself speaks of a feeling: without any of it, a model that hears one may well be mistaken."""

from __future__ import annotations

import re
from functools import lru_cache

from language.normalise import normalise
from sentiment.features import features_of

_FEELINGS = (
    *("exclamations", "repeated_question_marks", "elongations", "capitals", "emoji_negative", "emoji_angry"),
    *("negative", "negated_positive", "wry"),
    *("anger", "abuse", "churn_threat", "legal_threat", "vulnerable", "misunderstood"),
)
# "Sorry, I was angry", «ببخشید تند حرف زدم»: the anger is over; what goes on with "but" is none of these.
_TAKING_BACK = re.compile(
    r"(?:ببخشید|معذرت|شرمنده|عذر|bebakhshid|sharmande)\b(?!.*\b(?:ولی|اما|vali)\b).{0,30}"
    r"(?:عصبانی|عصبی|تند|از کوره|داد|صدام|لحنم|بد|asabani|tond)\b.{0,15}"
    r"(?:بودم|شدم|شده بودم|در ?رفتم|رفت|زدم|کردم|نوشتم|گفتم|budam|shodam|raftam|neveshtam)\b"
    r"|\b(?:sorry|apologi[sz]e|apologies|my bad|forgive me)\b(?!.*\bbut\b).{0,20}"
    r"(?:\bi (?:was|got) (?:\w+ ){0,2}(?:angry|upset|rude|harsh|mad)"
    r"|\bi (?:snapped|shouted|yelled|lost (?:it|my temper))"
    r"|\b(?:for|about) (?:my |the )?(?:shouting|yelling|snapping|swearing|tone|language|temper|outburst|being \w+))"
)
_LONGEST_APOLOGY = 15


@lru_cache(maxsize=1024)
def shows_ill_feeling(text: str) -> bool:
    """Whether a word of the lexicon, an emoji or the punctuation speaks of displeasure, anger, a threat or distress."""
    features = features_of(text)
    return any(getattr(features, name) > 0 for name in _FEELINGS)


@lru_cache(maxsize=1024)
def takes_anger_back(text: str) -> bool:
    """Whether somebody says sorry for their anger, and no more."""
    return len(text.split()) <= _LONGEST_APOLOGY and bool(_TAKING_BACK.search(normalise(text)))


@lru_cache(maxsize=1024)
def speaks_of_distress(text: str) -> bool:
    """Whether a word of the lexicon speaks of illness, loss or hardship."""
    return features_of(text).vulnerable > 0


@lru_cache(maxsize=1024)
def threatens_with_law(text: str) -> bool:
    """Whether a word of the lexicon speaks of a court, an authority or a lawyer of one's own."""
    return features_of(text).legal_threat > 0
