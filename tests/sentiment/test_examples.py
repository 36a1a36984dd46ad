from collections import Counter

import pytest

from sentiment.examples import DATA_FOLDER, LANGUAGES, BrokenExample, read_examples
from sentiment.mood import SentimentLabel

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


class TestTrainingData:
    def test_has_every_label_in_every_language(self):
        counts = Counter((one.language, one.label) for one in read_examples(DATA_FOLDER))

        assert set(counts) == {(language, label) for language in LANGUAGES for label in SentimentLabel}
