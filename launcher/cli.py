"""The command line: what was asked for, done; what went wrong, in one line."""

import argparse
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

from launcher import backup, doctor, locks, privacy, secrets
from launcher.checks import Checks, perform
from launcher.commands import A_STEP, IN_RASA, TASKS
from launcher.console import accept_every_letter, forget_what_cannot_be_said, say
from launcher.errors import LauncherError, describe, last_line
from launcher.layout import Layout
from launcher.logs import rotate_when_large
from launcher.processes import Command, show
from launcher.settings import (
    Addresses,
    addresses,
    child_environment,
    quiet_environment,
    rasa_environment,
    read_env_file,
    real_environment,
    running_environment,
)
from launcher.steps import SetUp
from launcher.up import up

ROOT = Path(__file__).resolve().parent.parent
INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks; the exit code."""
    accept_every_letter()
    privacy.begin()
    try:
        return _answer(arguments)
    finally:
        forget_what_cannot_be_said()


def _answer(arguments: Sequence[str]) -> int:
    layout = Layout(ROOT)
    options, rest = parser().parse_known_args(arguments)
    if rest and options.command not in {*TASKS, "import"}:
        parser().error(f"unrecognized arguments: {' '.join(rest)}")
    _raise_on_signals()
    try:
        return _Commands(layout, options, rest).perform()
    except KeyboardInterrupt:
        return INTERRUPTED
    except LauncherError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(describe(error))
    except Exception:  # noqa: BLE001 - the process's edge: people get one line, the traceback goes to the log
        return _fail(f"something unexpected happened, a fault of Hamyar's; details: {_keep_traceback(layout)}")


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    top = argparse.ArgumentParser(prog="hamyar", description="Sets up, starts, checks and measures Hamyar.")
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    starting = commands.add_parser("up", help="set up what is missing, then start everything and keep it running")
    starting.add_argument("--host", help="where the app listens (HOST, 127.0.0.1)")
    starting.add_argument("--port", help="the app's port (PORT, 8000)")
    starting.add_argument("--rasa-port", help="Rasa's port on loopback (RASA_PORT, 5005)")
    checking = commands.add_parser("check", help="format, lint, types, imports and the fast tests")
    checking.add_argument("part", nargs="?", choices=["all", "static"], default="all")
    testing = commands.add_parser("test", help="every test, setting up what they need")
    testing.add_argument("part", nargs="?", choices=["all", "unit", "nlu", "e2e"], default="all")
    for name, text in (("train", "train a model"), ("evaluate", "measure quality"), ("bench", "measure speed")):
        tasks = TASKS[name]
        described = f"{text}; further options go to the task"
        commands.add_parser(name, help=described).add_argument(
            "task", nargs="?", choices=list(tasks), default=next(iter(tasks))
        )
    resetting = commands.add_parser("reset-password", help="give somebody who cannot sign in a new password")
    resetting.add_argument("email", help="the address with which the person signs in")
    for name, text in (("import", "bring articles in from a file"), ("export", "write every article into a file")):
        commands.add_parser(name, help=f"{text}; further options go to the task").add_argument("file", type=Path)
    saving = commands.add_parser("backup", help="save database, secrets and .env in one file, also while Hamyar runs")
    saving.add_argument("file", type=Path, nargs="?", help="the file, or a folder for it (var/backups)")
    restoring = commands.add_parser("restore", help="bring a backup back; what is there is kept beside it")
    restoring.add_argument("file", type=Path)
    commands.add_parser("doctor", help="say what is wrong with this machine or the settings")
    commands.add_parser("lock", help="write the pinned requirements anew")
    return top


class _Commands:
    """One run of the launcher."""

    def __init__(self, layout: Layout, options: argparse.Namespace, rest: Sequence[str]) -> None:
        self.layout = layout
        self.options = options
        self.rest = rest

    def perform(self) -> int:
        """Run the command that was asked for."""
        if self.options.command in TASKS:
            return self.task()
        commands = {
            "up": self.up,
            "check": self.check,
            "test": self.test,
            "doctor": self.doctor,
            "lock": self.lock,
            "reset-password": self.reset_password,
            "import": self.exchange,
            "export": self.exchange,
            "backup": self.back_up,
            "restore": self.restore,
        }
        return commands[self.options.command]()

    def up(self) -> int:
        up(self.layout, self._set_up(), self._addresses())
        return 0

    def check(self) -> int:
        set_up = self._set_up(with_dev=True)
        set_up.install([set_up.app_packages()])
        checks = Checks(self.layout, quiet_environment(real_environment()))
        return perform(checks.static() + (checks.fast() if self.options.part == "all" else []))

    def test(self) -> int:
        set_up = self._set_up(with_dev=True)
        set_up.install(set_up.everything())
        checks = Checks(self.layout, quiet_environment(real_environment()))
        parts = {"unit": checks.unit, "nlu": checks.nlu, "e2e": checks.e2e}
        wanted = parts.values() if self.options.part == "all" else [parts[self.options.part]]
        return perform([part for parts_of in wanted for part in parts_of()])

    def task(self) -> int:
        name, task = self.options.command, TASKS[self.options.command][self.options.task]
        set_up = self._set_up()
        if task is A_STEP:
            set_up.install(set_up.everything()[:-1])
            set_up.fetch_labels()
            set_up.perform([set_up.rasa_model()], anew=True)
            return 0
        if task in IN_RASA:
            set_up.install([set_up.rasa_packages(), set_up.app_packages(), set_up.encoder()])
            command: Command = [self.layout.rasa_python, "-m", task, *self.rest]
            return show(command, cwd=self.layout.root, env=rasa_environment(self.layout, set_up.environment))
        set_up.install(set_up.everything() if name == "bench" else [set_up.app_packages(), set_up.encoder()])
        command = [self.layout.app_python, "-m", task, *self.rest]
        return show(command, cwd=self.layout.root, env=set_up.environment)

    def reset_password(self) -> int:
        set_up = self._set_up()
        set_up.install([set_up.app_packages()])
        command: Command = [self.layout.app_python, "-m", "crm.agents.reset_password", self.options.email]
        return show(command, cwd=self.layout.root, env=set_up.environment)

    def exchange(self) -> int:
        set_up = self._set_up()
        set_up.install([set_up.app_packages(), set_up.encoder()])
        # The task runs in the project's folder, and a file is named from where the person stands.
        task = [self.options.command, self.options.file.resolve(), *self.rest]
        command: Command = [self.layout.app_python, "-m", "knowledge_base.exchange", *task]
        return show(command, cwd=self.layout.root, env=set_up.environment)

    def back_up(self) -> int:
        made = backup.back_up(self.layout, real_environment(), self.options.file)
        megabytes = made.stat().st_size / 1e6
        say(f"Saved in {self.layout.shown(made)} ({megabytes:.1f} MB).")
        say("It holds secrets and what contacts wrote. Keep it on another machine, where nobody else can read it.")
        return 0

    def restore(self) -> int:
        for line in backup.restore(self.layout, real_environment(), self.options.file):
            say(line)
        say(f"What {self.options.file} holds is back; ./hamyar up starts with it.")
        return 0

    def doctor(self) -> int:
        try:
            environment, where = child_environment(self.layout, real_environment()), self._addresses()
        except LauncherError as error:
            # With settings that cannot be read, nothing else can be judged.
            return doctor.report([doctor.Finding("settings", str(error))])
        return doctor.report(doctor.findings(SetUp(self.layout, environment, installing=real_environment()), where))

    def lock(self) -> int:
        set_up = self._set_up()
        with set_up.progress.over("Locking the requirements"):
            locks.lock_all(self.layout, set_up.tools)
        return 0

    def _addresses(self) -> Addresses:
        options = self.options
        environment = {**read_env_file(self.layout.settings_file), **real_environment()}
        asked = {name: getattr(options, name, None) for name in ("host", "port", "rasa_port")}
        return addresses(environment, **asked)

    def _set_up(self, *, with_dev: bool = False) -> SetUp:
        secrets.ensure(self.layout.secrets_file)
        privacy.keep(self.layout.var)
        real = real_environment()
        environment = running_environment(self.layout, real, self._addresses())
        return SetUp(self.layout, environment, installing=real, with_dev=with_dev)


def _raise_on_signals() -> None:
    """End on SIGTERM and on a closed terminal as on Ctrl-C: by an exception that lets everything be stopped."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        # Once is enough: a second signal must not interrupt the stopping itself.
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, interrupt)


def _fail(line: str) -> int:
    with suppress(OSError):
        print(f"hamyar: {line}", file=sys.stderr, flush=True)
    return 1


def _keep_traceback(layout: Layout) -> str:
    """Where the traceback is; its last line where the folder takes no log."""
    path, text = layout.logs / "launcher.log", traceback.format_exc()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        rotate_when_large(path)
        with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(text)
    except OSError:
        return last_line(text)
    return layout.shown(path)
