"""The inbox: lists of conversations, and one conversation with what agents do about it.

Every changing route answers a plain form with a redirect, and htmx with the parts of the page that changed.
"""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from core.http import RowId
from crm.agents.auth import ConversationAgent, CurrentAgent
from crm.agents.permissions import Permission, may
from crm.agents.service import AgentNotFound
from crm.conversations.contents import MessageEmpty, MessageTooLong
from crm.conversations.files import FileEmpty, FileTooLarge
from crm.conversations.handling import FileNotCarried, KeyReused, id_of_sending
from crm.conversations.service import ConversationService
from crm.conversations.transitions import StatusChangeRefused
from crm.dependencies import AgentsDep, ConversationsDep, ConversationsReadDep, HandlingDep
from crm.models import Agent
from web.desk.composer import DraftDep, composer
from web.desk.pages import PageNumber, fragment, home_of, is_htmx, page
from web.desk.presenter import Tab
from web.desk.reading import (
    MAX_WORDS_CHARACTERS,
    Shown,
    address_of,
    read_earlier,
    read_inbox,
    read_thread,
)
from web.knowledge_access import KnowledgeReadDep

router = APIRouter(prefix="/desk", include_in_schema=False)

SUGGESTIONS = 4
ConversationPath = "/conversations/{conversation_id}"


async def read_shown(
    tab: Annotated[Tab | None, Form()] = None,
    number: Annotated[int, Form(ge=1, alias="page")] = 1,
    q: Annotated[str, Form(max_length=MAX_WORDS_CHARACTERS)] = "",
    start: Annotated[int | None, Form(ge=0)] = None,
) -> Shown:
    """What the page showed where a button was pressed."""
    return Shown(tab=tab, page=number, q=q, start=start)


ShownDep = Annotated[Shown, Depends(read_shown)]
Words = Annotated[str, Query(max_length=MAX_WORDS_CHARACTERS)]


@router.get("")
async def show_inbox(
    request: Request,
    agent: CurrentAgent,
    conversations: ConversationsReadDep,
    tab: Tab = Tab.waiting,
    number: PageNumber = 1,
    q: Words = "",
) -> Response:
    """A list, or what words find in all of them, with no conversation open; others are led to their own work."""
    if not may(agent.role, Permission.handle_conversations):
        return RedirectResponse(home_of(agent.role), status_code=303)
    inbox = await read_inbox(conversations, agent, tab, page=number, q=q)
    return page(request, "desk/inbox.html", agent, section="conversations", inbox=inbox, thread=None)


