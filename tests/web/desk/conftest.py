import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from fastapi import FastAPI

from crm.agents.service import AgentService
from crm.conversations.intake import Intake
from crm.conversations.service import ConversationService
from crm.enums import HandoffReason
from crm.models import Agent, Conversation, Inbox
from tests.conftest import message
from tests.web.desk.browser_socket import BrowserSocket, browser_socket

HOSTILE = "<script>alert(1)</script> \u202eabc"


def is_asked_first(page: str, action: str) -> bool:
    """Whether the one form that does this is in a dialog, which opens at a button and warns."""
    form = f'action="{action}"'
    dialogs = re.findall(r'<section class="dialog" id="([^"]+)" popover.*?</section>', page, re.DOTALL)
    (name,) = [name for name in dialogs if form in page.partition(f'id="{name}"')[2].partition("</section>")[0]]
    return page.count(form) == 1 and f'popovertarget="{name}">' in page


@pytest.fixture
def says(intake: Intake, inbox: Inbox) -> Callable[..., Awaitable[Conversation]]:
    """A contact writes."""
    count = 0

    async def say(text: str, *, visitor: str = "visitor", name: str = "") -> Conversation:
        nonlocal count
        count += 1
        incoming = message(inbox, text, number=count, visitor=visitor, language="en", contact_name=name)
        return (await intake.receive(incoming)).conversation

    return say


@pytest.fixture
async def conversation(says: Callable[..., Awaitable[Conversation]]) -> Conversation:
    """Somebody has asked the bot something."""
    return await says("Where is my invoice?")


@pytest.fixture
async def waiting(app: FastAPI, conversation: Conversation) -> Conversation:
    """The bot has brought in people."""
    async with app.state.work.begin() as session:
        service: ConversationService = app.state.open_conversations(session)
        await service.hand_off(await service.lock(conversation.id), HandoffReason.contact_asked)
    return conversation


@pytest.fixture
def switch_off(app: FastAPI) -> Callable[[Agent], Awaitable[None]]:
    """Let somebody not work here any more."""

    async def switch(agent: Agent) -> None:
        async with app.state.work.begin() as session:
            await AgentService(session, clock=app.state.clock).change(agent.id, is_active=False)

    return switch


@pytest.fixture
async def open_socket(app: FastAPI) -> AsyncIterator[Callable[..., Awaitable[BrowserSocket]]]:
    """Open the desk's socket as a browser with these cookies does."""
    sockets: list[BrowserSocket] = []

    async def connect(cookies: dict[str, str], path: str = "/desk/live") -> BrowserSocket:
        sockets.append(await browser_socket(app, path, cookies))
        return sockets[-1]

    yield connect
    for socket in sockets:
        await socket.leave()
