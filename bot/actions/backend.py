"""The app's REST API, as the actions use it.

* BackendError
  - BackendUnavailable: no answer, a server error, or an answer that is none; the same call may succeed later
  - BackendRefused: the API said no (4xx); the same call will be refused again
"""

import asyncio
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.actions.schemas import ArticleAnswer, HandoffReason, KnowledgeAnswer, Ticket, TicketDetails

# Rasa waits 4 seconds for an action, which may need a second call to hand off.
TIMEOUT_SECONDS = 1.8
# A database whose lines were cut has new ones by then.
AGAIN_AFTER_SECONDS = 0.1

Model = TypeVar("Model", bound=BaseModel)
_TICKETS = TypeAdapter(list[Ticket])


class BackendError(Exception):
    """A call to the API had no useful answer."""


class BackendUnavailable(BackendError):
    """The API cannot be reached, failed, or answered nonsense."""


class BackendRefused(BackendError):
    """The API understood and said no."""

    def __init__(self, status_code: int, code: str) -> None:
        super().__init__(f"{status_code} {code}")
        self.status_code = status_code
        self.code = code

    @property
    def is_missing(self) -> bool:
        """Whether the thing asked for is not there, or not this contact's."""
        return self.status_code == httpx.codes.NOT_FOUND

    @property
    def is_conflict(self) -> bool:
        """Whether the thing is in a state that does not allow it."""
        return self.status_code == httpx.codes.CONFLICT


