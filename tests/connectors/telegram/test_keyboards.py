import pytest

from connectors.telegram.keyboards import Choice, read_press


class TestReadPress:
    def test_knows_a_message_by_its_number(self) -> None:
        assert read_press("b:999999999:2") == Choice(message_id=999_999_999, index=2)

    @pytest.mark.parametrize("forged", ["b:2147483648:0", "b:999999999999999999:0", "b:9999999999:0"])
    def test_takes_no_number_that_the_database_could_not_look_for(self, forged: str) -> None:
        assert read_press(forged) is None
