"""Thinking about a turn: what the messages say and how the contact feels, and what the bot or a person is to do."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from core.events import EventBus
from core.unit_of_work import UnitOfWork
from crm.conversations.apology import apologies_for
from crm.conversations.claims import Claim
from crm.conversations.commands import START_OVER, TALK_TO_PERSON
from crm.conversations.contact_turns import turns_of
from crm.conversations.handoff_policy import IN_DANGER, Decision
from crm.conversations.news import contact_topic
from crm.conversations.ports import Bot, BotAnswer, BotFailed, BotTurn, Mood, Reader, Reading
from crm.conversations.service import OpenService, is_reachable
from crm.enums import ConversationStatus, HandoffReason, Outcome
from crm.models import Conversation

logger = logging.getLogger(__name__)

# Shows the contact with this address in this inbox that an answer is being written, where we have to call the channel.
ShowTyping = Callable[[int, str], None]


@dataclass(frozen=True)
class Thought:
    """What was understood and what the bot would say; `answer` is None when the bot was not asked or failed."""

    reading: Reading | None = None
    mood: Mood | None = None
    answer: BotAnswer | None = None
    outcome: Outcome | None = None
    handoff: Decision | None = None
    # The response that goes before the bot's answer.
    apology: str | None = None
    starts_over: bool = False
    # Whether there were no words to read.
    is_wordless: bool = False


class Thinking:
    """Reads what a claim holds and, where the bot has the conversation, asks it; holds no transaction meanwhile."""

    def __init__(
        self,
        work: UnitOfWork,
        *,
        open_service: OpenService,
        reader: Reader,
        bot: Bot,
        events: EventBus,
        show_typing: ShowTyping = lambda _inbox_id, _contact_external_id: None,
    ) -> None:
        self.work = work
        self.open_service = open_service
        self.reader = reader
        self.bot = bot
        self.events = events
        self.show_typing = show_typing

    async def think(self, claim: Claim) -> Thought:
        """What was understood of a claim, and what the bot would say."""
        payload = claim.command
        if payload == TALK_TO_PERSON:
            return Thought(handoff=Decision(HandoffReason.contact_asked))
        if payload == START_OVER:
            return Thought(starts_over=True)
        if claim.is_wordless:
            return Thought(is_wordless=True)
        if payload:
            return await self._ask_bot(claim, _pressed_button(claim), Mood(frustration=claim.conversation.frustration))
        reading = await self.reader.read(claim.words, expected_language=claim.conversation.language)
        mood = self.reader.mood(turns_of(claim, reading), claim.policy.weights)
        decision = claim.policy.before_answer(mood, reading.signals, sequence=claim.message.sequence)
        if claim.conversation.status is not ConversationStatus.with_bot:
            # Who has an agent is heard by them, but they may be away when a life is at stake.
            is_heard = claim.conversation.status is ConversationStatus.open and IN_DANGER not in reading.signals
            return Thought(reading, mood, handoff=None if is_heard else decision)
        if decision:
            return Thought(reading, mood, handoff=decision)
        if reading.asked_for_person:
            return Thought(reading, mood, handoff=Decision(HandoffReason.contact_asked, mood.causes))
        return await self._ask_bot(claim, reading, mood, apology=await self._apology(claim, reading, mood))

    async def _apology(self, claim: Claim, reading: Reading, mood: Mood) -> str | None:
        """The apology that this message calls for, if the contact has not been given it before."""
        if not claim.policy.wants_apology(mood, sequence=claim.message.sequence):
            return None
        async with self.work.reading() as session:
            said = await self.open_service(session).conversations.responses_said(claim.conversation.id)
        return next((name for name in apologies_for(mood, reading.problem) if name not in said), None)

    async def _ask_bot(self, claim: Claim, reading: Reading, mood: Mood, *, apology: str | None = None) -> Thought:
        conversation = claim.conversation
        if conversation.status is not ConversationStatus.with_bot:
            return Thought(reading, mood)
        turn = BotTurn(
            conversation_id=conversation.id,
            # The first one's: a turn that is run again may find more messages, but none before it.
            message_id=str(claim.messages[0].id),
            text=claim.words,
            reading=reading,
            language=language_of(conversation, reading),
            frustration=mood.frustration,
            contact_known=is_reachable(conversation),
            apologised=apology is not None,
            state=conversation.dialogue_state,
        )
        await self.events.publish(contact_topic(conversation), {"type": "typing", "author": "bot", "on": True})
        self.show_typing(conversation.inbox_id, conversation.identity.external_id)
        try:
            answer = await self.bot.answer(turn)
            outcome = answer.outcome
        except BotFailed as error:
            logger.warning("the bot failed in conversation %s: %s", conversation.id, error)
            answer, outcome = None, Outcome.failed
        outcomes = [*(message.outcome for message in claim.history), outcome]
        return Thought(reading, mood, answer, outcome, claim.policy.after_answer(outcomes, mood), apology)


def language_of(conversation: Conversation, reading: Reading) -> str:
    """The language to answer this message in."""
    return reading.wanted_language or conversation.identity.chosen_language or reading.language


def _pressed_button(claim: Claim) -> Reading:
    """A pressed button carries our own words, which say nothing about the contact's mood."""
    return Reading(vector=b"", language=claim.conversation.language, sentiment="neutral", sentiment_score=0.0)
