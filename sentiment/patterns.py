"""What must be heard in plain words: regular expressions over a message's words, in a file for people to read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Patterns:
    """`meant` is what is looked for, once `never`, which sounds like it, has been taken out."""

    never: re.Pattern[str]
    meant: re.Pattern[str]

    @classmethod
    def read(cls, path: Path, *, meant: str) -> Patterns:
        """Read a file of `parts`, `never` and a group of the name `meant`; a part stands in braces in the others."""
        content = yaml.safe_load(path.read_text(encoding="utf-8"))

        def joined(group: str) -> re.Pattern[str]:
            return re.compile("|".join(f"(?:{line.format(**content['parts'])})" for line in content[group]))

        return cls(never=joined("never"), meant=joined(meant))

    def stand_in(self, line: str) -> bool:
        """Whether any of what is meant stands in the line."""
        return bool(self.meant.search(self.never.sub(" ", line)))
