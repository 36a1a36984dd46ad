import pytest

from connectors.telegram.ports import Button
from connectors.telegram.threads import StoredThreads
from crm.enums import Author
from tests.conftest import message


@pytest.fixture
def threads(work, intake) -> StoredThreads:
    return StoredThreads(work, intake)


@pytest.fixture
async def offered(telegram_inbox, intake, work, open_service) -> int:
    """The id of a message that offers the visitor two choices."""
    received = await intake.receive(message(telegram_inbox, "سلام", language="fa"))
    buttons = [{"title": "یک", "payload": "/one"}, {"title": "دو", "payload": "/two"}]
    async with work.begin() as session:
        service = open_service(session)
        conversation = await service.lock(received.conversation.id)
        return (await service.add_message(conversation, Author.bot, "کدام؟", buttons=buttons)).id


class TestFindButton:
    async def test_finds_what_a_message_offers(self, threads, telegram_inbox, offered):
        found = await threads.find_button(telegram_inbox.id, "visitor", offered, 1)

        assert found == Button("دو", "/two")

    async def test_finds_nothing_beyond_it(self, threads, telegram_inbox, offered):
        assert await threads.find_button(telegram_inbox.id, "visitor", offered, 2) is None
        assert await threads.find_button(telegram_inbox.id, "visitor", offered + 100, 0) is None

    async def test_finds_nothing_of_anothers(self, threads, telegram_inbox, intake, offered):
        await intake.receive(message(telegram_inbox, "سلام", visitor="somebody else"))

        assert await threads.find_button(telegram_inbox.id, "somebody else", offered, 0) is None
        assert await threads.find_button(telegram_inbox.id + 1, "visitor", offered, 0) is None


class TestLanguage:
    async def test_is_unknown_before_anything_was_said(self, threads, telegram_inbox):
        assert await threads.language(telegram_inbox.id, "nobody") is None

    async def test_is_the_conversations_until_one_is_chosen(self, threads, telegram_inbox, offered):
        assert await threads.language(telegram_inbox.id, "visitor") == "fa"

        await threads.choose_language(telegram_inbox.id, "visitor", "en", contact_name="Sara")

        assert await threads.language(telegram_inbox.id, "visitor") == "en"

    async def test_chosen_before_the_first_message_holds_for_it(self, threads, telegram_inbox, intake):
        await threads.choose_language(telegram_inbox.id, "visitor", "en", contact_name="Sara")
        assert await threads.language(telegram_inbox.id, "visitor") == "en"

        received = await intake.receive(message(telegram_inbox, "سلام", language="fa"))

        assert received.conversation.language == "en"
        assert received.conversation.contact.name == "Sara"
