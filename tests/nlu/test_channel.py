"""The contract of POST /webhooks/hamyar/turn."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from bot.channel import without_foreign_command
from language.vectors import to_base64

VALID = {"conversation_id": "c-1", "message_id": "m-1", "text": "سلام", "metadata": {}, "state": None}


def texts(turn: dict[str, Any]) -> list[str]:
    return [message["text"] for message in turn["messages"]]


class TestAuthorisation:
    @pytest.mark.parametrize("token", [None, "", "wrong", "توکن".encode().decode("latin-1")])
    def test_answers_nobody_without_the_token(self, server, token) -> None:
        status, body = server.post(json.dumps(VALID).encode(), token=token)

        assert (status, body) == (401, {"error": "unauthorized"})


class TestInvalidTurns:
    @pytest.mark.parametrize(
        "change",
        [
            {"text": ""},
            {"text": " \n\t"},
            {"text": None},
            {"text": 5},
            {"conversation_id": None},
            {"message_id": ""},
            {"state": {}},
            {"state": ["x"]},
            {"metadata": []},
            {"metadata": {"sentiment": "negative"}},
            {"metadata": {"vector": [1, 2]}},
        ],
    )
    def test_are_refused(self, server, change) -> None:
        status, body = server.post(json.dumps(VALID | change).encode())

        assert status == 400
        assert body["error"] == "invalid_turn"

    @pytest.mark.parametrize("body", [b"[]", b"null", b'"x"'])
    def test_include_bodies_that_are_no_object(self, server, body) -> None:
        status, _ = server.post(body)

        assert status == 400


class TestTurn:
    def test_answers_with_messages_state_and_intent(self, server) -> None:
        status, turn = server.turn("سلام", metadata={"language": "fa"})

        assert status == 200
        assert set(turn) == {"messages", "state", "intent"}
        assert turn["intent"]["name"] == "greet"
        assert turn["messages"][0].keys() == {"text", "buttons", "custom"}

    @pytest.mark.parametrize(
        ("text", "metadata", "word"),
        [
            ("سلام", {}, "سلام"),
            ("hello", {}, "Hello"),
            ("salam khubi?", {}, "سلام"),
            ("hello", {"language": "fa"}, "سلام"),
            ("/greet", {"language": "en"}, "Hello"),
        ],
    )
    def test_answers_in_the_language_of_the_contact(self, server, text, metadata, word) -> None:
        _, turn = server.turn(text, metadata=metadata)

        assert word in texts(turn)[0]

    @pytest.mark.parametrize("sentiment", [None, {}, {"label": None, "score": None}])
    def test_does_without_a_sentiment(self, server, sentiment) -> None:
        status, _ = server.turn("سلام", metadata={"sentiment": sentiment})

        assert status == 200

    def test_keeps_the_language_when_a_message_has_none(self, server) -> None:
        *_, last = server.talk("hello there my friend", "/greet")

        assert "Hello" in texts(last)[0]

    def test_keeps_text_buttons_and_custom_of_a_reply_together(self, server, actions) -> None:
        buttons = [{"title": "a", "payload": "/greet"}]
        custom = {"outcome": "offered"}
        actions.result = {"events": [], "responses": [{"text": "x", "buttons": buttons, "custom": custom}]}

        _, turn = server.turn("قیمت دوره‌ها چنده؟")

        assert turn["messages"] == [{"text": "x", "buttons": buttons, "custom": custom}]

    @pytest.mark.parametrize("answer", ["بله", "آره", "yes", "are"])
    def test_lets_a_typed_yes_be_known_as_the_answer_to_what_was_asked(self, server, actions, answer) -> None:
        asked = [{"event": "slot", "name": "closing_ticket", "value": "HM-1042"}]
        actions.result = {"events": asked, "responses": [{"text": "HM-1042?"}]}
        _, asking = server.turn("تیکتم رو ببندید، مشکل حل شد")

        server.turn(answer, asking["state"])

        tracker = actions.calls[-1]["tracker"]
        steps = [event.get("name", "user") for event in tracker["events"] if event["event"] in ("user", "action")]
        assert [call["next_action"] for call in actions.calls] == ["action_close_ticket", "action_agree"]
        assert tracker["slots"]["closing_ticket"] == "HM-1042"
        assert steps[-4:] == ["user", "action_close_ticket", "action_listen", "user"]

    def test_shows_the_actions_its_token_and_what_the_app_sent_along(self, server, actions) -> None:
        vector = to_base64(np.full(384, 0.05, dtype=np.float32))

        server.turn("/ask_knowledge", metadata={"vector": vector, "language": "en"})

        (call,) = actions.calls
        assert actions.headers[0]["Authorization"] == "Bearer token-of-the-actions"
        assert call["sender_id"] == "c-1"
        assert call["tracker"]["latest_message"]["metadata"]["vector"] == vector
        assert call["tracker"]["slots"]["language"] == "en"

    def test_uses_the_vector_of_the_message(self, server) -> None:
        _, read = server.turn("thank you so much")
        _, told = server.turn(
            "thank you so much", metadata={"vector": to_base64(np.zeros(384, dtype=np.float32)), "language": "en"}
        )

        assert read["intent"]["name"] == "thanks"
        assert told["intent"]["confidence"] != read["intent"]["confidence"]

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("x" * 50_000, id="long word"),
            pytest.param("؟" * 10_000, id="long punctuation"),
            pytest.param("سلام " * 10_000, id="long text"),
            pytest.param("<script>alert(1)</script>", id="markup"),
            pytest.param("\u202e\u2066سلام\u2069", id="bidi controls"),
            pytest.param("\ud800 lone", id="lone surrogate"),
            pytest.param("a\u0000b", id="NUL"),
            pytest.param("👍🏽" * 100, id="emoji"),
            pytest.param("/restart", id="restart"),
            pytest.param("/back", id="back"),
            pytest.param("/session_start", id="session start"),
            pytest.param("/no_such_intent{", id="unknown command"),
            pytest.param('/rate_conversation{"rating": ', id="broken payload"),
            pytest.param("////", id="slashes"),
            pytest.param("{language} {0} %s", id="placeholders"),
        ],
    )
    def test_survives_whatever_people_write(self, server, text) -> None:
        status, turn = server.turn(text)

        assert status == 200
        assert turn["intent"]["name"]

    def test_interleaves_conversations_without_mixing_them(self, server, actions) -> None:
        actions.says("ok")

        def hold(number: int) -> dict[str, Any]:
            return server.talk("/open_ticket", f"موضوع شمارهٔ {number}", conversation_id=f"c-{number}")[-1]

        with ThreadPoolExecutor(8) as pool:
            turns = list(pool.map(hold, range(16)))

        for number, turn in enumerate(turns):
            subjects = [event["value"] for event in turn["state"] if event.get("name") == "ticket_subject"]
            assert subjects == [f"موضوع شمارهٔ {number}"]


def slots_of(turn: dict[str, Any]) -> dict[str, Any]:
    """The slots that a state holds in the end."""
    return {event["name"]: event.get("value") for event in turn["state"] if event["event"] == "slot"}


class TestDictation:
    """What a ticket is to say may name wishes, and other people's words."""

    @pytest.mark.parametrize(
        "description",
        [
            "پول دو بار از کارتم کم شده و اپراتور جواب نداد",
            "سفارشم نرسیده. کارشناس شما گفت با یک کارشناس دیگه صحبت کنم",
            "کارشناس شما گفت با یک کارشناس دیگه صحبت کنم",
            "My card was charged, the human agent told me to open a ticket",
            "the agent told me to speak to a human",
        ],
    )
    def test_is_taken_down_whoever_is_spoken_of(self, server, actions, description) -> None:
        *_, turn = server.talk("/open_ticket", "مشکل پرداخت", description)

        assert slots_of(turn)["ticket_description"] == description
        assert "action_hand_off" not in [call["next_action"] for call in actions.calls]

    def test_ends_where_the_contact_asks_for_a_person(self, server, actions) -> None:
        server.talk("/open_ticket", "مشکل پرداخت", "پولم دو بار کم شده، می‌خوام با یه کارشناس صحبت کنم")

        assert "action_hand_off" in [call["next_action"] for call in actions.calls]

    def test_leaves_no_wish_to_speak_of_later(self, server, actions) -> None:
        *_, turn = server.talk("/open_ticket", "مشکل پرداخت", "پولم دو بار کم شده و سفارشم نرسیده")

        assert slots_of(turn)["ticket_description"] == "پولم دو بار کم شده و سفارشم نرسیده"
        assert not slots_of(turn).get("other_wishes")

    @pytest.mark.parametrize("ending", ["/cancel", "/goodbye"])
    def test_that_is_broken_off_takes_the_waiting_wishes_along(self, talk, ending) -> None:
        talk.say("/open_ticket")
        talk.state.append({"event": "slot", "name": "other_wishes", "value": ["request_invoice"]})

        talk.say(ending)

        assert talk.form is None
        assert not talk.slot("other_wishes")


