"""Where everything lies, from the project's root folder."""

from dataclasses import dataclass
from pathlib import Path

from bot.models import DEFAULT_FOLDER, KeptModels


@dataclass(frozen=True)
class Layout:
    """The project's folders and files as the launcher needs them."""

    root: Path

    @property
    def tools(self) -> Path:
        """Programs that the launcher fetches for itself."""
        return self.root / ".tools"

    @property
    def app_env(self) -> Path:
        return self.root / ".venv"

    @property
    def rasa_env(self) -> Path:
        return self.root / ".venv-rasa"

    @property
    def app_python(self) -> Path:
        return self.app_env / "bin/python"

    @property
    def rasa_python(self) -> Path:
        return self.rasa_env / "bin/python"

    @property
    def requirements(self) -> Path:
        return self.root / "requirements"

    @property
    def var(self) -> Path:
        """Everything written while running."""
        return self.root / "var"

    @property
    def logs(self) -> Path:
        return self.var / "logs"

    @property
    def stamps(self) -> Path:
        return self.var / "stamps"

    @property
    def up_lock(self) -> Path:
        """Held by whoever keeps Hamyar running."""
        return self.var / "up.lock"

    @property
    def secrets_file(self) -> Path:
        return self.var / "secrets.env"

    @property
    def settings_file(self) -> Path:
        return self.root / ".env"

    @property
    def encoder(self) -> Path:
        return self.var / "models/encoder"

    @property
    def rasa_models(self) -> KeptModels:
        """What Rasa learned, the last few times."""
        return KeptModels(self.root / DEFAULT_FOLDER)

    @property
    def rasa_model(self) -> Path:
        """The model that serves; a path that is not there before the first."""
        return self.rasa_models.serving_file

    @property
    def rasa_home(self) -> Path:
        """Rasa writes to its user's home folder; it gets one of its own."""
        return self.var / "rasa-home"

    @property
    def vendor(self) -> Path:
        return self.root / "web/static/vendor"

    @property
    def frontend(self) -> Path:
        return self.root / "frontend"

    def shown(self, path: Path) -> str:
        """A path as people read it: from the root where it lies below."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)
