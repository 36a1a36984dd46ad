"""A Bot API server for tests: the parts of Telegram that the connector uses, with Telegram's rules.

In process through `httpx.ASGITransport(Emulator().app)`, or as a server with a small control API under `/control`:

    python -m tests.connectors.telegram.emulator --port 8081

Rules after https://core.telegram.org/bots/api: updates are kept until a higher offset is asked for or the webhook says
2xx, in order within a chat; a failed webhook call is repeated at once, then after 1, 2, 4 ... seconds, or when its
`Retry-After` says, for 24 hours.
"""

import argparse
import asyncio
import base64
import hmac
import json
import re
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from html.parser import HTMLParser
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile
from starlette.types import Receive, Scope, Send

TOKEN = "7000000001:AAEmulatorEmulatorEmulatorEmulator0"
MAX_TEXT_CHARACTERS = 4096
MAX_CAPTION_CHARACTERS = 1024
MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_DOCUMENT_BYTES = 50 * 1024 * 1024
MAX_BUTTONS = 100
MAX_BUTTON_BYTES = 64
KEPT_SECONDS = 24 * 3600
EPOCH = 1795396200
GROUP = {"id": -1001234567890, "title": "گروه پشتیبانی", "type": "supergroup"}

Json = dict[str, Any]


class ApiError(Exception):
    """What Telegram answers instead of a result."""

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.body = {"ok": False, "error_code": status, "description": description}
        if parameters:
            self.body["parameters"] = parameters
        self.status = status


def bad_request(description: str) -> ApiError:
    return ApiError(400, f"Bad Request: {description}")


