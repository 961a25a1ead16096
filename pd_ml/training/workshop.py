"""The folder of a run. Work happens in `<out>.partial`; `<out>` appears by one rename when everything is in it.

`<out>.partial` holds `job.json` (what is being made), metrics, checkpoints, and at the end `export`, which becomes
`<out>`. One process at a time works there. Errors: ProvenanceError, CheckpointError.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pd_ml.config import StageConfig, to_json
from pd_ml.data.shards import ShardError, read_manifest
from pd_ml.errors import CheckpointError, ConfigError, ProvenanceError
from pd_ml.progress import Reporter
from pd_ml.provenance import (
    INIT_FROM,
    JOB,
    LOCK,
    PREVIEWS,
    TENSORBOARD,
    TRAIN_CONFIG,
    UNFINISHED,
    RunRecord,
    holds_version,
    is_proven,
    read_run,
    sealed_members,
    verify_outputs,
    version_of,
    write_run,
)
from pd_ml.recipes import MADE_OF, STAGE_INPUTS


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is asked for: a stage, its config, its inputs as finished folders, the folder to make, a cache.

    `init_from`: a finished folder of the same stage whose weights training starts from.
    """

    stage: str
    config: StageConfig
    dataset: Path
    inputs: Mapping[str, Path]
    out: Path
    cache: Path
    init_from: Path | None = None

    @property
    def partial(self) -> Path:
        """Where the work happens."""
        return self.out.with_name(f"{self.out.name}{UNFINISHED}")

    @property
    def export(self) -> Path:
        """What becomes `out`."""
        return self.partial / "export"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A job by content: the version that its folder will carry, and what that version is made of.

    `proven`: neither the dataset nor what an input was trained on is without proof of rights. `members`: the digest of
    the list of pictures that the dataset sealed.
    """

    version: str
    input_digests: Mapping[str, str]
    dataset_version: str
    item_count: int
    proven: bool
    members: str


def identify(job: Job) -> Identity:
    """Read the digests of every input; ProvenanceError lists all that are missing, unfinished or not asked for."""
    expected = STAGE_INPUTS[job.stage]
    problems = [f"--input {name}=DIR is missing" for name in expected if name not in job.inputs]
    problems += [
        f"--input {name} is not an input of {job.stage} (it takes {', '.join(expected) or 'none'})"
        for name in job.inputs
        if name not in expected
    ]
    if problems:
        raise ConfigError("; ".join(problems))
    digests: dict[str, str] = {}
    records: dict[str, RunRecord] = {}
    proven = True
    try:
        manifest = read_manifest(job.dataset)
        digests["dataset"] = manifest.digest
        proven = is_proven(manifest)
    except ShardError as error:
        problems.append(str(error))
    for name in expected:
        try:
            record = _input_record(job.inputs[name], name)
            records[name], digests[name] = record, record.digest
            proven = proven and record.proven
        except ProvenanceError as error:
            problems.append(f"input {name}: {error}")
    problems += _mixed_up(records, digests)
    if job.init_from is not None:
        try:
            record = _input_record(job.init_from, job.stage)
            digests[INIT_FROM] = record.digest
            proven = proven and record.proven
        except ProvenanceError as error:
            problems.append(f"--init-from: {error}")
    if problems:
        raise ProvenanceError("; ".join(problems))
    return Identity(
        version=version_of(job.stage, job.config, digests),
        input_digests=digests,
        dataset_version=manifest.version,
        item_count=sum(manifest.counts.get(split, 0) for split in ("train", "validation", "test")),
        proven=proven,
        members=sealed_members(manifest),
    )


@contextmanager
def open_workshop(job: Job, identity: Identity) -> Iterator[Path]:
    """`<out>.partial`, made or gone on with, while this process alone holds it."""
    with alone_in(job):
        agree(job, identity)
        yield job.partial


@contextmanager
def alone_in(job: Job) -> Iterator[None]:
    """While this process alone holds the folder; whose job is in it was not looked at."""
    job.partial.mkdir(parents=True, exist_ok=True)
    with (job.partial / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CheckpointError(f"{job.partial}: another process is working here; wait for it or stop it") from error
        yield


def complete(job: Job, identity: Identity, reporter: Reporter) -> RunRecord | None:
    """What is already made; None where it is not."""
    if not holds_version(job.out, identity.version):
        return None
    shutil.rmtree(job.partial, ignore_errors=True)
    reporter.say(f"{job.out} is already complete (version {identity.version})")
    return read_run(job.out)


def record_of(
    job: Job,
    identity: Identity,
    *,
    counts: Mapping[str, int],
    metrics: Mapping[str, float],
    environment: Mapping[str, str],
) -> RunRecord:
    """What `run.json` will say, but for how the training was kept apart."""
    return RunRecord(
        stage=job.stage,
        version=identity.version,
        config=json.loads(to_json(job.config)),
        inputs=identity.input_digests,
        dataset_version=identity.dataset_version,
        item_count=identity.item_count,
        proven=identity.proven,
        members=identity.members,
        counts=counts,
        metrics=metrics,
        environment=environment,
    )


def publish(job: Job, record: RunRecord) -> RunRecord:
    """Write `run.json` into `export` and make it `<out>`."""
    export = job.export
    for name in (TENSORBOARD, PREVIEWS):
        if (job.partial / name).is_dir():
            shutil.copytree(job.partial / name, export / name, dirs_exist_ok=True)
    complete = write_run(export, record)
    _open_to_readers(export)
    if job.out.is_dir():
        job.out.rmdir()
    os.replace(export, job.out)
    shutil.rmtree(job.partial, ignore_errors=True)
    return complete


def fresh_export(job: Job) -> Path:
    """An empty `export` folder with the config in it."""
    export = job.export
    shutil.rmtree(export, ignore_errors=True)
    export.mkdir()
    (export / TRAIN_CONFIG).write_text(to_json(job.config) + "\n")
    return export


def _open_to_readers(folder: Path) -> None:
    """safetensors leaves its files readable by their owner alone; give them the mode of any other new file."""
    mode = (folder / TRAIN_CONFIG).stat().st_mode
    for path in folder.rglob("*.safetensors"):
        path.chmod(mode)


def _input_record(folder: Path, stage: str) -> RunRecord:
    """The record of a finished model whose every file is the one that was written."""
    found = verify_outputs(folder)
    if found.stage != stage:
        raise ProvenanceError(f"{folder}: a {found.stage} model, expected {stage}")
    return found


def _mixed_up(records: Mapping[str, RunRecord], digests: Mapping[str, str]) -> list[str]:
    """Inputs that were made of another dataset or model than the one that is given beside them."""
    return [
        f"input {name} was made of {part} {record.inputs.get(part, 'unknown')[:16]}, given is {digests[part][:16]}; "
        f"give the {part} that {name} was made of, or train {name} again"
        for name, record in records.items()
        for part in MADE_OF.get(name, ())
        if part in digests and record.inputs.get(part) != digests[part]
    ]


def agree(job: Job, identity: Identity) -> None:
    """Compare with the job that the folder was begun for, or note it; CheckpointError lists every difference."""
    path = job.partial / JOB
    mine = {"stage": job.stage, "config": json.loads(to_json(job.config)), "inputs": dict(identity.input_digests)}
    if not path.is_file():
        partial = path.with_name(f".{JOB}.partial")
        partial.write_text(json.dumps({**mine, "version": identity.version}, indent=1, sort_keys=True) + "\n")
        os.replace(partial, path)
        return
    try:
        begun = json.loads(path.read_text())
    except ValueError as error:
        raise CheckpointError(f"{path}: not JSON ({error}); delete {job.partial} to start again") from error
    before, now = _flat(begun), _flat({**mine, "version": identity.version})
    names = sorted(name for name in before.keys() | now.keys() if name != "version")
    differences = [f"{n} was {before.get(n)!r}, now {now.get(n)!r}" for n in names if before.get(n) != now.get(n)]
    if before.get("version") != now["version"] and not differences:
        differences.append("the code of the stage has another version")
    if differences:
        raise CheckpointError(
            f"{job.partial}: begun for another job: {'; '.join(differences)}; choose another --out or delete the folder"
        )


def _flat(value: object, prefix: str = "") -> dict[str, object]:
    if not isinstance(value, dict):
        return {prefix.rstrip("."): value}
    return {name: inner for key, entry in value.items() for name, inner in _flat(entry, f"{prefix}{key}.").items()}
