import pytest

from core.json import dumps, loads


@pytest.mark.parametrize(
    "value",
    [
        {"text": "می‌خواهم 🙂", "list": [1, 2.5, None, True]},
        "half a pair: \ud83d",
        2**70,
        [{"text": "\ud83d", "number": -(2**70)}],
    ],
)
def test_what_is_written_is_read_again(value: object) -> None:
    assert loads(dumps(value)) == value


def test_what_others_wrote_is_read() -> None:
    assert loads(rb'{"a": "\ud83d", "b": "\u0645"}') == {"a": "\ud83d", "b": "م"}


@pytest.mark.parametrize("text", [b"", b"no", b"\xff\xfe\xfa", b'{"a": }', "{"])
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        loads(text)


def test_what_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(RecursionError):
        loads("[" * 100_000)


def test_what_cannot_be_json_is_refused() -> None:
    with pytest.raises(TypeError):
        dumps({"a": object()})
