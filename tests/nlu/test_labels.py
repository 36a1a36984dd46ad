"""Labels of people who work here, beside the training data that ships."""

import json
from pathlib import Path

import pytest
from rasa.shared.nlu.training_data.loading import load_data

from bot.labelled_rows import BrokenLine
from bot.labels import SHIPPED, data_with

GREETING = "سلام بر همه"


def labels(folder: Path, *rows: "tuple[str, str]") -> Path:
    file = folder / "labels.jsonl"
    file.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows))
    return file


def intents_of(files: "list[str]") -> "dict[str, list[str]]":
    """The intents of each text that Rasa would train on."""
    found: dict[str, list[str]] = {}
    for file in files:
        for message in load_data(file).intent_examples:
            found.setdefault(message.get("text"), []).append(message.get("intent"))
    return found


class TestDataWith:
    def test_without_labels_it_is_what_ships(self, tmp_path) -> None:
        for file in (None, tmp_path / "none.jsonl", labels(tmp_path)):
            assert data_with(file, tmp_path) == [str(SHIPPED)]

    def test_adds_what_people_say_as_they_wrote_it(self, tmp_path) -> None:
        rows = [("my [odd](text)", "thanks"), ("buy my shoes", "oos"), ("gone", "an_intent_of_old")]

        found = intents_of(data_with(labels(tmp_path, *rows), tmp_path))

        assert found["my [odd](text)"] == ["thanks"]
        assert found["buy my shoes"] == ["out_of_scope"]
        assert "gone" not in found
        assert found[GREETING] == ["greet"]

    def test_leaves_out_what_ships_already(self, tmp_path) -> None:
        assert data_with(labels(tmp_path, (f"{GREETING} ", "greet")), tmp_path) == [str(SHIPPED)]

    def test_a_label_stands_in_place_of_what_ships_and_not_beside_it(self, tmp_path) -> None:
        before = intents_of([str(SHIPPED)])

        found = intents_of(data_with(labels(tmp_path, (GREETING, "small_talk")), tmp_path))

        assert found == before | {GREETING: ["small_talk"]}

    def test_refuses_a_broken_line_by_its_number(self, tmp_path) -> None:
        file = labels(tmp_path, ("hm", "thanks"))
        file.write_text(file.read_text() + "{broken\n")

        with pytest.raises(BrokenLine, match="line 2"):
            data_with(file, tmp_path)
