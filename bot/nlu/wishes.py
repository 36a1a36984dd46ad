"""Of several wishes in one message, the more urgent; none that is refused; and what its form alone says."""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.identifiers import names_ticket, number_alone
from bot.names import Intents, Slots
from bot.plain_words import lacks_its_words
from bot.questions import announced_question, asks_after_answer, asks_on, asks_on_condition, asks_who_is_there
from bot.ticket_wishes import dictated_ticket
from bot.wishes import find_wishes, wish_instead
from language.courtesies import is_courtesy
from language.normalise import normalise
from language.wanted import is_about_speaking, wanted_language

# Two wishes in plain words are understood, whatever the classifier made of their mixture. People who label what was
# unsure are shown them all the same.
SURE = 0.6
_LIKELIEST = 2
# As what has words of its own a message without any of them is taken only where it sounds surely so.
_SURE_WITHOUT_ITS_WORDS = 0.95
# One word, «قیمت», says too little for these; the knowledge base may know it.
_NOT_IN_A_WORD = frozenset({Intents.OUT_OF_SCOPE, Intents.SMALL_TALK})
_COURTESIES = frozenset({Intents.GREET, Intents.THANKS, Intents.GOODBYE})
# The second of a sure reading is nobody's guess.
_LEAST = 0.05
_HIGHEST_RATING = 5
_ABOUT_TICKETS = frozenset({Intents.TICKET_STATUS, Intents.ADD_TO_TICKET})
# What is said to what the bot said, and what may be all that is heard of a question on something else.
_ANSWERS = frozenset({Intents.AFFIRM, Intents.DENY, Intents.THANKS, Intents.GOODBYE})
_LITTLE_SAID = _ANSWERS | {Intents.ASK_AGAIN, Intents.GREET, Intents.DOUBT, Intents.GO_BACK, Intents.CANCEL}
# What a question that goes on from an answer sounds like: "and if I only did half?".
_SAID_TO_ANSWERS = frozenset({Intents.DOUBT, Intents.ASK_AGAIN, Intents.SMALL_TALK, Intents.DENY, Intents.AFFIRM})


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class WishComponent(GraphComponent):
    """Make the more urgent wish the message's intent and the rest its `other_wishes`; the channel sets the slot.

    Where the message refuses what the classifier heard, it gets what is asked for instead, or `deny`. Stands after the
    classifier; a message in which fewer than two wishes are named and none is refused is left as it is.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "WishComponent":
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            first, *others = find_wishes(text, likeliest=_likeliest(message)) or [None]
            if plainly := _plainly_meant(text):
                first, others = plainly, []
            elif not others:
                first = _instead(message) or _asked_after_all(message, text)
                first = first or _courteous(message, text) or _likened(message, text)
            if others:
                message.set(Slots.OTHER_WISHES, others, add_to_output=True)
            if first:
                confidence = max(_confidence_in(message, first), SURE)
                message.set(INTENT, {"name": first, "confidence": confidence}, add_to_output=True)
        return messages


def _plainly_meant(text: str) -> "str | None":
    """What a message means whose form alone says it, whatever the words in it remind of."""
    if wanted_language(text):
        return Intents.SWITCH_LANGUAGE
    if dictated_ticket(text):
        return Intents.OPEN_TICKET
    alone = number_alone(text)
    # A smaller one is as likely a rating.
    return Intents.INFORM if alone and (alone > _HIGHEST_RATING or names_ticket(text)) else None


def _asked_after_all(message: Message, text: str) -> "str | None":
    """A question where the classifier heard but the courtesy before it: "ok, how do I do that?", «خب CSAT چی؟»."""
    heard = (message.get(INTENT) or {}).get("name")
    if heard == Intents.SWITCH_LANGUAGE and not is_about_speaking(text):
        # «و به فارسی قسطش چجوریه»
        return Intents.ASK_KNOWLEDGE
    is_question = (
        (heard in _LITTLE_SAID and asks_on(text))
        or (heard in _ANSWERS and asks_after_answer(text))
        or (heard in _SAID_TO_ANSWERS and asks_on_condition(text))
        or (heard == Intents.ANNOUNCE_QUESTION and announced_question(text))
        or (heard == Intents.TALK_TO_PERSON and asks_who_is_there(text))
    )
    return Intents.ASK_KNOWLEDGE if is_question else None


def _courteous(message: Message, text: str) -> "str | None":
    """The courtesy of a message that was not understood and yet is nothing but courteous."""
    if (message.get(INTENT) or {}).get("name") != Intents.NLU_FALLBACK or not is_courtesy(normalise(text)):
        return None
    return next((name for name in _likeliest(message) if name in _COURTESIES), None)


def _likened(message: Message, text: str) -> "str | None":
    """No intent at all where nobody should be called, thanked or seen off on a likeness: «تلفن»."""
    heard = message.get(INTENT) or {}
    is_sure = float(heard.get("confidence") or 0.0) >= _SURE_WITHOUT_ITS_WORDS
    is_one_word = heard.get("name") in _NOT_IN_A_WORD and len(text.split()) == 1 and any(map(str.isalpha, text))
    is_likeness = is_one_word or lacks_its_words(text, heard.get("name"))
    return Intents.NLU_FALLBACK if is_likeness and not is_sure else None


def _confidence_in(message: Message, wish: str) -> float:
    """How sure the classifier itself was of a wish."""
    ranking = message.get(INTENT_RANKING_KEY) or []
    return next((guess["confidence"] for guess in ranking if guess["name"] == wish), 0.0)


def _likeliest(message: Message) -> "list[str]":
    guesses = (message.get(INTENT_RANKING_KEY) or [])[:_LIKELIEST]
    return [guess["name"] for guess in guesses if guess["confidence"] >= _LEAST]


def _instead(message: Message) -> "str | None":
    """What the message asks for in place of what the classifier heard."""
    text, heard = message.get(TEXT) or "", (message.get(INTENT) or {}).get("name")
    if heard in _ABOUT_TICKETS:
        # "No ticket, please" is about tickets too.
        return wish_instead(text, Intents.OPEN_TICKET)
    if heard != Intents.NLU_FALLBACK:
        return wish_instead(text, heard) if heard else None
    found = [wish for name in _likeliest(message) if (wish := wish_instead(text, name))]
    # Of a mixture that was not understood only a wish in plain words is certain.
    return next((wish for wish in found if wish not in {Intents.DENY, Intents.ASK_KNOWLEDGE}), None)
