"""What training adds to the published network: the difference of its matrices, small enough to be committed.

Each weight of the difference is one of 31 steps of a scale that a block of weights shares, which compresses to under
five bits. A low rank would take as little, but leaves out most of what a slow training changes, and fifteen steps undo
half of what a reminder brought back (docs/evidence/encoder.md). Set-up adds the deltas when it makes the model's
folder, so serving costs what it did.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

DELTAS_FILE = Path(__file__).with_name("weights") / "support_deltas.npz"
BLOCK = 64
LEVELS = 15
"""Weights are whole multiples of their block's scale, from -15 to 15."""
# How far a block's greatest weights are cut off so that the others are finer; the best is taken for each block.
CUTS = (1.0, 0.85, 0.7, 0.6, 0.5)

Weights = Mapping[str, "torch.Tensor"]


class DeltasUnreadable(Exception):
    """The file is no set of deltas for this network; the message says why in one line."""


def matrices_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The weight matrices of the transformer's layers, with names that do not depend on what wraps the network."""
    import torch

    return {
        name[name.index("encoder.layer.") :]: module.weight
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Linear) and "encoder.layer." in name
    }


def copy_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The matrices as they are now."""
    return {name: matrix.detach().clone() for name, matrix in matrices_of(network).items()}


def save(weights: Weights, path: Path, *, published: Weights, share: float = 1.0) -> None:
    """Write this share of the way from the published weights to others; the file appears whole or not at all.

    A share between 0 and 1 is the average of old and new weights (Wortsman et al., "Robust fine-tuning of zero-shot
    models", CVPR 2022).
    """
    packed: dict[str, NDArray[Any]] = {}
    for name, new in weights.items():
        codes, scales = pack((share * (new - published[name])).numpy())
        packed |= {f"{name}.codes": codes, f"{name}.scales": scales}
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez_compressed(file, **packed)  # type: ignore[arg-type]
    unfinished.replace(path)


def merge(network: torch.nn.Module, path: Path, *, share: float = 1.0) -> None:
    """Add the saved deltas, or a share of them, to the matrices; raises DeltasUnreadable."""
    import torch

    matrices = matrices_of(network)
    saved = _read(path)
    if not _fit(saved, matrices):
        raise DeltasUnreadable(f"{path.name} holds deltas of another network")
    with torch.no_grad():
        for name, matrix in matrices.items():
            flat = unpack(saved[f"{name}.codes"], saved[f"{name}.scales"])
            matrix.add_(torch.from_numpy(flat).reshape(matrix.shape), alpha=share)


def _fit(saved: Mapping[str, NDArray[Any]], matrices: Weights) -> bool:
    """Whether there are codes and scales for each of the matrices, and for no other."""
    return set(saved) == {f"{name}.{part}" for name in matrices for part in ("codes", "scales")} and all(
        saved[f"{name}.codes"].dtype == np.int8
        and saved[f"{name}.codes"].size == saved[f"{name}.scales"].size * BLOCK == matrix.numel()
        for name, matrix in matrices.items()
    )


def _read(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            return {name: saved[name] for name in saved}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DeltasUnreadable(f"{path.name} is damaged ({error})") from error


def pack(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """A matrix, whose size a block divides: a code for each weight and a scale for each block, row after row."""
    blocks = matrix.astype(np.float32).reshape(-1, BLOCK)
    greatest = np.abs(blocks).max(axis=1, keepdims=True)
    codes, scales = np.zeros_like(blocks), np.zeros(greatest.shape, np.float16)
    least = np.full(greatest.shape, np.inf, np.float32)
    for cut in CUTS:
        tried = (cut * greatest / LEVELS).astype(np.float16)
        rounded = np.clip(np.rint(blocks / np.maximum(tried.astype(np.float32), 1e-12)), -LEVELS, LEVELS)
        lost = ((rounded * tried - blocks) ** 2).sum(axis=1, keepdims=True)
        codes, scales = np.where(lost < least, rounded, codes), np.where(lost < least, tried, scales)
        least = np.minimum(least, lost)
    return codes.ravel().astype(np.int8), scales.ravel().astype(np.float16)


def unpack(codes: NDArray[np.int8], scales: NDArray[np.float16]) -> NDArray[np.float32]:
    """What `pack` was given, nearly, in one row."""
    flat: NDArray[np.float32] = (
        codes.astype(np.float32).reshape(-1, BLOCK) * scales.astype(np.float32)[:, None]
    ).ravel()
    return flat
