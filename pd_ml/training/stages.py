"""Which function trains which stage, and the way that all of them go: workshop, training, record, publication."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from pd_ml.config import to_json
from pd_ml.device import environment
from pd_ml.evaluation.curve import LOSS_CURVE, save_loss_curve
from pd_ml.metrics_log import read_metrics
from pd_ml.progress import Reporter
from pd_ml.provenance import METRICS, RunRecord, holds_version, read_run
from pd_ml.training.clip_stage import train_clip
from pd_ml.training.loop import Outcome
from pd_ml.training.stopping import Stopping
from pd_ml.training.tokenizer_stage import train_tokenizer_stage
from pd_ml.training.unet_text_stage import train_unet_text
from pd_ml.training.workshop import Identity, Job, fresh_export, identify, open_workshop, publish

Trainer = Callable[[Job, Path, Reporter, Stopping], Outcome]

TRAINERS: Mapping[str, Trainer] = MappingProxyType(
    {"tokenizer": train_tokenizer_stage, "clip": train_clip, "unet_text": train_unet_text}
)


def train(job: Job, reporter: Reporter, stopping: Stopping) -> RunRecord:
    """Make `job.out`, or go on making it; what is already complete is only read."""
    identity = identify(job)
    if holds_version(job.out, identity.version):
        shutil.rmtree(job.partial, ignore_errors=True)
        reporter.say(f"{job.out} is already complete (version {identity.version})")
        return read_run(job.out)
    with open_workshop(job, identity):
        export = fresh_export(job)
        outcome = TRAINERS[job.stage](job, export, reporter, stopping)
        _add_metrics(job, export)
        return publish(job, _record(job, identity, outcome))


def _add_metrics(job: Job, export: Path) -> None:
    rows = read_metrics(job.partial / METRICS)
    shutil.copyfile(job.partial / METRICS, export / METRICS)
    if any("train_loss" in row for row in rows):
        save_loss_curve(export / LOSS_CURVE, rows, title=f"{job.stage}: {job.out.name}")


def _record(job: Job, identity: Identity, outcome: Outcome) -> RunRecord:
    return RunRecord(
        stage=job.stage,
        version=identity.version,
        config=json.loads(to_json(job.config)),
        inputs=identity.input_digests,
        dataset_version=identity.dataset_version,
        item_count=identity.item_count,
        counts=outcome.counts,
        metrics=outcome.metrics,
        environment=environment(),
    )
