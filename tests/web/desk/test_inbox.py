"""Lists and conversations as agents see and change them."""

import html
import json
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from core.clock import FixedClock
from core.unit_of_work import UnitOfWork
from crm.conversations.intake import Intake
from crm.conversations.outbox import Outbox
from crm.conversations.ports import Cause, SendRefused, SendUncertain
from crm.conversations.service import ConversationService
from crm.enums import Author, ConversationStatus, HandoffReason, Priority, Role
from crm.models import Agent, Conversation, Inbox, Message, SlaPolicy
from tests.conftest import message
from tests.fixtures.fakes import FakeSender
from tests.fixtures.patience import until_done
from tests.web.desk.conftest import HOSTILE

SignIn = Callable[[Role], Awaitable[Agent]]
Says = Callable[..., Awaitable[Conversation]]
HTMX = {"hx-request": "true"}


@pytest.fixture(autouse=True)
def english(client: httpx.AsyncClient) -> None:
    client.cookies.set("hamyar_language", "en")


async def messages(app: FastAPI, conversation: Conversation, *, internal: bool = True) -> list[Message]:
    async with app.state.work.reading() as session:
        service: ConversationService = app.state.open_conversations(session)
        return list(await service.conversations.messages(conversation.id, internal=internal))


async def status(app: FastAPI, conversation: Conversation) -> ConversationStatus:
    async with app.state.work.reading() as session:
        service: ConversationService = app.state.open_conversations(session)
        return (await service.get(conversation.id)).status


def shown(page: str, text: str) -> str:
    """The one message of a page that says this."""
    (found,) = [one for one in re.findall(r"<article .*?</article>", page, re.DOTALL) if text in one]
    return found


