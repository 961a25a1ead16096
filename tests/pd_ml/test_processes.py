"""Several processes share one training: the same batches, and losses equal to those of one process."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from safetensors.torch import load_file

from pd_ml.config import TrainingConfig
from pd_ml.device import open_machine
from pd_ml.errors import ConfigError
from pd_ml.metrics_log import read_metrics
from pd_ml.provenance import read_run
from pd_ml.recipes import STAGE_INPUTS, STAGES, STAGES_WITHOUT_WEIGHTS
from tests.pd_ml.command import ROOT, TINY, TINY_CLIP, clean_environment, run_here, settings

# Nothing is learnt by gradients in these: one process works, the others wait for it.
WITHOUT_WEIGHTS = {"tokenizer": settings("vocab_size=600"), "latents": []}
LOGGED = settings("log_every_steps=1", "training.steps=6", "validate_every_steps=3")
# torch's launcher and accelerate's: one process group, gloo on a CPU. `--multi_gpu` means "several processes" to
# accelerate; with `--cpu` it starts one process itself and leaves the others to mpirun.
TORCH = ["torch.distributed.run", "--standalone", "--nproc_per_node=2"]
ACCELERATE = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1"]
PLAIN = ["--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"]


def together(
    *arguments: object, launcher: Sequence[str] = TORCH, module: str = "pd_ml"
) -> "subprocess.CompletedProcess[str]":
    """The command as two processes."""
    command = [sys.executable, "-m", *launcher, "-m", module, *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=600, check=False
    )


def command(stage: str, dataset: Path, models: Path, out: Path) -> list[str]:
    inputs = [part for name in STAGE_INPUTS[stage] for part in ("--input", f"{name}={models / name}")]
    changes = WITHOUT_WEIGHTS[stage] if stage in WITHOUT_WEIGHTS else [*TINY[stage], *LOGGED]
    return ["train", stage, "--recipe", "debug", "--dataset", str(dataset), *inputs, "--out", str(out), *changes]


@pytest.fixture(scope="module")
def trained(dataset: Path, latent_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every stage, made by `one` process and by `two`: both processes make one stage after the other."""
    folder = tmp_path_factory.mktemp("processes")
    commands = {
        name: [command(stage, dataset, latent_models, folder / name / stage) for stage in STAGES]
        for name in ("one", "two")
    }
    for arguments in commands["one"]:
        assert run_here(*arguments) == 0
    listed = folder / "commands.json"
    listed.write_text(json.dumps(commands["two"]))
    done = together(listed, module="tests.pd_ml.in_turn")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count('"event": "done"') == len(STAGES), "only the first process tells"
    return folder


def test_every_stage_is_compared() -> None:
    assert set(TINY) == set(STAGES) - set(STAGES_WITHOUT_WEIGHTS)
    assert set(WITHOUT_WEIGHTS) == set(STAGES_WITHOUT_WEIGHTS)


@pytest.mark.slow
@pytest.mark.parametrize("stage", WITHOUT_WEIGHTS)
def test_two_processes_make_what_one_makes(trained: Path, stage: str) -> None:
    assert read_run(trained / "one" / stage).digest == read_run(trained / "two" / stage).digest


@pytest.mark.slow
@pytest.mark.parametrize("stage", TINY)
def test_two_processes_lose_what_one_loses(trained: Path, stage: str) -> None:
    require_equal(trained / "one" / stage, trained / "two" / stage)


@pytest.mark.parametrize("variable", ["ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED"])
def test_sharded_weights_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "true")
    with pytest.raises(ConfigError, match=r"shard the weights by (FSDP|DeepSpeed).*--multi_gpu"):
        open_machine(TrainingConfig(device="cpu"))


@pytest.mark.slow
def test_accelerate_launch_starts_both_processes(
    trained: Path, dataset: Path, latent_models: Path, tmp_path: Path
) -> None:
    stage = "super_resolution"
    arguments = command(stage, dataset, latent_models, tmp_path / "two")
    done = together(*arguments, launcher=[*ACCELERATE, *PLAIN])
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count('"event": "done"') == 1, "only the first process tells"
    require_equal(trained / "one" / stage, tmp_path / "two")


def require_equal(first: Path, second: Path) -> None:
    """Version, counts, losses and weights of two finished folders are the same, the last two but for rounding."""
    one, two = read_run(first), read_run(second)
    assert one.version == two.version and one.counts == two.counts
    rows = zip(read_metrics(first / "metrics.jsonl"), read_metrics(second / "metrics.jsonl"), strict=True)
    for mine, theirs in rows:
        for name in ("step", "images_seen", "train_loss", "validation_loss"):
            assert (name in mine) == (name in theirs)
            if name in mine:
                assert mine[name] == pytest.approx(theirs[name], rel=2e-4)
    for path in first.rglob("*.safetensors"):
        mine, theirs = load_file(path), load_file(second / path.relative_to(first))
        assert max(float((mine[name].float() - theirs[name].float()).abs().max()) for name in mine) < 1e-3


def test_a_batch_smaller_than_the_processes_is_a_named_error(dataset: Path, models: Path, tmp_path: Path) -> None:
    base = ["train", "clip", "--recipe", "debug", "--dataset", dataset, "--input", f"tokenizer={models / 'tokenizer'}"]
    done = together(*base, "--out", tmp_path / "two", *TINY_CLIP, *settings("batch_size=1"))
    assert done.returncode != 0
    assert "ConfigError: batch_size 1 cannot be dealt to 2 processes" in done.stderr
