"""The agents' group: from a handoff to its alert, and from a reply there to the contact."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from connectors.telegram import alerts
from connectors.telegram.alerts import AlertOutbox, HandoffAlerts
from connectors.telegram.colleagues import StoredColleagues, number_in_alert
from connectors.telegram.inboxes import TelegramInboxes
from connectors.telegram.pairing import CODE_MINUTES, Pairing
from connectors.telegram.responses import (
    ACCOUNT_LINKED,
    ACCOUNT_UNKNOWN,
    ALERT,
    ALERT_UNKNOWN,
    CODE_WRONG,
    GROUP_PAIRED,
    REPLY_NOT_ALLOWED,
    REPLY_WORDS_ONLY,
)
from connectors.telegram.threads import StoredThreads
from core.config import Settings
from crm.conversations.intake import Intake
from crm.conversations.ports import Cause
from crm.conversations.service import ConversationService
from crm.enums import Author, ConversationStatus, DeliveryState, HandoffReason, Role
from crm.models import (
    Agent,
    Contact,
    ContactIdentity,
    Conversation,
    HandoffAlert,
    Message,
    TelegramAccount,
    TelegramGroup,
)
from tests.conftest import message
from tests.connectors.telegram.conftest import payload
from tests.connectors.telegram.emulator import GROUP, ApiError, Emulator, flood, migrated
from tests.fixtures.patience import until, until_done
from web.desk.alerts import reasons_of

ALI, EVE = 6000000001, 6000000002
CHAT = GROUP["id"]
PUBLIC_URL = "https://hamyar.example"


class Firm:
    """A bot with conversations, colleagues and an outbox for alerts that runs when the test says so."""

    def __init__(self, *, work, clock, inbox, open_service, connector, telegram, say) -> None:
        self.work = work
        self.clock = clock
        self.inbox = inbox
        self.open_service = open_service
        self.telegram: Emulator = telegram
        self.connector = connector
        self.say = say
        self.woken: list[str] = []
        self.alerts = self.outbox()

    def outbox(self, **more) -> AlertOutbox:
        fields = {
            "bots": {self.inbox.id: self.connector}.get,
            "clock": self.clock,
            "say": self.say,
            "describe": reasons_of,
            "public_url": PUBLIC_URL,
        }
        return AlertOutbox(self.work, **{**fields, **more})

    async def code(self, agent: Agent, *, for_group: bool = False) -> str:
        async with self.work.begin() as session:
            pairing = Pairing(session, clock=self.clock)
            return await pairing.make_code(agent, group_of=self.inbox if for_group else None)

    async def pair(self, admin: Agent) -> None:
        """The group becomes the agents', the first thing that happens in a test."""
        self.telegram.write_in_group(f"/link {await self.code(admin, for_group=True)}")
        await self.said(GROUP_PAIRED)

    async def know(self, agent: Agent, user_id: int) -> None:
        async with self.work.begin() as session:
            await Pairing(session, clock=self.clock).link(agent.id, user_id)

    async def hand_off(self, conversation: Conversation, reason=HandoffReason.contact_asked, causes=()) -> None:
        async with self.work.begin() as session:
            service = self.open_service(session)
            await service.hand_off(await service.lock(conversation.id), reason, causes=causes)

    async def tell(self) -> None:
        for inbox_id in await self.alerts.due():
            await until_done(self.alerts.send_next, inbox_id)

    async def alert(self) -> dict:
        """The last message in the group, as Telegram has it."""
        await self.tell()
        return [sent for sent in self.telegram.sent if sent["chat"]["id"] == CHAT][-1]

    async def said(self, name: str, chat: int = CHAT) -> None:
        """Wait for the bot to say something."""
        await until(lambda: any(text.startswith(f"[{name} ") for text in self.telegram.texts_to(chat)))

    async def dealt_with(self) -> None:
        """Wait until all that was written is confirmed."""
        await until(lambda: not self.telegram.updates)

    async def all(self, kind: type) -> list:
        async with self.work.reading() as session:
            return list(await session.scalars(select(kind)))

    async def replies(self) -> list[str]:
        return [one.text for one in await self.all(Message) if one.author is Author.agent]


