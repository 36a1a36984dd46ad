"""Words that Python hands to templates: English texts by what they name, translated where they are shown."""


def _(text: str) -> str:
    """Mark a text for translation and leave it as it is."""
    return text
