from datetime import UTC, datetime

import pytest

from connectors.telegram.connector import TelegramConnector
from connectors.telegram.ports import Button
from connectors.telegram.tokens import number_of
from core.errors import Conflict, InvalidInput, Unavailable
from crm.conversations.ports import IncomingFile
from crm.conversations.service import RatingRequestOver
from crm.enums import AttachmentKind, MessageKind
from tests.connectors.telegram.conftest import SARA, FakeDesk, outgoing, payload
from tests.connectors.telegram.emulator import TOKEN, Emulator
from tests.fixtures.patience import until

POLL = {
    "id": "1",
    "question": "کدام رنگ؟",
    "options": [
        {"persistent_id": "0", "text": "سبز", "voter_count": 0},
        {"persistent_id": "1", "text": "<b>آبی</b>", "voter_count": 0},
    ],
    "total_voter_count": 0,
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
    "allows_revoting": False,
    "members_only": False,
}


class TooLong(InvalidInput):
    code = "message_too_long"


class TestText:
    async def test_reaches_the_desk_unharmed_in_persian(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.push(payload("text"))

        await until(lambda: desk.stored)

        assert desk.last.text == "سلام، سفارشم کی می‌رسه؟ 🙂"
        assert desk.last.external_id == f"{number_of(TOKEN)}:{SARA}:11"
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
    @pytest.mark.parametrize("name", ["group_message", "pinned_notice"])
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


class TestFiles:
    @pytest.mark.parametrize(
        ("name", "words", "file"),
        [
            ("photo", "این خطا را می‌بینم", IncomingFile(source="AgACAgQAAxkBAAMOZ0-x1", kind=AttachmentKind.photo)),
            (
                "document",
                "[utter_telegram_document fa] فاکتور.pdf",
                IncomingFile(source="BQACAgQAAxkBAAMPZ0", kind=AttachmentKind.document, name="فاکتور.pdf"),
            ),
            (
                "voice",
                "[utter_telegram_voice fa]",
                IncomingFile(source="AwACAgQAAxkBAAMQZ0", kind=AttachmentKind.voice),
            ),
        ],
    )
    async def test_come_with_their_caption_or_with_what_stands_for_one(
        self, name: str, words: str, file: IncomingFile, polling, telegram: Emulator, desk: FakeDesk
    ):
        telegram.push(payload(name))

        await until(lambda: desk.stored)

        assert (desk.last.text, desk.last.file) == (words, file)

    @pytest.mark.parametrize("unseen", ["\u200b", "\u200f \ufeff"])
    async def test_whose_caption_nobody_can_see_come_with_what_stands_for_one(
        self, unseen: str, polling, telegram: Emulator, desk: FakeDesk
    ):
        telegram.send_file("photo", b"x", caption=unseen)

        await until(lambda: desk.stored)

        assert (desk.last.text, desk.last.response) == ("[utter_telegram_photo fa]", "utter_telegram_photo")

    async def test_of_an_animation_is_the_video_and_not_its_document(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.push(payload("animation"))

        await until(lambda: desk.stored)

        assert desk.last.text == "[utter_telegram_video fa] a.mp4"
        assert desk.last.file
        assert desk.last.file.kind is AttachmentKind.video

    async def test_may_have_a_hostile_name(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.send_file("document", b"x", name="../../\u202egpj.<b>\n.exe")

        await until(lambda: desk.stored)

        assert desk.last.text == "[utter_telegram_document fa] gpj.<b>.exe"

    async def test_are_not_waited_for(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.send_file("photo", b"x")

        await until(lambda: desk.stored)

        assert "getFile" not in telegram.calls


class TestWhatHasNoWords:
    @pytest.mark.parametrize(
        ("name", "stands_for_it"),
        [
            ("sticker", "[utter_telegram_sticker fa] 👍"),
            (
                "location",
                "[utter_telegram_location fa] \u206635.699739, 51.338097\u2069\n"
                "https://www.openstreetmap.org/?mlat=35.699739&mlon=51.338097#map=16/35.699739/51.338097",
            ),
            ("contact", "[utter_telegram_contact fa] رضا کریمی\n\u2066+989120000000\u2069"),
        ],
    )
    async def test_is_written_out(self, name: str, stands_for_it: str, polling, telegram: Emulator, desk: FakeDesk):
        telegram.push(payload(name))

        await until(lambda: desk.stored)

        assert desk.last.text == stands_for_it
        assert desk.last.file is None

    @pytest.mark.parametrize(
        ("content", "stands_for_it"),
        [
            ({"poll": POLL}, "[utter_telegram_poll fa] کدام رنگ؟\n• سبز\n• <b>آبی</b>"),
            ({"dice": {"emoji": "🎯", "value": 5}}, "[utter_telegram_dice fa] 🎯 5"),
            ({"story": {"chat": {"id": 42, "type": "private"}, "id": 7}}, "[utter_telegram_story fa]"),
            ({"game": {"title": "مار", "description": "", "photo": []}}, "[utter_telegram_other fa]"),
        ],
    )
    async def test_is_not_lost_where_it_is_a_kind_of_telegrams_own(
        self, content: dict, stands_for_it: str, polling, telegram: Emulator, desk: FakeDesk
    ):
        message = {key: value for key, value in payload("text")["message"].items() if key not in ("text", "entities")}
        telegram.push({"message": {**message, **content}})

        await until(lambda: desk.stored)

        assert desk.last.text == stands_for_it
        assert desk.last.response

    @pytest.mark.parametrize(
        ("name", "response"), [("voice", "utter_telegram_voice"), ("sticker", "utter_telegram_sticker")]
    )
    async def test_is_known_to_have_no_words(
        self, name: str, response: str, polling, telegram: Emulator, desk: FakeDesk
    ):
        telegram.push(payload(name))
        await until(lambda: desk.stored)

        assert desk.last.response == response

    @pytest.mark.parametrize("name", ["location", "contact"])
    async def test_but_a_place_and_a_number_are_answers(self, name: str, polling, telegram: Emulator, desk: FakeDesk):
        telegram.push(payload(name))
        await until(lambda: desk.stored)

        assert desk.last.response is None

    async def test_names_a_place_that_has_a_name(self, polling, telegram: Emulator, desk: FakeDesk):
        update = payload("location")
        location = update["message"]["location"]
        update["message"]["venue"] = {"location": location, "title": "برج آزادی", "address": "تهران، میدان آزادی"}

        telegram.push(update)
        await until(lambda: desk.stored)

        assert desk.last.text.startswith("[utter_telegram_location fa] برج آزادی\nتهران، میدان آزادی\n\u206635.699739")


class TestEdits:
    async def test_are_kept_with_the_message_and_are_no_new_one(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.push(payload("text"))
        telegram.push(payload("edited_message"))

        await until(lambda: desk.corrections)

        edited_at = datetime(2026, 11, 23, 1, 11, tzinfo=UTC)
        assert desk.corrections == [(f"{number_of(TOKEN)}:{SARA}:11", "سلام، سفارشم کِی می‌رسد؟", edited_at)]
        assert desk.calls == 1

    async def test_of_what_could_not_be_stored_before_are_a_message(self, polling, telegram: Emulator, desk: FakeDesk):
        update = telegram.write("\u2003 ")
        await until(lambda: telegram.sent)

        telegram.edit(update, "سلام")
        await until(lambda: desk.stored)

        assert desk.texts == ["سلام"]

    async def test_that_are_too_long_go_back_and_hold_up_nothing(self, polling, telegram: Emulator, desk: FakeDesk):
        update = telegram.write("سلام")
        await until(lambda: desk.stored)
        desk.troubles = [TooLong("too long")]

        telegram.edit(update, "x" * 4096)
        telegram.write("بعدی")
        await until(lambda: len(desk.stored) == 2)

        assert telegram.texts_to() == ["[utter_message_too_long fa]"]
        assert not desk.corrections

    @pytest.mark.parametrize("name", ["group_message", "location", "command_human"])
    async def test_in_groups_without_words_or_of_commands_are_left_alone(
        self, name: str, polling, telegram: Emulator, desk: FakeDesk
    ):
        message = payload(name)["message"]
        telegram.push({"edited_message": {**message, "edit_date": message["date"] + 60}})
        telegram.write("بعدی")

        await until(lambda: desk.stored)

        assert desk.texts == ["بعدی"]
        assert not desk.corrections
        assert not telegram.sent


class TestCommands:
    async def test_start_greets_with_suggestions(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.push(payload("command_start"))

        await until(lambda: telegram.sent)

        assert telegram.texts_to() == ["[utter_telegram_start fa]"]
        rows = telegram.sent[0]["reply_markup"]["inline_keyboard"]
        assert [row[0]["text"] for row in rows] == ["چه دوره‌هایی دارید؟", "گفت‌وگو با پشتیبان"]
        assert not desk.stored

    @pytest.mark.parametrize("text", ["/help", "/help@hamyar_test_bot", "/restart", "/HELP"])
    async def test_help_answers_every_command_that_is_not_ours(
        self, text: str, polling, telegram: Emulator, desk: FakeDesk
    ):
        telegram.write(text, language="en")

        await until(lambda: telegram.sent)

        assert telegram.texts_to() == ["[utter_telegram_help en]"]
        assert not desk.stored

    async def test_words_behind_a_command_that_is_not_ours_are_a_message(
        self, polling, telegram: Emulator, desk: FakeDesk
    ):
        message = telegram.write("/refund my order 123 is broken")
        await until(lambda: desk.stored)
        assert desk.last.text == "/refund my order 123 is broken"

        telegram.edit(message, "/refund my order 124 is broken")
        await until(lambda: desk.corrections)

        assert not telegram.sent

    async def test_human_asks_for_a_person(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.push(payload("command_human"))

        await until(lambda: desk.stored)

        assert desk.last.payload == "/talk_to_person"
        assert desk.last.text == "[utter_telegram_ask_person fa]"

    async def test_human_keeps_what_a_person_is_wanted_for(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.write("/human سفارشم\nنرسیده")

        await until(lambda: len(desk.stored) == 2)

        assert desk.texts == ["سفارشم\nنرسیده", "[utter_telegram_ask_person fa]"]
        assert [(one.payload, one.wants_answer) for one in desk.stored.values()] == [
            (None, False),
            ("/talk_to_person", True),
        ]

    async def test_new_asks_to_start_over(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.write("/new")

        await until(lambda: desk.stored)

        assert (desk.last.payload, desk.last.text) == ("/start_over", "[utter_telegram_start_over fa]")

    async def test_new_takes_what_is_written_behind_it_for_the_next_question(
        self, polling, telegram: Emulator, desk: FakeDesk
    ):
        telegram.write("/new سفارشم نرسیده")

        await until(lambda: len(desk.stored) == 2)

        assert desk.texts == ["[utter_telegram_start_over fa]", "سفارشم نرسیده"]
        assert all(one.wants_answer for one in desk.stored.values())

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

        telegram.press("گفت‌وگو با پشتیبان")
        await until(lambda: telegram.answered)

        assert (desk.last.text, desk.last.payload) == ("گفت‌وگو با پشتیبان", "/talk_to_person")

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

        assert desk.ratings == [(str(SARA), 4, 2)]
        assert "text" not in telegram.answered[0]
        assert "reply_markup" not in telegram.sent[0]

    async def test_that_nobody_asked_for_is_refused_kindly(self, stars, telegram: Emulator, desk: FakeDesk):
        desk.rating_trouble = Conflict("rated already")

        telegram.press("۱⭐")
        await until(lambda: telegram.answered)

        assert telegram.answered[0]["text"] == "[utter_rating_refused fa]"

    async def test_by_the_stars_of_an_older_message_is_of_no_certain_request(
        self, stars, telegram: Emulator, desk: FakeDesk
    ):
        telegram.press("۴⭐", data="r:4")

        await until(lambda: telegram.answered)

        assert desk.ratings == [(str(SARA), 4, None)]

    async def test_by_the_stars_of_another_request_is_told_that_it_is_too_late(
        self, stars, telegram: Emulator, desk: FakeDesk
    ):
        desk.rating_trouble = RatingRequestOver()

        telegram.press("۴⭐")
        await until(lambda: telegram.answered)

        assert telegram.answered[0]["text"] == "[utter_telegram_choice_gone fa]"
        assert "reply_markup" not in telegram.sent[0]

    async def test_comes_again_while_the_database_is_away(self, stars, telegram: Emulator, desk: FakeDesk, timer):
        desk.rating_trouble = Unavailable()
        telegram.press("۵⭐")
        await until(lambda: timer.slept)

        desk.rating_trouble = None
        await until(lambda: desk.ratings)

        assert desk.ratings == [(str(SARA), 5, 2)]
