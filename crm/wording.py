"""The words that the app itself says to contacts, read from the bot's domain file so that all wording has one home."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

LANGUAGES = ("fa", "en")
DEFAULT_LANGUAGE = "fa"
_PLACEHOLDER = re.compile(r"{(\w+)}")
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff]")


@dataclass(frozen=True)
class Words:
    """One response in one language."""

    text: str
    buttons: list[dict[str, str]] = field(default_factory=list)


class WordingMissing(LookupError):
    """The domain file has no such response."""


class Wording:
    """Responses by name and language.

    A variant whose condition asks for `language: en` is English; the one without a condition is Persian. Variants that
    ask for more are the bot's own.
    """

    def __init__(self, responses: dict[str, list[dict[str, Any]]]) -> None:
        self._responses = {name: _by_language(variants) for name, variants in responses.items()}

    @classmethod
    def load(cls, domain_file: Path) -> "Wording":
        """Read the responses of a Rasa domain file."""
        with domain_file.open(encoding="utf-8") as file:
            return cls(yaml.safe_load(file)["responses"])

    def say(self, name: str, language: str, **values: str) -> Words:
        """The response, its `{placeholders}` filled with the given values.

        Raises:
            WordingMissing: for a name that the domain file does not have.
        """
        variants = self._responses.get(name)
        if not variants:
            raise WordingMissing(name)
        words = variants.get(language) or variants[DEFAULT_LANGUAGE]

        def filled(placeholder: re.Match[str]) -> str:
            value = values.get(placeholder[1], placeholder[0])
            return _isolated(value) if language == "en" and placeholder.start() == 0 else value

        return Words(_PLACEHOLDER.sub(filled, words.text), list(words.buttons))


def _isolated(value: str) -> str:
    """A Persian name that begins an English sentence, which would run from the right with the bare name."""
    return f"\u2068{value}\u2069" if _RIGHT_TO_LEFT.search(value) else value


def _by_language(variants: list[dict[str, Any]]) -> dict[str, Words]:
    found: dict[str, Words] = {}
    for variant in variants:
        wanted = {item["name"]: str(item["value"]) for item in variant.get("condition", [])}
        language = wanted.pop("language", DEFAULT_LANGUAGE)
        if wanted:
            continue
        buttons = [_without_escapes(button) for button in variant.get("buttons", [])]
        found.setdefault(language, Words(variant.get("text", "").strip(), buttons))
    return found


def _without_escapes(button: dict[str, str]) -> dict[str, str]:
    """A button as Rasa would send it: in its domain file a brace that is no placeholder is written twice."""
    return {name: value.replace("{{", "{").replace("}}", "}") for name, value in button.items()}
