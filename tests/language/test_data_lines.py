import json

import pytest

from language.data_lines import NotJson, language_code, language_of, numbered_lines, read_json


class TestNumberedLines:
    def test_passes_blank_lines_over_and_counts_them(self, tmp_path):
        path = tmp_path / "data.jsonl"
        path.write_bytes(b"{}\n \n[]\r\n")

        assert list(numbered_lines(path)) == [(1, b"{}\n"), (3, b"[]\r\n")]

    def test_takes_the_mark_of_windows_off_the_beginning_of_the_file_alone(self, tmp_path):
        path = tmp_path / "data.jsonl"
        path.write_bytes('\ufeff{"text": "\ufeffa"}\n\ufeff{}\n'.encode())

        assert [line.decode() for _, line in numbered_lines(path)] == ['{"text": "\ufeffa"}\n', "\ufeff{}\n"]

    def test_a_file_with_nothing_but_the_mark_has_no_lines(self, tmp_path):
        path = tmp_path / "data.jsonl"
        path.write_bytes(b"\xef\xbb\xbf")

        assert list(numbered_lines(path)) == []


class TestReadJson:
    def test_makes_every_text_such_that_it_can_be_printed(self):
        read = read_json(b'{"messages": ["a\\ud800", {"lang": "fa\\udc00"}], "n": 1, "smile": "\\ud83d\\ude00"}')

        assert read == {"messages": ["a\ufffd", {"lang": "fa\ufffd"}], "n": 1, "smile": "😀"}
        assert json.dumps(read, ensure_ascii=False).encode()

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b"{", r"not JSON \("),
            (b"[" * 100_000, r"not JSON \("),
            ("سلام".encode("cp1256"), "not UTF-8"),
        ],
    )
    def test_says_what_it_cannot_read(self, line, reason):
        with pytest.raises(NotJson, match=reason):
            read_json(line)

    def test_what_is_nested_almost_too_deeply_ends_in_no_other_way(self):
        for depth in range(100, 3_000, 50):
            try:
                read_json(b"[" * depth + b"]" * depth)
            except NotJson:
                return


class TestLanguage:
    @pytest.mark.parametrize("said", ["fa", "FA", "fa-IR", " fa_ir "])
    def test_is_known_however_it_is_written(self, said):
        assert language_code(said) == "fa"
        assert language_of("hello there", said) == "fa"

    @pytest.mark.parametrize("said", [None, "", "  ", 5, ["fa"]])
    def test_is_that_of_the_text_where_none_is_said(self, said):
        assert language_of("hello there", said) == "en"
        assert language_of("سفارش من کجاست؟", said) == "fa"
        assert language_of("sefaresham kojast", said) == "finglish"

    def test_what_is_no_text_is_left_to_be_refused(self):
        assert language_code(5) == 5
