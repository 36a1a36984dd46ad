"""Answer from the knowledge base, offer articles, ask what was meant, or say that there is no answer."""

import logging

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.backend import Backend, BackendError
from bot.actions.base import (
    SupportAction,
    intent_of,
    is_fresh,
    language_of,
    message_before,
    message_id_of,
    offer_of,
    previous_action_of,
    text_of,
    vector_of,
)
from bot.actions.schemas import AnswerBand, ArticleAnswer, ArticleOffer, HandoffReason, KnowledgeAnswer
from bot.names import TOPICS, Actions, Intents, Outcomes, Responses, Slots
from bot.questions import (
    announced_question,
    asked_on,
    asks_who_is_there,
    introduces,
    is_question,
    question_alone,
    questions_in,
)
from bot.wishes import wish_clauses, without_refusals
from language.wanted import wanted_language

logger = logging.getLogger(__name__)

# How likely a wish has to be for the bot to ask whether it was meant.
LEAST_FOR_A_GUESS = 0.2

# Which question has the likeliest wish among its choices.
_CLARIFICATIONS = {
    Intents.REQUEST_REFUND: Responses.CLARIFY_MONEY,
    Intents.PAYMENT_TROUBLE: Responses.CLARIFY_MONEY,
    Intents.REQUEST_INVOICE: Responses.CLARIFY_MONEY,
    Intents.ORDER_STATUS: Responses.CLARIFY_ORDER,
    Intents.CANCEL_PURCHASE: Responses.CLARIFY_ORDER,
    Intents.CHANGE_DETAILS: Responses.CLARIFY_ACCOUNT,
    Intents.SIGN_IN_TROUBLE: Responses.CLARIFY_ACCOUNT,
    Intents.TECHNICAL_TROUBLE: Responses.CLARIFY_ACCOUNT,
    Intents.OPEN_TICKET: Responses.CLARIFY_TICKET,
    Intents.TICKET_STATUS: Responses.CLARIFY_TICKET,
    Intents.ADD_TO_TICKET: Responses.CLARIFY_TICKET,
}
_CLARIFICATION_RESPONSES = frozenset(_CLARIFICATIONS.values())

_OWNING_UP = {
    Intents.DOUBT: (Responses.NOT_HELPFUL, Responses.NOT_HELPFUL_AGAIN),
    Intents.ASK_AGAIN: (Responses.UNCLEAR, Responses.UNCLEAR_AGAIN),
    Intents.ABUSE: (Responses.ABUSE, Responses.ABUSE_AGAIN),
    Intents.OUT_OF_SCOPE: (Responses.OUT_OF_SCOPE, Responses.OUT_OF_SCOPE_AGAIN),
    Intents.NLU_FALLBACK: (Responses.DONT_KNOW, Responses.DONT_KNOW_AGAIN),
}

# Wishes that the knowledge base has the rules of.
_LOOKED_UP = TOPICS | {Intents.ASK_KNOWLEDGE}
# What is offered after an answer, by what the contact meant.
_LOOKS = {**dict.fromkeys(TOPICS, Responses.OWN_CASE), Intents.COMPLAINT: Responses.COMPLAINT}
# What titles are offered with.
_TITLES = frozenset({Responses.OFFER_ARTICLES, Responses.OFFER_ARTICLES_AGAIN})
# So many titles are enough to choose from.
_MOST_OFFERS = 3

# What is said of an answer; who begins a conversation in so many words that sound so has had none.
_WORDS_OF_A_BEGINNING: dict[str, int] = {Intents.DOUBT: 2, Intents.ASK_AGAIN: 3}

# The label of a message in whose mood the app hears nothing; an insult without any is none.
_CALM = "neutral"


