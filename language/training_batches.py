"""What the encoder is shown at each step of its training: some matters, each in several ways of asking."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from language.detection import detect
from language.encoder import Kind, readable
from language.finglish import to_persian
from language.general_passages import GeneralPassage
from language.reading import text_for_encoder
from language.support_questions import Group


@dataclass(frozen=True)
class View:
    """One text of a matter, as the encoder reads it."""

    matter: str
    text: str
    kind: Kind


class Batches:
    """Draws batches in which matters that look alike stand together; the same seed and step give the same batch."""

    def __init__(
        self, groups: Sequence[Group], passages: Sequence[GeneralPassage], *, matters: int, general: int, seed: int
    ) -> None:
        self._passages = passages
        self._general = general
        self._groups = {group.id: group for group in groups}
        self._by_business: Mapping[str, list[Group]] = defaultdict(list)
        for group in groups:
            self._by_business[group.business].append(group)
        self._matters = matters
        self._seed = seed

    def at(self, step: int) -> list[View]:
        """The support questions of a step: three views of each matter, three quarters of them of one business."""
        chance = random.Random(f"{self._seed}:{step}")
        one, another = chance.sample(sorted(self._by_business), 2)
        few = self._matters // 4
        chosen = [
            *self._with_neighbours(one, self._matters - few, chance),
            *self._with_neighbours(another, few, chance),
        ]
        return [view for group in chosen for view in _views(group, chance)]

    def general_at(self, step: int) -> list[tuple[View, View]]:
        """The general passages of a step, each with one of its questions: as shown, and as written.

        Each stands beside the next one of the file, which is mostly on the same subject.
        """
        chance = random.Random(f"{self._seed}:general:{step}")
        firsts = chance.sample(range(len(self._passages)), self._general // 2)
        places = dict.fromkeys(place for one in firsts for place in (one, (one + 1) % len(self._passages)))
        return [pair for place in places for pair in _passage_views(self._passages[place], chance)]

    def every_general_view(self) -> list[View]:
        """All that `general_at` can give."""
        return [view for one in self._passages for view in _all_passage_views(one)]

    def every_english_view(self) -> list[View]:
        """The English questions of all matters as they are written."""
        return [_question(group, text) for group in self._groups.values() for text in group.in_english()]

    def _with_neighbours(self, business: str, count: int, chance: random.Random) -> list[Group]:
        groups = self._by_business[business]
        chosen: dict[str, Group] = {}
        for group in chance.sample(groups, len(groups)):
            known = [one for one in group.near if one in self._groups]
            for one in (group.id, *chance.sample(known, min(1, len(known)))):
                chosen.setdefault(one, self._groups[one])
            if len(chosen) >= count:
                break
        return list(chosen.values())[:count]


def _views(group: Group, chance: random.Random) -> Iterator[View]:
    """What an article would hold, an informal question, and one of another kind or in other words."""
    one, another = chance.sample(group.informal, 2)
    yield _draw(_WRITTEN, group, chance)
    in_english = bool(group.english_informal) and chance.random() < _ASKED_IN_ENGLISH
    yield _english(group, chance) if in_english else _question(group, _as_typed(one, chance))
    yield _draw(_ELSEWHERE, group, chance, spare=another)


def _passage_views(one: GeneralPassage, chance: random.Random) -> list[tuple[View, View]]:
    passage, *asked = _all_passage_views(one)
    question = chance.choice(asked)
    typed = replace(question, text=_with_slip(question.text, chance)) if chance.random() < _SLIPS else question
    return [(passage, passage), (typed, question)]


def _all_passage_views(one: GeneralPassage) -> list[View]:
    asked = [View(one.id, readable(text, "query"), "query") for text in one.questions]
    return [View(one.id, readable(one.passage, "passage"), "passage"), *asked]


def _draw(
    choices: Sequence[tuple[float, Callable[..., View]]], group: Group, chance: random.Random, **more: str
) -> View:
    weights, makers = zip(*choices, strict=True)
    view: View = chance.choices(makers, weights)[0](group, chance, **more)
    return view


def _question(group: Group, text: str) -> View:
    return View(group.id, readable(text, "query"), "query")


def _passage(group: Group, text: str) -> View:
    return View(group.id, readable(text, "passage"), "passage")


def _english(group: Group, chance: random.Random, **_: str) -> View:
    return _question(group, chance.choice(group.in_english()))


def _finglish(group: Group, chance: random.Random, **_: str) -> View:
    """Mostly as it is served; a detector's mistake must not be the end of it."""
    text = group.finglish
    as_served = text_for_encoder(text, detect(text).language)
    return _question(group, chance.choices((as_served, to_persian(text), text), (0.6, 0.2, 0.2))[0])


