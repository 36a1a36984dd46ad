"""NOTICE names what is built in."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REQUIREMENT = re.compile(r"^[\w-]+", re.MULTILINE)
SPELLED = {
    "onnxruntime": "ONNX Runtime",
    "onnxscript": "ONNX Script",
    "redis": "redis-py",
    "tensorflow-cpu": "TensorFlow",
    "torch": "PyTorch",
}
# Runs Rasa's own tests, and is given to nobody.
TOOLS = {"pytest"}


@pytest.mark.parametrize("lock", ["app", "rasa"])
def test_every_direct_dependency_is_named(lock: str) -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    asked_for = set(REQUIREMENT.findall((ROOT / f"requirements/{lock}.in").read_text())) - TOOLS

    assert len(asked_for) > 3
    names = {name: re.escape(SPELLED.get(name, name)) for name in asked_for}
    missing = {
        name for name, spelled in names.items() if not re.search(rf"(?<!\w){spelled}(?![\w-])", notice, re.IGNORECASE)
    }
    assert missing == set()
