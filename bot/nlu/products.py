"""What the firm sells, as entities: the names in the training data's lookup table `product` and their synonyms."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import spacy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.util import filter_spans

from bot.identifiers import Identifier
from bot.names import Entities
from bot.nlu.words import words_of
from language.normalise import normalise

_FILE = "products.json"
_HALF_SPACE = "\u200c"
# Between Persian letters, where a half-space may stand as well; each doubles the forms of a name.
_SPACE = re.compile("(?<=[\u0600-\u06ff]) (?=[\u0600-\u06ff])")
_MOST_SPACES = 5
_EZAFE = re.compile("ه\u200cی$")


class ProductFinder:
    """Finds products in any spelling of letters and half-spaces; `names` has what people say, and the name for it."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._vocabulary = spacy.blank("xx").vocab
        self._matcher = PhraseMatcher(self._vocabulary)
        for said, name in names.items():
            self._matcher.add(name, [self._document(form) for form in _forms_of(said) if words_of(form)])

    def find(self, text: str) -> Iterator[Identifier]:
        """The products in a text, the longest name where several begin, with offsets into the text as given."""
        words = words_of(text)
        if not words:
            return
        for span in filter_spans(self._matcher(self._document(text), as_spans=True)):
            yield Identifier(Entities.PRODUCT, span.label_, words[span.start].start, words[span.end - 1].end)

    def _document(self, text: str) -> Doc:
        # A word that is nothing but marks keeps its place: the offsets are counted by words.
        return Doc(self._vocabulary, words=[_spelled(word.text) or word.text for word in words_of(text)])


def _forms_of(said: str) -> set[str]:
    """A name as people type it: a space for a half-space and the other way round, or neither."""
    spaced = said.replace(_HALF_SPACE, " ")
    places = [match.start() for match in _SPACE.finditer(spaced)][:_MOST_SPACES]
    joined = [set(chosen) for count in range(len(places) + 1) for chosen in combinations(places, count)]
    return {said} | {
        "".join(_HALF_SPACE if place in chosen else letter for place, letter in enumerate(spaced)) for chosen in joined
    }


def _spelled(word: str) -> str:
    """A word without half-spaces and maddas, and without the ending that `دوره‌ی` has where others write `دورهٔ`."""
    return normalise(_EZAFE.sub("ه", word).replace(_HALF_SPACE, "")).replace("آ", "ا").strip()


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class ProductExtractor(GraphComponent, EntityExtractorMixin):
    """Give each product by the name that the firm has for it, with offsets into the text."""

    def __init__(self, model_storage: ModelStorage, resource: Resource, finder: ProductFinder) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._finder = finder

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "ProductExtractor":
        return cls(model_storage, resource, ProductFinder({}))

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "ProductExtractor":
        with model_storage.read_from(resource) as folder:
            names = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return cls(model_storage, resource, ProductFinder(names))

    def train(self, training_data: TrainingData) -> Resource:
        names = product_names(training_data)
        self._finder = ProductFinder(names)
        with self._model_storage.write_to(self._resource) as folder:
            (folder / _FILE).write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            found = [
                {"entity": one.entity, "value": one.value, "start": one.start, "end": one.end}
                for one in self._finder.find(message.get(TEXT) or "")
            ]
            entities = message.get(ENTITIES, []) + self.add_extractor_name(found)
            message.set(ENTITIES, entities, add_to_output=True)
        return messages


def product_names(training_data: TrainingData) -> dict[str, str]:
    """What people say, with the product's name for it: each name stands for itself, and so do its synonyms."""
    tables = [table["elements"] for table in training_data.lookup_tables if table["name"] == Entities.PRODUCT]
    # Rasa takes the path of a file as well, which is not how ours are written.
    products = {name for elements in tables if isinstance(elements, list) for name in elements}
    synonyms = {said: name for said, name in training_data.entity_synonyms.items() if name in products}
    return {**{name: name for name in products}, **synonyms}
