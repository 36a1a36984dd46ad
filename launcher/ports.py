"""Whether a port can be had, before anything is started on it."""

import errno
import socket
from urllib.parse import urlsplit

from launcher.errors import LauncherError

HIGHEST_PORT = 65535


def parse_port(text: str, *, setting: str) -> int:
    """A port number from a setting, or one line about what is wrong with it."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= HIGHEST_PORT:
        raise LauncherError(f"{setting} must be a number from 1 to {HIGHEST_PORT}, not {text!r}")
    return int(text)


def require_free(host: str, port: int, *, option: str) -> None:
    """Raise one line with what to do where this machine will not let us listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # As servers do; without it a port that was just left would seem taken for a minute.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        raise LauncherError(f"{host!r} is not an address of this machine ({error.strerror})") from error
    except OSError as error:
        raise LauncherError(_complaint(error, host, port, option)) from error


def _complaint(error: OSError, host: str, port: int, option: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use by another program; stop that one, or choose another port with {option} <number>"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than this user has; choose one above 1023 with {option} <number>"
    return f"cannot listen on {host}:{port}: {error.strerror}"


def accepts_connections(url: str, *, timeout_seconds: float = 3) -> bool:
    """True when something listens where a URL points."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=timeout_seconds):
            return True
    except OSError:
        return False