class TestState:
    def test_is_all_that_a_turn_knows_of_the_past(self, server, actions) -> None:
        actions.says("ok")
        first, second = server.talk("/open_ticket", "مشکل پرداخت", metadata={"language": "fa"})

        _, again = server.turn("مشکل پرداخت", first["state"], metadata={"language": "fa"})

        assert again["messages"] == second["messages"]

    def test_stops_growing(self, server) -> None:
        turns = server.talk(*["/thanks"] * 12)
        sizes = [len(turn["state"]) for turn in turns]

        assert sizes[6] == sizes[-1]
        assert [event["event"] for event in turns[-1]["state"]].count("user") == 6

    def test_keeps_slots_and_the_form_however_old(self, server, actions) -> None:
        *_, late = server.talk(
            "/open_ticket", "مشکل پرداخت", *["/bot_challenge"] * 9, metadata={"language": "en", "contact_known": True}
        )
        slots = {event["name"]: event.get("value") for event in late["state"] if event["event"] == "slot"}
        loops = [event["name"] for event in late["state"] if event["event"] == "active_loop"]

        assert slots["language"] == "en"
        assert slots["contact_known"] is True
        assert loops == ["ticket_form"]

    @pytest.mark.parametrize(
        "event",
        [
            {"event": "slot", "name": "former_slot", "value": 1},
            {"event": "slot", "name": "requested_slot", "value": "former_slot"},
            {"event": "active_loop", "name": "former_form"},
            {"event": "action", "name": "former_action"},
            {"event": "user", "text": "x", "parse_data": {"intent": {"name": "former_intent"}, "entities": []}},
        ],
    )
    def test_of_a_former_model_does_no_harm(self, server, event) -> None:
        status, turn = server.turn("سلام", [event, {"event": "action", "name": "action_listen"}])

        assert status == 200
        assert "سلام" in texts(turn)[0]

    def test_holds_no_vector_and_no_ranking(self, server, actions) -> None:
        vector = to_base64(np.full(384, 0.05, dtype=np.float32))

        _, turn = server.turn("قیمت دوره‌ها چنده؟", metadata={"vector": vector})

        written = json.dumps(turn["state"])
        assert vector not in written
        assert "intent_ranking" not in written