def flood(retry_after: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def migrated(new_chat: int) -> ApiError:
    description = "Bad Request: group chat was upgraded to a supergroup chat"
    return ApiError(400, description, migrate_to_chat_id=new_chat)


def bad_gateway() -> ApiError:
    return ApiError(502, "Bad Gateway")


class CutLine(Response):
    """An answer that breaks off: the client cannot know what became of its request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"512")]})
        await send({"type": "http.response.body", "body": b'{"ok":', "more_body": True})
        # In process this reaches the client as it is; a server closes the connection when it sees it.
        raise httpx.RemoteProtocolError("the emulator cut the line")


class Emulator:
    """One bot on one Bot API server, and the people who write to it."""

    def __init__(
        self,
        *,
        token: str = TOKEN,
        username: str = "hamyar_test_bot",
        caller: httpx.AsyncClient | None = None,
        local: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.token = token
        self.username = username
        # Calls the webhook.
        self.caller = caller
        # A Bot API server of one's own in local mode calls webhooks without TLS too.
        self._schemes = ("https", "http") if local else ("https",)
        self._sleep = sleep
        self.updates: list[Json] = []
        self.webhook: Json | None = None
        self.chats: dict[int, Json] = {}
        self.blocked: set[int] = set()
        self.messages: dict[tuple[int, int], Json] = {}
        # What people and the bot have sent, by file_id.
        self.files: dict[str, bytes] = {}
        # What the bot did, in order: messages, answered presses, typing signs, all calls' names.
        self.sent: list[Json] = []
        self.answered: list[Json] = []
        self.typing: list[int] = []
        self.commands: dict[str, Json] = {}
        self.calls: list[str] = []
        # What was asked for, one poll after the other.
        self.offsets: list[int] = []
        self.longest_poll = 50.0
        # The waits between calls of the webhook, and what it answered.
        self.waits: list[float] = []
        self.webhook_answers: list[int] = []
        self._troubles: defaultdict[str, deque[str | Exception]] = defaultdict(deque)
        self._next_update = 830000001
        self._next_message = 1
        self._next_query = 21527600412345678901
        self._arrived = asyncio.Event()
        self._workers: dict[int, asyncio.Task[None]] = {}
        self.app = self._make_app()

    # People

    def write(self, text: str, *, chat: int = 5012345678, language: str | None = "fa", name: str = "سارا") -> Json:
        """A person writes to the bot in their private chat."""
        return self.push({"message": self._message(chat, self._person(chat, language, name), **_typed(text))})

    def write_in_group(
        self, text: str, *, group: Json = GROUP, sender: int = 5012345678, to: Json | None = None, **content: Any
    ) -> Json:
        """A member of a group writes there, perhaps in answer to a message."""
        self.chats[group["id"]] = group
        answered = {"reply_to_message": to} if to else {}
        member = self._person(sender, "fa", "سارا")
        return self.push({"message": self._message(group["id"], member, **_typed(text), **answered, **content)})

    def send_file(
        self,
        kind: str,
        content: bytes,
        *,
        name: str | None = None,
        caption: str | None = None,
        chat: int = 5012345678,
        language: str | None = "fa",
    ) -> Json:
        """A person sends a file; `kind` is Telegram's word for it, such as `photo` or `voice`."""
        file = self._keep(content) | ({"file_name": name} if name else {})
        # Of a photo the smallest size comes first, and this is not it.
        small = {**file, "file_id": "thumbnail", "width": 90, "height": 67}
        shown = [small, {**file, "width": 800, "height": 600}] if kind == "photo" else file | _about(kind)
        words = {"caption": caption} if caption else {}
        message = self._message(chat, self._person(chat, language, "سارا"), **{kind: shown}, **words)
        return self.push({"message": message})

    def edit(self, update: Json, text: str) -> Json:
        """A person changes the words of what they sent."""
        message = update["message"]
        changed = {**message, "text": text, "edit_date": message["date"] + 60}
        self.messages[message["chat"]["id"], message["message_id"]] = changed
        return self.push({"edited_message": changed})

    def press(
        self, title: str, *, chat: int = 5012345678, language: str | None = "fa", data: str | None = None
    ) -> Json:
        """A person presses the last button with this title; `data` is what a forged client sends instead."""
        message, button = self._find_button(chat, title)
        self._next_query += 1
        query = {
            "id": str(self._next_query),
            "from": self._person(chat, language, "سارا"),
            "message": message,
            "chat_instance": "-3612345678901234567",
            "data": data if data is not None else button["callback_data"],
        }
        return self.push({"callback_query": query})

    def push(self, update: Json) -> Json:
        """An update of any kind, numbered here; who writes may be written to."""
        update = {**update, "update_id": self._next_update}
        self._next_update += 1
        chat = _chat_of(update)
        if chat:
            self.chats[chat["id"]] = chat
        self.updates.append(update)
        self._arrived.set()
        self._call_webhook()
        return update

    def texts_to(self, chat: int = 5012345678) -> list[str]:
        """What the bot wrote into a chat, as its reader sees it."""
        texts = [message.get("text", message.get("caption", "")) for message in self.sent if _is_in(message, chat)]
        return [text for text in texts if text]

    def files_to(self, chat: int = 5012345678) -> list[tuple[str, str, bytes]]:
        """What files the bot sent into a chat: `photo` or `document`, the name, the bytes."""
        found = []
        for message in self.sent:
            if _is_in(message, chat) and (file := message.get("document") or message.get("photo", [None])[-1]):
                kind = "document" if "document" in message else "photo"
                found.append((kind, file.get("file_name", ""), self.files[file["file_id"]]))
        return found

    def fail_next(self, method: str, *troubles: str | Exception) -> None:
        """Make the next calls of a method fail.

        `cut_before` and `cut_after` cut the line before or after the call had its effect; an `httpx` error is what the
        client meets (in process only); an `ApiError` is Telegram's answer; `none` lets one call pass.
        """
        self._troubles[method].extend(troubles)

    def count_from(self, number: int) -> None:
        """Number updates anew, as Telegram may after a week without any."""
        self._next_update = number

    async def settle(self) -> None:
        """Wait until the webhook has taken all that it will."""
        while self._workers:
            await asyncio.gather(*self._workers.values())

    async def close(self) -> None:
        """Stop calling the webhook."""
        for worker in list(self._workers.values()):
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker

    def _person(self, chat: int, language: str | None, name: str) -> Json:
        person: Json = {"id": chat, "is_bot": False, "first_name": name}
        return {**person, "language_code": language} if language else person

    def _message(self, chat: int, sender: Json, **content: Any) -> Json:
        message = {
            "message_id": self._next_message,
            "from": sender,
            "chat": self.chats[chat] if chat < 0 else {"id": chat, "first_name": "سارا", "type": "private"},
            "date": EPOCH + self._next_message,
            **content,
        }
        self._next_message += 1
        self.messages[chat, message["message_id"]] = message
        return message

    def _keep(self, content: bytes) -> Json:
        """A file as messages name it."""
        number = len(self.files) + 1
        self.files[f"AgACAgQAAxkBAAMO{number}"] = content
        return {"file_id": f"AgACAgQAAxkBAAMO{number}", "file_unique_id": f"AQAD{number}", "file_size": len(content)}

    def _find_button(self, chat: int, title: str) -> tuple[Json, Json]:
        for message in reversed([sent for sent in self.sent if sent["chat"]["id"] == chat]):
            for row in message.get("reply_markup", {}).get("inline_keyboard", []):
                for button in row:
                    if button["text"] == title:
                        return message, button
        raise LookupError(f"no button {title!r}")

    # The webhook

    def _call_webhook(self) -> None:
        """One worker for each chat that has updates: in order within it."""
        if not self.webhook or not self.caller:
            return
        for update in self.updates:
            key = (_chat_of(update) or {"id": 0})["id"]
            if key not in self._workers:
                self._workers[key] = asyncio.create_task(self._deliver(key))

    async def _deliver(self, key: int) -> None:
        try:
            while self.webhook and (waiting := [u for u in self.updates if (_chat_of(u) or {"id": 0})["id"] == key]):
                delivered = await self._deliver_one(waiting[0])
                # Meanwhile the bot may have asked for it instead.
                if delivered and waiting[0] in self.updates:
                    self.updates.remove(waiting[0])
        finally:
            del self._workers[key]

    async def _deliver_one(self, update: Json) -> bool:
        """Call until the update is taken or too old; false when the webhook was taken away before."""
        wait, waited = 0.0, 0.0
        while self.webhook and (asked := await self._posted(update)) is not None:
            if waited >= KEPT_SECONDS:
                return True
            pause = asked or wait
            self.waits.append(pause)
            await self._sleep(pause)
            waited += pause
            if not asked:
                wait = wait * 2 or 1.0
        return self.webhook is not None

    async def _posted(self, update: Json) -> float | None:
        """None when the update is taken; else how long we are asked to wait, 0 where we are not."""
        assert self.webhook
        assert self.caller
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook.get("secret_token", "")}
        try:
            answer = await self.caller.post(self.webhook["url"], json=update, headers=headers)
        except httpx.HTTPError:
            return 0.0
        self.webhook_answers.append(answer.status_code)
        return None if answer.is_success else float(answer.headers.get("retry-after", 0))

    # The Bot API

    def _make_app(self) -> FastAPI:
        app = FastAPI()
        methods: Mapping[str, Callable[[Json], Any]] = {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "setMyCommands": self._set_my_commands,
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
            "sendDocument": self._send_document,
            "sendChatAction": self._send_chat_action,
            "getFile": self._get_file,
            "answerCallbackQuery": self._answer_callback_query,
            "editMessageReplyMarkup": self._edit_message_reply_markup,
        }

        @app.api_route("/bot{token}/{method}", methods=["GET", "POST"])
        async def call(token: str, method: str, request: Request) -> Response:
            arguments = {**request.query_params, **await _fields_of(request)}
            self.calls.append(method)
            try:
                if not hmac.compare_digest(token, self.token):
                    raise ApiError(401, "Unauthorized")
                if method not in methods:
                    raise ApiError(404, "Not Found")
                trouble = self._troubles[method].popleft() if self._troubles[method] else None
                if isinstance(trouble, Exception):
                    raise trouble
                if trouble == "cut_before":
                    return CutLine()
                result = methods[method](arguments)
                if asyncio.iscoroutine(result):
                    result = await result
                return CutLine() if trouble == "cut_after" else JSONResponse({"ok": True, "result": result})
            except ApiError as error:
                return JSONResponse(error.body, error.status)

        @app.get("/file/bot{token}/{path:path}")
        async def download(token: str, path: str) -> Response:
            self.calls.append("download")
            trouble = self._troubles["download"].popleft() if self._troubles["download"] else None
            if isinstance(trouble, Exception):
                raise trouble
            if trouble:
                return CutLine()
            content = self.files.get(path.rpartition("/")[2])
            if content is None or not hmac.compare_digest(token, self.token):
                return JSONResponse(ApiError(404, "Not Found").body, 404)
            return Response(content, media_type="application/octet-stream")

        return app

    def _get_me(self, _arguments: Json) -> Json:
        number = int(self.token.partition(":")[0])
        bot = {"id": number, "is_bot": True, "first_name": "همیار", "username": self.username}
        return {**bot, "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}

    async def _get_updates(self, arguments: Json) -> list[Json]:
        if self.webhook:
            raise ApiError(
                409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete it"
            )
        offset = int(arguments.get("offset", 0))
        self.offsets.append(offset)
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        self._arrived.clear()
        if not self.updates:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(int(arguments.get("timeout", 0)), self.longest_poll)):
                    await self._arrived.wait()
        allowed = json.loads(arguments.get("allowed_updates", "[]"))
        wanted = [update for update in self.updates if not allowed or _kind_of(update) in allowed]
        return wanted[: int(arguments.get("limit", 100))]

    def _set_webhook(self, arguments: Json) -> bool:
        if urlsplit(arguments["url"]).scheme not in self._schemes:
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", arguments.get("secret_token", "")):
            raise bad_request("secret token contains unallowed characters")
        self.webhook = arguments
        self._call_webhook()
        return True

    def _delete_webhook(self, _arguments: Json) -> bool:
        self.webhook = None
        return True

    def _set_my_commands(self, arguments: Json) -> bool:
        commands = json.loads(arguments["commands"])
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[arguments.get("language_code", "")] = commands
        return True

    def _send_message(self, arguments: Json) -> Json:
        chat = self._writable_chat(arguments)
        text, entities = _read_text(arguments)
        if not text.strip():
            raise bad_request("message text is empty")
        if len(text) > MAX_TEXT_CHARACTERS:
            raise bad_request("message is too long")
        return self._send(chat, arguments, {"text": text} | ({"entities": entities} if entities else {}))

    def _send_photo(self, arguments: Json) -> Json:
        chat, content, _name = self._writable_chat(arguments), *_uploaded(arguments, "photo")
        if not content.startswith((b"\xff\xd8\xff", b"\x89PNG")) or len(content) > MAX_PHOTO_BYTES:
            raise bad_request("IMAGE_PROCESS_FAILED")
        # A picture says its own size; this one says that it is too long and thin.
        if b"thin" in content:
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
        photo = {**self._keep(content), "width": 800, "height": 600}
        return self._send(chat, arguments, {"photo": [photo], **_read_caption(arguments)})

    def _send_document(self, arguments: Json) -> Json:
        chat, content, name = self._writable_chat(arguments), *_uploaded(arguments, "document")
        if len(content) > MAX_DOCUMENT_BYTES:
            raise ApiError(413, "Request Entity Too Large")
        if not content:
            raise bad_request("file must be non-empty")
        document = {**self._keep(content), "file_name": name}
        return self._send(chat, arguments, {"document": document, **_read_caption(arguments)})

    def _get_file(self, arguments: Json) -> Json:
        file_id = arguments.get("file_id", "")
        if file_id not in self.files:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        if len(self.files[file_id]) > MAX_DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        size = len(self.files[file_id])
        return {"file_id": file_id, "file_unique_id": "AQAD", "file_size": size, "file_path": f"documents/{file_id}"}

    def _send(self, chat: int, arguments: Json, content: Json) -> Json:
        if "reply_parameters" in arguments:
            answers = json.loads(arguments["reply_parameters"])
            answered = self.messages.get((chat, answers["message_id"]))
            if answered:
                content["reply_to_message"] = answered
            elif not answers.get("allow_sending_without_reply"):
                raise bad_request("message to be replied not found")
        if "reply_markup" in arguments:
            content["reply_markup"] = _checked_markup(json.loads(arguments["reply_markup"]))
        message = self._message(chat, self._get_me({}), **content)
        self.sent.append(message)
        return message

    def _send_chat_action(self, arguments: Json) -> bool:
        self.typing.append(self._writable_chat(arguments))
        return True

    def _answer_callback_query(self, arguments: Json) -> bool:
        if len(arguments.get("text", "")) > 200:
            raise bad_request("MESSAGE_TOO_LONG")
        if any(answer["callback_query_id"] == arguments["callback_query_id"] for answer in self.answered):
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        self.answered.append(arguments)
        return True

    def _edit_message_reply_markup(self, arguments: Json) -> Json:
        message = self.messages.get((int(arguments["chat_id"]), int(arguments["message_id"])))
        if message is None:
            raise bad_request("message to edit not found")
        markup = _checked_markup(json.loads(arguments["reply_markup"])) if "reply_markup" in arguments else None
        if message.get("reply_markup") == markup:
            raise bad_request("message is not modified")
        message.pop("reply_markup", None)
        if markup:
            message["reply_markup"] = markup
        return message

    def _writable_chat(self, arguments: Json) -> int:
        try:
            chat = int(arguments.get("chat_id", ""))
        except ValueError:
            raise bad_request("chat not found") from None
        if chat not in self.chats:
            raise bad_request("chat not found")
        if chat in self.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        return chat


