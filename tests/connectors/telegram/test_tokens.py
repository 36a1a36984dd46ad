import pytest

from connectors.telegram.tokens import Seal, number_of
from tests.connectors.telegram.emulator import TOKEN

KEY = "a secret of the tests, long enough"


class TestSeal:
    def test_opens_what_it_sealed_and_shows_nothing_of_it(self):
        sealed = Seal(KEY).seal(TOKEN)

        assert Seal(KEY).open(sealed) == TOKEN
        assert TOKEN[-10:] not in sealed

    @pytest.mark.parametrize("sealed", ["", "x", Seal("another key, as long as the first").seal(TOKEN)])
    def test_opens_nothing_else(self, sealed: str):
        assert Seal(KEY).open(sealed) is None


class TestNumber:
    def test_is_what_a_token_begins_with(self):
        assert number_of(TOKEN) == 7000000001

    @pytest.mark.parametrize("text", ["", "1", "12:abc", f"{TOKEN}/getMe", f"{TOKEN}\n", "۷" + TOKEN[1:], f"0{TOKEN}"])
    def test_is_none_of_what_is_no_token(self, text: str):
        assert number_of(text) is None
