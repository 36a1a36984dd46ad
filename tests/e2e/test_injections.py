"""Some five hundred hostile texts wherever a text of somebody's is shown: none runs, and none becomes more than text.

The pages' Content-Security-Policy is switched off for it: it is the second wall, and here the first one is tried.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.stack import Stack, running
from core.database import Database
from tests.e2e.conftest import Chat, Desk, until
from tests.fixtures.hostile_rows import (
    ARTICLES_WITH_ALL,
    EACH,
    PAYLOADS,
    article_of_links,
    hostile_articles,
    hostile_contacts,
    hostile_conversation,
    hostile_draft,
    hostile_turns,
)
from tests.fixtures.injections import LINKS
from web.desk.parked import LIST_LENGTH as MOST_SET_ASIDE
from web.desk.reading import THREAD_LENGTH
from web.desk.tickets import ON_A_PAGE

pytestmark = pytest.mark.e2e

# Of those that break out of an attribute, what a number of a handoff policy is taken in.
SHORT = [text for text in PAYLOADS if text.startswith(('">', "'>")) and len(text) <= 40]
# Elements as the texts name them, attributes that run scripts, and addresses that do; in the shadow roots too.
FOUND_IN_PAGE = """() => {
  const found = [];
  const visit = root => {
    for (const element of root.querySelectorAll('*')) {
      for (const { name, value } of element.attributes) {
        const isAddress = /^(href|src|action|formaction|data|xlink:href|srcdoc)$/.test(name);
        if (name.startsWith('on') || (isAddress && /^[\\s\\x00-\\x1f]*(javascript|data:text|vbscript)/i.test(value)))
          found.push(element.outerHTML.slice(0, 200));
      }
      if (/^(object|embed|iframe|base|marquee)$/.test(element.localName)) found.push(element.outerHTML.slice(0, 200));
      if (element.localName === 'script' && element.textContent.includes('pwn')) found.push('a script');
      if (element.shadowRoot) visit(element.shadowRoot);
    }
  };
  visit(document);
  return found;
}"""
PASS_OVER_EVERYTHING = """() => {
  const visit = root => {
    for (const element of root.querySelectorAll('*')) {
      for (const kind of ['mouseover', 'pointerenter', 'focus', 'toggle', 'load', 'error', 'animationstart', 'begin'])
        if (!/^(img|link|script|video|audio|source)$/.test(element.localName)) element.dispatchEvent(new Event(kind));
      if (element.shadowRoot) visit(element.shadowRoot);
    }
  };
  visit(document.body);
}"""


@pytest.fixture(scope="module")
def stack(pattern: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The app alone, since nothing here has to be understood."""
    with running(tmp_path_factory.mktemp("hostile"), like=pattern, with_rasa=False) as stack:
        yield stack


@pytest.fixture(scope="module")
def tickets(stack: Stack) -> list[str]:
    """Contacts with all that is known of them; the numbers of some of their tickets, one of each place."""
    return write_into(stack, hostile_contacts)


@pytest.fixture(scope="module")
def turns(stack: Stack) -> None:
    write_into(stack, hostile_turns)


@pytest.fixture(scope="module")
def draft(stack: Stack) -> str:
    """Where somebody writes a hostile article."""
    return f"{stack.url}/desk/knowledge/{write_into(stack, hostile_draft)}"


@pytest.fixture
def ran() -> list[Any]:
    """What called `pwn`."""
    return []


@pytest.fixture
def page(browser: Browser, ran: list[Any]) -> Iterator[Page]:
    context = browser.new_context(bypass_csp=True)
    context.expose_function("pwn", lambda number: ran.append(number))
    page = context.new_page()
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    yield page
    context.close()


def assert_harmless(page: Page, ran: list[Any]) -> None:
    page.evaluate(PASS_OVER_EVERYTHING)
    # Whatever a script has queued by now comes before the answer to this.
    page.evaluate("() => new Promise(done => setTimeout(done))")
    assert page.evaluate(FOUND_IN_PAGE) == []
    assert ran == []


def write_into(stack: Stack, write: Callable[[AsyncSession], Any]) -> Any:
    """Store rows in the running app's database, as hostile as they are."""

    async def run() -> Any:
        database = Database(stack.settings["DATABASE_URL"])
        try:
            async with database.session() as session:
                return await write(session)
        finally:
            await database.close()

    # Playwright has a loop in this thread.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(run())).result()


