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
from pd_ml.provenance import LEDGER, read_run
from pd_ml.recipes import STAGE_INPUTS, STAGES, STAGES_WITHOUT_WEIGHTS
from pd_ml.training.checkpoint import load_newest
from pd_ml.training.gradients import Gradients
from tests import last_words
from tests.patience import PATIENCE_S
from tests.pd_ml.command import ROOT, TINY, TINY_CLIP, clean_environment, run_here, settings
from tests.pd_ml.toy import CONFIG, ToyPictures, ToyTask, logged, loop_in, stop_after, weights

# Nothing is learnt by gradients in these: one process works, the others wait for it.
WITHOUT_WEIGHTS = {"tokenizer": settings("vocab_size=600"), "latents": []}
# Those whose weights are dealt as well: features instead of a forward pass, blocks within blocks, a critic.
DEALT = ("clip", "unet_text", "transformer", "vae", "super_resolution")
LOGGED = settings("log_every_steps=1", "training.steps=6", "validate_every_steps=3")
# Half of the steps of a VAE are in its second phase.
OF_STAGE = {"vae": settings("adversarial.start_step=3"), **WITHOUT_WEIGHTS}
# torch's launcher and accelerate's: one process group, gloo on a CPU. `--multi_gpu` means "several processes" to
# accelerate; with `--cpu` it starts one process itself and leaves the others to mpirun.
TORCH = ["torch.distributed.run", "--standalone", "--nproc_per_node=2"]
ACCELERATE = ["accelerate.commands.launch", "--num_processes", "2", "--num_machines", "1", "--mixed_precision", "no"]
ACCELERATE += ["--dynamo_backend", "no", "--main_process_port", "0"]


def together(
    *arguments: object, launcher: Sequence[str] = TORCH, module: str = "pd_ml", dealt: bool = False
) -> "subprocess.CompletedProcess[str]":
    """The command as two processes; `dealt`: as accelerate's launcher says it for `--use_fsdp`.

    Not forked from the process that has imported everything (tests/warm.py): one such ended by signal 11 on a busy
    machine, among the threads of so many libraries. Where another does, it says where.
    """
    command = [sys.executable, "-m", *launcher, "-m", module, *map(str, arguments)]
    environment = {**clean_environment(), "PYTHONFAULTHANDLER": "1"}
    environment |= {"ACCELERATE_USE_FSDP": "true"} if dealt else {}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    last_words.said("the processes", done.stdout + done.stderr)
    return done


def command(stage: str, dataset: Path, models: Path, out: Path) -> list[str]:
    inputs = [part for name in STAGE_INPUTS[stage] for part in ("--input", f"{name}={models / name}")]
    logged = [] if stage in WITHOUT_WEIGHTS else LOGGED
    changes = [*TINY.get(stage, []), *logged, *OF_STAGE.get(stage, [])]
    return ["train", stage, "--recipe", "debug", "--dataset", str(dataset), *inputs, "--out", str(out), *changes]


