"""The desk on a phone: what is wider than the screen would have to be pushed sideways to be read."""

import pytest

from tests.e2e.conftest import Desk

pytestmark = pytest.mark.e2e

PAGES = (
    "/desk/tickets",
    "/desk/intents",
    "/desk/models",
    "/desk/handoffs",
    "/desk/knowledge",
    "/desk/knowledge/1/versions",
    "/desk/knowledge/precision",
)
TRIAL = "/desk/knowledge/try?question=refund&answer_in=en"
WIDER = """[document.documentElement, ...document.querySelectorAll(".table-frame")]
    .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.ariaLabel ?? "the page")"""


class TestTables:
    @pytest.mark.parametrize("language", ["fa", "en"])
    def test_fit_the_screen(self, desk: Desk, language: str) -> None:
        desk.page.set_viewport_size({"width": 360, "height": 740})

        for path in (*PAGES, TRIAL):
            desk.page.goto(f"{desk.url}{path}{'&' if '?' in path else '?'}lang={language}")
            for why in desk.page.locator("details summary").all():
                why.click()
            assert desk.page.locator(".table-frame tbody tr").first.is_visible(), path
            assert desk.page.evaluate(WIDER) == [], path
