"""Of several wishes in one message, the more urgent; and none that is refused."""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.names import Intents, Slots
from bot.wishes import find_wishes, wish_instead

# Two wishes in plain words are understood, whatever the classifier made of their mixture. People who label what was
# unsure are shown them all the same.
SURE = 0.6
_LIKELIEST = 2
# The second of a sure reading is nobody's guess.
_LEAST = 0.05


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
            first, *others = find_wishes(message.get(TEXT) or "", likeliest=_likeliest(message)) or [None]
            if others:
                message.set(Slots.OTHER_WISHES, others, add_to_output=True)
            else:
                first = _instead(message)
            if first:
                confidence = max(_confidence_in(message, first), SURE)
                message.set(INTENT, {"name": first, "confidence": confidence}, add_to_output=True)
        return messages


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
    if heard != Intents.NLU_FALLBACK:
        return wish_instead(text, heard) if heard else None
    found = [wish for name in _likeliest(message) if (wish := wish_instead(text, name))]
    # Of a mixture that was not understood only a wish in plain words is certain.
    return next((wish for wish in found if wish not in {Intents.DENY, Intents.ASK_KNOWLEDGE}), None)
