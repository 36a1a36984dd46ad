"""What messages mean, as an admin says it, and as the bot will learn it."""

import json
import re
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from bot.names import INTENT_NAMES, Intents
from core.unit_of_work import UnitOfWork
from crm.conversations.turns import Turns
from crm.enums import HandoffReason, Role
from crm.labels.repository import TEACHES_NOTHING
from crm.models import Agent, Conversation, IntentLabel, Message
from tests.fixtures.fakes import FakeBot
from tests.web.desk.conftest import HOSTILE
from web.desk.words import INTENTS, LABELS

SignIn = Callable[[Role], Awaitable[Agent]]
Says = Callable[..., Awaitable[Conversation]]
Meant = Callable[..., Awaitable[Message]]
PATH = "/desk/intents"


@pytest.fixture
async def admin(client: httpx.AsyncClient, sign_in: SignIn) -> Agent:
    client.cookies.set("hamyar_language", "en")
    return await sign_in(Role.admin)


@pytest.fixture
def meant(says: Says, turns: Turns, work: UnitOfWork, bot: FakeBot) -> Meant:
    """A contact writes, and the bot thinks to know what it means."""

    async def say(text: str, *, guess: str = "greet", confidence: float = 0.3, **who: str) -> Message:
        bot.intent = (Intents.NLU_FALLBACK if confidence < 0.5 else guess, guess, confidence)
        conversation = await says(text, **who)
        await turns.run(conversation.id)
        async with work.reading() as session:
            found = await turns.open_service(session).conversations.last_from_contact(conversation.id)
        assert found
        return found

    return say


async def label_of(app: FastAPI, message: Message) -> IntentLabel | None:
    async with app.state.work.reading() as session:
        found: IntentLabel | None = await session.get(IntentLabel, message.id)
        return found


class TestWords:
    def test_there_are_some_for_all_that_can_be_meant(self) -> None:
        assert set(INTENTS) == INTENT_NAMES - {Intents.NLU_FALLBACK, Intents.READ_ARTICLE}

    def test_a_label_may_be_that_a_message_teaches_nothing_which_no_training_takes_for_an_intent(self) -> None:
        assert set(LABELS) == {TEACHES_NOTHING, *INTENTS}
        assert TEACHES_NOTHING not in INTENT_NAMES


class TestAccess:
    async def test_is_for_admins_alone(self, client: httpx.AsyncClient, sign_in: SignIn, meant: Meant) -> None:
        message = await meant("hm")
        form = {"messages": str(message.id), "intent": "thanks"}
        assert (await client.get(PATH)).status_code == 303
        assert (await client.post(PATH, data=form)).status_code == 401
        assert (await client.get(f"{PATH}/export")).status_code == 303
        for role in Role:
            await sign_in(role)
            is_admin = role is Role.admin
            assert (await client.get(PATH)).status_code == (200 if is_admin else 403), role
            assert (await client.get(f"{PATH}/export")).status_code == (200 if is_admin else 403), role
            assert (await client.post(PATH, data=form)).status_code == (303 if is_admin else 403), role


