"""The page that an evaluation leaves behind."""

import re
from html.parser import HTMLParser

import pytest

from language.report_page import Bin, Said, calibration_error, reliability, report_page, write_report

HOSTILE = '"><script>alert(1)</script>\u202e'
SAID = [Said("refund", "refund", 0.95), Said("refund", "invoice", 0.55), Said("invoice", "invoice", 0.92)]


class Elements(HTMLParser):
    """The names of all elements of a page, and the attributes that they have."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: "list[tuple[str, str | None]]") -> None:
        self.names.append(tag)
        self.attributes |= {name for name, _ in attrs}


class TestReliability:
    def test_puts_texts_of_like_confidence_together(self) -> None:
        assert reliability(SAID) == [Bin(1, 0.55, 0), Bin(2, pytest.approx(0.935), 1)]

    def test_takes_full_confidence(self) -> None:
        assert reliability([Said("a", "a", 1.0), Said("a", "a", 0.0)]) == [Bin(1, 0, 1), Bin(1, 1, 1)]


class TestCalibrationError:
    def test_is_how_far_confidence_is_from_what_came_true(self) -> None:
        assert calibration_error(SAID) == pytest.approx((0.55 + 2 * 0.065) / 3)

    def test_is_nothing_where_nothing_was_said(self) -> None:
        assert calibration_error([]) is None


class TestReportPage:
    def test_shows_figures_reliability_and_confusion(self) -> None:
        page = report_page(title="Intents", figures={"accuracy": 2 / 3, "oos_recall": None}, said=SAID)

        assert '<td class="number">0.667</td>' in page
        assert Elements(page).names.count("circle") == 2
        assert re.search(r'<th scope="row">refund</th><td[^>]*>1</td><td[^>]*>1</td>', page)

    def test_reads_no_markup_in_labels(self) -> None:
        page = report_page(title=HOSTILE, figures={HOSTILE: HOSTILE}, said=[Said(HOSTILE, "b", 0.5)])

        assert "script" not in Elements(page).names
        assert "&lt;script&gt;" in page

    def test_loads_nothing(self) -> None:
        page = report_page(title="Intents", figures={}, said=SAID)

        assert not {"src", "href", "onload"} & Elements(page).attributes
        assert "url(" not in page
        assert "@import" not in page

    def test_does_without_any_text(self) -> None:
        assert "circle" not in Elements(report_page(title="Intents", figures={}, said=[])).names


class TestWriteReport:
    def test_makes_the_folder_and_survives_a_lone_surrogate(self, tmp_path) -> None:
        path = write_report(tmp_path / "a" / "b", title="\ud800", figures={}, said=SAID)

        assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
