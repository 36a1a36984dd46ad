"""The desk's socket: whenever something changes, each agent's browser is sent the parts it shows, as they are now.

What is sent is the state and never a difference, so a lost hint, a dropped line or a push too many does no harm: the
browser morphs what it has into what it gets, and keeps what the agent is typing.
"""

import asyncio
import json
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, WebSocket, WebSocketDisconnect
from pydantic import Field, ValidationError

from core.events import Event
from core.tasks import end_all
from crm.agents.auth import signed_in_agent
from crm.agents.permissions import Permission, may
from crm.conversations.service import ConversationNotFound, ConversationService
from crm.enums import Author, ConversationStatus
from crm.models import Agent, Message
from web.desk.pages import fragment
from web.desk.presenter import Tab
from web.desk.reading import Shown, read_beside_found, read_inbox, read_thread

router = APIRouter(prefix="/desk")

# Codes of our own, on which hx-ws does not try again.
SIGNED_OUT = 4401
NOT_ALLOWED = 4403
# Waiting times go on while nothing happens, and a session may have ended.
LOOK_AROUND_SECONDS = 30.0
# Somebody writes; signs out or is allowed less; is told of a ticket.
CHANGE_NO_LIST = frozenset({"typing", "access", "ticket_assigned"})
# Work that a colleague gave to somebody, who is told of it.
GIVEN = frozenset({"assigned", "ticket_assigned"})
# By the answer the browser knows that its line is whole; desk.js asks, and hx-ws finds nothing to show in the answer.
PING, PONG = '{"ping": true}', '{"pong": true}'


class View(Shown):
    """What an agent's browser shows, and perhaps a conversation beside it."""

    tab: Tab = Tab.waiting
    conversation: Annotated[str, Field(max_length=32)] = ""
    start: Annotated[int, Field(ge=0)] = 0


@router.websocket("/live")
async def live(socket: WebSocket, agent: Annotated[Agent | None, Depends(signed_in_agent)]) -> None:
    """For people who handle conversations; a socket of anybody else is closed with a code that says why."""
    # A refusal before accepting would reach the browser as a broken line, which it tries to mend for ever.
    await socket.accept()
    if code := _refusal(agent):
        await socket.close(code)
    elif agent:
        await LiveDesk(socket, agent).run()


def _refusal(agent: Agent | None) -> int | None:
    if agent is None:
        return SIGNED_OUT
    return None if may(agent.role, Permission.handle_conversations) else NOT_ALLOWED