class Telegram:
    """One Bot API server with several bots."""

    def __init__(self, *bots: Emulator) -> None:
        self.bots = bots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Any bot refuses a token that is not its own.
        called = next((bot for bot in self.bots if f"/bot{bot.token}/" in scope.get("path", "")), self.bots[0])
        await called.app(scope, receive, send)


def _typed(text: str) -> Json:
    """A text as Telegram tells it: a command is marked."""
    match = re.match(r"/[A-Za-z0-9_]{1,32}(?:@\w+)?", text)
    entities = [{"type": "bot_command", "offset": 0, "length": len(match[0])}] if match else []
    return {"text": text} | ({"entities": entities} if entities else {})


def _kind_of(update: Json) -> str:
    return next(key for key in update if key != "update_id")


def _chat_of(update: Json) -> Json | None:
    content = update[_kind_of(update)]
    if not isinstance(content, dict):
        return None
    chat: Json | None = content.get("chat") or content.get("message", {}).get("chat")
    return chat


def _is_in(message: Json, chat: int) -> bool:
    found: int = message["chat"]["id"]
    return found == chat


def _about(kind: str) -> Json:
    """What Telegram tells of a file besides."""
    kinds: dict[str, Json] = {
        "voice": {"duration": 7},
        "audio": {"duration": 7},
        "video": {"duration": 7, "width": 640, "height": 480},
        "video_note": {"duration": 7, "length": 240},
    }
    return kinds.get(kind, {})


