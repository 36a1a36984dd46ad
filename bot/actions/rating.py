"""Take down how the contact liked it."""

import re

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.backend import BackendRefused
from bot.actions.base import SupportAction, offer_of, text_of
from bot.actions.follow_ups import rating_comment, thank_for_rating
from bot.actions.knowledge import ActionAnswerFromKnowledgeBase
from bot.identifiers import number_alone
from bot.names import Actions, Intents, Responses, Slots
from bot.questions import is_marked_question
from language.ratings import find_rating, rating_in_words

_ABOUT_RATING = re.compile(
    r"امتیاز|ستاره|نظر|نظرسنجی|رای|ارزیابی|بد(?:م|هم|یم)|\b(?:rat(?:e|ing)|stars?|feedback|review|survey|emtiaz\w*|nazar\w*)\b",
    re.IGNORECASE,
)


def _is_offered(tracker: Tracker) -> bool:
    """Whether the contact means to rate: by a button, in so many words, or right after the bot has asked.

    A number alone may be anything.
    """
    text = text_of(tracker)
    was_asked = offer_of(tracker) == Intents.RATE_CONVERSATION
    in_words = number_alone(text) is None and rating_in_words(text) is not None
    return was_asked or in_words or text.startswith("/")


def _asks_of_something_else(text: str) -> bool:
    """Whether a text asks something, and not how to rate: «نمرهٔ بالاتر حساب میشه؟»."""
    return is_marked_question(text) and not text.startswith("/") and not _ABOUT_RATING.search(text)


class ActionRateConversation(SupportAction):
    """Store a rating from 1 to 5, from a button or from the contact's words; ask for it where there is none."""

    def name(self) -> str:
        return Actions.RATE_CONVERSATION

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        said = tracker.get_slot(Slots.RATING) or tracker.latest_message.get("text") or ""
        score = find_rating(str(said))
        spent = SlotSet(Slots.RATING, None)
        if score is None and not _asks_of_something_else(text_of(tracker)):
            dispatcher.utter_message(response=Responses.ASK_RATING)
        elif score is None:
            return [spent, *await ActionAnswerFromKnowledgeBase(self.backend).respond(dispatcher, tracker)]
        elif await self._store(tracker, score):
            thank_for_rating(dispatcher, score, text_of(tracker))
        elif tracker.get_slot(Slots.RATING) or _is_offered(tracker) or number_alone(text_of(tracker)) is not None:
            dispatcher.utter_message(response=Responses.RATING_REFUSED)
        else:
            # «۵ بار زدم» counts something else.
            return [spent, *await ActionAnswerFromKnowledgeBase(self.backend).respond(dispatcher, tracker)]
        return [spent]

    async def _store(self, tracker: Tracker, score: int) -> bool:
        """Whether the rating was taken."""
        try:
            comment = rating_comment(text_of(tracker))
            await self.backend.rate(tracker.sender_id, score=score, comment=comment, offered=_is_offered(tracker))
        except BackendRefused:
            return False
        return True
