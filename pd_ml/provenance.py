"""What a finished folder was made of: `run.json`, digests and versions. No torch in here. Errors: ProvenanceError.

A model folder's `digest` is over what decides its behaviour (weights, configs, tokenizer), not over metrics, pictures
or timings, so that equal work gives equal digests.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq

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

# Which pictures a model was trained on and measured with, and how often each was shown: beside the weights.
LEDGER = "ledger.parquet"
TRAINED_ON, MEASURED_WITH, HELD = "trained_on", "measured_with", "held"
SHOWN_CAPTION = pa.struct([("number", pa.int32()), ("licence", pa.string()), ("times_shown", pa.int64())])
# Column name -> (Arrow type, description). What the dataset does not tell of a picture is null.
LEDGER_COLUMNS: Mapping[str, tuple[pa.DataType, str]] = MappingProxyType(
    {
        "stage": (pa.string(), "the stage of the model"),
        "version": (pa.string(), "its version"),
        "item_id": (pa.string(), "the item in the catalogue"),
        "sha256": (pa.string(), "SHA-256 of the picture as the dataset's shard has it"),
        "stored_sha256": (pa.string(), "SHA-256 of the picture in the store, null where the dataset does not tell it"),
        "split": (pa.string(), "`train`, `validation` or `test`"),
        "relation": (
            pa.string(),
            "`trained_on`: the weights learnt from it; `measured_with`: it was looked at to measure them; `held`: the "
            "dataset had it, and nothing of this model looked at it",
        ),
        "times_shown": (pa.int64(), "how often it was in a batch that the weights were changed by"),
        "captions": (
            pa.list_(SHOWN_CAPTION),
            "of each caption that was shown with it: its number in the shard's `captions`, its licence, how often",
        ),
        "page_url": (pa.string(), "the archive's page about the file"),
        "revid": (pa.int64(), "the revision of the page that the evidence was read from, null where there is none"),
        "rule_id": (pa.string(), "the rule that had accepted it"),
        "evidence_digest": (pa.string(), "SHA-256 of the evidence that it was accepted on, in `rights/evidence`"),
    }
)

# The name, among the inputs of `run.json`, of the model that training started from.
INIT_FROM = "init_from"

# In the facts of a manifest: false where pictures came without the proof of their rights.
PROVEN = "proven"
# In the facts of a manifest: the digest of the rows of `dataset/members` that say which pictures the dataset holds.
MEMBERS = "members_digest"

# Raised when a stage's code changes what the same config and inputs give.
CODE_VERSION: Mapping[str, int] = MappingProxyType(
    {
        "tokenizer": 2,
        "clip": 2,
        "unet": 1,
        "unet_text": 2,
        "transformer": 1,
        "vae": 2,
        "latents": 1,
        "latent_unet": 1,
        "latent_diffusion": 1,
        "super_resolution": 2,
        "evaluate": 5,
    }
)

# What a VAE's reconstructions were measured at.
RECONSTRUCTION = "reconstruction.json"

# Every file that a training could read, with its SHA-256: docs/clean-room.md.
READABLE = "inputs.json"

_NOT_IN_DIGEST = frozenset({RUN, METRICS, RECONSTRUCTION, LEDGER, READABLE})

# What came later is no part of the seal where a record does not have it: the seals of older ones stay valid.
_NOT_SEALED_WHERE_EMPTY = ("level", "room")


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """`run.json`: stage, version, config, every input by digest, what came out.

    `outputs` maps relative paths to SHA-256; `metrics` holds the last values. `item_count` is how many pictures the
    dataset has, in all its splits. `counts` holds examples, steps, `images_seen` (how often any picture was in a batch
    that the weights were changed by) and `pictures_trained_on` (how many different ones were); the ledger names them.
    `proven`: every picture came with the proof of its rights, here and in every input; else it is not releasable.
    `members` is the digest of the list of pictures that its dataset sealed, "" where it sealed none. `seal` is over all
    the rest; records of before there were seals have none. `level` says how the training was kept from reading what it
    was not given ("kernel", "kernel, network of the container", "unenforced: ..."; "" in records of before there was a
    clean room by the kernel), `room` the facts behind it.
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
    members: str = ""
    level: str = ""
    room: Mapping[str, object] = field(default_factory=dict)
    seal: str = ""
    format_version: int = RUN_FORMAT_VERSION