async def _fields_of(request: Request) -> Json:
    """A call's fields; a file is its bytes and its name."""
    async with request.form() as form:
        return {
            name: (await value.read(), value.filename or "") if isinstance(value, UploadFile) else value
            for name, value in form.items()
        }


def _uploaded(arguments: Json, field: str) -> tuple[bytes, str]:
    """A file that came with a call, and its name."""
    upload = arguments.get(field)
    if isinstance(upload, str) and upload.startswith("attach://"):
        upload = arguments.get(upload.removeprefix("attach://"))
    if not isinstance(upload, tuple):
        raise bad_request("there is no file in the request")
    return upload


def _read_caption(arguments: Json) -> Json:
    """The words under a file, where there are any."""
    caption, entities = _read_text({**arguments, "text": arguments.get("caption", "")})
    if len(caption) > MAX_CAPTION_CHARACTERS:
        raise bad_request("message caption is too long")
    if not caption:
        return {}
    return {"caption": caption} | ({"caption_entities": entities} if entities else {})


def _read_text(arguments: Json) -> tuple[str, list[Json]]:
    """The text as its reader sees it, with its entities."""
    text, entities = arguments.get("text", ""), list[Json]()
    if arguments.get("parse_mode") == "HTML":
        parser = _TelegramHtml()
        parser.feed(text)
        text, entities = parser.finish()
    return text, entities


