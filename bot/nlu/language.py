"""Which language the bot should answer in."""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.names import MetadataKeys
from bot.nlu.metadata import metadata_of
from language.detection import Language, detect
from language.wanted import wanted_language

REPLY_LANGUAGES = ("fa", "en")
# Persian in Latin letters is answered in Persian letters.
_REPLY_LANGUAGE_OF = {Language.fa: "fa", Language.finglish: "fa", Language.en: "en"}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class LanguageComponent(GraphComponent):
    """Set the message's `language` to `fa` or `en`; leave it unset when there is nothing to go by.

    What a message asks to be answered in counts first; then the app's word in the metadata, since it knows more (the
    page's language, the conversation so far).
    The channel turns the attribute into the slot. It is no entity: conversations under test would have to name it in
    every message.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "LanguageComponent":
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            language = _reply_language(message)
            if language:
                message.set(MetadataKeys.LANGUAGE, language, add_to_output=True)
        return messages


def _reply_language(message: Message) -> str | None:
    text = message.get(TEXT) or ""
    given = wanted_language(text) or metadata_of(message).get(MetadataKeys.LANGUAGE)
    if given in REPLY_LANGUAGES:
        return given
    return _REPLY_LANGUAGE_OF.get(detect(text).language)
