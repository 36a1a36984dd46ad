"""What a form takes for an answer, and what it does not."""

from typing import Any

import pytest
from rasa_sdk import Tracker

from bot.actions.corrections import Correction, find_correction
from bot.actions.interruptions import is_interrupted

SUBJECT, DESCRIPTION, CONTACT_DETAIL = "ticket_subject", "ticket_description", "contact_detail"


def tracker(text: str, intent: str, *, requested: str = SUBJECT, confidence: float = 0.9, **slots: Any) -> Tracker:
    """A conversation whose form has just taken a message for the answer that it asked for."""
    message = {"text": text, "intent": {"name": intent, "confidence": confidence}, "entities": []}
    events = [
        {"event": "user", "text": text, "timestamp": 1.0},
        {"event": "action", "name": "ticket_form", "timestamp": 2.0},
        {"event": "slot", "name": requested, "value": text, "timestamp": 3.0},
    ]
    filled = {"requested_slot": requested, **slots, requested: text}
    return Tracker("c-1", filled, message, events, False, None, {"name": "ticket_form"}, "action_listen")


class TestIsInterrupted:
    @pytest.mark.parametrize(
        ("text", "intent"),
        [
            ("ساعت کاریتون چنده", "ask_knowledge"),
            ("hazine ersal chande", "ask_knowledge"),
            ("هزینه ارسال چنده؟ 🙏", "ask_knowledge"),
            ("how much is shipping? thanks", "ask_knowledge"),
            ("راستی کلاس‌ها کی شروع می‌شه", "ask_knowledge"),
            ("what are your opening hours", "ask_knowledge"),
            ("btw do you ship to canada", "ask_knowledge"),
            ("سفارشم کجاست؟ مرسی از شما", "order_status"),
            ("where is my order?? thank you so much", "order_status"),
            ("please close my ticket HM-1042", "close_ticket"),
            ("تیکت HM-۱۰۴۲ رو ببندید", "close_ticket"),
            ("add to HM-1042 that the parcel came", "add_to_ticket"),
            ("به تیکت HM-۱۰۴۲ اضافه کن که بسته رسید", "add_to_ticket"),
            ("می‌خوام به این گفتگو نمره بدم", "rate_conversation"),
        ],
    )
    def test_by_a_question_or_by_what_concerns_another_ticket(self, text: str, intent: str) -> None:
        assert is_interrupted(tracker(text, intent))

    @pytest.mark.parametrize(
        ("text", "intent"),
        [
            ("نمی‌توانم وارد حسابم شوم", "ask_knowledge"),
            ("مشکل پرداخت", "payment_trouble"),
            ("سفارشم کجاست", "order_status"),
            ("چرا پرداختم ناموفق بود", "payment_trouble"),
            ("Why was I charged twice? I paid on Monday and again on Tuesday, both by card.", "payment_trouble"),
            ("هر چند بار که امتحان کردم پول کم شد", "payment_trouble"),
            ("please add that I paid by card", "add_to_ticket"),
            # Which one is meant would be asked beside the form's own question.
            ("تیکت قبلیم رو ببندید", "close_ticket"),
            ("add to HM-1042", "add_to_ticket"),
            ("قیمت دوره اشتباه نوشته شده", "ask_knowledge"),
            ("the price on the page is wrong", "ask_knowledge"),
        ],
    )
    def test_not_by_what_may_be_an_answer(self, text: str, intent: str) -> None:
        assert not is_interrupted(tracker(text, intent, requested=DESCRIPTION))

    @pytest.mark.parametrize("intent", ["close_ticket", "ask_knowledge", "rate_conversation"])
    def test_not_where_the_classifier_is_unsure(self, intent: str) -> None:
        assert not is_interrupted(tracker("what do you close", intent, confidence=0.45))

    def test_not_by_a_contact_detail_in_whatever_sentence(self) -> None:
        said = tracker("add 09121234567 to HM-1 please", "add_to_ticket", requested=CONTACT_DETAIL)

        assert not is_interrupted(said)

    @pytest.mark.parametrize(
        ("text", "confidence"),
        [("they stop after two minutes", 0.91), ("it just quit on me", 0.97), ("همش متوقف می‌شه وسط کلاس", 0.9)],
    )
    def test_by_no_story_that_sounds_like_leaving(self, text: str, confidence: float) -> None:
        assert not is_interrupted(tracker(text, "cancel", confidence=confidence, requested=DESCRIPTION))

    @pytest.mark.parametrize("text", ["دیگه نمی‌خوام ادامه بدم راستش", "it is not important any more, really"])
    def test_by_what_surely_leaves_a_story(self, text: str) -> None:
        assert is_interrupted(tracker(text, "cancel", confidence=0.97, requested=DESCRIPTION))

    @pytest.mark.parametrize(
        ("text", "intent"),
        [("چند روز طول میکشه جواب بدین", "nlu_fallback"), ("شماره بدم؟", "inform"), ("is my number needed?", "affirm")],
    )
    def test_by_any_question_where_an_address_is_asked_for(self, text: str, intent: str) -> None:
        assert is_interrupted(tracker(text, intent, confidence=0.3, requested=CONTACT_DETAIL))

    @pytest.mark.parametrize(
        ("text", "intent"), [("no?", "deny"), ("0912?", "inform"), ("how would I cancel a course?", "cancel")]
    )
    def test_by_none_that_withholds_or_tries_one_or_would_end_the_form(self, text: str, intent: str) -> None:
        assert not is_interrupted(tracker(text, intent, confidence=0.3, requested=CONTACT_DETAIL))

    def test_by_a_question_that_the_scope_left_out(self) -> None:
        said = tracker("ساعت کاریتون چنده", "nlu_fallback", confidence=0.07)
        said.latest_message["intent_ranking"] = [{"name": "ask_knowledge", "confidence": 0.93}]

        assert is_interrupted(said)

    @pytest.mark.parametrize(
        ("text", "intent", "requested"),
        [
            ("Cancellation", "cancel", SUBJECT),
            ("کنسلی دوره", "cancel", SUBJECT),
            ("اصلاح نام", "go_back", SUBJECT),
            ("دیروز چهار بار", "small_talk", DESCRIPTION),
            ("کار نکرد", "doubt", DESCRIPTION),
            ("دیروز چهار بار", "small_talk", "ticket_note"),
        ],
    )
    def test_not_by_ordinary_words_that_sound_like_something_else(self, text: str, intent: str, requested: str) -> None:
        assert not is_interrupted(tracker(text, intent, requested=requested))

    @pytest.mark.parametrize("requested", [SUBJECT, DESCRIPTION, CONTACT_DETAIL, "ticket_note"])
    @pytest.mark.parametrize(
        ("text", "intent"),
        [
            ("ولش کن", "cancel"),
            ("never mind, cancel it", "cancel"),
            ("برگرد", "go_back"),
            ("سلام", "greet"),
            ("ممنون", "thanks"),
            ("/cancel", "cancel"),
            ("/inform", "inform"),
            ("چطوری شما؟", "small_talk"),
        ],
    )
    def test_by_what_is_meant_for_the_form_itself(self, text: str, intent: str, requested: str) -> None:
        assert is_interrupted(tracker(text, intent, requested=requested))

    def test_a_note_is_never_a_command(self) -> None:
        assert not is_interrupted(tracker("add to HM-1 that it came", "add_to_ticket", requested="ticket_note"))