class TestFailedTurn:
    @pytest.mark.parametrize("status", [404, 449, 500, 503])
    def test_is_told_when_an_action_fails(self, server, actions, status) -> None:
        actions.status = status

        assert server.turn("قیمت دوره‌ها چنده؟") == (503, {"error": "RasaException"})

    def test_is_told_when_an_action_answers_nonsense(self, server, actions) -> None:
        actions.result = {"events": "none", "responses": 5}

        status, body = server.turn("قیمت دوره‌ها چنده؟")

        assert (status, body) == (503, {"error": "ValidationError"})

    def test_is_told_when_the_vector_is_not_the_models(self, server) -> None:
        status, _ = server.turn("سلام", metadata={"vector": to_base64(np.zeros(5, dtype=np.float32))})

        assert status == 503

    def test_leaves_the_old_state_good(self, server, actions) -> None:
        actions.says("ok")
        (first,) = server.talk("سلام")
        actions.status = 500
        assert server.turn("قیمت دوره‌ها چنده؟", first["state"])[0] == 503
        actions.says("۴٬۸۰۰٬۰۰۰ تومان")

        status, turn = server.turn("قیمت دوره‌ها چنده؟", first["state"])

        assert status == 200
        assert texts(turn) == ["۴٬۸۰۰٬۰۰۰ تومان"]


class TestWithoutForeignCommand:
    @pytest.mark.parametrize("text", ["سلام", "/greet", '/read_article{"article_id": "1"}', "and/or", "/"])
    def test_leaves_words_and_our_payloads_alone(self, text) -> None:
        assert without_foreign_command(text) == text

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("/restart", "restart"),
            ("//x", "x"),
            (" / greetings", "greetings"),
            # Rasa takes every kind of space off before it looks.
            ("\u00a0/restart", "restart"),
            ("/\u2003/restart", "restart"),
        ],
    )
    def test_takes_the_slash_from_everything_else(self, text, left) -> None:
        assert without_foreign_command(text) == left
