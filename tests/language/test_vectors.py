import base64

import numpy as np
import pytest

from language.vectors import VectorUnreadable, from_base64, to_base64


class TestToBase64:
    def test_writes_little_endian_float32(self):
        assert base64.b64decode(to_base64(np.array([1.0], dtype=">f4"))) == b"\x00\x00\x80\x3f"

    def test_comes_back_unchanged(self):
        vector = np.linspace(-1, 1, 384, dtype=np.float32)

        assert np.array_equal(from_base64(to_base64(vector), dimension=384), vector)


class TestFromBase64:
    @pytest.mark.parametrize(
        "text",
        ["", "AAAA", "not base64!", "AACAPw", " AACAPw==", "AACAPw==\n", "سلام", to_base64(np.zeros(3, np.float32))],
    )
    def test_refuses_what_is_not_a_vector_of_that_size(self, text):
        with pytest.raises(VectorUnreadable):
            from_base64(text, dimension=1)

    @pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
    def test_refuses_numbers_that_are_not_finite(self, number):
        with pytest.raises(VectorUnreadable):
            from_base64(to_base64(np.array([number], np.float32)), dimension=1)