def version_of(stage: str, config: StageConfig, inputs: Mapping[str, str]) -> str:
    """16 hex digits over the stage, its code version, its config and the digests of its inputs ({"dataset": ...})."""
    return _version(stage, CODE_VERSION[stage], json.loads(to_json(config)), inputs)


def _version(stage: str, code: int, config: object, inputs: Mapping[str, str]) -> str:
    made_of = {"stage": stage, "code": code, "config": config, "inputs": dict(inputs)}
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]


def _vouches_for_inputs(record: RunRecord) -> bool:
    """Whether the inputs that a record names are those that it was written with: by its seal, which was compared, or,
    where it is older than seals, by its version, which is a digest of them.
    """
    if record.seal:
        return True
    codes = range(1, CODE_VERSION.get(record.stage, 0) + 1)
    return record.version in {_version(record.stage, code, record.config, record.inputs) for code in codes}


def sealed_members(manifest: Manifest) -> str:
    """The digest of the list of pictures that a manifest seals; "" in one of before there were seals."""
    found = manifest.facts.get(MEMBERS)
    return found if isinstance(found, str) else ""


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
    return parse_run(path)


def parse_run(path: Path) -> RunRecord:
    """The record in a file, wherever it lies; ProvenanceError where it cannot be read or was altered."""
    try:
        raw = json.loads(path.read_text())
        found = raw["format_version"]
        if found != RUN_FORMAT_VERSION:
            raise ProvenanceError(f"{path}: format version {found}, expected {RUN_FORMAT_VERSION}; train it again")
        record = RunRecord(**raw)
        if not all(isinstance(by_name, dict) for by_name in (record.inputs, record.outputs)):
            raise TypeError("expected inputs and outputs by name")
        is_sealed_by_another = bool(record.seal) and record.seal != _seal_of(record)
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ProvenanceError(f"{path}: not a run record ({error}); train it again") from error
    if is_sealed_by_another:
        raise ProvenanceError(
            f"{path}: altered since it was written (its seal is that of another content); restore it, or train it again"
        )
    return record


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a folder says of the model in it, and why that may not be all or not true: `problem`.

    Where the record cannot be read (`is_recorded` is False), `run` names nothing and proves nothing.
    """

    run: RunRecord
    problem: str | None = None
    is_recorded: bool = True


def what_is_told(folder: Path, *, stage: str | None = None, record: Path | None = None) -> Told:
    """Of a model in `<stage>/<version>`; no error where its record is missing, damaged, altered or that of another.

    `record`: a copy of its `run.json` that is read instead, where the folder is gone.
    """
    stage, version = stage or folder.parent.name, folder.name
    try:
        run = read_run(folder) if record is None else parse_run(record)
        if (run.stage, run.version) != (stage, version):
            raise ProvenanceError(f"{folder}: {RUN} is that of {run.stage} {run.version}; restore its own")
    except ProvenanceError as error:
        nothing = RunRecord(stage=stage, version=version, config={}, inputs={}, dataset_version="", item_count=0)
        return Told(run=nothing, problem=str(error), is_recorded=False)
    if not _vouches_for_inputs(run):
        return Told(run=run, problem=f"{folder}: {RUN} has no seal and is not that of its version; nothing proves it")
    return Told(run=run)


def holds_version(out: Path, version: str) -> bool:
    """Whether `out` is a finished folder of this version; ProvenanceError where it holds something else."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    found = read_run(out).version
    if found != version:
        raise ProvenanceError(f"{out}: holds version {found}, this command makes {version}; choose another --out")
    return True


def write_run(folder: Path, record: RunRecord) -> RunRecord:
    """Add `outputs`, `digest` and `seal` to `record`, write `run.json` atomically, return the whole record."""
    outputs = output_digests(folder)
    whole = RunRecord(**{**asdict(record), "outputs": outputs, "digest": digest_of_outputs(outputs)})
    complete = replace(whole, seal=_seal_of(whole))
    partial = folder / f".{RUN}.partial"
    partial.write_text(json.dumps(asdict(complete), indent=1, sort_keys=True) + "\n")
    os.replace(partial, folder / RUN)
    return complete


