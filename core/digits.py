"""Numbers in the digits of a language."""

_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def digits(value: object, language: str) -> str:
    """A number, or any text, with its digits in the language's script."""
    return str(value).translate(_PERSIAN) if language == "fa" else str(value)
