from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from language.normalise import normalise
from sentiment.examples import DATA_FOLDER, LANGUAGES, BrokenExample, read_examples
from sentiment.mood import SentimentLabel

CASES = [Path(__file__).with_name(name) for name in ("cases.tsv", "fresh_cases.tsv")]
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

    def test_holds_nothing_close_to_a_test_case(self):
        trained = [(one.text, grams(one.text)) for one in read_examples(DATA_FOLDER)]
        cases = [one.text for path in CASES for one in read_examples(path)]
        assert len(cases) > 250
        assert len(trained) > 900

        close = [(case, text) for case in cases for text, found in trained if are_close(grams(case), found)]

        assert close == []


@cache
def grams(text: str) -> frozenset[str]:
    line = normalise(text)
    return frozenset(line[start : start + 4] for start in range(max(1, len(line) - 3)))


def are_close(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether more than half of the letters-in-fours of two texts are shared (Jaccard)."""
    if not len(one) / 2 <= len(other) <= 2 * len(one):
        return False  # Then it cannot be, and the pairs are many.
    return 2 * len(one & other) > len(one | other)