def _seal_of(record: RunRecord) -> str:
    """SHA-256 over all of a record but its seal."""
    content = {name: value for name, value in asdict(record).items() if name != "seal"}
    for name in _NOT_SEALED_WHERE_EMPTY:
        if not content[name]:
            del content[name]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def verify_outputs(folder: Path) -> RunRecord:
    """Read every file of a finished model once; ProvenanceError lists all that differ from `run.json`."""
    if problems := wrong_outputs(folder):
        raise ProvenanceError(f"{folder}: {'; '.join(problems.values())}; delete the folder and train it again")
    return read_run(folder)


def wrong_outputs(folder: Path) -> dict[str, str]:
    """What is wrong with the files of a finished model, by path; each is read once. ProvenanceError: with its record.

    Pictures, and TensorBoard's with them, may be missing: they go where a picture that they show is purged.
    """
    record = read_run(folder)
    found = output_digests(folder)
    problems = {path: f"{path} is missing" for path in record.outputs if path not in found and not _shows(path)}
    return problems | {
        path: f"{path} has another SHA-256 than {RUN} says"
        for path, digest in record.outputs.items()
        if path in found and found[path] != digest
    }


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Which pictures a model was trained on and measured with, proved by its `run.json`.

    `path` is None where the model is older than ledgers: what it saw is unknown, and has to be treated as seen.
    """

    run: RunRecord
    path: Path | None

    @property
    def is_known(self) -> bool:
        """Whether there is a ledger."""
        return self.path is not None

    def batches(
        self, columns: Sequence[str] = tuple(LEDGER_COLUMNS), *, batch_rows: int = 16_384
    ) -> Iterator[pa.RecordBatch]:
        """Its rows in the order of item ids; none where there is no ledger."""
        if self.path is None:
            return
        try:
            with pq.ParquetFile(self.path) as file:
                yield from file.iter_batches(batch_size=batch_rows, columns=list(columns))
        except (OSError, pa.ArrowException) as error:
            raise ProvenanceError(f"{self.path}: cannot be read as a ledger ({error}); train it again") from error


def read_ledger(folder: Path) -> Ledger:
    """The ledger of a finished model or evaluation; ProvenanceError where it is not the one that was written."""
    run, path = read_run(folder), folder / LEDGER
    expected = run.outputs.get(LEDGER)
    if expected is None:
        if path.exists():
            raise ProvenanceError(f"{path}: {RUN} does not name it, so that nothing proves it; remove it")
        return Ledger(run=run, path=None)
    if not run.seal:
        raise ProvenanceError(f"{folder}: {RUN} names a ledger and has no seal, so that nothing proves it; restore it")
    if not path.is_file():
        raise ProvenanceError(f"{path} is missing, and {RUN} names it; restore it, or train it again")
    found = sha256_of(path)
    if found != expected:
        raise ProvenanceError(
            f"{path}: altered since it was written (SHA-256 {found[:16]}, {RUN} says {expected[:16]}); restore it, or "
            "train it again"
        )
    return Ledger(run=run, path=path)


def output_digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below `folder` by relative path, without `run.json`."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != f".{RUN}.partial")
    relative = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: sha256_of(path) for name, path in relative.items() if name != RUN}


def digest_of_outputs(outputs: Mapping[str, str]) -> str:
    """One SHA-256 over the files that decide what a model does."""
    decisive = {name: digest for name, digest in outputs.items() if is_decisive(name)}
    lines = [f"{name} {decisive[name]}" for name in sorted(decisive)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def is_decisive(name: str) -> bool:
    """Whether an output decides what a model does, so that its digest is over it."""
    return name not in _NOT_IN_DIGEST and not _shows(name)


def _shows(name: str) -> bool:
    """Whether a file only shows pictures: a sheet, or what TensorBoard reads."""
    path = Path(name)
    return path.parts[0] == TENSORBOARD or path.suffix == ".png"
