import json

import pytest

from language.general_passages import DATA_FILE, BrokenPassage, read_passages

PASSAGE = {"id": "general-1", "language": "fa", "passage": "دماوند ۵۶۱۰ متر است.", "questions": ["ارتفاع دماوند"]}


@pytest.fixture
def write(tmp_path):
    def write_lines(*lines):
        file = tmp_path / "passages.jsonl"
        file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
        return file

    return write_lines


class TestReadPassages:
    def test_reads_what_is_written(self, write):
        (one,) = read_passages(write(PASSAGE))

        assert one.questions == ("ارتفاع دماوند",)

    @pytest.mark.parametrize(
        "change", [{"questions": []}, {"passage": " "}, {"questions": [1]}, {"more": ""}, {"questions": "چرا"}]
    )
    def test_refuses_a_broken_line(self, write, change):
        with pytest.raises(BrokenPassage, match=r"passages\.jsonl, line 1"):
            read_passages(write({**PASSAGE, **change}))

    def test_refuses_another_encoding_with_the_line(self, write):
        file = write(PASSAGE)
        file.write_bytes(file.read_bytes() + "\nسلام".encode("cp1256"))

        with pytest.raises(BrokenPassage, match=r"passages\.jsonl, line 2: not UTF-8"):
            read_passages(file)

    def test_refuses_an_id_that_is_taken(self, write):
        with pytest.raises(BrokenPassage, match="twice"):
            read_passages(write(PASSAGE, PASSAGE))

    def test_ours_are_many(self):
        assert len(read_passages()) >= 6_000

    def test_those_kept_apart_are_not_among_those_learned_from(self):
        learned = {text for one in read_passages() for text in (one.passage, *one.questions)}
        apart = read_passages(DATA_FILE.with_name("passages_apart.jsonl"))

        assert len(apart) >= 1_000
        assert not [one.id for one in apart if one.passage in learned or learned & set(one.questions)]
