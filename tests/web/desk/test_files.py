"""Files of conversations: who gets them, and that none does harm."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from crm.conversations.downloads import Downloads
from crm.conversations.files import MAX_FILE_BYTES
from crm.conversations.intake import Intake
from crm.conversations.ports import FetchRefused, IncomingFile
from crm.conversations.service import ConversationService
from crm.enums import AttachmentKind, Role
from crm.models import Agent, Conversation, EmailOriginal, Inbox, Message
from tests.conftest import message
from web.protection import MAX_FILE_BODY_BYTES

SignIn = Callable[[Role], Awaitable[Agent]]
PNG = b"\x89PNG\r\n\x1a\n..."
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
HOSTILE_NAME = '"><img src=x onerror=alert(1)>.png\r\nX-Evil: yes\u202egpj.exe'


class Giving:
    """A channel that gives out these bytes, or nothing."""

    def __init__(self, content: bytes | None) -> None:
        self.content = content

    async def fetch(self, source: str) -> bytes:
        if self.content is None:
            raise FetchRefused("file is gone")
        return self.content


@pytest.fixture(autouse=True)
def english(client: httpx.AsyncClient) -> None:
    client.cookies.set("hamyar_language", "en")


@pytest.fixture
def sends(app: FastAPI, intake: Intake, telegram_inbox: Inbox) -> Callable[..., Awaitable[tuple[Conversation, str]]]:
    """A contact sends a file, which is fetched; gives the conversation and the file's address."""

    async def send(
        content: bytes | None, *, name: str = "", kind: AttachmentKind = AttachmentKind.document
    ) -> tuple[Conversation, str]:
        file = IncomingFile(source="BQAC", kind=kind, name=name)
        received = await intake.receive(message(telegram_inbox, "[File]", file=file))
        assert received.message.attachment
        number = str(received.message.attachment.id)
        sources = {telegram_inbox.id: Giving(content)}
        await Downloads(app.state.work, sources=sources, clock=app.state.clock).fetch(number)
        return received.conversation, f"/desk/files/{number}"

    return send


@pytest.fixture
async def chat(intake: Intake, telegram_inbox: Inbox) -> Conversation:
    """A contact has written on Telegram."""
    return (await intake.receive(message(telegram_inbox, "Where is my invoice?"))).conversation


async def last_message(app: FastAPI, conversation: Conversation) -> Message:
    async with app.state.work.reading() as session:
        service: ConversationService = app.state.open_conversations(session)
        return (await service.conversations.messages(conversation.id))[-1]


