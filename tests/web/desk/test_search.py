"""Agents find conversations by what they remember of them."""

import html
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, select

from core.clock import FixedClock
from crm.contacts.service import ContactService
from crm.conversations.handling import Handling
from crm.conversations.reception import Reception
from crm.conversations.service import ConversationService
from crm.enums import Author, HandoffReason, Role
from crm.models import Agent, Conversation, FindableMessage, Inbox, Message, Ticket
from tests.web.desk.browser_socket import BrowserSocket
from tests.web.desk.conftest import HOSTILE
from web.desk.live import View

SignIn = Callable[[Role], Awaitable[Agent]]
Says = Callable[..., Awaitable[Conversation]]
Find = Callable[[str], Awaitable[list[str]]]
HTMX = {"hx-request": "true"}


@pytest.fixture(autouse=True)
async def agent(client: httpx.AsyncClient, sign_in: SignIn) -> Agent:
    client.cookies.set("hamyar_language", "en")
    return await sign_in(Role.agent)


async def look_for(client: httpx.AsyncClient, words: str) -> str:
    return (await client.get("/desk", params={"q": words})).text


@pytest.fixture
def find(client: httpx.AsyncClient) -> Find:
    """The conversations that words find, in the order in which they are shown."""

    async def find(words: str) -> list[str]:
        return re.findall(r'id="row-(\w+)"', await look_for(client, words))

    return find


@pytest.fixture
async def known(app: FastAPI, says: Says) -> Conversation:
    """Of a contact of whom we know all."""
    conversation = await says("سلام", visitor="known")
    async with app.state.work.begin() as session:
        contacts = ContactService(session, clock=app.state.clock)
        contact = await contacts.get(conversation.contact_id)
        await contacts.correct(contact, name="علی‌رضا كريمي", email="Ali.Reza@example.com", phone="+98 912-345 6789")
    return conversation


