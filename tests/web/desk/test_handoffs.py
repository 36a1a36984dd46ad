"""The handoff policy, as an admin reads, tries and changes it."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from core.unit_of_work import UnitOfWork
from crm.agents.permissions import Permission, may
from crm.conversations.handoff_policy import NEVER_IN_A_ROW, HandoffPolicy
from crm.conversations.turns import Turns
from crm.enums import ConversationStatus, HandoffReason, Role
from crm.models import Agent, Conversation
from sentiment.frustration import EDITABLE, load_weights
from tests.fixtures.patience import until_done
from tests.web.desk.conftest import HOSTILE

SignIn = Callable[[Role], Awaitable[Agent]]
Says = Callable[..., Awaitable[Conversation]]
PATH = "/desk/handoffs"


@pytest.fixture
def form(policy: HandoffPolicy) -> dict[str, object]:
    """The form as the page shows it at first."""
    return {
        "frustration": "0.6",
        "apology": "0.05",
        "not_understood_in_a_row": "3",
        "failed_in_a_row": "2",
        "at_once": ["vulnerable", "legal_threat"],
        "tell.vulnerable": ["supervisor"],
        **{f"priorities.{reason}": policy.priority(reason).value for reason in HandoffReason},
        **{f"weights.{name}": str(getattr(load_weights(), name)) for name in EDITABLE},
    }


@pytest.fixture
async def admin(client: httpx.AsyncClient, sign_in: SignIn) -> Agent:
    client.cookies.set("hamyar_language", "en")
    return await sign_in(Role.admin)


async def in_force(app: FastAPI) -> HandoffPolicy:
    async with app.state.work.reading() as session:
        return await app.state.open_conversations(session).policies.current()


def revision(page: str) -> str:
    """Of which policy the form on the page is."""
    (found,) = re.findall(r'name="revision" value="(\d+)"', page)
    return str(found)


class TestAccess:
    async def test_is_for_admins_alone(
        self, client: httpx.AsyncClient, sign_in: SignIn, form: dict[str, object], app: FastAPI, policy: HandoffPolicy
    ) -> None:
        assert (await client.post(PATH, data={**form, "act": "save"})).status_code == 401
        for role in Role:
            await sign_in(role)
            expected = 200 if may(role, Permission.edit_handoff_policy) else 403
            assert (await client.get(PATH)).status_code == expected, role
            assert (await client.post(PATH, data=form)).status_code == expected, role

        assert may(Role.admin, Permission.edit_handoff_policy)
        assert not may(Role.supervisor, Permission.edit_handoff_policy)
        assert await in_force(app) == policy


@pytest.mark.usefixtures("admin")
class TestSave:
    async def test_shows_every_number_with_its_meaning(self, client: httpx.AsyncClient) -> None:
        html = (await client.get(PATH)).text

        assert 'name="weights.anger" type="text" value="0.75"' in html
        assert "Furious in so many words." in html
        assert "repeat_cosine" not in html
        # On a phone the names of the columns are gone.
        assert html.count('data-label="Also told"') == len(HandoffReason)

    async def test_shows_numbers_in_the_digits_of_the_reader(self, client: httpx.AsyncClient) -> None:
        html = (await client.get(f"{PATH}?lang=fa")).text

        assert 'name="weights.anger" type="text" value="۰٫۷۵"' in html

    async def test_is_in_force_from_the_next_message_on_in_every_process(
        self, client: httpx.AsyncClient, form: dict[str, object], turns: Turns, says: Says, work: UnitOfWork
    ) -> None:
        response = await client.post(PATH, data={**form, "frustration": "۰٫۱۵", "act": "save"})
        assert response.headers["location"] == f"{PATH}?saved=true"
        assert "Saved" in (await client.get(f"{PATH}?saved=true")).text

        # Turns and pages share nothing but the database.
        conversation = await says("sigh")
        await until_done(turns.run, conversation.id)

        async with work.reading() as session:
            kept = await session.get_one(Conversation, conversation.id)
        assert kept.status is ConversationStatus.waiting

    async def test_weights_count_as_well(
        self, client: httpx.AsyncClient, form: dict[str, object], turns: Turns, says: Says, work: UnitOfWork
    ) -> None:
        await client.post(PATH, data={**form, "weights.displeasure": "0.9", "act": "save"})

        conversation = await says("sigh")
        await until_done(turns.run, conversation.id)

        async with work.reading() as session:
            assert (await session.get_one(Conversation, conversation.id)).frustration == 0.9

    async def test_keeps_what_was_changed_alone_so_that_an_update_still_moves_the_rest(
        self, client: httpx.AsyncClient, form: dict[str, object], app: FastAPI
    ) -> None:
        await client.post(PATH, data={**form, "weights.displeasure": "0.9", "act": "save"})

        assert (await in_force(app)).weights == {"displeasure": 0.9}

    async def test_offers_the_values_of_a_new_installation_to_go_back_to(
        self, client: httpx.AsyncClient, form: dict[str, object], app: FastAPI
    ) -> None:
        await client.post(PATH, data={**form, "weights.anger": "0.9", "act": "save"})
        assert 'name="weights.anger" type="text" value="0.9"' in (await client.get(PATH)).text

        html = (await client.get(f"{PATH}?new=true")).text

        assert 'name="weights.anger" type="text" value="0.75"' in html
        assert "in force once you save them" in html
        assert (await in_force(app)).weights == {"anger": 0.9}

    async def test_undoes_nothing_that_a_colleague_saved_meanwhile_until_saved_again(
        self, client: httpx.AsyncClient, form: dict[str, object], app: FastAPI
    ) -> None:
        stale = {**form, "revision": revision((await client.get(PATH)).text)}
        await client.post(PATH, data={**stale, "weights.anger": "0.9", "act": "save"})

        tried = await client.post(PATH, data={**stale, "weights.abuse": "0.77"})
        response = await client.post(PATH, data={**stale, "weights.abuse": "0.77", "act": "save"})

        assert revision(tried.text) == stale["revision"]
        assert response.status_code == 409
        assert "A colleague saved this while you had it open." in response.text
        assert 'value="0.77"' in response.text
        assert (await in_force(app)).weights == {"anger": 0.9}
        again = {**stale, "weights.abuse": "0.77", "revision": revision(response.text), "act": "save"}
        assert (await client.post(PATH, data=again)).status_code == 303
        assert (await in_force(app)).weights == {"abuse": 0.77}

    @pytest.mark.parametrize(
        ("name", "value", "label"),
        [
            ("frustration", "0", "Frustration for a handoff"),
            ("frustration", "nan", "Frustration for a handoff"),
            ("apology", "much", "Displeasure for an apology"),
            ("failed_in_a_row", "1.5", "Failed in a row"),
            ("not_understood_in_a_row", "11", "Not understood in a row"),
            ("weights.decay", "7", "Memory"),
            ("weights.waiting_full_minutes", "0", "Full waiting time, minutes"),
            ("weights.anger", "", "Anger"),
            ("weights.repeat", HOSTILE, "Repetition"),
            ("at_once", "displeasure", "At once"),
            ("priorities.vulnerable", "whenever", "Priority"),
            ("tell.vulnerable", "nobody", "Also told"),
        ],
    )
    async def test_refuses_a_bad_value_by_the_name_of_its_field_and_keeps_what_was_typed(
        self,
        client: httpx.AsyncClient,
        form: dict[str, object],
        app: FastAPI,
        policy: HandoffPolicy,
        name: str,
        value: str,
        label: str,
    ) -> None:
        response = await client.post(PATH, data={**form, "weights.abuse": "0.77", name: value, "act": "save"})

        assert response.status_code == 422
        assert f"the value of “{label}” is not allowed" in response.text
        assert 'value="0.77"' in response.text
        assert "<script>alert" not in response.text
        assert await in_force(app) == policy

    async def test_says_how_long_a_row_may_be(self, client: httpx.AsyncClient, form: dict[str, object]) -> None:
        html = (await client.post(PATH, data={**form, "failed_in_a_row": str(NEVER_IN_A_ROW + 1)})).text

        assert f"or {NEVER_IN_A_ROW} for never" in html
        assert (await client.post(PATH, data={**form, "failed_in_a_row": str(NEVER_IN_A_ROW)})).status_code == 200

    async def test_refuses_an_empty_form(self, client: httpx.AsyncClient) -> None:
        assert (await client.post(PATH, data={"act": "save"})).status_code == 422


@pytest.mark.usefixtures("admin")
class TestTry:
    async def test_tells_what_would_have_been_handed_off_and_links_to_what_is_new(
        self,
        client: httpx.AsyncClient,
        form: dict[str, object],
        turns: Turns,
        says: Says,
        app: FastAPI,
        policy: HandoffPolicy,
    ) -> None:
        for visitor, text in (("calm", "where is it"), ("sad", f"sigh {HOSTILE}"), ("furious", "OUTRAGEOUS")):
            conversation = await says(text, visitor=visitor, name=f"{visitor} {HOSTILE}")
            await until_done(turns.run, conversation.id)
            if visitor == "sad":
                sad = conversation

        html = (await client.post(PATH, data={**form, "frustration": "0.15"})).text

        assert "would have handed off 2 of the last 3 conversations; the policy in force, 1." in html
        assert html.count('href="/desk/conversations/') == 1
        assert f'href="/desk/conversations/{sad.id}?message=1#message-1"' in html
        assert "<script>alert" not in html
        assert await in_force(app) == policy

    async def test_tells_what_would_no_longer_be_handed_off(
        self, client: httpx.AsyncClient, form: dict[str, object], turns: Turns, says: Says
    ) -> None:
        conversation = await says("my lawyer, legal_threat")
        await until_done(turns.run, conversation.id)

        html = (await client.post(PATH, data={**form, "at_once": ["vulnerable"]})).text

        assert "would have handed off 0 of the last 1 conversations; the policy in force, 1." in html
        assert "Would not be handed off any more" in html
        assert "speaks of legal steps" in html

    async def test_waits_for_nobody_who_writes_and_keeps_nobody_from_it(
        self, client: httpx.AsyncClient, form: dict[str, object], work: UnitOfWork
    ) -> None:
        async with asyncio.timeout(10), work.begin():
            response = await client.post(PATH, data=form)

        assert response.status_code == 200
