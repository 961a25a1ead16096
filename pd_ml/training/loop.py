"""The one loop that trains every stage. Data, noise and learning rate are functions of (seed, step), so that a run
that was killed goes on from its last checkpoint as if nothing had happened, bit for bit on a CPU with fixed threads.
"""

import math
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from pd_ml.config import TrainingConfig
from pd_ml.device import autocast
from pd_ml.errors import Suspended, TrainingError
from pd_ml.metrics_log import append_metrics, read_metrics, rewind_metrics
from pd_ml.progress import Reporter
from pd_ml.provenance import METRICS
from pd_ml.seeding import seed_of
from pd_ml.training.checkpoint import LoopState, load_newest, save_checkpoint
from pd_ml.training.ema import Ema
from pd_ml.training.task import Batch, Task


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a finished stage says of itself in `run.json`."""

    counts: Mapping[str, int]
    metrics: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where and how one run works: `folder` keeps checkpoints and metrics, `stopping` is asked after every step."""

    folder: Path
    device: torch.device
    reporter: Reporter
    stopping: Callable[[], bool]


class Loop:
    """The state of one training run; `run` takes it from its last checkpoint to the end."""

    def __init__(self, task: Task[Batch], config: TrainingConfig, bench: Bench) -> None:
        self._task = task
        self._config = config
        self._bench = bench
        self._model = task.model.train()
        self._ema = Ema(self._model, config.ema_decay) if config.ema_decay is not None else None
        self._optimizer = _optimizer(self._model, config)
        self._step = 0
        self._loss_sum, self._loss_count = 0.0, 0
        self._logged_at_s = time.monotonic()

    @property
    def released(self) -> nn.Module:
        """What is validated and exported: the average where there is one."""
        return self._ema.model if self._ema else self._model

    def run(self, export: Path) -> Outcome:
        """Train to the last step and export; Suspended (after a checkpoint) where a stop is asked for."""
        self._restore()
        if self._step == 0 and not read_metrics(self._metrics_path):
            self._validate()
        while self._step < self._config.steps:
            loss = self._train_step()
            self._bench.reporter.step(self._step, self._config.steps, loss)
            self._mark()
        self._bench.reporter.say("drawing the preview and exporting")
        self.released.eval()
        self._task.preview(self.released, export)
        self._task.export(self.released, export)
        return self._outcome()

    def _train_step(self) -> float:
        """One optimiser step; TrainingError where loss or gradient is not finite, before the weights change."""
        step, config = self._step, self._config
        torch.manual_seed(seed_of(config.seed, "layers", step))
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(config, step)
        batch = self._task.batch(step)
        with autocast(self._bench.device, config.precision):
            loss = self._task.loss(self._model, batch, step)
        value = float(loss.item())
        self._require_finite("loss", value)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self._model.parameters(), config.clip_norm)
        self._require_finite("gradient norm", float(norm))
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self._step += 1
        self._loss_sum, self._loss_count = self._loss_sum + value, self._loss_count + 1
        if self._ema:
            self._ema.update(self._model, self._step)
        return value

    def _require_finite(self, name: str, value: float) -> None:
        if not math.isfinite(value):
            raise TrainingError(
                f"{name} is {value} at step {self._step}; the last checkpoint is kept in {self._bench.folder}; "
                "lower learning_rate or look at the pictures of this batch, and use another --out"
            )

    def _mark(self) -> None:
        """What is due after a step: log, validate, preview, checkpoint, stop."""
        step, config = self._step, self._config
        last = step == config.steps
        if last or step % config.log_every_steps == 0:
            self._log()
        if last or step % config.validate_every_steps == 0:
            self._validate()
        if config.preview_every_steps and step % config.preview_every_steps == 0:
            self._task.preview(self.released, self._bench.folder)
        stopping = self._bench.stopping()
        if last or stopping or step % config.checkpoint_every_steps == 0:
            self._save()
        if stopping and not last:
            raise Suspended(f"stopped at step {step} of {config.steps}; checkpoint saved; the same command goes on")

    def _log(self) -> None:
        now_s = time.monotonic()
        images = self._loss_count * self._config.batch_size
        row = {
            "step": self._step,
            "images_seen": self._step * self._config.batch_size,
            "train_loss": self._loss_sum / self._loss_count,
            "learning_rate": learning_rate(self._config, self._step - 1),
            "images_per_s": round(images / max(now_s - self._logged_at_s, 1e-9), 2),
            "process_cpu_s": round(time.process_time(), 2),
        }
        append_metrics(self._metrics_path, row)
        self._bench.reporter.event(
            "progress",
            step=self._step,
            steps=self._config.steps,
            loss=row["train_loss"],
            images_per_s=row["images_per_s"],
        )
        self._loss_sum, self._loss_count, self._logged_at_s = 0.0, 0, now_s

    def _validate(self) -> None:
        was_training = self.released.training
        self.released.eval()
        with torch.no_grad():
            found = self._task.validate(self.released)
        self.released.train(was_training)
        append_metrics(self._metrics_path, {"step": self._step, **found})
        self._bench.reporter.event("validation", step=self._step, steps=self._config.steps, **found)

    def _save(self) -> None:
        state = LoopState(
            step=self._step,
            model=dict(self._model.state_dict()),
            ema=self._ema.state() if self._ema else {},
            optimizer=self._optimizer.state_dict(),
            loss_sum=self._loss_sum,
            loss_count=self._loss_count,
        )
        save_checkpoint(self._checkpoints, state)
        self._bench.reporter.event("checkpoint", step=self._step, steps=self._config.steps)

    def _restore(self) -> None:
        state, passed_over = load_newest(self._checkpoints)
        for problem in passed_over:
            self._bench.reporter.say(f"checkpoint passed over: {problem}")
        if state is None:
            rewind_metrics(self._metrics_path, -1)
            return
        self._model.load_state_dict(state["model"])
        if self._ema:
            self._ema.model.load_state_dict(state["ema"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._step = state["step"]
        self._loss_sum, self._loss_count = state["loss_sum"], state["loss_count"]
        rewind_metrics(self._metrics_path, self._step)
        self._bench.reporter.event("resumed", step=self._step, steps=self._config.steps)
        self._bench.reporter.say(f"going on from the checkpoint at step {self._step}")

    def _outcome(self) -> Outcome:
        latest: dict[str, float] = {}
        for row in read_metrics(self._metrics_path):
            latest.update(row)
        measured = {name: value for name, value in latest.items() if name == "train_loss" or "validation" in name}
        counts = {**self._task.counts, "steps": self._step, "images_seen": self._step * self._config.batch_size}
        peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return Outcome(counts=counts, metrics={**measured, "peak_rss_mib": round(peak_kib / 1024, 1)})

    @property
    def _metrics_path(self) -> Path:
        return self._bench.folder / METRICS

    @property
    def _checkpoints(self) -> Path:
        return self._bench.folder / "checkpoints"


def learning_rate(config: TrainingConfig, step: int) -> float:
    """Linear warm-up, constant, then linear to zero over the last `cooldown_share` of the steps."""
    warm = min(1.0, (step + 1) / (config.warmup_steps + 1))
    cooldown_steps = config.cooldown_share * config.steps
    cool = min(1.0, (config.steps - step) / cooldown_steps) if cooldown_steps else 1.0
    return config.learning_rate * min(warm, cool)


def _optimizer(model: nn.Module, config: TrainingConfig) -> torch.optim.AdamW:
    """AdamW; norms, biases and scales are not decayed."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [one for one in parameters if one.ndim >= 2], "weight_decay": config.weight_decay},
        {"params": [one for one in parameters if one.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, config.beta2), fused=True)
