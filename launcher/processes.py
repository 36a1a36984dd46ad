"""Starting programs so that none outlives the launcher, whatever ends it."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from launcher.errors import CommandFailed, describe

# From <linux/prctl.h>: the signal that a process gets when its parent dies.
PR_SET_PDEATHSIG = 1
GRACE_SECONDS = 10.0
POLL_SECONDS = 0.1
# What a shell answers for a program that it cannot run.
CANNOT_RUN = 127
Command = Sequence[str | Path]


def _die_with_parent() -> Callable[[], None] | None:
    """A hook that ties a child to this process on Linux; other systems have no such tie."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        # The parent may have died between fork and prctl; then no signal would ever come.
        if os.getppid() != parent:
            os._exit(1)

    return tie


def spawn(
    command: Command,
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own: Ctrl-C reaches the launcher alone, stopping all of the program."""
    return subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        preexec_fn=_die_with_parent(),
    )


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a program and all that it started; one that is gone already is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def stop(processes: Sequence[subprocess.Popen[bytes]], *, grace_seconds: float = GRACE_SECONDS) -> None:
    """Ask programs to end, then make them; returns when none of them, nor anything they started, is left."""
    for process in processes:
        signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
    for process in processes:
        signal_group(process, signal.SIGKILL)
        process.wait()


def run(
    command: Command,
    *,
    what: str,
    cwd: Path,
    log: Path,
    env: Mapping[str, str] | None = None,
    tick: Callable[[], None] = lambda: None,
) -> None:
    """Run a program to its end with its output in a log; raise `CommandFailed` with the cause where it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a+b") as output:
        output.write(f"\n$ {' '.join(str(part) for part in command)}\n".encode())
        output.flush()
        start = output.tell()
        process = spawn(command, cwd=cwd, env=env, stdout=output, stderr=output)
        exit_code = _wait(process, tick)
        # By the open file: another launcher may have put the log aside meanwhile.
        output.seek(start)
        words = output.read().decode(errors="replace") if exit_code else ""
    if exit_code != 0:
        raise CommandFailed(what, exit_code, words, log.name)


def show(command: Command, *, cwd: Path, env: Mapping[str, str] | None = None) -> int:
    """Run a program with its output on the terminal; its exit code."""
    return _wait(spawn(command, cwd=cwd, env=env))


def ask(
    command: Command, *, cwd: Path, env: Mapping[str, str] | None = None, timeout_seconds: float = 60
) -> str | None:
    """What a program answers on standard output; None where it cannot run, fails or takes too long."""
    exit_code, answer, _ = question(command, cwd=cwd, env=env, timeout_seconds=timeout_seconds)
    return answer if exit_code == 0 else None


def question(
    command: Command, *, cwd: Path, env: Mapping[str, str] | None = None, timeout_seconds: float = 60
) -> tuple[int, str, str]:
    """A program's exit code and what it wrote to standard output and standard error; it never raises."""
    try:
        process = spawn(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        return CANNOT_RUN, "", describe(error)
    try:
        out, err = process.communicate(timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        return CANNOT_RUN, "", f"no answer after {timeout_seconds:.0f} s"
    finally:
        stop([process], grace_seconds=1)
    return process.returncode, out.decode(errors="replace").strip(), err.decode(errors="replace").strip()


def read_from(path: Path, offset: int) -> bytes:
    """What a file holds after an offset."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read()


def _wait(process: subprocess.Popen[bytes], tick: Callable[[], None] = lambda: None) -> int:
    try:
        while (exit_code := process.poll()) is None:
            tick()
            time.sleep(POLL_SECONDS)
    finally:
        stop([process])
    return exit_code
