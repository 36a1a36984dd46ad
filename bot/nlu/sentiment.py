"""The sentiment that the app read from the message's vector, passed on to the dialogue."""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message

from bot.names import MetadataKeys
from bot.nlu.metadata import metadata_of


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class SentimentComponent(GraphComponent):
    """Set the message's `sentiment` to the metadata's `{"label", "score"}`; there is no second opinion here."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SentimentComponent":
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            sentiment = metadata_of(message).get(MetadataKeys.SENTIMENT)
            if isinstance(sentiment, dict) and sentiment.get("label"):
                message.set(MetadataKeys.SENTIMENT, sentiment, add_to_output=True)
        return messages