@pytest.mark.usefixtures("admin")
class TestList:
    async def test_shows_what_was_unsure_with_the_guess_and_not_what_was_sure(
        self, client: httpx.AsyncClient, meant: Meant
    ) -> None:
        await meant(f"unsure {HOSTILE}", guess="request_refund", confidence=0.31)
        await meant("quite sure", confidence=0.97)

        html = (await client.get(PATH)).text

        assert "unsure &lt;script&gt;" in html
        assert "<script>alert" not in html
        assert "31 percent" in html
        assert '<option value="request_refund" selected>Wants money back' in html
        assert "quite sure" not in html

    async def test_links_to_the_message_so_that_its_page_begins_early_enough(
        self, client: httpx.AsyncClient, meant: Meant
    ) -> None:
        message = await meant("hm")

        html = (await client.get(PATH)).text

        place = f"?message={message.sequence}#message-{message.sequence}"
        assert f'href="/desk/conversations/{message.conversation_id}{place}"' in html

    async def test_shows_a_wish_that_only_its_words_told_of(self, client: httpx.AsyncClient, meant: Meant) -> None:
        await meant("cancel it and send the invoice", guess="cancel_purchase", confidence=0.6)

        assert "cancel it and send the invoice" in (await client.get(PATH)).text

    async def test_puts_the_same_words_together(self, client: httpx.AsyncClient, meant: Meant) -> None:
        await meant("کتابم كجاست")
        await meant("کتابم کجاست", visitor="another")

        html = (await client.get(PATH)).text

        assert html.count('<form method="post" action="/desk/intents"') == 1
        assert "2 times" in html

    async def test_shows_what_a_person_had_to_answer(
        self, client: httpx.AsyncClient, meant: Meant, app: FastAPI, admin: Agent
    ) -> None:
        message = await meant("sure but wrong", confidence=0.97)
        await meant("sure and right", confidence=0.97, visitor="another")
        async with app.state.work.begin() as session:
            service = app.state.open_conversations(session)
            conversation = await service.lock(message.conversation_id)
            await service.hand_off(conversation, HandoffReason.bot_failed)

        html = (await client.get(PATH)).text

        assert "sure but wrong" in html
        assert "sure and right" not in html

    async def test_shows_what_we_apologised_for(self, client: httpx.AsyncClient, meant: Meant) -> None:
        await meant("sigh, the money", confidence=0.97)

        assert "sigh, the money" in (await client.get(PATH)).text

    @pytest.mark.parametrize(
        ("words", "intent"), [("منظورم این نبود", "doubt"), ("that is not it, misunderstood", "inform")]
    )
    async def test_shows_what_the_contact_said_was_misread(
        self, client: httpx.AsyncClient, meant: Meant, words: str, intent: str
    ) -> None:
        await meant("sure but misread", guess="request_refund", confidence=0.95)
        await meant(words, guess=intent, confidence=0.97)
        await meant("sure and right", confidence=0.97)

        html = (await client.get(PATH)).text

        assert "sure but misread" in html
        assert "The contact said that this was not meant" in html
        assert "sure and right" not in html

    async def test_what_was_said_before_or_after_another_word_was_not_misread(
        self, client: httpx.AsyncClient, meant: Meant
    ) -> None:
        await meant("sure and right", confidence=0.97)
        await meant("sure but misread", confidence=0.97)
        await meant("منظورم این نبود", guess="doubt", confidence=0.97)
        await meant("that is it", confidence=0.97)
        await meant("hello", confidence=0.97, visitor="another")

        html = (await client.get(PATH)).text

        assert "sure but misread" in html
        assert not any(words in html for words in ("sure and right", "that is it", "hello</bdi>"))

    async def test_what_a_colleague_misread_was_none_of_the_bots(
        self, client: httpx.AsyncClient, meant: Meant, bot: FakeBot, app: FastAPI
    ) -> None:
        message = await meant("a human please", guess="talk_to_person", confidence=0.97)
        async with app.state.work.begin() as session:
            service = app.state.open_conversations(session)
            await service.hand_off(await service.lock(message.conversation_id), HandoffReason.contact_asked)
        await meant("you misunderstood", guess="inform", confidence=0.97)

        assert "a human please" not in (await client.get(PATH)).text

    async def test_says_of_each_why_it_is_there(self, client: httpx.AsyncClient, meant: Meant) -> None:
        await meant("unsure")
        await meant("sigh, the money", confidence=0.97, visitor="another")

        html = (await client.get(PATH)).text

        assert html.count("The bot was unsure") == 1
        assert html.count("We answered in person or apologised") == 1

    async def test_a_wish_for_a_person_was_understood(self, client: httpx.AsyncClient, meant: Meant) -> None:
        await meant("a human please", guess="talk_to_person", confidence=0.97)

        assert "a human please" not in (await client.get(PATH)).text

    async def test_can_be_kept_to_a_language(self, client: httpx.AsyncClient, meant: Meant) -> None:
        await meant("in English")
        await meant("به فارسی", visitor="another")

        html = (await client.get(f"{PATH}?language=fa")).text

        assert "به فارسی" in html
        assert "in English" not in html
        assert (await client.get(f"{PATH}?language={HOSTILE}&shown={HOSTILE}")).status_code == 200

    async def test_counts_what_each_tab_would_list_in_the_language(
        self, client: httpx.AsyncClient, meant: Meant
    ) -> None:
        labelled = await meant("in English")
        await meant("and this too")
        await meant("به فارسی", visitor="another")
        await client.post(PATH, data={"messages": str(labelled.id), "intent": "greet"})

        assert await self._counts(client, "") == ["2", "1"]
        assert await self._counts(client, "en") == ["1", "1"]
        assert await self._counts(client, "fa") == ["1", "0"]

    @staticmethod
    async def _counts(client: httpx.AsyncClient, language: str) -> list[str]:
        return re.findall(r'class="count">(\d+)<', (await client.get(f"{PATH}?language={language}")).text)

    async def test_is_there_in_persian(self, client: httpx.AsyncClient, meant: Meant) -> None:
        await meant("hm")

        assert "درخواست بازگشت وجه" in (await client.get(f"{PATH}?lang=fa")).text


