"""The job as it goes into the room, and the result as it comes out."""

import io
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from pd_ml.config import config_from_json, to_json
from pd_ml.errors import CleanRoomError
from pd_ml.progress import Reporter, quieten
from pd_ml.training.stopping import Stopping
from pd_ml.training.workshop import Job

OUTCOME = "outcome.json"
_LARGEST_OUTCOME_BYTES = 1 << 20


def told_of(job: Job) -> Mapping[str, object]:
    """A job as JSON has it."""
    return {
        "stage": job.stage,
        "config": to_json(job.config),
        "dataset": str(job.dataset),
        "inputs": {name: str(folder) for name, folder in job.inputs.items()},
        "out": str(job.out),
        "cache": str(job.cache),
        "init_from": str(job.init_from) if job.init_from else None,
    }


def job_of(told: Mapping[str, object]) -> Job:
    """The job that `told_of` told."""
    inputs = told["inputs"]
    assert isinstance(inputs, dict)
    stage = str(told["stage"])
    return Job(
        stage=stage,
        config=config_from_json(stage, str(told["config"])),
        dataset=Path(str(told["dataset"])),
        inputs={name: Path(folder) for name, folder in inputs.items()},
        out=Path(str(told["out"])),
        cache=Path(str(told["cache"])),
        init_from=Path(str(told["init_from"])) if told["init_from"] else None,
    )


def work(job: Job) -> None:
    """Train, and leave export and outcome in the run's folder."""
    # Before what they import.
    quieten()
    from pd_ml.device import environment
    from pd_ml.training.stages import make

    is_first = os.environ.get("RANK", "0") == "0"
    events, people = (sys.stdout, sys.stderr) if is_first else (io.StringIO(), io.StringIO())
    reporter = Reporter(job.stage, events=events, people=people)
    stopping = Stopping()
    stopping.listen()
    try:
        outcome = make(job, reporter, stopping)
    finally:
        reporter.close()
    if outcome is not None:
        told = {"counts": outcome.counts, "metrics": outcome.metrics, "environment": environment()}
        partial = job.partial / f".{OUTCOME}.partial"
        partial.write_text(json.dumps({name: dict(values) for name, values in told.items()}))
        os.replace(partial, job.partial / OUTCOME)


def read_outcome(partial: Path) -> tuple[dict[str, int], dict[str, float], dict[str, str]]:
    """Counts, metrics and environment of what was made inside; CleanRoomError where they are no such thing."""
    path = partial / OUTCOME
    try:
        if path.stat().st_size > _LARGEST_OUTCOME_BYTES:
            raise ValueError("too large")
        raw = json.loads(path.read_text())
        counts = {str(name): int(value) for name, value in raw["counts"].items()}
        metrics = {str(name): float(value) for name, value in raw["metrics"].items()}
        environment = {str(name): str(value) for name, value in raw["environment"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CleanRoomError(f"{path}: not what a training leaves ({error}); train it again") from error
    return counts, metrics, environment
