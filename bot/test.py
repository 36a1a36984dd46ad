"""Run the conversation tests: `python -m bot.test`. No app is needed; what the actions set is written in the tests.

The conversations are Rasa's test stories: each message is understood by the model, and each action has to be the one
that the dialogue's rules then choose.
"""

import argparse
import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.environment import prepare_environment, settle_rasa
from bot.models import KeptModels
from bot.serve import EXIT_CONFIGURATION, models_folder

DEFAULT_CONVERSATIONS = Path("tests/nlu/conversations")


@dataclass(frozen=True)
class Outcome:
    """How many conversations there were, the names of those that went otherwise than written, and Rasa's account."""

    total: int
    failed: "list[str]"
    failures: str

    @property
    def passed(self) -> int:
        return self.total - len(self.failed)

    @property
    def is_success(self) -> bool:
        """All conversations went as written, and there were some."""
        return self.total > 0 and not self.failed


def main() -> int:
    """0 if every conversation went as written, 1 if one did not, 78 without a model."""
    parser = argparse.ArgumentParser(prog="python -m bot.test", description="Run the conversation tests.")
    parser.add_argument("conversations", type=Path, nargs="?", default=DEFAULT_CONVERSATIONS)
    parser.add_argument("--model", type=Path, help="another than the one that serves")
    arguments = parser.parse_args()
    model = arguments.model or KeptModels(models_folder()).serving_file
    if not model.is_file():
        print(f"bot.test: there is no model at {model}; run: ./hamyar train", file=sys.stderr)
        return EXIT_CONFIGURATION
    outcome = run_conversations(model, arguments.conversations)
    print(f"{outcome.passed} of {outcome.total} conversations went as written.")
    if not outcome.is_success:
        print(outcome.failures, file=sys.stderr)
    return 0 if outcome.is_success else 1


def run_conversations(model: Path, conversations: Path) -> Outcome:
    """Play all conversations of a folder against a model."""
    prepare_environment()
    # Here, because TensorFlow reads the environment when it is imported.
    from rasa.core.agent import Agent

    settle_rasa()
    return play(Agent.load(str(model)), conversations)


def play(agent: Any, conversations: Path) -> Outcome:
    """Play all conversations of a folder against a loaded model."""
    from rasa.core import test

    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(
            test.test(str(conversations), agent, out_directory=folder, e2e=True, disable_plotting=True, warnings=False)
        )
        failures = (Path(folder) / test.FAILED_STORIES_FILE).read_text(encoding="utf-8")
    counts = result["report"].get("conversation_accuracy", {"total": 0, "correct": 0})
    stories = (yaml.safe_load(failures) or {}).get("stories", [])
    # Rasa writes where it found the story behind its name.
    failed = sorted({str(story["story"]).rsplit(" (", 1)[0] for story in stories})
    return Outcome(total=counts["total"], failed=failed, failures=failures)


if __name__ == "__main__":
    sys.exit(main())
