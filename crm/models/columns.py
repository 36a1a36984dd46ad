"""Column types that several tables share."""

from enum import StrEnum
from typing import Any

from sqlalchemy import Enum


def enum_column(kind: type[StrEnum]) -> Enum:
    """An enum stored as its value, in a column that a new member does not have to change."""
    return Enum(kind, native_enum=False, length=32, values_callable=_values, validate_strings=True)


def _values(kind: Any) -> list[str]:
    return [member.value for member in kind]
