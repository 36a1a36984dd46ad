"""What Rasa imports when it starts and our assistant never uses: TensorFlow, and the clients of channels and clouds.

A placeholder stands for each: enough to inherit from, to annotate with and to decorate with, which is all that Rasa's
modules do with them while they are imported. Whatever calls one is told so. docs/decisions/0008 says what that spares.
"""

import sys
from collections.abc import Collection, Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import yaml

TENSORFLOW: Final = ("keras", "tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text")
CLIENTS: Final = (
    *("aio_pika", "aiogram", "boto3", "botocore", "cachecontrol", "confluent_kafka", "fbmessenger", "google.auth"),
    *("google.oauth2", "mattermostwrapper", "pymongo", "rocketchat_API", "slack_sdk", "socketio", "twilio"),
    "webexteamssdk",
)
# Those of Rasa's own components that do without TensorFlow and that rules may stand beside.
_LIGHT: Final = frozenset({"RulePolicy", "MemoizationPolicy", "AugmentedMemoizationPolicy"})
_OURS: Final = "bot."


class UnneededError(ImportError):
    """Something that was left out is called after all; says what, and how to have it."""


def leave_out(names: Collection[str]) -> None:
    """Have placeholders imported in place of packages and their modules, from now on and in the whole process."""
    sys.meta_path.insert(0, _Finder(names))


def unneeded_by(components: "Iterable[str] | None") -> tuple[str, ...]:
    """What a pipeline and policies of these names never use; TensorFlow only where they are known to be light."""
    is_light = components is not None and all(name.startswith(_OURS) or name in _LIGHT for name in components)
    return (*CLIENTS, *(TENSORFLOW if is_light else ()))


def components_of(config: Path) -> "list[str] | None":
    """The names of a configuration's pipeline and policies; None where they are not to be told.

    What is wrong with it, Rasa says; where one of the two is empty, it takes components of its own choice.
    """
    try:
        content = yaml.safe_load(config.read_text(encoding="utf-8"))
        kinds = [content[kind] for kind in ("pipeline", "policies")]
        return [part["name"] for kind in kinds for part in kind] if all(kinds) else None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return None


class _Placeholder(type):
    """The type of placeholders: classes whose every attribute is another one, and which cannot be called."""

    def __getattr__(cls, name: str) -> "_Placeholder":
        return _placeholder(f"{cls.__module__}.{cls.__qualname__}", name)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and callable(args[0]) and not kwargs:
            # A decorator.
            return args[0]
        raise UnneededError(
            f"{cls.__module__}.{cls.__name__} was left out, since config.yml names no component that uses it"
        )


class _Module(ModuleType):
    def __getattr__(self, name: str) -> _Placeholder:
        return _placeholder(self.__name__, name)


def _placeholder(owner: str, name: str) -> _Placeholder:
    # What Python asks of any object, such as how it is to be copied, is not there; or all would seem to have it.
    if name.startswith("__"):
        raise AttributeError(f"{owner}.{name} was left out")
    return _Placeholder(name, (), {"__module__": owner})


class _Finder(MetaPathFinder, Loader):
    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)

    def find_spec(
        self, name: str, path: "Sequence[str] | None", target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        parts = name.split(".")
        left_out = any(".".join(parts[:depth]) in self._names for depth in range(1, len(parts) + 1))
        return ModuleSpec(name, self, is_package=True) if left_out else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is in it."""
