"""How a network learns, whatever it is to learn: its layers' matrices, step by step, and the average of them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from language import deltas
from language.training_batches import View

if TYPE_CHECKING:
    import torch
    from _typeshed import DataclassInstance
    from sentence_transformers import SentenceTransformer

    class Recipe(DataclassInstance, Protocol):
        """What every recipe says, beside what is its own."""

        @property
        def steps(self) -> int: ...
        @property
        def learning_rate(self) -> float: ...
        @property
        def warm_up(self) -> int: ...
        @property
        def average(self) -> float: ...


AnyRecipe = TypeVar("AnyRecipe", bound="Recipe")

LONGEST_TOKENS = 128
# Beside a long text a short one is mostly padding.
ENCODED_TOGETHER = 32
MUCH_LONGER = 1.35
BETAS = (0.9, 0.98)


class Descent:
    """The network whose matrices learn, the average of them, the optimiser, and the step they have come to."""

    def __init__(self, model: SentenceTransformer, recipe: Recipe) -> None:
        """From the matrices as they are now; nothing else of the network learns."""
        import torch

        # Without dropout, which takes time: what keeps the network from forgetting are the anchors.
        self.model = model.eval()
        self.pace = recipe
        self.step = 0
        self.average = deltas.copy_of(model)
        model.requires_grad_(False)
        self.matrices = deltas.matrices_of(model)
        for matrix in self.matrices.values():
            matrix.requires_grad_(True)
        self.optimiser = torch.optim.AdamW(
            self.matrices.values(), lr=recipe.learning_rate, weight_decay=0.01, betas=BETAS
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, self._share_of_rate)

    def take_step(self, loss: torch.Tensor) -> None:
        """One step down this loss."""
        import torch

        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.matrices.values(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self._take_into_average()
        self.step += 1

    def _share_of_rate(self, step: int) -> float:
        """A short warm-up, then down along a cosine."""
        if step < self.pace.warm_up:
            return (step + 1) / self.pace.warm_up
        done = (step - self.pace.warm_up) / max(1, self.pace.steps - self.pace.warm_up)
        return float(0.5 * (1 + np.cos(np.pi * min(1.0, done))))

    def _take_into_average(self) -> None:
        """Polyak's average of the weights; it follows at once in the beginning."""
        import torch

        kept = min(self.pace.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, matrix in self.matrices.items():
                self.average[name].lerp_(matrix, 1 - kept)

    @contextmanager
    def averaged(self) -> Iterator[SentenceTransformer]:
        """The network with the averaged weights in it."""
        learned = deltas.copy_of(self.model)
        self._put_in(self.average)
        yield self.model
        self._put_in(learned)

    def _put_in(self, weights: deltas.Weights) -> None:
        for name, matrix in self.matrices.items():
            matrix.data.copy_(weights[name])

    def save_checkpoint(self, path: Path) -> None:
        """Keep everything that the next step needs."""
        import torch

        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        torch.save({"recipe": asdict(self.pace), "step": self.step, **self._state()}, unfinished)
        unfinished.replace(path)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint of the same recipe, where there is one."""
        import torch

        if not path.exists():
            return
        kept = torch.load(path, weights_only=True)
        if kept["recipe"] != asdict(self.pace):
            return
        self._put_in(kept["weights"])
        self.average = kept["average"]
        self.optimiser.load_state_dict(kept["optimiser"])
        self.schedule.load_state_dict(kept["schedule"])
        self.step = kept["step"]

    def _state(self) -> dict[str, Any]:
        return {
            "weights": deltas.copy_of(self.model),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
        }


def encode(model: SentenceTransformer, views: Sequence[View], longest: int = LONGEST_TOKENS) -> torch.Tensor:
    """The views' unit vectors with their gradients, shape (views, dimension)."""
    import torch

    parts = list(of_like_length(views))
    vectors = [_encode_alike(model, [views[place] for place in part], longest) for part in parts]
    places = torch.empty(len(views), dtype=torch.long)
    places[torch.tensor([place for part in parts for place in part])] = torch.arange(len(views))
    return torch.nn.functional.normalize(torch.cat(vectors)[places], dim=1)


def of_like_length(views: Sequence[View]) -> Iterator[list[int]]:
    """The places of the texts, shortest first, in parts that are read together."""
    part: list[int] = []
    for place in sorted(range(len(views)), key=lambda place: len(views[place].text)):
        if part and (
            len(part) == ENCODED_TOGETHER or len(views[place].text) > MUCH_LONGER * len(views[part[0]].text) + 12
        ):
            yield part
            part = []
        part.append(place)
    yield part


def _encode_alike(model: SentenceTransformer, views: Sequence[View], longest: int) -> torch.Tensor:
    features = features_of(model, views, longest)
    with in_half_precision():
        vectors: torch.Tensor = model(features)["sentence_embedding"]
    return vectors.float()


def features_of(model: SentenceTransformer, views: Sequence[View], longest: int) -> dict[str, torch.Tensor]:
    """What the network reads of these texts: their prompts and tokens, the longest cut off."""
    features = model.preprocess([model.prompts[view.kind] + view.text for view in views])
    return {name: tensor[:, :longest] for name, tensor in features.items() if hasattr(tensor, "dim")}


def in_half_precision() -> torch.autocast:
    """Where the processor multiplies in it this takes a third to a half of the time, much more elsewhere."""
    import torch

    known = torch.cpu.get_capabilities()
    return torch.autocast("cpu", torch.bfloat16, enabled=bool(known.get("amx_bf16") or known.get("avx512_bf16")))


def open_to_train(folder: Path) -> SentenceTransformer:
    """A model to learn from here on; the way back through other kinds of attention takes several times as long."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(
        str(folder), device="cpu", local_files_only=True, model_kwargs={"attn_implementation": "eager"}
    )


def ask_for(recipe: Recipe, parser: argparse.ArgumentParser) -> None:
    """An option for each of the recipe's figures, which is taken where nothing else is said."""
    for name, value in asdict(recipe).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)


def as_asked(recipe: AnyRecipe, options: argparse.Namespace) -> AnyRecipe:
    """The recipe with the figures of these options."""
    return replace(recipe, **{name: getattr(options, name) for name in asdict(recipe)})
