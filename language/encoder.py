"""The one encoder: a text becomes one unit vector, the same in the app and in Rasa.

It runs the folder that `language.build_encoder` makes, on tokenizers and ONNX Runtime alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from language.normalise import normalise

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

MANIFEST_FILE = "encoder.json"
GRAPH_FILE = "encoder/model_int8.ort"
TOKENIZER_FILE = "encoder/tokenizer.json"
# Optional: the ids that the tokenizer's pieces have in the network, where it does not know all of the network's pieces.
PIECE_IDS_FILE = "encoder/piece_ids.npy"

Kind = Literal["query", "passage"]
Vectors = NDArray[np.float32]

# Raise it when the same text would get another vector from the same folder (cleaning, cutting): it is in the
# fingerprint.
READING_VERSION = 1
# What a contact writes is cut shorter than what an editor wrote: time grows with length (3 ms for a short question,
# 40 ms for 256 tokens, 130 ms for 512), and a message says what it is about well before its 256th token.
MAX_CHARACTERS: dict[str, int] = {"query": 2_000, "passage": 8_000}
MAX_TOKENS: dict[str, int] = {"query": 256, "passage": 512}


class EncoderError(Exception):
    """The encoder's folder cannot be used; the message says what to do."""


class EncoderNotBuilt(EncoderError):
    """There is no encoder in the folder yet."""


class EncoderBroken(EncoderError):
    """The folder is there but does not hold a working encoder."""


class TextEncoder(Protocol):
    """What turns texts into vectors. Vectors of encoders with different fingerprints must never be compared."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """One row per text, in order: a float32 unit vector that depends on nothing but the text and its kind.

        A text with nothing to read in it (blank, or only invisible characters) gets zeros, which are like nothing.
        Any str is taken, of any length.
        """
        ...


def readable(text: str, kind: Kind) -> str:
    """What an encoder reads of a text: its matching form, cut to a length that bounds time and memory."""
    return normalise(text[: MAX_CHARACTERS[kind]])[: MAX_CHARACTERS[kind]]


class Encoder:
    """A TextEncoder over a folder on disk. Safe to use from several threads."""

    def __init__(
        self,
        session: InferenceSession,
        tokenizer: Tokenizer,
        manifest: dict[str, Any],
        *,
        piece_ids: NDArray[np.int64] | None = None,
    ) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._piece_ids = piece_ids
        self._prompts: dict[str, str] = manifest["prompts"]
        self._max_tokens = {kind: min(limit, int(manifest["max_tokens"])) for kind, limit in MAX_TOKENS.items()}
        self.dimension = int(manifest["dimension"])
        self.fingerprint = f"{manifest['fingerprint']}-{READING_VERSION}"

    @classmethod
    def open(cls, folder: Path) -> Encoder:
        """Load the encoder in `folder`; raises EncoderNotBuilt or EncoderBroken."""
        try:
            manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise EncoderNotBuilt(f"There is no encoder in {folder}. `./hamyar up` builds it.") from error
        except (OSError, ValueError) as error:
            raise _broken(folder, error) from error
        try:
            return cls(
                _load_session(folder / GRAPH_FILE),
                _load_tokenizer(folder / TOKENIZER_FILE),
                manifest,
                piece_ids=np.load(folder / PIECE_IDS_FILE) if (folder / PIECE_IDS_FILE).is_file() else None,
            )
        # Both libraries raise plain or private exceptions for a file that is missing or damaged.
        except Exception as error:
            raise _broken(folder, error) from error

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            content = readable(text, kind)
            if content:
                vectors[row] = self._encode_one(content, kind)
        return vectors

    def _encode_one(self, content: str, kind: Kind) -> Vectors:
        """One text per run: int8 scales are set per run, so beside other texts it would get a slightly other vector."""
        ids = self._tokenizer.encode(self._prompts[kind] + content).ids
        limit = self._max_tokens[kind]
        if len(ids) > limit:
            ids = ids[: limit - 1] + ids[-1:]  # The last one is the end-of-text mark.
        tokens = np.array([ids], dtype=np.int64)
        if self._piece_ids is not None:
            tokens = self._piece_ids[tokens]
        inputs = {"input_ids": tokens, "attention_mask": np.ones_like(tokens)}
        vector: Vectors = self._session.run(None, inputs)[0][0]
        return vector


def _load_tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _load_session(path: Path) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One thread that sleeps when idle: on a busy machine of two cores, spinning threads cost four times the latency.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # The graph is optimised already; its weights are mapped from the file, so that processes share them.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    for entry in (
        "use_memory_mapped_ort_model",
        "use_ort_model_bytes_directly",
        "use_ort_model_bytes_for_initializers",
    ):
        options.add_session_config_entry(f"session.{entry}", "1")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _broken(folder: Path, error: Exception) -> EncoderBroken:
    reason = " ".join(str(error).split())[:200]
    return EncoderBroken(
        f"The encoder in {folder} does not load ({reason}). Delete the folder; `./hamyar up` rebuilds it."
    )
