"""Which settings Rasa's side is given.

Standard library only: the app and the launcher, which start it, import this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# What Rasa's side needs of an environment: its own settings, and what any program reads. Its libraries are no longer
# maintained, so that it is given no secret of the app's, the database's or the channels'.
_NEEDED: Final = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLUMNS", "LANG", "LANGUAGE", "TZ", "TMPDIR", "PWD"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "LOG_LEVEL", "LOG_LEVEL_LIBRARIES", "HF_HOME", "CI"),
        *("KERAS_HOME", "SQLALCHEMY_SILENCE_UBER_WARNING"),
    }
)
_NEEDED_FROM: Final = (
    *("RASA_", "ACTIONS_", "ENCODER_", "LC_", "PYTHON", "PYTEST_", "SSL_", "XDG_", "LD_", "DYLD_", "MALLOC_"),
    *("OMP_", "MKL_", "KMP_", "OPENBLAS_", "NUMEXPR_", "TF_", "CUDA_"),
)


def for_rasa(environment: Mapping[str, str]) -> dict[str, str]:
    """As much of an environment as Rasa's side needs."""
    return {
        name: value
        for name, value in environment.items()
        if name.upper() in _NEEDED or name.upper().startswith(_NEEDED_FROM)
    }
