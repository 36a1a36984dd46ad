"""HEAD, by which link checkers and monitors ask for public pages; FastAPI, unlike Starlette, answers it nowhere."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Programs have doors of their own, files know their heads, and what agents see is looked at by browsers alone.
WITHOUT_HEADS = ("/api/", "/widget", "/telegram/", "/actions/", "/health", "/static/", "/desk")


class Heads:
    """ASGI middleware: HEAD of a public page is answered as GET would be, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].startswith(WITHOUT_HEADS):
            await self.app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self.app({**scope, "method": "GET"}, receive, send_without_body)