class LiveDesk:
    """One browser of one agent."""

    def __init__(self, socket: WebSocket, agent: Agent) -> None:
        self.socket = socket
        self.agent = agent
        self.view: View | None = None
        self._shown: dict[str, int] = {}
        self._heard: dict[str, int] = {}

    async def run(self) -> None:
        """Serve the browser until it leaves or is signed out."""
        async with self.socket.app.state.events.listen("desk") as events:
            # Who only writes never notices that the browser has gone, and keeps the server from shutting down.
            tasks = {asyncio.create_task(self._read(events)), asyncio.create_task(self._write(events))}
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                # Also when the server stops and cancels us.
                await end_all(tasks)
            # Also of the one that was to be ended: it may have found the browser gone in the middle of a push.
            for task in tasks:
                with suppress(WebSocketDisconnect, asyncio.CancelledError):
                    task.result()

    async def _read(self, events: "asyncio.Queue[Event]") -> None:
        """Hear what the browser shows; it says so on every connection and whenever that changes."""
        async for text in self.socket.iter_text():
            if text == PING:
                await self.socket.send_text(PONG)
                continue
            with suppress(ValidationError):
                self.view = View.model_validate_json(text)
                self._shown.clear()
                with suppress(asyncio.QueueFull):
                    events.put_nowait({"type": "view"})

    async def _write(self, events: "asyncio.Queue[Event]") -> None:
        while True:
            changes = await _next(events)
            agent = await signed_in_agent(self.socket)
            if code := _refusal(agent):
                await self.socket.close(code)
                return
            await self._tell(agent, changes)
            if self.view:
                await self._push(self.view, changes)

    async def _tell(self, agent: Agent | None, changes: list[Event]) -> None:
        """Show what this agent is told of, on whatever page they are."""
        for event in changes:
            if agent and _is_for(agent, event):
                await self._notify(event)

    async def _notify(self, event: Event) -> None:
        if event["type"] == "ticket_assigned":
            await self.socket.send_text(fragment(self.socket, "desk/parts/live_told.html", **event))
            return
        async with self.socket.app.state.work.reading() as session:
            conversations: ConversationService = self.socket.app.state.open_conversations(session)
            with suppress(ConversationNotFound):
                conversation = await conversations.get(event["conversation_id"])
                told = fragment(self.socket, "desk/parts/live_told.html", conversation=conversation, **event)
                await self.socket.send_text(told)

    async def _push(self, view: View, changes: list[Event]) -> None:
        if not changes or any(event["type"] not in CHANGE_NO_LIST for event in changes):
            await self._push_state(view, changes)
        for event in changes:
            if event["type"] == "typing" and event["conversation_id"] == view.conversation:
                await self.socket.send_text(fragment(self.socket, "desk/parts/typing.html", **event))

    async def _push_state(self, view: View, changes: list[Event]) -> None:
        async with self.socket.app.state.work.reading() as session:
            conversations: ConversationService = self.socket.app.state.open_conversations(session)
            await self._push_parts(conversations, view)
            if await self._calls_for_attention(conversations, changes):
                await self.socket.send_text(json.dumps({"chime": True}))

    async def _push_parts(self, conversations: ConversationService, view: View) -> None:
        """Send the list and the open conversation, each only if it looks different from what was sent last."""
        context = {"agent": self.agent, "selected": view.conversation}
        if view.q:
            # To look for the same words again at everything that happens would be dear, and move what is being read.
            inbox = await read_beside_found(conversations, self.agent, view)
        else:
            inbox = await read_inbox(conversations, self.agent, view.tab, page=view.page)
        await self._send("inbox", fragment(self.socket, "desk/parts/live_inbox.html", inbox=inbox, **context))
        if not view.conversation:
            return
        with suppress(ConversationNotFound):
            thread = await read_thread(conversations, self.agent, view.conversation, start=view.start)
            moved = thread.conversation.id != view.conversation
            part = "desk/parts/live_moved.html" if moved else "desk/parts/live_thread.html"
            await self._send("thread", fragment(self.socket, part, inbox=inbox, thread=thread, **context))

    async def _send(self, part: str, html: str) -> None:
        if self._shown.get(part) != hash(html):
            self._shown[part] = hash(html)
            await self.socket.send_text(html)

    async def _calls_for_attention(self, conversations: ConversationService, changes: list[Event]) -> bool:
        """Whether a contact has just written to whom this agent should listen."""
        ids = {event["conversation_id"] for event in changes if event["type"] == "conversation"}
        last = await conversations.conversations.last_messages(list(ids)) if ids else {}
        new = {key: message for key, message in last.items() if self._heard.get(key) != message.sequence}
        self._heard |= {key: message.sequence for key, message in new.items()}
        return any([await self._concerns_me(conversations, message) for message in new.values()])

    async def _concerns_me(self, conversations: ConversationService, message: Message) -> bool:
        conversation = await conversations.get(message.conversation_id)
        if conversation.status is ConversationStatus.waiting:
            return True
        # What a colleague left who works here no more is everybody's.
        is_mine = conversation.assignee_id in (None, self.agent.id)
        is_open = conversation.status is ConversationStatus.open
        return is_open and is_mine and message.author is Author.contact


def _is_for(agent: Agent, event: Event) -> bool:
    """Whether it is a handoff that people in this agent's role are told of, or work that they were given."""
    is_told_by_role = event["type"] == "handed_off" and agent.role in event["roles"]
    return is_told_by_role or (event["type"] in GIVEN and bool(agent.id == event["agent_id"]))


async def _next(events: "asyncio.Queue[Event]") -> list[Event]:
    """What has happened since, at least one thing; nothing at all after a while of silence."""
    try:
        changes = [await asyncio.wait_for(events.get(), LOOK_AROUND_SECONDS)]
    except TimeoutError:
        return []
    while not events.empty():
        changes.append(events.get_nowait())
    return changes
