"""An agent looks for a conversation in the inbox, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Desk

pytestmark = pytest.mark.e2e


class TestSearch:
    def test_is_reached_by_a_key_and_finds_while_somebody_types(self, desk: Desk) -> None:
        page = desk.page
        page.goto(f"{desk.url}/desk?tab=with_bot&lang=en")
        page.keyboard.press("/")

        page.keyboard.type("CERTIFI")
        expect(page.locator("#inbox .rows mark").first).to_have_text("certifi", ignore_case=True)
        page.keyboard.type("cate")
        expect(page.locator("#inbox .rows mark").first).to_have_text("certificate", ignore_case=True)

        expect(page.locator("#words")).to_be_focused()
        expect(page.locator("#words")).to_have_value("CERTIFIcate")

    def test_stays_beside_the_conversation_that_was_opened_and_through_what_is_done_with_it(self, desk: Desk) -> None:
        page = desk.page
        page.goto(f"{desk.url}/desk?q=certificate&lang=en")
        found = page.locator("#inbox .rows a")
        expect(found.first).to_be_visible()
        count = found.count()

        found.first.click()
        page.locator("[data-action=take] button").click()

        expect(page.locator("[data-status=open]")).to_be_visible()
        expect(found).to_have_count(count)
        expect(page.locator("#words")).to_have_value("certificate")

    def test_ends_where_the_field_is_emptied(self, desk: Desk) -> None:
        page = desk.page
        page.goto(f"{desk.url}/desk?tab=with_bot&q=nowhere&lang=en")
        expect(page.locator("#inbox .rows")).to_have_count(0)

        page.locator("#words").fill("")

        expect(page.locator("#inbox .rows a").first).to_be_visible()
        expect(page.locator("#lists [aria-current]")).to_have_id("tab-with_bot")
