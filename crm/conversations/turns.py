"""Turns: one message of a contact and all that answers it.

A turn is claimed in one transaction, thought about outside any, and finished in another that stores the replies, the
bot's new state and what was understood together. A process that dies in between leaves the message pending and the old
state in place, so that the turn is simply run again; the bot keeps nothing, and what its actions do carries the
message's id as idempotency key.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from core.clock import Clock
from core.database import is_away
from core.rate_limit import RateLimit
from core.unit_of_work import UnitOfWork
from crm.conversations.apology import soothed
from crm.conversations.claims import MAX_ATTEMPTS, Claim, chosen_among, is_suspect, taken_up
from crm.conversations.commands import TALK_TO_PERSON
from crm.conversations.company import Company
from crm.conversations.crowd import Crowd
from crm.conversations.handoff_policy import IN_DANGER, REMEMBERED_TURNS
from crm.conversations.rating_reasons import rating_explained
from crm.conversations.service import (
    HANDED_OFF,
    HANDED_OFF_AS_ASKED,
    HANDED_OFF_IN_DANGER,
    REACH_NOTED,
    ConversationService,
    OpenService,
    RatingNotAsked,
)
from crm.conversations.thinking import Thinking, Thought, language_of
from crm.enums import ConversationStatus, HandoffReason, Outcome, TurnState
from crm.models import Conversation, Message
from language.normalise import safe_text

logger = logging.getLogger(__name__)

# Longer than any turn takes; after it, another process may take the turn over.
LEASE = timedelta(seconds=10)
# The same where the process died each time: that has other reasons too, and those may meet one message several times.
MAX_DEATHS = 5
# So many suspects wait to be alone; others must not find all places taken by them.
SUSPECTS_WAITING = 8
# What failed here, in a process that lives, is tried again soon: a contact must not wait for the leases to run out.
RETRY_AFTER = timedelta(seconds=1)
# What came faster than we answer is taken up together, so much of it at once.
MOST_TOGETHER = 200
# Who writes faster than we answer lets others go first, but not for longer.
COURTESY = timedelta(seconds=0.25)
# To these intents the bot says itself that it is sorry.
OWNED_UP = frozenset({"doubt", "ask_again"})
# What is said to a file without words, once however many come.
WORDS_PLEASE = "utter_words_please"
# So long after words, a file belongs to them: a caption comes with an album's first picture alone.
WORDS_COUNT_FOR = timedelta(minutes=1)
# What is said to the reason of a low rating.
RATING_REASON_KEPT = "utter_rating_reason_kept"
# What is said to the first message of somebody who waits for a person.
SEEN_WHILE_WAITING = "utter_seen_while_waiting"


class _Suspected(Exception):
    """The next message's last turn ended without a word: its process died, and nobody knows of what."""


