import json
from pathlib import Path

import numpy as np
import pytest

from language.encoder import MANIFEST_FILE, Encoder, EncoderBroken, EncoderNotBuilt
from tests.language.encoder_contract import EncoderContract

MODEL_FOLDER = Path(__file__).parents[2] / "var" / "models" / "encoder"


class TestOpen:
    def test_says_what_to_do_where_nothing_was_built(self, tmp_path):
        with pytest.raises(EncoderNotBuilt, match="hamyar up"):
            Encoder.open(tmp_path / "encoder")

    def test_says_what_to_do_where_files_are_missing(self, tmp_path):
        (tmp_path / MANIFEST_FILE).write_text(json.dumps({"fingerprint": "f", "dimension": 4}), encoding="utf-8")

        with pytest.raises(EncoderBroken, match="Delete the folder"):
            Encoder.open(tmp_path)

    @pytest.mark.parametrize("manifest", ["", "{", "[]", "\x00\xff"])
    def test_takes_a_damaged_manifest_as_a_broken_encoder(self, tmp_path, manifest):
        (tmp_path / MANIFEST_FILE).write_text(manifest, encoding="latin-1")

        with pytest.raises(EncoderBroken):
            Encoder.open(tmp_path)


@pytest.fixture(scope="module")
def opened():
    return Encoder.open(MODEL_FOLDER)


@pytest.mark.model
class TestEncoder(EncoderContract):
    @pytest.fixture
    def encoder(self, opened):
        return opened

    def test_tells_queries_from_passages(self, encoder):
        query = encoder.encode(["refund"], kind="query")[0]
        passage = encoder.encode(["refund"], kind="passage")[0]

        assert not np.array_equal(query, passage)

    def test_finds_meaning_across_languages(self, encoder):
        passages = encoder.encode(["بازگشت وجه و لغو سفارش", "گواهی پایان دوره", "ساعت کاری دفتر"], kind="passage")

        questions = encoder.encode(["How do I get my money back?", "certificate of completion"], kind="query")

        assert np.argmax(questions @ passages.T, axis=1).tolist() == [0, 1]

    def test_reads_the_end_of_a_text_only_up_to_its_limit(self, encoder):
        long = "سلام " * 5_000

        assert np.array_equal(
            encoder.encode([long + "refund"], kind="query"), encoder.encode([long + "invoice"], kind="query")
        )


@pytest.mark.model
class TestAgainstTheConvertedModel:
    def test_gives_nearly_the_vectors_of_the_full_precision_model(self):
        import sentence_transformers

        texts = ["سفارش من کجاست", "how can i get a refund for the course i bought last week", "سلام"]
        full = sentence_transformers.SentenceTransformer(str(MODEL_FOLDER), device="cpu")

        similarity = (
            full.encode(texts, prompt_name="query") * Encoder.open(MODEL_FOLDER).encode(texts, kind="query")
        ).sum(1)

        assert similarity.min() > 0.98

    def test_serves_sentence_transformers_with_identical_vectors(self):
        from language.sentence_transformer import as_sentence_transformer

        texts = ["سفارش من کجاست", "where is my order", ""]
        encoder = Encoder.open(MODEL_FOLDER)
        model = as_sentence_transformer(encoder)

        assert np.array_equal(model.encode_query(texts), encoder.encode(texts, kind="query"))
        assert np.array_equal(model.encode_document(texts), encoder.encode(texts, kind="passage"))
        assert np.array_equal(model.encode(texts), encoder.encode(texts, kind="passage"))
