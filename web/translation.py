"""The words of the pages in the reader's language."""

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LOCALE_FOLDER = Path(__file__).parent / "locale"


@cache
def _catalog(language: str) -> dict[str, str]:
    """Translations by English text; empty for English itself."""
    file = LOCALE_FOLDER / f"{language}.po"
    if not file.exists():
        return {}
    with file.open("rb") as stream:
        return {str(entry.id): str(entry.string) for entry in read_po(stream) if entry.id and entry.string}


def translate(text: str, language: str, **values: object) -> str:
    """The text in a language with its `{placeholders}` filled; the English text where there is no translation."""
    words = _catalog(language).get(text, text)
    return words.format(**values) if values else words
