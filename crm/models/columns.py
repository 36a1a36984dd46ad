"""Column types that several tables share."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum
from sqlalchemy.dialects.postgresql import JSONB

# JSON that PostgreSQL can index and SQLite keeps as text.
Json = JSON().with_variant(JSONB(), "postgresql")


def enum_column(kind: type[StrEnum]) -> Enum:
    """An enum stored as its value with a check constraint, so that both databases refuse any other."""
    return Enum(kind, native_enum=False, length=32, values_callable=_values, validate_strings=True)


def _values(kind: Any) -> list[str]:
    return [member.value for member in kind]
