"""Tokens by spaCy's Persian and English rules, with normalised words at their original places."""

import re
from typing import Any

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message
from spacy.language import Language
from spacy.util import compile_infix_regex

from language.normalise import normalise

_PERSIAN_LETTER = re.compile(r"[\u0600-\u06ff]")
_PERSIAN_PUNCTUATION = "[،؛؟]"
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# The encoder reads no more of a message either; and spaCy takes 14 seconds over 10,000 question marks.
_MAX_CHARACTERS = 2_000


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class BilingualTokenizer(Tokenizer):
    """Cut a message into words: Persian rules where it has a Persian letter, English rules otherwise.

    Offsets point into the text as written, so that entities can be shown; the words themselves are normalised, so that
    the features of one spelling serve all. spaCy leaves `نرسیده؛چرا` whole, hence the infixes.
    """

    @staticmethod
    def required_packages() -> list[str]:
        return ["spacy"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._persian = _blank("fa")
        self._english = _blank("en")

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        # One character for one, so that offsets hold; spaCy cannot take a lone surrogate.
        text = _SURROGATE.sub("\ufffd", message.get(attribute)[:_MAX_CHARACTERS])
        rules = self._persian if _PERSIAN_LETTER.search(text) else self._english
        tokens = []
        for word in rules.make_doc(text):
            normalised = normalise(word.text).strip()
            if normalised:
                tokens.append(Token(normalised, word.idx, word.idx + len(word.text)))
        return tokens


def _blank(code: str) -> Language:
    rules = spacy.blank(code)
    infixes = [*rules.Defaults.infixes, _PERSIAN_PUNCTUATION]
    rules.tokenizer.infix_finditer = compile_infix_regex(infixes).finditer
    return rules
