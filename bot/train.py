"""Train the bot: `python -m bot.train --output var/models/rasa/model.tar.gz`.

The model appears at its place only when it is complete. Where Rasa's cache holds everything, this takes seconds.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bot.environment import prepare_environment, settle_rasa
from bot.serve import DEFAULT_MODEL

DIALOGUE = "bot/dialogue"


def main() -> int:
    """Train and say how long it took; 1 where Rasa refused the data."""
    arguments = _arguments()
    prepare_environment()
    started = time.perf_counter()
    if not train(arguments.output, labels=arguments.labels, force=arguments.force):
        print("bot.train: training failed; Rasa's messages are above.", file=sys.stderr)
        return 1
    print(f"Trained in {time.perf_counter() - started:.1f} s: {arguments.output}")
    return 0


def train(output: Path, *, labels: "Path | None" = None, force: bool = False) -> bool:
    """Train on the repository's data and the labels of people who work here, and put the model in place.

    False where it could not be trained.
    """
    # Here, because TensorFlow reads the environment when it is imported.
    import rasa

    from bot.labels import data_with

    settle_rasa()
    output.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=output.parent, prefix=".training-") as folder,
        tempfile.TemporaryDirectory() as data,
    ):
        result = rasa.train(
            domain="domain.yml",
            config="config.yml",
            training_files=[*data_with(labels, Path(data)), DIALOGUE],
            output=folder,
            force_training=force,
            fixed_model_name="model",
        )
        if result.code != 0 or result.model is None:
            return False
        # Same file system, so the model is replaced in one step.
        staged = Path(folder) / "ready"
        shutil.move(result.model, staged)
        staged.replace(output)
    return True


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot.train", description="Train the bot's model.")
    parser.add_argument("--output", type=Path, default=DEFAULT_MODEL)
    parser.add_argument("--labels", type=Path, help="what messages mean, in the format of `./hamyar evaluate intents`")
    parser.add_argument("--force", action="store_true", help="ignore Rasa's training cache")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
