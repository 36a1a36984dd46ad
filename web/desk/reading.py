"""What the inbox's pages and its socket read: the same for both, so that a push is the page's own words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from crm.agents.permissions import Permission, may
from crm.agents.repository import AgentRepository
from crm.conversations.files import MAX_FILE_BYTES
from crm.conversations.handling import FILE_CHANNELS
from crm.conversations.search import ConversationSearch, parts_of
from crm.conversations.service import ConversationService
from crm.enums import ConversationStatus
from crm.models import Agent, Conversation, Handoff, Rating, Ticket
from web.desk.pages import pages_of
from web.desk.presenter import (
    Actions,
    Due,
    Entry,
    Found,
    Row,
    Tab,
    WrittenCause,
    actions_of,
    causes_of,
    due_of,
    entries_of,
    found_in,
    mood_of,
    row_of,
    tab_of,
)

LIST_LENGTH = 60
# Of what is looked for.
MAX_WORDS_CHARACTERS = 200
# The fewest messages that a page of a longer conversation shows.
THREAD_LENGTH = 60
# Where a page begins moves on in such steps: a reply does not take away what the agent had opened above.
THREAD_STEP = 30


class Shown(BaseModel):
    """What an agent sees: a page of a list, or of what was found by the words `q`, and a conversation's messages after
    `start`; None where it is not said.
    """

    model_config = ConfigDict(frozen=True)

    tab: Tab | None = None
    page: Annotated[int, Field(ge=1)] = 1
    q: Annotated[str, Field(max_length=MAX_WORDS_CHARACTERS)] = ""
    start: Annotated[int, Field(ge=0)] | None = None

    def address(self, conversation_id: str) -> str:
        """Where the same list is, with this conversation beside it."""
        return address_of(conversation_id, tab=self.tab, page=self.page, q=self.q)


@dataclass(frozen=True)
class Inbox:
    """One page of a list, and how long each list is; or of what was found, beside the list it was looked for from."""

    tab: Tab
    page: int
    pages: int
    # None where what was found is not looked for anew.
    rows: list[Row] | None
    counts: dict[Tab, int]
    # What was looked for, as it was typed, and how many were found.
    q: str = ""
    found: int = 0

    def address(self, conversation_id: str = "", *, page: int | None = None, message: int | None = None) -> str:
        """Where this page of the list is, or another, with a conversation beside it, at a message if one is named."""
        return address_of(conversation_id, tab=self.tab, page=page or self.page, q=self.q, message=message)


def address_of(
    conversation_id: str = "", *, tab: Tab | None, page: int = 1, q: str = "", message: int | None = None
) -> str:
    """Where a page of a list is, with a conversation beside it; without a list, the one that has the conversation."""
    path = f"/desk/conversations/{conversation_id}" if conversation_id else "/desk"
    asked = {"tab": tab.value if tab else None, "q": q, "page": page if page > 1 else None, "message": message}
    query = urlencode({name: value for name, value in asked.items() if value})
    anchor = f"#message-{message}" if message else ""
    return f"{path}?{query}{anchor}" if query else path


@dataclass(frozen=True)
class Thread:
    """One conversation with all that stands beside it; messages are those after `start`."""

    conversation: Conversation
    tab: Tab
    mood: str
    start: int
    entries: list[Entry]
    last_from_contact: int
    actions: Actions
    # Whether this agent may make an article of it.
    can_become_article: bool
    ticket: Ticket | None
    due: Due | None
    handoff: Handoff | None
    causes: list[WrittenCause]
    tickets: list[Ticket]
    ratings: list[Rating]
    # Of a file that the contact can be sent; 0 where none can.
    max_file_bytes: int
    # To whom it could be given.
    colleagues: list[Agent]


async def read_inbox(
    conversations: ConversationService, agent: Agent, tab: Tab, *, page: int = 1, q: str = ""
) -> Inbox:
    """A page of a list as this agent sees it now, or of all conversations that the words `q` find; the last one where
    there are fewer by now.
    """
    counts = await _counts(conversations, agent)
    if parts_of(q):
        return await _read_found(conversations, tab, page, q, counts)
    pages = pages_of(counts[tab], length=LIST_LENGTH)
    page = min(page, pages)
    listed = await conversations.conversations.in_status(
        statuses=tab.statuses,
        assignee_id=agent.id if tab is Tab.mine else None,
        limit=LIST_LENGTH,
        offset=(page - 1) * LIST_LENGTH,
    )
    return Inbox(tab, page, pages, await _rows(conversations, listed), counts)


async def read_beside_found(conversations: ConversationService, agent: Agent, shown: Shown) -> Inbox:
    """How long the lists are beside what an agent has found, which stays as it was when they looked for it."""
    return Inbox(shown.tab or Tab.waiting, shown.page, shown.page, None, await _counts(conversations, agent), shown.q)


async def _read_found(conversations: ConversationService, tab: Tab, page: int, q: str, counts: dict[Tab, int]) -> Inbox:
    search = ConversationSearch(conversations.session, q)
    ids = await search.ids()
    pages = pages_of(len(ids), length=LIST_LENGTH)
    page = min(page, pages)
    shown = ids[(page - 1) * LIST_LENGTH : page * LIST_LENGTH]
    listed = await conversations.conversations.in_this_order(shown)
    messages = await search.messages(shown)
    found = {item.id: found_in(item, messages.get(item.id), search.parts) for item in listed}
    return Inbox(tab, page, pages, await _rows(conversations, listed, found), counts, q, len(ids))


async def _rows(
    conversations: ConversationService, listed: Sequence[Conversation], found: Mapping[str, Found] | None = None
) -> list[Row]:
    ids = [conversation.id for conversation in listed]
    last = await conversations.conversations.last_messages(ids)
    sent = await conversations.conversations.deliveries_of_last(last)
    tickets = await conversations.tickets.tickets.unfinished_by_conversation(ids)
    now = conversations.clock.now()
    found = found or {}
    return [
        row_of(item, last.get(item.id), sent.get(item.id), tickets.get(item.id), now, found.get(item.id))
        for item in listed
    ]


async def _counts(conversations: ConversationService, agent: Agent) -> dict[Tab, int]:
    everybodys = await conversations.conversations.count_by_status()
    mine = await conversations.conversations.count_by_status(assignee_id=agent.id)
    return {
        tab: sum((mine if tab is Tab.mine else everybodys).get(status, 0) for status in tab.statuses) for tab in Tab
    }


async def read_thread(
    conversations: ConversationService,
    agent: Agent,
    conversation_id: str,
    *,
    start: int | None = None,
    message: int | None = None,
) -> Thread:
    """A conversation as it is now, or the one that it was merged into; without a start, its last messages, and those
    from a named one on.

    Raises:
        ConversationNotFound
    """
    conversation = await conversations.get(conversation_id)
    repository = conversations.conversations
    if start is None:
        first = min(conversation.last_sequence - THREAD_LENGTH, (message or conversation.last_sequence) - 1)
        start = max(0, first) // THREAD_STEP * THREAD_STEP
    messages = await repository.messages(conversation.id, after=start)
    deliveries = await repository.deliveries(conversation.id)
    last = await repository.last_from_contact(conversation.id)
    tickets = list(await conversations.tickets.of_contact(conversation.contact_id))
    handoff = await _current_handoff(conversations, conversation)
    ticket = _ticket_of(conversation, handoff, tickets)
    return Thread(
        conversation=conversation,
        tab=tab_of(conversation, agent),
        mood=mood_of(conversation.frustration),
        start=start,
        entries=entries_of(
            messages,
            deliveries,
            seen_sequence=conversation.contact_seen_sequence,
            got_sequence=conversation.contact_got_sequence,
        ),
        last_from_contact=last.sequence if last else 0,
        actions=actions_of(conversation),
        can_become_article=conversation.status is ConversationStatus.resolved
        and may(agent.role, Permission.edit_knowledge),
        ticket=ticket,
        due=due_of(ticket, conversations.clock.now()) if ticket else None,
        handoff=handoff,
        causes=causes_of(handoff) if handoff else [],
        tickets=tickets,
        ratings=list(await repository.ratings(conversation.id)),
        max_file_bytes=MAX_FILE_BYTES if conversation.inbox.channel in FILE_CHANNELS else 0,
        colleagues=await AgentRepository(conversations.session).who_may_have_work(now=conversation.assignee_id),
    )


async def read_earlier(conversations: ConversationService, conversation_id: str, *, before: int) -> list[Entry]:
    """The messages up to this sequence number, as many as a page shows."""
    conversation = await conversations.get(conversation_id)
    first = max(0, before - THREAD_LENGTH)
    messages = await conversations.conversations.messages(conversation_id, after=first, limit=before - first)
    deliveries = await conversations.conversations.deliveries(conversation_id)
    return entries_of(
        messages,
        deliveries,
        seen_sequence=conversation.contact_seen_sequence,
        got_sequence=conversation.contact_got_sequence,
    )


async def _current_handoff(conversations: ConversationService, conversation: Conversation) -> Handoff | None:
    """The handoff by which people have the conversation now."""
    if conversation.status not in (ConversationStatus.waiting, ConversationStatus.open):
        return None
    handoffs = await conversations.conversations.handoffs(conversation.id)
    return handoffs[0] if handoffs else None


def _ticket_of(conversation: Conversation, handoff: Handoff | None, tickets: list[Ticket]) -> Ticket | None:
    """The handoff's ticket, or else the latest unsolved one of this conversation."""
    if handoff:
        return next((ticket for ticket in tickets if ticket.id == handoff.ticket_id), None)
    own = (ticket for ticket in tickets if ticket.conversation_id == conversation.id and not ticket.solved_at)
    return next(own, None)
