"""Turns in the middle of a form, run by Rasa with the real actions: conversations in YAML never run the form."""

import pytest

from bot.names import INTENT_NAMES

SUBJECT, DESCRIPTION, CONTACT, NOTE = "ticket_subject", "ticket_description", "contact_detail", "ticket_note"
WORDS = {SUBJECT: "مشکل پرداخت", DESCRIPTION: "پولم دو بار کم شده است"}
BEFORE = {
    SUBJECT: ["/open_ticket"],
    DESCRIPTION: ["/open_ticket", WORDS[SUBJECT]],
    CONTACT: ["/open_ticket", *WORDS.values()],
    NOTE: ["/open_ticket", *WORDS.values(), "/deny", "/add_to_ticket"],
}
_REACHED = {}
LEADING_OUT = ("/open_ticket", "/talk_to_person")


@pytest.fixture
def asked(talk):
    """Brings the conversation to where a form asks for a slot."""

    def ask(slot: str):
        if slot in _REACHED:
            talk.state = _REACHED[slot]
            return talk
        talk.say(*BEFORE[slot])
        if slot != NOTE:
            # A note's ticket is this conversation's alone; what a form holds is all in the state.
            _REACHED[slot] = talk.state
        assert talk.asked_for == slot
        return talk

    return ask


class TestEveryMessage:
    @pytest.mark.parametrize("slot", [SUBJECT, DESCRIPTION, CONTACT, NOTE])
    @pytest.mark.parametrize("intent", sorted(INTENT_NAMES))
    def test_of_any_intent_is_answered(self, asked, slot, intent) -> None:
        talk = asked(slot).say(f"/{intent}")

        # A handoff says what there is to say by itself.
        assert talk.messages or intent == "talk_to_person"
        if talk.form:
            assert talk.asked_for
            assert not set(talk.payloads) & set(LEADING_OUT)

    @pytest.mark.parametrize("slot", [SUBJECT, DESCRIPTION, CONTACT, NOTE])
    @pytest.mark.parametrize(
        "text", ["سلام", "hello", "مرسی", "thanks a lot", "آره", "یه تیکت باز کن", "salam", "خوبی؟"]
    )
    def test_that_is_a_courtesy_has_the_question_asked_again(self, asked, slot, text) -> None:
        talk = asked(slot).say(text)

        assert talk.asked_for == slot
        assert len(talk.messages) == 2
        assert not set(talk.payloads) & set(LEADING_OUT)
        assert not talk.called("add")

    @pytest.mark.parametrize("slot", [SUBJECT, DESCRIPTION, NOTE])
    @pytest.mark.parametrize("text", ["نه", "no", "/deny"])
    def test_that_is_a_no_is_told_how_to_stop(self, asked, slot, text) -> None:
        talk = asked(slot).say(text, language="fa")

        assert "منصرف شدم" in talk.messages[0]["text"]
        assert talk.asked_for == slot

    @pytest.mark.parametrize("slot", [SUBJECT, DESCRIPTION, CONTACT])
    def test_that_says_nothing_offers_no_way_out_of_the_form(self, asked, slot) -> None:
        talk = asked(slot)

        for text in ("همون که گفتم", "آب و هوای مریخ چطوره؟", "/out_of_scope", "/abuse", "/doubt", "/bot_challenge"):
            if talk.form:
                talk.say(text)
                assert not set(talk.payloads) & set(LEADING_OUT), text


