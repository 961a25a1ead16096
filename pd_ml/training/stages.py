"""Which function trains which stage, and the way that all of them go: workshop, training, record, publication."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from pd_ml.clean_room import clean_room
from pd_ml.config import StageConfig, TokenizerConfig, TrainingConfig
from pd_ml.device import Machine, environment, open_machine
from pd_ml.errors import ConfigError
from pd_ml.evaluation.curve import LOSS_CURVE, save_loss_curve
from pd_ml.ledger import require_proven_list
from pd_ml.metrics_log import read_metrics
from pd_ml.progress import Reporter
from pd_ml.provenance import METRICS, RunRecord, read_run
from pd_ml.room.levels import IN_PROCESS
from pd_ml.training.clip_stage import train_clip
from pd_ml.training.latent_diffusion_stage import train_latent_diffusion
from pd_ml.training.latent_unet_stage import train_latent_unet
from pd_ml.training.latents_stage import compute_latents
from pd_ml.training.ledgers import keep_ledger
from pd_ml.training.loop import Bench, Outcome
from pd_ml.training.super_resolution_stage import train_super_resolution
from pd_ml.training.tokenizer_stage import train_tokenizer_stage
from pd_ml.training.transformer_stage import train_transformer
from pd_ml.training.unet_stage import train_unet
from pd_ml.training.unet_text_stage import train_unet_text
from pd_ml.training.vae_stage import train_vae
from pd_ml.training.warm_start import WarmStart
from pd_ml.training.workshop import Identity, Job, complete, fresh_export, open_workshop, publish, record_of

Trainer = Callable[[Job, Path, Bench], Outcome]

TRAINERS: Mapping[str, Trainer] = MappingProxyType(
    {
        "tokenizer": train_tokenizer_stage,
        "clip": train_clip,
        "unet": train_unet,
        "unet_text": train_unet_text,
        "transformer": train_transformer,
        "vae": train_vae,
        "latents": compute_latents,
        "latent_unet": train_latent_unet,
        "latent_diffusion": train_latent_diffusion,
        "super_resolution": train_super_resolution,
    }
)


def train(
    job: Job,
    identity: Identity,
    reporter: Reporter,
    stopping: Callable[[], bool],
    *,
    level: str = IN_PROCESS,
) -> RunRecord:
    """Make `job.out`, or go on making it, in this process; what is already complete is only read.

    Every process of one `accelerate launch` calls this; the main one keeps the folder. `level` says why no clean room
    was entered (`room.entrance` enters one).
    """
    if (found := complete(job, identity, reporter)) is not None:
        return found
    machine = open_machine(_training(job.config))
    if not machine.is_main:
        with _fence(job):
            _assist(job, machine, reporter, stopping)
        return read_run(job.out)
    with open_workshop(job, identity):
        with _fence(job):
            outcome = _make(job, machine, reporter, stopping)
        found = record_of(job, identity, counts=outcome.counts, metrics=outcome.metrics, environment=environment())
        record = publish(job, replace(found, level=level))
    machine.wait()
    return record


def make(job: Job, reporter: Reporter, stopping: Callable[[], bool]) -> Outcome | None:
    """Train into the run's folder, which another process keeps and publishes; the outcome in the first process."""
    machine = open_machine(_training(job.config))
    if not machine.is_main:
        _assist(job, machine, reporter, stopping)
        return None
    outcome = _make(job, machine, reporter, stopping)
    machine.wait()
    return outcome


def _make(job: Job, machine: Machine, reporter: Reporter, stopping: Callable[[], bool]) -> Outcome:
    require_proven_list(job.dataset)
    fresh_export(job)
    machine.wait()
    if machine.processes > 1:
        reporter.event("processes", processes=machine.processes)
    outcome = TRAINERS[job.stage](job, job.export, _bench(job, machine, reporter, stopping))
    outcome = keep_ledger(job, outcome)
    _add_metrics(job)
    return outcome


def _assist(job: Job, machine: Machine, reporter: Reporter, stopping: Callable[[], bool]) -> None:
    """What the other processes do: wait for the folder, train, wait for its publication."""
    machine.wait()
    TRAINERS[job.stage](job, job.export, _bench(job, machine, reporter, stopping))
    machine.wait()


def _bench(job: Job, machine: Machine, reporter: Reporter, stopping: Callable[[], bool]) -> Bench:
    bench = Bench(folder=job.partial, machine=machine, reporter=reporter, stopping=stopping)
    if job.init_from is None:
        return bench
    return replace(bench, warm_start=WarmStart(folder=job.init_from, config=job.config).into)


def _fence(job: Job) -> AbstractContextManager[None]:
    """Where no kernel keeps the room, Python's audit events do, as far as they tell."""
    started_from = [job.init_from] if job.init_from else []
    return clean_room([*job.inputs.values(), *started_from, job.dataset, job.partial, job.cache])


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