def click_links(page: Page, ran: list[Any]) -> None:
    """Click all that an article links to. Nothing answers: what is looked for would run here, at the click."""
    links = page.locator(".prose a")
    expect(links).to_have_count(len(LINKS))
    page.route("**", lambda route: route.fulfill(status=204))
    for link in links.all():
        link.click()
        assert_harmless(page, ran)
    page.unroute("**")


class TestTheTexts:
    def test_are_many_and_would_run_where_they_are_not_escaped(self, page: Page, ran: list[Any]) -> None:
        page.goto("about:blank")
        page.set_content("".join(f"<div>{text}</div>" for text in PAYLOADS[:9]))
        page.evaluate(PASS_OVER_EVERYTHING)
        page.evaluate("() => new Promise(done => setTimeout(done, 100))")

        assert len(set(PAYLOADS)) >= 500
        assert len(set(ran)) >= 3
        assert page.evaluate(FOUND_IN_PAGE)


class TestConversation:
    def test_nothing_runs_in_the_widget_or_at_the_desk(self, stack: Stack, page: Page, ran: list[Any]) -> None:
        chat = Chat(page, stack.url, "en")
        chat.write("hello")
        # Shown at once; only what the server has stored has a place in the conversation.
        until(page, "document.querySelector('hamyar-chat').chat.last > 0")
        conversation_id = write_into(stack, hostile_conversation)
        page.reload()
        chat.open()
        until(page, f"document.querySelector('hamyar-chat').chat.messages.size > {len(PAYLOADS)}")
        assert_harmless(page, ran)

        Desk(page, stack)
        page.goto(f"{stack.url}/desk/conversations/{conversation_id}?lang=en")
        assert_harmless(page, ran)
        shown = 0
        for before in range(len(PAYLOADS) + 1, 0, -THREAD_LENGTH):
            page.goto(f"{stack.url}/desk/conversations/{conversation_id}/earlier?before={before}")
            shown += page.locator(".message").count()
            assert_harmless(page, ran)
        assert shown >= len(PAYLOADS)
        with page.expect_popup() as opened:
            page.locator("a[href^='/desk/emails/']").click()
        opened.value.wait_for_load_state()
        assert_harmless(opened.value, ran)
        expect(opened.value.locator("pre")).to_contain_text(PAYLOADS[-1])
        page.goto(f"{stack.url}/desk/people?lang=en")
        assert_harmless(page, ran)

    @pytest.mark.usefixtures("tickets")
    def test_nor_do_contacts_names_in_the_lists(self, stack: Stack, page: Page, ran: list[Any]) -> None:
        Desk(page, stack)

        for tab in ("waiting", "open", "with_bot", "resolved"):
            page.goto(f"{stack.url}/desk?tab={tab}&lang=en")
            expect(page.locator("#inbox .rows a").nth(20)).to_be_attached()
            assert_harmless(page, ran)
        # Marked in names and addresses.
        for words in ("pwn", *(text[:200] for text in PAYLOADS[::60])):
            page.goto(f"{stack.url}/desk?q={quote(words)}&lang=en")
            expect(page.locator("#inbox .rows mark").first).to_be_attached()
            assert_harmless(page, ran)

    @pytest.mark.usefixtures("tickets")
    def test_nor_what_is_known_of_contacts(self, stack: Stack, page: Page, ran: list[Any]) -> None:
        Desk(page, stack)

        for number in EACH:
            page.goto(f"{stack.url}/desk/conversations/{number:032}?lang=en")
            assert_harmless(page, ran)
            page.goto(f"{stack.url}{page.locator('#details .facts a.button').get_attribute('href')}")
            assert_harmless(page, ran)
            expect(page.locator("h1")).to_contain_text("pwn")