@pytest.fixture
async def firm(
    make_connector, telegram, telegram_inbox, work, clock, wording, shipped_wording, policy, intake_of
) -> AsyncIterator[Firm]:
    def open_service(session) -> ConversationService:
        listeners = (HandoffAlerts(session, clock),)
        return ConversationService(session, clock=clock, wording=wording, policy=policy, listeners=listeners)

    intake = intake_of(open_service)
    connector = make_connector(
        inbox_id=telegram_inbox.id,
        receive=intake.receive,
        rate=intake.rate,
        threads=StoredThreads(work, intake),
        colleagues=StoredColleagues(work, clock, open_service, telegram_inbox.id),
    )
    await connector.start()
    yield Firm(
        work=work,
        clock=clock,
        inbox=telegram_inbox,
        open_service=open_service,
        connector=connector,
        telegram=telegram,
        say=shipped_wording.say,
    )
    await connector.stop()


@pytest.fixture
def intake_of(work):
    return lambda open_service: Intake(work, open_service=open_service, wake=lambda _conversation: None)


@pytest.fixture
def settings_of():
    secret = SecretStr("a secret of the tests, long enough")
    tokens = dict.fromkeys(("secret_key", "service_token", "actions_token", "rasa_token"), secret)
    return lambda: Settings(**tokens, _env_file=None)


@pytest.fixture
async def admin(make_agent) -> Agent:
    return await make_agent("Boss", Role.admin)


@pytest.fixture
async def ali(make_agent, firm: Firm) -> Agent:
    """An agent whose Telegram account is known."""
    agent = await make_agent("Ali")
    await firm.know(agent, ALI)
    return agent


@pytest.fixture
async def conversation(intake_of, firm: Firm, inbox) -> Conversation:
    """Somebody writes on the website."""
    incoming = message(inbox, "سفارشم نرسیده! شماره‌ام 09121234567 است", contact_name="سارا احمدی")
    return (await intake_of(firm.open_service).receive(incoming)).conversation


@pytest.fixture
async def alert(firm: Firm, admin: Agent, conversation: Conversation) -> dict:
    """The group has been told of the conversation."""
    await firm.pair(admin)
    await firm.hand_off(conversation)
    return await firm.alert()


class TestPairing:
    async def test_makes_a_group_the_agents_by_a_code_that_counts_once(self, firm: Firm, admin: Agent, telegram):
        code = await firm.code(admin, for_group=True)

        telegram.write_in_group(f"/link@hamyar_test_bot {code.lower()}")
        await firm.said(GROUP_PAIRED)
        telegram.write_in_group(f"/link {code}", group={**GROUP, "id": -1009})
        await firm.dealt_with()

        (group,) = await firm.all(TelegramGroup)
        assert (group.chat_id, group.title, group.hears_all) == (CHAT, "گروه پشتیبانی", True)
        assert telegram.texts_to(-1009) == []

    async def test_that_telegram_repeats_ends_the_same(self, firm: Firm, admin: Agent, telegram):
        update = telegram.write_in_group(f"/link {await firm.code(admin, for_group=True)}")
        telegram.push({"message": update["message"]})
        await firm.dealt_with()

        assert [text.split()[0] for text in telegram.texts_to(CHAT)] == [f"[{GROUP_PAIRED}"]

    async def test_refuses_a_code_that_is_too_old(self, firm: Firm, admin: Agent, telegram):
        code = await firm.code(admin, for_group=True)
        firm.clock.advance(timedelta(minutes=CODE_MINUTES, seconds=1))

        telegram.write_in_group(f"/link {code}")
        await firm.dealt_with()

        assert await firm.all(TelegramGroup) == []
        assert telegram.sent == []

    async def test_refuses_the_code_of_who_is_no_admin_any_more(self, firm: Firm, admin: Agent, telegram):
        code = await firm.code(admin, for_group=True)
        async with firm.work.begin() as session:
            (await session.get_one(Agent, admin.id)).role = Role.agent

        telegram.write_in_group(f"/link {code}")
        await firm.dealt_with()

        assert await firm.all(TelegramGroup) == []

    @pytest.mark.parametrize("place", ["private", "group"])
    async def test_links_an_agents_account(self, place: str, firm: Firm, admin: Agent, make_agent, telegram):
        await firm.pair(admin)
        agent = await make_agent("Ali")
        words = f"/link {await firm.code(agent)}"

        if place == "private":
            telegram.write(words, chat=ALI)
        else:
            telegram.write_in_group(words, sender=ALI)
        await firm.said(ACCOUNT_LINKED, ALI if place == "private" else CHAT)

        (account,) = await firm.all(TelegramAccount)
        assert (account.agent_id, account.user_id) == (agent.id, ALI)
        assert await firm.all(Contact) == []

    async def test_links_no_account_by_a_wrong_code_or_in_any_other_group(self, firm: Firm, make_agent, telegram):
        agent = await make_agent("Ali")
        telegram.write("/link", chat=EVE)
        telegram.write("/link ABCDEFGHJKLM", chat=EVE)
        telegram.write_in_group(f"/link {await firm.code(agent)}", sender=EVE)
        await firm.dealt_with()

        assert await firm.all(TelegramAccount) == []
        assert [text.split()[0] for text in telegram.texts_to(EVE)] == [f"[{CODE_WRONG}"] * 2
        assert telegram.texts_to(CHAT) == []

    async def test_links_nobody_who_writes_in_the_name_of_the_group(
        self, firm: Firm, admin: Agent, make_agent, telegram
    ):
        await firm.pair(admin)
        code = await firm.code(await make_agent("Ali"))

        telegram.write_in_group(f"/link {code}", sender=1087968824, sender_chat=GROUP)
        await firm.said(CODE_WRONG)

        assert await firm.all(TelegramAccount) == []


