"""What a finished folder was made of: `run.json`, digests and versions. No torch in here. Errors: ProvenanceError.

A model folder's `digest` is over what decides its behaviour (weights, configs, tokenizer), not over metrics, pictures
or timings, so that equal work gives equal digests.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType

from pd_ml.config import StageConfig, to_json
from pd_ml.data.shards import MANIFEST, Manifest, ShardError, read_manifest, sha256_of
from pd_ml.errors import ProvenanceError

RUN = "run.json"
TRAIN_CONFIG = "train_config.json"
METRICS = "metrics.jsonl"
TENSORBOARD = "tensorboard"
PREVIEWS = "previews"
RUN_FORMAT_VERSION = 1

# A run that is under way works in `<its folder>.partial`, which says what is made and is locked by who makes it.
UNFINISHED = ".partial"
JOB = "job.json"
LOCK = "lock"

# The name, among the inputs of `run.json`, of the model that training started from.
INIT_FROM = "init_from"

# In the facts of a manifest: false where pictures came without the proof of their rights.
PROVEN = "proven"

# Raised when a stage's code changes what the same config and inputs give.
CODE_VERSION: Mapping[str, int] = MappingProxyType(
    {
        "tokenizer": 2,
        "clip": 2,
        "unet": 1,
        "unet_text": 2,
        "vae": 2,
        "latents": 1,
        "latent_unet": 1,
        "latent_diffusion": 1,
        "super_resolution": 2,
        "evaluate": 3,
    }
)

# What a VAE's reconstructions were measured at.
RECONSTRUCTION = "reconstruction.json"

_NOT_IN_DIGEST = frozenset({RUN, METRICS, RECONSTRUCTION})


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """`run.json`: stage, version, config, every input by digest, what came out.

    `outputs` maps relative paths to SHA-256; `counts` holds examples, steps and images seen; `metrics` the last values.
    `proven`: every picture came with the proof of its rights, here and in every input; else it is not releasable.
    """

    stage: str
    version: str
    config: Mapping[str, object]
    inputs: Mapping[str, str]
    dataset_version: str
    item_count: int
    proven: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    format_version: int = RUN_FORMAT_VERSION


def version_of(stage: str, config: StageConfig, inputs: Mapping[str, str]) -> str:
    """16 hex digits over the stage, its code version, its config and the digests of its inputs ({"dataset": ...})."""
    made_of = {
        "stage": stage,
        "code": CODE_VERSION[stage],
        "config": json.loads(to_json(config)),
        "inputs": dict(inputs),
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]


def is_proven(manifest: Manifest) -> bool:
    """Whether each picture of the dataset came with the proof of its rights."""
    return manifest.facts.get(PROVEN, True) is True


def folder_digest(folder: Path) -> str:
    """The digest of a finished model folder (`run.json`) or dataset folder (`manifest.json`)."""
    if (folder / MANIFEST).is_file():
        try:
            return read_manifest(folder).digest
        except ShardError as error:
            raise ProvenanceError(str(error)) from error
    return read_run(folder).digest


def read_run(folder: Path) -> RunRecord:
    """The record of a finished model folder; ProvenanceError where there is none or it cannot be read."""
    path = folder / RUN
    if not path.is_file():
        unfinished = "an unfinished folder" if folder.is_dir() else "no folder"
        raise ProvenanceError(f"{folder}: {unfinished} (no {RUN}); expected a finished model; train it first")
    try:
        raw = json.loads(path.read_text())
        found = raw["format_version"]
        if found != RUN_FORMAT_VERSION:
            raise ProvenanceError(f"{path}: format version {found}, expected {RUN_FORMAT_VERSION}; train it again")
        return RunRecord(**raw)
    except (ValueError, KeyError, TypeError) as error:
        raise ProvenanceError(f"{path}: not a run record ({error}); train it again") from error


def holds_version(out: Path, version: str) -> bool:
    """Whether `out` is a finished folder of this version; ProvenanceError where it holds something else."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    found = read_run(out).version
    if found != version:
        raise ProvenanceError(f"{out}: holds version {found}, this command makes {version}; choose another --out")
    return True


def write_run(folder: Path, record: RunRecord) -> RunRecord:
    """Add `outputs` and `digest` of `folder` to `record`, write `run.json` atomically, return the whole record."""
    outputs = output_digests(folder)
    complete = RunRecord(**{**asdict(record), "outputs": outputs, "digest": digest_of_outputs(outputs)})
    partial = folder / f".{RUN}.partial"
    partial.write_text(json.dumps(asdict(complete), indent=1, sort_keys=True) + "\n")
    os.replace(partial, folder / RUN)
    return complete


def verify_outputs(folder: Path) -> RunRecord:
    """Read every file of a finished model once; ProvenanceError lists all that differ from `run.json`.

    Pictures, and TensorBoard's with them, may be missing: they go where a picture that they show is purged.
    """
    record = read_run(folder)
    found = output_digests(folder)
    problems = [f"{path} is missing" for path in record.outputs if path not in found and not _shows(path)]
    problems += [
        f"{path} has another SHA-256 than {RUN} says"
        for path, digest in record.outputs.items()
        if path in found and found[path] != digest
    ]
    if problems:
        raise ProvenanceError(f"{folder}: {'; '.join(problems)}; delete the folder and train it again")
    return record


def output_digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below `folder` by relative path, without `run.json`."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != f".{RUN}.partial")
    relative = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: sha256_of(path) for name, path in relative.items() if name != RUN}


def digest_of_outputs(outputs: Mapping[str, str]) -> str:
    """One SHA-256 over the files that decide what a model does."""
    decisive = {name: digest for name, digest in outputs.items() if _is_decisive(name)}
    lines = [f"{name} {decisive[name]}" for name in sorted(decisive)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _is_decisive(name: str) -> bool:
    return name not in _NOT_IN_DIGEST and not _shows(name)


def _shows(name: str) -> bool:
    """Whether a file only shows pictures: a sheet, or what TensorBoard reads."""
    path = Path(name)
    return path.parts[0] == TENSORBOARD or path.suffix == ".png"