@pytest.fixture(scope="module")
def trained(dataset: Path, latent_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stages that were made by `one` process, by `two` of `accelerate launch`, and by two that `dealt` the weights out.

    Processes make one stage after the other: most of the time of a short training is that of its imports.
    """
    folder = tmp_path_factory.mktemp("processes")
    for stage in STAGES:
        assert run_here(*command(stage, dataset, latent_models, folder / "one" / stage)) == 0
    for name, stages, sharing in (("two", STAGES, "--multi_gpu"), ("dealt", DEALT, "--use_fsdp")):
        listed = folder / f"{name}.json"
        listed.write_text(
            json.dumps([command(stage, dataset, latent_models, folder / name / stage) for stage in stages])
        )
        done = together(listed, launcher=[*ACCELERATE, sharing], module="tests.pd_ml.in_turn")
        assert done.returncode == 0, done.stderr[-3000:]
        assert done.stdout.count('"event": "done"') == len(stages), "only the first process tells"
        assert done.stdout.count('"event": "dealt"') == (len(stages) if name == "dealt" else 0)
        (folder / name / "events").write_text(done.stdout)
    return folder


def test_every_stage_is_compared() -> None:
    assert set(TINY) == set(STAGES) - set(STAGES_WITHOUT_WEIGHTS)
    assert set(WITHOUT_WEIGHTS) == set(STAGES_WITHOUT_WEIGHTS)


@pytest.mark.extended
@pytest.mark.slow
@pytest.mark.parametrize("stage", WITHOUT_WEIGHTS)
def test_two_processes_make_what_one_makes(trained: Path, stage: str) -> None:
    assert read_run(trained / "one" / stage).digest == read_run(trained / "two" / stage).digest


@pytest.mark.extended
@pytest.mark.slow
@pytest.mark.parametrize("stage", TINY)
def test_two_processes_lose_what_one_loses(trained: Path, stage: str) -> None:
    require_equal(trained / "one" / stage, trained / "two" / stage)


@pytest.mark.extended
@pytest.mark.slow
@pytest.mark.parametrize("stage", DEALT)
def test_two_processes_that_share_out_the_weights_lose_what_one_loses(trained: Path, stage: str) -> None:
    require_equal(trained / "one" / stage, trained / "dealt" / stage)


@pytest.mark.extended
@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_two_processes_count_what_one_counts(trained: Path, stage: str) -> None:
    # With the version and every count in it, their ledgers are the same file.
    one = read_run(trained / "one" / stage).outputs[LEDGER]
    assert read_run(trained / "two" / stage).outputs[LEDGER] == one
    if stage in DEALT:
        assert read_run(trained / "dealt" / stage).outputs[LEDGER] == one


@pytest.mark.extended
@pytest.mark.slow
def test_each_of_two_processes_holds_about_half_of_what_is_dealt(trained: Path) -> None:
    events = [json.loads(line) for line in (trained / "dealt" / "events").read_text().splitlines() if line[:1] == "{"]
    dealt = [event for event in events if event["event"] == "dealt"]
    for event in dealt:
        assert len(event["held_by_each"]) == 2
        assert sum(event["held_by_each"]) == pytest.approx(event["parameters"], rel=1e-3)
        assert max(event["held_by_each"]) < 0.51 * event["parameters"]


@pytest.mark.parametrize("variable", ["ACCELERATE_USE_MEGATRON_LM", "ACCELERATE_USE_DEEPSPEED"])
def test_other_ways_to_shard_weights_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "true")
    with pytest.raises(ConfigError, match=r"shard the weights by (Megatron-LM|DeepSpeed).*--use_fsdp"):
        open_machine(TrainingConfig(device="cpu"))


@pytest.mark.slow
def test_a_stopped_training_goes_on_with_another_number_of_processes(tmp_path: Path) -> None:
    through, gathered, dealt = (tmp_path / name for name in ("through", "gathered", "dealt"))
    loop_in(through, ToyPictures()).run(through)
    # Dealt to two processes up to step 9, whole in one from there.
    done = together(gathered, 9, module="tests.pd_ml.toy_apart", dealt=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert logged(gathered)[-1]["step"] < 10
    loop_in(gathered, ToyPictures()).run(gathered)
    # The other way round.
    with pytest.raises(Suspended):
        loop_in(dealt, ToyPictures(), stop_after(9)).run(dealt)
    done = together(dealt, CONFIG.steps, module="tests.pd_ml.toy_apart", dealt=True)
    assert done.returncode == 0, done.stderr[-3000:]
    expected = ToyPictures().sampler.expected(CONFIG.steps, CONFIG.batch_size)
    for folder in (gathered, dealt):
        assert all(torch.allclose(weights(folder)[name], one, atol=1e-5) for name, one in weights(through).items())
        assert len(logged(folder)) == len(logged(through))
        state, _ = load_newest(folder / "checkpoints")
        assert state is not None
        assert torch.equal(state["times_shown"], torch.from_numpy(expected.times_N))
        assert torch.equal(state["captions_shown"], torch.from_numpy(expected.captions_K))


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


@pytest.mark.extended
def test_a_batch_smaller_than_the_processes_is_a_named_error(dataset: Path, models: Path, tmp_path: Path) -> None:
    base = ["train", "clip", "--recipe", "debug", "--dataset", dataset, "--input", f"tokenizer={models / 'tokenizer'}"]
    done = together(*base, "--out", tmp_path / "two", *TINY_CLIP, *settings("batch_size=1"))
    assert done.returncode != 0
    assert "ConfigError: batch_size 1 cannot be dealt to 2 processes" in done.stderr
