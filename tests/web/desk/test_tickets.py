"""The desk's tickets."""

import html
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from core.clock import FixedClock
from core.unit_of_work import UnitOfWork
from crm.enums import Priority, Role, TicketStatus
from crm.models import Agent, Contact, Conversation, Ticket

SignIn = Callable[[Role], Awaitable[Agent]]
MakeAgent = Callable[..., Awaitable[Agent]]


@pytest.fixture(autouse=True)
async def agent(client: httpx.AsyncClient, sign_in: SignIn) -> Agent:
    client.cookies.set("hamyar_language", "en")
    return await sign_in(Role.agent)


class TestListTickets:
    async def test_shows_unfinished_ones_unless_asked_otherwise(
        self, client: httpx.AsyncClient, waiting: Conversation
    ) -> None:
        assert "HM-1001" in (await client.get("/desk/tickets")).text
        await client.post(f"/desk/conversations/{waiting.id}/resolve")

        assert "HM-1001" not in (await client.get("/desk/tickets")).text
        assert "HM-1001" in (await client.get("/desk/tickets?status=solved")).text
        assert "HM-1001" in (await client.get("/desk/tickets?status=all")).text

    async def test_narrows_to_one_person(self, client: httpx.AsyncClient, agent: Agent, waiting: Conversation) -> None:
        assert "HM-1001" not in (await client.get(f"/desk/tickets?assignee={agent.id}")).text
        await client.post(f"/desk/conversations/{waiting.id}/messages", data={"text": "Hello"})
        assert "HM-1001" in (await client.get(f"/desk/tickets?assignee={agent.id}")).text

    async def test_shows_those_that_nobody_has(self, client: httpx.AsyncClient, waiting: Conversation) -> None:
        assert "HM-1001" in (await client.get("/desk/tickets?assignee=0")).text
        await client.post(f"/desk/conversations/{waiting.id}/messages", data={"text": "Hello"})

        assert "HM-1001" not in (await client.get("/desk/tickets?assignee=0")).text
        assert (await client.get("/api/v1/tickets?assignee_id=0")).json() == []

    @pytest.mark.parametrize("words", ["HM-1001", "۱۰۰۱", "كاظمی", "ali@example", "0912", "علی invoice", "INVOICE"])
    async def test_finds_one_by_its_number_its_contact_or_its_subject(
        self, client: httpx.AsyncClient, app: FastAPI, waiting: Conversation, words: str
    ) -> None:
        await self._introduce(app, waiting)

        page = (await client.get("/desk/tickets", params={"q": words})).text
        by_api = (await client.get("/api/v1/tickets", params={"q": words})).json()

        assert "HM-1001" in page
        assert f'value="{words}"' in page
        assert [ticket["number"] for ticket in by_api] == ["HM-1001"]

    @pytest.mark.parametrize("words", ["HM 1001", "hm- 1001", "+98 912 000 0001", "+989120000001", "0912 000 0001"])
    async def test_finds_one_by_a_number_however_it_is_written(
        self, client: httpx.AsyncClient, app: FastAPI, waiting: Conversation, words: str
    ) -> None:
        await self._introduce(app, waiting)

        assert numbers_in((await client.get("/desk/tickets", params={"q": words})).text) == ["HM-1001"]

    @pytest.mark.parametrize(
        ("subject", "words"),
        [
            ("سفارش ۱۲۳۴۵ نرسیده", "۱۲۳۴۵"),
            ("سفارش ۱۲۳۴۵ نرسیده", "12345"),
            ("مسأله پرداخت", "مسأله"),
            ("مسأله پرداخت", "مساله"),
            ("کتاب‌ها نرسید", "کتابها"),
            ("کتاب‌ها نرسید", "کتاب‌ها"),
            ("می‌خواهم", "میخواهم"),
        ],
    )
    async def test_finds_one_by_its_subject_in_any_spelling(
        self,
        client: httpx.AsyncClient,
        work: UnitOfWork,
        clock: FixedClock,
        waiting: Conversation,
        subject: str,
        words: str,
    ) -> None:
        async with work.begin() as session:
            session.add(ticket_due(2, None, None, clock=clock, of=waiting, subject=subject))

        assert numbers_in((await client.get("/desk/tickets", params={"q": words})).text) == ["HM-1002"]

    async def test_finds_one_by_its_number_in_whatever_status(
        self, client: httpx.AsyncClient, work: UnitOfWork, clock: FixedClock, waiting: Conversation
    ) -> None:
        async with work.begin() as session:
            session.add(ticket_due(2, 1, 1, clock=clock, of=waiting, subject="Order 1001"))
        await client.post("/desk/tickets/HM-1001", data={"status": "solved", "priority": "normal"})

        found = numbers_in((await client.get("/desk/tickets", params={"q": "1001"})).text)
        by_api = (await client.get("/api/v1/tickets", params={"q": "1001", "status": "open"})).json()

        assert found == ["HM-1001", "HM-1002"]
        assert [ticket["number"] for ticket in by_api] == ["HM-1002"]

    @pytest.mark.parametrize("words", ["HM-1002", "sara", "ali refund", "%", "' or 1=1 --"])
    async def test_finds_none_that_lacks_one_of_the_words(
        self, client: httpx.AsyncClient, app: FastAPI, waiting: Conversation, words: str
    ) -> None:
        await self._introduce(app, waiting)

        assert "No tickets match" in (await client.get("/desk/tickets", params={"q": words})).text

    @staticmethod
    async def _introduce(app: FastAPI, conversation: Conversation) -> None:
        """The contact is known by an Arabic keyboard's letters."""
        async with app.state.work.begin() as session:
            contact = await session.get_one(Contact, conversation.contact_id)
            contact.name, contact.email, contact.phone = "علي كاظمي", "Ali@example.com", "09120000001"

    async def test_shows_the_most_overdue_first_and_the_others_on_further_pages(
        self,
        client: httpx.AsyncClient,
        work: UnitOfWork,
        clock: FixedClock,
        waiting: Conversation,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("web.desk.tickets.ON_A_PAGE", 2)
        # Days from now: what is due next is the first response, or after that the solution.
        due = {2: (5, None), 3: (-3, 9), 4: (None, -1), 5: (None, None)}
        async with work.begin() as session:
            session.add_all(ticket_due(number, *days, clock=clock, of=waiting) for number, days in due.items())
            session.add(ticket_due(6, -9, 4, clock=clock, of=waiting, answered=True))

        first = (await client.get("/desk/tickets")).text
        (following,) = re.findall(r'rel="next" href="([^"]+)"', first)
        pages = [first, (await client.get(html.unescape(following))).text]
        pages.append((await client.get("/desk/tickets?page=99")).text)

        assert [numbers_in(page) for page in pages] == [["HM-1003", "HM-1004"], ["HM-1006", "HM-1002"], LAST]
        assert "Page 3 of 3" in pages[-1]
        assert "status=unfinished" in following

    async def test_those_that_wait_for_somebody_come_after_what_is_due(
        self, client: httpx.AsyncClient, work: UnitOfWork, clock: FixedClock, waiting: Conversation
    ) -> None:
        async with work.begin() as session:
            session.add(ticket_due(2, -9, -9, clock=clock, of=waiting, status=TicketStatus.pending))
            session.add(ticket_due(3, -9, -9, clock=clock, of=waiting, status=TicketStatus.on_hold))
            session.add(ticket_due(4, 5, 5, clock=clock, of=waiting))

        page = (await client.get("/desk/tickets")).text

        assert numbers_in(page) == ["HM-1004", "HM-1003", "HM-1002", "HM-1001"]

    async def test_shows_finished_ones_the_latest_first(
        self, client: httpx.AsyncClient, work: UnitOfWork, clock: FixedClock, waiting: Conversation
    ) -> None:
        async with work.begin() as session:
            session.add(ticket_due(2, 1, 1, clock=clock, of=waiting))

        assert numbers_in((await client.get("/desk/tickets?status=all")).text) == ["HM-1002", "HM-1001"]


# Without a target the latest come first.
LAST = ["HM-1005", "HM-1001"]


def ticket_due(
    number: int,
    response_days: int | None,
    resolution_days: int | None,
    *,
    clock: FixedClock,
    of: Conversation,
    answered: bool = False,
    subject: str = "Invoice",
    status: TicketStatus = TicketStatus.open,
) -> Ticket:
    now = clock.now()
    return Ticket(
        id=number,
        contact_id=of.contact_id,
        conversation_id=of.id,
        subject=subject,
        status=status,
        priority=Priority.normal,
        created_at=now,
        updated_at=now,
        first_response_due_at=None if response_days is None else now + timedelta(days=response_days),
        resolution_due_at=None if resolution_days is None else now + timedelta(days=resolution_days),
        first_responded_at=now if answered else None,
    )


def numbers_in(page: str) -> list[str]:
    return re.findall(r'<td><a href="/desk/tickets/(HM-\d+)"', page)


class TestShowTicket:
    async def test_writes_dates_and_digits_as_the_reader_does(
        self, client: httpx.AsyncClient, waiting: Conversation
    ) -> None:
        assert "23 November 2026" in (await client.get("/desk/tickets/HM-1001")).text
        assert "۲ آذر ۱۴۰۵" in (await client.get("/desk/tickets/HM-1001?lang=fa")).text

    async def test_marks_what_was_done_too_late(
        self, client: httpx.AsyncClient, clock: FixedClock, work: UnitOfWork, waiting: Conversation
    ) -> None:
        async with work.begin() as session:
            session.add(ticket_due(2, 1, 9, clock=clock, of=waiting))
        clock.advance(timedelta(days=2))
        await client.post(f"/desk/conversations/{waiting.id}/messages", data={"text": "Hello"})
        await client.post("/desk/tickets/HM-1002", data={"status": "solved", "priority": "normal"})

        page = (await client.get("/desk/tickets/HM-1002")).text

        assert page.count(">Late<") == 1

    async def test_an_unknown_number_is_a_page_that_says_so(self, client: httpx.AsyncClient) -> None:
        response = await client.get("/desk/tickets/HM-9999")

        assert response.status_code == 404
        assert "There is no ticket with this number." in response.text


class TestChangeTicket:
    async def test_changes_status_priority_and_assignee(
        self, client: httpx.AsyncClient, agent: Agent, waiting: Conversation
    ) -> None:
        form = {"status": "on_hold", "priority": "urgent", "assignee": str(agent.id)}

        page = (await client.post("/desk/tickets/HM-1001", data=form, follow_redirects=True)).text

        assert "Saved." in page
        assert 'value="on_hold" selected' in page
        assert 'value="urgent" selected' in page
        assert f'value="{agent.id}" selected' in page

    async def test_undoes_nothing_that_a_colleague_did_while_the_page_was_open(
        self, client: httpx.AsyncClient, agent: Agent, waiting: Conversation
    ) -> None:
        page = (await client.get("/desk/tickets/HM-1001")).text
        shown = dict(re.findall(r'name="(shown_\w+)" value="(\w+)"', page))
        await client.patch("/api/v1/tickets/HM-1001", json={"status": "pending", "assignee_id": agent.id})

        form = {"status": "new", "priority": "urgent", "assignee": "0", **shown}
        await client.post("/desk/tickets/HM-1001", data=form)

        ticket = (await client.get("/api/v1/tickets/HM-1001")).json()
        assert (ticket["status"], ticket["priority"], ticket["assignee_id"]) == ("pending", "urgent", agent.id)

    async def test_leaves_a_solved_one_solved_when_it_was(
        self, client: httpx.AsyncClient, clock: FixedClock, waiting: Conversation
    ) -> None:
        form = {"status": "solved", "priority": "normal"}
        await client.post("/desk/tickets/HM-1001", data=form)
        solved_at = await self._solved_at(client)
        clock.advance(timedelta(days=3))

        await client.post("/desk/tickets/HM-1001", data=form | {"priority": "low"})
        assert await self._solved_at(client) == solved_at
        await client.post("/desk/tickets/HM-1001", data=form | {"status": "closed"})
        assert await self._solved_at(client) == solved_at

    async def test_opened_again_it_is_not_solved_any_more(
        self, client: httpx.AsyncClient, waiting: Conversation
    ) -> None:
        for status in ("solved", "open"):
            await client.post("/desk/tickets/HM-1001", data={"status": status, "priority": "normal"})

        assert await self._solved_at(client) is None

    @staticmethod
    async def _solved_at(client: httpx.AsyncClient) -> str | None:
        solved_at: str | None = (await client.get("/api/v1/tickets/HM-1001")).json()["solved_at"]
        return solved_at

    async def test_gives_it_back_to_nobody(
        self, client: httpx.AsyncClient, agent: Agent, waiting: Conversation
    ) -> None:
        form = {"status": "open", "priority": "normal"}
        await client.post("/desk/tickets/HM-1001", data={**form, "assignee": str(agent.id)})

        await client.post("/desk/tickets/HM-1001", data={**form, "assignee": ""})

        assert f'value="{agent.id}" selected' not in (await client.get("/desk/tickets/HM-1001")).text

    async def test_goes_to_nobody_who_could_not_open_it(
        self,
        client: httpx.AsyncClient,
        make_agent: MakeAgent,
        switch_off: Callable[[Agent], Awaitable[None]],
        waiting: Conversation,
    ) -> None:
        editor, gone = await make_agent("Edi", Role.editor), await make_agent("Gone")
        await switch_off(gone)
        form = {"status": "open", "priority": "urgent"}

        page = (await client.get("/desk/tickets/HM-1001")).text
        for one in (editor, gone):
            refused = await client.post("/desk/tickets/HM-1001", data=form | {"assignee": str(one.id)})
            by_api = await client.patch("/api/v1/tickets/HM-1001", json={"assignee_id": one.id})

            assert f'<option value="{one.id}"' not in page
            assert refused.status_code == by_api.status_code == 422
            assert by_api.json()["error"]["code"] == "handles_no_conversations"

        assert 'value="urgent" selected' not in (await client.get("/desk/tickets/HM-1001")).text

    async def test_that_is_solved_may_stay_with_who_solved_it_though_they_have_gone(
        self,
        client: httpx.AsyncClient,
        make_agent: MakeAgent,
        switch_off: Callable[[Agent], Awaitable[None]],
        waiting: Conversation,
    ) -> None:
        gone = await make_agent("Gone")
        form = {"status": "solved", "priority": "normal", "assignee": str(gone.id)}
        await client.post("/desk/tickets/HM-1001", data=form)
        await switch_off(gone)

        response = await client.post("/desk/tickets/HM-1001", data=form | {"priority": "urgent"})

        assert response.status_code == 303
        page = (await client.get("/desk/tickets/HM-1001")).text
        assert f'<option value="{gone.id}" selected>' in page
        assert 'value="urgent" selected' in page

    @pytest.mark.parametrize(
        ("language", "hint"),
        [
            ("en", "Once closed, a ticket cannot be changed any more."),
            ("fa", "تیکتی که «بسته» شود، دیگر تغییر نمی‌کند."),
        ],
    )
    async def test_says_before_a_ticket_is_closed_that_this_is_for_good(
        self, client: httpx.AsyncClient, waiting: Conversation, language: str, hint: str
    ) -> None:
        assert hint in (await client.get("/desk/tickets/HM-1001", params={"lang": language})).text

        await client.post("/desk/tickets/HM-1001", data={"status": "closed", "priority": "low"})

        assert hint not in (await client.get("/desk/tickets/HM-1001", params={"lang": language})).text

    async def test_a_closed_ticket_cannot_change(self, client: httpx.AsyncClient, waiting: Conversation) -> None:
        await client.post("/desk/tickets/HM-1001", data={"status": "closed", "priority": "low"})

        response = await client.post("/desk/tickets/HM-1001", data={"status": "open", "priority": "low"})

        assert response.status_code == 409
        assert "<select" not in (await client.get("/desk/tickets/HM-1001")).text

    async def test_refuses_what_is_no_status(self, client: httpx.AsyncClient, waiting: Conversation) -> None:
        response = await client.post("/desk/tickets/HM-1001", data={"status": "lost", "priority": "low"})

        assert response.status_code == 422
