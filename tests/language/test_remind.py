"""Reminding the encoder: general texts come back, support texts stay, an interruption loses nothing."""

import random
from dataclasses import replace

import numpy as np
import pytest

from language import deltas
from language.general_passages import GeneralPassage
from language.remind import Recipe, Reminding, distance, remind
from language.training_batches import View
from language.training_loop import encode
from tests.language.test_training_batches import group

pytestmark = pytest.mark.model

RECIPE = replace(
    Recipe(), steps=4, share=1.0, passages=4, questions=4, support=6, learning_rate=1e-3, warm_up=1, passage_tokens=64
)
PASSAGES = [
    GeneralPassage(f"general-{number}", f"متن شماره {number} است. سپس دیگری آمد.", (f"چرا {number}",))
    for number in range(8)
]


@pytest.fixture
def groups():
    return [group(business, number) for business in ("shop", "bank") for number in range(8)]


@pytest.fixture
def start(make_model, tmp_path):
    """Deltas of a training that has moved everything."""
    import torch

    published = deltas.copy_of(make_model())
    noise = torch.Generator().manual_seed(5)
    moved = {name: matrix + 0.1 * torch.randn(matrix.shape, generator=noise) for name, matrix in published.items()}
    deltas.save(moved, tmp_path / "start.npz", published=published)
    return tmp_path / "start.npz"


def weights(reminding):
    return np.concatenate([matrix.numpy().ravel() for matrix in reminding.average.values()])


class TestDistance:
    def test_is_none_where_nothing_has_moved_and_one_at_the_mean(self):
        import torch

        before = torch.randn(6, 8, generator=torch.Generator().manual_seed(1))

        assert distance(before, before) == 0
        assert float(distance(before.mean(dim=0).expand(6, 8), before)) == pytest.approx(1)


class TestRemind:
    def test_brings_passages_back_and_leaves_support_texts_nearly_where_they_were(self, make_model, groups, start):
        recipe = replace(RECIPE, steps=25, learning_rate=2e-2)
        reminding = Reminding(make_model(), groups, PASSAGES, recipe, start=start)
        general = [View("", one.passage, "passage") for one in PASSAGES]

        def moved(views, other):
            return float(distance(encode(reminding.model, views), encode(other, views)).detach())

        before = moved(general, reminding.published)
        while reminding.step < recipe.steps:
            reminding.advance()

        assert moved(general, reminding.published) < before / 2
        assert moved(reminding.support, reminding.trained) < moved(reminding.support, reminding.published)

    def test_goes_on_from_where_it_was_interrupted(self, make_model, groups, start, tmp_path):
        at_once = remind(make_model(), groups, PASSAGES, RECIPE, start=start, checkpoint=tmp_path / "one.pt")

        interrupted = Reminding(make_model(), groups, PASSAGES, RECIPE, start=start)
        for _ in range(2):
            interrupted.advance()
        interrupted.save_checkpoint(tmp_path / "two.pt")
        resumed = remind(make_model(), groups, PASSAGES, RECIPE, start=start, checkpoint=tmp_path / "two.pt")

        assert np.allclose(weights(resumed), weights(at_once), atol=1e-5)

    def test_begins_with_the_share_of_what_was_learned(self, make_model, groups, start):
        half = Reminding(make_model(), groups, PASSAGES, replace(RECIPE, share=0.5), start=start)
        whole = Reminding(make_model(), groups, PASSAGES, RECIPE, start=start)

        published = np.concatenate([matrix.numpy().ravel() for matrix in half.published_weights.values()])

        assert np.allclose(weights(half) - published, (weights(whole) - published) / 2, atol=1e-6)

    def test_never_sees_what_is_kept_apart(self, make_model, start, tmp_path):
        kept_apart = [group(business, number) for business in ("hotel", "spa") for number in range(8)]
        learned = [group(business, number) for business in ("shop", "bank") for number in range(8)]

        done = remind(
            make_model(), [*kept_apart, *learned], PASSAGES, RECIPE, start=start, checkpoint=tmp_path / "one.pt"
        )

        assert {view.matter.partition("-")[0] for view in done.support} == {"shop", "bank"}

    def test_refuses_deltas_that_are_damaged(self, make_model, groups, tmp_path):
        (tmp_path / "start.npz").write_bytes(random.Random(1).randbytes(40))

        with pytest.raises(deltas.DeltasUnreadable):
            Reminding(make_model(), groups, PASSAGES, RECIPE, start=tmp_path / "start.npz")
