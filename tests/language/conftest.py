"""A network small enough to learn in a test."""

import pytest


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
