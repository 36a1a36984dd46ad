"""What the launcher says when something goes wrong: one line, with what to do about it."""

import errno
import re

# What programs print, whichever of them it was, and what that means to the person at the terminal.
KNOWN_CAUSES = (
    (r"no space left on device|os error 28|\bENOSPC\b", "the disk is full; free some space and start again"),
    (
        r"failed to lookup address|name or service not known|temporary failure in name resolution"
        r"|network is unreachable|connection refused|connection reset|connection timed out|operation timed out"
        r"|error sending request for url|newconnectionerror|\b(EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ETIMEDOUT)\b",
        "the network cannot be reached, and set-up needs it (pip's settings for a proxy or a mirror are used)",
    ),
    (r"permission denied|\bEACCES\b", "a file or folder may not be written; the log names it"),
)
KILLED = -9
# Where libraries explain their errors, which is no error.
EXPLANATIONS = ("(Background on this error at:", "For further information visit ")


class LauncherError(Exception):
    """What went wrong and what to do, in one line for the person at the terminal."""


class CommandFailed(LauncherError):
    """A program ended badly."""

    def __init__(self, what: str, exit_code: int, output: str, log_name: str) -> None:
        self.exit_code = exit_code
        self.reason = reason_in(output, exit_code)
        super().__init__(f"{what} failed: {self.reason} (log: {log_name})")


def was_killed(error: Exception) -> bool:
    """True for a program that a signal ended in the middle of its work."""
    return isinstance(error, CommandFailed) and error.exit_code < 0


def last_line(output: str) -> str:
    """The last line that says something, or nothing."""
    lines = [line.strip() for line in output.splitlines()]
    return next((line for line in reversed(lines) if line and not line.startswith(EXPLANATIONS)), "")


def reason_in(output: str, exit_code: int) -> str:
    """The cause in a program's output as one line; its last words where the cause is not a known one."""
    for pattern, cause in KNOWN_CAUSES:
        if re.search(pattern, output, re.IGNORECASE):
            return cause
    if exit_code == KILLED and not last_line(output):
        return "it was killed, perhaps for want of memory"
    return last_line(output) or f"exit code {exit_code}"


def describe(error: OSError) -> str:
    """An operating-system error as one line."""
    if error.errno == errno.ENOSPC:
        return "the disk is full; free some space and start again"
    named = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{named}"
