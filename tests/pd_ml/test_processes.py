"""Several processes share one training: the same batches, and losses equal to those of one process."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from pd_ml.config import TrainingConfig
from pd_ml.device import Machine, fills_memory, open_machine
from pd_ml.errors import ConfigError, Suspended
from pd_ml.metrics_log import read_metrics
from pd_ml.provenance import read_run
from pd_ml.recipes import STAGE_INPUTS, STAGES, STAGES_WITHOUT_WEIGHTS
from pd_ml.training.gradients import Gradients
from tests.pd_ml.command import ROOT, TINY, TINY_CLIP, clean_environment, run_apart, settings
from tests.pd_ml.toy import CONFIG, ToyTask, logged, loop_in, stop_after, weights

# Nothing is learnt by gradients in these: one process works, the others wait for it.
WITHOUT_WEIGHTS = {"tokenizer": settings("vocab_size=600"), "latents": []}
# Those whose weights are dealt as well: features instead of a forward pass, blocks within blocks, a critic.
DEALT = ("clip", "unet_text", "vae")
LOGGED = settings("log_every_steps=1", "training.steps=6", "validate_every_steps=3")
# Half of the steps of a VAE are in its second phase.
OF_STAGE = {"vae": settings("adversarial.start_step=3")}
# torch's launcher and accelerate's: one process group, gloo on a CPU. `--multi_gpu` means "several processes" to
# accelerate; with `--cpu` it starts one process itself and leaves the others to mpirun.
TORCH = ["torch.distributed.run", "--standalone", "--nproc_per_node=2"]
ACCELERATE = ["accelerate.commands.launch", "--num_processes", "2", "--num_machines", "1", "--mixed_precision", "no"]
ACCELERATE += ["--dynamo_backend", "no", "--main_process_port", "0"]
STARTED_BY_ACCELERATE = "super_resolution"


def together(
    *arguments: object, launcher: Sequence[str] = TORCH, module: str = "pd_ml", dealt: bool = False
) -> "subprocess.CompletedProcess[str]":
    """The command as two processes; `dealt`: as accelerate's launcher says it for `--use_fsdp`."""
    command = [sys.executable, "-m", *launcher, "-m", module, *map(str, arguments)]
    environment = {**clean_environment(), **({"ACCELERATE_USE_FSDP": "true"} if dealt else {})}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)


def command(stage: str, dataset: Path, models: Path) -> list[str]:
    inputs = [part for name in STAGE_INPUTS[stage] for part in ("--input", f"{name}={models / name}")]
    return [
        "train",
        stage,
        "--recipe",
        "debug",
        "--dataset",
        str(dataset),
        *inputs,
        *TINY[stage],
        *LOGGED,
        *OF_STAGE.get(stage, []),
    ]


def test_every_stage_that_trains_weights_is_compared() -> None:
    assert set(TINY) == set(STAGES) - set(STAGES_WITHOUT_WEIGHTS)
    assert set(WITHOUT_WEIGHTS) == set(STAGES_WITHOUT_WEIGHTS)


@pytest.mark.slow
@pytest.mark.parametrize("stage", WITHOUT_WEIGHTS)
def test_two_processes_make_what_one_makes(dataset: Path, latent_models: Path, tmp_path: Path, stage: str) -> None:
    inputs = [part for name in STAGE_INPUTS[stage] for part in ("--input", f"{name}={latent_models / name}")]
    base = ["train", stage, "--recipe", "debug", "--dataset", str(dataset), *inputs, *WITHOUT_WEIGHTS[stage]]
    assert run_apart(*base, "--out", tmp_path / "one").returncode == 0
    done = together(*base, "--out", tmp_path / "two")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count('"event": "done"') == 1, "only the first process tells"
    assert read_run(tmp_path / "one").digest == read_run(tmp_path / "two").digest


@pytest.mark.parametrize("variable", ["ACCELERATE_USE_MEGATRON_LM", "ACCELERATE_USE_DEEPSPEED"])
def test_other_ways_to_shard_weights_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "true")
    with pytest.raises(ConfigError, match=r"shard the weights by (Megatron-LM|DeepSpeed).*--use_fsdp"):
        open_machine(TrainingConfig(device="cpu"))


