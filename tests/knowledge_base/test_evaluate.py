import json

import pytest

from knowledge_base.embedder import Embedder
from knowledge_base.evaluate import (
    CorpusLine,
    DataBroken,
    Evaluation,
    QueryLine,
    as_lines,
    calibration_error,
    read_lines,
)
from language.hashing_encoder import HashingEncoder
from language.perturbations import PERTURBATIONS

CORPUS = [
    CorpusLine(id="a", text="Refunds are paid within seven working days.", lang="en"),
    CorpusLine(id="b", text="Courses begin on Saturday at nine.", lang="en"),
    CorpusLine(id="c", text="گواهی‌نامه پنج روز پس از آزمون صادر می‌شود.", title="صدور گواهی‌نامه"),
]


class TestReadLines:
    def test_names_the_broken_line(self, tmp_path):
        path = tmp_path / "q.jsonl"
        path.write_text('{"query": "x", "positive_ids": []}\n\n{"query": 3}\n', encoding="utf-8")

        with pytest.raises(DataBroken, match=r"q\.jsonl, line 3"):
            read_lines(path, QueryLine)

    @pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"not json", b"[" * 100_000])
    def test_refuses_what_is_no_data(self, tmp_path, content):
        path = tmp_path / "q.jsonl"
        path.write_bytes(content)

        with pytest.raises(DataBroken):
            read_lines(path, QueryLine)

    def test_takes_numbers_for_ids_and_null_for_what_may_be_left_out(self, tmp_path):
        corpus, queries = tmp_path / "c.jsonl", tmp_path / "q.jsonl"
        corpus.write_text('{"id": 7, "text": "Seven days.", "title": null, "lang": null}\n', encoding="utf-8")
        queries.write_text('{"query": "when?", "positive_ids": [7], "lang": "en-US"}\n', encoding="utf-8")

        (article,), (query,) = read_lines(corpus, CorpusLine), read_lines(queries, QueryLine)

        assert (article.id, article.title, article.lang) == ("7", "", None)
        assert (query.positive_ids, query.lang) == (["7"], "en")

    def test_takes_a_file_of_windows_and_texts_that_nothing_could_print(self, tmp_path):
        path = tmp_path / "q.jsonl"
        path.write_bytes(b'\xef\xbb\xbf{"query": "when \\ud800?", "positive_ids": []}')

        assert [one.query for one in read_lines(path, QueryLine)] == ["when \ufffd?"]


class TestCorpusLine:
    @pytest.mark.parametrize(
        ("text", "language"), [("Refunds take seven days.", "en"), ("هفت روز طول می‌کشد.", "fa"), ("12", "fa")]
    )
    def test_is_in_the_language_of_its_text_unless_another_is_said(self, text, language):
        assert CorpusLine(id="a", text=text).language == language
        assert CorpusLine(id="a", text=text, lang="EN").language == "en"


class TestEvaluation:
    def test_gives_every_figure(self):
        queries = [
            QueryLine(query="when are refunds paid?", positive_ids=["a"], lang="en"),
            QueryLine(query="گواهی‌نامه کی صادر می‌شود؟ ۲", positive_ids=["c"]),
            QueryLine(query="zzz qqq", positive_ids=[]),
        ]

        figures = Evaluation(Embedder(HashingEncoder()), CORPUS).run(queries)

        assert figures["recall@1"] == figures["mrr@10"] == figures["dense"]["recall@1"] == 1.0
        assert figures["bm25"]["ndcg@10"] == 1.0
        assert set(figures["perturbed"]) == set(PERTURBATIONS)
        assert figures["declined_unanswerable"] in (0.0, 1.0)
        assert json.loads(json.dumps(figures)) == figures

    def test_a_figure_of_nothing_is_null_and_still_there(self):
        figures = Evaluation(Embedder(HashingEncoder()), CORPUS).run([QueryLine(query="zzz qqq", positive_ids=[])])

        nothing = {"recall@1": None, "recall@5": None, "mrr@10": None, "ndcg@10": None}
        assert figures.items() >= nothing.items()
        assert figures["dense"] == figures["bm25"] == nothing
        assert "recall@1                        -   dense      -" in "\n".join(as_lines(figures))


class TestCalibrationError:
    def test_is_nothing_when_confidence_is_what_comes_true(self):
        assert calibration_error([0.25] * 4, [True, False, False, False]) == pytest.approx(0)

    def test_is_the_distance_when_it_is_not(self):
        assert calibration_error([0.95] * 4, [True, False, False, False]) == pytest.approx(0.7)


class TestPerturbations:
    def test_each_changes_a_question_that_it_concerns(self):
        question = "چطور می‌توانم ۲ دورهٔ دیگر بخرم؟"

        assert len(PERTURBATIONS) == 5
        for change in PERTURBATIONS.values():
            assert change(question) != question
            assert change(question) == change(question)