@pytest.mark.usefixtures("admin")
class TestLabel:
    async def test_is_kept_with_who_and_when_and_can_be_changed_and_taken_back(
        self, client: httpx.AsyncClient, meant: Meant, app: FastAPI, admin: Agent
    ) -> None:
        message = await meant("hm")

        for intent in ("thanks", "out_of_scope"):
            response = await client.post(PATH, data={"messages": str(message.id), "intent": intent})
            assert response.status_code == 303
            label = await label_of(app, message)
            assert label
            assert (label.intent, label.agent_id, label.labelled_at) == (intent, admin.id, app.state.clock.now())
        assert "hm</bdi>" not in (await client.get(PATH)).text
        assert "hm</bdi>" in (await client.get(f"{PATH}?shown=labelled")).text

        await client.post(PATH, data={"messages": str(message.id), "intent": ""})

        assert await label_of(app, message) is None
        assert "hm</bdi>" in (await client.get(PATH)).text

    async def test_what_teaches_nothing_is_out_of_the_way_until_that_is_taken_back(
        self, client: httpx.AsyncClient, meant: Meant
    ) -> None:
        message = await meant("Nima Rad")
        assert '<option value="teaches_nothing">Teaches nothing</option>' in (await client.get(PATH)).text

        await client.post(PATH, data={"messages": str(message.id), "intent": TEACHES_NOTHING})

        assert "Nima Rad</bdi>" not in (await client.get(PATH)).text
        labelled = (await client.get(f"{PATH}?shown=labelled")).text
        assert "Nima Rad</bdi>" in labelled
        assert '<option value="teaches_nothing" selected>' in labelled

        await client.post(PATH, data={"messages": str(message.id), "intent": ""})

        assert "Nima Rad</bdi>" in (await client.get(PATH)).text

    async def test_leaves_who_labels_many_where_they_are_in_the_list(
        self, client: httpx.AsyncClient, meant: Meant, admin: Agent
    ) -> None:
        first, second = await meant("hm"), await meant("what about it", visitor="another")
        page = (await client.get(PATH)).text
        (target,) = re.findall(
            r'<div id="(intents)"[^>]* hx-target:inherited="#intents" hx-select:inherited="#intents"', page
        )

        answer = await client.post(
            PATH,
            data={"messages": str(first.id), "intent": "thanks"},
            headers={"hx-request": "true"},
            follow_redirects=True,
        )

        assert page.count('hx-post="/desk/intents"') == 2
        assert f'<div id="{target}"' in answer.text
        assert f'id="message-{second.id}"' in answer.text
        assert f'id="message-{first.id}"' not in answer.text

    async def test_counts_for_the_same_words_that_come_later(self, client: httpx.AsyncClient, meant: Meant) -> None:
        message = await meant("hm hm")
        await client.post(PATH, data={"messages": str(message.id), "intent": "thanks"})

        await meant("Hm  hm", visitor="another")

        assert "hm</bdi>" not in (await client.get(PATH)).text

    @pytest.mark.parametrize(
        ("form", "status"),
        [
            ({"messages": "1", "intent": "nlu_fallback"}, 422),
            ({"messages": "1", "intent": HOSTILE}, 422),
            ({"messages": "1; DROP TABLE", "intent": "thanks"}, 422),
            ({"intent": "thanks"}, 422),
            ({"messages": "999", "intent": "thanks"}, 404),
            # The bot's own.
            ({"messages": "2", "intent": "thanks"}, 404),
        ],
    )
    async def test_refuses_what_is_no_message_or_no_intent(
        self, client: httpx.AsyncClient, meant: Meant, form: dict[str, str], status: int
    ) -> None:
        await meant("hm")

        assert (await client.post(PATH, data=form)).status_code == status


@pytest.mark.usefixtures("admin")
class TestExport:
    async def test_has_each_text_once_without_names_and_numbers(self, client: httpx.AsyncClient, meant: Meant) -> None:
        texts = ("I am Nima Rad, call 0912 345 6789", "/restart hm", "Hm  hm", "hm hm", "12345678 ")
        for place, text in enumerate(texts):
            message = await meant(text, visitor=f"visitor{place}", name="Nima Rad")
            intent = "out_of_scope" if place == 1 else "inform"
            await client.post(PATH, data={"messages": str(message.id), "intent": intent})

        response = await client.get(f"{PATH}/export")

        rows = [json.loads(line) for line in response.text.splitlines()]
        assert {row["text"] for row in rows} == {"I am , call 09120000000", "restart hm", "hm hm", "10001"}
        assert {row["label"] for row in rows} == {"inform", "oos"}
        assert {row["lang"] for row in rows} == {"en"}

    @pytest.mark.parametrize(
        ("first", "last", "kept"), [("inform", TEACHES_NOTHING, []), (TEACHES_NOTHING, "inform", ["inform"])]
    )
    async def test_leaves_out_what_was_last_said_to_teach_nothing(
        self, client: httpx.AsyncClient, meant: Meant, first: str, last: str, kept: list[str]
    ) -> None:
        for number, label in (("0912 345 6789", first), ("0912 345 6780", last)):
            message = await meant(f"call {number}", visitor=number)
            await client.post(PATH, data={"messages": str(message.id), "intent": label})

        response = await client.get(f"{PATH}/export")

        assert [json.loads(line)["label"] for line in response.text.splitlines()] == kept
