"""The loop with a task of three lines: what it promises does not depend on what is trained."""

import io
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from pd_ml.config import TrainingConfig
from pd_ml.errors import Suspended, TrainingError
from pd_ml.metrics_log import read_metrics
from pd_ml.progress import Reporter
from pd_ml.seeding import seed_of
from pd_ml.training.checkpoint import load_newest
from pd_ml.training.loop import Bench, Loop, learning_rate
from pd_ml.training.stopping import Stopping

CONFIG = TrainingConfig(
    steps=20,
    batch_size=4,
    warmup_steps=3,
    learning_rate=0.05,
    threads=1,
    device="cpu",
    log_every_steps=4,
    validate_every_steps=5,
    checkpoint_every_steps=6,
)


class ToyTask:
    """Learns to halve its input through a network with dropout. `spoilt_at`: the step whose batch is not a number."""

    counts: Mapping[str, int] = {"train_examples": 4}

    def __init__(self, spoilt_at: int = -1) -> None:
        torch.manual_seed(0)
        self.model: nn.Module = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.2), nn.Linear(8, 3))
        self.spoilt_at = spoilt_at

    def batch(self, step: int) -> Tensor:
        values = torch.randn(4, 3, generator=torch.Generator().manual_seed(seed_of(0, "toy", step)))
        return values * float("nan") if step == self.spoilt_at else values

    def loss(self, model: nn.Module, batch: Tensor, step: int) -> Tensor:
        return (model(batch) - batch / 2).square().mean()

    def validate(self, model: nn.Module) -> dict[str, float]:
        return {"validation_loss": float(self.loss(model, self.batch(10_000), 0))}

    def preview(self, model: nn.Module, folder: Path) -> None:
        (folder / "samples.png").write_bytes(b"")

    def export(self, model: nn.Module, folder: Path) -> None:
        torch.save(model.state_dict(), folder / "weights.pt")


def loop_in(folder: Path, task: ToyTask | None = None, stopping: Callable[[], bool] | None = None) -> Loop:
    folder.mkdir(exist_ok=True)
    reporter = Reporter("toy", events=io.StringIO(), people=io.StringIO())
    return Loop(
        task or ToyTask(),
        CONFIG,
        Bench(folder=folder, device=torch.device("cpu"), reporter=reporter, stopping=stopping or Stopping()),
    )


def weights(folder: Path) -> dict[str, Tensor]:
    found: dict[str, Tensor] = torch.load(folder / "weights.pt", weights_only=True)
    return found


def stop_after(steps: int) -> Callable[[], bool]:
    """Says yes from the given call on; the loop asks once a step."""
    asked = 0

    def stopping() -> bool:
        nonlocal asked
        asked += 1
        return asked >= steps

    return stopping


def same(left: Mapping[str, Tensor], right: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(left[name], right[name]) for name in left)


@pytest.fixture
def undisturbed(tmp_path: Path) -> Path:
    loop_in(tmp_path / "undisturbed").run(tmp_path / "undisturbed")
    return tmp_path / "undisturbed"


@pytest.mark.parametrize("steps", [1, 6, 13, 19])
def test_a_suspended_run_ends_bit_for_bit_like_an_undisturbed_one(
    undisturbed: Path, tmp_path: Path, steps: int
) -> None:
    folder = tmp_path / "stopped"
    with pytest.raises(Suspended, match=f"stopped at step {steps} of 20"):
        loop_in(folder, stopping=stop_after(steps)).run(folder)
    loop_in(folder).run(folder)
    assert same(weights(folder), weights(undisturbed))
    assert logged(folder) == logged(undisturbed)


def logged(folder: Path) -> list[dict[str, float]]:
    timings = ("images_per_s", "process_cpu_s")
    return [{n: v for n, v in row.items() if n not in timings} for row in read_metrics(folder / "metrics.jsonl")]


def test_a_crash_between_checkpoints_repeats_the_steps_since_the_last_one(undisturbed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "crashed"
    with pytest.raises(TrainingError, match="loss is nan at step 15"):
        loop_in(folder, ToyTask(spoilt_at=15)).run(folder)
    state, _ = load_newest(folder / "checkpoints")
    assert state is not None and state["step"] == 12
    assert all(value.isfinite().all() for value in state["model"].values())
    loop_in(folder).run(folder)
    assert same(weights(folder), weights(undisturbed))
    assert logged(folder) == logged(undisturbed)


def test_a_gradient_that_is_not_a_number_never_reaches_the_weights(tmp_path: Path) -> None:
    class Steep(ToyTask):
        def loss(self, model: nn.Module, batch: Tensor, step: int) -> Tensor:
            plain = super().loss(model, batch, step)
            return plain + (plain * 0).sqrt() if step == 7 else plain

    with pytest.raises(TrainingError, match="gradient norm is nan at step 7"):
        loop_in(tmp_path / "steep", Steep()).run(tmp_path / "steep")
    state, _ = load_newest(tmp_path / "steep" / "checkpoints")
    assert state is not None and state["step"] == 6


@pytest.mark.parametrize("damage", ["truncated", "flipped", "manifest", "missing"])
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(undisturbed: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "damaged"
    with pytest.raises(Suspended):
        loop_in(folder, stopping=stop_after(15)).run(folder)
    newest = sorted((folder / "checkpoints").iterdir())[-1]
    content = bytearray((newest / "state.pt").read_bytes())
    if damage == "truncated":
        (newest / "state.pt").write_bytes(content[:100])
    elif damage == "flipped":
        content[len(content) // 2] ^= 255
        (newest / "state.pt").write_bytes(content)
    elif damage == "manifest":
        (newest / "manifest.json").write_text("{")
    else:
        (newest / "state.pt").unlink()
    state, passed_over = load_newest(folder / "checkpoints")
    assert state is not None and state["step"] == 12
    assert len(passed_over) == 1 and newest.name in passed_over[0]
    loop_in(folder).run(folder)
    assert same(weights(folder), weights(undisturbed))


def test_without_any_whole_checkpoint_training_starts_again(undisturbed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lost"
    with pytest.raises(Suspended):
        loop_in(folder, stopping=stop_after(7)).run(folder)
    for path in (folder / "checkpoints").iterdir():
        (path / "state.pt").write_bytes(b"")
    loop_in(folder).run(folder)
    assert same(weights(folder), weights(undisturbed))


def test_two_checkpoints_are_kept(undisturbed: Path) -> None:
    assert [path.name for path in sorted((undisturbed / "checkpoints").iterdir())] == [
        "step-000000018",
        "step-000000020",
    ]


def test_a_finished_training_that_lost_its_export_only_exports_again(undisturbed: Path, tmp_path: Path) -> None:
    shutil.copytree(undisturbed / "checkpoints", tmp_path / "again" / "checkpoints")
    loop_in(tmp_path / "again", ToyTask(spoilt_at=0)).run(tmp_path / "again")
    assert same(weights(tmp_path / "again"), weights(undisturbed))


def test_the_average_is_exported_and_differs_from_the_raw_weights(undisturbed: Path) -> None:
    state, _ = load_newest(undisturbed / "checkpoints")
    assert state is not None
    assert same(weights(undisturbed), state["ema"])
    assert not same(state["ema"], state["model"])


def test_the_learning_rate_warms_up_stays_and_cools_down() -> None:
    config = TrainingConfig(steps=100, warmup_steps=9, cooldown_share=0.2, learning_rate=1.0)
    rates = [learning_rate(config, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == rates[50] == rates[80] == 1.0
    assert rates[90] == pytest.approx(0.5)
    assert 0 < rates[99] == pytest.approx(0.05)
