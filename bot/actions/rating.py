"""Take down how the contact liked it."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.backend import BackendRefused
from bot.actions.base import SupportAction
from bot.names import Actions, Responses, Slots
from language.ratings import find_rating


class ActionRateConversation(SupportAction):
    """Store a rating from 1 to 5, from a button or from the contact's words; ask for it where there is none."""

    def name(self) -> str:
        return Actions.RATE_CONVERSATION

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        said = tracker.get_slot(Slots.RATING) or tracker.latest_message.get("text") or ""
        score = find_rating(str(said))
        if score is None:
            dispatcher.utter_message(response=Responses.ASK_RATING)
        else:
            await self._store(dispatcher, tracker, score)
        return [SlotSet(Slots.RATING, None)]

    async def _store(self, dispatcher: CollectingDispatcher, tracker: Tracker, score: int) -> None:
        try:
            await self.backend.rate(tracker.sender_id, score=score)
        except BackendRefused:
            dispatcher.utter_message(response=Responses.RATING_REFUSED)
        else:
            dispatcher.utter_message(response=Responses.RATING_THANKS)
