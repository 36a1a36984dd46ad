"""A model is tried beside the one that serves; here on a few conversations and messages."""

import pytest

from bot import trial
from bot.labelled_rows import Row
from bot.test import play
from bot.trial import NothingToCompare, own_messages, try_beside

CONVERSATIONS = """
version: "3.1"
stories:
  - story: A greeting
    steps:
      - user: |
          سلام
        intent: greet
      - action: utter_greet
  - story: One that goes wrong (of course)
    steps:
      - user: |
          سلام
        intent: goodbye
      - action: utter_goodbye
"""


@pytest.fixture
def conversations(tmp_path):
    (tmp_path / "test_few.yml").write_text(CONVERSATIONS, encoding="utf-8")
    return tmp_path


class TestPlay:
    def test_names_what_goes_otherwise_than_written(self, agent, conversations) -> None:
        outcome = play(agent, conversations)

        assert (outcome.total, outcome.passed, outcome.failed) == (2, 1, ["One that goes wrong (of course)"])


class TestTryBeside:
    @pytest.fixture(autouse=True)
    def few(self, monkeypatch, conversations) -> None:
        monkeypatch.setattr(trial, "DEFAULT_CONVERSATIONS", conversations)
        monkeypatch.setattr(trial, "own_messages", lambda: [Row("سلام", "greet", "fa"), Row("hello", "goodbye", "en")])

    def test_counts_what_both_make_of_it(self, model) -> None:
        labelled = [Row("\n /سلام", "greet", "fa"), Row("یه فیلم ترسناک معرفی کن", "oos", "fa")]

        found = try_beside(model, model, name="20260101-000000", labelled=labelled)

        assert (found.conversations, len(found.failed), found.failed_anew) == (2, 1, [])
        assert (found.texts, found.accuracy, found.accuracy_before) == (2, 0.5, 0.5)
        assert (found.labelled, found.labelled_accuracy) == (2, 1.0)
        assert found.is_passed

    def test_needs_a_model_to_compare_with(self, model, tmp_path) -> None:
        broken = tmp_path / "broken.tar.gz"
        broken.write_bytes(b"no model at all")

        with pytest.raises(NothingToCompare):
            try_beside(model, broken, name="20260101-000000", labelled=[])


class TestOwnMessages:
    def test_are_many(self) -> None:
        assert len(own_messages()) > 100
