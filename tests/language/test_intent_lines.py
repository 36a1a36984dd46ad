import pytest

from language.intent_lines import BrokenIntents, read_intent_lines


class TestReadIntentLines:
    def test_gives_lines_without_the_marks_of_their_entities(self, tmp_path):
        (tmp_path / "tickets.yml").write_text(
            "nlu:\n- intent: ticket_status\n  examples: |\n    - how is [HM-1042](ticket)?\n"
            '    - and [HM-7]{"entity": "ticket"}\n- regex: ticket\n  examples: |\n    - x\n'
        )

        assert list(read_intent_lines(tmp_path)) == [
            ("ticket_status", "how is HM-1042?"),
            ("ticket_status", "and HM-7"),
        ]

    def test_reads_what_ships(self):
        assert len(list(read_intent_lines())) > 2_000

    @pytest.mark.parametrize("content", ["nlu: {", "stories: []", "nlu: [1]", "nlu:\n- intent: a\n"])
    def test_refuses_a_file_that_holds_no_intents(self, tmp_path, content):
        (tmp_path / "broken.yml").write_text(content)

        with pytest.raises(BrokenIntents, match=r"broken\.yml"):
            list(read_intent_lines(tmp_path))

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ("nlu:\n- intent: greet\n  examples: |\n    - سلام\n".encode("cp1256"), r"line 4: not UTF-8\.$"),
            (b"nlu:\n- intent: greet\n  examples: [\n", "line 4"),
        ],
    )
    def test_says_which_line_it_cannot_read(self, tmp_path, content, reason):
        (tmp_path / "broken.yml").write_bytes(content)

        with pytest.raises(BrokenIntents, match=rf"(?s)broken\.yml.*{reason}"):
            list(read_intent_lines(tmp_path))