class TestGiveFile:
    async def test_gives_the_bytes_to_be_saved_under_their_name(
        self, client: httpx.AsyncClient, sign_in: SignIn, sends
    ) -> None:
        await sign_in(Role.agent)
        _conversation, address = await sends(b"%PDF-1.7", name="فاکتور.pdf")

        response = await client.get(address, headers={"accept-encoding": "gzip"})

        assert response.content == b"%PDF-1.7"
        disposition = "attachment; filename*=UTF-8''%D9%81%D8%A7%DA%A9%D8%AA%D9%88%D8%B1.pdf"
        assert response.headers["content-disposition"] == disposition
        assert response.headers["content-type"] == "application/octet-stream"

    @pytest.mark.parametrize("content", [SVG, b"<!DOCTYPE html><script>alert(1)</script>", PNG])
    async def test_lets_none_run_as_a_page_of_ours(
        self, content: bytes, client: httpx.AsyncClient, sign_in: SignIn, sends
    ) -> None:
        await sign_in(Role.agent)
        _conversation, address = await sends(content, name=HOSTILE_NAME)

        response = await client.get(address)

        assert response.headers["content-type"] in ("application/octet-stream", "image/png")
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'; sandbox" in response.headers.get_list("content-security-policy")
        assert response.headers["content-disposition"].startswith("attachment; ")
        assert response.headers["cache-control"] == "private, no-store"
        assert "x-evil" not in response.headers

    async def test_gives_nothing_without_sign_in(self, client: httpx.AsyncClient, sends) -> None:
        _conversation, address = await sends(PNG)

        response = await client.get(address)

        assert response.status_code == 303
        assert PNG not in response.content

    async def test_gives_nothing_to_an_editor(self, client: httpx.AsyncClient, sign_in: SignIn, sends) -> None:
        await sign_in(Role.editor)
        _conversation, address = await sends(PNG)

        assert (await client.get(address)).status_code == 403

    @pytest.mark.parametrize("number", ["999", "0", "99999999999999999999", "x"])
    async def test_has_no_file_under_another_number(
        self, number: str, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        await sign_in(Role.agent)

        assert (await client.get(f"/desk/files/{number}")).status_code in (404, 422)

    async def test_has_none_that_was_not_fetched(self, client: httpx.AsyncClient, sign_in: SignIn, sends) -> None:
        await sign_in(Role.agent)
        _conversation, address = await sends(None)

        assert (await client.get(address)).status_code == 404


class TestShowFile:
    async def test_shows_a_picture_and_its_name_as_text(
        self, client: httpx.AsyncClient, sign_in: SignIn, sends
    ) -> None:
        await sign_in(Role.agent)
        conversation, address = await sends(PNG, name=HOSTILE_NAME)

        page = (await client.get(f"/desk/conversations/{conversation.id}")).text

        assert f'<img class="picture" src="{address}"' in page
        assert "<img src=x" not in page
        assert "\u202e" not in page
        assert "1 KB" in page

    async def test_plays_a_voice_message(self, client: httpx.AsyncClient, sign_in: SignIn, sends) -> None:
        await sign_in(Role.agent)
        conversation, address = await sends(b"OggS...", kind=AttachmentKind.voice)

        page = (await client.get(f"/desk/conversations/{conversation.id}")).text

        assert f'<audio class="sound" src="{address}"' in page
        assert "voice-1.ogg" in page

    async def test_offers_everything_else_to_be_saved(self, client: httpx.AsyncClient, sign_in: SignIn, sends) -> None:
        await sign_in(Role.agent)
        conversation, address = await sends(SVG, name="a.png")

        page = (await client.get(f"/desk/conversations/{conversation.id}")).text

        assert f'href="{address}" download' in page
        assert 'class="picture"' not in page

    async def test_says_that_a_file_could_not_be_fetched(
        self, client: httpx.AsyncClient, sign_in: SignIn, sends
    ) -> None:
        await sign_in(Role.agent)
        conversation, address = await sends(None, name="a.pdf")

        page = (await client.get(f"/desk/conversations/{conversation.id}")).text

        assert "The file could not be fetched." in page
        assert address not in page


class TestAttach:
    @pytest.mark.parametrize("text", ["Here it is", ""])
    async def test_sends_a_file_with_or_without_words(
        self, text: str, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, chat: Conversation
    ) -> None:
        await sign_in(Role.agent)

        response = await client.post(
            f"/desk/conversations/{chat.id}/messages", data={"text": text}, files={"file": ("a/b.pdf", b"%PDF")}
        )

        assert response.status_code == 303
        sent = await last_message(app, chat)
        assert sent.attachment
        assert (sent.text, sent.attachment.name, sent.attachment.size) == (text, "b.pdf", 4)

    async def test_keeps_a_file_with_a_note_from_the_contact(
        self, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, chat: Conversation
    ) -> None:
        await sign_in(Role.agent)

        await client.post(
            f"/desk/conversations/{chat.id}/messages", data={"kind": "note"}, files={"file": ("a.pdf", b"%PDF")}
        )

        kept = await last_message(app, chat)
        assert kept.kind.value == "internal_note"
        async with app.state.work.reading() as session:
            deliveries = await app.state.open_conversations(session).conversations.deliveries(chat.id)
        assert kept.id not in deliveries

    async def test_tells_the_limit_before_anything_is_sent(
        self, client: httpx.AsyncClient, sign_in: SignIn, chat: Conversation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await sign_in(Role.agent)

        page = (await client.get(f"/desk/conversations/{chat.id}")).text

        assert "20 MB at the most" in page
        assert f'data-max-bytes="{MAX_FILE_BYTES}"' in page
        monkeypatch.setattr("web.desk.reading.FILE_CHANNELS", frozenset())
        assert 'type="file"' not in (await client.get(f"/desk/conversations/{chat.id}")).text

    @pytest.mark.parametrize(
        ("content", "problem"),
        [(bytes(MAX_FILE_BYTES + 1), "The file is too large."), (b"", "The file is empty.")],
    )
    async def test_refuses_a_file_and_keeps_the_words(
        self, content: bytes, problem: str, client: httpx.AsyncClient, sign_in: SignIn, chat: Conversation
    ) -> None:
        await sign_in(Role.agent)

        response = await client.post(
            f"/desk/conversations/{chat.id}/messages", data={"text": "My words"}, files={"file": ("a.pdf", content)}
        )

        assert response.status_code == 422
        assert problem in response.text
        assert "My words</textarea>" in response.text

    async def test_refuses_a_file_where_the_channel_carries_none(
        self, client: httpx.AsyncClient, sign_in: SignIn, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await sign_in(Role.agent)
        monkeypatch.setattr("crm.conversations.handling.FILE_CHANNELS", frozenset())

        response = await client.post(
            f"/desk/conversations/{conversation.id}/messages", data={"text": "x"}, files={"file": ("a.pdf", b"%PDF")}
        )

        assert response.status_code == 422
        assert "Files cannot be sent on this channel." in response.text

    async def test_reads_nothing_of_somebody_who_may_not_write(
        self, client: httpx.AsyncClient, sign_in: SignIn, chat: Conversation
    ) -> None:
        read = 0

        async def body():
            nonlocal read
            for _ in range(50):
                read += 1
                yield bytes(100_000)

        headers = {"content-type": "multipart/form-data; boundary=x"}
        address = f"/desk/conversations/{chat.id}/messages"
        assert (await client.post(address, content=body(), headers=headers)).status_code == 401
        await sign_in(Role.editor)
        assert (await client.post(address, content=body(), headers=headers)).status_code == 403

        assert read == 0

    async def test_takes_no_endless_body(self, client: httpx.AsyncClient, sign_in: SignIn, chat: Conversation) -> None:
        await sign_in(Role.agent)

        response = await client.post(
            f"/desk/conversations/{chat.id}/messages", files={"file": ("a", bytes(MAX_FILE_BODY_BYTES))}
        )

        assert response.status_code == 413


class TestShowCorrection:
    async def test_stands_beside_what_was_first_written(
        self, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, chat: Conversation, intake: Intake
    ) -> None:
        await sign_in(Role.agent)
        first = await last_message(app, chat)
        assert first.external_id
        await intake.correct(chat.inbox_id, first.external_id, "<b>Where</b> is it?", at=app.state.clock.now())

        page = (await client.get(f"/desk/conversations/{chat.id}")).text

        assert "Where is my invoice?" in page
        assert "Corrected by the contact" in page
        assert "&lt;b&gt;Where&lt;/b&gt; is it?" in page


class TestShowEmail:
    @pytest.fixture
    async def address(self, app: FastAPI, chat: Conversation) -> str:
        """Where all that a mail said is found."""
        sent = await last_message(app, chat)
        async with app.state.work.begin() as session:
            session.add(EmailOriginal(message_id=sent.id, text="<script>alert(1)</script>\n> quoted"))
        return f"/desk/emails/{sent.id}"

    async def test_shows_all_of_it_as_words(
        self, client: httpx.AsyncClient, sign_in: SignIn, chat: Conversation, address: str
    ) -> None:
        await sign_in(Role.agent)

        page = await client.get(f"/desk/conversations/{chat.id}")
        response = await client.get(address)

        assert f'href="{address}"' in page.text
        assert response.text == "<script>alert(1)</script>\n> quoted"
        assert response.headers["content-type"] == "text/plain; charset=utf-8"
        assert "default-src 'none'; sandbox" in response.headers.get_list("content-security-policy")

    async def test_shows_nothing_without_sign_in_and_to_an_editor(
        self, client: httpx.AsyncClient, sign_in: SignIn, address: str
    ) -> None:
        assert (await client.get(address)).status_code == 303

        await sign_in(Role.editor)
        assert (await client.get(address)).status_code == 403

    async def test_has_none_of_a_message_without(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        await sign_in(Role.agent)

        assert (await client.get("/desk/emails/999")).status_code == 404
