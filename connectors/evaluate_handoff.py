"""Measure when people are brought in: `python -m connectors.evaluate_handoff --data C.jsonl [--json] [--report DIR]`.

Each line of the data is `{"messages": ["what the contact wrote", ...], "handoff": true or false}`, perhaps with `lang`
and with `due`, the message from 1 at which a person is due. Everything goes through the encoder, the sentiment model,
the frustration and the policy that serve; what the bot answers is left out: nothing counts as answered or as not
understood.
Beside it stands what a plain baseline reaches: a handoff as soon as one message is labelled negative. With `--report`,
a page with figures is left in a folder.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from connectors.policy_file import load_policy
from connectors.text_reader import TextReader
from core.config import ROOT
from crm.conversations.handoff_policy import HandoffPolicy, PolicyUnreadable
from crm.conversations.policy_trial import replay
from crm.conversations.ports import Reader, Reading, ReadTurn
from language.batching import BatchingEncoder
from language.data_lines import NotJson, language_code, language_of, numbered_lines, read_json
from language.encoder import Encoder, EncoderError
from language.report_page import Said, write_report
from sentiment.frustration import load_weights
from sentiment.model import WEIGHTS_FOLDER, SentimentModel, SentimentModelError
from sentiment.reader import MoodReader

POLICY_FILE = ROOT / "crm/conversations/handoff_policy.yml"
ENCODER_FOLDER = ROOT / "var/models/encoder"
_SHOWN = ("conversations", "recall", "false_alarm_rate", "turn_delay", "turn_delay_max", "early", "ms_p50")

LanguageCode = Annotated[str | None, BeforeValidator(language_code)]


class BrokenLine(Exception):
    """A line of the data cannot be used; the message has its number."""


class LabelledConversation(BaseModel):
    """What a contact wrote, and whether a careful person would have been brought in."""

    model_config = ConfigDict(frozen=True, strict=True)

    messages: list[str] = Field(min_length=1)
    handoff: bool
    lang: LanguageCode = None
    due: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def check(self) -> "LabelledConversation":
        """Every message has words, and a person is due at one of them, in a conversation to hand off."""
        if not all(text.strip() for text in self.messages):
            raise ValueError("a message has no text")
        if self.due and (not self.handoff or self.due > len(self.messages)):
            raise ValueError("due must be the number of a message, and handoff true")
        return self

    @property
    def language(self) -> str:
        """As the data set says, else as the messages are written."""
        return language_of("\n".join(self.messages), self.lang)


@dataclass(frozen=True)
class Judged:
    """One conversation and the place of the message, from 0, at which it was handed off; `None` if never.

    `confidence` takes frustration for a probability; a rule that asks for none, such as a plain request, is sure.
    """

    conversation: LabelledConversation
    place: int | None
    reason: str | None = None
    milliseconds: float = 0.0
    confidence: float = 1.0

    @property
    def is_right(self) -> bool:
        return (self.place is not None) == self.conversation.handoff

    @property
    def delay(self) -> int:
        """How many messages were let go by before the handoff, from the one at which it was due (else the first)."""
        return max(0, (self.place or 0) - ((self.conversation.due or 1) - 1))

    @property
    def is_early(self) -> bool:
        return self.place is not None and self.place < (self.conversation.due or 1) - 1


def read_conversations(path: Path) -> list[LabelledConversation]:
    """The lines of a JSONL file in UTF-8; blank lines are skipped, a broken one raises BrokenLine."""
    conversations = [_read_line(number, line) for number, line in numbered_lines(path)]
    if not conversations:
        raise BrokenLine(f"{path}: there is nothing in it.")
    return conversations


async def judge(conversation: LabelledConversation, reader: Reader, policy: HandoffPolicy) -> Judged:
    """Run the policy over a conversation as if the contact had written it just now."""
    started = time.perf_counter()
    turns: list[ReadTurn] = []
    language = "fa"
    for sequence, text in enumerate(conversation.messages, start=1):
        reading = await reader.read(text, expected_language=language)
        language = reading.language
        turns.append(_as_turn(text, reading, sequence))
    handed = replay(turns, policy, reader)
    passed = 1000 * (time.perf_counter() - started) / len(turns)
    if handed is None:
        return Judged(conversation, None, milliseconds=passed, confidence=1 - _highest(turns, reader, policy))
    frustration = _highest(turns[: handed.place + 1], reader, policy)
    confidence = frustration if frustration >= policy.frustration else 1.0
    return Judged(conversation, handed.place, handed.decision.reason.value, passed, confidence)


def _highest(turns: Sequence[ReadTurn], reader: Reader, policy: HandoffPolicy) -> float:
    """The highest frustration that the contact reached."""
    return max(reader.mood(turns[:end], policy.weights).frustration for end in range(1, len(turns) + 1))


async def judge_plainly(conversation: LabelledConversation, reader: Reader) -> Judged:
    """The baseline: the first message that is labelled negative brings in a person."""
    for place, text in enumerate(conversation.messages):
        if (await reader.read(text, expected_language="fa")).sentiment == "negative":
            return Judged(conversation, place)
    return Judged(conversation, None)


def report_on(judged: Sequence[Judged], baseline: Sequence[Judged]) -> dict[str, Any]:
    """The figures: the keys are those that `--json` prints."""
    languages = sorted({one.conversation.language for one in judged})
    reasons = [one.reason for one in judged if one.reason]
    return {
        "conversations": len(judged),
        **_scores(judged),
        "turn_delay_max": max((one.delay for one in _found(judged)), default=None),
        "early": sum(one.is_early for one in _found(judged)),
        "per_language": {
            language: _scores([one for one in judged if one.conversation.language == language])
            for language in languages
        },
        "reasons": {reason: reasons.count(reason) for reason in sorted(set(reasons))},
        "baseline": {"name": "first negative message", **_scores(baseline)},
        "ms_p50": round(median(one.milliseconds for one in judged), 3),
        "wrong": [one.conversation.messages for one in judged if not one.is_right],
    }


def write_page(folder: Path, report: dict[str, Any], judged: Sequence[Judged]) -> Path:
    """Leave a page that shows how sure the policy was of its decisions, and which were right."""
    said = [Said(_decided(one.conversation.handoff), _decided(one.place is not None), one.confidence) for one in judged]
    return write_report(folder, title="Handoffs", figures={name: report[name] for name in _SHOWN}, said=said)


def _decided(handoff: bool) -> str:
    return "handed off" if handoff else "left to the bot"


def _scores(judged: Sequence[Judged]) -> dict[str, float | None]:
    wanted = [one for one in judged if one.conversation.handoff]
    calm = [one for one in judged if not one.conversation.handoff]
    found = _found(judged)
    return {
        "recall": _share(wanted, lambda one: one.is_right),
        "false_alarm_rate": _share(calm, lambda one: not one.is_right),
        "turn_delay": round(fmean(one.delay for one in found), 3) if found else None,
    }


def _found(judged: Sequence[Judged]) -> list[Judged]:
    return [one for one in judged if one.conversation.handoff and one.is_right]


def _share(judged: Sequence[Judged], holds: Callable[[Judged], bool]) -> float | None:
    return round(fmean(map(holds, judged)), 4) if judged else None


def _as_turn(text: str, reading: Reading, sequence: int) -> ReadTurn:
    return ReadTurn(
        sequence=sequence,
        text=text,
        sentiment_score=reading.sentiment_score,
        signals=reading.signals,
        vector=reading.vector,
        encoder=reading.encoder,
        outcome=None,
        asked_for_person=reading.asked_for_person,
    )


def _read_line(number: int, line: bytes) -> LabelledConversation:
    try:
        return LabelledConversation.model_validate(read_json(line))
    except NotJson as error:
        raise BrokenLine(f"Line {number} is {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise BrokenLine(f"Line {number} cannot be used: {place}: {first['msg']}.") from error


def _in_words(report: dict[str, Any]) -> str:
    baseline = report["baseline"]
    lines = [
        f"{report['conversations']} conversations",
        f"{'':<18} policy   {baseline['name']}",
        *(
            f"{name:<18} {_number(report[name])}    {_number(baseline[name])}"
            for name in ("recall", "false_alarm_rate", "turn_delay")
        ),
        *(
            f"{language:<18} " + "  ".join(f"{name} {_number(value)}" for name, value in scores.items())
            for language, scores in report["per_language"].items()
        ),
        f"handed off too early: {report['early']}; longest delay: {report['turn_delay_max']} messages",
        f"reasons: {', '.join(f'{reason} {count}' for reason, count in report['reasons'].items())}",
        f"a message takes {report['ms_p50']} ms, encoding included (median)",
        *(f"wrong: {' / '.join(messages)}" for messages in report["wrong"]),
    ]
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "    -" if value is None else f"{value:.3f}"


async def _measure(
    conversations: Sequence[LabelledConversation], model: Encoder, sentiment: SentimentModel, policy: HandoffPolicy
) -> tuple[dict[str, Any], list[Judged]]:
    async with BatchingEncoder(model) as encoder:
        reader = TextReader(encoder, MoodReader(sentiment), load_weights())
        judged = [await judge(one, reader, policy) for one in conversations]
        baseline = [await judge_plainly(one, reader) for one in conversations]
    return report_on(judged, baseline), judged


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 2 when a file cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m connectors.evaluate_handoff", description="Measure handoffs.")
    parser.add_argument("--data", type=Path, required=True, help="a .jsonl file of messages and handoff")
    parser.add_argument("--policy", type=Path, default=POLICY_FILE, help="the policy's file")
    parser.add_argument("--encoder", type=Path, default=ENCODER_FOLDER, help="the encoder's folder")
    parser.add_argument("--weights", type=Path, default=WEIGHTS_FOLDER, help="the sentiment model's folder")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write report.html there: reliability, confusion")
    options = parser.parse_args(arguments)
    try:
        conversations = read_conversations(options.data)
        policy = load_policy(options.policy)
        encoder = Encoder.open(options.encoder)
        sentiment = SentimentModel.load(options.weights, encoder=encoder.fingerprint)
        report, judged = asyncio.run(_measure(conversations, encoder, sentiment, policy))
        if options.report:
            write_page(options.report, report, judged)
    except (BrokenLine, PolicyUnreadable, EncoderError, SentimentModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(report, ensure_ascii=False, indent=1) if options.json else _in_words(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
