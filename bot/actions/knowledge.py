"""Answer from the knowledge base."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.base import SupportAction, language_of, message_id_of, vector_of
from bot.actions.schemas import AnswerBand, ArticleAnswer, KnowledgeAnswer
from bot.names import Actions, Intents, Outcomes, Responses, Slots


class ActionAnswerFromKnowledgeBase(SupportAction):
    """Say the answer, offer the nearest articles, or say that there is none; `custom` tells the app which."""

    def name(self) -> str:
        return Actions.ANSWER_FROM_KNOWLEDGE_BASE

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        found = await self.backend.answer(
            tracker.latest_message.get("text") or "",
            language=language_of(tracker),
            conversation_id=tracker.sender_id,
            message_id=message_id_of(tracker),
            vector=vector_of(tracker),
        )
        if found.band is AnswerBand.answer and found.answer is not None:
            say_answer(dispatcher, found.answer, confidence=found.confidence)
        elif found.band is AnswerBand.offer and found.offers:
            _offer_articles(dispatcher, found)
        else:
            custom = {"outcome": Outcomes.NOT_UNDERSTOOD, "confidence": found.confidence, "gap_id": found.gap_id}
            dispatcher.utter_message(response=Responses.DONT_KNOW, json_message=custom)
        return []


class ActionReadArticle(SupportAction):
    """Say the article that the contact chose."""

    def name(self) -> str:
        return Actions.READ_ARTICLE

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        chosen = str(tracker.get_slot(Slots.ARTICLE_ID) or "")
        article = None
        if chosen.isascii() and chosen.isdigit():
            article = await self.backend.read_article(
                int(chosen),
                language=language_of(tracker),
                conversation_id=tracker.sender_id,
                message_id=message_id_of(tracker),
            )
        if article is None:
            dispatcher.utter_message(response=Responses.ARTICLE_GONE)
        else:
            say_answer(dispatcher, article)
        return [SlotSet(Slots.ARTICLE_ID, None)]


def say_answer(dispatcher: CollectingDispatcher, article: ArticleAnswer, *, confidence: float | None = None) -> None:
    """One message with the answer's words, and its source beside them."""
    source = article.model_dump(exclude={"text"})
    custom = {"outcome": Outcomes.ANSWERED, "article": source, "confidence": confidence}
    dispatcher.utter_message(text=article.text, json_message=custom)


def _offer_articles(dispatcher: CollectingDispatcher, found: KnowledgeAnswer) -> None:
    buttons = [
        {"title": offer.title, "payload": f'/{Intents.READ_ARTICLE}{{"{Slots.ARTICLE_ID}": "{offer.article_id}"}}'}
        for offer in found.offers
    ]
    articles = [offer.model_dump() for offer in found.offers]
    custom = {"outcome": Outcomes.OFFERED, "articles": articles, "confidence": found.confidence}
    dispatcher.utter_message(response=Responses.OFFER_ARTICLES, buttons=buttons, json_message=custom)
