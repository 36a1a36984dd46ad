import pytest

from connectors.telegram.connector import TelegramConnector
from connectors.telegram.ports import Button
from core.errors import Conflict, InvalidInput, Unavailable
from crm.enums import MessageKind
from tests.connectors.telegram.conftest import SARA, FakeDesk, outgoing, payload, until
from tests.connectors.telegram.emulator import Emulator


class TooLong(InvalidInput):
    code = "message_too_long"


class TestText:
    async def test_reaches_the_desk_unharmed_in_persian(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.push(payload("text"))

        await until(lambda: desk.stored)

        assert desk.last.text == "سلام، سفارشم کی می‌رسه؟ 🙂"
        assert desk.last.external_id == f"{SARA}:11"
        assert desk.last.contact_external_id == str(SARA)
        assert (desk.last.inbox_id, desk.last.contact_name, desk.last.language) == (3, "سارا احمدی", "fa")
        assert desk.last.payload is None

    async def test_keeps_its_markup_and_line_breaks(self, polling, telegram: Emulator, desk: FakeDesk):
        text = "<b>hi</b> & **you**\n\n\u202bسلام\u202c"

        telegram.write(text)
        await until(lambda: desk.stored)

        assert desk.last.text == text

    async def test_has_no_language_where_the_app_speaks_another(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.write("Guten Tag", language="de")

        await until(lambda: desk.stored)

        assert desk.last.language is None

    async def test_that_came_twice_is_one_message(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.push(payload("text"))
        telegram.push(payload("text"))

        await until(lambda: desk.calls == 2)

        assert len(desk.stored) == 1

    async def test_that_nobody_could_answer_goes_back_and_holds_up_nothing(
        self, polling, telegram: Emulator, desk: FakeDesk
    ):
        desk.troubles = [TooLong("too long")]

        telegram.write("x" * 4096)
        telegram.write("سلام")
        await until(lambda: desk.stored)

        assert desk.texts == ["سلام"]
        assert telegram.texts_to() == ["[utter_message_too_long fa]"]

    async def test_of_nothing_but_spaces_is_answered_as_unreadable(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.write("\u2003  ")

        await until(lambda: telegram.sent)

        assert telegram.texts_to() == ["[utter_message_unreadable fa]"]
        assert not desk.stored


class TestWhatIsLeftAlone:
    @pytest.mark.parametrize("name", ["group_message", "edited_message", "pinned_notice"])
    async def test_stores_nothing(self, name: str, polling, telegram: Emulator, desk: FakeDesk):
        telegram.push(payload(name))
        telegram.write("بعدی")

        await until(lambda: desk.stored)

        assert desk.texts == ["بعدی"]
        assert not telegram.sent

    async def test_includes_an_update_that_cannot_be_read(self, polling, telegram: Emulator, desk: FakeDesk, caplog):
        telegram.push({"message": {"chat": {"id": SARA, "type": "private"}, "text": "no id, no date, secret words"}})
        telegram.write("بعدی")

        await until(lambda: desk.stored)

        assert desk.texts == ["بعدی"]
        assert "could not be read" in caplog.text
        assert "secret words" not in caplog.text


class TestAttachments:
    @pytest.mark.parametrize(
        ("name", "stands_for_it"),
        [
            ("photo", "[utter_telegram_photo fa] این خطا را می‌بینم"),
            ("document", "[utter_telegram_document fa] فاکتور.pdf"),
            ("voice", "[utter_telegram_voice fa]"),
            ("animation", "[utter_telegram_video fa] a.mp4"),
            ("sticker", "[utter_telegram_sticker fa] 👍"),
            ("location", "[utter_telegram_location fa] 35.699739, 51.338097"),
            ("contact", "[utter_telegram_contact fa] رضا کریمی +989120000000"),
        ],
    )
    async def test_leave_a_placeholder_with_what_is_known(
        self, name: str, stands_for_it: str, polling, telegram: Emulator, desk: FakeDesk
    ):
        telegram.push(payload(name))

        await until(lambda: desk.stored)

        assert desk.last.text == stands_for_it


class TestCommands:
    async def test_start_greets_with_suggestions(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.push(payload("command_start"))

        await until(lambda: telegram.sent)

        assert telegram.texts_to() == ["[utter_telegram_start fa]"]
        rows = telegram.sent[0]["reply_markup"]["inline_keyboard"]
        assert [row[0]["text"] for row in rows] == ["چه دوره‌هایی دارید؟", "گفت‌وگو با همکارانم"]
        assert not desk.stored

    @pytest.mark.parametrize("text", ["/help", "/help@hamyar_test_bot", "/restart", "/HELP me"])
    async def test_help_answers_every_command_that_is_not_ours(
        self, text: str, polling, telegram: Emulator, desk: FakeDesk
    ):
        telegram.write(text, language="en")

        await until(lambda: telegram.sent)

        assert telegram.texts_to() == ["[utter_telegram_help en]"]
        assert not desk.stored

    async def test_human_asks_for_a_person(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.push(payload("command_human"))

        await until(lambda: desk.stored)

        assert desk.last.payload == "/talk_to_person"
        assert desk.last.text == "[utter_telegram_ask_person fa]"

    async def test_language_changes_what_we_speak(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.write("/language en")
        telegram.write("/help")

        await until(lambda: len(telegram.sent) == 2)

        assert desk.languages == {str(SARA): "en"}
        assert telegram.texts_to() == ["[utter_telegram_language_chosen en]", "[utter_telegram_help en]"]

    async def test_language_alone_offers_both(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.write("/language")
        await until(lambda: telegram.sent)

        telegram.press("English")
        await until(lambda: telegram.answered)

        assert desk.languages == {str(SARA): "en"}

    async def test_an_answer_that_fails_is_not_repeated_and_holds_up_nothing(
        self, polling, telegram: Emulator, desk: FakeDesk, timer
    ):
        telegram.blocked.add(SARA)

        telegram.write("/start")
        telegram.write("سلام")
        await until(lambda: desk.stored)

        assert timer.slept == []


class TestButtons:
    @pytest.fixture
    async def choices(self, polling: TelegramConnector, desk: FakeDesk) -> list[Button]:
        """Sara was offered two articles, one with a payload longer than Telegram would carry."""
        buttons = [
            Button("زمان ارسال", '/read_article{"article_id": "12"}'),
            Button("هزینهٔ ارسال", f'/read_article{{"article_id": "{"9" * 100}"}}'),
        ]
        desk.buttons[str(SARA), 77] = buttons
        await polling.send(outgoing(buttons=[{"title": b.title, "payload": b.payload} for b in buttons]))
        return buttons

    async def test_stand_for_their_payload_however_long(self, choices, telegram: Emulator, desk: FakeDesk):
        telegram.press("هزینهٔ ارسال")

        await until(lambda: telegram.answered)

        assert (desk.last.text, desk.last.payload) == ("هزینهٔ ارسال", choices[1].payload)
        assert desk.last.external_id == f"callback:{telegram.answered[0]['callback_query_id']}"

    @pytest.mark.parametrize("name", ["callback_query", "callback_query_old"])
    async def test_work_as_telegram_sends_them(self, name: str, choices, telegram: Emulator, desk: FakeDesk):
        telegram.push(payload(name))

        await until(lambda: telegram.answered)

        assert desk.last.payload == choices[1].payload

    async def test_are_acknowledged_only_after_the_press_is_stored(self, choices, telegram: Emulator, desk: FakeDesk):
        desk.troubles = [RuntimeError("the database is away")]

        telegram.press("زمان ارسال")
        await until(lambda: desk.calls == 1)
        assert not telegram.answered
        await until(lambda: telegram.answered)

        assert desk.texts == ["زمان ارسال"]

    @pytest.mark.parametrize("data", ["b:78:0", "b:77:5", "nonsense", "", "r:9", "b:١:٠"])
    async def test_of_nothing_we_offered_say_so(self, data: str, choices, telegram: Emulator, desk: FakeDesk):
        telegram.press("زمان ارسال", data=data)

        await until(lambda: telegram.answered)

        assert telegram.answered[0]["text"] == "[utter_telegram_choice_gone fa]"
        assert not desk.stored

    async def test_of_another_contacts_message_say_so(self, choices, telegram: Emulator, desk: FakeDesk):
        press = payload("callback_query")["callback_query"]
        mallory = {"id": 42, "is_bot": False, "first_name": "M"}
        chat = {"id": 42, "type": "private"}
        telegram.push({"callback_query": {**press, "from": mallory, "message": {**press["message"], "chat": chat}}})

        await until(lambda: telegram.answered)

        assert not desk.stored

    async def test_of_the_greeting_stand_for_its_suggestions(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.write("/start")
        await until(lambda: telegram.sent)

        telegram.press("گفت‌وگو با همکارانم")
        await until(lambda: telegram.answered)

        assert (desk.last.text, desk.last.payload) == ("گفت‌وگو با همکارانم", "/talk_to_person")

    async def test_that_telegram_calls_too_old_count_all_the_same(self, choices, telegram: Emulator, desk: FakeDesk):
        telegram.answered.append({"callback_query_id": "21527600412345678901"})

        telegram.push(payload("callback_query"))
        telegram.write("بعدی")
        await until(lambda: "بعدی" in desk.texts)

        assert desk.texts == ["هزینهٔ ارسال", "بعدی"]


class TestRating:
    @pytest.fixture
    async def stars(self, polling: TelegramConnector) -> None:
        await polling.send(outgoing("چطور بودیم؟", kind=MessageKind.rating_request))

    async def test_is_stored_and_the_stars_go(self, stars, telegram: Emulator, desk: FakeDesk):
        telegram.press("۴⭐")

        await until(lambda: telegram.answered)

        assert desk.ratings == [(str(SARA), 4)]
        assert "text" not in telegram.answered[0]
        assert "reply_markup" not in telegram.sent[0]

    async def test_that_nobody_asked_for_is_refused_kindly(self, stars, telegram: Emulator, desk: FakeDesk):
        desk.rating_trouble = Conflict("rated already")

        telegram.press("۱⭐")
        await until(lambda: telegram.answered)

        assert telegram.answered[0]["text"] == "[utter_rating_refused fa]"

    async def test_comes_again_while_the_database_is_away(self, stars, telegram: Emulator, desk: FakeDesk, timer):
        desk.rating_trouble = Unavailable()
        telegram.press("۵⭐")
        await until(lambda: timer.slept)

        desk.rating_trouble = None
        await until(lambda: desk.ratings)

        assert desk.ratings == [(str(SARA), 5)]