class TestAlert:
    async def test_says_why_and_what_was_said_last_and_where_but_not_who(self, firm: Firm, admin, conversation):
        await firm.pair(admin)
        causes = (Cause(code="anger", weight=0.5, sequence=1), Cause(code="repeat", weight=0.2, sequence=1))

        await firm.hand_off(conversation, HandoffReason.negative_sentiment, causes)

        text = (await firm.alert())["text"]
        assert text.startswith("HM-1001، Demo\n• مخاطب خشمگین است\n• ")
        assert f"{PUBLIC_URL}/desk/conversations/{conversation.id}" in text
        assert "سفارشم نرسیده! شماره‌ام … است" in text
        for private in ("09121234567", "سارا", "احمدی", "visitor"):
            assert private not in text

    async def test_does_not_say_what_the_contacts_site_calls_them(self, firm: Firm, admin, intake_of, inbox):
        incoming = message(inbox, "سفارش ali42 کجاست؟", visitor="user:ali42")
        received = await intake_of(firm.open_service).receive(incoming)
        await firm.pair(admin)

        await firm.hand_off(received.conversation)

        text = (await firm.alert())["text"]
        assert "سفارش … کجاست؟" in text
        assert "ali42" not in text

    async def test_reads_the_contacts_words_after_the_transaction_that_others_wait_for(
        self, firm: Firm, admin: Agent, conversation, monkeypatch
    ):
        await firm.pair(admin)
        await firm.hand_off(conversation)

        def unreadable(*_words, **_known) -> str:
            raise ValueError("not these words")

        monkeypatch.setattr(alerts, "without_personal", unreadable)

        await firm.tell()

        assert [(one.attempts, one.state) for one in await firm.all(HandoffAlert)] == [(1, DeliveryState.pending)]

    async def test_is_in_the_language_of_whoever_paired_the_group(self, firm: Firm, admin: Agent, conversation):
        async with firm.work.begin() as session:
            (await session.get_one(Agent, admin.id)).locale = "en"
        await firm.pair(admin)

        await firm.hand_off(conversation)

        assert "The contact asked for a person" in (await firm.alert())["text"]

    @pytest.mark.parametrize("language", ["fa", "en"])
    def test_names_its_ticket_where_that_is_looked_for(self, language: str, shipped_wording):
        alert = shipped_wording.say(ALERT, language).text.format(
            ticket_number="HM-1001", inbox="HM-7", reasons="• HM-8", words="HM-9", link=PUBLIC_URL
        )

        assert number_in_alert(alert) == "HM-1001"

    async def test_shows_what_a_contact_wrote_as_it_is(self, firm: Firm, admin: Agent, intake_of, inbox):
        hostile = "<a href='https://evil.example'>x</a> **y** [Open](https://evil.example/desk) {link} &amp;"
        received = await intake_of(firm.open_service).receive(message(inbox, hostile))
        await firm.pair(admin)

        await firm.hand_off(received.conversation)

        alert = await firm.alert()
        assert "**y** [Open](" in alert["text"]
        assert "{link} &amp;" in alert["text"]
        assert {entity["type"] for entity in alert["entities"]} == {"bold", "blockquote"}

    async def test_of_another_inbox_comes_only_where_that_is_wanted(
        self, firm: Firm, admin: Agent, conversation, intake_of
    ):
        await firm.pair(admin)
        async with firm.work.begin() as session:
            (await session.get_one(TelegramGroup, firm.inbox.id)).hears_all = False
        await firm.hand_off(conversation)
        assert await firm.all(HandoffAlert) == []
        own = (await intake_of(firm.open_service).receive(message(firm.inbox, "سلام", visitor="77"))).conversation

        await firm.hand_off(own)

        assert len(await firm.all(HandoffAlert)) == 1

    async def test_is_not_kept_of_a_handoff_that_was_taken_back(self, firm: Firm, admin: Agent, conversation):
        await firm.pair(admin)

        async with firm.work.begin() as session:
            service = firm.open_service(session)
            await service.hand_off(await service.lock(conversation.id), HandoffReason.contact_asked)
            await session.rollback()

        assert await firm.all(HandoffAlert) == []

    async def test_is_sent_by_whoever_comes_after_the_app_died(self, firm: Firm, admin: Agent, conversation, telegram):
        await firm.pair(admin)
        await firm.hand_off(conversation)

        another = firm.outbox()
        for inbox_id in await another.due():
            await until_done(another.send_next, inbox_id)

        assert telegram.texts_to(CHAT)[-1].startswith("HM-1001")

    async def test_waits_as_long_as_telegram_asks_and_keeps_its_place(
        self, firm: Firm, admin: Agent, conversation, intake_of, inbox, telegram
    ):
        await firm.pair(admin)
        other = (await intake_of(firm.open_service).receive(message(inbox, "دوم", visitor="other"))).conversation
        await firm.hand_off(conversation)
        await firm.hand_off(other)
        telegram.fail_next("sendMessage", flood(30))
        await firm.tell()
        assert len(telegram.texts_to(CHAT)) == 1

        firm.clock.advance(timedelta(seconds=31))
        await firm.tell()

        assert [text[:7] for text in telegram.texts_to(CHAT)[1:]] == ["HM-1001", "HM-1002"]

    async def test_is_not_sent_again_where_nobody_knows_whether_it_came(
        self, firm: Firm, admin: Agent, conversation, telegram
    ):
        await firm.pair(admin)
        await firm.hand_off(conversation)
        telegram.fail_next("sendMessage", "cut_after")

        await firm.tell()
        await firm.tell()

        assert [one.state for one in await firm.all(HandoffAlert)] == [DeliveryState.maybe_sent]
        assert len(telegram.texts_to(CHAT)) == 2

    async def test_is_given_up_where_the_bot_was_thrown_out(
        self, firm: Firm, admin: Agent, conversation, telegram, settings_of
    ):
        await firm.pair(admin)
        await firm.hand_off(conversation)
        telegram.fail_next("sendMessage", ApiError(403, "Forbidden: bot was kicked from the supergroup chat"))

        await firm.tell()

        async with firm.work.reading() as session:
            (shown,) = await TelegramInboxes(session, settings=settings_of(), clock=firm.clock).all()
        assert shown.alert_failed

    async def test_follows_a_group_that_has_another_number(self, firm: Firm, admin: Agent, conversation, telegram):
        await firm.pair(admin)
        await firm.hand_off(conversation)
        telegram.chats[-1005] = {**GROUP, "id": -1005}
        telegram.fail_next("sendMessage", migrated(-1005))

        await firm.tell()
        firm.clock.advance(timedelta(seconds=2))
        await firm.tell()

        assert telegram.texts_to(-1005)[0].startswith("HM-1001")

    async def test_follows_a_group_that_says_so(self, firm: Firm, admin: Agent, telegram):
        await firm.pair(admin)

        telegram.push(payload("group_migrated"))
        await firm.dealt_with()

        (group,) = await firm.all(TelegramGroup)
        assert group.chat_id == -1009876543210


