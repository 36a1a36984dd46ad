"""What every TextEncoder promises. Inherit it and provide the fixture `encoder`."""

import numpy as np
import pytest

from language.encoder import TextEncoder

HOSTILE_TEXTS = {
    "NUL": "order\0status",
    "lone surrogate": "order \ud800 status",
    "right-to-left override": "\u202eorder status\u202c",
    "a character that expands to eighteen": "\ufdfa" * 3_000,
    "a hundred thousand characters": "سلام دنیا " * 10_000,
    "one endless word": "x" * 100_000,
    "piled marks": "e" + "\u0301\u0316" * 50_000,
    "binary": "".join(map(chr, range(256))) * 4,
    "markup": "<s></s><mask><script>alert(1)</script>",
    "unassigned": "\U000e0fff\uffff\ufffe word",
    "other scripts": "Привет 你好 สวัสดี",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈🇮🇷",
}
ORDINARY_TEXTS = ["سفارشم کجاست؟", "Where is my order?", "sefaresham kojast", "قیمت دوره چقدر است؟"]


class EncoderContract:
    @pytest.fixture
    def encoder(self) -> TextEncoder:
        raise NotImplementedError

    def test_gives_one_float32_unit_row_per_text(self, encoder):
        vectors = encoder.encode(ORDINARY_TEXTS, kind="query")

        assert vectors.shape == (len(ORDINARY_TEXTS), encoder.dimension)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    def test_gives_no_rows_for_no_texts(self, encoder):
        assert encoder.encode([], kind="passage").shape == (0, encoder.dimension)

    def test_gives_the_same_vector_alone_or_beside_others(self, encoder):
        together = encoder.encode([*ORDINARY_TEXTS, "a rather longer text " * 20], kind="passage")

        for row, text in enumerate(ORDINARY_TEXTS):
            assert np.array_equal(encoder.encode([text], kind="passage")[0], together[row])

    @pytest.mark.parametrize("text", ["", "   \n\t", "\u200c\u200e\u202e", "\0", "\ud800"])
    def test_gives_zeros_where_there_is_nothing_to_read(self, encoder, text):
        assert not encoder.encode([text], kind="query").any()

    @pytest.mark.parametrize("kind", ["query", "passage"])
    @pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS.keys())
    def test_takes_hostile_text(self, encoder, text, kind):
        vectors = encoder.encode([text], kind=kind)

        assert np.isfinite(vectors).all()
        assert np.linalg.norm(vectors) == pytest.approx(1, abs=1e-4)

    def test_reads_arabic_letters_and_persian_ones_alike(self, encoder):
        persian, arabic = encoder.encode(["گواهی پایان دوره کی می‌رسد؟", "گواهي پايان دوره كي می رسد?"], kind="query")

        assert np.array_equal(persian, arabic)

    def test_finds_the_passage_that_repeats_the_question(self, encoder):
        passages = encoder.encode(["ساعت کاری ما", "سفارش شما کجاست", "بازگشت وجه"], kind="passage")

        question = encoder.encode(["سفارشم کجاست؟"], kind="query")[0]

        assert int(np.argmax(passages @ question)) == 1

    def test_has_a_fingerprint_that_can_be_stored(self, encoder):
        assert encoder.fingerprint
        assert len(encoder.fingerprint) <= 64
        assert encoder.fingerprint.isascii()
