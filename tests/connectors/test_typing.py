import asyncio

from connectors.typing import SHOWN_SECONDS, TypingSigns


class Chat:
    """A connector whose channel answers when told to."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.answers = asyncio.Event()

    async def show_typing(self, contact_external_id: str) -> None:
        self.shown.append(contact_external_id)
        await self.answers.wait()


class TestTypingSigns:
    async def test_are_shown_to_each_contact_again_only_when_they_are_out(self) -> None:
        chat, now = Chat(), [0.0]
        signs = TypingSigns({1: chat}, now=lambda: now[0])

        for contact in ("sara", "sara", "reza"):
            signs.show(1, contact)
        now[0] += SHOWN_SECONDS
        signs.show(1, "sara")
        await asyncio.sleep(0)

        assert chat.shown == ["sara", "reza", "sara"]
        await signs.stop()

    async def test_are_nothing_where_no_channel_has_to_be_called(self) -> None:
        signs = TypingSigns({})

        signs.show(1, "sara")
        await signs.stop()

    async def test_that_hang_end_with_the_app(self) -> None:
        chat = Chat()
        signs = TypingSigns({1: chat})
        signs.show(1, "sara")
        await asyncio.sleep(0)

        await signs.stop()

        assert chat.shown == ["sara"]
