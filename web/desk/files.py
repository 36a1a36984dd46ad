"""Files of conversations, for the people who handle them."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path
from fastapi.responses import Response

from crm.agents.auth import ConversationAgent
from crm.conversations.service import FileNotFound
from crm.dependencies import ConversationsReadDep
from web.desk.presenter import file_name_of

router = APIRouter(prefix="/desk", include_in_schema=False)

# A contact's file must never run as a page of ours, whatever is in it. `nosniff` is on every answer already.
_HARMLESS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
    # Pictures and sounds are packed already; packing them again would only hold up everybody else.
    "Content-Encoding": "identity",
}


@router.get("/files/{attachment_id}")
async def give_file(
    attachment_id: Annotated[int, Path(ge=1, le=2**31 - 1)],
    _agent: ConversationAgent,
    conversations: ConversationsReadDep,
) -> Response:
    """A file to be saved; our own pages show pictures and play sounds from here."""
    attachment = await conversations.stored_file(attachment_id)
    name = quote(file_name_of(attachment), safe="")
    return Response(
        attachment.content,
        media_type=attachment.content_type,
        headers={**_HARMLESS, "Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )


@router.get("/emails/{message_id}")
async def show_email(
    message_id: Annotated[int, Path(ge=1, le=2**31 - 1)],
    _agent: ConversationAgent,
    conversations: ConversationsReadDep,
) -> Response:
    """All that a mail said, as plain text, where the thread shows only what was new in it."""
    text = await conversations.conversations.email_original(message_id)
    if text is None:
        raise FileNotFound
    return Response(text, media_type="text/plain", headers=dict(_HARMLESS))
