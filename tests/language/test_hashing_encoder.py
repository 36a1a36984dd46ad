import numpy as np
import pytest

from language.hashing_encoder import HashingEncoder
from tests.language.encoder_contract import EncoderContract


class TestHashingEncoder(EncoderContract):
    @pytest.fixture
    def encoder(self):
        return HashingEncoder()

    def test_gives_the_same_vectors_in_every_process(self):
        vector = HashingEncoder(dimension=8).encode(["سلام"], kind="query")[0]

        assert vector.round(3).tolist() == [
            -0.3160000145435333,
            0.3160000145435333,
            -0.3160000145435333,
            0.3160000145435333,
            -0.3160000145435333,
            0.0,
            -0.6320000290870667,
            -0.3160000145435333,
        ]

    def test_differs_in_fingerprint_where_it_differs_in_size(self):
        assert HashingEncoder(16).fingerprint != HashingEncoder(32).fingerprint

    def test_brings_spellings_of_a_word_near_each_other(self):
        one, other, unrelated = HashingEncoder().encode(["certificate", "certificates", "hello"], kind="query")

        assert np.dot(one, other) > 0.5 > np.dot(one, unrelated)
