"""The parallel questions that the encoder learns from: `data/support_questions/<business>.jsonl`, a group a line.

    python -m language.support_questions [FILE ...]     # check them: broken lines, unknown neighbours, near-copies

Needs the standard library alone. `data/support_questions/README.md` is the datasheet.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from language.normalise import normalise

DATA_FOLDER = Path(__file__).with_name("data") / "support_questions"
# Nothing is ever trained on these. Settings are chosen on the first; the others decide what may be claimed.
SETTINGS_BUSINESS = "hotel"
TEST_BUSINESSES = ("gym", "home_repair", "pharmacy")
KEPT_APART = (SETTINGS_BUSINESS, *TEST_BUSINESSES)
# What stands on the encoder learns from these, and the encoder does not: what it has learned from looks easier to it
# than a customer's own articles will.
UNSEEN_BY_ENCODER = (
    "airport_transfer",
    "company_registration",
    "credit_score",
    "dress_rental",
    "drinking_vending",
    "electronic_signature",
    "escape_room",
    "fuel_station",
    "gps_tracking",
    "horse_riding",
    "housing_cooperative",
    "kitchen_cabinets",
    "machinery_rental",
    "martial_arts",
    "musical_instruments",
    "news_subscription",
    "online_game",
    "party_rental",
    "pet_shop",
    "podcast_platform",
    "spa",
    "stationery",
    "summer_camp",
    "trademark_office",
)

FEWEST_INFORMAL = 3
MOST_CHARACTERS = 600
# Two texts that share this much of their letter fours are one text.
NEAR_COPY = 0.7
_FIELDS = ("id", "formal", "answer", "informal", "finglish", "english", "near")
_MORE_ENGLISH = "english_informal"
# What says nothing of the matter itself; the rest are content words.
_FUNCTION_WORDS = frozenset(
    """
    از به با در بر را رو که و یا تا هم اگر اگه برای واسه این اون آن یک یه من ما شما تو او ام ای است هست هستم
    هستن نیست بود باشد باشه شده شد شود میشه میشود بشه نشه نمیشه چه چی چیست چیه چرا چطور چطوری چگونه چجوری چند
    چقدر چقد کی کجا کدام کدوم آیا نحوه شرایط مراحل علت روش می نمی کنم کنید کنیم کند کنه کنین کنند کردن کردم
    کرد کرده دارم دارد داره دارید دارین داریم ندارم نداره دهم بدم بده میدم میدین خود خودم هر همه هیچ فقط دیگه
    دیگر الان بعد قبل پس ولی اما چون مگه باید حتما لطفا سلام ببخشید خب ها های هایی تر ترین کار چیز چیزی روی
    توی دست
    """.split()  # noqa: SIM905
)


class BrokenGroup(Exception):
    """A line cannot be used; the message names file, line and reason."""


@dataclass(frozen=True)
class Group:
    """One matter that customers of a business ask about, in all the ways of asking; `near` look alike but differ."""

    business: str
    id: str
    formal: str
    answer: str
    informal: tuple[str, ...]
    finglish: str
    english: str
    near: tuple[str, ...]
    line: int
    english_informal: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        return f"{self.business}.jsonl, line {self.line}"

    def questions(self) -> Iterator[str]:
        """All ways of asking, the formal one first."""
        yield from (self.formal, *self.informal, self.finglish, *self.in_english())

    def in_english(self) -> tuple[str, ...]:
        """All English ways of asking."""
        return (self.english, *self.english_informal)


class NearCopy(NamedTuple):
    """Two texts of different groups, or of one, that are nearly the same."""

    likeness: float
    first: Group
    first_text: str
    second: Group
    second_text: str


def read_groups(files: Iterable[Path] | None = None) -> list[Group]:
    """The groups of these files (of all, by name, where none are named); raises BrokenGroup and OSError."""
    groups = [group for file in files or sorted(DATA_FOLDER.glob("*.jsonl")) for group in _read_file(file)]
    known = {group.id for group in groups}
    if len(known) < len(groups):
        raise BrokenGroup(_say_twice(groups))
    for group in groups:
        if strangers := [one for one in group.near if one not in known or one == group.id]:
            raise BrokenGroup(f"{group.place}: no other group is called {', '.join(strangers)}.")
    return groups


def near_copies(groups: Sequence[Group]) -> list[NearCopy]:
    """Texts that are nearly the same, the likest first: they teach nothing, or that two answers are one."""
    texts = [(group, text) for group in groups for text in group.questions()]
    likest = sorted(_alike([_letter_fours(text) for _, text in texts]), reverse=True)
    return [NearCopy(likeness, *texts[first], *texts[second]) for likeness, first, second in likest]


def share_without_common_word(groups: Sequence[Group]) -> float:
    """The share of informal questions that have no content word in common with the formal one."""
    shared = [bool(_content(group.formal) & _content(text)) for group in groups for text in group.informal]
    return 1 - sum(shared) / len(shared)


def _read_file(file: Path) -> list[Group]:
    # Not by `language.data_lines`, which recognises languages by words that these questions have.
    lines = enumerate(file.read_bytes().split(b"\n"), start=1)
    return [_read_line(line, file.stem, number) for number, line in lines if line.strip()]


def _read_line(line: bytes, business: str, number: int) -> Group:
    place = f"{business}.jsonl, line {number}"
    try:
        fields = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BrokenGroup(f"{place}: not UTF-8.") from error
    except ValueError as error:
        raise BrokenGroup(f"{place}: not JSON ({error}).") from error
    if reason := _what_is_wrong(fields, business):
        raise BrokenGroup(f"{place}: {reason}.")
    lists = {name: tuple(fields.get(name, ())) for name in ("informal", "near", _MORE_ENGLISH)}
    return Group(business=business, line=number, **{**fields, **lists})


def _what_is_wrong(fields: Any, business: str) -> str | None:
    if not isinstance(fields, dict) or set(fields) - {_MORE_ENGLISH} != set(_FIELDS):
        return f"the fields must be {', '.join(_FIELDS)}, and may be {_MORE_ENGLISH}"
    informal, near, english = fields["informal"], fields["near"], fields.get(_MORE_ENGLISH, [])
    if not isinstance(informal, list) or len(informal) < FEWEST_INFORMAL:
        return f"at least {FEWEST_INFORMAL} informal questions are needed"
    if not isinstance(near, list):
        return "near must be a list of ids"
    if not isinstance(english, list):
        return f"{_MORE_ENGLISH} must be a list of questions"
    texts = [*(fields[name] for name in ("id", "formal", "answer", "finglish", "english")), *informal, *near, *english]
    if not all(isinstance(text, str) and normalise(text) and len(text) <= MOST_CHARACTERS for text in texts):
        return f"every text must be a string, not blank and of at most {MOST_CHARACTERS} characters"
    if not fields["id"].startswith(f"{business}-"):
        return f"the id must begin with {business}-"
    if len({normalise(text) for text in informal}) < len(informal):
        return "an informal question stands there twice"
    return None


def _say_twice(groups: Sequence[Group]) -> str:
    first: dict[str, Group] = {}
    for group in groups:
        if group.id in first:
            return f"{group.place}: {group.id} is already on {first[group.id].place}."
        first[group.id] = group
    raise AssertionError("no id stands there twice")


def _content(text: str) -> set[str]:
    """Content words by their first four letters, which is crude and errs towards "shared"."""
    return {word[:4] for word in normalise(text).split() if len(word) > 2 and word.strip("?!.,") not in _FUNCTION_WORDS}


def _letter_fours(text: str) -> frozenset[str]:
    framed = f" {normalise(text)} "
    return frozenset(framed[start : start + 4] for start in range(max(1, len(framed) - 3)))


def _alike(sets: Sequence[frozenset[str]]) -> Iterator[tuple[float, int, int]]:
    """Pairs whose Jaccard likeness reaches NEAR_COPY, found by their rarest members.

    Prefix filtering (Chaudhuri, Ganti, Kaushik, "A Primitive Operator for Similarity Joins in Data Cleaning", 2006):
    such a pair shares a member among the first few of both, in any one order.
    """
    frequency = Counter(member for members in sets for member in members)
    seen_with: dict[str, list[int]] = defaultdict(list)
    for second, members in enumerate(sets):
        rarest = sorted(members, key=lambda member: (frequency[member], member))
        prefix = rarest[: len(members) - math.ceil(NEAR_COPY * len(members)) + 1]
        for first in sorted({one for member in prefix for one in seen_with[member]}):
            likeness = len(members & sets[first]) / len(members | sets[first])
            if likeness >= NEAR_COPY:
                yield likeness, first, second
        for member in prefix:
            seen_with[member].append(second)


def main(arguments: Sequence[str]) -> int:
    """Check the files and say what is in them; 1 where a line is broken or two texts are nearly the same."""
    try:
        groups = read_groups([Path(one) for one in arguments])
    except (BrokenGroup, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    copies = near_copies(groups)
    for copy in copies:
        print(f"{copy.first.place} and {copy.second.place}: {copy.first_text} / {copy.second_text}")
    print(
        f"{len(groups)} groups of {len({group.business for group in groups})} businesses, {len(copies)} near-copies; "
        f"{share_without_common_word(groups):.0%} of informal questions share no content word with the formal one."
    )
    return 1 if copies else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
