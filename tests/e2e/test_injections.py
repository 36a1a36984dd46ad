"""Some five hundred hostile texts wherever a text of somebody's is shown: none runs, and none becomes more than text.

The pages' Content-Security-Policy is switched off for it: it is the second wall, and here the first one is tried.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.stack import Stack, running
from core.database import Database
from crm.enums import AttachmentKind, AttachmentState, Author, Channel, ConversationStatus, Role
from crm.models import Agent, Attachment, Contact, ContactIdentity, Conversation, Inbox, Message
from knowledge_base.enums import ArticleStatus
from knowledge_base.models import Article
from tests.e2e.conftest import Chat, Desk, until
from tests.fixtures.injections import payloads
from web.desk.reading import THREAD_LENGTH

pytestmark = pytest.mark.e2e

PAYLOADS = payloads()
NOW = datetime.now(UTC)
PNG = b"\x89PNG\r\n\x1a\n..."
AUTHORS = (Author.contact, Author.bot, Author.agent)
ARTICLES_WITH_ALL = 4
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


async def hostile_conversation(session: AsyncSession) -> str:
    """Every text as message, agent's name, file name, button, and as an article's title and address."""
    conversation = (await session.scalars(select(Conversation).order_by(Conversation.updated_at.desc()))).first()
    assert conversation
    for number, text in enumerate(PAYLOADS):
        agent = Agent(
            **{"name": text, "email": f"{number}@hostile", "password_hash": "", "role": Role.agent, "locale": "en"},
            **{"is_active": True, "created_at": NOW},
        )
        conversation.last_sequence += 1
        author = AUTHORS[number % len(AUTHORS)]
        session.add(agent)
        await session.flush()
        message = Message(
            conversation_id=conversation.id,
            inbox_id=conversation.inbox_id,
            sequence=conversation.last_sequence,
            author=author,
            agent_id=agent.id if author is Author.agent else None,
            text=text,
            buttons=[{"title": text, "payload": text}],
            articles=[{"title": text, "url": text}, {"title": text, "url": f"javascript:pwn({number})"}],
            attachment=Attachment(
                **{"kind": AttachmentKind.photo, "name": text, "state": AttachmentState.stored, "size": len(PNG)},
                **{"content_type": "image/png" if number % 2 else "text/html", "content": PNG, "created_at": NOW},
            ),
            created_at=NOW,
        )
        session.add(message)
    return conversation.id


async def hostile_contacts(session: AsyncSession) -> None:
    """Every text as a contact's name, in all four lists of the desk."""
    inbox = (await session.scalars(select(Inbox).where(Inbox.channel == Channel.web_widget))).first()
    assert inbox
    for number, text in enumerate(PAYLOADS):
        contact = Contact(name=text, email=text, phone=text, created_at=NOW)
        identity = ContactIdentity(contact=contact, inbox_id=inbox.id, external_id=text, created_at=NOW)
        session.add(identity)
        await session.flush()
        session.add(
            Conversation(
                id=f"{number:032}",
                inbox_id=inbox.id,
                contact_id=contact.id,
                identity_id=identity.id,
                status=list(ConversationStatus)[number % 4],
                **{"language": "en", "created_at": NOW, "updated_at": NOW, "waiting_since": NOW},
            )
        )


async def hostile_articles(session: AsyncSession) -> None:
    """Every text as an article's title and summary; the first ones' texts hold all of them."""
    bodies = ["\n\n".join(PAYLOADS[part::ARTICLES_WITH_ALL]) for part in range(ARTICLES_WITH_ALL)]
    for number, text in enumerate(PAYLOADS):
        session.add(
            Article(
                slug=f"hostile-{number}",
                language="en",
                title=text,
                summary=text,
                body=bodies[number] if number < len(bodies) else text,
                status=ArticleStatus.published,
                **{"created_at": NOW, "updated_at": NOW, "published_at": NOW},
            )
        )


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
        page.goto(f"{stack.url}/desk/people?lang=en")
        assert_harmless(page, ran)

    def test_nor_do_contacts_names_in_the_lists(self, stack: Stack, page: Page, ran: list[Any]) -> None:
        write_into(stack, hostile_contacts)
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
        for number in (0, 30, 31):
            page.goto(f"{stack.url}/desk/conversations/{number:032}?lang=en")
            assert_harmless(page, ran)


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
