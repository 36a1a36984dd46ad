"""How editors find articles by words in their list: by what people would call the same, not by the same letters."""

from collections.abc import Sequence

from knowledge_base.question import matching_form
from language.finglish import to_persian
from language.normalise import joined_form, normalise


def findable(slug: str, title: str, summary: str, body: str, questions: Sequence[str]) -> str:
    """All words of an article as `wordings` looks for them; Persian in Latin letters also in its own."""
    texts = [slug, title, summary, body, *questions]
    in_persian = [matching_form(text) for text in (title, *questions)]
    return " ".join(dict.fromkeys(joined_form(text) for text in (*texts, *in_persian)))


def wordings(words: str) -> list[list[str]]:
    """The ways in which these words may be written, each as the parts that must all be there; none for no words.

    The parts of a word with half-spaces are there where it is written as one word, and where it is several.
    """
    ways = [normalise(way).split() for way in (words, to_persian(words))]
    return [way for place, way in enumerate(ways) if way and way not in ways[:place]]
