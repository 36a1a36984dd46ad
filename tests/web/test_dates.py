"""Numbers as readers write them."""

import pytest

from web.dates import decimal


class TestDecimal:
    @pytest.mark.parametrize(
        ("value", "places", "language", "written"),
        [(7.94, 1, "fa", "۷٫۹"), (7.94, 1, "en", "7.9"), (40.4, 0, "fa", "۴۰"), (-0.25, 2, "fa", "-۰٫۲۵")],
    )
    def test_has_the_sign_and_the_digits_of_the_language(
        self, value: float, places: int, language: str, written: str
    ) -> None:
        assert decimal(value, places, language) == written
