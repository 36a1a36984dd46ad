"""Tickets that are dictated in one message."""

import pytest

from bot.ticket_wishes import dictated_ticket, title_of


class TestDictatedTicket:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("یه تیکت بزن که فاکتورم اشتباهه", "فاکتورم اشتباهه"),
            ("لطفا یک تيكت ثبت كنيد براي مشكل فاكتور", "مشكل فاكتور"),
            ("پولم دو بار کم شده، یه تیکت بزن لطفا", "پولم دو بار کم شده"),
            ("open a ticket: I was charged 1,250,000 toman twice", "I was charged 1,250,000 toman twice"),
            ("My account does not work. Please open a ticket", "My account does not work"),
            ("ye ticket bezan ke ramzam kar nemikone", "ramzam kar nemikone"),
        ],
    )
    def test_says_what_was_dictated(self, text: str, words: str) -> None:
        assert dictated_ticket(text) == words

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "یه تیکت باز کن",
            "open a ticket for this please",
            "I want to open a ticket",
            "چطور تیکت بزنم؟",
            "how do I open a ticket?",
            "تیکت باز نکن فقط بگو هزینهٔ دوره چقدره",
            "do not open a ticket, only tell me how long a refund takes",
        ],
    )
    def test_is_none_where_nothing_was(self, text: str) -> None:
        assert dictated_ticket(text) is None

    @pytest.mark.parametrize("text", ["open a ticket, " * 3_000, "؟" * 10_000, "!?. " * 3_000 + "open a ticket"])
    def test_reads_a_hostile_text_to_its_end(self, text: str) -> None:
        dictated_ticket(text)


class TestTitleOf:
    def test_is_the_first_sentence(self) -> None:
        assert title_of("فاکتورم اشتباهه. اسم شرکت رو غلط زدید") == "فاکتورم اشتباهه"

    def test_is_cut_between_two_words(self) -> None:
        title = title_of("I was charged twice for the Sales Pipeline course " * 3)

        assert title == "I was charged twice for the Sales Pipeline course I was…"
