from collections import Counter

import pytest

from sentiment.examples import DATA_FOLDER, LANGUAGES, BrokenExample, read_examples
from sentiment.mood import SentimentLabel
from sentiment.train import main

HEADER = "language\tlabel\tsignals\ttext\n"


class TestReadExamples:
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("fa\tneutral\t", "four cells"),
            ("fa\tneutral\t\t ", "four cells"),
            ("fa\tcross\t\tسلام", "cross"),
            ("fa\tnegative\trage\tسلام", "rage"),
            ("tr\tneutral\t\tmerhaba", "unknown language"),
        ],
    )
    def test_refuses_a_broken_line_with_its_number(self, tmp_path, line, reason):
        file = tmp_path / "support_fa.tsv"
        file.write_text(f"{HEADER}fa\tneutral\t\tسلام\n{line}\n", encoding="utf-8")

        with pytest.raises(BrokenExample, match=rf"support_fa\.tsv, line 3: .*{reason}"):
            read_examples(tmp_path)

    def test_refuses_a_file_without_the_header(self, tmp_path):
        file = tmp_path / "support_fa.tsv"
        file.write_text("fa\tneutral\t\tسلام\n", encoding="utf-8")

        with pytest.raises(BrokenExample, match="line 1"):
            read_examples(file)

    @pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
    def test_an_empty_file_has_no_header(self, tmp_path, content):
        file = tmp_path / "support_fa.tsv"
        file.write_bytes(content)

        with pytest.raises(BrokenExample, match=r"support_fa\.tsv, line 1: the header"):
            read_examples(file)

    @pytest.mark.parametrize("content", [HEADER, None])
    def test_refuses_a_place_without_a_single_example(self, tmp_path, content):
        if content:
            (tmp_path / "support_fa.tsv").write_text(content)

        with pytest.raises(BrokenExample, match="there is nothing in it"):
            read_examples(tmp_path)

    def test_refuses_another_encoding_with_the_first_line_that_is_in_it(self, tmp_path):
        file = tmp_path / "support_fa.tsv"
        file.write_bytes(f"{HEADER}en\tneutral\t\thello\nfa\tneutral\t\tسلام\n".encode("cp1256"))

        with pytest.raises(BrokenExample, match=r"support_fa\.tsv, line 3: not UTF-8"):
            read_examples(file)

    def test_reads_what_editors_of_windows_write(self, tmp_path):
        file = tmp_path / "support_fa.tsv"
        file.write_bytes(f"{HEADER}fa\tneutral\t\tسلام\n".replace("\n", "\r\n").encode("utf-8-sig"))

        assert [one.text for one in read_examples(file)] == ["سلام"]

    @pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0b"])
    def test_a_line_ends_where_editors_say_that_it_ends(self, tmp_path, mark):
        file = tmp_path / "support_fa.tsv"
        line = f"fa\tneutral\t\tسلام{mark}خوبید\n"
        file.write_text(f"{HEADER}{line}{line}broken\n", encoding="utf-8")

        with pytest.raises(BrokenExample, match="line 4: four cells"):
            read_examples(file)


class TestTrain:
    def test_ends_with_the_number_of_the_line_that_cannot_be_read(self, tmp_path, capsys):
        file = tmp_path / "support_fa.tsv"
        file.write_bytes(f"{HEADER}fa\tneutral\t\tسلام\n".encode("cp1256"))

        assert main(["--data", str(file)]) == 2
        assert capsys.readouterr().err == "support_fa.tsv, line 2: not UTF-8.\n"


class TestTrainingData:
    def test_has_every_label_in_every_language(self):
        counts = Counter((one.language, one.label) for one in read_examples(DATA_FOLDER))

        assert set(counts) == {(language, label) for language in LANGUAGES for label in SentimentLabel}