class TestFindCorrection:
    @pytest.mark.parametrize(
        ("text", "subject"),
        [
            ("no wait, the subject should be broken video", "broken video"),
            ("wrong subject, it is the invoice", "the invoice"),
            ("sorry, wrong title: payment trouble", "payment trouble"),
            ("the subject was wrong, it should be late parcel", "late parcel"),
            ("oh", None),
            ("no, sorry, the title is late parcel", "late parcel"),
            ("موضوع اشتباه بود، مشکل ورود به حساب", "مشکل ورود به حساب"),
            ("نه صبر کن، موضوعش مشکل فاکتوره", "مشکل فاکتوره"),
            ("عنوان رو اشتباه نوشتم، درستش اینه: تأخیر ارسال", "تأخیر ارسال"),
            ("ببخشید موضوع غلطه، باید مشکل پرداخت باشه", "مشکل پرداخت"),
            ("عنوان غلط بود؛ مشکل فاکتور", "مشکل فاکتور"),
            ("نه صبر کن، موضوع رو عوض کن: اصلاح نام", "اصلاح نام"),
            ("نه وایسا موضوع رو بذار اصلاح نام", "اصلاح نام"),
            ("wrong subject it should be late parcel", "late parcel"),
            ("موضوع اشتباه ثبت شده توی سایت", None),
            ("wrong subject line on the invoice", None),
            ("I meant billing not login", "billing problem"),
            ("no, I meant billing, not login", "billing problem"),
            ("sorry billing not login", "billing problem"),
            ("wrong password every time", None),
            ("the subject matter is not clear", None),
            ("the login page was wrong, it said error 500", None),
            ("I paid but not login problem", None),
            ("my card works, not the login", None),
            ("موضوع اینه که پولم کم شده", None),
            ("رمزم اشتباه بود، عوضش کردم", None),
            ("no, it is still not login", None),
            ("I meant the video is not playing", None),
            ("Sorry, the app is not loading", None),
            ("Actually, I have not received the parcel", None),
            ("wait, I did not order it", None),
            ("عنوان اشتباهه، لطفاً درستش کنید", None),
            ("the title was wrong, please fix it", None),
            ("موضوع اشتباه بود، ببخشید", None),
        ],
    )
    def test_hears_another_subject_while_the_description_is_asked_for(self, text: str, subject: str | None) -> None:
        said = tracker(text, "inform", requested=DESCRIPTION, ticket_subject="login problem")

        assert find_correction(said) == (Correction(SUBJECT, subject) if subject else None)

    def test_exchanges_a_word_of_a_persian_subject(self) -> None:
        said = tracker("منظورم فاکتور بود نه پرداخت", "inform", requested=DESCRIPTION, ticket_subject="مشکل پرداخت")

        assert find_correction(said) == Correction(SUBJECT, "مشکل فاکتور")

    def test_exchanges_a_word_of_the_description_while_the_contact_detail_is_asked_for(self) -> None:
        slots = {SUBJECT: "late parcel", DESCRIPTION: "I paid on Monday by card"}

        said = tracker("sorry, tuesday not monday", "inform", requested=CONTACT_DETAIL, **slots)

        assert find_correction(said) == Correction(DESCRIPTION, "I paid on tuesday by card")

    @pytest.mark.parametrize(
        "text",
        [
            "no " * 600,
            "wrong subject, " * 200,
            "not not " * 300,
            "موضوع اشتباه " * 200,
            f"change the subject{' ' * 1_900}x",
        ],
    )
    def test_reads_a_hostile_text_without_losing_its_way(self, text: str) -> None:
        find_correction(tracker(text, "inform", requested=DESCRIPTION))