_WRITTEN: list[tuple[float, Callable[..., View]]] = [
    (0.35, lambda group, _: _passage(group, group.formal)),
    (0.15, lambda group, _: _question(group, group.formal)),
    (0.2, lambda group, _: _passage(group, group.answer)),
    (0.15, lambda group, _: _passage(group, f"{group.formal}\n{group.answer}")),
    (0.15, lambda group, _: _passage(group, group.english)),
]
_ELSEWHERE: list[tuple[float, Callable[..., View]]] = [
    (0.25, _finglish),
    (0.3, _english),
    (0.45, lambda group, chance, spare: _question(group, _as_typed(spare, chance))),
]

_PREFIX = re.compile(r"\b(ن?می)[ \u200c](?=\w)")
_SUFFIX = re.compile(r"(?<=\w)[ \u200c](?=(?:ها|های|هام|هاتون|هایی|ام|ای|اش)\b)")


# How often a matter with several English questions has one of them where an informal Persian one would stand.
_ASKED_IN_ENGLISH = 0.25
# How often a slip of the finger is made; it must not move the question's vector.
_SLIPS = 0.2
# How often a word of an informal question is left out: what is asked should not hang on one.
_WORD_LEFT_OUT = 0.25
# What people write around a question; nor must that.
_OPENINGS = (
    "سلام",
    "سلام خسته نباشید",
    "سلام وقت بخیر",
    "سلام روزتون بخیر",
    "ببخشید یه سوال داشتم",
    "سلام ببخشید",
    "درود",
    "سلام عزیز",
    "آقا",
    "یه سوال",
    "سلام شرمنده مزاحم میشم",
    "الو سلام",
)
_CLOSINGS = (
    "ممنون",
    "مرسی",
    "لطفا راهنمایی کنید",
    "میشه راهنمایی کنین؟",
    "ممنون میشم جواب بدین",
    "تشکر",
    "🙏",
    "؟؟",
    "مرسی از پاسخگوییتون",
)


def _as_typed(text: str, chance: random.Random) -> str:
    """Now and then with a word or the half-spaces left out, a greeting or thanks added, or one letter out of place."""
    if chance.random() < _WORD_LEFT_OUT:
        text = _without_a_word(text, chance)
    if chance.random() < 0.12:
        text = f"{chance.choice(_OPENINGS)}{chance.choice((' ', '، ', '. '))}{text}"
    if chance.random() < 0.06:
        text = f"{text} {chance.choice(_CLOSINGS)}"
    if chance.random() < 0.3:
        text = _SUFFIX.sub("", _PREFIX.sub(r"\1", text))
    return _with_slip(text, chance) if chance.random() < _SLIPS else text


def _without_a_word(text: str, chance: random.Random) -> str:
    """One word left out; four at least must stay."""
    words = text.split()
    if len(words) > 4:
        del words[chance.randrange(len(words))]
    return " ".join(words)


def _with_slip(text: str, chance: random.Random) -> str:
    """Two letters changed over, one left out or one typed twice; a short text stays as it is."""
    if len(text) <= 12:
        return text
    at = chance.randrange(1, len(text) - 2)
    one, next_one = text[at], text[at + 1]
    return text[:at] + chance.choice((next_one + one, next_one, one + one + next_one)) + text[at + 2 :]