class ActionAnswerFromKnowledgeBase(SupportAction):
    """Say the answer, offer the nearest articles, ask what was meant, or say that there is no answer.

    `custom` tells the app which. Where the contact's own case may need a look, a ticket or a person is on offer.
    """

    hears_follow_ups = True

    def name(self) -> str:
        return Actions.ANSWER_FROM_KNOWLEDGE_BASE

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        text = text_of(tracker)
        if each := await self._answer_each(dispatcher, tracker, _parts_of(tracker, text)):
            return each
        wishes = wish_clauses(text)
        # Of several wishes the one that the message was understood as: what is near their mixture is near none of them.
        question = wishes.get(intent_of(tracker) or "", text) if len(wishes) > 1 else text
        return await self.answer_to(without_refusals(question), dispatcher, tracker)

    async def answer_to(self, question: str, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Answer a question, which the latest message need not have put so itself."""
        found = await self._find(tracker, question)
        matter = asked_on(question) or question_alone(question) or announced_question(question)
        if matter and not _sure_answer(found):
            # Words that only lead on may hide a term that says all, «خب CSAT چی؟», and a story its question.
            alone = await self._find(tracker, matter)
            is_better = found.band is AnswerBand.decline and alone.band is AnswerBand.offer
            found = alone if is_better or _sure_answer(alone) else found
        if answer := _sure_answer(found):
            say_answer(dispatcher, answer, confidence=found.confidence)
            _offer_a_look(dispatcher, tracker)
            return [remember_article(answer)]
        if response := _better_than_titles(question):
            dispatcher.utter_message(response=response)
            return []
        if _complains(tracker):
            # What is near a complaint in words seldom is what it is about.
            custom: dict[str, object] = {"outcome": Outcomes.OFFERED, "confidence": found.confidence}
            responses = (Responses.COMPLAINT_UNANSWERED, Responses.OWN_CASE_UNANSWERED_AGAIN)
            return await _own_up(self.backend, dispatcher, tracker, responses, custom=custom)
        if found.offers and found.band is AnswerBand.offer and (events := _offer_articles(dispatcher, tracker, found)):
            return events
        return await _decline(self.backend, dispatcher, tracker, found)

    async def _answer_each(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, questions: list[str]
    ) -> list[EventType]:
        """Answer each of several questions where at least one has an answer; nothing is said otherwise."""
        if len(questions) < 2:
            return []
        found = [await self._find(tracker, question, is_first=not place) for place, question in enumerate(questions)]
        sure = [(answer, one.confidence) for one in found if (answer := _sure_answer(one))]
        if not sure:
            return []
        # Two questions may have one answer.
        for answer, confidence in {answer.text: (answer, confidence) for answer, confidence in sure}.values():
            say_answer(dispatcher, answer, confidence=confidence)
        open_ones = [one for one in found if not _sure_answer(one)]
        if offers := [offer for one in open_ones for offer in one.offers[: _MOST_OFFERS // len(open_ones)]]:
            buttons = [_button(offer) for offer in offers]
            dispatcher.utter_message(response=Responses.OFFER_ARTICLES_TOO, buttons=buttons)
        elif open_ones:
            dispatcher.utter_message(response=Responses.REST_UNANSWERED)
        else:
            _offer_a_look(dispatcher, tracker, wishes_are_seen_to=True)
        return [remember_article(sure[-1][0]), SlotSet(Slots.OTHER_WISHES, None)]

    async def _find(self, tracker: Tracker, question: str, *, is_first: bool = True) -> KnowledgeAnswer:
        """What there is on a question; the message's number goes with its first, its vector with all of it."""
        return await self.backend.answer(
            question,
            language=language_of(tracker),
            conversation_id=tracker.sender_id,
            message_id=message_id_of(tracker) if is_first else None,
            vector=vector_of(tracker) if question == text_of(tracker) else None,
        )


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
        read = [remember_article(article)] if article else []
        return [SlotSet(Slots.ARTICLE_ID, None), *read]


class ActionSwitchLanguage(SupportAction):
    """Go on in the language that is asked for, beginning with what was told last; ask which where none is named."""

    def name(self) -> str:
        return Actions.SWITCH_LANGUAGE

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        if wanted_language(text_of(tracker)) is None:
            dispatcher.utter_message(response=Responses.WHICH_LANGUAGE)
            return []
        dispatcher.utter_message(response=Responses.LANGUAGE_SWITCHED)
        if not is_fresh(tracker, Slots.LAST_ARTICLE):
            await self._offer_again(dispatcher, tracker)
            return []
        article = await self.backend.read_article(
            int(tracker.get_slot(Slots.LAST_ARTICLE)),
            language=language_of(tracker),
            conversation_id=tracker.sender_id,
            message_id=message_id_of(tracker),
        )
        if article is None:
            return []
        say_answer(dispatcher, article)
        return [remember_article(article)]

    async def _offer_again(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        """The titles that the contact was just given to choose from, in the new language."""
        asked = message_before(tracker)
        if asked is None or previous_action_of(tracker) != Actions.ANSWER_FROM_KNOWLEDGE_BASE:
            return
        found = await self.backend.answer(
            str(asked["text"]),
            language=language_of(tracker),
            conversation_id=tracker.sender_id,
            message_id=None,
            vector=None,
        )
        if found.offers:
            _say_titles(dispatcher, found, Responses.OFFER_ARTICLES)


class ActionOwnUp(SupportAction):
    """Own up to what the bot cannot do, and offer a person: out of scope, an answer of no help or not clear, an insult.

    An insult in which the app hears no ill mood is none, and was not understood.
    """

    hears_follow_ups = True

    def name(self) -> str:
        return Actions.OWN_UP

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        intent = intent_of(tracker)
        if intent == Intents.ABUSE and tracker.get_slot(Slots.SENTIMENT) == _CALM:
            # Random keys look like an insult to the classifier, which knows no word of either.
            intent = Intents.NLU_FALLBACK
        if intent in _WORDS_OF_A_BEGINNING and _is_a_beginning(tracker):
            return await ActionAnswerFromKnowledgeBase(self.backend).respond(dispatcher, tracker)
        if intent == Intents.DOUBT:
            await self._note_doubt(tracker.sender_id)
        # An answer that did not help was none; the handoff policy counts it so.
        is_unmet = intent in (Intents.DOUBT, Intents.NLU_FALLBACK)
        custom: dict[str, object] = {"outcome": Outcomes.NOT_UNDERSTOOD} if is_unmet else {}
        responses = _OWNING_UP.get(intent or "", _OWNING_UP[Intents.OUT_OF_SCOPE])
        return await _own_up(self.backend, dispatcher, tracker, responses, custom=custom)

    async def _note_doubt(self, conversation_id: str) -> None:
        """Let editors see the question; where that fails, the contact is answered all the same."""
        try:
            await self.backend.doubt(conversation_id)
        except BackendError as error:
            logger.warning("The doubt of conversation %s is lost to editors: %s", conversation_id, error)


def _is_a_beginning(tracker: Tracker) -> bool:
    """Whether the bot has done nothing but greet before the latest message, which has more than a word or two.

    What does not work may be told in two: «گواهیم نیومده».
    """
    done = {event.get("name") for event in tracker.events if event.get("event") == "action"}
    has_begun = any(str(name).startswith("action_") for name in done - {"action_listen", "action_session_start"})
    return not has_begun and len(text_of(tracker).split()) >= _WORDS_OF_A_BEGINNING[intent_of(tracker) or ""]


def say_answer(dispatcher: CollectingDispatcher, article: ArticleAnswer, *, confidence: float | None = None) -> None:
    """One message with the answer's words, and its source beside them."""
    source = article.model_dump(exclude={"text"})
    custom = {"outcome": Outcomes.ANSWERED, "article": source, "confidence": confidence}
    dispatcher.utter_message(text=article.text, json_message=custom)


def remember_article(article: ArticleAnswer) -> EventType:
    """What was told last, should it be wanted in another language."""
    return SlotSet(Slots.LAST_ARTICLE, str(article.article_id))


def _parts_of(tracker: Tracker, text: str) -> list[str]:
    """What the knowledge base is asked one after the other: several questions, or wishes that it has the rules of."""
    if questions := questions_in(text):
        return questions
    wishes = wish_clauses(text)
    is_looked_up = intent_of(tracker) in _LOOKED_UP and _LOOKED_UP.issuperset(wishes)
    return list(wishes.values()) if is_looked_up else []


def _better_than_titles(question: str) -> str | None:
    """What is said to a message that has no answer and wants none."""
    if asks_who_is_there(question):
        return Responses.OFFER_PERSON
    return Responses.GO_AHEAD if introduces(question) else None


def _complains(tracker: Tracker) -> bool:
    """Whether the latest message is a complaint; what is asked calmly only sounds like one: «خدماتتون چیه؟»."""
    asks_calmly = tracker.get_slot(Slots.SENTIMENT) == _CALM and is_question(text_of(tracker))
    return intent_of(tracker) == Intents.COMPLAINT and not asks_calmly


def _sure_answer(found: KnowledgeAnswer) -> ArticleAnswer | None:
    return found.answer if found.band is AnswerBand.answer else None


def _offer_a_look(dispatcher: CollectingDispatcher, tracker: Tracker, *, wishes_are_seen_to: bool = False) -> None:
    """After the rules, a look at the contact's own case; but not into a form, nor before another wish.

    Nor where a ticket was offered the moment before: whoever goes on asking has read it.
    """
    is_busy = tracker.active_loop_name or (tracker.get_slot(Slots.OTHER_WISHES) and not wishes_are_seen_to)
    response = _LOOKS.get(intent_of(tracker) or "")
    if asks_who_is_there(text_of(tracker)):
        response = Responses.OFFER_PERSON
    elif response == Responses.COMPLAINT and not _complains(tracker):
        response = None
    if response and not is_busy and offer_of(tracker) != Intents.OPEN_TICKET:
        dispatcher.utter_message(response=response)


def _offer_articles(dispatcher: CollectingDispatcher, tracker: Tracker, found: KnowledgeAnswer) -> list[EventType]:
    """Titles to choose from; with a person beside them where none of the last was, and not a third time in a row."""
    before = _said(tracker)[-1:] if is_fresh(tracker, Slots.APOLOGIES) else []
    if before == [Responses.OFFER_ARTICLES_AGAIN]:
        return []
    is_again = before == [Responses.OFFER_ARTICLES]
    response = Responses.OFFER_ARTICLES_AGAIN if is_again else Responses.OFFER_ARTICLES
    _say_titles(dispatcher, found, response)
    if is_again:
        dispatcher.utter_message(response=Responses.NONE_OF_THESE)
    return [SlotSet(Slots.APOLOGIES, [*(one for one in _said(tracker) if one not in _TITLES), response])]


def _say_titles(dispatcher: CollectingDispatcher, found: KnowledgeAnswer, response: str) -> None:
    buttons = [_button(offer) for offer in found.offers]
    articles = [offer.model_dump() for offer in found.offers]
    custom = {"outcome": Outcomes.OFFERED, "articles": articles, "confidence": found.confidence}
    dispatcher.utter_message(response=response, buttons=buttons, json_message=custom)


def _button(offer: ArticleOffer) -> dict[str, str]:
    payload = f'/{Intents.READ_ARTICLE}{{"{Slots.ARTICLE_ID}": "{offer.article_id}"}}'
    return {"title": offer.title, "payload": payload}


async def _decline(
    backend: Backend, dispatcher: CollectingDispatcher, tracker: Tracker, found: KnowledgeAnswer
) -> list[EventType]:
    custom = {"outcome": Outcomes.NOT_UNDERSTOOD, "confidence": found.confidence, "gap_id": found.gap_id}
    if intent_of(tracker) in TOPICS:
        # Understood well enough; only the rest is a person's work.
        custom["outcome"] = Outcomes.OFFERED
        responses = (Responses.OWN_CASE_UNANSWERED, Responses.OWN_CASE_UNANSWERED_AGAIN)
        return await _own_up(backend, dispatcher, tracker, responses, custom=custom)
    question = _clarification(tracker)
    if question:
        dispatcher.utter_message(response=question, json_message=custom)
        return [SlotSet(Slots.APOLOGIES, [*_said(tracker), question])]
    responses = (Responses.DONT_KNOW, Responses.DONT_KNOW_AGAIN)
    return await _own_up(backend, dispatcher, tracker, responses, custom=custom)


def _clarification(tracker: Tracker) -> str | None:
    """A question with choices, where the message was not understood but allows a guess.

    Never the same one again, and never two in a row.
    """
    if intent_of(tracker) != Intents.NLU_FALLBACK or tracker.active_loop_name:
        return None
    if not _CLARIFICATION_RESPONSES.isdisjoint(_said(tracker)[-1:]):
        return None
    ranking = tracker.latest_message.get("intent_ranking") or []
    likeliest = next((guess for guess in ranking if guess["name"] != Intents.NLU_FALLBACK), None)
    if likeliest is None or likeliest["confidence"] < LEAST_FOR_A_GUESS:
        return None
    question = _CLARIFICATIONS.get(likeliest["name"])
    return None if question in _said(tracker) else question


async def _own_up(
    backend: Backend,
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    responses: tuple[str, str],
    *,
    custom: dict[str, object],
) -> list[EventType]:
    """The first of these responses that the contact has not been told yet; when all are spent, a person.

    Into a form a person does not come unasked: one is offered first. What is written of it goes to them.
    """
    said = _said(tracker)
    in_turn = (*responses, Responses.PERSON_IN_FORM) if tracker.active_loop_name else responses
    response = next((response for response in in_turn if response not in said), None)
    if response:
        dispatcher.utter_message(response=response, json_message=custom)
        return [SlotSet(Slots.APOLOGIES, [*said, response])]
    await backend.hand_off(tracker.sender_id, reason=HandoffReason.not_understood)
    # Whoever is handed back to the bot begins anew; the other wishes are the person's to read.
    return [SlotSet(Slots.APOLOGIES, None), SlotSet(Slots.OTHER_WISHES, None)]


def _said(tracker: Tracker) -> list[str]:
    """What the bot has owned up to in this conversation, and whether it offered titles; the latest last."""
    return tracker.get_slot(Slots.APOLOGIES) or []
