"""Two texts beside each other."""

from knowledge_base.schemas import ArticleDraft
from web.knowledge.comparison import compare


class TestCompare:
    def test_nothing_of_either_text_is_left_out(self) -> None:
        left = ArticleDraft(title="T", body="one\ntwo\nthree", questions=["a"])
        right = ArticleDraft(title="T", body="one\n2\n2b\nthree\nfour", questions=["a", "b"])

        body = next(field for field in compare(left, right) if field.field == "body")

        assert [row.left for row in body.rows if row.left is not None] == ["one", "two", "three"]
        assert [row.right for row in body.rows if row.right is not None] == ["one", "2", "2b", "three", "four"]
        assert [row.same for row in body.rows] == [True, False, False, True, False]

    def test_says_which_fields_are_the_same(self) -> None:
        fields = compare(ArticleDraft(title="A", summary="s"), ArticleDraft(title="B", summary="s"))

        assert [field.field for field in fields if not field.same] == ["title"]

    def test_endless_equal_lines_take_no_minutes(self) -> None:
        left, right = (ArticleDraft(title="T", body="\n".join(["a"] * 50_000 + [end])) for end in ("x", "y"))

        body = next(field for field in compare(left, right) if field.field == "body")

        assert body.rows[-1].right == "y"
