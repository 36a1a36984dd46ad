"""Words that were looked for, in texts as people wrote them."""

import pytest

from web.desk.found import LENGTH, Piece, excerpt, marked


def found(text: str, *parts: str) -> list[str]:
    return [piece.text for piece in marked(text, parts) if piece.is_found]


class TestMarked:
    @pytest.mark.parametrize(
        ("text", "part"),
        [
            ("كتابي", "کتابی"),
            ("کتاب‌ها", "کتابها"),
            ("کـتـاب", "کتاب"),
            ("مُحَمَّد", "محمد"),
            ("سلاااااام", "سلام"),
            ("INVOICE", "invoice"),
            ("۱۲۳", "123"),
            ("sweet", "sweet"),
        ],
    )
    def test_a_word_is_found_as_it_was_written(self, text: str, part: str) -> None:
        assert found(f"یک {text} دیگر", part) == [text]

    def test_the_pieces_make_up_the_text(self) -> None:
        text = "a <b>cat</b> and a Cat"

        assert "".join(piece.text for piece in marked(text, ["cat", "and"])) == text

    def test_the_longest_part_is_marked_where_one_is_in_another(self) -> None:
        assert found("an invoice", "in", "invoice") == ["invoice"]

    def test_what_has_none_of_the_parts_has_no_pieces(self) -> None:
        assert marked("hello", ["bye"]) == []

    def test_signs_of_patterns_are_signs(self) -> None:
        assert found("a.b (c) [d", ".", "(c)", "[d") == [".", "(c)", "[d"]


class TestExcerpt:
    def test_a_short_text_is_shown_whole(self) -> None:
        assert excerpt("a cat", ["cat"]) == [Piece("a "), Piece("cat", is_found=True)]

    def test_begins_and_ends_with_a_whole_word_and_is_not_long(self) -> None:
        pieces = excerpt(f"{'cats and dogs ' * 50}giraffe{' cats and dogs' * 50}", ["giraffe"])

        assert pieces[1].text.split()[0] in ("cats", "and", "dogs")
        assert pieces[3].text.split()[-1] in ("cats", "and", "dogs")
        assert pieces[2] == Piece("giraffe", is_found=True)
        assert sum(len(piece.text) for piece in pieces) <= LENGTH + len("……")

    def test_is_where_the_longest_of_the_words_is(self) -> None:
        pieces = excerpt(f"to {'x ' * 200}the giraffe", ["to", "giraffe"])

        assert Piece("giraffe", is_found=True) in pieces

    def test_a_long_word_without_spaces_is_cut(self) -> None:
        pieces = excerpt("a" * 500 + "giraffe" + "a" * 500, ["giraffe"])

        assert Piece("giraffe", is_found=True) in pieces
        assert sum(len(piece.text) for piece in pieces) <= LENGTH + len("……")
