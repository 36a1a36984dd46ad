"""What training adds to the published network: low-rank deltas of its matrices, small enough to be committed.

Each matrix W of a layer becomes W + B A, with B A of a low rank (Hu et al., "LoRA: Low-Rank Adaptation of Large
Language Models", ICLR 2022). Set-up merges the deltas when it makes the model's folder, so serving costs what it did.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

DELTAS_FILE = Path(__file__).with_name("weights") / "support_deltas.npz"


class DeltasUnreadable(Exception):
    """The file is no set of deltas for this network; the message says why in one line."""


def attach(network: torch.nn.Module, *, rank: int) -> None:
    """Put a trainable delta, zero at first, beside every matrix of the encoder's layers; all else is frozen."""
    import torch

    network.requires_grad_(False)
    for _, linear in _matrices(network):
        rows, columns = linear.weight.shape
        linear.register_parameter("up", torch.nn.Parameter(torch.zeros(rows, rank)))
        linear.register_parameter("down", torch.nn.Parameter(torch.randn(rank, columns) / rank**0.5))
        linear.register_forward_hook(_add_delta)


def _add_delta(linear: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
    """On the way through rather than in the matrix, whose own gradient would cost half as much again."""
    from torch.nn.functional import linear as multiply

    return output + multiply(multiply(inputs[0], linear.down), linear.up)  # type: ignore[arg-type]


def deltas_of(network: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """The trainable halves by name: `<matrix>.up` and `<matrix>.down`."""
    return {f"{name}.{half}": getattr(linear, half) for name, linear in _matrices(network) for half in ("up", "down")}


def save(network: torch.nn.Module, path: Path, *, share: float = 1.0) -> None:
    """Write this share of the deltas in half precision; the file appears whole or not at all.

    A share between 0 and 1 is the average of old and new weights (Wortsman et al., "Robust fine-tuning of zero-shot
    models", CVPR 2022).
    """
    halves = {name: half.detach().numpy() for name, half in deltas_of(network).items()}
    halves = {
        name: (share * half if name.endswith(".up") else half).astype(np.float16) for name, half in halves.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, **halves)  # type: ignore[arg-type]
    unfinished.replace(path)


def merge(network: torch.nn.Module, path: Path) -> None:
    """Add the saved deltas to the matrices; raises DeltasUnreadable."""
    import torch

    matrices = dict(_matrices(network))
    halves = _read(path, matrices)
    with torch.no_grad():
        for name, linear in matrices.items():
            linear.weight += halves[f"{name}.up"] @ halves[f"{name}.down"]


def go_on_from(network: torch.nn.Module, path: Path) -> None:
    """Give the attached deltas the saved values, to be trained further; raises DeltasUnreadable."""
    halves = _read(path, dict(_matrices(network)))
    for name, half in deltas_of(network).items():
        if half.shape != halves[name].shape:
            raise DeltasUnreadable(f"{path.name} holds deltas of another rank")
        half.data.copy_(halves[name])


def _read(path: Path, matrices: Mapping[str, torch.nn.Linear]) -> dict[str, torch.Tensor]:
    """The saved halves in full precision; raises DeltasUnreadable where they do not fit these matrices."""
    import torch

    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            halves = {name: torch.from_numpy(saved[name].astype(np.float32)) for name in saved}
        fits = set(halves) == {f"{name}.{half}" for name in matrices for half in ("up", "down")} and all(
            (halves[f"{name}.up"] @ halves[f"{name}.down"]).shape == linear.weight.shape
            for name, linear in matrices.items()
        )
    except (OSError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile) as error:
        raise DeltasUnreadable(f"{path.name} is damaged ({error})") from error
    if not fits:
        raise DeltasUnreadable(f"{path.name} holds deltas of another network")
    return halves


def _matrices(network: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Linear]]:
    """The weight matrices of the transformer's layers, with names that do not depend on what wraps the network."""
    import torch

    for name, module in network.named_modules():
        if isinstance(module, torch.nn.Linear) and "encoder.layer." in name:
            yield name[name.index("encoder.layer.") :], module
