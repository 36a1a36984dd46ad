"""Training the encoder: what the losses want, and that an interrupted training loses nothing."""

from dataclasses import replace

import numpy as np
import pytest

from language.general_passages import GeneralPassage
from language.train import Recipe, Training, contrast, train, unlikeness
from language.training_loop import encode
from tests.language.test_training_batches import group

pytestmark = pytest.mark.model

RECIPE = replace(Recipe(), steps=4, matters=4, general=2, moods=6, learning_rate=1e-3, warm_up=1)
PASSAGES = [GeneralPassage(f"general-{number}", f"متن {number}", (f"چرا {number}",)) for number in range(4)]
MOODS = [[f"بد بود {number}" for number in range(8)], [f"it was bad {number}" for number in range(8)]]


@pytest.fixture
def groups():
    return [group(business, number) for business in ("shop", "bank") for number in range(8)]


def weights(training):
    return np.concatenate([matrix.numpy().ravel() for matrix in training.average.values()])


class TestContrast:
    def test_is_small_where_texts_of_one_matter_lie_together(self):
        import torch

        apart = torch.eye(4)[[0, 0, 1, 1]]
        mixed = torch.eye(4)[[0, 1, 0, 1]]

        assert contrast(apart, ["a", "a", "b", "b"], 0.05) < 0.01
        assert contrast(mixed, ["a", "a", "b", "b"], 0.05) > 5


class TestUnlikeness:
    def test_is_none_where_all_have_moved_together(self):
        import torch

        before = torch.nn.functional.normalize(torch.randn(6, 8, generator=torch.Generator().manual_seed(1)), dim=1)
        turned = before @ torch.linalg.qr(torch.randn(8, 8, generator=torch.Generator().manual_seed(2)))[0]

        assert unlikeness(turned, before) < 1e-5
        assert unlikeness(turned[[1, 0, 3, 2, 5, 4]], before) > 0.2


class TestTrain:
    def test_goes_on_from_where_it_was_interrupted(self, make_model, groups, tmp_path):
        at_once = train(make_model(), groups, PASSAGES, MOODS, RECIPE, checkpoint=tmp_path / "one.pt")

        interrupted = Training(make_model(), groups, PASSAGES, MOODS, RECIPE)
        for _ in range(2):
            interrupted.advance()
        interrupted.save_checkpoint(tmp_path / "two.pt")
        resumed = train(make_model(), groups, PASSAGES, MOODS, RECIPE, checkpoint=tmp_path / "two.pt")

        assert np.allclose(weights(resumed), weights(at_once), atol=1e-5)

    def test_begins_anew_with_another_recipe(self, make_model, groups, tmp_path):
        train(make_model(), groups, PASSAGES, MOODS, RECIPE, checkpoint=tmp_path / "one.pt")
        training = Training(make_model(), groups, PASSAGES, MOODS, replace(RECIPE, seed=8))

        training.resume(tmp_path / "one.pt")

        assert training.step == 0

    def test_english_questions_stay_nearer_to_where_they_were_the_more_they_are_held(self, make_model, groups):
        def moved(weight):
            recipe = replace(RECIPE, steps=12, learning_rate=1e-2, english_anchor_weight=weight)
            training = Training(make_model(), groups, PASSAGES, MOODS, recipe)
            for _ in range(recipe.steps):
                training.advance()
            views = training.batches.every_english_view()
            before = np.stack([training.published[view].numpy() for view in views])
            after = encode(training.model, views).detach().numpy()
            return 1 - (before * after).sum(axis=1).mean()

        assert moved(30.0) < moved(0.01)

    def test_what_is_kept_is_the_average_of_the_last_steps(self, make_model, groups):
        import torch

        training = Training(make_model(), groups, PASSAGES, MOODS, replace(RECIPE, average=0.5))
        for _ in range(3):
            training.advance()
        last = [matrix.detach().clone() for matrix in training.matrices.values()]

        with training.averaged():
            averaged = [matrix.detach().clone() for matrix in training.matrices.values()]

        assert not all(map(torch.equal, last, averaged))
        assert all(map(torch.equal, averaged, training.average.values()))
        assert all(map(torch.equal, last, training.matrices.values()))

    def test_moods_stay_as_like_to_each_other_as_they_were_the_more_they_are_held(self, make_model, groups):
        import torch

        def lost(weight):
            recipe = replace(RECIPE, steps=24, learning_rate=1e-2, likeness_weight=weight)
            training = Training(make_model(), groups, PASSAGES, MOODS, recipe)
            for _ in range(recipe.steps):
                training.advance()
            before = torch.stack([training.published[view] for view in training.moods[0]])
            return float(unlikeness(encode(training.model, training.moods[0]).detach(), before))

        assert lost(10.0) < lost(0.0)

    def test_never_learns_from_what_is_kept_apart(self, make_model, tmp_path, monkeypatch):
        kept_apart = [group(business, number) for business in ("hotel", "spa") for number in range(8)]
        learned = [group(business, number) for business in ("shop", "bank") for number in range(8)]
        seen = set()
        original = Training.advance

        def watched(self):
            seen.update(view.matter.partition("-")[0] for view in self.batches.at(self.step))
            return original(self)

        monkeypatch.setattr(Training, "advance", watched)
        train(make_model(), [*kept_apart, *learned], PASSAGES, MOODS, RECIPE, checkpoint=tmp_path / "one.pt")

        assert seen == {"shop", "bank"}
