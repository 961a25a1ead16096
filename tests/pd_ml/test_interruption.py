"""A training that is killed at any moment, or asked to stop, ends where an undisturbed one ends: bit for bit."""

import io
import json
import os
import random
import signal
import subprocess
from pathlib import Path

import pytest

from pd_ml.progress import Reporter
from pd_ml.provenance import LEDGER, read_run
from pd_ml.training.checkpoint import load_newest
from pd_ml.training.stages import train
from pd_ml.training.stopping import Stopping
from pd_ml.training.workshop import identify
from tests import warm
from tests.patience import PATIENCE_S, until
from tests.pd_ml.command import ROOT, TINY_UNET, run_apart, settings, suspend, tiny_job

# Few tensors: each of them costs in every checkpoint.
OFTEN = settings("checkpoint_every_steps=1", "validate_every_steps=20", "channels=[8]", "attention=[true]")
# Says its number first: the process that stands for a forked one has another.
NUMBERED = """
import json, os, sys
print(json.dumps({"event": "started", "pid": os.getpid()}), flush=True)
from pd_ml.command_line import main
sys.exit(main(sys.argv[1:]))
"""


def command(dataset: Path, models: Path, out: Path, *more: str) -> list[str]:
    base = ["train", "unet_text", "--recipe", "debug", "--dataset", str(dataset), "--out", str(out)]
    return [*base, "--input", f"clip={models / 'clip'}", *TINY_UNET, *OFTEN, *more]


@pytest.mark.slow
@pytest.mark.parametrize("kills", [2, pytest.param(8, marks=pytest.mark.extended)])
def test_kills_at_random_moments_change_no_bit(dataset: Path, models: Path, tmp_path: Path, kills: int) -> None:
    # More than all attempts that are killed can take.
    steps = settings(f"steps={20 + 5 * kills}")
    assert run_apart(*command(dataset, models, tmp_path / "undisturbed", *steps)).returncode == 0
    killer = [
        warm.program(),
        "-m",
        "tests.pd_ml.killer",
        str(kills),
        "7",
        *command(dataset, models, tmp_path / "killed", *steps),
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
    assert killed.outputs[LEDGER] == undisturbed.outputs[LEDGER], "each showing counts once, however often it was made"


# Of the others: `unet` in test_bad_input.py, `vae` in test_vae.py, `latents` in test_latents.py.
@pytest.mark.parametrize(
    "stage",
    [
        "transformer",
        *(
            pytest.param(stage, marks=pytest.mark.extended)
            for stage in ("clip", "unet_text", "latent_unet", "latent_diffusion", "super_resolution")
        ),
    ],
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
    assert found.outputs[LEDGER] == undisturbed.outputs[LEDGER]


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.extended)])
def test_a_second_signal_ends_the_process_at_once(
    dataset: Path, models: Path, tmp_path: Path, number: signal.Signals
) -> None:
    # A step takes long here: the first signal waits for its end, the second does not.
    slow = settings("batch_size=64", "channels=[64]", "steps=500", "validation_examples=1")
    numbered = [warm.program(), "-c", NUMBERED, *command(dataset, models, tmp_path / "out", *slow)]
    process = subprocess.Popen(numbered, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid = json.loads(process.stdout.readline())["pid"]
    for line in process.stdout:
        if json.loads(line)["event"] == "checkpoint":
            break
    os.kill(pid, number)
    until(lambda: not catches(pid, number), longest_pause_s=0.001)
    os.kill(pid, number)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -number, "by the signal, and not with 75 at the end of the step"
    state, _ = load_newest(tmp_path / "out.partial" / "checkpoints")
    assert state is not None and state["step"] >= 1


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process still has a handler of its own for a signal: ours steps back when it was called."""
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return bool(int(status["SigCgt"], 16) >> (number - 1) & 1)
