"""Every page before axe-core in a real browser, and without a mouse.

axe-core (MPL-2.0) is a tool of development alone: npm puts it under `frontend/node_modules`, and nothing serves it.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from benchmarks.stack import ROOT, Stack
from tests.e2e.conftest import Chat, Desk

pytestmark = pytest.mark.e2e

AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
# A language beside each screen: what depends on both has not been seen to fail, and each run takes half a second.
VIEWS = [("fa", 1280), ("en", 360)]
PUBLIC = (
    *("/desk/sign-in", "/demo", "/help/{language}", "/help/{language}?q=refund", "/help/{language}?q=hi"),
    *("/help/{language}/course-prices", "/help/{language}/nowhere"),
)
DESK = (
    *("/desk", "/desk/tickets", "/desk/tickets/HM-1001", "/desk/parked", "/desk/handoffs", "/desk/intents"),
    *("/desk/models", "/desk/widget", "/desk/telegram", "/desk/people", "/desk/profile", "/desk/nowhere"),
    *("/desk/contacts/1", "/desk?q=گواهی", "/desk?q=nowhere"),
    *("/desk/knowledge", "/desk/knowledge/2", "/desk/knowledge/2/versions", "/desk/knowledge/2/versions/1"),
    *("/desk/knowledge/try?question=refund&answer_in=en", "/desk/knowledge/questions", "/desk/knowledge/regression"),
    *("/desk/knowledge/precision", "/desk/knowledge/files"),
)
SERIOUS = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.flat().join(" ")}`))"""
# A box that its words stand for is too small to be seen, and they show the focus in its place.
SHOWS_FOCUS = """() => {
    const focused = document.activeElement;
    const seen = focused.getBoundingClientRect().width > 1 ? focused : focused.nextElementSibling;
    return getComputedStyle(seen).outlineStyle !== "none";
}"""
IS_OUT = "document.activeElement === document.body"


@pytest.fixture(scope="session")
def axe() -> str:
    assert AXE.exists(), "axe-core is missing: `npm ci` in frontend/"
    return AXE.read_text(encoding="utf-8")


@pytest.fixture
def faults(axe: str) -> Callable[[Page], list[str]]:
    """What axe-core calls serious or critical on a page as it is now."""

    def of(page: Page) -> list[str]:
        page.evaluate(axe)
        found: list[str] = page.evaluate(SERIOUS)
        return found

    return of


def address_of(path: str, language: str) -> str:
    path = path.format(language=language)
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


@pytest.mark.parametrize(("language", "width"), VIEWS)
class TestPages:
    def test_public_ones_have_no_serious_fault(
        self,
        stack: Stack,
        new_page: Callable[[], Page],
        faults: Callable[[Page], list[str]],
        language: str,
        width: int,
    ) -> None:
        page = new_page()
        page.set_viewport_size({"width": width, "height": 800})

        for path in PUBLIC:
            page.goto(f"{stack.url}{address_of(path, language)}")
            assert faults(page) == [], path

    def test_those_of_the_desk_have_none(
        self, desk: Desk, faults: Callable[[Page], list[str]], language: str, width: int
    ) -> None:
        desk.page.set_viewport_size({"width": width, "height": 800})
        desk.page.goto(f"{desk.url}/desk?tab=with_bot")
        conversation = desk.page.locator("#inbox .rows a").first.get_attribute("href")
        assert conversation

        for path in (*DESK, conversation):
            desk.page.goto(f"{desk.url}{address_of(path, language)}")
            assert faults(desk.page) == [], path

    def test_the_chat_has_none(
        self, visit: Callable[..., Chat], faults: Callable[[Page], list[str]], language: str, width: int
    ) -> None:
        chat = visit(language)
        chat.page.set_viewport_size({"width": width, "height": 800})
        chat.write("refund")
        chat.expect_words("refund")

        assert faults(chat.page) == []


class TestKeyboard:
    def test_goes_through_a_conversation_of_the_desk_and_out_again(self, desk: Desk) -> None:
        page = desk.page
        page.goto(f"{desk.url}/desk?tab=with_bot&lang=en")
        page.locator("#inbox .rows a").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("textarea[name=text]")).to_be_visible()
        passed = set()

        for _ in range(120):
            page.keyboard.press("Tab")
            if page.evaluate(IS_OUT):
                break
            assert page.evaluate(SHOWS_FOCUS), page.evaluate("document.activeElement.outerHTML")
            passed.add(page.evaluate("document.activeElement.name"))

        assert {"kind", "text", "file"} <= passed
        assert page.evaluate(IS_OUT), "the focus is caught"

    def test_names_the_chosen_file_on_the_button_of_the_page(self, desk: Desk, tmp_path: Path) -> None:
        table = tmp_path / "articles.csv"
        table.write_text("slug,language,title\n")
        desk.page.goto(f"{desk.url}/desk/knowledge/files?lang=fa")
        picker = desk.page.get_by_label("انتخاب فایل")
        expect(picker).to_have_accessible_name("انتخاب فایل فایلی انتخاب نشده است")

        with desk.page.expect_file_chooser() as chooser:
            picker.press("Enter")
        chooser.value.set_files(table)

        expect(desk.page.get_by_text("articles.csv")).to_be_visible()

    def test_parts_stay_in_the_language_of_the_page(self, desk: Desk) -> None:
        desk.page.goto(f"{desk.url}/desk?tab=with_bot&lang=fa")

        desk.page.locator("#inbox .rows a").first.click()

        expect(desk.page.get_by_placeholder("برای مخاطب بنویسید…")).to_be_visible()
        assert desk.page.get_by_role("radio", name="Reply").count() == 0
