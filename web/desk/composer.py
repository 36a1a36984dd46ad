"""What an agent sends from the composer: words, and perhaps a file."""

import secrets
from typing import Annotated, Any, Literal

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile

from crm.agents.auth import ConversationAgent
from crm.conversations.files import MAX_FILE_BYTES, File
from web.desk.reading import Shown


class Draft(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    text: str = ""
    kind: Literal["reply", "note"] = "reply"
    shown: Shown = Shown()
    file: File | None = None
    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]*$", max_length=64)] = ""


def composer(*, draft: str = "", kind: str = "reply", problem: str = "", sent: bool = False) -> dict[str, Any]:
    """What the composer shows, with a new key: what is sent from it is stored once, however often the form comes."""
    return {"draft": draft, "kind": kind, "problem": problem, "sent": sent, "key": secrets.token_urlsafe(16)}


async def read_draft(request: Request, _agent: ConversationAgent) -> Draft:
    """The form; read here and not by FastAPI, which would take in a large file before it asks who sends it."""
    async with request.form(max_files=1, max_fields=10) as form:
        fields: dict[str, Any] = {name: value for name, value in form.items() if isinstance(value, str) and value}
        fields["shown"] = {name: fields.pop(name) for name in Shown.model_fields if name in fields}
        upload = form.get("file")
        # A browser sends a field without a name where nothing was chosen.
        if isinstance(upload, UploadFile) and upload.filename:
            # One byte more than fits tells that it is too large.
            fields["file"] = File(upload.filename, await upload.read(MAX_FILE_BYTES + 1))
    try:
        return Draft.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


DraftDep = Annotated[Draft, Depends(read_draft)]
