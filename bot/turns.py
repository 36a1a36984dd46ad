"""One turn of a conversation, computed from a given state and giving back the next state.

Rasa's own MessageProcessor keeps conversations in a tracker store, saves only at the end of a turn, and goes on after a
failed action as if it had succeeded. Here the state comes with the message and leaves with the answer, so the app
can store it in the transaction that stores the replies; and a failed action fails the turn, so the app can run it again
from the old state or call a person.
"""

from dataclasses import dataclass
from typing import Any

from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.shared.core.constants import (
    ACTION_DEACTIVATE_LOOP_NAME,
    ACTION_LISTEN_NAME,
    ACTION_SESSION_START_NAME,
)
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.names import Intents, MetadataKeys, Slots
from bot.wishes import only_reports_request

CHANNEL_NAME = "hamyar"
KEPT_TURNS = 6
"""How many turns of events a state holds; slots and the active form are kept however old they are."""
_DICTATED = frozenset({Slots.TICKET_SUBJECT, Slots.TICKET_DESCRIPTION, Slots.TICKET_NOTE})
"""What a form takes down in the contact's own words, whatever they name."""


@dataclass(frozen=True)
class Turn:
    """What came of one message."""

    messages: list[dict[str, Any]]
    state: list[dict[str, Any]]
    intent: dict[str, Any]


class Replies(OutputChannel):
    """Collects what the bot says; text, buttons and custom part of one reply stay together."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    @classmethod
    def name(cls) -> str:
        return CHANNEL_NAME

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        buttons = [{"title": button["title"], "payload": button["payload"]} for button in message.get("buttons") or []]
        custom = message.get("custom") or None
        self.messages.append({"text": message.get("text") or "", "buttons": buttons, "custom": custom})


class TurnRunner:
    """Runs turns on a loaded model. Holds nothing between them, so turns of different conversations may interleave."""

    def __init__(self, processor: MessageProcessor) -> None:
        self._processor = processor
        self._domain = processor.domain

    async def run(self, message: UserMessage, state: list[dict[str, Any]] | None) -> Turn:
        """Take in one message and act until the bot listens again.

        Raises whatever an action or a component raised; nothing has been kept then.
        """
        replies = Replies()
        tracker = self._restore(message.sender_id, state)
        await self._take_in(message, tracker)
        tracker = await self._processor.run_action_extract_slots(replies, tracker)
        await self._act(tracker, replies)
        return Turn(
            messages=replies.messages,
            state=self._condense(tracker),
            intent=_intent_of(tracker.latest_message),
        )

    def _restore(self, conversation_id: str, state: list[dict[str, Any]] | None) -> DialogueStateTracker:
        if state:
            known = [event for event in state if not self._is_of_a_former_form(event)]
            return DialogueStateTracker.from_dict(conversation_id, known, self._domain.slots)
        beginning: list[Event] = [
            ActionExecuted(ACTION_SESSION_START_NAME),
            SessionStarted(),
            ActionExecuted(ACTION_LISTEN_NAME),
        ]
        return DialogueStateTracker.from_events(conversation_id, beginning, self._domain.slots)

    def _is_of_a_former_form(self, event: dict[str, Any]) -> bool:
        """Whether an event is about a form that the model no longer has; everything else unknown, Rasa passes over."""
        return event.get("event") == ActiveLoop.type_name and event.get("name") not in {None, *self._domain.form_names}

    async def _take_in(self, message: UserMessage, tracker: DialogueStateTracker) -> None:
        parse_data = await self._processor.parse_message(message, tracker)
        asked_for = tracker.get_slot(Slots.REQUESTED_SLOT)
        if asked_for in _DICTATED:
            parse_data = _as_dictated(parse_data, message.text or "")
        uttered = UserUttered(
            message.text,
            parse_data["intent"],
            parse_data["entities"],
            parse_data,
            input_channel=CHANNEL_NAME,
            message_id=message.message_id,
            metadata=message.metadata,
        )
        tracker.update(uttered, self._domain)
        told = _slots_told(parse_data, message.metadata or {}, asked_for=asked_for)
        news = [SlotSet(name, value) for name, value in told.items() if tracker.get_slot(name) != value]
        tracker.update_with_events(news, self._domain)

    async def _act(self, tracker: DialogueStateTracker, replies: Replies) -> None:
        listening = False
        while not listening:
            action, prediction = self._processor.predict_next_with_tracker_if_should(tracker)
            await self._run_action(action, prediction, tracker, replies)
            listening = action.name() == ACTION_LISTEN_NAME

    async def _run_action(
        self, action: Action, prediction: PolicyPrediction, tracker: DialogueStateTracker, replies: Replies
    ) -> None:
        """MessageProcessor._run_action, but an action's exception is not swallowed."""
        seen_by_action = tracker.copy()
        seen_by_action.update_with_events(prediction.events, self._domain)
        try:
            events = await action.run(replies, self._processor.nlg, seen_by_action, self._domain) or []
        except ActionExecutionRejection:
            rejected = ActionExecutionRejected(action.name(), prediction.policy_name, prediction.max_confidence)
            tracker.update(rejected, self._domain)
            return
        if not any(isinstance(event, ActionExecutionRejected) for event in events):
            tracker.update_with_events(prediction.events, self._domain)
            tracker.update(action.event_for_successful_execution(prediction), self._domain)
        tracker.update_with_events(events, self._domain)
        if action.name() == ACTION_DEACTIVATE_LOOP_NAME and tracker.get_slot(Slots.OTHER_WISHES):
            # They waited for a form that was broken off.
            tracker.update(SlotSet(Slots.OTHER_WISHES, None), self._domain)
        for event in events:
            if isinstance(event, BotUttered):
                await replies.send_response(tracker.sender_id, event.message())

    def _condense(self, tracker: DialogueStateTracker) -> list[dict[str, Any]]:
        events = tracker.applied_events()
        turn_starts = [index for index, event in enumerate(events) if isinstance(event, UserUttered)]
        cut = turn_starts[-KEPT_TURNS] if len(turn_starts) > KEPT_TURNS else 0
        kept = [*self._summary(tracker.sender_id, events[:cut]), *events[cut:]]
        # What the bot said is in the app's transcript, and no rule looks at it.
        return [_slim(event) for event in kept if not isinstance(event, BotUttered)]

    def _summary(self, conversation_id: str, events: list[Event]) -> list[Event]:
        """The few events that leave a tracker where all of these do."""
        if not events:
            return []
        past = DialogueStateTracker.from_events(conversation_id, events, self._domain.slots)
        summary: list[Event] = [
            SlotSet(name, slot.value) for name, slot in past.slots.items() if slot.value != slot.initial_value
        ]
        if past.active_loop_name:
            summary.append(ActiveLoop(past.active_loop_name))
        return [*summary, ActionExecuted(ACTION_LISTEN_NAME)]


