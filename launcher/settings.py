"""The environment that Hamyar's processes are started with."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.rasa_environment import for_rasa
from launcher.errors import LauncherError
from launcher.layout import Layout
from launcher.ports import parse_port

# One thread for each piece of number work: spinning threads cost ten times what they gain on a busy machine.
QUIET = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "passive",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONUNBUFFERED": "1",
}
LOOPBACK = "127.0.0.1"
# The launcher's own interpreter must not lead those of the two environments astray; nor may a container's image, where
# the last one is often set, have them compile thousands of modules at each start (it doubles the time).
FOREIGN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "PYTHONDONTWRITEBYTECODE")


def read_env_file(path: Path) -> dict[str, str]:
    """`NAME=value` lines of a file; comments, `export` and quotes are understood, a missing file is an empty one.

    Raises:
        LauncherError: the file is not written in UTF-8.
    """
    return parse_env(_text_of(path)) if path.is_file() else {}


def parse_env(text: str) -> dict[str, str]:
    """What `read_env_file` finds in such a text."""
    values = {}
    for line in text.splitlines():
        name, found, value = line.strip().removeprefix("export ").partition("=")
        if found and not name.startswith("#"):
            values[name.strip()] = _unquoted(value.strip())
    return values


def _text_of(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise LauncherError(f"{path.name} is not UTF-8, line {line}; save it as UTF-8") from error


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value.split(" #", 1)[0].rstrip()


def quiet_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment for our programs without anybody's settings, as tests want it."""
    return QUIET | {name: value for name, value in environment.items() if name not in FOREIGN}


def child_environment(layout: Layout, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of Hamyar's processes: the real one, then `.env`, then the secrets, then our defaults.

    A name left blank in `.env` means "not set", so that a copied example hides no secret.
    """
    written = {name: value for name, value in read_env_file(layout.settings_file).items() if value}
    own = {name: value for name, value in environment.items() if name not in FOREIGN}
    return QUIET | read_env_file(layout.secrets_file) | written | own


@dataclass(frozen=True)
class Addresses:
    """Where the processes listen."""

    host: str
    port: int
    rasa_port: int
    # None where the actions run inside the app.
    actions_port: int | None = None

    @property
    def rasa_host(self) -> str:
        """Loopback always: Rasa's server is not fit for a public address."""
        return LOOPBACK

    @property
    def actions_host(self) -> str:
        """Loopback always: nobody but Rasa calls them."""
        return LOOPBACK

    @property
    def reachable_host(self) -> str:
        """The app's host as this machine reaches it."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104

    @property
    def site(self) -> str:
        """The app as a browser on this machine reaches it."""
        host = f"[{self.reachable_host}]" if ":" in self.reachable_host else self.reachable_host
        return f"http://{host}:{self.port}"

    @property
    def rasa(self) -> str:
        return f"http://{self.rasa_host}:{self.rasa_port}"

    @property
    def actions(self) -> str:
        """Where Rasa finds the custom actions."""
        base = f"http://{self.actions_host}:{self.actions_port}" if self.actions_port else self.site
        return f"{base}/actions/webhook"


def addresses(
    environment: Mapping[str, str], *, host: str | None, port: str | None, rasa_port: str | None
) -> Addresses:
    """What the command line asks for, else the environment, else the usual."""
    actions_port = environment.get("ACTIONS_PORT")
    return Addresses(
        host=host or environment.get("HOST") or "127.0.0.1",
        port=parse_port(port or environment.get("PORT") or "8000", setting="PORT"),
        rasa_port=parse_port(rasa_port or environment.get("RASA_PORT") or "5005", setting="RASA_PORT"),
        actions_port=parse_port(actions_port, setting="ACTIONS_PORT") if actions_port else None,
    )


def running_environment(layout: Layout, environment: Mapping[str, str], where: Addresses) -> dict[str, str]:
    """`child_environment`, and where the processes find one another."""
    found = {"RASA_URL": where.rasa, "ACTIONS_URL": where.actions}
    return (
        found
        | child_environment(layout, environment)
        | {
            "HOST": where.host,
            "PORT": str(where.port),
            "RASA_PORT": str(where.rasa_port),
        }
    )


def rasa_environment(layout: Layout, environment: Mapping[str, str]) -> dict[str, str]:
    """An environment for Rasa, without the secrets of others; its home folder is its own."""
    layout.rasa_home.mkdir(parents=True, exist_ok=True)
    return {**for_rasa(environment), "HOME": str(layout.rasa_home)}


def real_environment() -> dict[str, str]:
    """The environment of this very process."""
    return dict(os.environ)