class _TelegramHtml(HTMLParser):
    """https://core.telegram.org/bots/api#html-style: few tags, all of them closed, in order."""

    KINDS: ClassVar = {
        "b": "bold",
        "blockquote": "blockquote",
        "i": "italic",
        "u": "underline",
        "s": "strikethrough",
        "code": "code",
        "a": "text_link",
    }

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._text = ""
        self._open: list[tuple[str, Json]] = []
        self._entities: list[Json] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.KINDS:
            raise bad_request(f'can\'t parse entities: Unsupported start tag "{tag}"')
        entity: Json = {"type": self.KINDS[tag], "offset": self._units()}
        if tag == "a":
            entity["url"] = dict(attrs).get("href")
        self._open.append((tag, entity))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            raise bad_request(f'can\'t parse entities: Unexpected end tag "{tag}"')
        _tag, entity = self._open.pop()
        self._entities.append({**entity, "length": self._units() - entity["offset"]})

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_comment(self, data: str) -> None:
        raise bad_request("can't parse entities: Unsupported start tag")

    handle_decl = handle_pi = unknown_decl = handle_comment

    def finish(self) -> tuple[str, list[Json]]:
        """What was read; everything must be closed by now."""
        self.close()
        if self._open:
            raise bad_request(
                f"can't parse entities: Can't find end tag corresponding to start tag {self._open[-1][0]}"
            )
        return self._text, self._entities

    def _units(self) -> int:
        return len(self._text.encode("utf-16-le")) // 2


