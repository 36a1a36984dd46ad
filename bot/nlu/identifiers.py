"""Ticket numbers, e-mail addresses, phone numbers, order numbers, amounts and dates as entities."""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.identifiers import Identifier, find_identifiers
from bot.nlu.details import DetailFinder


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class IdentifierExtractor(GraphComponent, EntityExtractorMixin):
    """Give identifiers and details in canonical form (`HM-1042`, `450000 toman`), with offsets into the text.

    What is a part of an identifier is no detail: a phone number is no order's.
    """

    def __init__(self) -> None:
        self._details = DetailFinder()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "IdentifierExtractor":
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            identifiers = list(find_identifiers(text))
            details = [detail for detail in self._details.find(text) if not _overlaps(detail, identifiers)]
            found = [
                {
                    "entity": identifier.entity,
                    "value": identifier.value,
                    "start": identifier.start,
                    "end": identifier.end,
                }
                for identifier in [*identifiers, *details]
            ]
            entities = message.get(ENTITIES, []) + self.add_extractor_name(found)
            message.set(ENTITIES, entities, add_to_output=True)
        return messages


def _overlaps(detail: Identifier, identifiers: list[Identifier]) -> bool:
    return any(detail.start < identifier.end and identifier.start < detail.end for identifier in identifiers)
