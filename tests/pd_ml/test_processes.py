"""Several processes share one training: the same batches, and losses equal to those of one process."""

import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from pd_ml.metrics_log import read_metrics
from pd_ml.provenance import read_run
from tests.pd_ml.command import ROOT, TINY_CLIP, TINY_UNET, clean_environment, run_apart, settings

LOGGED = settings("log_every_steps=1", "steps=6", "validate_every_steps=3")


def together(processes: int, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """The command as `accelerate launch` starts it: torch's launcher, one process group (gloo on a CPU)."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
    command = [*launcher, "-m", "pd_ml", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "source", "tiny", "weights"),
    [
        ("clip", "tokenizer", TINY_CLIP, "model.safetensors"),
        ("unet_text", "clip", TINY_UNET, "unet/diffusion_pytorch_model.safetensors"),
    ],
)
def test_two_processes_lose_what_one_loses(
    dataset: Path, models: Path, tmp_path: Path, stage: str, source: str, tiny: list[str], weights: str
) -> None:
    base = ["train", stage, "--recipe", "debug", "--dataset", dataset, "--input", f"{source}={models / source}"]
    more = [*tiny, *LOGGED]
    assert run_apart(*base, "--out", tmp_path / "one", *more).returncode == 0
    done = together(2, *base, "--out", tmp_path / "two", *more)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count('"event": "done"') == 1, "only the first process tells"
    one, two = read_run(tmp_path / "one"), read_run(tmp_path / "two")
    assert one.version == two.version and one.counts == two.counts
    for mine, theirs in zip(
        read_metrics(tmp_path / "one/metrics.jsonl"), read_metrics(tmp_path / "two/metrics.jsonl"), strict=True
    ):
        for name in ("step", "images_seen", "train_loss", "validation_loss"):
            assert (name in mine) == (name in theirs)
            if name in mine:
                assert mine[name] == pytest.approx(theirs[name], rel=2e-4)
    mine, theirs = load_file(tmp_path / "one" / weights), load_file(tmp_path / "two" / weights)
    assert max(float((mine[name] - theirs[name]).abs().max()) for name in mine) < 1e-3


def test_a_batch_smaller_than_the_processes_is_a_named_error(dataset: Path, models: Path, tmp_path: Path) -> None:
    base = ["train", "clip", "--recipe", "debug", "--dataset", dataset, "--input", f"tokenizer={models / 'tokenizer'}"]
    done = together(2, *base, "--out", tmp_path / "two", *TINY_CLIP, *settings("batch_size=1"))
    assert done.returncode != 0
    assert "ConfigError: batch_size 1 cannot be dealt to 2 processes" in done.stderr