class Backend:
    """Typed calls of the API. What may rightly be missing is None; everything else raises a BackendError."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    @classmethod
    def connect(
        cls, base_url: str, service_token: str, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> "Backend":
        """A backend at `base_url` (without /api/v1); `transport` reaches an app in the same process."""
        client = httpx.AsyncClient(
            base_url=f"{base_url.rstrip('/')}/api/v1/",
            # Compressing what does not leave the machine takes longer than it spares.
            headers={"Authorization": f"Bearer {service_token}", "Accept-Encoding": "identity"},
            timeout=TIMEOUT_SECONDS,
            transport=transport,
        )
        return cls(client)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def answer(
        self, question: str, *, language: str, conversation_id: str, message_id: str | None, vector: str | None
    ) -> KnowledgeAnswer:
        """What the knowledge base has on a question; `vector` is the question's, in base64, where it is known."""
        body = {
            "question": question,
            "language": language,
            "conversation_id": conversation_id,
            "message_id": message_id,
            "vector": vector,
        }
        known = {name: value for name, value in body.items() if value is not None}
        return _read(KnowledgeAnswer, await self._call("POST", "knowledge/answers", json=known))

    async def read_article(
        self, article_id: int, *, language: str, conversation_id: str, message_id: str | None
    ) -> ArticleAnswer | None:
        """An article that the contact chose, as an answer in a language; None when it is gone."""
        choice = {"language": language, "conversation_id": conversation_id, "message_id": message_id}
        try:
            body = await self._call("POST", f"knowledge/articles/{article_id}/answer", json=choice)
        except BackendRefused as refusal:
            if refusal.is_missing:
                return None
            raise
        return _read(ArticleAnswer, body)

    async def doubt(self, conversation_id: str) -> None:
        """The last answer did not help; saying so twice changes nothing."""
        await self._call("POST", "knowledge/doubts", json={"conversation_id": conversation_id})

    async def open_ticket(
        self,
        conversation_id: str,
        *,
        subject: str,
        description: str,
        details: TicketDetails,
        contact_detail: str | None,
        idempotency_key: str,
    ) -> Ticket:
        """Open a ticket; the same key again gives the same ticket."""
        body: dict[str, Any] = {
            "conversation_id": conversation_id,
            "subject": subject,
            "description": description,
            "idempotency_key": idempotency_key,
        }
        if contact_detail is not None:
            body["contact_detail"] = contact_detail
        if mentioned := details.model_dump(exclude_none=True):
            body["details"] = mentioned
        return _read(Ticket, await self._call("POST", "tickets", json=body))

    async def find_ticket(self, number: str, *, conversation_id: str) -> Ticket | None:
        """A ticket of the conversation's contact; None for one that is not theirs, or not there."""
        try:
            body = await self._call("GET", f"tickets/{number}", params={"conversation_id": conversation_id})
        except BackendRefused as refusal:
            if refusal.is_missing:
                return None
            raise
        return _read(Ticket, body)

    async def list_tickets(self, conversation_id: str) -> list[Ticket]:
        """The tickets of the conversation's contact."""
        body = await self._call("GET", f"conversations/{conversation_id}/tickets")
        try:
            return _TICKETS.validate_python(body)
        except ValidationError as error:
            raise BackendUnavailable("The API's answer is no list of tickets.") from error

    async def add_to_ticket(self, number: str, text: str, *, conversation_id: str) -> Ticket:
        """Add the contact's words to a ticket of theirs; the same words again change nothing.

        Raises a BackendRefused that is a conflict for a closed one.
        """
        body = {"conversation_id": conversation_id, "text": text}
        return _read(Ticket, await self._call("POST", f"tickets/{number}/additions", json=body))

    async def close_ticket(self, number: str, *, conversation_id: str) -> Ticket:
        """Close a ticket of the conversation's contact; asking twice changes nothing."""
        body = {"conversation_id": conversation_id}
        return _read(Ticket, await self._call("POST", f"tickets/{number}/closure", json=body))

    async def keep_contact_detail(self, conversation_id: str, contact_detail: str, *, instead_of: str = "") -> None:
        """Keep how the contact can be reached; what was known before stays, but for what this stands `instead_of`."""
        body = {"contact_detail": contact_detail} | ({"instead_of": instead_of} if instead_of else {})
        await self._call("POST", f"conversations/{conversation_id}/contact-detail", json=body)

    async def hand_off(self, conversation_id: str, *, reason: HandoffReason, detail: str | None = None) -> None:
        """Bring in a person. The API itself stores what the contact is told; asking twice changes nothing."""
        body = {"reason": reason.value} | ({"detail": detail} if detail else {})
        await self._call("POST", f"conversations/{conversation_id}/handoff", json=body)

    async def rate(self, conversation_id: str, *, score: int, comment: str = "", offered: bool = False) -> None:
        """Store the contact's rating, 1 to 5, and what they say of it; one that they `offered` counts unasked."""
        body: dict[str, Any] = {"score": score}
        body |= ({"comment": comment} if comment else {}) | ({"offered": True} if offered else {})
        await self._call("POST", f"conversations/{conversation_id}/rating", json=body)

    async def _call(self, method: str, path: str, **request: Any) -> Any:
        try:
            # Within one process httpx sees no time-outs.
            async with asyncio.timeout(TIMEOUT_SECONDS):
                response = await self._client.request(method, path, **request)
                if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                    # Every call may be repeated, also one that was carried out after all.
                    await asyncio.sleep(AGAIN_AFTER_SECONDS)
                    response = await self._client.request(method, path, **request)
        except (httpx.HTTPError, TimeoutError) as error:
            raise BackendUnavailable(f"{method} {path}: {type(error).__name__}") from error
        if response.is_server_error:
            raise BackendUnavailable(f"{method} {path}: {response.status_code}")
        if response.is_client_error:
            raise BackendRefused(response.status_code, _error_code(response))
        return _json_of(response)


def _json_of(response: httpx.Response) -> Any:
    if response.status_code == httpx.codes.NO_CONTENT:
        return None
    try:
        return response.json()
    except ValueError as error:
        raise BackendUnavailable("The API's answer is no JSON.") from error


def _error_code(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return "unknown"


def _read(model: type[Model], body: Any) -> Model:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise BackendUnavailable(f"The API's answer is no {model.__name__}.") from error
