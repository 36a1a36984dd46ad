"""Which choices are open when a contact names one by its place."""

from typing import Any

from crm.conversations.choices import offered_in
from crm.enums import Author, MessageKind
from crm.models import Message


def said(text: str, *payloads: str, **more: Any) -> Message:
    buttons = [{"title": payload, "payload": payload} for payload in payloads]
    return Message(
        **{"author": Author.bot, "kind": MessageKind.text, "articles": []} | more, text=text, buttons=buttons
    )


def asked(text: str, payload: str | None = None) -> Message:
    return Message(author=Author.contact, kind=MessageKind.text, text=text, payload=payload, buttons=[], articles=[])


def open_after(*messages: Message) -> list[str]:
    """What is open after messages in the order in which they came."""
    return offered_in(messages[::-1])


OFFER = said("One of these?", "/1", "/2")


class TestOfferedIn:
    def test_is_what_was_just_offered(self) -> None:
        assert open_after(asked("pay?"), OFFER) == ["/1", "/2"]

    def test_is_so_after_a_remark(self) -> None:
        assert open_after(asked("english please"), said("Sure."), OFFER) == ["/1", "/2"]

    def test_is_nothing_after_an_answer_which_has_a_first_and_second_of_its_own(self) -> None:
        answer = said("First, sign in. Second, pay.", articles=[{"id": 1}])

        assert open_after(asked("how?"), answer, OFFER) == []

    def test_is_still_open_to_whoever_has_chosen_one(self) -> None:
        read = said("You can pay by card.", articles=[{"id": 1}])

        assert open_after(asked("pay?"), OFFER, asked("the first one"), read) == ["/1", "/2"]
        assert open_after(asked("pay?"), OFFER, asked("Cards", "/1"), read) == ["/1", "/2"]

    def test_is_over_once_something_else_was_said(self) -> None:
        assert open_after(asked("pay?"), OFFER, asked("thanks"), said("You're welcome!")) == []

    def test_is_no_rating_and_no_single_button(self) -> None:
        rating = said("How was it?", "/r 1", "/r 2", kind=MessageKind.rating_request)

        assert open_after(asked("bye"), rating) == []
        assert open_after(asked("bye"), said("Or talk to a person.", "/talk_to_person")) == []
        assert open_after() == []
