"""Bring in a person."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.base import SupportAction
from bot.actions.schemas import HandoffReason
from bot.names import Actions, Slots


class ActionHandOff(SupportAction):
    """Hand the conversation to a person. Says nothing: the handoff itself stores what the contact is told."""

    def name(self) -> str:
        return Actions.HAND_OFF

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        await self.backend.hand_off(tracker.sender_id, reason=HandoffReason.contact_asked)
        return []

    def _speak_of_other_wish(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        # The person reads the whole message.
        return [SlotSet(Slots.OTHER_WISHES, None)] if tracker.get_slot(Slots.OTHER_WISHES) else []
