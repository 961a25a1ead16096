"""Which function trains which stage, and the way that all of them go: workshop, training, record, publication."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from pd_ml.clean_room import clean_room
from pd_ml.config import StageConfig, TokenizerConfig, TrainingConfig, to_json
from pd_ml.device import Machine, environment, open_machine
from pd_ml.errors import ConfigError
from pd_ml.evaluation.curve import LOSS_CURVE, save_loss_curve
from pd_ml.ledger import require_proven_list
from pd_ml.metrics_log import read_metrics
from pd_ml.progress import Reporter
from pd_ml.provenance import METRICS, RunRecord, holds_version, read_run
from pd_ml.training.clip_stage import train_clip
from pd_ml.training.latent_diffusion_stage import train_latent_diffusion
from pd_ml.training.latent_unet_stage import train_latent_unet
from pd_ml.training.latents_stage import compute_latents
from pd_ml.training.ledgers import keep_ledger
from pd_ml.training.loop import Bench, Outcome
from pd_ml.training.super_resolution_stage import train_super_resolution
from pd_ml.training.tokenizer_stage import train_tokenizer_stage
from pd_ml.training.unet_stage import train_unet
from pd_ml.training.unet_text_stage import train_unet_text
from pd_ml.training.vae_stage import train_vae
from pd_ml.training.warm_start import WarmStart
from pd_ml.training.workshop import Identity, Job, fresh_export, open_workshop, publish

Trainer = Callable[[Job, Path, Bench], Outcome]

TRAINERS: Mapping[str, Trainer] = MappingProxyType(
    {
        "tokenizer": train_tokenizer_stage,
        "clip": train_clip,
        "unet": train_unet,
        "unet_text": train_unet_text,
        "vae": train_vae,
        "latents": compute_latents,
        "latent_unet": train_latent_unet,
        "latent_diffusion": train_latent_diffusion,
        "super_resolution": train_super_resolution,
    }
)


def train(job: Job, identity: Identity, reporter: Reporter, stopping: Callable[[], bool]) -> RunRecord:
    """Make `job.out`, or go on making it; what is already complete is only read.

    Every process of one `accelerate launch` calls this; the main one keeps the folder.
    """
    if holds_version(job.out, identity.version):
        shutil.rmtree(job.partial, ignore_errors=True)
        reporter.say(f"{job.out} is already complete (version {identity.version})")
        return read_run(job.out)
    machine = open_machine(_training(job.config))
    if not machine.is_main:
        _assist(job, machine, reporter, stopping)
        return read_run(job.out)
    with open_workshop(job, identity):
        fresh_export(job)
        machine.wait()
        outcome = _in_clean_room(job, _bench(job, machine, reporter, stopping))
        _add_metrics(job)
        record = publish(job, _record(job, identity, outcome))
    machine.wait()
    return record


def _assist(job: Job, machine: Machine, reporter: Reporter, stopping: Callable[[], bool]) -> None:
    """What the other processes do: wait for the folder, train, wait for its publication."""
    machine.wait()
    _in_clean_room(job, _bench(job, machine, reporter, stopping))
    machine.wait()


def _bench(job: Job, machine: Machine, reporter: Reporter, stopping: Callable[[], bool]) -> Bench:
    bench = Bench(folder=job.partial, machine=machine, reporter=reporter, stopping=stopping)
    if job.init_from is None:
        return bench
    return replace(bench, warm_start=WarmStart(folder=job.init_from, config=job.config).into)


def _in_clean_room(job: Job, bench: Bench) -> Outcome:
    require_proven_list(job.dataset)
    started_from = [job.init_from] if job.init_from else []
    with clean_room([*job.inputs.values(), *started_from, job.dataset, job.partial, job.cache]):
        outcome = TRAINERS[job.stage](job, job.export, bench)
        return keep_ledger(job, outcome) if bench.machine.is_main else outcome


def _training(config: StageConfig) -> TrainingConfig:
    """How the stage's loop runs; the tokenizer has none and counts on one CPU."""
    if isinstance(config, TokenizerConfig):
        return TrainingConfig(device="cpu")
    found = getattr(config, "training", None)
    if not isinstance(found, TrainingConfig):
        raise ConfigError(f"{type(config).__name__} says nothing of a training")
    return found


def _add_metrics(job: Job) -> None:
    rows = read_metrics(job.partial / METRICS)
    shutil.copyfile(job.partial / METRICS, job.export / METRICS)
    if any("train_loss" in row for row in rows):
        save_loss_curve(job.export / LOSS_CURVE, rows, title=f"{job.stage}: {job.out.name}")


def _record(job: Job, identity: Identity, outcome: Outcome) -> RunRecord:
    return RunRecord(
        stage=job.stage,
        version=identity.version,
        config=json.loads(to_json(job.config)),
        inputs=identity.input_digests,
        dataset_version=identity.dataset_version,
        item_count=identity.item_count,
        proven=identity.proven,
        members=identity.members,
        counts=outcome.counts,
        metrics=outcome.metrics,
        environment=environment(),
    )
