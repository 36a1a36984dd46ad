"""Files that visitors send and get."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import UploadFile

from connectors.web_widget.connector import Visitor
from connectors.web_widget.downloads import Download, Downloads
from connectors.web_widget.entrance import Entrance
from connectors.web_widget.limits import WidgetLimits
from connectors.web_widget.schemas import ClientId, external_id_of
from core.errors import NotFound, TooManyRequests
from core.http import host_of
from core.security import Signer
from crm.conversations.files import MAX_FILE_BYTES, File, FileEmpty, visitors_file
from crm.conversations.intake import Intake
from crm.conversations.ports import IncomingMessage
from crm.conversations.reception import Reception
from crm.conversations.repository import ConversationRepository
from crm.conversations.service import OpenService
from crm.enums import AttachmentState
from crm.models import Attachment
from crm.wording import Wording
from language.normalise import safe_text

# A page that stays open for longer has to be loaded again for its older files.
LINK_SECONDS = 7 * 24 * 3600
# What stands for a file without words, by the first half of its type; also what Telegram's files are called.
PLACEHOLDERS = {
    "image": "utter_telegram_photo",
    "audio": "utter_telegram_audio",
    "video": "utter_telegram_video",
    "application": "utter_telegram_document",
}
# A file must never run as a page of ours, whatever is in it. `nosniff` is on every answer already.
HARMLESS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=86400",
    "Content-Encoding": "identity",
}


class FileLinkWrong(NotFound):
    """There is no such file, or its link is too old; the widget has a new one when the page is loaded again."""

    code = "file_not_found"


class SentFile(BaseModel):
    """A file's fields, as the form has them."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    client_id: ClientId
    text: str = ""
    file: File | None = None


class WidgetFiles:
    """Takes files in, and gives out those for which somebody has a link of ours."""

    def __init__(
        self,
        entrance: Entrance,
        signer: Signer,
        *,
        limits: WidgetLimits,
        intake: Intake,
        open_service: OpenService,
        wording: Wording,
    ) -> None:
        self._entrance = entrance
        self._signer = signer
        self._limits = limits
        self._intake = intake
        self._open_service = open_service
        self._wording = wording
        self._downloads = Downloads()
        self._per_day = entrance.settings.files_per_day

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter()
        router.add_api_route("/widget/files", self.take, methods=["POST"], status_code=201)
        router.add_api_route("/widget/files/{link}", self.give, methods=["GET"], include_in_schema=False)
        return router

    def link(self, base_url: str, file: Attachment) -> str:
        """Where whoever is told of the file gets it, for some days."""
        return f"{base_url}/widget/files/{self._signer.sign({'file': file.id})}"

    async def take(self, request: Request) -> dict[str, Any]:
        """Store a visitor's file, perhaps with words; nothing is read of somebody who may not send one."""
        visitor = await self._entrance.visitor(request)
        await self._entrance.check_introduced(visitor)
        await self._check_limits(request, visitor)
        sent = await _form_of(request)
        if sent.file is None:
            raise FileEmpty
        file = visitors_file(sent.file)
        placeholder = "" if sent.text.strip() else PLACEHOLDERS[file.content_type.partition("/")[0]]
        shown = f"{self._wording.say(placeholder, visitor.language).text} {file.name}" if placeholder else sent.text
        received = await self._intake.receive(
            IncomingMessage(
                inbox_id=visitor.inbox_id,
                contact_external_id=visitor.external_id,
                external_id=external_id_of(sent.client_id, visitor.device),
                text=shown.strip(),
                language=visitor.language,
                upload=file,
                response=placeholder or None,
            )
        )
        return {"sequence": received.message.sequence}

    async def give(self, link: str, request: Request) -> Response:
        """A file to be saved; the widget shows pictures from here."""
        host = host_of(request)
        self._limits.given(host=host)
        named = self._signer.read(link, max_age_seconds=LINK_SECONDS) or {}
        async with self._entrance.work.reading() as session:
            file = await session.get(Attachment, int(named.get("file", 0)))
        if file is None or file.state is not AttachmentState.stored:
            raise FileLinkWrong
        # Before its bytes are here, which is what there is only so much room for.
        end = self._downloads.begin(host, file.size or 0)
        try:
            return await self._download(file.id, end)
        except BaseException:
            end()
            raise

    async def _download(self, file_id: int, end: Callable[[], None]) -> Response:
        async with self._entrance.work.reading() as session:
            file = await ConversationRepository(session).attachment(file_id)
        if file is None or file.content is None:
            raise FileLinkWrong
        disposition = f"attachment; filename*=UTF-8''{quote(file.name or 'file', safe='')}"
        headers = {**HARMLESS, "Content-Disposition": disposition}
        return Download(file.content, end=end, media_type=file.content_type or "", headers=headers)

    async def _check_limits(self, request: Request, visitor: Visitor) -> None:
        """Refuse who has sent too many.

        Raises:
            TooManyRequests
        """
        async with self._entrance.work.reading() as session:
            reception = Reception(self._open_service(session))
            sent = await reception.files_sent(visitor.inbox_id, visitor.external_id)
        if sent >= self._per_day:
            raise TooManyRequests(3600, f"So many files can be sent within a day: {self._per_day}.")
        self._limits.file(host=host_of(request))


async def _form_of(request: Request) -> SentFile:
    """The form; read here and not by FastAPI, which would take in a large file before it asks who sends it."""
    async with request.form(max_files=1, max_fields=2) as form:
        fields: dict[str, Any] = {name: safe_text(value) for name, value in form.items() if isinstance(value, str)}
        upload = form.get("file")
        if isinstance(upload, UploadFile):
            # One byte more than fits tells that it is too large.
            fields["file"] = File(upload.filename or "", await upload.read(MAX_FILE_BYTES + 1))
    try:
        return SentFile.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