def _intent_of(message: UserUttered) -> dict[str, Any]:
    """The intent that was acted on, and the likeliest with how sure the classifier was of it.

    They differ where the fallback took a message that nobody could be sure of.
    """
    decided = likeliest = message.intent
    if decided.get("name") == Intents.NLU_FALLBACK:
        ranking = message.parse_data.get("intent_ranking") or []
        likeliest = next((one for one in ranking if one["name"] != Intents.NLU_FALLBACK), {})
    return {
        "name": decided.get("name"),
        "likeliest": likeliest.get("name"),
        "confidence": float(likeliest.get("confidence") or 0.0),
    }


def _as_dictated(parse_data: dict[str, Any], text: str) -> dict[str, Any]:
    """What a message means as the words of a ticket: that an agent told them to ask for another is a part of the story.

    As sure as the classifier was of that, so that people who label see what was unsure.
    """
    if parse_data["intent"].get("name") != Intents.TALK_TO_PERSON or not only_reports_request(text):
        return parse_data
    ranking = parse_data.get("intent_ranking") or []
    confidence = next((guess["confidence"] for guess in ranking if guess["name"] == Intents.INFORM), 0.0)
    return {**parse_data, "intent": {"name": Intents.INFORM, "confidence": confidence}}


def _slots_told(parse_data: dict[str, Any], metadata: dict[str, Any], *, asked_for: "str | None") -> dict[str, Any]:
    """Slots that the message's circumstances set, rather than its words."""
    sentiment = metadata.get(MetadataKeys.SENTIMENT) or {}
    told = {
        Slots.SENTIMENT: sentiment.get("label"),
        Slots.APOLOGISED: bool(metadata.get(MetadataKeys.APOLOGISED)),
    }
    # A button's payload passes no component, so the app's word is looked up first.
    language = metadata.get(MetadataKeys.LANGUAGE) or parse_data.get(MetadataKeys.LANGUAGE)
    if language:
        told[Slots.LANGUAGE] = language
    # They stay until they have been spoken of: a form may come first. What a ticket is to say holds none of them.
    if parse_data.get(Slots.OTHER_WISHES) and asked_for not in _DICTATED:
        told[Slots.OTHER_WISHES] = parse_data[Slots.OTHER_WISHES]
    if MetadataKeys.CONTACT_KNOWN in metadata:
        told[Slots.CONTACT_KNOWN] = bool(metadata[MetadataKeys.CONTACT_KNOWN])
    return told


def _slim(event: Event) -> dict[str, Any]:
    """An event as JSON, without the vector, the ranking and the other things that only mattered in its own turn."""
    slim = {key: value for key, value in event.as_dict().items() if value is not None and key != "metadata"}
    if isinstance(event, UserUttered):
        slim["parse_data"] = {"intent": event.intent, "entities": event.entities, "text": event.text}
    return slim
