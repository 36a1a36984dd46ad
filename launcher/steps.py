"""The steps from a fresh clone to something that can start; each is done once and again only when its inputs change."""

import fcntl
import json
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.models import Endings, KeptModels
from launcher import assets, database, environments, secrets
from launcher.console import Progress, say
from launcher.errors import LauncherError, was_killed
from launcher.layout import Layout
from launcher.logs import rotate_when_large
from launcher.processes import Command, ask, question, run
from launcher.settings import rasa_environment
from launcher.stamps import Stamps, digest
from launcher.tools import Tools

# What the two environments, the encoder, Rasa's model and the caches of their making take.
NEEDED_GIGABYTES = 6
ENCODER_GIGABYTES = 2
# An installed Hamyar still writes: its database, logs, a model now and then.
RUNNING_GIGABYTES = 1


@dataclass(frozen=True)
class Step:
    """A piece of set-up.

    It is done when its stamp holds the fingerprint of its inputs and its outputs are there; a fingerprint of None means
    that nobody can tell, so that it is done each time. What an interrupted step left behind is removed first.
    """

    name: str
    title: str
    fingerprint: Callable[[], str | None]
    work: Callable[[], None]
    outputs: tuple[Path, ...] = ()
    leftovers: tuple[Path, ...] = ()
    # What to tell the person once it was done.
    ending: Callable[[], str] | None = None

    def is_done(self, stamps: Stamps) -> bool:
        """True when there is nothing to do."""
        fingerprint = self.fingerprint()
        return (
            fingerprint is not None
            and stamps.matches(self.name, fingerprint)
            and all(path.exists() for path in self.outputs)
        )

    def perform(self, stamps: Stamps) -> None:
        """Do the work, noting its beginning and its end."""
        if stamps.was_interrupted(self.name):
            for path in self.leftovers:
                shutil.rmtree(path, ignore_errors=True)
        fingerprint = self.fingerprint()
        stamps.begin(self.name)
        try:
            self.work()
        except (LauncherError, OSError) as error:
            if not was_killed(error):
                # It ended by itself, as for want of a network: what served before still does, and is not removed.
                stamps.forget(self.name)
            raise
        stamps.finish(self.name, fingerprint or "done")


