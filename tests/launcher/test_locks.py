"""The lock's pin of PyTorch."""

from launcher.locks import portable, without_torch

LOCK = "tokenizers==0.23.3\ntorch==2.13.0+cpu\n    # via -r requirements/app.in\ntqdm==4.70.1\n"


class TestPortable:
    def test_pins_the_version_without_the_name_of_the_build(self):
        assert "torch==2.13.0\n" in portable(LOCK)


class TestWithoutTorch:
    def test_keeps_every_other_pin(self):
        assert "torch==" not in without_torch(LOCK)
        assert "tokenizers==0.23.3" in without_torch(LOCK)
        assert "tqdm==4.70.1" in without_torch(LOCK)
