"""A training that is killed at any moment, or asked to stop, ends where an undisturbed one ends: bit for bit."""

import io
import json
import random
import signal
import subprocess
from pathlib import Path

import pytest

from pd_ml.progress import Reporter
from pd_ml.provenance import read_run
from pd_ml.recipes import STAGES
from pd_ml.training.checkpoint import load_newest
from pd_ml.training.stages import train
from pd_ml.training.stopping import Stopping
from pd_ml.training.workshop import identify
from tests import warm
from tests.patience import PATIENCE_S, until
from tests.pd_ml.command import ROOT, TINY_UNET, run_apart, settings, start, suspend, tiny_job

STEPS = settings("steps=100", "checkpoint_every_steps=1", "validate_every_steps=20")


def command(dataset: Path, models: Path, out: Path, *more: str) -> list[str]:
    base = ["train", "unet_text", "--recipe", "debug", "--dataset", str(dataset), "--out", str(out)]
    return [*base, "--input", f"clip={models / 'clip'}", *TINY_UNET, *STEPS, *more]


@pytest.mark.slow
@pytest.mark.parametrize("kills", [2, pytest.param(12, marks=pytest.mark.extended)])
def test_kills_at_random_moments_change_no_bit(dataset: Path, models: Path, tmp_path: Path, kills: int) -> None:
    assert run_apart(*command(dataset, models, tmp_path / "undisturbed")).returncode == 0
    killer = [
        warm.program(),
        "-m",
        "tests.pd_ml.killer",
        str(kills),
        "7",
        *command(dataset, models, tmp_path / "killed"),
    ]
    done = subprocess.run(killer, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.stderr.splitlines()[-1] == f"{kills} 0", done.stderr[-3000:]
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{") and line.endswith("}")]
    assert sum(event["event"] == "resumed" for event in events) >= kills // 2 - 1, (
        "most attempts went on from a checkpoint"
    )
    undisturbed, killed = read_run(tmp_path / "undisturbed"), read_run(tmp_path / "killed")
    assert killed.digest == undisturbed.digest
    assert (
        killed.outputs["unet/diffusion_pytorch_model.safetensors"]
        == (undisturbed.outputs["unet/diffusion_pytorch_model.safetensors"])
    )
    assert killed.metrics["validation_loss"] == undisturbed.metrics["validation_loss"]


@pytest.mark.parametrize(
    "stage",
    [pytest.param(stage, marks=[] if stage == "unet_text" else pytest.mark.extended) for stage in STAGES[1:]],
)
def test_every_stage_that_is_stopped_anywhere_ends_in_the_bytes_of_an_undisturbed_one(
    dataset: Path, latent_models: Path, upscaler: Path, tmp_path: Path, stage: str
) -> None:
    job = tiny_job(stage, dataset, latent_models, tmp_path / stage)
    stops = random.Random(stage).sample(range(1, 5), 2)
    for after in stops:
        suspend(job, after=after)
    silent = Reporter(stage, events=io.StringIO(), people=io.StringIO())
    found = train(job, identify(job), silent, Stopping())
    undisturbed = read_run(latent_models / stage)
    assert (found.version, found.digest) == (undisturbed.version, undisturbed.digest)
    assert found.metrics.get("validation_loss") == undisturbed.metrics.get("validation_loss")


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.extended)])
def test_a_second_signal_ends_the_process_at_once(
    dataset: Path, models: Path, tmp_path: Path, number: signal.Signals
) -> None:
    # A step takes long here: the first signal waits for its end, the second does not.
    slow = settings("batch_size=64", "image_size=32", "channels=[32,32]", "steps=500", "validation_examples=1")
    process = start(*command(dataset, models, tmp_path / "out", *slow), forked=False)
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == "checkpoint":
            break
    process.send_signal(number)
    until(lambda: not catches(process.pid, number), longest_pause_s=0.001)
    process.send_signal(number)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -number, "by the signal, and not with 75 at the end of the step"
    state, _ = load_newest(tmp_path / "out.partial" / "checkpoints")
    assert state is not None and state["step"] >= 1


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process still has a handler of its own for a signal: ours steps back when it was called."""
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return bool(int(status["SigCgt"], 16) >> (number - 1) & 1)