class SetUp:
    """Everything that must be there before the processes start."""

    def __init__(
        self,
        layout: Layout,
        environment: Mapping[str, str],
        *,
        installing: Mapping[str, str],
        with_dev: bool = False,
    ) -> None:
        """`environment` is what Hamyar's own programs get; `installing`, without secrets, what uv and npm get."""
        self.layout = layout
        self.environment = environment
        self.progress = Progress()
        self.tools = Tools(layout, installing, self.progress.tick)
        self.stamps = Stamps(layout.stamps)
        self._app_locks = environments.app_locks(layout, with_dev=with_dev)

    def everything(self) -> list[Step]:
        """All that the processes need; Rasa's packages first: without a Python 3.10 nothing else is worth while."""
        return [self.rasa_packages(), self.app_packages(), self.assets(), self.encoder(), self.rasa_model()]

    def app_packages(self) -> Step:
        """`.venv`."""
        return Step(
            "app-packages",
            "The app's packages",
            lambda: digest(*self._app_locks),
            lambda: environments.make_app_environment(self.layout, self.tools, self._app_locks),
            outputs=(self.layout.app_python,),
            leftovers=(self.layout.app_env,),
        )

    def rasa_packages(self) -> Step:
        """`.venv-rasa`."""
        return Step(
            "rasa-packages",
            "Rasa's packages",
            lambda: digest(self.layout.requirements / "rasa.txt"),
            lambda: environments.make_rasa_environment(self.layout, self.tools),
            outputs=(self.layout.rasa_python,),
            leftovers=(self.layout.rasa_env,),
        )

    def assets(self) -> Step:
        """The files that browsers get and npm brings."""
        return Step(
            "assets",
            "The browser's files",
            lambda: digest(self.layout.frontend / "package-lock.json", words=assets.FILES),
            lambda: assets.install(self.layout, self.tools),
            outputs=assets.outputs(self.layout),
        )

    def encoder(self) -> Step:
        """The encoder's folder."""
        return Step(
            "encoder",
            "The language model (it is converted once)",
            self._encoder_inputs,
            self._build_encoder,
            outputs=(self.layout.encoder,),
        )

    def rasa_model(self) -> Step:
        """What Rasa learned."""
        return Step(
            "rasa-model",
            "Training the assistant",
            self._rasa_inputs,
            self._train_rasa,
            outputs=(self.layout.rasa_model,),
            ending=lambda: how_it_ended(self.layout.rasa_models),
        )

    def require_sound_settings(self) -> None:
        """Complain about settings that nothing can start with, by the app's own rules.

        Raises:
            LauncherError
        """
        # The secrets that are missing are made, and nobody is to write them down by hand.
        environment = {**dict.fromkeys(secrets.NAMES, "x" * secrets.SECRET_BYTES), **self.environment}
        command: Command = [self.layout.app_python, "-m", "core.config"]
        exit_code, _, complaints = question(command, cwd=self.layout.root, env=environment)
        if exit_code != 0:
            raise LauncherError(f"{'; '.join(complaints.splitlines())}; correct this in .env or the environment")

    def prepare_database(self) -> None:
        """The tables, and the demo business in an empty database."""
        # No stamp for the tables: it would not notice an older backup put back, and the database knows what it has.
        if not database.is_migrated(self.layout, self.environment):
            with self.progress.over("The database's tables"):
                self._app("Migrating the database", "alembic", "upgrade", "head")
        seeds = Step("seeds", "The demo business", self._database, self._load_seeds)
        self.perform([seeds])

    def fetch_labels(self) -> None:
        """Take what was labelled in the desk from the database; nothing before the first start."""
        is_served = database.sqlite_file(self.layout, self.environment) is None
        if is_served or database.is_migrated(self.layout, self.environment):
            self._app("Fetching the labels", "web.training_examples", "--output", self.layout.rasa_models.labels_file)

    def perform(self, steps: Sequence[Step], *, anew: bool = False) -> None:
        """Do what is not done yet, in order; or all of it."""
        for number, step in enumerate(steps, start=1):
            if anew or not step.is_done(self.stamps):
                count = f"[{number}/{len(steps)}] " if len(steps) > 1 else ""
                with self.progress.over(f"{count}{step.title}"):
                    step.perform(self.stamps)
                if step.ending:
                    say(step.ending())

    def install(self, steps: Sequence[Step]) -> None:
        """`perform` with room enough on the disk, by one launcher at a time."""
        with self._alone():
            self._require_space_for({path for step in steps for path in step.outputs if not path.exists()})
            self.perform(steps)

    def first_admin(self) -> str | None:
        """Make the first admin where there is none; what to tell the person, once."""
        name, fingerprint = "admin", self._database()
        if fingerprint is not None and self.stamps.matches(name, fingerprint):
            return None
        command: Command = [self.layout.app_python, "-m", "seeds.admin"]
        answer = ask(command, cwd=self.layout.root, env=self.environment)
        if answer is None:
            raise LauncherError("the first admin could not be made; see why with: .venv/bin/python -m seeds.admin")
        self.stamps.finish(name, fingerprint or "done")
        return answer or None

    def _train_rasa(self) -> None:
        models = self.layout.rasa_models
        # An interrupted training leaves the model that serves, and so does one that comes out worse.
        command: Command = [self.layout.rasa_python, "-m", "bot.train", "--models", models.folder]
        self._run("Training the assistant", command, rasa_environment(self.layout, self.environment))

    def _build_encoder(self) -> None:
        other = self.environment.get("ENCODER_MODEL")
        self._app(
            "Converting the language model", "language.build_encoder", "--output", self.layout.encoder, *_option(other)
        )

    def _load_seeds(self) -> None:
        self._app("Loading the demo business", "seeds.load")

    def _app(self, what: str, *module: str | Path) -> None:
        self._run(what, [self.layout.app_python, "-m", *module], self.environment)

    def _run(self, what: str, command: Command, environment: Mapping[str, str]) -> None:
        run(command, what=what, cwd=self.layout.root, log=self.tools.log, env=environment, tick=self.progress.tick)

    def _encoder_inputs(self) -> str:
        # More than it takes: the builder knows for itself, in a second or two, whether there is anything to do.
        words = [self.environment.get("ENCODER_MODEL", "")]
        return digest(self.layout.root / "language", self.layout.requirements / "app.txt", words=words)

    def _rasa_inputs(self) -> str:
        root = self.layout.root
        names = ("config.yml", "domain.yml", "bot/nlu", "bot/dialogue", "bot/names.py", "bot/train.py", "language")
        # Not the labels: whoever fetches them trains on them at once.
        return digest(
            *(root / name for name in names),
            self.layout.requirements / "rasa.txt",
            words=[self._encoder_fingerprint()],
        )

    def _encoder_fingerprint(self) -> str:
        manifest = self.layout.encoder / "encoder.json"
        return str(json.loads(manifest.read_text())["fingerprint"]) if manifest.exists() else ""

    def _database(self) -> str | None:
        return database.identity(self.layout, self.environment)

    def _require_space_for(self, missing: Collection[Path]) -> None:
        known = {
            self.layout.app_python: NEEDED_GIGABYTES,
            self.layout.rasa_python: NEEDED_GIGABYTES,
            self.layout.encoder: ENCODER_GIGABYTES,
        }
        needed = max((known.get(path, RUNNING_GIGABYTES) for path in missing), default=0)
        free = free_gigabytes(self.layout.root)
        if free < needed:
            raise LauncherError(
                f"the disk has {free:.1f} GB free and set-up needs {needed}; free some space and start again"
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.layout.var.mkdir(parents=True, exist_ok=True)
        with (self.layout.var / "setup.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Another hamyar is setting up; waiting for it.")
                fcntl.flock(file, fcntl.LOCK_EX)
            rotate_when_large(self.tools.log)
            yield


def how_it_ended(models: KeptModels) -> str:
    """What a person at the terminal should know of the last training."""
    ended = models.progress()
    if ended is None:
        return "Nothing is known of the training."
    model = models.get(ended.model or "")
    if ended.outcome == Endings.WORSE and model and model.trial:
        trial = model.trial
        wrong = f"; it fails in: {', '.join(trial.failed_anew)}" if trial.failed_anew else ""
        return (
            f"The new model {model.name} understands {trial.accuracy:.1%} of the test messages, where "
            f"{trial.accuracy_before:.1%} were understood{wrong}. The earlier one goes on serving; the new one can be "
            "chosen in the desk (Models)."
        )
    return {
        Endings.SERVES: f"The new model {ended.model} serves.",
        Endings.SERVES_NEXT: f"The new model {ended.model} serves when Rasa next starts.",
        Endings.KEPT: (
            "Another model was chosen during the trial and goes on serving; "
            f"the new one, {ended.model}, can be chosen in the desk (Models)."
        ),
        Endings.REFUSED: f"The running Rasa goes on with its model; it refused the new one: {ended.reason}",
    }.get(ended.outcome or "", f"The training has not come to an end: {ended.outcome}")


def free_gigabytes(path: Path) -> float:
    """Free space of the disk that a path is on."""
    return shutil.disk_usage(path).free / 1e9


def _option(model: str | None) -> list[str]:
    return ["--model", model] if model else []
