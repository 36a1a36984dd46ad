"""`./hamyar up`: set-up where it is needed, then the processes until somebody stops them."""

import http.client
from collections.abc import Iterator, Mapping
from contextlib import suppress

from launcher import ports, running
from launcher.console import say
from launcher.errors import LauncherError
from launcher.layout import Layout
from launcher.settings import Addresses, rasa_environment
from launcher.steps import SetUp
from launcher.supervisor import Program, Supervisor

READY_SECONDS = 180.0
PROBE_SECONDS = 2.0
RUNS_ALREADY = "another ./hamyar up runs in this folder already; stop that one first"
PAGES = (
    ("What customers see", "/"),
    ("Agents' desk", "/desk"),
    ("Knowledge base", "/desk/knowledge"),
    ("API documentation", "/api/docs"),
)
# Why not uvloop: docs/decisions/0007. The widget's longest frame is below 128 KiB; uvicorn would take 16 MB.
APP_OPTIONS = (
    *("--loop", "asyncio", "--no-access-log", "--timeout-graceful-shutdown", "5"),
    *("--ws-max-size", "131072"),
)


def up(layout: Layout, set_up: SetUp, where: Addresses) -> None:
    """Bring Hamyar up and keep it up until somebody stops it; nothing that was started is left.

    Raises:
        LauncherError: it cannot run, or another `up` keeps it running.
        KeyboardInterrupt: it was stopped before it ran.
    """
    # Two would share a database and logs, and each would take the other's answers for its own program's.
    with running.alone(layout, complaint=RUNS_ALREADY):
        require_ports(where)
        set_up.install(set_up.everything())
        set_up.require_sound_settings()
        # Set-up may have taken minutes.
        require_ports(where)
        _run(layout, set_up, where)


def _run(layout: Layout, set_up: SetUp, where: Addresses) -> None:
    supervisor = Supervisor(root=layout.root)
    try:
        # Rasa takes longest; the database is made ready meanwhile.
        supervisor.start(rasa_program(layout, set_up.environment, where))
        set_up.prepare_database()
        supervisor.start(app_program(layout, set_up.environment, where))
        if where.actions_port:
            supervisor.start(actions_program(layout, set_up.environment, where))
        with set_up.progress.over("Starting"):
            supervisor.wait_until_ready(timeout_seconds=READY_SECONDS, tick=set_up.progress.tick)
        # Only now: a password that is shown once must not be lost with a start that fails.
        welcome(where, set_up.first_admin())
        # Stopping is how it ends.
        with suppress(KeyboardInterrupt):
            supervisor.watch()
    finally:
        supervisor.stop()


def require_ports(where: Addresses) -> None:
    """Complain about a port before any work is done."""
    taken: dict[int, str] = {}
    for option, host, port in listening(where):
        if port in taken:
            raise LauncherError(f"{taken[port]} and {option} are both {port}; choose another port for one of them")
        taken[port] = option
        ports.require_free(host, port, option=option)


def listening(where: Addresses) -> Iterator[tuple[str, str, int]]:
    """What asks for a port, the address to listen on, and the port, of each program."""
    yield "--port", where.host, where.port
    yield "--rasa-port", where.rasa_host, where.rasa_port
    if where.actions_port:
        yield "ACTIONS_PORT", where.actions_host, where.actions_port


def rasa_program(layout: Layout, environment: Mapping[str, str], where: Addresses) -> Program:
    """Rasa, by our own wrapper, on loopback."""
    return Program(
        name="rasa",
        command=[
            *(layout.rasa_python, "-m", "bot.serve"),
            *("--models", layout.rasa_models.folder, "--port", str(where.rasa_port)),
        ],
        env=rasa_environment(layout, environment),
        log=layout.logs / "rasa.log",
        is_ready=lambda: answers(where.rasa_host, where.rasa_port, "/webhooks/hamyar/ready"),
    )


def app_program(layout: Layout, environment: Mapping[str, str], where: Addresses) -> Program:
    """The app: API, pages, channels, and the bot's actions where they have no process of their own."""
    listen = ["--host", where.host, "--port", str(where.port)]
    return Program(
        name="app",
        command=[layout.app_python, "-m", "uvicorn", "--factory", "web.app:create_app", *listen, *APP_OPTIONS],
        env=environment,
        log=layout.logs / "app.log",
        is_ready=lambda: answers(where.reachable_host, where.port, "/health/ready"),
    )


def actions_program(layout: Layout, environment: Mapping[str, str], where: Addresses) -> Program:
    """The bot's actions, which call the app as anybody does."""
    port = where.actions_port or 0
    return Program(
        name="actions",
        command=[layout.app_python, "-m", "bot.actions", "--port", str(port)],
        env={**environment, "API_URL": environment.get("API_URL") or where.site},
        log=layout.logs / "actions.log",
        is_ready=lambda: answers(where.actions_host, port, "/health/live"),
    )


def answers(host: str, port: int, path: str) -> bool:
    """True when a GET gets a 200."""
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def welcome(where: Addresses, admin: str | None) -> None:
    """Say where to go; the first admin's password is said here and nowhere else."""
    say("")
    say("Hamyar is running. Ctrl-C stops it.")
    for title, path in PAGES:
        say(f"  {title + ':':<26}{where.site}{path}")
    if admin:
        say("")
        say("The first admin, whose password is shown this once and kept nowhere:")
        for part in admin.split():
            name, _, value = part.partition("=")
            say(f"  {name.removeprefix('ADMIN_').replace('_', ' ').capitalize() + ':':<26}{value}")
    say("")
