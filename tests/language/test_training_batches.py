"""What a step shows the encoder."""

from collections import Counter
from dataclasses import replace

import pytest

from language.general_passages import GeneralPassage
from language.support_questions import Group
from language.training_batches import Batches


def group(business, number):
    return Group(
        business=business,
        id=f"{business}-{number:03}",
        formal=f"پرسش رسمی {number}",
        answer=f"پاسخ {number}",
        informal=(f"می‌خوام {number}", f"نمی‌خوام {number}", f"چی شد {number}"),
        finglish=f"salam {number}",
        english=f"question {number}",
        near=(f"{business}-{number ^ 1:03}",),
        line=number,
    )


@pytest.fixture
def batches():
    groups = [group(business, number) for business in ("shop", "bank", "clinic") for number in range(20)]
    passages = [GeneralPassage(f"general-{number}", f"متن {number}", (f"چرا {number}",)) for number in range(10)]
    return Batches(groups, passages, matters=16, general=4, seed=3)


class TestAt:
    def test_is_the_same_for_the_same_step_and_another_for_the_next(self, batches):
        assert batches.at(5) == batches.at(5)
        assert batches.at(5) != batches.at(6)

    def test_shows_each_matter_in_three_ways(self, batches):
        assert set(Counter(view.matter for view in batches.at(0)).values()) == {3}

    def test_puts_matters_of_one_business_side_by_side_with_a_few_of_another(self, batches):
        businesses = Counter(view.matter.partition("-")[0] for view in batches.at(0))

        assert sorted(businesses.values()) == [4 * 3, 12 * 3]

    def test_brings_the_look_alikes_along(self, batches):
        matters = {view.matter for view in batches.at(1)}
        with_neighbour = [one for one in matters if f"{one[:-3]}{int(one[-3:]) ^ 1:03}" in matters]

        assert len(with_neighbour) == len(matters)


class TestAsTyped:
    """An informal question is not always shown as it was written."""

    ASKED = "سفارشی که هفته پیش دادم هنوز نرسیده"

    def typed(self, text):
        one = replace(group("shop", 1), informal=(text,) * 2)
        batches = Batches([one, group("bank", 1)], [], matters=4, general=0, seed=3)
        shown = [view for step in range(60) for view in batches.at(step)]
        return [view.text for view in shown if view.matter == one.id and view.kind == "query"]

    def test_leaves_a_word_out_now_and_then(self):
        words = self.ASKED.split()
        shorter = [text for text in self.typed(self.ASKED) if set(text.split()) < set(words)]

        assert shorter
        assert {len(text.split()) for text in shorter} == {len(words) - 1}

    def test_takes_no_word_from_a_short_one(self):
        shorter = {"هنوز نیومده", "سفارشم نیومده", "سفارشم هنوز"}

        assert not shorter & set(self.typed("سفارشم هنوز نیومده"))


class TestEnglish:
    """A matter with several English questions is asked in English now and then; what is held is what was written."""

    WAYS = ("cancel pls", "dont want it anymore")

    @pytest.fixture
    def batches(self):
        groups = [replace(group("shop", number), english_informal=self.WAYS) for number in range(8)]
        groups += [group("bank", number) for number in range(8)]
        return Batches(groups, [], matters=8, general=0, seed=3)

    def test_shows_each_of_them(self, batches):
        shown = Counter(view.text for step in range(20) for view in batches.at(step))

        assert all(shown[way] for way in self.WAYS)

    def test_asks_two_of_them_side_by_side(self, batches):
        together = [
            matter
            for step in range(20)
            for matter, count in Counter(view.matter for view in batches.at(step) if view.text in self.WAYS).items()
            if count == 2
        ]

        assert together

    def test_names_all_of_them_as_they_are_written(self, batches):
        named = {view.text for view in batches.every_english_view()}

        assert named == {*self.WAYS, *(f"question {number}" for number in range(8))}


class TestGeneralAt:
    def test_shows_each_passage_with_a_question(self, batches):
        kinds = Counter((view.matter, view.kind) for view, _ in batches.general_at(0))

        assert 6 <= len(kinds) <= 8
        assert set(kinds.values()) == {1}

    def test_shows_a_passage_beside_the_next_one_which_is_mostly_on_the_same_subject(self, batches):
        shown = {int(view.matter.partition("-")[2]) for view, _ in batches.general_at(0)}

        assert all({(one - 1) % 10, (one + 1) % 10} & shown for one in shown)

    def test_shows_nothing_that_was_not_announced(self, batches):
        assert {written for _, written in batches.general_at(2)} <= set(batches.every_general_view())

    def test_general_questions_are_typed_with_a_slip_now_and_then(self):
        question = "پایتخت این کشور دوردست کجاست"
        passages = [GeneralPassage(f"general-{number}", "متن", (question,)) for number in range(10)]
        batches = Batches([group("shop", 1)], passages, matters=1, general=8, seed=3)

        pairs = [pair for step in range(10) for pair in batches.general_at(step) if pair[1].kind == "query"]
        slips = [shown for shown, written in pairs if shown != written]

        assert all(written.text == question for _, written in pairs)
        assert 0 < len(slips) < len(pairs) / 2
        assert all(abs(len(slip.text) - len(question)) <= 1 for slip in slips)
