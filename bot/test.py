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

from bot.environment import prepare_environment, settle_rasa
from bot.serve import DEFAULT_MODEL, EXIT_CONFIGURATION

DEFAULT_CONVERSATIONS = Path("tests/nlu/conversations")


@dataclass(frozen=True)
class Outcome:
    """How many conversations there were, and Rasa's account of those that went otherwise than written."""

    total: int
    passed: int
    failures: str

    @property
    def is_success(self) -> bool:
        """All conversations went as written, and there were some."""
        return self.total > 0 and self.passed == self.total


def main() -> int:
    """0 if every conversation went as written, 1 if one did not, 78 without a model."""
    parser = argparse.ArgumentParser(prog="python -m bot.test", description="Run the conversation tests.")
    parser.add_argument("conversations", type=Path, nargs="?", default=DEFAULT_CONVERSATIONS)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL)
    arguments = parser.parse_args()
    if not arguments.model.is_file():
        print(f"bot.test: there is no model at {arguments.model}; run: python -m bot.train", file=sys.stderr)
        return EXIT_CONFIGURATION
    outcome = run_conversations(arguments.model, arguments.conversations)
    print(f"{outcome.passed} of {outcome.total} conversations went as written.")
    if not outcome.is_success:
        print(outcome.failures, file=sys.stderr)
    return 0 if outcome.is_success else 1


def run_conversations(model: Path, conversations: Path) -> Outcome:
    """Play all conversations of a folder against a model."""
    prepare_environment()
    # Here, because TensorFlow reads the environment when it is imported.
    from rasa.core import test
    from rasa.core.agent import Agent

    settle_rasa()
    agent = Agent.load(str(model))
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(
            test.test(str(conversations), agent, out_directory=folder, e2e=True, disable_plotting=True, warnings=False)
        )
        failures = (Path(folder) / test.FAILED_STORIES_FILE).read_text(encoding="utf-8")
    counts = result["report"].get("conversation_accuracy", {"total": 0, "correct": 0})
    return Outcome(total=counts["total"], passed=counts["correct"], failures=failures)


if __name__ == "__main__":
    sys.exit(main())