class Turns:
    """Runs the turns of conversations, any number at once but one at a time for each conversation.

    When a process dies, each message whose turn was under way is a suspect. The turn of a suspect is run while this
    process runs no other, so that a message that kills its process takes no other along a second time.

    `pace` is how many turns a conversation may have. Whoever writes faster is answered more slowly: what waits
    meanwhile is then read as one text and has one answer. Nothing of it is lost, and nobody is sent a hundred answers.
    Their turns also begin while no other's is under way, so that the others hardly notice a flood. `crowd` lets in few
    turns at once.
    """

    def __init__(
        self,
        work: UnitOfWork,
        *,
        open_service: OpenService,
        thinking: Thinking,
        clock: Clock,
        owner: str,
        pace: RateLimit,
        crowd: Crowd | None = None,
    ) -> None:
        self.work = work
        self.open_service = open_service
        self.thinking = thinking
        self.clock = clock
        self.owner = owner
        self.pace = pace
        self.crowd = crowd or Crowd()
        self.company = Company(patience=LEASE)
        self._suspects = 0
        # Who wrote on before their last turn was over.
        self._pressing: set[str] = set()

    async def waiting(self, *, limit: int) -> Sequence[str]:
        """Conversations whose turn is due and which nobody works on."""
        async with self.work.reading() as session:
            return await self.open_service(session).conversations.waiting_for_turn(self.clock.now(), limit=limit)

    async def run(self, conversation_id: str) -> bool:
        """Run the conversation's next due turn, unless another process has it; true when one more is due at once."""
        try:
            async with self._in_line(conversation_id):
                is_more_due = await self._run_beside_others(conversation_id)
        except _Suspected:
            is_more_due = await self._run_alone(conversation_id)
        if is_more_due:
            self._pressing.add(conversation_id)
        return is_more_due

    @asynccontextmanager
    async def _in_line(self, conversation_id: str) -> AsyncIterator[None]:
        """Wait for one's place among the few who are under way, and until nobody is for who presses."""
        presses = conversation_id in self._pressing
        self._pressing.discard(conversation_id)
        async with self.crowd.let_in(presses=presses):
            if presses:
                await self.company.gone(patience=COURTESY)
            yield

    async def _run_beside_others(self, conversation_id: str) -> bool:
        async with self.company.together():
            return await self._run(conversation_id, alone=False)

    async def _run_alone(self, conversation_id: str) -> bool:
        """Run a suspect's turn, unless too many wait for theirs; it is then found again by whoever looks around."""
        if self._suspects >= SUSPECTS_WAITING:
            return False
        self._suspects += 1
        try:
            async with self.company.alone():
                return await self._run(conversation_id, alone=True)
        finally:
            self._suspects -= 1

    async def _run(self, conversation_id: str, *, alone: bool) -> bool:
        allowed = self.pace.left(conversation_id)
        if not allowed:
            # Found again by whoever looks around.
            return False
        claim = await self._claim(conversation_id, together=allowed == 1, alone=alone)
        if claim is None:
            return False
        self.pace.hit(conversation_id)
        try:
            # All others wait for who is alone.
            async with asyncio.timeout(LEASE.total_seconds() if alone else None):
                thought = await self.thinking.think(claim)
            return await self._finish(claim, thought)
        except Exception as error:
            logger.exception("a turn of conversation %s failed", conversation_id)
            await self._give_up(claim, error)
            return False

    async def _claim(self, conversation_id: str, *, together: bool, alone: bool) -> Claim | None:
        """The next turn: of the oldest message that waits, and `together` with those after it.

        Raises:
            _Suspected: it is to be run `alone`; nothing was claimed.
        """
        async with self.work.begin() as session:
            # What is changed meanwhile is written with the commit, all at once.
            with session.no_autoflush:
                return await self._claimed(self.open_service(session), conversation_id, together=together, alone=alone)

    async def _claimed(
        self, service: ConversationService, conversation_id: str, *, together: bool, alone: bool
    ) -> Claim | None:
        """The same within the transaction of `service`."""
        now = self.clock.now()
        repository = service.conversations
        conversation = await repository.lease(conversation_id, owner=self.owner, now=now, until=now + LEASE)
        if conversation is None:
            return None
        waiting = await repository.pending(conversation_id, limit=MOST_TOGETHER if together else 1)
        if not waiting:
            self._release(conversation)
            return None
        message = waiting[0]
        if is_suspect(message) and not alone:
            raise _Suspected
        if conversation.status is ConversationStatus.resolved:
            # It came in while an agent was closing the matter: nobody has answered it.
            service.begin_anew(conversation)
        if message.attempts >= MAX_DEATHS:
            # Whoever tried last did not live to say so.
            await self._set_aside(service, conversation, message)
            return None
        messages = taken_up(waiting)
        for message in messages:
            message.attempts += 1
            # Until somebody lives to say what went wrong.
            message.error = None
        history = await repository.recent_from_contact(
            conversation_id,
            after=conversation.bot_since_sequence,
            before=messages[0].sequence,
            limit=REMEMBERED_TURNS,
        )
        # What was rated before a history that is cut off came with a message that is no longer in it.
        since = history[0].created_at if len(history) == REMEMBERED_TURNS else None
        ratings = await repository.ratings_from([conversation.contact_id], after=since)
        policy = await service.policies.current()
        chosen = await chosen_among(repository, messages)
        return Claim(conversation, messages, history, ratings[conversation.contact_id], policy, chosen)

    async def _finish(self, claim: Claim, thought: Thought) -> bool:
        """Store all that the turn came to, at once; false when the turn was taken over by another process."""
        async with self.work.begin() as session:
            service = self.open_service(session)
            conversation = await service.lock(claim.conversation.id)
            if conversation.lease_owner != self.owner:
                return False
            # As claimed: while the lease is ours, nobody else writes to them but a contact who corrects their words.
            read_as_of = [one.corrected_at for one in claim.messages]
            taken_up, is_last = await self._as_they_are(service, claim)
            is_corrected = [one.corrected_at for one in taken_up] != read_as_of
            if is_corrected or conversation.status is ConversationStatus.resolved:
                # Nothing failed: who corrects their words often is not set aside for it.
                for one in taken_up:
                    one.attempts -= 1
                return True  # The next claim reads the new words, or begins anew.
            *earlier, message = taken_up
            for one in earlier:
                one.turn, one.error = TurnState.done, None
            _note(message, thought)
            # Whoever has had it meanwhile, the bot's words and what it remembers would come after theirs.
            changed_hands = conversation.bot_since_sequence != claim.conversation.bot_since_sequence
            if thought.mood and not changed_hands:
                conversation.frustration = thought.mood.frustration
            if thought.reading:
                conversation.language = language_of(conversation, thought.reading)
                if thought.reading.wanted_language:
                    conversation.identity.chosen_language = thought.reading.wanted_language
            if is_last or not self.pace.left(conversation.id):
                self._release(conversation)
            explained = rating_explained(claim, thought)
            if explained:
                await service.explain_rating(explained.id, message.latest_text)
            is_reason_alone = explained and thought.outcome is Outcome.not_understood and not thought.handoff
            if is_reason_alone and not changed_hands:
                await self._keep_reason(service, conversation, message)
            elif not changed_hands:
                await self._speak(service, conversation, message, thought, claimed_at=claim.conversation.last_sequence)
            if not changed_hands and conversation.status is not ConversationStatus.with_bot:
                await self._with_people(service, claim, conversation, message, thought)
        return not is_last

    async def _as_they_are(self, service: ConversationService, claim: Claim) -> tuple[list[Message], bool]:
        """The messages that are answered as they are now, and whether none waits after them."""
        before = claim.messages[0].sequence - 1
        waiting = await service.conversations.pending(
            claim.conversation.id, after=before, limit=len(claim.messages) + 1
        )
        taken_up = [one for one in waiting if one.sequence <= claim.message.sequence]
        return taken_up, len(taken_up) == len(waiting)

    async def _speak(
        self,
        service: ConversationService,
        conversation: Conversation,
        message: Message,
        thought: Thought,
        *,
        claimed_at: int,
    ) -> None:
        if thought.starts_over:
            await service.start_over(conversation)
            return
        if conversation.status is not ConversationStatus.with_bot:
            return
        if thought.answer:
            conversation.dialogue_state = thought.answer.state
        if thought.handoff:
            # Instead of what the bot would have said: nobody wants one more apology before the person comes.
            decision, response = thought.handoff, _response_to(thought)
            await _take_rating(service, conversation, message, thought)
            await service.hand_off(conversation, decision.reason, causes=decision.causes, response=response)
        elif thought.is_wordless:
            await self._ask_for_words(service, conversation, message)
        elif thought.answer and thought.answer.replies:
            replies = thought.answer.replies
            if thought.apology and thought.answer.intent not in OWNED_UP:
                words = service.wording.say(thought.apology, conversation.language)
                replies = soothed(replies, thought.apology, words)
            await service.bot_says(conversation, replies)
        elif not await service.conversations.contact_was_told_something(conversation.id, after=claimed_at):
            # Also when the bot was silent: an action that failed leaves an empty answer.
            message.outcome = Outcome.failed
            await service.say(conversation, "utter_bot_failed")

    async def _ask_for_words(self, service: ConversationService, conversation: Conversation, message: Message) -> None:
        """Ask what a file is about, unless the contact was just asked or has just said so."""
        repository = service.conversations
        said_at = await repository.last_words_before(message, after=conversation.bot_since_sequence)
        if said_at and message.created_at - said_at <= WORDS_COUNT_FOR:
            return
        if await repository.response_said_last(conversation.id) != WORDS_PLEASE:
            await service.say(conversation, WORDS_PLEASE)

    async def _keep_reason(self, service: ConversationService, conversation: Conversation, message: Message) -> None:
        """Say that the reason of a low rating was taken down, where the bot would say that it did not understand."""
        if conversation.status is ConversationStatus.with_bot:
            message.outcome = Outcome.answered
            await service.say(conversation, RATING_REASON_KEPT)

    async def _with_people(
        self,
        service: ConversationService,
        claim: Claim,
        conversation: Conversation,
        message: Message,
        thought: Thought,
    ) -> None:
        """Tell people what is graver than what they know of, and a contact who waits for them that it was seen."""
        if claim.conversation.status is ConversationStatus.with_bot:
            if thought.mood:
                await service.explain_handoff(conversation, thought.mood)
            return
        await service.tickets.answered_by_contact(conversation.id)
        response = _response_while_waiting(thought)
        is_called = thought.handoff and await service.call_again(conversation, thought.handoff, response=response)
        if not (is_called and response):
            await self._acknowledge(service, conversation, message)

    async def _acknowledge(self, service: ConversationService, conversation: Conversation, message: Message) -> None:
        """Tell a contact who writes while waiting for a person that it was seen; once, however much they write.

        How they can be reached is noted, and they are told so.
        """
        if conversation.status is not ConversationStatus.waiting or conversation.waiting_since is None:
            return
        if message.created_at < conversation.waiting_since:
            # It is what they were handed over for, and its turn died before it was over.
            return
        if service.note_contact_detail(conversation, message.latest_text):
            await service.say(conversation, REACH_NOTED)
        elif not await service.conversations.was_told(
            conversation.id, SEEN_WHILE_WAITING, since=conversation.waiting_since
        ):
            await service.say(conversation, SEEN_WHILE_WAITING)

    async def _give_up(self, claim: Claim, error: Exception) -> None:
        """Leave the message for another try in a moment, or set it aside with its error."""
        async with self.work.begin() as session:
            service = self.open_service(session)
            conversation = await service.lock(claim.conversation.id)
            messages, _ = await self._as_they_are(service, claim)
            if conversation.lease_owner != self.owner or not messages:
                return
            for message in messages:
                message.error = safe_text(f"{type(error).__name__}: {error}")[:200]
                if is_away(error):
                    # Not the message's fault.
                    message.attempts -= 1
            if messages[-1].attempts >= MAX_ATTEMPTS:
                await self._set_aside(service, conversation, messages[-1])
            else:
                conversation.lease_owner = None
                conversation.leased_until = self.clock.now() + RETRY_AFTER

    async def _set_aside(self, service: ConversationService, conversation: Conversation, message: Message) -> None:
        message.turn = TurnState.parked
        message.outcome = Outcome.failed
        self._release(conversation)
        if conversation.status is ConversationStatus.with_bot:
            await service.say(conversation, "utter_bot_failed")

    @staticmethod
    def _release(conversation: Conversation) -> None:
        conversation.lease_owner = None
        conversation.leased_until = None


