"""Measuring the understanding on anybody's data."""

import json
from pathlib import Path

import pytest

from bot import evaluate as evaluating
from bot.evaluate import baseline, evaluate, figures, main, write_page
from bot.labelled_rows import BrokenLine, Row, read_rows, shipped_rows
from bot.pipeline_reader import Reading

OWN_MESSAGES = Path(__file__).parents[1] / "data" / "messages.jsonl"
GOOD = json.dumps({"text": "پولم چی شد", "label": "refund", "lang": "fa"}, ensure_ascii=False).encode()


class TestReadRows:
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b'{"text": "a", "label": "refund"', "not JSON"),
            (b'{"text": "  ", "label": "refund"}', "no text"),
            (b'{"text": 5, "label": "refund"}', "no text"),
            (b'{"text": "a", "label": 5}', "no label"),
            (b'{"label": "refund"}', "must be an object"),
            (b'["a"]', "must be an object"),
            (b"[" * 100_000, "not JSON"),
            (b'{"text": "a", "label": "flight"}', "'flight' is not in the training rows"),
            ("سلام".encode("cp1256"), "not UTF-8"),
        ],
    )
    def test_refuses_a_broken_line_with_its_number(self, tmp_path, line, reason) -> None:
        path = tmp_path / "rows.jsonl"
        path.write_bytes(GOOD + b"\n\n" + line + b"\n")

        with pytest.raises(BrokenLine, match=f"line 3: .*{reason}"):
            read_rows(path, known={"refund"})

    def test_knows_out_of_scope_without_training_rows_of_it(self, tmp_path) -> None:
        path = tmp_path / "rows.jsonl"
        path.write_bytes(b'{"text": "a", "label": "oos"}')

        assert read_rows(path, known={"refund"}) == [Row("a", "oos", "en")]

    def test_reads_a_file_of_windows_with_texts_and_labels_that_nothing_could_print(self, tmp_path) -> None:
        path = tmp_path / "rows.jsonl"
        path.write_bytes(b'\xef\xbb\xbf{"text": "a\\ud800", "label": "b\\udc00", "lang": "FA-ir"}\n')

        assert read_rows(path) == [Row("a\ufffd", "b\ufffd", "fa")]

    def test_a_language_that_is_not_said_is_that_of_the_text(self, tmp_path) -> None:
        path = tmp_path / "rows.jsonl"
        path.write_text('{"text": "پولم چی شد", "label": "refund", "lang": null}', encoding="utf-8")

        assert read_rows(path)[0].language == "fa"

    def test_reads_the_own_messages_beside_what_ships(self) -> None:
        known = {row.label for row in shipped_rows()}

        rows = read_rows(OWN_MESSAGES, known=known, key="intent")

        assert "oos" in known
        assert len([row for row in rows if row.label == "oos"]) > 50

    def test_is_told_in_one_line(self, tmp_path, capsys) -> None:
        path = tmp_path / "rows.jsonl"
        path.write_bytes(b"\xff")

        assert main(["--train", str(path), "--test", str(path)]) == 2
        assert capsys.readouterr().err == "rows.jsonl, line 1: not UTF-8.\n"


class TestFigures:
    ROWS = (Row("a", "refund", "fa"), Row("b", "invoice", "fa"), Row("c", "oos", "fa"))

    def test_count_what_was_declined_where_there_is_something_to_decline(self) -> None:
        readings = [
            Reading("refund", "refund", 0.9, scope=1.5),
            Reading("invoice", "oos", 0.3, scope=0.4),
            Reading("refund", "oos", 0.9, scope=-2.0),
        ]

        report = figures(self.ROWS, readings)

        assert report["accuracy"] == pytest.approx(2 / 3, abs=1e-4)
        assert report["in_scope_accuracy"] == 1
        assert report["oos_recall"] == 1
        assert report["oos_recall_at_95"] == 1
        assert report["in_scope_kept"] == 0.5

    def test_take_the_likeliest_intent_where_all_is_in_scope(self) -> None:
        readings = [Reading("refund", "oos", 0.1, scope=0), Reading("refund", "refund", 0.9, scope=1)]

        report = figures(self.ROWS[:2], readings)

        assert report["accuracy"] == 0.5
        assert report["oos_recall"] is None

    def test_measure_confidence_on_what_is_in_scope(self) -> None:
        readings = [Reading("refund", "refund", 0.75, scope=1)] * 2 + [Reading("refund", "refund", 1.0, scope=1)]

        assert figures(self.ROWS, readings)["ece"] == 0.25


class TestBaseline:
    def test_is_null_where_nothing_that_is_learned_has_a_word(self) -> None:
        emoji = [Row("😀", "glad", "other"), Row("😡 a", "angry", "other")]

        assert baseline(emoji, [Row("good day", "glad", "en")]) is None

    def test_learns_words(self) -> None:
        rows = [Row("good day", "glad", "en"), Row("bad night", "angry", "en")]

        found = baseline(rows, rows)

        assert found is not None
        assert (found["accuracy"], found["ece"]) == (1.0, None)


class TestEvaluate:
    """The pipeline that is trained is a plain one of Rasa: how rows go through it is the same."""

    @pytest.fixture(autouse=True)
    def plain(self, monkeypatch) -> None:
        words = [{"name": "WhitespaceTokenizer"}, {"name": "CountVectorsFeaturizer"}]
        pipeline = [*words, {"name": "LogisticRegressionClassifier"}]
        monkeypatch.setattr(evaluating, "shipped_pipeline", lambda: pipeline)

    def test_takes_no_text_for_a_command(self) -> None:
        rows = [Row(text, "start", "en") for text in (" /start now", "/start", "\u00a0//start it", " / ")]

        report, readings = evaluate([*rows, Row("stop that", "stop", "en")], rows)

        assert {one.likeliest for one in readings} <= {"start", "stop"}
        assert report["texts"] == 4

    def test_prints_what_it_found_where_there_is_no_baseline(self, tmp_path, capsys) -> None:
        path = tmp_path / "rows.jsonl"
        lines = [{"text": "x 😀", "label": "glad"}, {"text": "y 😡", "label": "angry"}]
        path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")

        assert main(["--train", str(path), "--test", str(path)]) == 0
        assert "2 texts" in capsys.readouterr().out


class TestWritePage:
    def test_shows_whatever_a_label_is_called(self, tmp_path) -> None:
        rows = [Row("a", "<b>refund</b>", "fa"), Row("b", "oos", "fa")]
        readings = [Reading("<b>refund</b>", "oos", 0.4, scope=1), Reading("<b>refund</b>", "oos", 0.4, scope=0)]
        report = {**figures(rows, readings), "texts": 2, "training_seconds": 1.0, "ms_p50": 1.0}

        page = write_page(tmp_path, rows, readings, report).read_text(encoding="utf-8")

        assert "&lt;b&gt;refund" in page
        assert "<b>" not in page
