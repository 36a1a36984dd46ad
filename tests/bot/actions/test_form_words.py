"""Sayings inside a form that are about the form itself."""

from pathlib import Path

import pytest
import yaml

from bot.actions.corrections import find_amendment, find_reopened
from bot.actions.form_words import is_command, withholds

TRAINING = [
    (entry["intent"], line.removeprefix("- "))
    for entry in yaml.safe_load(Path("bot/nlu/data/smalltalk.yml").read_text(encoding="utf-8"))["nlu"]
    if entry.get("intent") in ("cancel", "go_back")
    for line in entry["examples"].splitlines()
]


class TestIsCommand:
    def test_nearly_all_that_is_known_of_leaving_and_going_back_is_heard_where_it_was_surely_understood(self) -> None:
        missed = [text for intent, text in TRAINING if not is_command(intent, text, 0.97) and not find_reopened(text)]

        assert len(TRAINING) > 300
        assert len(missed) <= len(TRAINING) / 4, missed

    @pytest.mark.parametrize(
        "text", ["لغوش کنید لطفاً", "please cancel this", "actually never mind", "bargard marhale ghabl"]
    )
    def test_a_plain_saying_needs_no_certainty(self, text: str) -> None:
        assert is_command("cancel", text)

    @pytest.mark.parametrize(("text", "confidence"), [("ولش، مهم نیست", 0.7), ("اینو ببر عقب‌تر لطفا " * 3, 0.99)])
    def test_other_words_need_certainty_and_shortness(self, text: str, confidence: float) -> None:
        assert not is_command("go_back", text, confidence)

    @pytest.mark.parametrize(
        "text",
        ["کنسلی دوره", "Cancellation", "اصلاح نام", "cancel my course", "لغو ثبت‌نام", "back pain", "Stop the mails"],
    )
    def test_a_subject_is_none(self, text: str) -> None:
        assert not is_command("cancel", text)
        assert not is_command("go_back", text)

    def test_what_was_understood_as_something_else_is_none(self) -> None:
        assert not is_command("inform", "cancel")

    @pytest.mark.parametrize("text", ["no " * 4000, "نه، " * 4000, "cancel it " * 4000, " " * 9000, "ولش کن ولش " * 30])
    def test_a_hostile_text_is_read_to_its_end(self, text: str) -> None:
        is_command("cancel", text)
        find_reopened(text)
        withholds(text)
        find_amendment(text)


class TestFindReopened:
    @pytest.mark.parametrize(
        ("text", "slot"),
        [
            ("میخوام موضوع رو عوض کنم", "ticket_subject"),
            ("می‌خواهم عنوان را تغییر بدهم", "ticket_subject"),
            ("I want to change the subject", "ticket_subject"),
            ("mikham mozoo ro avaz konam", "ticket_subject"),
            ("اصلاح شرح", "ticket_description"),
            ("let me edit the description", "ticket_description"),
            ("change the subject to invoice", None),
            ("موضوع رو بکن فاکتور", None),
            ("موضوع اینه که پول کم شده", None),
        ],
    )
    def test_finds_what_is_to_be_asked_for_again(self, text: str, slot: str | None) -> None:
        assert find_reopened(text) == slot


class TestWithholds:
    @pytest.mark.parametrize(
        "text",
        [
            *(
                "نه",
                "نه ممنون",
                "ندارم",
                "نمی‌خوام بدم",
                "نمیخوام شماره بدم",
                "شماره‌ام رو نمی‌دم",
                "بدون راه تماس",
                "شماره یا ایمیل نمی‌دهم",
                "لازم نیست",
            ),
            *(
                "no",
                "No thanks!",
                "I'd rather not",
                "no phone sorry",
                "I don't have one",
                "I don't want to give my number",
                "/deny",
                "skip",
            ),
            *("na", "nadaram", "nemikham bedam", "no that's fine thanks"),
        ],
    )
    def test_hears_a_no(self, text: str) -> None:
        assert withholds(text)

    @pytest.mark.parametrize(
        "text", ["نه ببخشید پریروز بود", "no sorry it was Tuesday", "0912", "no reply came", "نه هنوز درست نشده"]
    )
    def test_hears_none_in_anything_else(self, text: str) -> None:
        assert not withholds(text)


class TestFindAmendment:
    @pytest.mark.parametrize(
        ("text", "amendment"),
        [
            ("نه ببخشید پریروز بود", "پریروز بود"),
            ("نه منظورم اینه که دو بار کم شد", "دو بار کم شد"),
            ("no sorry it was Tuesday", "it was Tuesday"),
            ("Actually, it was 3 times", "it was 3 times"),
            ("na bebakhshid emruz bud na diruz", "emruz bud na diruz"),
            ("نه", None),
            ("no thanks", None),
            ("ببخشید", None),
            ("پریروز بود", None),
        ],
    )
    def test_is_what_follows_the_words_that_say_so(self, text: str, amendment: str | None) -> None:
        assert find_amendment(text) == amendment