class TestShowInbox:
    async def test_lists_who_is_waiting_with_their_last_words(
        self, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)

        page = (await client.get("/desk")).text

        assert f'id="row-{waiting.id}"' in page
        assert "Where is my invoice?" in page
        assert f"Visitor {waiting.id[:4].upper()}" in page
        assert "Wants an answer" in page
        assert "<title>(1) Inbox" in page

    async def test_gives_parts_of_a_page_in_its_language_whatever_was_chosen_for_others(
        self, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)
        address = f"/desk/conversations/{waiting.id}"

        page = (await client.get(address, params={"lang": "fa"})).text
        (named,) = re.findall(r"hx-headers:inherited='([^']+)'", page)
        part = (await client.get(address, headers=HTMX | json.loads(named))).text

        assert "گفت‌وگو" in part
        assert "Conversation" not in part

    async def test_puts_who_is_in_distress_before_who_has_waited_longer_and_can(
        self, app: FastAPI, client: httpx.AsyncClient, clock: FixedClock, sign_in: SignIn, says: Says
    ) -> None:
        await sign_in(Role.agent)
        reasons = (HandoffReason.contact_asked, HandoffReason.not_understood, HandoffReason.vulnerable)
        async with app.state.work.begin() as session:
            for priority, minutes in ((Priority.normal, 240), (Priority.urgent, 15)):
                lengths = dict.fromkeys(("first_response_minutes", "next_response_minutes"), minutes)
                session.add(SlaPolicy(priority=priority, resolution_minutes=4320, **lengths))
        ids = []
        for number, reason in enumerate(reasons):
            ids.append((await says("hi", visitor=f"visitor-{number}")).id)
            async with app.state.work.begin() as session:
                service: ConversationService = app.state.open_conversations(session)
                await service.hand_off(await service.lock(ids[-1]), reason)
            clock.advance(timedelta(minutes=30))

        page = (await client.get("/desk")).text

        assert re.findall(r'id="row-(\w+)"', page) == [ids[2], ids[0], ids[1]]

    async def test_keeps_the_bots_conversations_in_their_own_list(
        self, client: httpx.AsyncClient, sign_in: SignIn, conversation: Conversation
    ) -> None:
        await sign_in(Role.agent)

        assert f'id="row-{conversation.id}"' not in (await client.get("/desk")).text
        assert f'id="row-{conversation.id}"' in (await client.get("/desk?tab=with_bot")).text

    async def test_asks_browsers_to_obey_a_strict_policy_and_keeps_to_it(
        self, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)

        response = await client.get(f"/desk/conversations/{waiting.id}")

        assert "script-src 'self'" in response.headers["content-security-policy"]
        assert " style=" not in response.text
        assert "<style" not in response.text
        assert "onclick" not in response.text

    async def test_htmx_starts_only_when_its_socket_extension_is_there(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        await sign_in(Role.agent)

        page = (await client.get("/desk")).text

        # A deferred htmx starts on a timer of its own; then the socket sometimes never opened.
        assert '<script src="/static/vendor/htmx.min.js"></script>' in page
        assert '<script src="/static/vendor/hx-ws.min.js"></script>' in page


class TestPagesOfTheList:
    @pytest.fixture
    async def conversations(self, monkeypatch: pytest.MonkeyPatch, says: Says) -> list[Conversation]:
        """Those of three contacts, the latest last; a page has room for two."""
        monkeypatch.setattr("web.desk.reading.LIST_LENGTH", 2)
        return [await says("Hello", visitor=f"visitor {number}") for number in range(3)]

    async def test_all_conversations_can_be_reached_each_on_one_page(
        self, client: httpx.AsyncClient, sign_in: SignIn, conversations: list[Conversation]
    ) -> None:
        await sign_in(Role.agent)

        first = (await client.get("/desk?tab=with_bot")).text
        (following,) = re.findall(r'rel="next" href="([^"]+)"', first)
        second = (await client.get(html.unescape(following))).text

        assert "Page 1 of 2" in first
        assert 'rel="next"' not in second
        shown = [rows_in(first), rows_in(second)]
        assert [len(rows) for rows in shown] == [2, 1]
        assert {*shown[0], *shown[1]} == {conversation.id for conversation in conversations}

    async def test_an_agent_stays_on_a_page_whatever_they_do_there(
        self, client: httpx.AsyncClient, sign_in: SignIn, conversations: list[Conversation]
    ) -> None:
        await sign_in(Role.agent)
        (row,) = rows_in((await client.get("/desk?tab=with_bot&page=2")).text)
        address = f"/desk/conversations/{row}"

        page = (await client.get(f"{address}?tab=with_bot&page=2")).text
        noted = await client.post(
            f"{address}/messages", data={"text": "Hm.", "kind": "note", "tab": "with_bot", "page": "2"}
        )
        parts = await client.post(
            f"{address}/messages", data={"text": "Hm.", "kind": "note", "tab": "with_bot", "page": "2"}, headers=HTMX
        )

        assert len(rows_in(page)) == 1
        assert '"page": 2' in html.unescape(page)
        assert f'rel="prev" href="{address}?tab=with_bot"' in page
        assert noted.headers["location"] == f"{address}?tab=with_bot&page=2"
        assert 'name="page" value="2"' in parts.text
        assert len(rows_in(parts.text)) == 1

    async def test_the_last_one_stands_for_all_beyond_it(
        self, client: httpx.AsyncClient, sign_in: SignIn, conversations: list[Conversation]
    ) -> None:
        await sign_in(Role.agent)

        assert "Page 2 of 2" in (await client.get("/desk?tab=with_bot&page=99999999999999999999")).text
        assert (await client.get("/desk?tab=with_bot&page=0")).status_code == 422

    async def test_my_own_are_counted_beyond_the_first(
        self, client: httpx.AsyncClient, sign_in: SignIn, conversations: list[Conversation]
    ) -> None:
        await sign_in(Role.agent)
        for conversation in conversations:
            await client.post(f"/desk/conversations/{conversation.id}/take")

        page = (await client.get("/desk?tab=mine")).text

        assert re.search(r'id="tab-mine".*?class="count">3<', page, re.DOTALL)
        assert "Page 1 of 2" in page


def rows_in(page: str) -> list[str]:
    return re.findall(r'<li id="row-(\w+)"', page)


class TestShowConversation:
    async def test_writes_out_why_a_person_was_brought_in(
        self, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, conversation: Conversation
    ) -> None:
        await sign_in(Role.agent)
        causes = (
            Cause(code="anger", weight=0.5, sequence=1),
            Cause(code="rated_1", weight=0.2, sequence=1),
            Cause(code="never heard of", weight=0.1),
        )
        async with app.state.work.begin() as session:
            service: ConversationService = app.state.open_conversations(session)
            await service.hand_off(await service.lock(conversation.id), HandoffReason.negative_sentiment, causes=causes)

        english = (await client.get(f"/desk/conversations/{conversation.id}")).text
        persian = (await client.get(f"/desk/conversations/{conversation.id}?lang=fa")).text

        assert "The contact is upset" in english
        assert "wrote in anger" in english
        assert "rated an earlier conversation 1 of 5" in english
        assert "something else weighed on the mood" in english
        assert "HM-1001" in english
        assert "با خشم نوشته" in persian
        assert "به یک گفت‌وگوی قبلی امتیاز ۱ از ۵ داده" in persian

    async def test_shows_hostile_text_as_text(self, client: httpx.AsyncClient, sign_in: SignIn, says: Says) -> None:
        await sign_in(Role.agent)
        conversation = await says(HOSTILE, name="<b>Bobby</b>")

        for path in (f"/desk/conversations/{conversation.id}", "/desk?tab=with_bot"):
            page = (await client.get(path)).text
            assert "<script>alert" not in page
            assert "<b>Bobby" not in page
            assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
            assert "<bdi>&lt;b&gt;Bobby&lt;/b&gt;</bdi>" in page

    @pytest.mark.parametrize(("name", "direction"), [("سیدمحمدعلی طباطبایی", "rtl"), ("Ada Lovelace", "ltr")])
    async def test_cuts_a_long_name_at_its_end_whatever_the_language_of_the_page(
        self, client: httpx.AsyncClient, sign_in: SignIn, says: Says, name: str, direction: str
    ) -> None:
        await sign_in(Role.agent)
        conversation = await says("hi", name=name)

        page = (await client.get(f"/desk/conversations/{conversation.id}")).text

        assert f'<strong class="name" dir="{direction}"><bdi>{name}' in page
        assert f'<h2 dir="{direction}"><bdi>{name}' in page

    async def test_offers_only_the_actions_that_would_be_accepted(
        self, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)
        address = f"/desk/conversations/{waiting.id}"

        page = (await client.get(address)).text
        assert all(f"{address}/{action}" in page for action in ("take", "resolve", "return-to-bot"))
        await client.post(f"{address}/resolve")
        page = (await client.get(address)).text
        assert f"{address}/resolve" not in page
        assert f"{address}/return-to-bot" not in page

    async def test_fetches_earlier_messages_on_demand(
        self, client: httpx.AsyncClient, sign_in: SignIn, says: Says
    ) -> None:
        await sign_in(Role.agent)
        for number in range(1, 92):
            conversation = await says(f"message number {number}.")
        address = f"/desk/conversations/{conversation.id}"

        page = (await client.get(address)).text
        earlier = (await client.get(f"{address}/earlier?before=30")).text

        assert "message number 31." in page
        assert "message number 30." not in page
        assert f"{address}/earlier?before=30" in page
        assert "message number 1." in earlier
        assert "message number 31." not in earlier

    async def test_goes_on_showing_what_the_page_shows_after_every_action(
        self, client: httpx.AsyncClient, sign_in: SignIn, says: Says
    ) -> None:
        await sign_in(Role.agent)
        for number in range(1, 92):
            conversation = await says(f"message number {number}.")
        address = f"/desk/conversations/{conversation.id}"

        for action in ("take", "messages", "resolve"):
            data = {"text": "Hello!", "start": "4"}
            response = await client.post(f"{address}/{action}", data=data, headers={"HX-Request": "true"})

            assert response.status_code == 200
            assert "message number 5." in response.text
            assert "message number 4." not in response.text
            assert 'name="start" value="4"' in response.text

    @pytest.mark.parametrize("start", ["-1", "x"])
    async def test_refuses_a_start_that_is_none(
        self, client: httpx.AsyncClient, sign_in: SignIn, says: Says, start: str
    ) -> None:
        await sign_in(Role.agent)
        conversation = await says("Hello")
        address = f"/desk/conversations/{conversation.id}"

        for action in ("take", "messages"):
            response = await client.post(f"{address}/{action}", data={"text": "Hello!", "start": start})
            assert response.status_code == 422


class TestShowReply:
    """Of a contact whom it has to be brought to."""

    @pytest.fixture
    async def chat(self, intake: Intake, telegram_inbox: Inbox) -> Conversation:
        return (await intake.receive(message(telegram_inbox, "Where is my invoice?"))).conversation

    @pytest.fixture
    def sends(self, app: FastAPI, telegram_inbox: Inbox, chat: Conversation) -> Callable[..., Awaitable[None]]:
        """Telegram is handed all that waits; the first of it has this trouble, if any."""

        async def send(*troubles: Exception) -> None:
            sender = FakeSender()
            sender.troubles = [*troubles]
            outbox = Outbox(app.state.work, senders={telegram_inbox.id: sender}, clock=app.state.clock)
            await until_done(outbox.send_next, chat.id)

        return send

    @pytest.mark.parametrize(
        ("trouble", "english", "persian"),
        [
            (
                SendUncertain("the line broke"),
                "Maybe sent: the connection broke, and nobody can know",
                "شاید فرستاده شده باشد: ارتباط قطع شد و نمی‌شود مطمئن بود",
            ),
            (SendRefused("blocked"), "Not sent", "فرستاده نشد"),
        ],
    )
    async def test_says_which_one_may_not_have_arrived(
        self,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        chat: Conversation,
        sends: Callable[..., Awaitable[None]],
        trouble: Exception,
        english: str,
        persian: str,
    ) -> None:
        await sign_in(Role.agent)
        address = f"/desk/conversations/{chat.id}"
        await client.post(f"{address}/messages", data={"text": "One moment."})
        await sends()
        await client.post(f"{address}/messages", data={"text": "Here it is."})

        await sends(trouble)

        for language, words in (("en", english), ("fa", persian)):
            page = (await client.get(address, params={"lang": language})).text
            assert [words in shown(page, text) for text in ("One moment.", "Here it is.")] == [False, True]
        assert f'title="{trouble}"' in shown(page, "Here it is.")

    @pytest.mark.parametrize(
        ("trouble", "english", "persian"),
        [
            (SendUncertain("the line broke"), "Maybe sent", "شاید فرستاده شده"),
            (SendRefused("blocked"), "Not sent", "فرستاده نشد"),
        ],
    )
    async def test_is_marked_in_the_list_while_nothing_follows_it(
        self,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        chat: Conversation,
        sends: Callable[..., Awaitable[None]],
        trouble: Exception,
        english: str,
        persian: str,
    ) -> None:
        await sign_in(Role.agent)
        marks = []

        for troubles in ([], [trouble], []):
            await client.post(f"/desk/conversations/{chat.id}/messages", data={"text": "Here it is."})
            await sends(*troubles)
            for language, words in (("en", english), ("fa", persian)):
                page = (await client.get("/desk", params={"tab": "mine", "lang": language})).text
                marks.append(f"</svg>{words}</span>" in page)

        assert marks == [False, False, True, True, False, False]


class TestWrite:
    async def test_a_reply_reaches_the_contact_and_takes_the_conversation(
        self, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)
        address = f"/desk/conversations/{waiting.id}"

        response = await client.post(f"{address}/messages", data={"text": "Here it is.", "kind": "reply"})

        assert (response.status_code, response.headers["location"]) == (303, address)
        assert "Here it is." in (await client.get(address)).text
        assert (await messages(app, waiting, internal=False))[-1].text == "Here it is."
        assert await status(app, waiting) is ConversationStatus.open
        assert f'id="row-{waiting.id}"' in (await client.get("/desk?tab=mine")).text

    async def test_one_agent_may_write_again_and_again(
        self, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)

        for text in ("One.", "Two.", "Three."):
            response = await client.post(f"/desk/conversations/{waiting.id}/messages", data={"text": text})
            assert response.status_code == 303

        assert [message.text for message in await messages(app, waiting)][-3:] == ["One.", "Two.", "Three."]

    async def test_a_note_stays_inside(
        self, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)
        address = f"/desk/conversations/{waiting.id}"

        await client.post(f"{address}/messages", data={"text": "Paid twice before.", "kind": "note"})

        assert "Paid twice before." in (await client.get(address)).text
        assert "Paid twice before." not in [m.text for m in await messages(app, waiting, internal=False)]
        assert await status(app, waiting) is ConversationStatus.waiting

    async def test_after_a_note_the_next_words_are_a_note_too(
        self, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)
        form = {"text": "Paid twice before.", "kind": "note"}

        response = await client.post(f"/desk/conversations/{waiting.id}/messages", data=form, headers=HTMX)

        assert "data-sent" in response.text
        assert 'value="note" checked' in response.text
        assert 'value="reply" checked' not in response.text

    async def test_htmx_gets_the_changed_parts_and_an_empty_composer(
        self, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)

        response = await client.post(
            f"/desk/conversations/{waiting.id}/messages", data={"text": "Here it is."}, headers=HTMX
        )

        assert response.status_code == 200
        assert "<html" not in response.text
        for part in ("#inbox", f"#head-{waiting.id}", f"#scroller-{waiting.id}", f"#composer-{waiting.id}"):
            assert f'hx-target="{part}"' in response.text
        assert "></textarea>" in response.text

    @pytest.mark.parametrize("headers", [{}, HTMX])
    async def test_a_refused_text_stays_in_the_composer(
        self,
        app: FastAPI,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        waiting: Conversation,
        headers: dict[str, str],
    ) -> None:
        await sign_in(Role.agent)
        text = "long " * 2_001

        response = await client.post(f"/desk/conversations/{waiting.id}/messages", data={"text": text}, headers=headers)

        assert response.status_code == 422
        assert "This is too long" in response.text
        assert text in response.text
        assert [one.text for one in await messages(app, waiting) if one.author is Author.agent] == []

    async def test_an_agents_markup_is_text_and_their_links_are_links(
        self, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)
        address = f"/desk/conversations/{waiting.id}"

        await client.post(f"{address}/messages", data={"text": "<i>See</i> https://example.com/a?b=1&c=2"})

        page = (await client.get(address)).text
        assert "&lt;i&gt;See&lt;/i&gt;" in page
        assert 'href="https://example.com/a?b=1&amp;c=2"' in page


class TestKeyOfComposer:
    """The answer to a sent reply may be lost: what was stored is then sent once more from the same composer."""

    @pytest.fixture
    def address(self, waiting: Conversation) -> str:
        return f"/desk/conversations/{waiting.id}/messages"

    @pytest.fixture
    async def key(self, client: httpx.AsyncClient, sign_in: SignIn, address: str) -> str:
        await sign_in(Role.agent)
        return key_in(await client.get(address.removesuffix("/messages")))

    @pytest.mark.parametrize("kind", ["reply", "note"])
    async def test_makes_sending_twice_one_message(
        self, kind: str, app: FastAPI, client: httpx.AsyncClient, waiting: Conversation, address: str, key: str
    ) -> None:
        form = {"text": "Here it is.", "kind": kind, "key": key}

        answers = [await client.post(address, data=form, headers=HTMX) for _ in range(2)]

        assert [message.text for message in await messages(app, waiting)].count("Here it is.") == 1
        assert [answer.status_code for answer in answers] == [200, 200]
        assert all("data-sent" in answer.text for answer in answers)
        assert len({key, *map(key_in, answers)}) == 3

    async def test_makes_a_file_sent_twice_one_message(
        self, app: FastAPI, client: httpx.AsyncClient, waiting: Conversation, address: str, key: str
    ) -> None:
        count = len(await messages(app, waiting))

        for name in ("a.pdf", "a.pdf", "b.pdf"):
            await client.post(address, data={"key": key}, files={"file": (name, b"%PDF-1.7")}, headers=HTMX)

        sent = (await messages(app, waiting))[count:]
        assert [message.attachment.name for message in sent if message.attachment] == ["a.pdf"]

    @pytest.mark.parametrize("changed", [{"text": "Other words."}, {"kind": "note"}])
    async def test_loses_nothing_that_was_changed_before_it_was_sent_again(
        self,
        changed: dict[str, str],
        app: FastAPI,
        client: httpx.AsyncClient,
        waiting: Conversation,
        address: str,
        key: str,
    ) -> None:
        form = {"text": "My words.", "kind": "reply", "key": key}
        await client.post(address, data=form, headers=HTMX)
        form |= changed

        refused = await client.post(address, data=form, headers=HTMX)
        count = len(await messages(app, waiting))
        again = await client.post(address, data=form | {"key": key_in(refused)}, headers=HTMX)

        assert refused.status_code == 422
        assert "has been sent already" in refused.text
        assert f"{form['text']}</textarea>" in refused.text
        assert again.status_code == 200
        assert [message.text for message in (await messages(app, waiting))[count:]] == [form["text"]]

    async def test_counts_for_one_conversation_and_one_agent(
        self, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, says: Says, address: str, key: str
    ) -> None:
        other = await says("And mine?", visitor="another")
        form = {"text": "Here it is.", "key": key}

        await client.post(address, data=form)
        await client.post(f"/desk/conversations/{other.id}/messages", data=form)
        await sign_in(Role.supervisor)
        await client.post(f"/desk/conversations/{other.id}/messages", data=form)

        assert [message.text for message in await messages(app, other)].count("Here it is.") == 2

    @pytest.mark.parametrize("hostile", ["a:b", "x" * 65, "<script>", "\0", "ک"])
    async def test_is_one_of_ours(self, hostile: str, client: httpx.AsyncClient, address: str, key: str) -> None:
        response = await client.post(address, data={"text": "x", "key": hostile})

        assert response.status_code == 422


def key_in(page: httpx.Response) -> str:
    found = re.search(r'name="key" value="([\w-]{20,})"', page.text)
    assert found
    return found[1]


class TestTake:
    async def test_makes_the_conversation_mine(
        self, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        agent = await sign_in(Role.agent)

        await client.post(f"/desk/conversations/{waiting.id}/take")

        page = (await client.get("/desk?tab=mine")).text
        assert f'id="row-{waiting.id}"' in page
        assert agent.name in (await client.get(f"/desk/conversations/{waiting.id}")).text

    async def test_says_so_where_a_colleague_was_faster_and_shows_who_answers(
        self, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        client.cookies.set("hamyar_language", "en")
        await sign_in(Role.agent)
        await client.post(f"/desk/conversations/{waiting.id}/take")
        mine = (await client.get(f"/desk/conversations/{waiting.id}")).text
        await sign_in(Role.supervisor)

        late = await client.post(f"/desk/conversations/{waiting.id}/take", headers=HTMX)

        assert "Somebody was faster" in late.text
        assert "Agent is answering" in (await client.get(f"/desk/conversations/{waiting.id}")).text
        assert "is answering" not in mine


class TestAssign:
    async def test_gives_it_to_a_colleague(
        self,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        make_agent: Callable[..., Awaitable[Agent]],
        waiting: Conversation,
    ) -> None:
        await sign_in(Role.agent)
        colleague = await make_agent("Omid")
        address = f"/desk/conversations/{waiting.id}"
        await client.post(f"{address}/take")

        await client.post(f"{address}/assign", data={"assignee": str(colleague.id)})

        assert f'id="row-{waiting.id}"' not in (await client.get("/desk?tab=mine")).text
        assert "Omid" in (await client.get("/desk?tab=open")).text

    async def test_waits_for_the_button_since_a_menu_changes_at_each_arrow_key(
        self, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)
        address = f"/desk/conversations/{waiting.id}"
        await client.post(f"{address}/take")

        page = (await client.get(address)).text

        (form,) = re.findall(rf'<form[^>]+action="{address}/assign".*?</form>', page, re.DOTALL)
        assert 'hx-trigger="submit"' in form
        assert ">Save</span></button>" in form
        assert "<noscript>" not in form

    async def test_says_so_where_it_is_open_no_more(
        self,
        app: FastAPI,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        make_agent: Callable[..., Awaitable[Agent]],
        waiting: Conversation,
    ) -> None:
        await sign_in(Role.agent)
        colleague = await make_agent("Omid")
        address = f"/desk/conversations/{waiting.id}"
        await client.post(f"{address}/take")
        await client.post(f"{address}/return-to-bot")

        late = await client.post(f"{address}/assign", data={"assignee": str(colleague.id)}, headers=HTMX)

        assert late.status_code == 409
        assert "Somebody was faster" in late.text
        assert "Omid" not in [one.text for one in await messages(app, waiting)]

    async def test_leaves_word_of_it_that_colleagues_read_and_the_contact_does_not(
        self,
        app: FastAPI,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        make_agent: Callable[..., Awaitable[Agent]],
        waiting: Conversation,
    ) -> None:
        client.cookies.set("hamyar_language", "en")
        supervisor, colleague = await sign_in(Role.supervisor), await make_agent("Omid")
        address = f"/desk/conversations/{waiting.id}"
        await client.post(f"{address}/take")

        for person in (colleague, colleague, supervisor):
            await client.post(f"{address}/assign", data={"assignee": str(person.id)})

        page = (await client.get(address)).text
        assert page.count("Supervisor gave the conversation to Omid") == 1
        assert page.count("Supervisor took the conversation over") == 1
        assert not [one for one in await messages(app, waiting, internal=False) if one.text in ("Omid", "Supervisor")]

    async def test_shows_nobody_where_nobody_has_it(
        self, client: httpx.AsyncClient, work: UnitOfWork, sign_in: SignIn, waiting: Conversation
    ) -> None:
        me = await sign_in(Role.agent)
        address = f"/desk/conversations/{waiting.id}"
        await client.post(f"{address}/take")
        async with work.begin() as session:
            (await session.get_one(Conversation, waiting.id)).assignee_id = None

        page = (await client.get(address)).text

        assert '<option value="" selected>Nobody</option>' in page
        assert f'<option value="{me.id}">' in page

    async def test_offers_those_who_can_open_it_and_refuses_the_others(
        self,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        make_agent: Callable[..., Awaitable[Agent]],
        switch_off: Callable[[Agent], Awaitable[None]],
        waiting: Conversation,
    ) -> None:
        me = await sign_in(Role.agent)
        editor, gone = await make_agent("Edi", Role.editor), await make_agent("Gone")
        await switch_off(gone)
        address = f"/desk/conversations/{waiting.id}"
        await client.post(f"{address}/take")

        page = (await client.get(address)).text
        answers = [
            await client.post(f"{address}/assign", data={"assignee": str(one.id)}, headers=HTMX)
            for one in (editor, gone)
        ]

        assert f'<option value="{me.id}" selected>' in page
        assert not [one.name for one in (editor, gone) if f'<option value="{one.id}"' in page]
        assert [answer.status_code for answer in answers] == [422, 422]
        assert all("cannot open conversations and tickets" in answer.text for answer in answers)
        assert f'id="row-{waiting.id}"' in (await client.get("/desk?tab=mine")).text


class TestResolve:
    async def test_asks_the_contact_for_a_rating(
        self, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)

        await client.post(f"/desk/conversations/{waiting.id}/resolve")

        last = (await messages(app, waiting, internal=False))[-1]
        assert last.kind == "rating_request"

    async def test_says_so_when_somebody_was_faster(
        self, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)
        address = f"/desk/conversations/{waiting.id}/resolve"
        await client.post(address)

        response = await client.post(address, headers=HTMX)

        assert response.status_code == 409
        assert "Somebody was faster" in response.text
        assert 'hx-target="#notices"' in response.text
        assert "<html" not in response.text


class TestReturnToBot:
    async def test_lets_the_bot_answer_again(
        self, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)

        await client.post(f"/desk/conversations/{waiting.id}/return-to-bot")

        assert await status(app, waiting) is ConversationStatus.with_bot


class TestSuggestArticles:
    async def test_is_calm_when_there_is_nothing_to_suggest(
        self, client: httpx.AsyncClient, sign_in: SignIn, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)

        response = await client.get(f"/desk/conversations/{waiting.id}/suggestions")

        assert response.status_code == 200
        assert "Nothing fits the last message." in response.text
