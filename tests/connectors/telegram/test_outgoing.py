import asyncio
from dataclasses import replace

import httpx
import pytest
from telegram import Bot
from telegram.request import HTTPXRequest

from connectors.telegram.connector import TelegramConnector
from crm.conversations.files import File
from crm.conversations.ports import SendLater, SendRefused, SendUncertain
from crm.enums import MessageKind
from tests.connectors.telegram.conftest import SARA, FakeTimer, outgoing
from tests.connectors.telegram.emulator import ApiError, Emulator, bad_request, flood

PNG = b"\x89PNG\r\n\x1a\n..."
LONG = " ".join(f"این جملهٔ شمارهٔ {number} است." for number in range(400))


class TestSend:
    async def test_carries_persian_unharmed_and_returns_telegrams_id(self, connector, telegram: Emulator):
        text = "سلام! می‌توانید از «حساب من» فاکتور بگیرید؛ ۱۲۳ 🙂"

        sent_id = await connector.send(outgoing(text))

        assert telegram.texts_to() == [text]
        assert sent_id == f"{SARA}:{telegram.sent[0]['message_id']}"

    @pytest.mark.parametrize(
        "text",
        [
            "<b>x</b> & </a>",
            "a < b > c &lt; \"d\" 'e'",
            "<script>alert(1)</script>",
            "**<i>**",
            '[<](https://a.ir/?a=1&b=">)',
        ],
    )
    async def test_lets_nothing_written_become_a_tag(self, text: str, connector, telegram: Emulator):
        await connector.send(outgoing(text))

        shown = text.replace("**", "") if text.startswith("**") else text
        assert telegram.texts_to() == [shown]

    async def test_shows_bold_lists_and_links(self, connector, telegram: Emulator):
        await connector.send(outgoing("**مهم:** ببینید\n- یک\n- [دو](https://a.ir/?x=1&y=2)"))

        message = telegram.sent[0]
        assert message["text"] == "مهم: ببینید\n• یک\n• دو"
        assert message["entities"] == [
            {"type": "bold", "offset": 0, "length": 4},
            {"type": "text_link", "offset": 19, "length": 2, "url": "https://a.ir/?x=1&y=2"},
        ]

    async def test_names_the_person_who_writes(self, connector, telegram: Emulator):
        await connector.send(outgoing("سلام", agent_name="رضا <مدیر>"))

        assert telegram.texts_to() == ["رضا <مدیر>\nسلام"]

    async def test_splits_a_long_text_at_sentences_and_puts_the_buttons_under_the_last(
        self, connector, telegram: Emulator
    ):
        await connector.send(outgoing(LONG, buttons=[{"title": "باشه", "payload": "/affirm"}]))

        parts = telegram.texts_to()
        assert len(parts) > 1
        assert " ".join(parts) == LONG
        assert all(part.endswith("است.") for part in parts)
        assert ["reply_markup" in message for message in telegram.sent] == [False] * (len(parts) - 1) + [True]

    async def test_links_articles_that_a_browser_can_reach(self, connector, telegram: Emulator):
        articles = [
            {"title": "راهنما", "url": "/help/articles/12"},
            {"title": "آموزش", "url": "https://docs.example/fa"},
            {"title": "داخلی", "url": "http://localhost:8000/help/articles/12"},
        ]

        await connector.send(outgoing(articles=articles))

        rows = telegram.sent[0]["reply_markup"]["inline_keyboard"]
        assert [(row[0]["text"], row[0]["url"]) for row in rows] == [
            ("راهنما", "https://hamyar.example/help/articles/12"),
            ("آموزش", "https://docs.example/fa"),
        ]

    async def test_says_what_a_button_has_no_room_for(self, connector, telegram: Emulator):
        note = "آخرین تغییر: ۲ آذر ۱۴۰۵ <b>"

        await connector.send(outgoing("ده روز.", articles=[{"title": "راهنما", "url": "/help/12", "note": note}]))

        assert telegram.sent[0]["text"] == "ده روز.\n\nآخرین تغییر: ۲ آذر ۱۴۰۵ <b>"

    async def test_leaves_out_links_while_there_is_no_public_address(
        self, make_connector, connector, telegram: Emulator
    ):
        nameless = make_connector(public_url="")

        await nameless.send(outgoing(articles=[{"title": "راهنما", "url": "/help/articles/12"}]))

        assert "reply_markup" not in telegram.sent[0]

    @pytest.mark.parametrize(("language", "stars"), [("fa", "۱⭐ ۲⭐ ۳⭐ ۴⭐ ۵⭐"), ("en", "1⭐ 2⭐ 3⭐ 4⭐ 5⭐")])
    async def test_offers_five_stars_for_a_rating(self, language: str, stars: str, connector, telegram: Emulator):
        await connector.send(outgoing(kind=MessageKind.rating_request, language=language))

        (row,) = telegram.sent[0]["reply_markup"]["inline_keyboard"]
        assert " ".join(button["text"] for button in row) == stars


