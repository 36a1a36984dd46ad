"""How Rasa is kept quiet, private and single-threaded, whichever of our commands starts it."""

import logging
import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from bot.unneeded import components_of, leave_out, unneeded_by

CONFIG: Final = Path("config.yml")

_SETTINGS: Final = {
    "LOG_LEVEL": "WARNING",
    "LOG_LEVEL_LIBRARIES": "ERROR",
    # The import of TensorFlow says a page of things that nobody here can act on.
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    # Spinning threads of several processes on few cores cost more than they give.
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "passive",
    "KERAS_HOME": "var/rasa/keras",
}
_RASA_SETTINGS_FILE: Final = Path("var/rasa/global.yml")


def prepare_environment(components: "Iterable[str] | None" = None) -> None:
    """Call before Rasa is imported: TensorFlow and ONNX Runtime read the environment then.

    What the caller has set stays, except that telemetry is always off. `components` are all that the process will use,
    config.yml's where nothing is said; what none of them needs is not imported.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    leave_out(unneeded_by(components_of(CONFIG) if components is None else components))
    logging.basicConfig(level=os.environ["LOG_LEVEL"], format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # Importing Sanic 21.12 turns deprecation warnings on; so it goes first, and what Rasa then imports stays quiet.
    import sanic.app  # noqa: F401

    warnings.simplefilter("ignore")


def settle_rasa() -> None:
    """Call after Rasa is imported, before it does anything."""
    import rasa.constants
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    # Otherwise Rasa writes into the home of whoever runs it.
    rasa.constants.GLOBAL_USER_CONFIG_PATH = str(_RASA_SETTINGS_FILE.resolve())
    configure_structlog()
    configure_logging_and_warnings()
    # Rasa has just asked for warnings again.
    warnings.simplefilter("ignore")
