import time

import pytest

from core.security import Signer


class TestSigner:
    @pytest.mark.parametrize(("signed_ago", "value"), [(50, {"n": 1}), (70, None), (-12_600, {"n": 1})])
    def test_what_was_signed_is_read_until_it_is_old_whatever_clock_signed_it(
        self, monkeypatch: pytest.MonkeyPatch, signed_ago: int, value: dict[str, int] | None
    ) -> None:
        signer, now = Signer("secret", purpose="a"), time.time()
        monkeypatch.setattr("time.time", lambda: now - signed_ago)
        token = signer.sign({"n": 1})
        monkeypatch.setattr("time.time", lambda: now)

        assert signer.read(token, max_age_seconds=60) == value

    @pytest.mark.parametrize("token", ["", "rubbish", "a.b.c"])
    def test_what_nobody_signed_is_nothing(self, token: str) -> None:
        assert Signer("secret", purpose="a").read(token) is None

    def test_what_was_signed_for_something_else_is_nothing(self) -> None:
        assert Signer("secret", purpose="a").read(Signer("secret", purpose="b").sign({})) is None