class TestSearch:
    @pytest.mark.parametrize(
        "words",
        [
            *("علی‌رضا", "علیرضا", "علی رضا", "کریمی", "كريمي", "ALI.REZA@EXAMPLE.COM", "ali.reza"),
            *("09123456789", "۰۹۱۲۳۴۵۶۷۸۹", "0912 345 6789", "+989123456789", "00989123456789", "345 6789"),
        ],
    )
    async def test_finds_a_contact_however_name_and_address_are_written(
        self, find: Find, says: Says, known: Conversation, words: str
    ) -> None:
        await says("سلام", visitor="another", name="مریم")

        assert await find(words) == [known.id]

    @pytest.mark.parametrize("words", ["كتاب‌هایم", "کتابهایم", "۱۲ کتاب", "١٢", "12", "INVOICE", "invoice کتاب"])
    async def test_finds_the_words_of_a_message_however_they_are_written(
        self, find: Find, says: Says, words: str
    ) -> None:
        conversation = await says("Invoice: ۱۲ تا از کتاب‌هایم نرسیده", visitor="reader")
        await says("سلام، چیز دیگری می‌خواستم", visitor="another")

        assert await find(words) == [conversation.id]

    async def test_finds_what_agents_and_the_bot_wrote_and_what_agents_noted(
        self, app: FastAPI, find: Find, agent: Agent, waiting: Conversation
    ) -> None:
        async with app.state.work.begin() as session:
            service: ConversationService = app.state.open_conversations(session)
            conversation = await service.lock(waiting.id)
            await Handling(service).take(conversation, by=agent)
            await Handling(service).reply(conversation, "It went out by giraffe", by=agent)
            await Handling(service).add_note(conversation, "pays like a zebra", by=agent)
            await service.add_message(conversation, Author.bot, "see our aardvark page")

        assert [await find(word) for word in ("giraffe", "zebra", "aardvark")] == [[waiting.id]] * 3

    async def test_finds_a_message_by_its_first_words_and_by_those_it_was_corrected_to(
        self, app: FastAPI, clock: FixedClock, find: Find, conversation: Conversation
    ) -> None:
        async with app.state.work.begin() as session:
            service: ConversationService = app.state.open_conversations(session)
            message = (await session.scalars(select(Message))).one()
            await Reception(service).correct(
                message.inbox_id, message.external_id or "", "Where is my refund?", at=clock.now()
            )

        assert await find("invoice") == await find("refund") == [conversation.id]

    async def test_keeps_a_correction_of_a_message_that_an_earlier_version_stored(
        self, app: FastAPI, clock: FixedClock, find: Find, conversation: Conversation
    ) -> None:
        async with app.state.work.begin() as session:
            await session.execute(delete(FindableMessage))
            service: ConversationService = app.state.open_conversations(session)
            message = (await session.scalars(select(Message))).one()
            await Reception(service).correct(
                message.inbox_id, message.external_id or "", "Where is my refund?", at=clock.now()
            )

        assert await find("invoice") == await find("refund") == [conversation.id]

    @pytest.mark.parametrize("written", ["{}", "#{}", "hm {}", "HM-{}", "hm{}"])
    async def test_finds_the_conversation_of_a_ticket(
        self, app: FastAPI, find: Find, says: Says, waiting: Conversation, written: str
    ) -> None:
        await says("hello", visitor="another")
        async with app.state.work.reading() as session:
            number = (await session.scalars(select(Ticket))).one().number

        assert await find(written.format(number.removeprefix("HM-"))) == [waiting.id]

    async def test_finds_conversations_in_every_state(
        self, app: FastAPI, find: Find, says: Says, agent: Agent, waiting: Conversation
    ) -> None:
        with_bot = await says("Another invoice", visitor="another")
        resolved = await says("The last invoice", visitor="last")
        async with app.state.work.begin() as session:
            service: ConversationService = app.state.open_conversations(session)
            await service.hand_off(await service.lock(resolved.id), HandoffReason.contact_asked)
            await Handling(service).take(await service.lock(resolved.id), by=agent)
            await Handling(service).resolve(await service.lock(resolved.id))

        assert set(await find("invoice")) == {waiting.id, with_bot.id, resolved.id}

    async def test_wants_every_word_in_one_message_or_in_what_is_known_of_the_contact(
        self, find: Find, says: Says, known: Conversation
    ) -> None:
        await says("کی می‌رسد؟ پرداخت کردم", visitor="known")
        await says("سفارش دادم", visitor="known")
        await says("پرداخت کردم", visitor="another", name="مریم")

        assert await find("پرداخت علیرضا") == [known.id]
        assert await find("پرداخت سفارش") == []

    async def test_does_not_look_through_the_lines_that_the_product_adds_itself(
        self, app: FastAPI, find: Find, agent: Agent, waiting: Conversation
    ) -> None:
        async with app.state.work.begin() as session:
            service: ConversationService = app.state.open_conversations(session)
            await Handling(service).take(await service.lock(waiting.id), by=agent)
            said = await service.conversations.messages(waiting.id)

        assert any(message.author is Author.system and agent.name in message.text for message in said)
        assert await find(agent.name) == []

    async def test_shows_the_latest_first(self, find: Find, says: Says, clock: FixedClock) -> None:
        first = await says("my invoice", visitor="first")
        clock.advance(timedelta(minutes=1))
        second = await says("my invoice", visitor="second")

        assert await find("invoice") == [second.id, first.id]

    @pytest.mark.parametrize("words", ["- - - - -", "+ ( ) ( ) ( )", "00 98 0 - - -"])
    async def test_takes_no_signs_for_the_phone_number_of_everybody(
        self, find: Find, conversation: Conversation, words: str
    ) -> None:
        assert await find(words) == []

    async def test_takes_signs_that_databases_read_as_wildcards_as_they_are(self, find: Find, says: Says) -> None:
        conversation = await says("50% off")

        assert await find("50% o") == [conversation.id]
        assert await find("5_%") == []

    async def test_goes_along_when_two_conversations_become_one(
        self, app: FastAPI, inbox: Inbox, find: Find, says: Says
    ) -> None:
        await says("where is my parcel", visitor="stranger")
        old = await says("thanks for last week", visitor="sara")
        async with app.state.work.begin() as session:
            for message in await session.scalars(select(Message)):
                message.turn = None
        async with app.state.work.begin() as session:
            contacts = ContactService(session, clock=app.state.clock)
            await contacts.recognise(inbox.id, known="sara", former="stranger", name="", email="")

        assert await find("parcel") == await find("thanks") == [old.id]