class TestSendFile:
    async def test_sends_a_picture_as_a_photo_with_the_words_under_it(self, connector, telegram: Emulator):
        await connector.send(outgoing("**این** را ببینید", agent_name="رضا", file=File("خطا.png", PNG)))

        assert telegram.files_to() == [("photo", "", PNG)]
        assert telegram.texts_to() == ["رضا\nاین را ببینید"]

    @pytest.mark.parametrize("content", [b"%PDF-1.7", b"<svg onload=alert(1)>", b"GIF89a", PNG + b"thin"])
    async def test_sends_everything_else_as_a_file_under_its_name(self, content: bytes, connector, telegram: Emulator):
        await connector.send(outgoing("", file=File("فاکتور «۱۲».pdf", content)))

        assert telegram.files_to() == [("document", "فاکتور «۱۲».pdf", content)]
        assert telegram.texts_to() == []

    async def test_sends_many_words_after_the_file(self, connector, telegram: Emulator):
        await connector.send(outgoing(LONG, agent_name="رضا", file=File("a.pdf", b"%PDF")))

        first, *rest = telegram.texts_to()
        assert first == "رضا"
        assert " ".join(rest) == LONG
        assert "document" in telegram.sent[0]

    async def test_goes_on_after_the_file_where_telegram_asked_to_wait(self, connector, telegram: Emulator):
        telegram.fail_next("sendMessage", flood(3))
        message = outgoing("سلام " * 200, file=File("a.pdf", b"%PDF"))
        with pytest.raises(SendLater) as later:
            await connector.send(message)

        await connector.send(replace(message, parts_sent=later.value.parts_sent))

        assert telegram.calls.count("sendDocument") == 1
        assert len(telegram.texts_to()) == 1

    @pytest.mark.parametrize(
        ("trouble", "outcome"),
        [
            (flood(7), SendLater),
            ("cut_before", SendUncertain),
            ("cut_after", SendUncertain),
            (ApiError(403, "Forbidden: bot was blocked by the user"), SendRefused),
            (httpx.ConnectTimeout("no line"), SendLater),
        ],
    )
    async def test_fails_as_words_do(self, trouble, outcome: type[Exception], connector, telegram: Emulator):
        telegram.fail_next("sendDocument", trouble)

        with pytest.raises(outcome):
            await connector.send(outgoing(file=File("a.pdf", b"%PDF")))


class TestPace:
    async def test_leaves_a_second_between_two_messages_to_one_chat(
        self, connector, telegram: Emulator, timer: FakeTimer
    ):
        await connector.send(outgoing("یک", message_id=1))
        await connector.send(outgoing("دو", message_id=2))

        assert timer.slept == [1.0]

    async def test_lets_nobody_wait_for_another(self, connector, telegram: Emulator, timer: FakeTimer):
        telegram.chats[42] = {"id": 42, "type": "private"}

        await asyncio.gather(connector.send(outgoing()), connector.send(outgoing(contact_external_id="42")))

        assert timer.slept == []

    async def test_what_has_to_wait_too_long_was_not_sent_and_goes_later(self, make_connector, telegram: Emulator):
        class StillTimer(FakeTimer):
            def now(self) -> float:
                return 100.0

        connector = make_connector(timer=StillTimer())
        group = "-100200"
        telegram.chats[int(group)] = {"id": int(group), "type": "supergroup", "title": "همکاران"}
        several = [connector.send(outgoing(str(number), contact_external_id=group)) for number in range(4)]

        *sent, late, last = await asyncio.gather(*several, return_exceptions=True)

        assert len(telegram.sent) == len(sent) == 2
        assert [(type(one), one.parts_sent) for one in (late, last)] == [(SendLater, 0)] * 2

    async def test_keeps_to_thirty_messages_in_any_second(
        self, connector, telegram: Emulator, monkeypatch: pytest.MonkeyPatch
    ):
        chats, calls, send_message = range(1, 41), [], Bot.send_message

        async def noted(*arguments, **options):
            calls.append(asyncio.get_running_loop().time())
            return await send_message(*arguments, **options)

        monkeypatch.setattr(Bot, "send_message", noted)
        telegram.chats |= {chat: {"id": chat, "type": "private"} for chat in chats}
        await asyncio.gather(*(connector.send(outgoing(contact_external_id=str(chat))) for chat in chats))

        assert max(sum(begun <= at < begun + 1 for at in calls) for begun in calls) <= 30