@router.get(ConversationPath)
async def show_conversation(
    request: Request,
    conversation_id: str,
    agent: ConversationAgent,
    conversations: ConversationsReadDep,
    tab: Tab | None = None,
    number: PageNumber = 1,
    q: Words = "",
    message: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """A conversation, beside the list it was opened from; with all its messages from a named one on."""
    thread = await read_thread(conversations, agent, conversation_id, message=message)
    if thread.conversation.id != conversation_id:
        return RedirectResponse(address_of(thread.conversation.id, tab=tab, page=number, q=q), status_code=302)
    inbox = await read_inbox(conversations, agent, tab or thread.tab, page=number, q=q)
    return page(request, "desk/inbox.html", agent, section="conversations", inbox=inbox, thread=thread, **composer())


@router.get(f"{ConversationPath}/earlier")
async def show_earlier(
    request: Request,
    conversation_id: str,
    _agent: ConversationAgent,
    conversations: ConversationsReadDep,
    before: Annotated[int, Query(ge=1)],
) -> Response:
    """The messages before those that the page shows, as a fragment."""
    entries = await read_earlier(conversations, conversation_id, before=before)
    return HTMLResponse(
        fragment(
            request,
            "desk/parts/earlier.html",
            conversation_id=conversation_id,
            entries=entries,
            start=entries[0].message.sequence - 1 if entries else 0,
        )
    )


@router.get(f"{ConversationPath}/suggestions")
async def suggest_articles(
    request: Request,
    conversation_id: str,
    _agent: ConversationAgent,
    conversations: ConversationsReadDep,
    knowledge: KnowledgeReadDep,
) -> Response:
    """The articles nearest to the contact's last message, as a fragment."""
    conversation = await conversations.get(conversation_id)
    last = await conversations.conversations.last_from_contact(conversation.id)
    offers = []
    if last and last.vector:
        embedder = knowledge.live.embedder
        is_ours = last.encoder == embedder.fingerprint
        vector = np.frombuffer(last.vector, dtype="<f4")
        vector = vector if is_ours else await embedder.embed_question(last.latest_text, own=knowledge.live)
        offers = await knowledge.suggest(
            last.latest_text, vector, language=conversation.language, count=SUGGESTIONS, for_agents=True
        )
    site = request.app.state.settings.public_url or str(request.base_url)
    return HTMLResponse(fragment(request, "desk/parts/suggestions.html", offers=offers, site=site.rstrip("/")))


@router.post(f"{ConversationPath}/messages")
async def write(
    request: Request,
    conversation_id: str,
    agent: ConversationAgent,
    draft: DraftDep,
    conversations: ConversationsDep,
    handling: HandlingDep,
) -> Response:
    """Answer the contact, or keep an internal note; a file may go with either."""
    conversation = await conversations.lock(conversation_id)
    # Who writes a note mostly writes another, and would not see that the next one goes to the contact.
    context: dict[str, Any] = {"sent": True, "kind": draft.kind}
    say = handling.add_note if draft.kind == "note" else handling.reply
    external_id = id_of_sending(agent, conversation_id, draft.key)
    try:
        await say(conversation, draft.text, by=agent, file=draft.file, external_id=external_id)
    except (MessageEmpty, MessageTooLong, FileEmpty, FileTooLarge, FileNotCarried, KeyReused) as error:
        context = {"draft": draft.text, "kind": draft.kind, "problem": error.code}
    return await _after(request, agent, conversations, conversation_id, draft.shown, **context)


@router.post(f"{ConversationPath}/seen", status_code=204)
async def mark_seen(
    conversation_id: str, _agent: ConversationAgent, conversations: ConversationsDep, handling: HandlingDep
) -> None:
    """The agent has the conversation before their eyes; its contact is shown so."""
    await handling.read_by_agent(await conversations.lock(conversation_id))


@router.post(f"{ConversationPath}/typing", status_code=204)
async def show_typing(
    request: Request,
    conversation_id: str,
    agent: ConversationAgent,
    conversations: ConversationsDep,
    handling: HandlingDep,
) -> None:
    """The agent is writing to the contact; kept nowhere."""
    conversation = await conversations.get(conversation_id)
    if await handling.agent_types(conversation, by=agent):
        request.app.state.typing_signs.show(conversation.inbox_id, conversation.identity.external_id)


@router.post(f"{ConversationPath}/take")
async def take(
    request: Request,
    conversation_id: str,
    agent: ConversationAgent,
    conversations: ConversationsDep,
    handling: HandlingDep,
    shown: ShownDep,
) -> Response:
    """Take a conversation from the bot or the queue, and say so where a colleague was faster."""
    conversation = await conversations.lock(conversation_id)
    await handling.take(conversation, by=agent)
    if conversation.assignee_id != agent.id:
        raise StatusChangeRefused("A colleague has the conversation already.")
    return await _after(request, agent, conversations, conversation_id, shown)


@router.post(f"{ConversationPath}/assign")
async def assign(
    request: Request,
    conversation_id: str,
    agent: ConversationAgent,
    conversations: ConversationsDep,
    handling: HandlingDep,
    agents: AgentsDep,
    assignee: Annotated[RowId, Form()],
    shown: ShownDep,
) -> Response:
    """Give an open conversation to a colleague; refused once it is open no more."""
    person = await agents.agents.get(assignee)
    if person is None:
        raise AgentNotFound
    await handling.assign(await conversations.lock(conversation_id), to=person, by=agent)
    return await _after(request, agent, conversations, conversation_id, shown)


@router.post(f"{ConversationPath}/resolve")
async def resolve(
    request: Request,
    conversation_id: str,
    agent: ConversationAgent,
    conversations: ConversationsDep,
    handling: HandlingDep,
    shown: ShownDep,
) -> Response:
    """Close the matter; the contact is asked for a rating."""
    await handling.resolve(await conversations.lock(conversation_id), by=agent)
    return await _after(request, agent, conversations, conversation_id, shown)


@router.post(f"{ConversationPath}/return-to-bot")
async def return_to_bot(
    request: Request,
    conversation_id: str,
    agent: ConversationAgent,
    conversations: ConversationsDep,
    handling: HandlingDep,
    shown: ShownDep,
) -> Response:
    """Let the bot answer again."""
    await handling.return_to_bot(await conversations.lock(conversation_id))
    return await _after(request, agent, conversations, conversation_id, shown)


async def _after(
    request: Request,
    agent: Agent,
    conversations: ConversationService,
    conversation_id: str,
    shown: Shown,
    **changed: Any,
) -> Response:
    """What a change is answered with: the changed parts for htmx, otherwise the page."""
    refused = "problem" in changed
    if not is_htmx(request) and not refused:
        return RedirectResponse(shown.address(conversation_id), status_code=303)
    thread = await read_thread(conversations, agent, conversation_id, start=shown.start)
    if is_htmx(request) and thread.conversation.id != conversation_id:
        # The page shows a conversation that is part of another one now.
        return Response(headers={"HX-Redirect": shown.address(thread.conversation.id)})
    context = composer(**changed)
    inbox = await read_inbox(conversations, agent, shown.tab or thread.tab, page=shown.page, q=shown.q)
    status = 422 if refused else 200
    if not is_htmx(request):
        return page(
            request,
            "desk/inbox.html",
            agent,
            section="conversations",
            status=status,
            inbox=inbox,
            thread=thread,
            **context,
        )
    parts = fragment(request, "desk/parts/after.html", agent=agent, inbox=inbox, thread=thread, **context)
    return HTMLResponse(parts, status_code=status)
