import pytest

from crm.conversations.files import (
    MAX_FILE_BYTES,
    MAX_NAME_CHARACTERS,
    UNKNOWN_TYPE,
    File,
    FileEmpty,
    FileTooLarge,
    checked_file,
    content_type_of,
    safe_file_name,
)


class TestSafeFileName:
    @pytest.mark.parametrize(
        ("name", "safe"),
        [
            ("فاکتور خرید.pdf", "فاکتور خرید.pdf"),
            ("نامه\u200cها.pdf", "نامه\u200cها.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\evil.exe", "evil.exe"),
            ("a\r\nSet-Cookie: b=c.txt", "aSet-Cookie: b=c.txt"),
            ("photo\u202egpj.exe", "photogpj.exe"),
            ("\0\ud800.png", "\ufffd.png"),
            (" ..", ""),
            ("", ""),
            ("<script>.svg", "<script>.svg"),
        ],
    )
    def test_keeps_the_name_and_drops_the_harm(self, name: str, safe: str) -> None:
        assert safe_file_name(name) == safe

    def test_cuts_before_the_ending(self) -> None:
        assert safe_file_name("x" * 300 + ".tar.exe") == "x" * (MAX_NAME_CHARACTERS - 4) + ".exe"
        assert len(safe_file_name("x." + "y" * 300)) <= MAX_NAME_CHARACTERS
        assert len(safe_file_name("x" * 300)) == MAX_NAME_CHARACTERS


class TestContentTypeOf:
    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n", "image/png"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
            (b"OggS\0", "audio/ogg"),
            (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
            (b"\0\0\0\x20ftypisom", "video/mp4"),
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", UNKNOWN_TYPE),
            (b"<!DOCTYPE html><script>alert(1)</script>", UNKNOWN_TYPE),
            (b"", UNKNOWN_TYPE),
        ],
    )
    def test_believes_the_bytes_alone(self, content: bytes, kind: str) -> None:
        assert content_type_of(content) == kind


class TestCheckedFile:
    def test_refuses_what_is_empty_or_too_large(self) -> None:
        with pytest.raises(FileEmpty):
            checked_file(File("a", b""))
        with pytest.raises(FileTooLarge):
            checked_file(File("a", bytes(MAX_FILE_BYTES + 1)))

        assert checked_file(File("../a", bytes(MAX_FILE_BYTES))).name == "a"
