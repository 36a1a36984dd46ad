"""The texts whose likeness to each other stays while the encoder learns."""

import pytest

from language.intent_lines import BrokenIntents
from language.moods import FEWEST, BrokenMoods, read_moods


@pytest.fixture
def folders(tmp_path):
    moods, intents = tmp_path / "moods", tmp_path / "intents"
    moods.mkdir()
    intents.mkdir()
    lines = [f"fa\tneutral\t\tسفارشم چی شد {number}\n" for number in range(FEWEST)]
    (moods / "all.tsv").write_text("language\tlabel\tsignals\ttext\n" + "".join(lines), "utf-8")
    (intents / "all.yml").write_text(
        "nlu:\n- intent: greet\n  examples: |\n    - where is order 1\n    - sefaresham chi shod\n", "utf-8"
    )
    return moods, intents


def test_are_read_as_the_encoder_reads_them_in_a_list_for_each_language(folders):
    (persian,) = read_moods(*folders)

    assert len(persian) == FEWEST + 1
    assert persian[0] == "سفارشم چی شد 0"
    assert persian[-1].startswith("سفارش")


def test_each_stands_once(folders):
    moods, _ = folders
    (moods / "again.tsv").write_bytes((moods / "all.tsv").read_bytes())

    assert len(read_moods(*folders)[0]) == FEWEST + 1


def test_a_table_in_another_encoding_is_refused_with_its_line(folders):
    (folders[0] / "another.tsv").write_bytes("language\tlabel\tsignals\ttext\nfa\tneutral\t\tسلام\n".encode("cp1256"))

    with pytest.raises(BrokenMoods, match=r"another\.tsv, line 2: not UTF-8"):
        read_moods(*folders)


def test_a_broken_file_of_intents_is_refused(folders):
    (folders[1] / "broken.yml").write_text("nlu: 3")

    with pytest.raises(BrokenIntents, match=r"broken\.yml"):
        read_moods(*folders)
