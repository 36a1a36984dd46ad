"""The parallel questions, and the checker that guards them."""

import json

import pytest

from language.support_questions import (
    KEPT_APART,
    UNSEEN_BY_ENCODER,
    BrokenGroup,
    main,
    near_copies,
    read_groups,
    share_without_common_word,
)

GROUP = {
    "id": "shop-001",
    "formal": "شرایط لغو سفارش چیست؟",
    "answer": "تا پیش از ارسال می‌توانید سفارش را لغو کنید.",
    "informal": ["پشیمون شدم چیکار کنم", "دیگه نمیخوامش", "سفارشمو کنسل کنین"],
    "finglish": "mikham cancel konam",
    "english": "Can I still call it off?",
    "near": [],
}


@pytest.fixture
def write(tmp_path):
    def write_lines(*lines):
        file = tmp_path / "shop.jsonl"
        texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
        file.write_text("\n".join(texts) + "\n", encoding="utf-8")
        return file

    return write_lines


@pytest.fixture(scope="module")
def ours():
    return read_groups()


class TestReadGroups:
    def test_reads_what_is_written(self, write):
        (group,) = read_groups([write(GROUP)])

        assert (group.business, group.id, group.place) == ("shop", "shop-001", "shop.jsonl, line 1")
        assert next(group.questions()) == GROUP["formal"]
        assert group.in_english() == (GROUP["english"],)

    def test_reads_further_english_ways_of_asking(self, write):
        (group,) = read_groups([write({**GROUP, "english_informal": ["cancel pls", "dont want it anymore"]})])

        assert group.in_english() == (GROUP["english"], "cancel pls", "dont want it anymore")
        assert set(group.in_english()) <= set(group.questions())

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"informal": ["یکی", "دو تا"]}, "at least 3"),
            ({"informal": ["یکی", "یکی", "دو تا"]}, "twice"),
            ({"english": " \u200c"}, "not blank"),
            ({"english_informal": "cancel pls"}, "must be a list"),
            ({"english_informal": ["cancel pls", ""]}, "not blank"),
            ({"answer": 12}, "string"),
            ({"formal": "ا" * 601}, "at most 600"),
            ({"id": "bank-001"}, "begin with shop-"),
            ({"near": ["shop-009"]}, "no other group"),
            ({"near": ["shop-001"]}, "no other group"),
            ({"extra": 1}, "the fields must be"),
        ],
    )
    def test_refuses_a_broken_group_with_its_line(self, write, change, reason):
        with pytest.raises(BrokenGroup, match=rf"shop\.jsonl, line 2: .*{reason}"):
            read_groups([write({**GROUP, "id": "shop-000"}, {**GROUP, **change})])

    def test_refuses_an_id_that_is_taken(self, write):
        with pytest.raises(BrokenGroup, match=r"line 2: shop-001 is already on shop\.jsonl, line 1"):
            read_groups([write(GROUP, GROUP)])

    @pytest.mark.parametrize("line", ["{", "[]", '"text"'])
    def test_refuses_what_is_no_group(self, write, line):
        with pytest.raises(BrokenGroup, match="line 1"):
            read_groups([write(line)])

    def test_refuses_another_encoding_with_the_line(self, write):
        file = write(GROUP)
        file.write_bytes(file.read_bytes() + "سلام".encode("cp1256"))

        with pytest.raises(BrokenGroup, match=r"shop\.jsonl, line 2: not UTF-8"):
            read_groups([file])

    def test_a_line_ends_where_editors_say_that_it_ends(self, write):
        (group,) = read_groups([write({**GROUP, "answer": "تا پیش از ارسال\u2028می‌توانید لغو کنید."})])

        assert "\u2028" in group.answer


class TestNearCopies:
    def test_finds_texts_that_are_nearly_the_same(self, write):
        other = {**GROUP, "id": "shop-002", "formal": "شرایط لغو سفارش چیست", "informal": ["الف", "ب", "پ"]}
        other |= {"finglish": "chize digei", "english": "Something else"}

        (copy,) = near_copies(read_groups([write(GROUP, other)]))

        assert (copy.first.id, copy.second.id) == ("shop-001", "shop-002")

    def test_lets_different_texts_be(self, write):
        assert near_copies(read_groups([write(GROUP)])) == []


class TestMain:
    def test_says_where_a_line_is_broken(self, write, capsys):
        assert main([str(write("{"))]) == 1
        assert "shop.jsonl, line 1" in capsys.readouterr().err


class TestOurQuestions:
    def test_are_many_and_of_many_businesses(self, ours):
        businesses = {group.business for group in ours}

        assert len(ours) >= 3_000
        assert len(businesses) >= 14
        assert businesses > {*KEPT_APART, *UNSEEN_BY_ENCODER}
        assert not set(KEPT_APART) & set(UNSEEN_BY_ENCODER)

    def test_name_neighbours_for_nearly_every_group(self, ours):
        assert sum(bool(group.near) for group in ours) > 0.95 * len(ours)

    def test_half_of_the_informal_ones_share_no_content_word_with_the_formal(self, ours):
        assert share_without_common_word(ours) >= 0.5
