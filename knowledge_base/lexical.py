"""BM25 over words and character 4-grams of normalised text, changed one document at a time.

Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond". Character n-grams forgive
endings, joined or parted words and typing errors (McNamee and Mayfield 2004). The package bm25s must be rebuilt at
every change, and an edit must be searchable at once, so this keeps its own postings: per term the documents and its
counts.
"""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import log1p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from language.vocabulary import consonants_of, is_persian_word

K1 = 1.2
B = 0.75
GRAM = 4
WORD = re.compile(r"\w+")
# A question this long is no question; its head says enough and the search stays quick.
MAX_QUERY_TERMS = 256
# Removed documents leave holes; the postings are written anew when this share of them is holes.
MAX_HOLES = 0.3
UINT16_MAX = 65535

Floats = NDArray[np.float32]
Arrays = Mapping[str, NDArray[Any]]


def terms(normalised: str) -> Iterator[str]:
    """The words, and the 4-grams of each word between boundary marks."""
    for word in WORD.findall(normalised):
        yield word
        bounded = f"_{word}_"
        if len(bounded) > GRAM:
            yield from (f"~{bounded[start : start + GRAM]}" for start in range(len(bounded) - GRAM + 1))


@dataclass(frozen=True)
class LexicalScores:
    """What one question scored in every document; look-ups are by document id, unknown ids score 0."""

    ids: NDArray[np.int64]
    scores: Floats
    slots: dict[int, int]
    # The score of a document that holds every term of the question many times over.
    ceiling: float
    mean: float
    deviation: float

    def of(self, document_ids: Iterable[int]) -> Floats:
        """The BM25 scores."""
        slots = np.array([self.slots.get(one, -1) for one in document_ids], np.int64)
        found = np.zeros(len(slots), np.float32)
        found[slots >= 0] = self.scores[slots[slots >= 0]]
        return found

    def standardised(self, document_ids: Iterable[int]) -> Floats:
        """How many standard deviations above the average document."""
        above = self.of(document_ids) - self.mean
        return above / self.deviation if self.deviation else np.zeros_like(above)

    def coverage(self, document_ids: Iterable[int]) -> Floats:
        """The share, from 0 to 1, of what could have matched."""
        return self.of(document_ids) / max(self.ceiling, 1e-9)

    def top(self, count: int) -> list[int]:
        """The ids of the best documents that match at all, best first."""
        if not len(self.scores):
            return []
        count = min(count, len(self.scores))
        best = np.argpartition(-self.scores, count - 1)[:count]
        best = best[np.argsort(-self.scores[best], kind="stable")]
        return [int(self.ids[slot]) for slot in best if self.scores[slot] > 0]


class _Postings:
    """The documents that hold one term, by slot, and its count in each."""

    __slots__ = ("counts", "slots")

    def __init__(self) -> None:
        self.slots = array("I")
        self.counts = array("H")


