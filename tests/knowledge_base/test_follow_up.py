import json
from pathlib import Path

import pytest

from knowledge_base.follow_up import has_no_subject, is_follow_up

PAIRS = Path(__file__).parent.parent / "data" / "follow_ups.jsonl"


class TestIsFollowUp:
    def test_knows_most_follow_ups_and_takes_hardly_a_complete_question_for_one(self):
        pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
        due = [pair["follow_up"] for pair in pairs]
        said = [is_follow_up(pair["text"]) for pair in pairs]
        right = sum(one and other for one, other in zip(due, said, strict=True))

        assert len(pairs) >= 150
        assert right / sum(said) >= 0.97
        assert right / sum(due) >= 0.93

    @pytest.mark.parametrize("text", ["and if I only did half?", "و اگه فقط نصفشو برم؟", "after the second session?"])
    def test_knows_another_case_of_what_was_asked(self, text):
        assert is_follow_up(text)

    @pytest.mark.parametrize("text", ["", "  ", "؟!", "\u200c", "👍", "\x00", "and " * 2_000, "و " * 2_000])
    def test_text_without_a_question_is_none(self, text):
        assert not is_follow_up(text)

    @pytest.mark.parametrize("text", ["برای سازمان‌ها چطور؟", "براي سازمان ها چطور", "baraye sazmanha chetor?"])
    def test_reads_every_way_of_writing_persian(self, text):
        assert is_follow_up(text)

    @pytest.mark.parametrize("text", ["does this course have a certificate?", "are there discounts?", "ریزش یعنی چی؟"])
    def test_a_pointing_word_before_a_noun_points_nowhere(self, text):
        assert not is_follow_up(text)

    @pytest.mark.parametrize("text", ["شیراز هم میاین؟", "جریمه هم داره؟", "bedune zamen?", "which ones then?"])
    def test_knows_what_adds_to_what_was_said(self, text):
        assert is_follow_up(text)


class TestHasNoSubject:
    @pytest.mark.parametrize(
        "text",
        ["هزینه داره؟", "چند روزه صادر می‌شه؟", "how much does that cost?", "how many sessions?", "hazinash chande?"],
    )
    def test_what_everything_has_is_no_subject(self, text):
        assert has_no_subject(text)
        assert is_follow_up(text)

    @pytest.mark.parametrize("text", ["هزینهٔ مشاوره چقدره؟", "شیراز هم میاین؟", "what does consulting cost?", "", "👍"])
    def test_a_name_or_nothing_at_all_is_none(self, text):
        assert not has_no_subject(text)