class TestTrouble:
    async def test_telegrams_wish_to_wait_goes_to_the_outbox(self, connector, telegram: Emulator):
        telegram.fail_next("sendMessage", flood(7))

        with pytest.raises(SendLater) as later:
            await connector.send(outgoing())

        assert later.value.after_seconds == 7
        assert telegram.sent == []

    async def test_a_long_message_goes_on_where_it_had_to_wait_also_in_another_process(
        self, make_connector, connector, telegram: Emulator
    ):
        telegram.fail_next("sendMessage", "none", flood(3), flood(3))
        parts_sent = 0

        for _ in range(2):
            with pytest.raises(SendLater) as later:
                await make_connector().send(outgoing(LONG, parts_sent=parts_sent))
            parts_sent = later.value.parts_sent
            assert parts_sent == 1
        await make_connector().send(outgoing(LONG, parts_sent=parts_sent))

        assert " ".join(telegram.texts_to()) == LONG

    @pytest.mark.parametrize(
        "answer",
        [
            ApiError(403, "Forbidden: bot was blocked by the user"),
            ApiError(403, "Forbidden: user is deactivated"),
            bad_request("chat not found"),
            bad_request("BUTTON_URL_INVALID"),
        ],
    )
    async def test_a_refusal_is_final(self, answer: ApiError, connector, telegram: Emulator):
        telegram.fail_next("sendMessage", answer)

        with pytest.raises(SendRefused):
            await connector.send(outgoing())

    async def test_being_blocked_is_final(self, connector, telegram: Emulator):
        telegram.blocked.add(SARA)

        with pytest.raises(SendRefused, match="blocked"):
            await connector.send(outgoing())

    async def test_an_unknown_chat_is_final(self, connector):
        with pytest.raises(SendRefused, match=r"[Cc]hat not found"):
            await connector.send(outgoing(contact_external_id="99"))

    @pytest.mark.parametrize(
        "error",
        [
            httpx.ConnectError("refused"),
            httpx.ConnectTimeout("slow"),
            httpx.PoolTimeout("full"),
            httpx.ProxyError("no"),
        ],
    )
    async def test_a_line_that_never_stood_means_later(self, error: Exception, connector, telegram: Emulator):
        telegram.fail_next("sendMessage", error)

        with pytest.raises(SendLater):
            await connector.send(outgoing())

    @pytest.mark.parametrize(
        "error",
        [httpx.ReadTimeout("slow"), httpx.ReadError("reset"), httpx.WriteError("reset"), ApiError(502, "Bad Gateway")],
    )
    async def test_a_line_that_broke_later_means_maybe(self, error: Exception, connector, telegram: Emulator):
        telegram.fail_next("sendMessage", error)

        with pytest.raises(SendUncertain):
            await connector.send(outgoing())

    @pytest.mark.parametrize(("trouble", "arrived"), [("cut_before", 0), ("cut_after", 1)])
    async def test_a_cut_line_means_maybe_whether_it_arrived_or_not(
        self, trouble: str, arrived: int, connector, telegram: Emulator
    ):
        telegram.fail_next("sendMessage", trouble)

        with pytest.raises(SendUncertain):
            await connector.send(outgoing())

        assert len(telegram.sent) == arrived

    async def test_a_part_in_doubt_is_behind_us_and_the_rest_is_still_to_go(
        self, make_connector, connector, telegram: Emulator
    ):
        telegram.fail_next("sendMessage", "cut_after")
        with pytest.raises(SendUncertain) as doubt:
            await connector.send(outgoing(LONG))

        await make_connector().send(outgoing(LONG, parts_sent=doubt.value.parts_sent))

        assert " ".join(telegram.texts_to()) == LONG

    async def test_after_a_last_part_in_doubt_nothing_is_left(self, connector, telegram: Emulator):
        telegram.fail_next("sendMessage", "none", "none", "cut_after")

        with pytest.raises(SendUncertain) as doubt:
            await connector.send(outgoing(LONG))

        assert doubt.value.parts_sent == 0

    async def test_the_rest_of_a_message_goes_in_another_call_where_one_part_took_long(
        self, make_connector, telegram: Emulator
    ):
        class SlowTimer(FakeTimer):
            def now(self) -> float:
                self._now += 5.0
                return self._now

        telegram.chats[SARA] = {"id": SARA, "type": "private"}

        with pytest.raises(SendLater) as later:
            await make_connector(timer=SlowTimer()).send(outgoing(LONG))

        assert (later.value.parts_sent, later.value.after_seconds) == (1, 0)
        assert len(telegram.sent) == 1

    async def test_a_client_that_was_closed_means_later(self, connector, telegram: Emulator):
        await connector.send(outgoing())
        await connector.stop()

        with pytest.raises(SendLater):
            await connector.send(outgoing())

    async def test_an_answer_that_cannot_be_read_means_maybe(self, make_connector):
        page = httpx.MockTransport(lambda _request: httpx.Response(200, text="<h1>Welcome to our network</h1>"))
        connector = make_connector(request_factory=lambda: HTTPXRequest(httpx_kwargs={"transport": page}))

        with pytest.raises(SendUncertain):
            await connector.send(outgoing())

    async def test_a_refused_token_waits_for_somebody_to_mend_it_and_shows_nothing(
        self, make_connector, telegram: Emulator
    ):
        with pytest.raises(SendLater) as later:
            await make_connector(token="7000000002:AAwrong").send(outgoing())

        assert "AAwrong" not in str(later.value)


class TestShowTyping:
    async def test_is_seen_by_the_contact(self, connector: TelegramConnector, telegram: Emulator):
        await connector.show_typing(str(SARA))

        assert telegram.typing == [SARA]

    async def test_never_fails(self, connector: TelegramConnector, telegram: Emulator):
        telegram.fail_next("sendChatAction", httpx.ConnectError("refused"), flood(3))

        await connector.show_typing(str(SARA))
        await connector.show_typing(str(SARA))
        await connector.show_typing("99")

        assert telegram.typing == []
