"""A Rasa pipeline that learns labelled rows in a folder that is thrown away, and reads texts as contacts' messages."""

import asyncio
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from bot.commands import without_command
from bot.environment import prepare_environment, settle_rasa
from bot.labelled_rows import OOS, BrokenLine, Row
from bot.names import Intents, MetadataKeys

STOCK_PIPELINE = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True, "random_seed": 42},
    {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
]
"""What Rasa 3.6 does with an empty config.yml, but for parts that do not tell intents; seeded."""


@dataclass(frozen=True)
class Reading:
    """The likeliest intent and how sure that is, what was decided, and how far inside the scope the text is."""

    likeliest: str
    decided: str
    confidence: float
    scope: float
    milliseconds: float = 0.0


class PipelineReader:
    """A trained pipeline, asked as the app asks it: the vector comes along with the text."""

    def __init__(self, agent: Any, names: dict[str, str], training_seconds: float) -> None:
        from bot.nlu.featurizer import open_encoder

        self.training_seconds = training_seconds
        self._agent = agent
        self._labels = {name: label for label, name in names.items()}
        self._encoder = open_encoder(None)

    def read(self, text: str) -> Reading:
        """What the pipeline makes of one text, and how long that took once its vector was known."""
        from rasa.core.channels.channel import UserMessage

        from language.reading import encode_as_served
        from language.vectors import to_base64

        vector = to_base64(encode_as_served(self._encoder, [text])[0])
        message = UserMessage(without_command(text), metadata={MetadataKeys.VECTOR: vector})
        started = time.perf_counter()
        parsed = asyncio.run(self._agent.processor.parse_message(message))
        return self._reading(parsed, 1000 * (time.perf_counter() - started))

    def _reading(self, parsed: dict[str, Any], milliseconds: float) -> Reading:
        from bot.nlu.classifier import SCOPE

        # Rasa's own fallback stands in the ranking before what it would have been.
        ranking = [one for one in parsed.get("intent_ranking", []) if one["name"] != Intents.NLU_FALLBACK]
        if not ranking:
            # There is nothing to read in it.
            return Reading(OOS, OOS, 0.0, float("-inf"), milliseconds)
        likeliest, confidence = self._labels[ranking[0]["name"]], ranking[0]["confidence"]
        is_declined = parsed["intent"]["name"] in {Intents.NLU_FALLBACK, Intents.OUT_OF_SCOPE}
        # A pipeline that has no scope of its own is as sure of it as of the intent.
        scope = parsed.get(SCOPE, {}).get("score", confidence)
        return Reading(likeliest, OOS if is_declined else likeliest, confidence, scope, milliseconds)


@contextmanager
def trained_on(
    rows: Sequence[Row], pipeline: "list[dict[str, Any]]", *, later: "Sequence[dict[str, Any]]" = ()
) -> Iterator[PipelineReader]:
    """A reader whose pipeline has learned the rows. `later` is what the process will use after them."""
    prepare_environment(part["name"] for part in (*pipeline, *later))
    # Here, because TensorFlow reads the environment when it is imported.
    from rasa.core.agent import Agent

    settle_rasa()
    with TemporaryDirectory(prefix="hamyar-intents-") as folder:
        # What an earlier run has learned must not shorten this one.
        os.environ["RASA_CACHE_DIRECTORY"] = str(Path(folder) / "cache")
        started = time.perf_counter()
        names = _intent_names(rows)
        agent = Agent.load(_train(rows, names, pipeline, Path(folder)))
        yield PipelineReader(agent, names, time.perf_counter() - started)


def shipped_pipeline() -> "list[dict[str, Any]]":
    """The components that serve."""
    config: dict[str, Any] = yaml.safe_load(Path("config.yml").read_text(encoding="utf-8"))
    return list(config["pipeline"])


def _intent_names(rows: Sequence[Row]) -> dict[str, str]:
    """What the labels are called in training: Rasa reads more into a name with a slash than a label means."""
    labels = sorted({row.label for row in rows})
    return {label: Intents.OUT_OF_SCOPE if label == OOS else f"intent_{number}" for number, label in enumerate(labels)}


def _train(rows: Sequence[Row], names: dict[str, str], pipeline: "list[dict[str, Any]]", folder: Path) -> str:
    """The path of a model of the pipeline, trained on the rows."""
    from rasa.model_training import train_nlu

    # JSON as Rasa's older format takes it: in YAML, brackets in people's texts would be entities.
    common = [{"text": row.text, "intent": names[row.label]} for row in rows]
    data = folder / "data.json"
    data.write_text(json.dumps({"rasa_nlu_data": {"common_examples": common}}), encoding="utf-8")
    config = folder / "config.yml"
    content = {"recipe": "default.v1", "assistant_id": "measured", "language": "fa", "pipeline": pipeline}
    config.write_text(yaml.safe_dump({**content, "policies": []}, sort_keys=False), encoding="utf-8")
    model = train_nlu(str(config), str(data), str(folder), fixed_model_name="model")
    if model is None:
        raise BrokenLine("Rasa refused the training rows; its messages are above.")
    return model