class TestLeaving:
    @pytest.mark.parametrize("slot", [SUBJECT, DESCRIPTION, CONTACT, NOTE])
    @pytest.mark.parametrize(
        "text",
        [
            "/cancel",
            "منصرف شدم",
            "بی‌خیال، منصرف شدم",
            "ولش کن",
            "لغو",
            "never mind, cancel it",
            "bikhial, monsaref shodam",
        ],
    )
    def test_ends_the_form(self, asked, slot, text) -> None:
        assert asked(slot).say(text).form is None

    @pytest.mark.parametrize(
        "text", ["کنسلی دوره", "Cancellation", "اصلاح نام", "cancel my course", "back pain course"]
    )
    def test_is_not_what_a_subject_speaks_of(self, asked, text) -> None:
        talk = asked(SUBJECT).say(text)

        assert talk.slot(SUBJECT) == text
        assert talk.asked_for == DESCRIPTION

    @pytest.mark.parametrize("text", ["برگرد", "go back", "/go_back", "برگرد به مرحلهٔ قبل"])
    def test_goes_back_a_step(self, asked, text) -> None:
        talk = asked(CONTACT).say(text)

        assert talk.asked_for == DESCRIPTION


class TestChangingAnAnswer:
    @pytest.mark.parametrize("text", ["میخوام موضوع رو عوض کنم", "let me change the subject", "اصلاح موضوع"])
    def test_asks_for_the_one_that_is_named_and_keeps_the_others(self, asked, text) -> None:
        talk = asked(CONTACT).say(text)
        assert talk.asked_for == SUBJECT

        talk.say("مشکل فاکتور", "نه")

        (opened,) = talk.called("open")
        assert (opened["subject"], opened["description"]) == ("مشکل فاکتور", WORDS[DESCRIPTION])

    @pytest.mark.parametrize("text", ["دیروز چهار بار", "همون که گفتم"])
    def test_takes_words_that_sound_like_a_chat_for_the_description(self, asked, text) -> None:
        talk = asked(DESCRIPTION).say(text)

        assert talk.slot(DESCRIPTION) == text
        assert talk.asked_for == CONTACT


class TestTicketNumber:
    def test_is_a_bare_number_after_the_word_too(self, talk) -> None:
        assert "HM-1023" in talk.say("تیکت ۱۰۲۳ چی شد؟").words


class TestContactDetail:
    @pytest.mark.parametrize(
        ("text", "correction"),
        [
            ("نه ببخشید پریروز بود", "پریروز بود"),
            ("no sorry it was Tuesday", "it was Tuesday"),
            ("na bebakhshid emruz bud na diruz", "emruz bud na diruz"),
            ("نه منظورم سه بار بود", "سه بار بود"),
        ],
    )
    def test_is_asked_for_again_after_a_correction_which_goes_into_the_ticket(self, asked, text, correction) -> None:
        talk = asked(CONTACT).say(text)
        assert talk.asked_for == CONTACT
        assert talk.calls == []

        talk.say("sara@example.com")

        (opened,) = talk.called("open")
        assert opened["details"]["correction"] == correction
        assert opened["contact_detail"] == "sara@example.com"

    @pytest.mark.parametrize(
        "text", ["نه", "no", "/deny", "ندارم", "نمی‌خوام بدم", "I'd rather not", "nadaram", "نه ممنون", "no thanks"]
    )
    def test_may_be_withheld(self, asked, text) -> None:
        talk = asked(CONTACT).say(text)

        (opened,) = talk.called("open")
        assert "contact_detail" not in opened
        assert "correction" not in opened.get("details", {})

    @pytest.mark.parametrize("text", ["مرسی", "thanks"])
    def test_is_asked_for_again_after_thanks(self, asked, text) -> None:
        assert asked(CONTACT).say(text).asked_for == CONTACT


