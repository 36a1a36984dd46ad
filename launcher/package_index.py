"""pip's settings for where packages come from, in the words of uv, which reads its own alone."""

import ast
from collections.abc import Mapping

# `pip config list` names where each value was found; the environment wins over `[install]`, that over `[global]`.
SECTIONS = (":env:", "install", "global")
KEYS = ("index-url", "extra-index-url", "find-links", "no-index", "cert")


def parse_pip_config(listing: str) -> dict[str, str]:
    """The values of `pip config list`, strongest section first, by key."""
    found: dict[str, str] = {}
    for section in SECTIONS:
        for line in listing.splitlines():
            name, _, value = line.partition("=")
            place, _, key = name.rpartition(".")
            if place == section and key in KEYS:
                found.setdefault(key, str(ast.literal_eval(value)))
    return found


def from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """pip's variables by pip's key: what is left of its settings where there is no pip to ask."""
    names = {key: "PIP_" + key.upper().replace("-", "_") for key in KEYS}
    return {key: environment[name] for key, name in names.items() if environment.get(name)}


def uv_variables(pip: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """uv's variables that say what pip's settings say; what is set for uv itself is left alone."""
    said: dict[str, str] = {}
    if index := pip.get("index-url"):
        said["UV_DEFAULT_INDEX"] = index
    if extra := pip.get("extra-index-url"):
        # pip takes the best version of all indexes, uv the first index that has the package.
        said |= {"UV_INDEX": " ".join(extra.split()), "UV_INDEX_STRATEGY": "unsafe-best-match"}
    if links := pip.get("find-links"):
        said["UV_FIND_LINKS"] = ",".join(links.split())
    if pip.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        said["UV_NO_INDEX"] = "1"
    if certificate := pip.get("cert"):
        said["SSL_CERT_FILE"] = certificate
    return {name: value for name, value in said.items() if name not in environment}
