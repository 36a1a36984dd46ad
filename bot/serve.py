"""Start Rasa: `python -m bot.serve --model var/models/rasa/model.tar.gz --port 5005`.

Binds to loopback only. Settings, from the environment: RASA_TOKEN, ACTIONS_URL, ACTIONS_TOKEN, ENCODER_FOLDER.
"""

import argparse
import logging
import os
import sys
import tarfile
from pathlib import Path

from bot.environment import prepare_environment, settle_rasa

DEFAULT_MODEL = Path("var/models/rasa/model.tar.gz")
DEFAULT_ACTIONS_URL = "http://127.0.0.1:8000/actions/webhook"
HOST = "127.0.0.1"
DEFAULT_PORT = 5005
EXIT_CONFIGURATION = 78
"""sysexits' EX_CONFIG: starting again will not help, so the launcher does not try."""


def main() -> int:
    """Serve until told to stop; 78 where the model or the settings are unusable."""
    arguments = _arguments()
    prepare_environment()
    os.environ.setdefault("ACTIONS_URL", DEFAULT_ACTIONS_URL)
    for name in ("RASA_TOKEN", "ACTIONS_TOKEN"):
        if not os.environ.get(name):
            return _refuse(f"{name} is not set.")
    if not arguments.model.is_file():
        return _refuse(f"There is no model at {arguments.model}; train one with: python -m bot.train")
    # A damaged file is told here, before ten seconds of imports.
    if not tarfile.is_tarfile(arguments.model):
        return _refuse(f"The model {arguments.model} is damaged; train it again with: python -m bot.train --force")
    return _serve(arguments.model, arguments.port)


def _serve(model: Path, port: int) -> int:
    # Here, because TensorFlow reads the environment when it is imported.
    from bot.server import create_server, load_agent, reuse_action_result_validator

    settle_rasa()
    reuse_action_result_validator()
    try:
        agent = load_agent(model, Path("endpoints.yml"))
    except Exception as error:
        logging.debug("The model could not be loaded", exc_info=True)
        return _refuse(f"The model {model} cannot be loaded ({type(error).__name__}: {_one_line(error)}).")
    app = create_server(agent, Path("credentials.yml"))
    app.run(host=HOST, port=port, access_log=False, motd=False)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot.serve", description="Serve the bot's model on loopback.")
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    return parser.parse_args()


def _refuse(reason: str) -> int:
    print(f"bot.serve: {reason}", file=sys.stderr)
    return EXIT_CONFIGURATION


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


if __name__ == "__main__":
    sys.exit(main())
