"""A stock Rasa 3.6 assistant for comparison: `rasa init`'s pipeline and policies on our training data."""

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import time
from typing import Any

import httpx
import yaml

from benchmarks.stack import RASA_PYTHON, ROOT, free_port, resident_megabytes, wait_for

FOLDER = ROOT / "var/bench/stock-rasa"
# Of its learned parts; a turn takes as long whatever it is.
DEFAULT_EPOCHS = 100
TRAINING = ("bot/nlu/data", "bot/dialogue")


class StockRasa:
    """Rasa as it comes, in a process of its own."""

    def __init__(self, *, actions_url: str, actions_token: str, epochs: int = DEFAULT_EPOCHS) -> None:
        self._config = _config(epochs)
        self.port = free_port()
        self.trained_seconds = 0.0
        self._actions = {"url": actions_url, "headers": {"Authorization": f"Bearer {actions_token}"}}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def train(self) -> None:
        """Train, or take the model that was trained on the same data before; the time is kept with it."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "config.yml").write_text(yaml.safe_dump(self._config, sort_keys=False))
        note = FOLDER / "trained.json"
        fingerprint = _fingerprint(self._config)
        if note.exists() and (known := json.loads(note.read_text()))["fingerprint"] == fingerprint:
            self.trained_seconds = known["seconds"]
            return
        began = time.perf_counter()
        command = ["train", "--config", "config.yml", "--domain", str(ROOT / "domain.yml"), "--out", "models"]
        data = [str(ROOT / folder) for folder in TRAINING]
        shutil.rmtree(FOLDER / "models", ignore_errors=True)
        self._run(*command, "--fixed-model-name", "stock", "--force", "--data", *data)
        self.trained_seconds = time.perf_counter() - began
        note.write_text(json.dumps({"fingerprint": fingerprint, "seconds": self.trained_seconds}))

    def start(self) -> None:
        """Serve and wait until ready."""
        (FOLDER / "endpoints.yml").write_text(yaml.safe_dump({"action_endpoint": self._actions}))
        (FOLDER / "credentials.yml").write_text("rest:\n")
        options = ["--model", "models/stock.tar.gz", "--endpoints", "endpoints.yml", "--credentials", "credentials.yml"]
        with (FOLDER / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*_rasa(), "run", *options, "-i", "127.0.0.1", "--port", str(self.port)],
                cwd=FOLDER,
                env=_environment(),
                stdout=log,
                stderr=log,
            )
        wait_for("stock Rasa", self._process, f"{self.url}/", FOLDER / "log")

    def memory_megabytes(self) -> float:
        """Resident memory."""
        return resident_megabytes(self._process.pid) if self._process else 0.0

    def stop(self) -> None:
        """End it."""
        if self._process:
            self._process.terminate()
            self._process.wait()

    def visitor(self) -> "StockVisitor":
        """Somebody who talks to its REST channel."""
        return StockVisitor(self.url)

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(
            [*_rasa(), *arguments], cwd=FOLDER, env=_environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"rasa {arguments[0]} failed: {done.stderr[-2000:]}")


class StockVisitor:
    """The counterpart of the widget's visitor: same questions, REST channel."""

    def __init__(self, url: str) -> None:
        self.seconds: list[float] = []
        self._sender = secrets.token_hex(8)
        self._client = httpx.AsyncClient(base_url=url, timeout=30, trust_env=False)

    async def open(self) -> None:
        """Nothing to do: the channel is plain HTTP."""

    async def ask(self, text: str) -> Any:
        """Send a message and wait for the answer."""
        began = time.perf_counter()
        body = {"sender": self._sender, "message": text}
        response = await self._client.post("/webhooks/rest/webhook", json=body)
        response.raise_for_status()
        self.seconds.append(time.perf_counter() - began)
        return response.json()

    async def start_over(self) -> None:
        """Nothing to do: no person takes its conversations over."""

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()


def _rasa() -> list[str]:
    return [str(RASA_PYTHON), "-m", "rasa"]


def _environment() -> dict[str, str]:
    quiet = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "HOME": str(FOLDER)}
    return {**os.environ, **quiet}


def _config(epochs: int) -> dict[str, Any]:
    """Rasa 3.6's defaults, as `rasa train` writes them into a config without a pipeline."""
    learned = {"epochs": epochs, "constrain_similarities": True}
    return {
        "recipe": "default.v1",
        "language": "en",
        "pipeline": [
            {"name": "WhitespaceTokenizer"},
            {"name": "RegexFeaturizer"},
            {"name": "LexicalSyntacticFeaturizer"},
            {"name": "CountVectorsFeaturizer"},
            {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
            {"name": "DIETClassifier", **learned},
            {"name": "EntitySynonymMapper"},
            {"name": "ResponseSelector", **learned},
            {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
        ],
        "policies": [
            {"name": "MemoizationPolicy"},
            {
                "name": "RulePolicy",
                "core_fallback_action_name": "action_answer_from_knowledge_base",
                "core_fallback_threshold": 0.3,
            },
            {"name": "TEDPolicy", "max_history": 5, **learned},
        ],
    }


def _fingerprint(config: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(config).encode())
    for file in sorted(path for folder in TRAINING for path in (ROOT / folder).rglob("*.yml")):
        digest.update(file.read_bytes())
    digest.update((ROOT / "domain.yml").read_bytes())
    return digest.hexdigest()
