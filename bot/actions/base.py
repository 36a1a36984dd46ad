"""What all actions share: the backend, the conversation at hand, and what happens when the backend does not answer."""

import logging
from abc import ABC, abstractmethod
from itertools import takewhile
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from bot.actions.backend import Backend, BackendError
from bot.actions.schemas import HandoffReason
from bot.names import ASKS_WHICH_TICKET, IN_FORM, LATER_RESPONSES, OFFERS, MetadataKeys, Responses, Slots
from language.choosing import chosen_place
from language.courtesies import is_silence

logger = logging.getLogger(__name__)


class SupportAction(Action, ABC):  # type: ignore[misc]  # rasa_sdk has no types
    """An action that talks to the backend.

    A backend failure becomes a handoff; where even that fails, the contact is told so. Wishes that had to wait for this
    action are spoken of after it. One that `hears_follow_ups` first looks whether the message is about the ticket that
    was just opened, a rating in plain words, no more than "the first one" or nothing at all ("..."), whatever
    it was understood as.
    """

    hears_follow_ups = False

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    @abstractmethod
    def name(self) -> str: ...

    @abstractmethod
    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Do the action's work; may raise BackendError."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        try:
            events = await self._follow_up(dispatcher, tracker)
            if events is None:
                events = await self.respond(dispatcher, tracker)
        except BackendError as error:
            logger.warning("%s of conversation %s: %s", self.name(), tracker.sender_id, error)
            await self._apologise(dispatcher, tracker, error)
            return []
        if not any(event.get("name") == Slots.OTHER_WISHES for event in events):
            # Else the action has seen to them itself.
            events = [*events, *self._speak_of_other_wish(dispatcher, tracker)]
        if tracker.active_loop_name:
            _offer_nothing(dispatcher)
        return [*events, *remember_offer(dispatcher), *_remember_which_ticket(dispatcher)]

    async def _follow_up(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType] | None:
        # Here, as it needs what stands in this module.
        from bot.actions.follow_ups import follow_up, take_rating

        if not self.hears_follow_ups or tracker.active_loop_name:
            return None
        if chosen_place(text_of(tracker)) is not None:
            # The app presses the button that is meant so; there is none.
            dispatcher.utter_message(response=Responses.WHICH_ONE)
            return []
        if is_silence(text_of(tracker)):
            dispatcher.utter_message(response=Responses.ALL_RIGHT)
            return []
        if await take_rating(self.backend, dispatcher, tracker):
            return []
        return await follow_up(self.backend, dispatcher, tracker)

    def _speak_of_other_wish(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Say that the next of the less urgent wishes has not been forgotten; each has its turn, once."""
        if tracker.active_loop_name:
            # Its button would be taken for an answer to the form.
            return []
        waiting: list[str] = tracker.get_slot(Slots.OTHER_WISHES) or []
        to_come = [wish for wish in waiting if wish in LATER_RESPONSES and wish != intent_of(tracker)]
        if not waiting:
            return []
        if to_come:
            dispatcher.utter_message(response=LATER_RESPONSES[to_come[0]])
        return [SlotSet(Slots.OTHER_WISHES, to_come[1:] or None)]

    async def _apologise(self, dispatcher: CollectingDispatcher, tracker: Tracker, error: BackendError) -> None:
        try:
            await self.backend.hand_off(
                tracker.sender_id, reason=HandoffReason.bot_failed, detail=f"{self.name()}: {error}"
            )
        except BackendError:
            dispatcher.utter_message(response=Responses.BACKEND_DOWN)


def _offer_nothing(dispatcher: CollectingDispatcher) -> None:
    """Replace the responses whose buttons lead out of a form by those that are said in its middle."""
    for message in dispatcher.messages:
        message["response"] = IN_FORM.get(message["response"], message["response"])


def remember_offer(dispatcher: CollectingDispatcher) -> list[EventType]:
    """What a bare yes to these responses would mean."""
    offers = [OFFERS[message["response"]] for message in dispatcher.messages if message["response"] in OFFERS]
    return [SlotSet(Slots.OFFER, offers[-1])] if offers else []


def _remember_which_ticket(dispatcher: CollectingDispatcher) -> list[EventType]:
    """What a ticket's number alone would answer."""
    asked = [ASKS_WHICH_TICKET.get(message["response"]) for message in dispatcher.messages]
    return [SlotSet(Slots.ASKED_WHICH_TICKET, intent) for intent in asked if intent][-1:]


def offer_of(tracker: Tracker) -> str | None:
    """The intent that the bot offered just before the latest message; a yes agrees to it."""
    offer: str | None = tracker.get_slot(Slots.OFFER) if is_fresh(tracker, Slots.OFFER) else None
    return offer


def is_fresh(tracker: Tracker, slot: str) -> bool:
    """Whether a slot was set in the turn before the latest message.

    Counted from the slot: Rasa forgets what was said to a form.
    """
    places = [place for place, event in enumerate(tracker.events) if event.get("name") == slot]
    after = tracker.events[places[-1] :] if places else []
    return [event["event"] for event in after].count("user") == 1


def text_of(tracker: Tracker) -> str:
    """The latest message as written."""
    return str(tracker.latest_message.get("text") or "")


def message_before(tracker: Tracker) -> dict[str, Any] | None:
    """What the contact said before the latest message, as Rasa's event; None for a pressed button, or nothing."""
    return next(iter(messages_before(tracker, limit=1)), None)


def messages_before(tracker: Tracker, *, limit: int) -> list[dict[str, Any]]:
    """So many of the contact's messages before the latest, back to the last button they pressed; the latest first."""
    said = [event for event in tracker.events if event.get("event") == "user"][-2::-1][:limit]
    return list(takewhile(lambda event: not str(event.get("text") or "/").startswith("/"), said))


def metadata_of(tracker: Tracker) -> dict[str, Any]:
    """What the app sent along with the latest message."""
    return tracker.latest_message.get("metadata") or {}


def intent_of(tracker: Tracker) -> str | None:
    """What the latest message was understood as."""
    name: str | None = (tracker.latest_message.get("intent") or {}).get("name")
    return name


def language_of(tracker: Tracker) -> str:
    """The language to answer in: `fa` or `en`."""
    return "en" if tracker.get_slot(Slots.LANGUAGE) == "en" else "fa"


def message_id_of(tracker: Tracker) -> str | None:
    """The app's id of the latest message."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            message_id: str | None = event.get("message_id")
            return message_id
    return None


def previous_action_of(tracker: Tracker) -> str | None:
    """The last thing that the bot did before the latest message."""
    events = [event for event in tracker.events if event.get("event") in ("user", "action")]
    places = [place for place, event in enumerate(events) if event["event"] == "user"]
    before = events[: places[-1]] if places else []
    done = [event for event in before if event["event"] == "user" or event.get("name") != "action_listen"]
    name: str | None = done[-1].get("name") if done else None
    return name


def vector_of(tracker: Tracker) -> str | None:
    """The latest message's vector in base64, where the app sent it."""
    return metadata_of(tracker).get(MetadataKeys.VECTOR)
