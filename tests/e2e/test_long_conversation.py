"""A conversation of several hundred messages at the desk: all of it can be read, and nothing is missing in between."""

import secrets
import sqlite3
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from benchmarks.stack import Stack
from tests.e2e.conftest import Chat, Desk

pytestmark = pytest.mark.e2e

SHOWN = "[...document.querySelectorAll('.messages .message')].map((message) => Number(message.id.split('-')[1]))"

# The page shows the button a moment before htmx listens to it.
EARLIER = ".earlier button[data-htmx-powered]"


def lengthen(stack: Stack, conversation_id: str, *, by: int) -> int:
    """Write more messages into a conversation, behind the app's back; how many it has then."""
    with sqlite3.connect(stack.folder / "hamyar.db", timeout=30) as database:
        found = database.execute("SELECT last_sequence FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
        last = int(found[0])
        columns = "conversation_id, inbox_id, author, kind, buttons, articles, signals, attempts, created_at"
        database.executemany(
            f"INSERT INTO messages ({columns}, sequence, text) SELECT {columns}, ?, ? FROM messages"  # noqa: S608
            " WHERE conversation_id = ? AND sequence = 1",
            [(number, f"line {number}", conversation_id) for number in range(last + 1, last + by + 1)],
        )
        database.execute("UPDATE conversations SET last_sequence = ? WHERE id = ?", (last + by, conversation_id))
    return last + by


def id_of(page: Page) -> str:
    """The conversation that a page of the desk shows."""
    return urlsplit(page.url).path.rpartition("/")[2]


def open_again(desk: Desk) -> None:
    """Click the conversation in the list, as one does to come back to it."""
    with desk.page.expect_response(lambda response: "/desk/conversations/" in response.url):
        desk.page.locator("#inbox .rows a[aria-current]").click()


def expect_last(page: Page, last: int, *, count: int | None = None) -> None:
    """Wait for the last message, and see that none is missing between the first one shown and it."""
    expect(page.locator(f"#message-{last}")).to_be_attached()
    if count is not None:
        expect(page.locator(".messages .message")).to_have_count(count)
    shown = page.evaluate(SHOWN)
    assert shown == list(range(shown[0], last + 1))


@pytest.fixture
def long_talk(stack: Stack, visit: Callable[..., Chat], desk: Desk) -> int:
    """A conversation of more than three hundred messages, open at the desk; how many there are."""
    chat, words = visit("en"), f"I want to talk to a human please, about {secrets.token_hex(4)}"
    chat.write(words)
    chat.expect_words("HM-")
    desk.open_conversation_saying(words)
    last = lengthen(stack, id_of(desk.page), by=330)
    open_again(desk)
    # A live update of the short conversation may come before the answer to the click, with every message in it.
    expect(desk.page.locator(EARLIER)).to_be_visible()
    expect_last(desk.page, last)
    return last


class TestEarlierMessages:
    def test_are_opened_up_to_the_first_one_and_stay_open_when_something_is_written(
        self, desk: Desk, long_talk: int
    ) -> None:
        page, button = desk.page, desk.page.locator(EARLIER)

        while (first := page.evaluate(SHOWN)[0]) > 1:
            button.click()
            expect(page.locator(f"#message-{first - 1}")).to_be_attached()
        expect_last(page, long_talk, count=long_talk)
        with page.expect_response(lambda response: response.url.endswith("/messages")):
            desk.reply("So long a story!")

        expect(page.locator(".message").filter(has_text="So long a story!")).to_be_visible()
        assert page.evaluate(SHOWN)[0] == 1
        expect_last(page, page.evaluate(SHOWN)[-1])

    def test_leave_no_hole_when_the_conversation_is_opened_again_and_has_grown(
        self, stack: Stack, desk: Desk, long_talk: int
    ) -> None:
        desk.page.locator(EARLIER).click()
        expect(desk.page.locator(f"#message-{long_talk - 100}")).to_be_attached()

        last = lengthen(stack, id_of(desk.page), by=45)
        open_again(desk)

        expect_last(desk.page, last)
        expect(desk.page.locator(".earlier button")).to_be_visible()