class TestPage:
    async def test_marks_what_was_found_in_the_words_as_they_were_written(
        self, client: httpx.AsyncClient, says: Says
    ) -> None:
        await says("درباره‌ی كتاب‌هایم INVOICE ۱۲۳ سلاااام", name="Jane Doe")

        page = await look_for(client, "کتابهایم invoice 123 سلام jane")

        for found in ("كتاب‌هایم", "INVOICE", "۱۲۳", "سلاااام", "Jane"):
            assert f"<mark>{found}</mark>" in page

    async def test_shows_the_part_of_a_long_message_that_has_the_words(
        self, client: httpx.AsyncClient, says: Says
    ) -> None:
        await says(f"{'before ' * 200} the purple giraffe {'after ' * 200}")

        (excerpt,) = re.findall(r'<span class="said found"[^>]*>(.*?)</span>', await look_for(client, "giraffe"))

        assert "the purple <mark>giraffe</mark> after" in excerpt
        assert re.fullmatch("….*…", excerpt)
        assert len(excerpt) < 200

    async def test_shows_the_address_that_was_found(self, client: httpx.AsyncClient, known: Conversation) -> None:
        assert "<mark>ali.reza</mark>@example.com" in await look_for(client, "ali.reza")

    async def test_renders_hostile_words_harmless(self, client: httpx.AsyncClient, says: Says) -> None:
        await says(HOSTILE, name=HOSTILE)

        page = await look_for(client, "<script>alert(1)")

        assert "<script>alert" not in page
        assert "<mark>&lt;script&gt;alert(1)</mark>" in page
        assert 'value="&lt;script&gt;alert(1)"' in page

    async def test_says_where_it_looked_when_nothing_is_found(
        self, client: httpx.AsyncClient, conversation: Conversation
    ) -> None:
        page = await look_for(client, "unheard of")

        assert "No conversation found" in page
        assert "the words of all messages were looked through" in page
        assert 'id="row-' not in page

    async def test_says_how_many_were_found_and_shows_them_page_by_page(
        self, client: httpx.AsyncClient, says: Says, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("web.desk.reading.LIST_LENGTH", 2)
        made = [(await says("Hello & goodbye", visitor=f"visitor {number}")).id for number in range(3)]

        first = await look_for(client, "hello &")
        (following,) = re.findall(r'rel="next" href="([^"]+)"', first)
        second = (await client.get(html.unescape(following))).text

        assert "3 conversations found" in first
        assert sorted(re.findall(r'id="row-(\w+)"', first + second)) == sorted(made)

    async def test_lists_what_is_waiting_where_nothing_is_looked_for(
        self, client: httpx.AsyncClient, waiting: Conversation
    ) -> None:
        page = await look_for(client, " \u200c ")

        assert f'id="row-{waiting.id}"' in page
        assert "found" not in re.findall(r'<p[^>]*id="found"[^>]*>(.*?)</p>', page, re.DOTALL)[0]

    async def test_opens_a_conversation_where_the_words_are_and_keeps_what_was_found_beside_it(
        self, client: httpx.AsyncClient, says: Says, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("web.desk.reading.THREAD_LENGTH", 4)
        monkeypatch.setattr("web.desk.reading.THREAD_STEP", 2)
        await says("hello")
        await says("the purple giraffe")
        for number in range(8):
            conversation = await says(f"and {number}")

        (address,) = re.findall(r'class="line[^"]*" href="([^"]+)"', await look_for(client, "giraffe"))
        page = (await client.get(html.unescape(address))).text

        assert address.endswith("#message-2")
        assert 'id="message-2"' in page
        assert f'id="row-{conversation.id}"' in page
        assert 'href="/desk?tab=waiting&amp;q=giraffe"' in page

    @pytest.mark.parametrize("headers", [{}, HTMX])
    async def test_keeps_what_was_found_after_an_action(
        self, client: httpx.AsyncClient, says: Says, waiting: Conversation, headers: dict[str, str]
    ) -> None:
        other = await says("The other invoice", visitor="another")
        address = f"/desk/conversations/{waiting.id}/take"

        answer = await client.post(
            address, data={"tab": "waiting", "q": "invoice"}, headers=headers, follow_redirects=True
        )

        assert {waiting.id, other.id} <= set(re.findall(r'id="row-(\w+)"', answer.text))

    async def test_is_for_people_who_handle_conversations_alone(
        self, client: httpx.AsyncClient, sign_in: SignIn, known: Conversation
    ) -> None:
        await sign_in(Role.editor)
        led_away = await client.get("/desk", params={"q": "علیرضا"})
        client.cookies.clear()
        sent_to_sign_in = await client.get("/desk", params={"q": "علیرضا"})

        assert (led_away.status_code, led_away.headers["location"]) == (303, "/desk/knowledge")
        assert known.id not in led_away.text
        assert sent_to_sign_in.status_code in (302, 303)


class TestLiveSearch:
    async def test_what_was_found_stays_as_it_is_while_the_lists_beside_it_go_on(
        self, client: httpx.AsyncClient, open_socket: Callable[..., Awaitable[BrowserSocket]], waiting: Conversation
    ) -> None:
        socket = await open_socket(dict(client.cookies))

        await socket.send(View(q="invoice").model_dump_json())
        pushed = await socket.text_with("<title>(1) Inbox")

        assert 'hx-target="#lists"' in pushed
        assert 'hx-target="#inbox"' not in pushed
        assert waiting.id not in pushed
