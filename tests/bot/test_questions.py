"""Questions, and several of them in one message."""

import pytest

from bot.questions import (
    announced_question,
    asked_on,
    asks_on,
    asks_on_condition,
    asks_who_is_there,
    introduces,
    is_short_question,
    question_alone,
    questions_in,
)


class TestQuestionsIn:
    @pytest.mark.parametrize(
        ("text", "questions"),
        [
            ("ساعت پشتیبانی چنده؟ قسطی هم میشه؟", ["ساعت پشتیبانی چنده؟", "قسطی هم میشه؟"]),
            ("دوره تحلیل داده چنده و گواهی هم میدید؟", ["دوره تحلیل داده چنده?", "گواهی هم میدید؟"]),
            ("چطور ثبت نام کنم و پول رو از کجا بدم؟", ["چطور ثبت نام کنم?", "پول رو از کجا بدم؟"]),
            (
                "what are your support hours and do you offer a student discount?",
                ["what are your support hours?", "do you offer a student discount?"],
            ),
            ("How much is it? And is VAT included? thanks", ["How much is it?", "And is VAT included?"]),
        ],
    )
    def test_finds_each_of_several(self, text: str, questions: list[str]) -> None:
        assert questions_in(text) == questions

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "قیمت چنده؟؟ مرسی",
            "سلام خوبین؟ قیمت دوره چنده؟",
            "فرق مبانی و پایپلاین چیه؟",
            "میشه آدرس و تلفن بدید؟",
            "is it online and recorded?",
            "what? why?",
            "my course was cancelled. when do I get the money?",
            "چند و " * 3_000,
        ],
    )
    def test_finds_none_where_there_is_one_or_none(self, text: str) -> None:
        assert questions_in(text) == []


class TestQuestionAlone:
    @pytest.mark.parametrize(
        ("text", "question"),
        [
            ("درود. بنده مدیر یک شرکت پخش هستم. مشاوره هم ارائه می‌فرمایید؟", "مشاوره هم ارائه می‌فرمایید؟"),
            ("We are a small firm. Which package suits us? Thanks.", "Which package suits us?"),
        ],
    )
    def test_is_found_beside_what_is_told(self, text: str, question: str) -> None:
        assert question_alone(text) == question

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "Which package suits us?",
            "I was charged twice. Why is that?",
            "We are a small firm.",
            "Which package suits us? And how much does it cost?",
            "? " * 5_000,
        ],
    )
    def test_is_none_where_it_is_all_or_says_too_little_or_is_one_of_several(self, text: str) -> None:
        assert question_alone(text) is None


class TestAnnouncedQuestion:
    @pytest.mark.parametrize(
        ("text", "question"),
        [
            ("قربان شما، یک سوال دیگه هم داشتم، اقساطی هم امکانش هست؟", "اقساطی هم امکانش هست؟"),
            ("I have a question: can I pay in parts?", "can I pay in parts?"),
            ("یه سوال داشتم", None),
            ("یه سوال داشتم، وقت دارید الان؟", None),
            ("قسطی هم دارید؟", None),
        ],
    )
    def test_is_what_follows_the_announcement(self, text: str, question: str | None) -> None:
        assert announced_question(text) == question


class TestAsksWhoIsThere:
    @pytest.mark.parametrize(
        "text", ["الان کسی از همکاراتون هست؟", "کسی اونجا هست", "is anybody there now?", "alan kasi hast?"]
    )
    def test_where_somebody_only_wants_to_know(self, text: str) -> None:
        assert asks_who_is_there(text)

    @pytest.mark.parametrize(
        "text", ["کسی هست جواب بده؟", "یه نفر هست باهاش حرف بزنم؟", "کسی ثبت‌نام کرده؟", "is there a discount now?"]
    )
    def test_and_not_where_somebody_is_wanted(self, text: str) -> None:
        assert not asks_who_is_there(text)


class TestAsksOnCondition:
    @pytest.mark.parametrize("text", ["and if I only did half?", "after the second session?", "و اگه فقط نصفشو برم؟"])
    def test_hears_another_case(self, text: str) -> None:
        assert asks_on_condition(text)

    @pytest.mark.parametrize("text", ["if not?", "what?", "اگه اینجوریه که هیچی"])
    def test_hears_none_in_a_protest(self, text: str) -> None:
        assert not asks_on_condition(text)


class TestIntroduces:
    @pytest.mark.parametrize(
        "text", ["سلام وقت بخیر حسابدار شرکت نوین هستم", "من وکیل شرکت هستم", "من فروشنده‌ام", "I'm an accountant"]
    )
    def test_hears_who_somebody_is(self, text: str) -> None:
        assert introduces(text)

    @pytest.mark.parametrize("text", ["منتظر هستم", "من ناراضی هستم", "مدیر جواب نداد", "I'm waiting", "مشاور کیه؟"])
    def test_hears_nobody_in_what_they_feel_or_want(self, text: str) -> None:
        assert not introduces(text)


class TestIsShortQuestion:
    @pytest.mark.parametrize("text", ["ثبت نام چطوریه", "قسطش چه جوریه", "کلاس‌ها کجاست"])
    def test_needs_no_question_mark(self, text: str) -> None:
        assert is_short_question(text)


class TestHostileText:
    @pytest.mark.parametrize("text", ["؟" * 10_000, "!?" * 5_000, "سلام " * 10_000, "and " * 10_000])
    def test_is_read_to_its_end(self, text: str) -> None:
        assert not asks_on(text)
        assert questions_in(text) == []


class TestAsksOn:
    @pytest.mark.parametrize(
        "text",
        ["خب CSAT چی؟", "پس گواهی‌نامه چی؟", "جمعه‌ها چطور", "what about refunds?", "ok and CSAT?", "khob NPS chi?"],
    )
    def test_about_something_that_it_names(self, text: str) -> None:
        assert asks_on(text)

    @pytest.mark.parametrize(
        ("text", "subject"),
        [("خب CSAT چی؟", "CSAT"), ("what about late refunds?", "late refunds"), ("ok and RFM?", "RFM"), ("چی؟", None)],
    )
    def test_and_says_about_what(self, text: str, subject: str | None) -> None:
        assert asked_on(text) == subject

    @pytest.mark.parametrize(
        "text", ["چی؟", "یعنی چی؟", "خب که چی", "این چی؟", "what about you?", "and then?", "شما چطور؟"]
    )
    def test_about_nothing(self, text: str) -> None:
        assert not asks_on(text)
