"""The command line as tests call it: in this process, or as a process of its own; and settings for tiny models.

Importing this imports no torch: only calling it does.
"""

import io
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pd_ml.config import with_overrides
from pd_ml.errors import Suspended
from pd_ml.progress import Reporter
from pd_ml.recipes import STAGE_INPUTS, recipe
from tests import last_words, warm
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from pd_ml.training.workshop import Job

ROOT = Path(__file__).resolve().parents[2]


def settings(*values: str) -> list[str]:
    """`--set` before each of `values`."""
    return [part for value in values for part in ("--set", value)]


TINY_CLIP = settings(
    "image_tower.width=16",
    "image_tower.layers=1",
    "image_tower.heads=2",
    "text_tower.width=16",
    "text_tower.layers=1",
    "text_tower.heads=2",
    "projection_dim=8",
    "steps=6",
    "batch_size=16",
)

TINY_UNET = settings(
    "channels=[8,16]",
    "attention=[false,true]",
    "heads=2",
    "norm_groups=4",
    "steps=24",
    "batch_size=8",
    "warmup_steps=2",
    "log_every_steps=3",
    "validate_every_steps=8",
    "checkpoint_every_steps=4",
    "preview_prompts=2",
    "sample_steps=3",
)

TINY_TRANSFORMER = settings(
    "image_size=16",
    "patch_size=4",
    "width=16",
    "layers=2",
    "heads=2",
    "head_channels=4",
    "steps=24",
    "batch_size=8",
    "warmup_steps=2",
    "log_every_steps=3",
    "validate_every_steps=8",
    "checkpoint_every_steps=4",
    "preview_prompts=2",
    "sample_steps=3",
)

# The U-Net without a prompt.
TINY_UNET_ALONE = settings(
    "channels=[8,16]",
    "attention=[false,true]",
    "head_width=8",
    "norm_groups=4",
    "steps=24",
    "batch_size=8",
    "warmup_steps=2",
    "log_every_steps=3",
    "validate_every_steps=8",
    "checkpoint_every_steps=4",
    "previews=2",
    "sample_steps=3",
)

TINY_VAE = settings(
    "image_size=16",
    "channels=[8,8,16]",
    "norm_groups=4",
    "latent_channels=4",
    "batch_size=8",
    "training.steps=12",
    "warmup_steps=2",
    "clip_weight=0.1",
    "adversarial.start_step=6",
    "adversarial.channels=[8,16]",
    "log_every_steps=3",
    "validate_every_steps=6",
    "checkpoint_every_steps=4",
    "previews=2",
)

# Of 4x4 latents, with `heads=2` or `head_width=8`.
TINY_LATENT = settings(
    "channels=[8,16]",
    "attention=[false,true]",
    "norm_groups=4",
    "steps=12",
    "batch_size=8",
    "warmup_steps=2",
    "log_every_steps=3",
    "validate_every_steps=6",
    "checkpoint_every_steps=4",
    "sample_steps=3",
)
TINY_LATENT_UNET = [*TINY_LATENT, *settings("head_width=8", "previews=2")]
TINY_LATENT_DIFFUSION = [*TINY_LATENT, *settings("heads=2", "preview_prompts=2")]

TINY_UPSCALER = settings(
    "image_size=48",
    "crop_size=32",
    "channels=[8,16]",
    "layers_per_block=1",
    "norm_groups=4",
    "steps=24",
    "batch_size=8",
    "warmup_steps=2",
    "log_every_steps=3",
    "validate_every_steps=8",
    "checkpoint_every_steps=4",
    "previews=2",
    "sample_steps=3",
)


# The settings of every stage that has any.
TINY = {
    "clip": TINY_CLIP,
    "unet": TINY_UNET_ALONE,
    "unet_text": TINY_UNET,
    "transformer": TINY_TRANSFORMER,
    "vae": TINY_VAE,
    "latent_unet": TINY_LATENT_UNET,
    "latent_diffusion": TINY_LATENT_DIFFUSION,
    "super_resolution": TINY_UPSCALER,
}


def tiny_job(stage: str, dataset: Path, models: Path, out: Path, *changes: str) -> "Job":
    """The training of a tiny model, its inputs those of `models`."""
    from pd_ml.training.workshop import Job

    return Job(
        stage=stage,
        config=with_overrides(recipe(stage, "debug"), [*TINY.get(stage, [])[1::2], *changes]),
        dataset=dataset,
        inputs={name: models / name for name in STAGE_INPUTS[stage]},
        out=out,
        cache=out.parent / ".cache",
    )


def suspend(job: "Job", after: int) -> None:
    """Train `job` in this process, and stop it when it has asked that often whether to."""
    from pd_ml.training.stages import train
    from pd_ml.training.workshop import identify

    asked = 0

    def stopping() -> bool:
        nonlocal asked
        asked += 1
        return asked >= after

    with pytest.raises(Suspended):
        train(job, identify(job), Reporter(job.stage, events=io.StringIO(), people=io.StringIO()), stopping)


def run_here(*arguments: object) -> int:
    """Exit code of the command, run in this process."""
    from pd_ml.command_line import main

    return main([str(argument) for argument in arguments])


def clean_environment() -> dict[str, str]:
    """One thread for each process."""
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def start(*arguments: object) -> "subprocess.Popen[str]":
    """The command as a process of its own."""
    return subprocess.Popen(
        [*warm.pd_ml(), *map(str, arguments)],
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_apart(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own, to its end."""
    process = start(*arguments)
    stdout, stderr = process.communicate(timeout=PATIENCE_S)
    last_words.said("pd_ml", stdout + stderr)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)
