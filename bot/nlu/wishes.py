"""Of several wishes in one message, the more urgent."""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.names import Slots
from bot.wishes import find_wishes

# Two wishes in plain words are understood, whatever the classifier made of their mixture.
SURE = 0.6


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class WishComponent(GraphComponent):
    """Make the more urgent wish the message's intent and the next one its `other_wish`; the channel sets the slot.

    Stands after the classifier. A message in which fewer than two wishes are named is left as it is.
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
            wishes = find_wishes(message.get(TEXT) or "")
            if len(wishes) < 2:
                continue
            first, other = wishes[:2]
            confidence = max((message.get(INTENT) or {}).get("confidence") or 0.0, SURE)
            message.set(INTENT, {"name": first, "confidence": confidence}, add_to_output=True)
            message.set(Slots.OTHER_WISH, other, add_to_output=True)
        return messages
