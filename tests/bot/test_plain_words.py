"""What a message is only likened to, without a word of it."""

import pytest

from bot.plain_words import lacks_its_words


class TestLacksItsWords:
    @pytest.mark.parametrize(
        ("text", "intent"),
        [
            ("تلفن", "talk_to_person"),
            ("ببخشید می‌خواستم ترم بعد بیام", "goodbye"),
            ("daram az dastetoon divoone misham", "thanks"),
            ("لینک بده", "thanks"),
        ],
    )
    def test_what_names_nothing_of_it(self, text: str, intent: str) -> None:
        assert lacks_its_words(text, intent)

    @pytest.mark.parametrize(
        ("text", "intent"),
        [
            ("کارشناس", "talk_to_person"),
            ("yeki javabe mano bede", "talk_to_person"),
            ("put me through please", "talk_to_person"),
            ("customer service!", "talk_to_person"),
            ("ادمین کجاست", "talk_to_person"),
            ("دستتون درد نکنه", "thanks"),
            ("dastetoon dard nakone", "thanks"),
            ("🙏", "thanks"),
            ("شبتون خوش", "goodbye"),
            ("تلفن", "ask_knowledge"),
            ("", None),
        ],
    )
    def test_not_what_names_it_or_needs_no_words(self, text: str, intent: str | None) -> None:
        assert not lacks_its_words(text, intent)

    def test_hostile_text_is_read_to_its_end(self) -> None:
        assert lacks_its_words("\x00\ud800" * 10_000 + "ی" * 10_000, "thanks")
