"""Turns stories into rows: each act goes through the service that would do it, under a clock that stands where it says.

No turn is run: what the bot would have understood and answered is the story's.
"""

import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import FixedClock
from crm.conversations.handling import Handling
from crm.conversations.handoff_policy import HandoffPolicy
from crm.conversations.ports import Cause, IncomingMessage
from crm.conversations.reception import Reception
from crm.conversations.service import ConversationService
from crm.enums import Author, Channel, ConversationStatus, DeliveryState, HandoffReason, Outcome, TurnState
from crm.models import Agent, Conversation, Delivery, Inbox, Message, Ticket
from crm.wording import Wording
from knowledge_base.enums import Band, GapState
from knowledge_base.excerpts import excerpt
from knowledge_base.models import Article, Gap
from knowledge_base.service import KnowledgeService
from seeds.hours import next_opening
from seeds.stories import (
    BY_PEOPLE,
    MOODS,
    Act,
    AgentNotes,
    AgentReplies,
    Answers,
    ChangesTicket,
    DoesNotKnow,
    Fails,
    HandsOff,
    Offers,
    OpensTicket,
    Picks,
    Rates,
    Resolves,
    ReturnsToBot,
    Says,
    Story,
    TellsTicketStatus,
    Utters,
)

SURE_OF_INTENT = 0.94
UNSURE_OF_INTENT = 0.38
# What is left of a cause of frustration one message later, and after thanks, as in sentiment/frustration.yml.
DECAY = 0.75
RELIEF = 0.5
GLAD = 0.5
# What the contact meant, and what the bot could not do, where its response or the handoff tells.
INTENT_BY_RESPONSE = {
    "utter_greet": "greet",
    "utter_welcome": "thanks",
    "utter_what_next": "affirm",
    "utter_all_right": "deny",
    "utter_noted": "inform",
    "utter_goodbye": "goodbye",
    "utter_i_am_a_bot": "bot_challenge",
    "utter_out_of_scope": "out_of_scope",
    "utter_ask_ticket_subject": "open_ticket",
    "utter_ask_ticket_description": "inform",
    "utter_ask_contact_detail": "inform",
    "utter_ticket_form_cancelled": "cancel",
}
FAILURE_BY_REASON = {HandoffReason.not_understood: Outcome.not_understood, HandoffReason.bot_failed: Outcome.failed}
READING_SECONDS = 25
TYPED_CHARACTERS_PER_SECOND = 4
# What the software does at once.
AT_ONCE = timedelta(seconds=1)


@dataclass(frozen=True)
class Cast:
    """Who and what the stories speak of, in the caller's transaction."""

    inboxes: Mapping[Channel, Inbox]
    agents: Mapping[str, Agent]
    articles: Mapping[tuple[str, str], Article]
    # Of every text that a contact writes.
    vectors: Mapping[str, bytes]
    # The fingerprint of what made them.
    encoder: str
    wording: Wording
    policy: HandoffPolicy
    knowledge: KnowledgeService


async def tell_all(session: AsyncSession, stories: Sequence[Story], cast: Cast, *, now: datetime) -> None:
    """Store the stories, earliest first, so that ticket numbers grow with time; nothing is left to deliver.

    People act while they are at work: what they do next waits for that, and what would be after `now` is not told.
    """
    for story in sorted(stories, key=lambda one: one.started_at(now)):
        await _Telling(session, story, cast, started_at=story.started_at(now)).tell(until=now)
    await session.flush()
    await session.execute(update(Delivery).values(state=DeliveryState.sent, attempts=1))


