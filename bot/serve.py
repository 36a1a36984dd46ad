"""Start Rasa: `python -m bot.serve --models var/models/rasa --port 5005` serves the kept model that was chosen.

Binds to loopback only. Settings, from the environment: RASA_TOKEN, ACTIONS_URL, ACTIONS_TOKEN, ENCODER_FOLDER,
RASA_MODELS_FOLDER.
"""

import argparse
import gc
import logging
import os
import sys
import tarfile
from pathlib import Path

from bot.environment import prepare_environment, settle_rasa
from bot.models import DEFAULT_FOLDER, KeptModels

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
    models = KeptModels(arguments.models)
    if not models.serving:
        return _refuse(f"No model was chosen to serve in {arguments.models}; make one with: ./hamyar train")
    # A damaged file is told here, before ten seconds of imports.
    if not tarfile.is_tarfile(models.serving_file):
        return _refuse(f"The model {models.serving_file} is damaged; make another with: ./hamyar train")
    return _serve(models, arguments.port)


def models_folder() -> Path:
    """The folder of kept models, as the environment has it."""
    return Path(os.environ.get("RASA_MODELS_FOLDER") or DEFAULT_FOLDER)


def _serve(models: KeptModels, port: int) -> int:
    # What is loaded now stays; looking for garbage in it would take a sixth of the start, and a pause now and then.
    gc.disable()
    # Here, because Rasa reads the environment when it is imported.
    from bot.quicker import make_rasa_quicker
    from bot.server import action_server, create_server, load_agent
    from bot.switch import why_unusable

    settle_rasa()
    make_rasa_quicker()
    actions = action_server(Path("endpoints.yml"))
    try:
        agent = load_agent(models.serving_file, actions)
    except Exception as error:
        logging.debug("The model could not be loaded", exc_info=True)
        return _refuse(f"The model {models.serving_file} cannot be loaded: {why_unusable(error)}")
    app = create_server(agent, Path("credentials.yml"), models)
    gc.freeze()
    gc.enable()
    app.run(host=HOST, port=port, access_log=False, motd=False)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot.serve", description="Serve the bot's model on loopback.")
    parser.add_argument("--models", type=Path, default=models_folder(), help="the folder of kept models")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    return parser.parse_args()


def _refuse(reason: str) -> int:
    print(f"bot.serve: {reason}", file=sys.stderr)
    return EXIT_CONFIGURATION


if __name__ == "__main__":
    sys.exit(main())
