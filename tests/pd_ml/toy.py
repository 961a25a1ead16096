"""A task of three lines, and runs of it: what the loop promises does not depend on what is trained."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

import numpy as np
import torch
from torch import Tensor, nn

from pd_ml.config import TrainingConfig
from pd_ml.data.cache import Rows
from pd_ml.device import open_machine
from pd_ml.metrics_log import read_metrics
from pd_ml.progress import Reporter
from pd_ml.training.draws import normal
from pd_ml.training.loop import Bench, Loop
from pd_ml.training.sampler import Group, Sampler
from pd_ml.training.stopping import Stopping
from pd_ml.training.task import Places, whole

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

    def __init__(self, spoilt_at: int = -1, dropout: float = 0.2) -> None:
        torch.manual_seed(0)
        self.model: nn.Module = nn.Sequential(nn.Linear(3, 8), nn.Dropout(dropout), nn.Linear(8, 3))
        self.spoilt_at = spoilt_at

    def batch(self, step: int, places: Places) -> Tensor:
        values = normal(0, "toy", step, places, 3)
        return values * float("nan") if step == self.spoilt_at else values

    def item_ids(self, step: int, places: Places) -> list[str]:
        return [f"item {step}/{place}" for place in range(places.start, places.stop)]

    def loss(self, model: nn.Module, batch: Tensor, step: int) -> Tensor:
        return (model(batch) - batch / 2).square().mean()

    def validate(self, model: nn.Module) -> dict[str, float]:
        return {"validation_loss": float(self.loss(model, self.batch(10_000, whole(4)), 0))}

    def preview(self, model: nn.Module, folder: Path) -> None:
        (folder / "samples.png").write_bytes(b"")

    def export(self, model: nn.Module, folder: Path) -> None:
        torch.save(model.state_dict(), folder / "weights.pt")


class ToyPictures(ToyTask):
    """The same, as if each example were one of ten pictures with a caption or two."""

    measured: Mapping[str, Rows] = {}

    def __init__(self) -> None:
        super().__init__(dropout=0.0)
        captions = np.arange(10) % 2 + 1
        group = Group(rows=np.arange(10), captions=captions, item_ids=[f"item {number}" for number in range(10)])
        self.sampler = Sampler([group], seed=0, reads_captions=True, dropout=0.3)


def loop_in(
    folder: Path,
    task: ToyTask | None = None,
    stopping: Callable[[], bool] | None = None,
    config: TrainingConfig = CONFIG,
    people: TextIO | None = None,
) -> Loop:
    folder.mkdir(exist_ok=True)
    reporter = Reporter("toy", events=io.StringIO(), people=people or io.StringIO())
    machine = open_machine(config)
    bench = Bench(folder=folder, machine=machine, reporter=reporter, stopping=stopping or Stopping())
    return Loop(task or ToyTask(), config, bench)


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


def logged(folder: Path) -> list[dict[str, float]]:
    timings = ("images_per_s", "process_cpu_s", "gflops_per_s", "data_wait_share", "memory_mib")
    return [{n: v for n, v in row.items() if n not in timings} for row in read_metrics(folder / "metrics.jsonl")]
