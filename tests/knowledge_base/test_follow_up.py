import json
from pathlib import Path

import pytest

from knowledge_base.follow_up import is_follow_up

PAIRS = Path(__file__).parent.parent / "data" / "follow_ups.jsonl"


class TestIsFollowUp:
    def test_knows_most_follow_ups_and_takes_hardly_a_complete_question_for_one(self):
        pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
        due = [pair["follow_up"] for pair in pairs]
        said = [is_follow_up(pair["text"]) for pair in pairs]
        right = sum(one and other for one, other in zip(due, said, strict=True))

        assert len(pairs) >= 60
        assert right / sum(said) >= 0.95
        assert right / sum(due) >= 0.8

    @pytest.mark.parametrize("text", ["", "  ", "؟!", "\u200c", "👍", "\x00", "and " * 2_000, "و " * 2_000])
    def test_text_without_a_question_is_none(self, text):
        assert not is_follow_up(text)

    @pytest.mark.parametrize("text", ["برای سازمان‌ها چطور؟", "براي سازمان ها چطور", "baraye sazmanha chetor?"])
    def test_reads_every_way_of_writing_persian(self, text):
        assert is_follow_up(text)

    @pytest.mark.parametrize("text", ["does this course have a certificate?", "are there discounts?", "ریزش یعنی چی؟"])
    def test_a_pointing_word_before_a_noun_points_nowhere(self, text):
        assert not is_follow_up(text)