def _checked_markup(markup: Json) -> Json:
    buttons = [button for row in markup["inline_keyboard"] for button in row]
    if len(buttons) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")
    for button in buttons:
        if not button["text"].strip():
            raise bad_request("BUTTON_TEXT_EMPTY")
        if "url" in button:
            _check_button_url(button["url"])
        elif not 1 <= len(button.get("callback_data", "").encode()) <= MAX_BUTTON_BYTES:
            raise bad_request("BUTTON_DATA_INVALID")
    return markup


def _check_button_url(url: str) -> None:
    host = urlsplit(url).hostname or ""
    if not url.startswith(("http://", "https://")) or "." not in host:
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


# As a server


def add_control(emulator: Emulator) -> None:
    """What a test in another process may do and see."""
    app = emulator.app

    @app.post("/control/write")
    async def write(body: Json) -> Json:
        """`{"text", "chat"?, "language"?, "name"?}`: a person writes."""
        return emulator.write(**body)

    @app.post("/control/send_file")
    async def send_file(body: Json) -> Json:
        """`{"kind", "content" in base64, "name"?, "caption"?, "chat"?}`: a person sends a file."""
        return emulator.send_file(**{**body, "content": base64.b64decode(body["content"])})

    @app.post("/control/press")
    async def press(body: Json) -> Json:
        """`{"title", "chat"?}`: a person presses a button."""
        return emulator.press(**body)

    @app.post("/control/push")
    async def push(body: Json) -> Json:
        """Any update."""
        return emulator.push(body)

    @app.post("/control/fail")
    async def fail(body: Json) -> Json:
        """`{"method", "troubles": ["cut_before" | "cut_after" | {"retry_after": 3} | {"status": 500}]}`."""
        emulator.fail_next(body["method"], *map(_trouble, body["troubles"]))
        return {}

    @app.post("/control/block")
    async def block(body: Json) -> Json:
        """`{"chat"}`: a person blocks the bot."""
        emulator.blocked.add(body["chat"])
        return {}

    @app.get("/control/state")
    async def state() -> Json:
        """What the bot did so far, and what it has not confirmed."""
        return {
            "sent": emulator.sent,
            "answered": emulator.answered,
            "typing": emulator.typing,
            "updates": emulator.updates,
            "webhook": emulator.webhook,
            "webhook_answers": emulator.webhook_answers,
            "calls": emulator.calls,
        }


def _trouble(described: str | Json) -> str | Exception:
    if isinstance(described, str):
        return described
    if "retry_after" in described:
        return flood(described["retry_after"])
    return ApiError(described["status"], "Internal Server Error")


async def serve(port: int) -> None:
    """Serve on loopback until stopped."""
    async with httpx.AsyncClient(timeout=60) as caller:
        emulator = Emulator(caller=caller, local=True)
        add_control(emulator)
        await uvicorn.Server(uvicorn.Config(emulator.app, host="127.0.0.1", port=port, log_level="warning")).serve()
        await emulator.close()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="A Telegram Bot API emulator")
    arguments.add_argument("--port", type=int, default=8081)
    asyncio.run(serve(arguments.parse_args().port))
