"""Train the bot: `python -m bot.train` makes a model, tries it beside the one that serves, and has the better serve.

With `--output FILE` a model is made there and nothing else is done. Where Rasa's cache holds everything, training takes
seconds. Settings, from the environment: RASA_MODELS_FOLDER, RASA_URL and RASA_TOKEN (the running Rasa), ENCODER_FOLDER.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bot.environment import prepare_environment, settle_rasa
from bot.models import Endings, KeptModels, TrainingUnderWay
from bot.serve import models_folder
from bot.switch_client import switch_model

DIALOGUE = "bot/dialogue"
EXIT_BUSY = 75
"""sysexits' EX_TEMPFAIL."""
# Of the processor's time, behind whoever answers contacts.
GENTLE = 10


def main() -> int:
    """Train and say how it ended; 1 where Rasa refused the data, 75 where another training is under way."""
    arguments = _arguments()
    if arguments.gently:
        os.nice(GENTLE)
    prepare_environment()
    return _make(arguments.output, arguments) if arguments.output else _make_candidate(arguments)


def _make(output: Path, arguments: argparse.Namespace) -> int:
    started = time.perf_counter()
    if not train(output, labels=arguments.labels, force=arguments.force):
        print("bot.train: training failed; Rasa's messages are above.", file=sys.stderr)
        return 1
    print(f"Trained in {time.perf_counter() - started:.1f} s: {output}")
    return 0


def _make_candidate(arguments: argparse.Namespace) -> int:
    from bot.candidates import make_candidate

    def switch(name: str) -> None:
        switch_model(os.environ.get("RASA_URL", ""), os.environ.get("RASA_TOKEN", ""), name)

    try:
        ended = make_candidate(KeptModels(arguments.models), switch=switch, force=arguments.force)
    except TrainingUnderWay:
        print("bot.train: another training is under way; wait until it has ended.", file=sys.stderr)
        return EXIT_BUSY
    print(f"{ended.model}: {ended.outcome} {ended.reason}".rstrip())
    if ended.outcome == Endings.FAILED:
        print(f"bot.train: training failed; Rasa's messages are above. {ended.reason}", file=sys.stderr)
        return 1
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
    parser.add_argument("--models", type=Path, default=models_folder(), help="the folder of kept models")
    parser.add_argument("--output", type=Path, help="make a model there, and keep, try and serve none")
    parser.add_argument(
        "--labels", type=Path, help="with --output: what messages mean, in the format of `./hamyar evaluate intents`"
    )
    parser.add_argument("--force", action="store_true", help="ignore Rasa's training cache")
    parser.add_argument("--gently", action="store_true", help="leave the processor to whoever answers contacts")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