class _Telling:
    """One story on its way into the database."""

    conversation: Conversation
    heard: Message

    def __init__(self, session: AsyncSession, story: Story, cast: Cast, *, started_at: datetime) -> None:
        self.session = session
        self.story = story
        self.cast = cast
        self.clock = FixedClock(started_at)
        self.service = ConversationService(session, clock=self.clock, wording=cast.wording, policy=cast.policy)
        self.reception, self.handling = Reception(self.service), Handling(self.service)
        self.address = story.chat or secrets.token_hex(16)
        self.causes: list[Cause] = []
        self.ticket: Ticket | None = None

    async def tell(self, *, until: datetime) -> None:
        for number, act in enumerate(self.story.messages):
            self.clock.advance(act.after if act.after is not None else _pause(act) if number else timedelta())
            if isinstance(act, BY_PEOPLE):
                self.clock.wait_until(next_opening(self.clock.now()))
            if self.clock.now() > until:
                return
            await self._perform(act)

    async def _perform(self, act: Act) -> None:
        match act:
            case Says():
                await self._hear(act)
            case Picks():
                await self._hear(self._pick(act))
            case Answers():
                await self._answer(act)
            case Offers():
                await self._offer(act)
            case DoesNotKnow():
                await self._decline(act)
            case Fails():
                self.heard.outcome = Outcome.failed
                await self.service.say(self.conversation, "utter_bot_failed")
            case Utters():
                await self._utter(act.utter)
            case OpensTicket():
                await self._open_ticket(act)
            case TellsTicketStatus():
                await self._tell_status()
            case HandsOff():
                await self._hand_off(act)
            case AgentReplies():
                await self.handling.reply(self.conversation, act.agent, by=self._agent(act.by))
            case AgentNotes():
                await self.handling.add_note(self.conversation, act.note, by=self._agent(act.by))
            case ChangesTicket():
                await self._change_ticket(act)
            case Resolves():
                await self.handling.resolve(self.conversation)
            case Rates():
                await self.service.rate(self.conversation, score=act.rating, comment=act.comment)
                await self.reception.seen(self.conversation, self.conversation.last_sequence)
            case ReturnsToBot():
                self.causes.clear()
                await self.handling.return_to_bot(self.conversation)

    # The contact

    async def _hear(self, act: Says) -> None:
        incoming = IncomingMessage(
            inbox_id=self.cast.inboxes[self.story.channel].id,
            contact_external_id=self.address,
            external_id=f"{self.address}:{secrets.token_hex(8)}",
            text=act.contact,
            payload=act.payload,
            contact_name=self.story.contact.name,
            language=self.story.language,
        )
        received = await self.reception.receive(incoming)
        self.conversation, self.heard = received.conversation, received.message
        self.conversation.contact.email = self.story.contact.email
        self.conversation.contact.phone = self.story.contact.phone
        self._understand(act)
        await self.reception.seen(self.conversation, self.heard.sequence)

    def _understand(self, act: Says) -> None:
        """Write onto the message what its turn would have come to, up to the bot's answer."""
        self.heard.turn, self.heard.attempts = TurnState.done, 1
        if self.conversation.status is ConversationStatus.with_bot:
            self._meant(act.intent)
        if act.payload:
            return
        mood = MOODS[act.mood]
        self.heard.language = self.story.language
        self.heard.sentiment, self.heard.sentiment_score = mood.label, mood.score
        self.heard.signals = list(mood.signals)
        self.heard.vector = self.cast.vectors[act.contact]
        self.heard.encoder = self.cast.encoder
        kept = DECAY * RELIEF if mood.score >= GLAD else DECAY
        faded = [replace(cause, weight=round(cause.weight * kept, 3)) for cause in self.causes]
        fresh = [Cause(code=code, weight=weight, sequence=self.heard.sequence) for code, weight in act.causes.items()]
        self.causes = sorted(faded + fresh, key=lambda cause: -cause.weight)
        self.conversation.frustration = round(1 - math.prod(1 - cause.weight for cause in self.causes), 3)

    def _meant(self, intent: str | None, *, confidence: float = SURE_OF_INTENT) -> None:
        """What the contact meant, unless it is known already."""
        if intent and not self.heard.intent:
            self.heard.intent, self.heard.intent_confidence = intent, confidence

    def _pick(self, act: Picks) -> Says:
        article = self._article(act.picks)
        return Says(contact=article.title, payload=_reading(article), intent="read_article")

    # The bot

    async def _answer(self, act: Answers) -> None:
        article = self._article(act.answer)
        self._meant("ask_knowledge")
        self.heard.outcome = Outcome.answered
        source = {"title": article.title, "url": article.url}
        text = await self._words_of(article, act.part)
        await self.service.add_message(self.conversation, Author.bot, text, articles=[source])

    async def _words_of(self, article: Article, part: int) -> str:
        """What the bot says of an article: the part that answers, or the opening of one that was chosen."""
        if self.heard.payload:
            return (await self.cast.knowledge.answer_from(article.id, language=self.story.language)).text
        passages = await self.cast.knowledge.articles.passages_of(article.id)
        # An article of somebody's own may be shorter than ours of the same name.
        return excerpt(passages[min(part, len(passages)) - 1].text, self.heard.text)

    async def _offer(self, act: Offers) -> None:
        articles = [self._article(slug) for slug in act.offer]
        self._meant("ask_knowledge")
        self.heard.outcome = Outcome.offered
        buttons = [{"title": article.title, "payload": _reading(article)} for article in articles]
        await self._utter("offer_articles", buttons=buttons)
        await self._leave_gap(Band.offer, act.confidence, articles[0], act.gap)

    async def _decline(self, act: DoesNotKnow) -> None:
        self._meant("nlu_fallback", confidence=UNSURE_OF_INTENT)
        self.heard.outcome = Outcome.not_understood
        await self._utter("dont_know")
        await self._leave_gap(Band.decline, act.dont_know, self._article(act.nearest) if act.nearest else None, act.gap)

    async def _leave_gap(self, band: Band, confidence: float, nearest: Article | None, state: GapState) -> None:
        self.session.add(
            Gap(
                question=self.heard.text,
                language=self.story.language,
                vector=self.heard.vector,
                encoder=self.heard.encoder,
                conversation_id=self.conversation.id,
                message_id=str(self.heard.id),
                band=band,
                confidence=confidence,
                best_article_id=nearest.id if nearest else None,
                state=state,
                created_at=self.clock.now(),
            )
        )

    async def _utter(self, name: str, *, buttons: Sequence[dict[str, str]] = (), **values: str) -> None:
        response = f"utter_{name}"
        self._meant(INTENT_BY_RESPONSE.get(response))
        words = self.cast.wording.say(response, self.story.language, **values)
        await self.service.add_message(self.conversation, Author.bot, words.text, buttons=buttons or words.buttons)

    async def _open_ticket(self, act: OpensTicket) -> None:
        self.ticket = await self.service.tickets.open(
            self.conversation,
            subject=act.ticket,
            description=act.description,
            priority=act.priority,
            idempotency_key=f"{self.conversation.id}:{self.heard.id}",
        )
        self._meant("inform")
        await self._utter("ticket_opened", ticket_number=self.ticket.number, subject=self.ticket.subject)

    async def _tell_status(self) -> None:
        ticket = self._latest_ticket()
        self._meant("ticket_status")
        await self._utter(f"ticket_status_{ticket.status.value}", ticket_number=ticket.number, subject=ticket.subject)

    async def _hand_off(self, act: HandsOff) -> None:
        if act.hand_off is HandoffReason.contact_asked and not self.heard.payload:
            self._meant("talk_to_person")
        self.heard.outcome = FAILURE_BY_REASON.get(act.hand_off)
        self.ticket = await self.service.hand_off(
            self.conversation, act.hand_off, causes=self.causes, detail=act.detail
        )

    # The people who work here

    async def _change_ticket(self, act: ChangesTicket) -> None:
        name = act.change_ticket.get("assignee")
        ticket, tickets = self._latest_ticket(), self.service.tickets
        if name:
            await tickets.assign(ticket, to=self.cast.agents[name])
        await tickets.change(ticket, status=act.status, priority=act.priority)

    def _agent(self, name: str | None) -> Agent:
        """The one who is named, or has the conversation."""
        if name:
            return self.cast.agents[name]
        if self.conversation.assignee is None:
            raise ValueError(f"who answers {self.story.contact.name}? Nobody has the conversation yet: say `by`")
        return self.conversation.assignee

    def _latest_ticket(self) -> Ticket:
        if self.ticket is None:
            raise ValueError(f"{self.story.contact.name} has no ticket yet")
        return self.ticket

    def _article(self, slug: str) -> Article:
        return self.cast.articles[slug, self.story.language]


def _reading(article: Article) -> str:
    """The payload of the button that chooses an article."""
    return f'/read_article{{"article_id": "{article.id}"}}'


def _pause(act: Act) -> timedelta:
    """How long people take to read and type; software answers at once."""
    match act:
        case Says(payload=None, contact=words) | AgentReplies(agent=words) | AgentNotes(note=words):
            return timedelta(seconds=READING_SECONDS + len(words) // TYPED_CHARACTERS_PER_SECOND)
        case Says() | Picks() | Rates():
            return timedelta(seconds=READING_SECONDS)
    return AT_ONCE
