"""The loop with a task of three lines: what it promises does not depend on what is trained."""

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn

from pd_ml.config import TrainingConfig
from pd_ml.device import open_machine
from pd_ml.errors import ConfigError, Suspended, TrainingError
from pd_ml.metrics_log import read_metrics
from pd_ml.training.checkpoint import load_newest
from pd_ml.training.ema import Ema, decay_after
from pd_ml.training.loop import learning_rate
from pd_ml.training.throughput import Meter
from tests.pd_ml.toy import CONFIG, ToyTask, logged, loop_in, same, stop_after, weights


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


def test_a_crash_between_checkpoints_repeats_the_steps_since_the_last_one(undisturbed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "crashed"
    with pytest.raises(
        TrainingError, match=r"loss is nan at step 15, in the batch of item 15/0, .*item 15/3 \(all in bad_batch.json\)"
    ):
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


def test_a_step_is_taken_at_the_rate_of_the_schedule_and_not_only_logged_at_it(tmp_path: Path) -> None:
    """The first of three steps of warm-up has a quarter of the rate: as good as a quarter of it without any."""
    one = replace(CONFIG, steps=1, cooldown_share=0.0)
    loop_in(tmp_path / "warming", config=one).run(tmp_path / "warming")
    without = replace(one, warmup_steps=0)
    loop_in(tmp_path / "whole", config=without).run(tmp_path / "whole")
    quarter = replace(without, learning_rate=CONFIG.learning_rate / 4)
    loop_in(tmp_path / "quarter", config=quarter).run(tmp_path / "quarter")
    assert same(weights(tmp_path / "warming"), weights(tmp_path / "quarter"))
    assert not same(weights(tmp_path / "warming"), weights(tmp_path / "whole"))


def test_the_average_moves_after_every_step_and_ever_more_slowly(tmp_path: Path) -> None:
    before_step: dict[int, Tensor] = {}

    class Watched(ToyTask):
        def loss(self, model: nn.Module, batch: Tensor, step: int) -> Tensor:
            if model is self.model and model.training:
                before_step[step] = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
            return super().loss(model, batch, step)

    loop_in(tmp_path, Watched()).run(tmp_path)
    state, _ = load_newest(tmp_path / "checkpoints")
    assert state is not None and len(before_step) == CONFIG.steps
    before_step[CONFIG.steps] = torch.cat([value.flatten() for value in state["model"].values()])
    average = before_step[0]
    for steps_done in range(1, CONFIG.steps + 1):
        average = average.lerp(before_step[steps_done], 1 - decay_after(steps_done, CONFIG.ema_decay))
    exported = torch.cat([value.flatten() for value in weights(tmp_path).values()])
    assert torch.allclose(exported, average, atol=1e-6)
    assert not torch.allclose(exported, before_step[CONFIG.steps], atol=1e-3)


def test_the_layers_draw_anew_in_every_step(tmp_path: Path) -> None:
    drawn: dict[int, float] = {}

    class Drawing(ToyTask):
        def loss(self, model: nn.Module, batch: Tensor, step: int) -> Tensor:
            drawn[step] = float(torch.rand(()))
            return super().loss(model, batch, step)

        def validate(self, model: nn.Module) -> dict[str, float]:
            return {"validation_loss": 0.0}

    loop_in(tmp_path, Drawing()).run(tmp_path)
    assert len(drawn) == len(set(drawn.values())) == CONFIG.steps


def test_gradients_are_clipped_to_the_norm_of_the_config(tmp_path: Path) -> None:
    for name, clip_norm in (("tight", 1e-4), ("loose", 1e9)):
        loop_in(tmp_path / name, config=replace(CONFIG, clip_norm=clip_norm)).run(tmp_path / name)
    assert not same(weights(tmp_path / "tight"), weights(tmp_path / "loose"))


def test_a_checkpoint_that_is_passed_over_is_named_in_a_warning(tmp_path: Path) -> None:
    folder, people = tmp_path / "damaged", io.StringIO()
    with pytest.raises(Suspended):
        loop_in(folder, stopping=stop_after(15)).run(folder)
    (folder / "checkpoints" / "step-000000015" / "state.pt").write_bytes(b"half")
    loop_in(folder, people=people).run(folder)
    assert "warning: checkpoint passed over: step-000000015 has another size" in people.getvalue()
    assert "going on from the checkpoint at step 12" in people.getvalue()


@pytest.mark.parametrize("asked, expected", [(3, ("12", "18", "20")), (2, ("18", "20")), (1, ("18", "20"))])
def test_as_many_checkpoints_are_kept_as_the_config_says_and_never_the_newest_alone(
    tmp_path: Path, asked: int, expected: tuple[str, ...]
) -> None:
    loop_in(tmp_path, config=replace(CONFIG, checkpoints_kept=asked)).run(tmp_path)
    kept = [path.name for path in sorted((tmp_path / "checkpoints").iterdir())]
    assert kept == [f"step-0000000{step}" for step in expected]


def test_all_items_of_a_bad_batch_are_written_down(tmp_path: Path) -> None:
    with pytest.raises(TrainingError):
        loop_in(tmp_path, ToyTask(spoilt_at=2)).run(tmp_path)
    bad = json.loads((tmp_path / "bad_batch.json").read_text())
    assert bad == {"step": 2, "loss": "nan", "items": [f"item 2/{place}" for place in range(4)]}


class Distracting(ToyTask):
    """Its previews use up randomness and are pictures."""

    def preview(self, model: nn.Module, folder: Path) -> None:
        torch.randn(100)
        assert not model.training
        Image.new("RGB", (8, 8), "red").save(folder / "samples.png")


def test_previews_have_their_own_randomness_and_lie_beside_the_metrics(undisturbed: Path, tmp_path: Path) -> None:
    loop_in(tmp_path, Distracting(), config=replace(CONFIG, preview_every_steps=5)).run(tmp_path)
    assert same(weights(tmp_path), weights(undisturbed))
    panels = sorted(path.relative_to(tmp_path).as_posix() for path in (tmp_path / "previews").rglob("*.png"))
    assert panels == [f"previews/step-{step:09d}/samples.png" for step in (5, 10, 15, 20)]


def test_the_journal_counts_images_and_measures_speed_waiting_and_memory(undisturbed: Path) -> None:
    row = next(row for row in read_metrics(undisturbed / "metrics.jsonl") if row["step"] == 8 and "train_loss" in row)
    assert row["images_seen"] == 32
    assert row["images_per_s"] > 0 and row["memory_mib"] > 10 and "gflops_per_s" in row
    assert 0 <= row["data_wait_share"] <= 1
    assert "mfu" not in row, "the peak of a CPU is not known"


def test_utilisation_is_the_share_of_what_the_device_could_do() -> None:
    meter = Meter(open_machine(CONFIG), flops_per_image=10**6, peak_flops_per_s=1e9)
    rates = meter.read(images=1000, waited_s=0.0)
    assert rates["mfu"] == pytest.approx(rates["gflops_per_s"], rel=1e-3), "of a peak of 1 GFLOP/s"


def test_tensorboard_shows_the_losses_over_images_once_even_after_a_resume(tmp_path: Path) -> None:
    with pytest.raises(Suspended):
        loop_in(tmp_path, Distracting(), stop_after(15), replace(CONFIG, preview_every_steps=10)).run(tmp_path)
    loop_in(tmp_path, Distracting(), config=replace(CONFIG, preview_every_steps=10)).run(tmp_path)
    board = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [point.step for point in board.Scalars("train_loss")] == [16, 32, 48, 64, 80]
    losses = {row["step"]: row["train_loss"] for row in read_metrics(tmp_path / "metrics.jsonl") if "train_loss" in row}
    assert board.Scalars("train_loss")[0].value == pytest.approx(losses[4])
    assert [point.step for point in board.Images("samples")] == [40, 80]


def test_the_average_warms_up_with_a_power_function() -> None:
    assert [round(decay_after(steps, 0.9999), 3) for steps in (10, 100, 1000)] == [0.834, 0.969, 0.994]
    assert decay_after(10**9, 0.99) == 0.99
    model = nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(0.0)
    average = Ema(model, 0.5)
    model.weight.data.fill_(1.0)
    average.update(model, 1000)
    assert float(average.model.weight) == 0.5


def test_a_model_without_gradient_checkpointing_refuses_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Sequential has no gradient checkpointing"):
        loop_in(tmp_path, config=replace(CONFIG, gradient_checkpointing=True))
