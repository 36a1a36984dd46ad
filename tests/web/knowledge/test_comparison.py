"""Two texts beside each other."""

from datetime import date

import pytest

from knowledge_base.enums import Visibility
from knowledge_base.schemas import ArticleDraft
from web.knowledge.comparison import MOST_WORDS, Row, compare


class TestCompare:
    def test_nothing_of_either_text_is_left_out(self) -> None:
        left = ArticleDraft(title="T", body="one\ntwo\nthree", questions=["a"])
        right = ArticleDraft(title="T", body="one\n2\n2b\nthree\nfour", questions=["a", "b"])

        body = next(field for field in compare(left, right, language="en") if field.field == "body")

        assert [row.left for row in body.rows if row.left is not None] == ["one", "two", "three"]
        assert [row.right for row in body.rows if row.right is not None] == ["one", "2", "2b", "three", "four"]
        assert [row.same for row in body.rows] == [True, False, False, True, False]

    def test_says_which_fields_are_the_same(self) -> None:
        left, right = ArticleDraft(title="A", summary="s"), ArticleDraft(title="B", summary="s")
        fields = compare(left, right, language="en")

        assert [field.field for field in fields if not field.same] == ["title"]

    def test_endless_equal_lines_take_no_minutes(self) -> None:
        left, right = (ArticleDraft(title="T", body="\n".join(["a"] * 50_000 + [end])) for end in ("x", "y"))

        body = next(field for field in compare(left, right, language="en") if field.field == "body")

        assert body.rows[-1].right == "y"

    def test_days_and_words_are_the_readers(self) -> None:
        left = ArticleDraft(title="T", review_due_on=date(2026, 11, 23), visibility=Visibility.public)
        right = ArticleDraft(title="T", visibility=Visibility.agents)

        shown = {field.field: field.rows[0] for field in compare(left, right, language="fa") if not field.same}

        assert shown["review_due_on"].left == "۱۴۰۵/۰۹/۰۲"
        assert (shown["visibility"].left, shown["visibility"].right) == ("همه", "فقط همکاران")


class TestRow:
    def test_of_a_line_that_was_changed_in_part_only_the_part_is_marked(self) -> None:
        left, right = Row("مبلغ تا ۷ روز برمی‌گردد.", "مبلغ تا ۱۰ روز برمی‌گردد.", same=False).parts

        assert [(one.text, one.same) for one in left] == [("مبلغ تا ", True), ("۷ ", False), ("روز برمی‌گردد.", True)]
        assert [one.text for one in right if not one.same] == ["۱۰ "]

    @pytest.mark.parametrize(
        ("left", "right"),
        [("Ten days.", "By card, please, or else in cash"), ("a " * MOST_WORDS, "a " * MOST_WORDS + "b")],
    )
    def test_lines_that_are_different_or_endless_are_marked_in_whole(self, left: str, right: str) -> None:
        parts = Row(left, right, same=False).parts

        assert [[(one.text, one.same) for one in side] for side in parts] == [[(left, False)], [(right, False)]]

    def test_nothing_is_beside_a_line_that_is_new(self) -> None:
        left, right = Row(None, "New.", same=False).parts

        assert left == []
        assert [one.text for one in right] == ["New."]
