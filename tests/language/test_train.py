"""Training the deltas: what the loss wants, and that an interrupted training loses nothing."""

from dataclasses import replace

import numpy as np
import pytest

from language import low_rank
from language.general_passages import GeneralPassage
from language.train import Recipe, Training, contrast, encode, train
from tests.language.test_training_batches import group

pytestmark = pytest.mark.model

RECIPE = replace(Recipe(), steps=4, matters=4, general=2, rank=2, warm_up=1)
PASSAGES = [GeneralPassage(f"general-{number}", f"متن {number}", (f"چرا {number}",)) for number in range(4)]


@pytest.fixture
def groups():
    return [group(business, number) for business in ("shop", "bank") for number in range(8)]


@pytest.fixture
def make_model(tmp_path):
    """A network of one layer that reads characters."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    letters = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        *"0123456789abcdefghijklmnopqrstuvwxyz:? ",
        *"ابپتثجچحخدذرزسشصضطعغفقکگلمنوهی",
    ]
    tokenizer = Tokenizer(
        models.WordLevel({letter: number for number, letter in enumerate(letters)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 64}
    torch.manual_seed(0)
    BertModel(BertConfig(vocab_size=len(letters), num_hidden_layers=1, **sizes)).save_pretrained(tmp_path)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(tmp_path)

    def make():
        return SentenceTransformer(
            modules=[Transformer(str(tmp_path), max_seq_length=64), Pooling(16, pooling_mode="mean"), Normalize()],
            device="cpu",
            prompts={"query": "query: ", "passage": "passage: "},
        )

    return make


def deltas(model):
    return np.concatenate([half.detach().numpy().ravel() for half in low_rank.deltas_of(model).values()])


class TestContrast:
    def test_is_small_where_texts_of_one_matter_lie_together(self):
        import torch

        apart = torch.eye(4)[[0, 0, 1, 1]]
        mixed = torch.eye(4)[[0, 1, 0, 1]]

        assert contrast(apart, ["a", "a", "b", "b"], 0.05) < 0.01
        assert contrast(mixed, ["a", "a", "b", "b"], 0.05) > 5


class TestTrain:
    def test_goes_on_from_where_it_was_interrupted(self, make_model, groups, tmp_path):
        at_once = make_model()
        train(at_once, groups, PASSAGES, RECIPE, checkpoint=tmp_path / "one.pt")

        interrupted = Training(make_model(), groups, PASSAGES, RECIPE)
        for _ in range(2):
            interrupted.advance()
        interrupted.save_checkpoint(tmp_path / "two.pt")
        resumed = make_model()
        train(resumed, groups, PASSAGES, RECIPE, checkpoint=tmp_path / "two.pt")

        assert np.allclose(deltas(resumed), deltas(at_once), atol=1e-5)

    def test_begins_anew_with_another_recipe(self, make_model, groups, tmp_path):
        train(make_model(), groups, PASSAGES, RECIPE, checkpoint=tmp_path / "one.pt")
        training = Training(make_model(), groups, PASSAGES, replace(RECIPE, seed=8))

        training.resume(tmp_path / "one.pt")

        assert training.step == 0

    def test_english_questions_stay_nearer_to_where_they_were_the_more_they_are_held(self, make_model, groups):
        def moved(weight):
            recipe = replace(RECIPE, steps=12, learning_rate=1e-2, english_anchor_weight=weight)
            training = Training(make_model(), groups, PASSAGES, recipe)
            for _ in range(recipe.steps):
                training.advance()
            views = training.batches.every_english_view()
            before = np.stack([training.published[view].numpy() for view in views])
            after = encode(training.model, views).detach().numpy()
            return 1 - (before * after).sum(axis=1).mean()

        assert moved(30.0) < moved(0.01)

    def test_never_learns_from_what_is_kept_apart(self, make_model, tmp_path, monkeypatch):
        kept_apart = [group("hotel", number) for number in range(8)]
        learned = [group(business, number) for business in ("shop", "bank") for number in range(8)]
        seen = set()
        original = Training.advance

        def watched(self):
            seen.update(view.matter.partition("-")[0] for view in self.batches.at(self.step))
            return original(self)

        monkeypatch.setattr(Training, "advance", watched)
        train(make_model(), [*kept_apart, *learned], PASSAGES, RECIPE, checkpoint=tmp_path / "one.pt")

        assert seen == {"shop", "bank"}
