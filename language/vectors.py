"""Vectors as text, for where they cross HTTP: base64 of little-endian float32."""

from __future__ import annotations

import base64
import binascii

import numpy as np
from numpy.typing import NDArray

_WIRE = np.dtype("<f4")


class VectorUnreadable(ValueError):
    """The text is not a vector, or not one of the expected size."""


def to_base64(vector: NDArray[np.float32]) -> str:
    """One vector as ASCII text."""
    return base64.b64encode(np.ascontiguousarray(vector, dtype=_WIRE).tobytes()).decode("ascii")


def from_base64(text: str, *, dimension: int) -> NDArray[np.float32]:
    """The vector that `to_base64` wrote; VectorUnreadable for anything else and for numbers that are not finite."""
    try:
        packed = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise VectorUnreadable("not base64") from error
    if len(packed) != dimension * _WIRE.itemsize:
        raise VectorUnreadable(f"{len(packed)} bytes where a vector of {dimension} takes {dimension * _WIRE.itemsize}")
    vector = np.frombuffer(packed, dtype=_WIRE).astype(np.float32)
    if not np.isfinite(vector).all():
        raise VectorUnreadable("a number in it is not finite")
    return vector
