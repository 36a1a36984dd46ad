import json

import pytest

from language.hashing_encoder import HashingEncoder
from sentiment.baseline import LexiconModel
from sentiment.evaluate import BrokenLine, LabelledText, evaluate, main, read_labelled, write_page
from sentiment.mood import SentimentLabel

GOOD = json.dumps({"text": "عالی بود", "label": "positive", "lang": "fa"}, ensure_ascii=False).encode()


class TestReadLabelled:
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b'{"text": "a", "label": "positive"', "not JSON"),
            (b'{"text": "a", "label": "furious"}', "unknown label 'furious'"),
            (b'{"text": "a", "label": ["positive"]}', "unknown label"),
            (b'{"text": "  ", "label": "positive"}', "no text"),
            (b'{"text": 5, "label": "positive"}', "no text"),
            (b'{"label": "positive"}', "must be an object"),
            (b'["a"]', "must be an object"),
            (b'{"text": "\\u0000", "label": "positive"}', "no text"),
            (b"[" * 100_000, "not JSON"),
            ("سلام".encode("cp1256"), "not UTF-8"),
        ],
    )
    def test_refuses_a_broken_line_with_its_number(self, tmp_path, line, reason):
        path = tmp_path / "data.jsonl"
        path.write_bytes(GOOD + b"\n\n" + line + b"\n")

        with pytest.raises(BrokenLine, match=f"Line 3 .*{reason}"):
            read_labelled(path)

    def test_refuses_an_empty_file(self, tmp_path):
        path = tmp_path / "data.jsonl"
        path.write_bytes(b"\n")

        with pytest.raises(BrokenLine):
            read_labelled(path)

    def test_reads_text_label_and_language(self, tmp_path):
        path = tmp_path / "data.jsonl"
        path.write_bytes(GOOD + b"\n")

        assert read_labelled(path) == [LabelledText("عالی بود", SentimentLabel.positive, "fa")]

    def test_reads_the_label_under_another_key(self, tmp_path):
        path = tmp_path / "data.jsonl"
        path.write_bytes(b'{"text": "a", "label": "x", "sentiment": "neutral"}')

        assert read_labelled(path, key="sentiment") == [LabelledText("a", SentimentLabel.neutral, "en")]

    def test_reads_a_file_of_windows_a_language_that_is_not_said_and_a_text_that_nothing_could_print(self, tmp_path):
        path = tmp_path / "data.jsonl"
        path.write_bytes(b"\xef\xbb\xbf" + b'{"text": "see you \\ud800", "label": "neutral"}\n' + GOOD)

        texts = read_labelled(path)

        assert [(one.text, one.language) for one in texts] == [("see you \ufffd", "en"), ("عالی بود", "fa")]


class TestEvaluate:
    TEXTS = (
        LabelledText("great and lovely", SentimentLabel.positive, "en"),
        LabelledText("خیلی بد و افتضاح", SentimentLabel.negative, "fa"),
        LabelledText("ساعت پنج", SentimentLabel.neutral, "fa"),
        LabelledText("awful and broken", SentimentLabel.positive, "en"),
    )

    def test_counts_right_and_wrong(self):
        report, _ = evaluate(self.TEXTS, HashingEncoder(), LexiconModel())

        assert report["accuracy"] == 0.75
        assert report["per_class"]["positive"]["recall"] == 0.5
        assert report["per_class"]["neutral"]["f1"] == 1
        assert report["per_language"]["fa"]["macro_f1"] == 1
        assert report["baseline"]["macro_f1"] == report["macro_f1"]
        assert 0 <= report["ece"] <= 1

    def test_has_no_binary_figure_where_all_is_neutral(self):
        report, _ = evaluate(self.TEXTS[2:3], HashingEncoder(), LexiconModel())

        assert report["binary_f1"] is None

    def test_leaves_a_page_with_what_each_text_was_taken_for(self, tmp_path):
        page = write_page(tmp_path / "report", *evaluate(self.TEXTS, HashingEncoder(), LexiconModel()))

        html = page.read_text(encoding="utf-8")
        assert "<svg" in html
        assert html.count('<th scope="row">') == 3
        assert "binary_f1" in html


class TestMain:
    def test_says_what_is_wrong_in_one_line(self, tmp_path, capsys):
        path = tmp_path / "data.jsonl"
        path.write_text('{"text": "a", "label": "so-so"}\n', encoding="utf-8")

        assert main(["--data", str(path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