class TestTickets:
    def test_nothing_runs_in_their_list_or_on_their_pages(
        self, stack: Stack, page: Page, ran: list[Any], tickets: list[str]
    ) -> None:
        Desk(page, stack)

        shown = 0
        for number in range(1, 2 + len(PAYLOADS) // ON_A_PAGE):
            page.goto(f"{stack.url}/desk/tickets?number={number}&lang=en")
            shown += page.locator("tbody tr").count()
            assert_harmless(page, ran)
        assert shown >= len(PAYLOADS)
        for text in PAYLOADS[::150]:
            page.goto(f"{stack.url}/desk/tickets?q={quote(text)}&lang=en")
            assert_harmless(page, ran)
        for name in tickets:
            page.goto(f"{stack.url}/desk/tickets/{name}?lang=en")
            assert_harmless(page, ran)
            expect(page.locator("h1")).to_contain_text("pwn")


@pytest.mark.usefixtures("turns")
class TestTurns:
    def test_nothing_runs_among_those_that_were_set_aside(self, stack: Stack, page: Page, ran: list[Any]) -> None:
        Desk(page, stack)

        page.goto(f"{stack.url}/desk/parked?lang=en")

        assert_harmless(page, ran)
        expect(page.locator("tbody tr")).to_have_count(2 * MOST_SET_ASIDE)

    def test_nor_where_they_would_be_handed_off(self, stack: Stack, page: Page, ran: list[Any]) -> None:
        Desk(page, stack)
        page.goto(f"{stack.url}/desk/handoffs?lang=en")

        page.locator("[name=not_understood_in_a_row]").fill("1")
        page.get_by_role("button", name="Try on past conversations").click()

        expect(page.locator("#trial li").filter(has_text="pwn").nth(100)).to_be_attached()
        assert_harmless(page, ran)

    def test_nor_where_no_number_was_typed(self, stack: Stack, page: Page, ran: list[Any]) -> None:
        Desk(page, stack)
        page.goto(f"{stack.url}/desk/handoffs?lang=en")

        numbers = page.locator("form.stack input[type=text]")
        numbers.evaluate_all("(fields, texts) => fields.forEach((one, place) => (one.value = texts[place]))", SHORT)
        page.get_by_role("button", name="Save").click()

        expect(page.locator(".wrong-text")).to_be_visible()
        assert_harmless(page, ran)
        expect(numbers.first).to_have_value(re.compile('^"><.*pwn'))


class TestHelpCentre:
    def test_nothing_runs_in_articles_their_lists_and_searches(self, stack: Stack, page: Page, ran: list[Any]) -> None:
        write_into(stack, hostile_articles)
        page.goto(f"{stack.url}/help/en")
        expect(page.locator("a[href*='/hostile-']").nth(len(PAYLOADS) - 1)).to_be_attached()
        assert_harmless(page, ran)

        for number in range(ARTICLES_WITH_ALL):
            page.goto(f"{stack.url}/help/en/hostile-{number}?asked={quote(PAYLOADS[number])}")
            expect(page.locator("h1")).to_contain_text("pwn")
            assert_harmless(page, ran)
        for text in PAYLOADS[::60]:
            page.goto(f"{stack.url}/help/en?q={quote(text)}")
            assert_harmless(page, ran)

    def test_nor_where_they_are_written(self, stack: Stack, page: Page, ran: list[Any]) -> None:
        Desk(page, stack)
        page.goto(f"{stack.url}/desk/knowledge?lang=en")
        assert_harmless(page, ran)
        page.goto(f"{stack.url}/desk/knowledge?q=pwn&lang=en")
        assert_harmless(page, ran)

    def test_nor_at_a_click_on_the_links_that_are_left(self, stack: Stack, page: Page, ran: list[Any]) -> None:
        number = write_into(stack, article_of_links)
        Desk(page, stack)

        for path in ("help/en/links", f"desk/articles/{number}", f"desk/knowledge/{number}"):
            page.goto(f"{stack.url}/{path}?lang=en")
            click_links(page, ran)


class TestEditor:
    def test_nothing_runs_in_it_or_beside_earlier_versions(
        self, stack: Stack, page: Page, ran: list[Any], draft: str
    ) -> None:
        Desk(page, stack)

        for path in ("", "/versions?left=1&right=2", "/versions/1"):
            page.goto(f"{draft}{path}")
            assert_harmless(page, ran)
            expect(page.locator("main")).to_contain_text(PAYLOADS[-1])
        page.goto(f"{stack.url}/desk/knowledge/categories")
        assert_harmless(page, ran)
        expect(page.locator("form.category").nth(len(EACH))).to_be_attached()

    def test_nor_while_somebody_writes_and_saves(self, stack: Stack, page: Page, ran: list[Any], draft: str) -> None:
        Desk(page, stack)
        page.goto(f"{draft}?lang=en")

        # Not all, since a model reads them before they are saved; every way is among them.
        page.locator("[name=body]").fill("\n\n".join(PAYLOADS[::5]))
        page.locator("[name=title]").fill(PAYLOADS[0])
        expect(page.locator("#preview .article-title")).to_have_text(PAYLOADS[0])
        assert_harmless(page, ran)

        # Somebody else has saved meanwhile.
        page.locator("[name=version]").evaluate("field => (field.value = 1)")
        page.get_by_role("button", name="Save as draft").click()
        expect(page.locator(".conflict")).to_contain_text(PAYLOADS[-1])
        assert_harmless(page, ran)
