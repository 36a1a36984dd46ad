"""Measuring an encoder, here on one that knows letters alone."""

import json
from dataclasses import replace

import numpy as np
import pytest

from language.evaluate import Business, DataBroken, Ranks, label_trial, main, retrieval_trial
from language.hashing_encoder import HashingEncoder
from language.perturbations import PERTURBATIONS
from tests.language.test_training_batches import group


@pytest.fixture
def encoder():
    return HashingEncoder()


@pytest.fixture
def write(tmp_path):
    def write_lines(name, *lines):
        file = tmp_path / name
        file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
        return file

    return write_lines


class TestRanks:
    def test_count_how_often_the_answer_is_first_or_among_the_first(self):
        likeness = np.array([[0.9, 0.1, 0.2], [0.5, 0.4, 0.6], [0.1, 0.2, 0.3]], dtype=np.float32)

        figures = Ranks.of(likeness, [[0], [1], [1, 2]]).figures("x")

        assert figures["x recall@1"] == pytest.approx(2 / 3)
        assert figures["x recall@5"] == 1
        assert figures["x mrr@10"] == pytest.approx((1 + 1 / 3 + 1) / 3)

    def test_tell_what_to_expect_among_fewer_entries(self):
        # 79 entries: the answer, one before it, 77 behind. Half of the others are drawn.
        among_few = Ranks(np.array([1])).figures_among_few("x", 79)

        assert among_few["x, of 40 entries, recall@1"] == pytest.approx(0.5)
        assert among_few["x, of 40 entries, recall@5"] == 1
        assert Ranks(np.array([1])).figures_among_few("x", 6)["x, of 6 entries, recall@1"] == 0


class TestBusiness:
    def test_measures_each_register_and_each_change_of_spelling(self, encoder):
        figures = Business([group("shop", number) for number in range(6)]).measure(encoder)

        assert {f"lost by {name}" for name in PERTURBATIONS} < set(figures)
        for name in ("informal", "informal, variants stored", "finglish", "english to persian", "persian to english"):
            assert 0 <= figures[f"{name} recall@1"] <= figures[f"{name} recall@5"] <= 1

    def test_lets_stored_questions_speak_for_a_title_that_has_other_words(self, encoder):
        password = replace(
            group("shop", 0), formal="بازیابی حساب", informal=("رمز ورودم گم شد", "رمز ورودم گم شده", "رمز ورودم کو")
        )
        entry = replace(
            group("shop", 1), formal="ورود به سالن", informal=("بلیت میخواد", "بلیت باید گرفت", "بی بلیت میشه")
        )

        figures = Business([password, entry]).measure(encoder)

        assert figures["informal recall@1"] < figures["informal, variants stored recall@1"] == 1


class TestRetrievalTrial:
    def test_finds_the_text_that_is_nearest(self, encoder, write):
        corpus = write("c.jsonl", {"id": "a", "text": "ارسال سفارش"}, {"id": "b", "text": "رمز عبور"})
        queries = write("q.jsonl", {"query": "رمز عبور", "positive_ids": ["b"]}, {"query": "x", "positive_ids": []})

        assert retrieval_trial(corpus, queries)(encoder)["retrieval recall@1"] == 1

    def test_refuses_an_answer_that_is_not_there(self, write):
        corpus = write("c.jsonl", {"id": "a", "text": "x"})

        with pytest.raises(DataBroken, match="'b'"):
            retrieval_trial(corpus, write("q.jsonl", {"query": "x", "positive_ids": ["b"]}))


class TestLabelTrial:
    def test_learns_from_one_split_and_is_asked_the_other(self, encoder, write):
        lines = [
            {"text": text, "label": label, "split": split}
            for split in ("train", "test")
            for text, label in (
                ("ارسال سفارش", "send"),
                ("ارسال بسته", "send"),
                ("رمز عبور", "key"),
                ("رمز دوم", "key"),
            )
        ]

        assert label_trial(write("l.jsonl", *lines))(encoder)["probe accuracy"] == 1

    @pytest.mark.parametrize("content", ['{"text": "x"}', "{", "", "[]"])
    def test_refuses_a_broken_file(self, tmp_path, content):
        (tmp_path / "l.jsonl").write_text(content, encoding="utf-8")

        with pytest.raises(DataBroken, match=r"l\.jsonl"):
            label_trial(tmp_path / "l.jsonl")

    def test_refuses_another_encoding_with_the_line(self, tmp_path):
        lines = '{"text": "x", "label": "a"}\n{"text": "سلام", "label": "a"}\n'
        (tmp_path / "l.jsonl").write_bytes(lines.encode("cp1256"))

        with pytest.raises(DataBroken, match=r"l\.jsonl, line 2: not UTF-8"):
            label_trial(tmp_path / "l.jsonl")


class TestMain:
    def test_says_what_is_wrong_with_a_file_of_groups(self, tmp_path, capsys):
        (tmp_path / "shop.jsonl").write_text("{", encoding="utf-8")

        assert main(["--groups", str(tmp_path / "shop.jsonl"), "--base", str(tmp_path)]) == 2
        assert "shop.jsonl, line 1" in capsys.readouterr().err