async def _take_rating(
    service: ConversationService, conversation: Conversation, message: Message, thought: Thought
) -> None:
    """Store the rating that a message names which brings a person instead of the bot, where one was asked for."""
    if thought.reading and thought.reading.rating:
        with suppress(RatingNotAsked):
            await service.rate(conversation, score=thought.reading.rating, comment=message.latest_text, thank=False)


def _response_to(thought: Thought) -> str | None:
    """What a contact is told of a handoff, where it is not what its reason says.

    Whoever asks for a person is told that one comes, and not how upset they must be.
    """
    if thought.reading is None or thought.handoff is None:
        return None
    if IN_DANGER in thought.reading.signals:
        return HANDED_OFF_IN_DANGER
    is_mood = thought.handoff.reason is HandoffReason.negative_sentiment
    return HANDED_OFF_AS_ASKED if is_mood and thought.reading.asked_for_person else None


def _response_while_waiting(thought: Thought) -> str | None:
    """What a contact is told who has been handed over already; that they are upset is for people to hear."""
    is_grave = thought.handoff and thought.handoff.reason is HandoffReason.vulnerable
    return (_response_to(thought) or HANDED_OFF[HandoffReason.vulnerable]) if is_grave else None


def _note(message: Message, thought: Thought) -> None:
    """Write onto the message what its turn came to."""
    message.turn = TurnState.done
    message.error = None
    message.outcome = thought.outcome
    if thought.answer:
        message.intent = thought.answer.intent
        message.likeliest_intent = thought.answer.likeliest_intent
        message.intent_confidence = thought.answer.intent_confidence
    elif thought.reading and thought.reading.asked_for_person:
        message.intent = TALK_TO_PERSON.removeprefix("/")
    if thought.reading and thought.reading.vector:
        message.language = thought.reading.language
        message.sentiment = thought.reading.sentiment
        message.sentiment_score = thought.reading.sentiment_score
        message.signals = list(thought.reading.signals)
        message.vector = thought.reading.vector
        message.encoder = thought.reading.encoder