class TestReply:
    async def test_goes_to_the_contact_as_the_agents_and_takes_the_conversation_over(
        self, firm: Firm, alert: dict, ali: Agent, conversation, telegram
    ):
        telegram.write_in_group("سلام، الان پیگیری می‌کنم.", sender=ALI, to=alert)
        await firm.dealt_with()

        (taken,) = await firm.all(Conversation)
        reply = next(one for one in await firm.all(Message) if one.author is Author.agent)
        assert (reply.text, reply.agent_id, reply.conversation_id) == (
            "سلام، الان پیگیری می‌کنم.",
            ali.id,
            conversation.id,
        )
        assert (taken.status, taken.assignee_id) == (ConversationStatus.open, ali.id)
        # Nothing but the pairing and the alert.
        assert len(telegram.texts_to(CHAT)) == 2

    async def test_is_stored_once_however_often_telegram_repeats_it(self, firm: Firm, alert: dict, ali, telegram):
        update = telegram.write_in_group("یک بار", sender=ALI, to=alert)
        for _time in range(3):
            telegram.push({"message": update["message"]})
        await firm.dealt_with()

        assert await firm.replies() == ["یک بار"]

    async def test_of_a_stranger_is_not_sent_and_they_are_told(self, firm: Firm, alert: dict, ali, telegram):
        telegram.write_in_group("من هم همکارم", sender=EVE, to=alert)
        await firm.said(ACCOUNT_UNKNOWN)

        assert await firm.replies() == []
        assert telegram.sent[-1]["reply_to_message"]["text"] == "من هم همکارم"

    @pytest.mark.parametrize("changed", [{"role": Role.editor}, {"is_active": False}])
    async def test_of_who_may_not_answer_is_not_sent(self, changed: dict, firm: Firm, alert: dict, ali, telegram):
        async with firm.work.begin() as session:
            agent = await session.get_one(Agent, ali.id)
            for name, value in changed.items():
                setattr(agent, name, value)

        telegram.write_in_group("سلام", sender=ALI, to=alert)
        await firm.said(REPLY_NOT_ALLOWED)

        assert await firm.replies() == []

    async def test_without_words_is_not_sent(self, firm: Firm, alert: dict, ali, telegram):
        photo = payload("photo")["message"]["photo"]
        telegram.write_in_group("", sender=ALI, to=alert, photo=photo, caption="فاکتور")
        await firm.said(REPLY_WORDS_ONLY)

        assert await firm.replies() == []

    async def test_to_something_else_of_ours_is_not_sent(self, firm: Firm, alert: dict, ali, telegram):
        notice = next(sent for sent in telegram.sent if GROUP_PAIRED in sent["text"])

        telegram.write_in_group("ممنون", sender=ALI, to=notice)
        await firm.said(ALERT_UNKNOWN)

        assert await firm.replies() == []

    @pytest.mark.parametrize("shown_in", [CHAT, -1009876543210])
    async def test_to_an_alert_from_before_the_group_had_another_number_goes_to_the_contact(
        self, shown_in: int, firm: Firm, alert: dict, ali, telegram
    ):
        telegram.push(payload("group_migrated"))
        await firm.dealt_with()
        moved = {**GROUP, "id": -1009876543210}

        telegram.write_in_group(
            "سلام", group=moved, sender=ALI, to={**alert, "chat": {**alert["chat"], "id": shown_in}}
        )
        await firm.dealt_with()

        assert await firm.replies() == ["سلام"]

    @pytest.mark.parametrize(
        "text",
        [
            "[something]",
            "HM-10010 - Shop\n• asked for a person",
            "HM-1002 - Shop\n• asked for a person\n\nWhere is HM-1001?",
            "• asked for a person\n\nHM-1001",
        ],
    )
    async def test_to_another_message_with_an_old_alerts_number_is_not_sent(
        self, text: str, firm: Firm, alert: dict, ali, telegram
    ):
        telegram.push(payload("group_migrated"))
        await firm.dealt_with()
        moved = {**GROUP, "id": -1009876543210}

        telegram.write_in_group("سلام", group=moved, sender=ALI, to={**alert, "chat": moved, "text": text})
        await firm.said(ALERT_UNKNOWN, moved["id"])

        assert await firm.replies() == []

    async def test_from_another_group_has_no_effect(self, firm: Firm, alert: dict, ali, telegram):
        elsewhere = {**GROUP, "id": -1009}
        telegram.write_in_group("سلام", group=elsewhere, sender=ALI, to={**alert, "chat": elsewhere})
        await firm.dealt_with()

        assert await firm.replies() == []
        assert telegram.texts_to(-1009) == []

    async def test_is_refused_once_the_group_was_left(self, firm: Firm, alert: dict, ali, telegram, settings_of):
        async with firm.work.begin() as session:
            await TelegramInboxes(session, settings=settings_of(), clock=firm.clock).leave_group(firm.inbox.key)

        telegram.write_in_group("سلام", sender=ALI, to=alert)
        await firm.dealt_with()

        assert await firm.replies() == []


class TestTalk:
    async def test_in_the_group_is_nobodys_message(self, firm: Firm, alert: dict, ali, telegram):
        member = telegram.write_in_group("کی جواب می‌دهد؟", sender=ALI)["message"]
        telegram.write_in_group("من", sender=EVE, to=member)
        telegram.write_in_group("/human", sender=EVE)
        telegram.write_in_group("/start", sender=EVE)
        telegram.push(payload("group_message"))
        telegram.push(payload("group_reply"))
        await firm.dealt_with()

        contacts = await firm.all(ContactIdentity)
        assert [one.external_id for one in contacts] == ["visitor"]
        assert await firm.replies() == []
        assert len(telegram.texts_to(CHAT)) == 2