@pytest.mark.slow
@pytest.mark.parametrize("stage", [stage for stage in TINY if stage != STARTED_BY_ACCELERATE])
def test_two_processes_lose_what_one_loses(dataset: Path, latent_models: Path, tmp_path: Path, stage: str) -> None:
    base = command(stage, dataset, latent_models)
    assert run_apart(*base, "--out", tmp_path / "one").returncode == 0
    done = together(*base, "--out", tmp_path / "two")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count('"event": "done"') == 1, "only the first process tells"
    require_equal(tmp_path / "one", tmp_path / "two")
    if stage in DEALT:
        done = together(*base, "--out", tmp_path / "dealt", dealt=True)
        assert done.returncode == 0, done.stderr[-3000:]
        require_halves(done.stdout)
        require_equal(tmp_path / "one", tmp_path / "dealt")


@pytest.mark.slow
def test_accelerate_launch_starts_both_processes(dataset: Path, models: Path, tmp_path: Path) -> None:
    base = command(STARTED_BY_ACCELERATE, dataset, models)
    assert run_apart(*base, "--out", tmp_path / "one").returncode == 0
    for out, flag in (("two", "--multi_gpu"), ("dealt", "--use_fsdp")):
        done = together(*base, "--out", tmp_path / out, launcher=[*ACCELERATE, flag])
        assert done.returncode == 0, done.stderr[-3000:]
        assert done.stdout.count('"event": "dealt"') == (flag == "--use_fsdp")
        require_equal(tmp_path / "one", tmp_path / out)
    require_halves(done.stdout)


@pytest.mark.slow
def test_a_stopped_training_goes_on_with_another_number_of_processes(tmp_path: Path) -> None:
    through, gathered, dealt = (tmp_path / name for name in ("through", "gathered", "dealt"))
    loop_in(through, ToyTask(dropout=0.0)).run(through)
    # Dealt to two processes up to step 9, whole in one from there.
    done = together(gathered, 9, module="tests.pd_ml.toy_apart", dealt=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert logged(gathered)[-1]["step"] < 10
    loop_in(gathered, ToyTask(dropout=0.0)).run(gathered)
    # The other way round.
    with pytest.raises(Suspended):
        loop_in(dealt, ToyTask(dropout=0.0), stop_after(9)).run(dealt)
    done = together(dealt, CONFIG.steps, module="tests.pd_ml.toy_apart", dealt=True)
    assert done.returncode == 0, done.stderr[-3000:]
    for folder in (gathered, dealt):
        assert all(torch.allclose(weights(folder)[name], one, atol=1e-5) for name, one in weights(through).items())
        assert len(logged(folder)) == len(logged(through))


def test_weights_are_dealt_where_they_would_fill_half_of_a_gpu() -> None:
    assert fills_memory(41 * 2**30, 80 * 2**30)
    assert not fills_memory(39 * 2**30, 80 * 2**30)
    assert not fills_memory(2**60, None), "on a CPU only where it is asked for"


@pytest.mark.parametrize("processes", [3, 5])
def test_dealt_weights_need_equal_shares_of_the_batch(processes: int) -> None:
    class OneOfSeveral(Machine):
        def __init__(self) -> None:
            self.rank, self.processes = 0, processes

    with pytest.raises(ConfigError, match=f"batch_size 8 cannot be dealt evenly to {processes} processes"):
        Gradients(ToyTask(), nn.Linear(1, 1), OneOfSeveral(), batch_size=8, dealt=True)


def require_halves(stdout: str) -> None:
    """Each of two processes held about half of the weights."""
    events = [json.loads(line) for line in stdout.splitlines() if line.startswith("{")]
    dealt = next(event for event in events if event["event"] == "dealt")
    assert len(dealt["held_by_each"]) == 2 and sum(dealt["held_by_each"]) == pytest.approx(
        dealt["parameters"], rel=1e-3
    )
    assert max(dealt["held_by_each"]) < 0.51 * dealt["parameters"]


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