class TestAfterwards:
    @pytest.fixture
    def opened(self, talk):
        """A ticket has just been opened, without a contact detail."""
        return talk.say("/open_ticket", *WORDS.values(), "/deny")

    @pytest.mark.parametrize("text", ["close it please", "ببندش"])
    def test_the_ticket_can_be_closed(self, opened, text) -> None:
        opened.say(text)
        assert opened.called("close") == []

        opened.say("بله")

        assert len(opened.called("close")) == 1

    @pytest.mark.parametrize("text", ["open it again please", "دوباره بازش کن"])
    def test_a_closed_ticket_is_not_opened_again_and_no_other_is_begun_unasked(self, opened, text) -> None:
        opened.say("ببندش", "بله", text)
        assert opened.form is None

        opened.say("بله")

        assert opened.asked_for == SUBJECT

    def test_an_afterthought_goes_into_the_ticket(self, opened) -> None:
        opened.say("راستی یادم رفت بگم کارتم بانک ملی بود")

        (added,) = opened.called("add")
        assert added["text"] == "راستی یادم رفت بگم کارتم بانک ملی بود"

    @pytest.mark.parametrize("text", ["09121234567", "sara@example.com"])
    def test_a_contact_detail_is_kept(self, opened, text) -> None:
        (kept,) = opened.say(text).called("contact-detail")

        assert kept["contact_detail"] == text

    @pytest.mark.parametrize("text", ["مرسی", "نه ممنون"])
    def test_a_courtesy_is_none_of_these(self, opened, text) -> None:
        assert [call["call"] for call in opened.say(text).calls] == ["open"]


class TestOffer:
    @pytest.mark.parametrize("yes", ["باشه", "آره ثبت کن", "yes please"])
    def test_of_a_ticket_is_taken_up_by_a_yes(self, talk, yes) -> None:
        talk.say("/ask_knowledge", yes)

        assert talk.asked_for == SUBJECT

    def test_is_forgotten_after_another_message(self, talk) -> None:
        talk.say("/ask_knowledge", "/thanks", "باشه")

        assert talk.form is None


class TestDictatedTicket:
    def test_asks_for_nothing_that_was_said_and_is_opened_with_it(self, talk) -> None:
        talk.say("open a ticket: my class link shows an error since this morning")
        assert talk.asked_for == CONTACT

        talk.say("no")

        (opened,) = talk.called("open")
        assert opened["subject"] == opened["description"] == "my class link shows an error since this morning"

    def test_goes_on_where_it_was_left(self, talk) -> None:
        talk.say("/open_ticket", WORDS[SUBJECT], "bye")
        assert "continue the ticket" in talk.words

        talk.say("continue the ticket")
        assert talk.asked_for == DESCRIPTION

        talk.say(WORDS[DESCRIPTION], "/deny")

        (opened,) = talk.called("open")
        assert opened["subject"] == WORDS[SUBJECT]

    def test_begins_anew_once_the_last_one_is_opened(self, talk) -> None:
        talk.say("/open_ticket", *WORDS.values(), "/deny", "یه تیکت دیگه ثبت کن")

        assert talk.asked_for == SUBJECT


class TestMoreOfTheStory:
    def test_goes_into_the_ticket_where_a_number_was_asked_for(self, asked) -> None:
        talk = asked(CONTACT).say("اسم شرکت هم تو فاکتور غلط نوشته شده بود")
        assert talk.asked_for == CONTACT

        talk.say("/deny")

        (opened,) = talk.called("open")
        assert opened["details"]["correction"] == "اسم شرکت هم تو فاکتور غلط نوشته شده بود"

    def test_is_no_number_that_was_mistyped(self, asked) -> None:
        assert "ایمیل" in asked(CONTACT).say("شماره من هست 0912 123 456").words


class TestLanguage:
    @pytest.mark.parametrize("slot", [SUBJECT, DESCRIPTION, CONTACT, NOTE])
    def test_is_switched_in_the_middle_of_a_form(self, asked, slot) -> None:
        talk = asked(slot).say("in English please")

        assert talk.messages[0]["text"] == "Sure, let's speak English."
        assert talk.messages[1]["text"].isascii() or "HM-" in talk.messages[1]["text"]
        assert talk.asked_for == slot


class TestQuestionInTheForm:
    def test_is_none_of_its_answers_though_it_was_not_understood(self, asked) -> None:
        talk = asked(DESCRIPTION).say("how long does such a correction usually take?")

        assert talk.asked_for == DESCRIPTION