class LexicalIndex:
    """Documents by id; `add` replaces, `remove` forgets, both at once visible to `score`."""

    def __init__(self) -> None:
        self._postings: dict[str, _Postings] = {}
        self._slots: dict[int, int] = {}
        # By slot; a hole has id -1 and length 0.
        self._ids = array("q")
        self._lengths = array("f")
        self._total_length = 0.0
        # The Persian words among the terms by their consonants.
        self._sounding: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def add(self, document_id: int, normalised: str) -> None:
        """Index a text, in place of what the id had before."""
        self.remove(document_id)
        slot = len(self._ids)
        counts = Counter(terms(normalised))
        for term, count in counts.items():
            postings = self._postings.get(term) or self._new_term(term)
            postings.slots.append(slot)
            postings.counts.append(min(count, UINT16_MAX))
        length = float(counts.total())
        self._ids.append(document_id)
        self._lengths.append(length)
        self._slots[document_id] = slot
        self._total_length += length

    def remove(self, document_id: int) -> None:
        """Forget a document; an unknown id is no error."""
        slot = self._slots.pop(document_id, None)
        if slot is None:
            return
        self._total_length -= self._lengths[slot]
        self._ids[slot], self._lengths[slot] = -1, 0.0
        if len(self._ids) - len(self._slots) > MAX_HOLES * len(self._ids):
            self._compact()

    def score(self, query_terms: Iterable[str]) -> LexicalScores:
        """Score every document against the terms of a question."""
        lengths = np.frombuffer(self._lengths, np.float32) if self._lengths else np.zeros(0, np.float32)
        average = self._total_length / max(1, len(self._slots))
        saturation = K1 * (1 - B + B * lengths / max(average, 1.0))
        asked = [self._postings.get(term) for term in list(dict.fromkeys(query_terms))[:MAX_QUERY_TERMS]]
        held = np.array([len(postings.slots) if postings else 0 for postings in asked], np.int64)
        weights = (K1 + 1) * np.log1p((np.maximum(0, len(self._slots) - held) + 0.5) / (held + 0.5))
        found = [postings for postings in asked if postings]
        # All terms' postings at once: a question has some forty, most of them short.
        slots = np.frombuffer(b"".join(postings.slots for postings in found), np.uint32)
        counts = np.frombuffer(b"".join(postings.counts for postings in found), np.uint16).astype(np.float32)
        worth = np.repeat(weights, held) * counts / (counts + saturation[slots])
        scores = np.bincount(slots, worth, minlength=len(lengths)).astype(np.float32)
        ceiling = float(weights.sum())
        return self._summary(scores, ceiling)

    def sounding(self, consonants: str) -> Iterator[tuple[str, int]]:
        """The Persian words with these consonants, and how many documents hold or held each (as `Words` asks for)."""
        for word in tuple(self._sounding.get(consonants, ())):
            if postings := self._postings.get(word):
                yield word, len(postings.slots)

    def count(self, word: str) -> int:
        """How many documents hold or held a word."""
        postings = self._postings.get(word)
        return len(postings.slots) if postings else 0

    def weight(self, term: str) -> float:
        """What a term says of a document that holds it: more, the fewer documents hold or held it."""
        held = self.count(term)
        return log1p((max(0, len(self) - held) + 0.5) / (held + 0.5))

    def _new_term(self, term: str) -> _Postings:
        if is_persian_word(term):
            self._sounding.setdefault(consonants_of(term), []).append(term)
        return self._postings.setdefault(term, _Postings())

    def _forget_term(self, term: str) -> None:
        del self._postings[term]
        if is_persian_word(term):
            alike = self._sounding[consonants_of(term)]
            alike.remove(term)
            if not alike:
                del self._sounding[consonants_of(term)]

    def state(self) -> Arrays:
        """Everything, as arrays that `restore` takes."""
        postings = self._postings.values()
        return {
            # Terms are words, in which there is no line break.
            "terms": np.frombuffer("\n".join(self._postings).encode("utf-8", "surrogatepass"), np.uint8),
            "held": np.fromiter((len(one.slots) for one in postings), np.int64, len(postings)),
            "slots": np.frombuffer(b"".join(one.slots.tobytes() for one in postings), np.uint32),
            "counts": np.frombuffer(b"".join(one.counts.tobytes() for one in postings), np.uint16),
            "ids": np.array(self._ids, np.int64),
            "lengths": np.array(self._lengths, np.float32),
        }

    def restore(self, arrays: Arrays) -> None:
        """Be as the index was that these arrays were taken of."""
        held_terms = arrays["terms"].tobytes().decode("utf-8", "surrogatepass")
        slots, counts = memoryview(arrays["slots"].tobytes()), memoryview(arrays["counts"].tobytes())
        self._postings, self._sounding, start = {}, {}, 0
        for term, held in zip(held_terms.split("\n") if held_terms else (), arrays["held"].tolist(), strict=True):
            postings = self._new_term(term)
            postings.slots.frombytes(slots[4 * start : 4 * (start + held)])
            postings.counts.frombytes(counts[2 * start : 2 * (start + held)])
            start += held
        self._ids = array("q", arrays["ids"].tobytes())
        self._lengths = array("f", arrays["lengths"].tobytes())
        self._slots = {one: slot for slot, one in enumerate(self._ids) if one >= 0}
        self._total_length = float(arrays["lengths"].sum(dtype=np.float64))

    def _summary(self, scores: Floats, ceiling: float) -> LexicalScores:
        ids = np.array(self._ids, np.int64)
        scores[ids < 0] = 0.0
        count = max(1, len(self._slots))
        mean = float(scores.sum(dtype=np.float64)) / count
        variance = float(np.square(scores, dtype=np.float64).sum()) / count - mean * mean
        return LexicalScores(ids, scores, self._slots, ceiling, mean, max(variance, 0.0) ** 0.5)

    def _compact(self) -> None:
        """Write the postings without holes."""
        ids = np.array(self._ids, np.int64)
        kept = ids >= 0
        moved = (np.cumsum(kept) - 1).astype(np.uint32)
        for term, postings in list(self._postings.items()):
            slots = np.frombuffer(postings.slots, np.uint32)
            alive = kept[slots]
            if not alive.any():
                self._forget_term(term)
                continue
            compacted = _Postings()
            compacted.slots.frombytes(moved[slots[alive]].tobytes())
            compacted.counts.frombytes(np.frombuffer(postings.counts, np.uint16)[alive].tobytes())
            self._postings[term] = compacted
        self._lengths = array("f", np.frombuffer(self._lengths, np.float32)[kept].tobytes())
        self._ids = array("q", ids[kept].tobytes())
        self._slots = {document_id: slot for slot, document_id in enumerate(self._ids)}
