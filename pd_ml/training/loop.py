"""The one loop that trains every stage. Data, noise and learning rate are functions of (seed, step), so that a run
that was killed goes on from its last checkpoint as if nothing had happened, bit for bit on a CPU with fixed threads.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from pd_ml.config import TrainingConfig
from pd_ml.device import Machine, peak_flops_per_s
from pd_ml.errors import Suspended, TrainingError
from pd_ml.ledger import Used
from pd_ml.progress import Reporter
from pd_ml.seeding import seed_of
from pd_ml.sharding import all_rows, held
from pd_ml.training.checkpoint import LoopState, load_newest, save_checkpoint
from pd_ml.training.gradients import Gradients
from pd_ml.training.journal import Journal
from pd_ml.training.sampler import ShowsPictures
from pd_ml.training.showings import Showings
from pd_ml.training.task import Batch, Task, whole
from pd_ml.training.throughput import Meter, flops_per_image
from pd_ml.training.weights import Weights, state_bytes

BAD_BATCH = "bad_batch.json"
_NAMED_ITEMS = 8


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a finished stage says of itself in `run.json`, and in its ledger: what it `used` of its dataset."""

    counts: Mapping[str, int]
    metrics: Mapping[str, float]
    used: Used | None = None


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where and how one run works: `folder` keeps checkpoints and metrics, `stopping` is asked after every step.

    `warm_start` puts weights into the fresh model.
    """

    folder: Path
    machine: Machine
    reporter: Reporter
    stopping: Callable[[], bool]
    warm_start: Callable[[nn.Module], None] = lambda model: None

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self.machine.device


class Loop:
    """The state of one training run; `run` takes it from its last checkpoint to the end."""

    def __init__(self, task: Task[Batch], config: TrainingConfig, bench: Bench) -> None:
        self._task = task
        self._config = config
        self._bench = bench
        self._machine = bench.machine
        bench.warm_start(task.model)
        flops = flops_per_image(task, task.model.train(), batch_size=config.batch_size)
        self._dealt = self._machine.deals(state_bytes(task.model, config))
        self._model = self._machine.tuned(task.model, config, dealt=self._dealt)
        self._weights = Weights(self._model, config, self._machine, dealt=self._dealt)
        self._gradients = Gradients(
            task,
            self._model,
            self._machine,
            batch_size=config.batch_size,
            micro_batch_size=config.micro_batch_size,
            dealt=self._dealt,
        )
        self._optimizer = _optimizer(self._model, config)
        self._showings = Showings(task, self._machine) if isinstance(task, ShowsPictures) else None
        self._journal = Journal(bench.folder, batch_size=config.batch_size)
        self._meter = Meter(self._machine, flops, peak_flops_per_s(self._machine.device))
        self._step = 0
        self._loss_sum, self._loss_count = 0.0, 0

    def run(self, export: Path) -> Outcome:
        """Train to the last step and export; Suspended (after a checkpoint) where a stop is asked for."""
        try:
            self._begin()
            while self._step < self._config.steps:
                loss = self._train_step()
                self._bench.reporter.images(self._images, self._config.steps * self._config.batch_size, loss)
                self._mark()
            return self._finish(export)
        finally:
            self._journal.close()

    def _begin(self) -> None:
        if self._dealt:
            self._tell_dealt()
        self._restore()
        if self._machine.is_main:
            self._journal.go_on_after(self._step if self._step else -1)
        if self._machine.any(self._machine.is_main and self._journal.is_new):
            self._validate()
        self._meter.restart()

    def _train_step(self) -> float:
        """One optimiser step; TrainingError where loss or gradient is not finite, before the weights change."""
        step, config = self._step, self._config
        torch.manual_seed(seed_of(config.seed, "layers", step, self._machine.rank))
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(config, step)
        micro_batch_size = self._gradients.micro_batch_size
        loss = self._gradients.add(step)
        if self._gradients.micro_batch_size != micro_batch_size:
            self._tell_smaller()
        norm = all_rows(nn.utils.clip_grad_norm_(self._model.parameters(), config.clip_norm))
        value, norm_value = torch.stack([loss, norm.float()]).tolist()
        self._require_finite("loss", value)
        self._require_finite("gradient norm", norm_value)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        if self._showings is not None:
            self._showings.add(step, self._gradients.handed)
        self._step += 1
        self._loss_sum, self._loss_count = self._loss_sum + value, self._loss_count + 1
        self._weights.update_average(self._step)
        return float(value)

    def _tell_dealt(self) -> None:
        mine = torch.tensor([held(self._model)], device=self._machine.device)
        held_by_each = self._machine.gathered(mine).tolist()
        without = "; channels_last is left out" if self._config.channels_last == "on" else ""
        self._bench.reporter.say(f"the weights are dealt to {len(held_by_each)} processes (FSDP){without}")
        parameters = sum(parameter.numel() for parameter in self._model.parameters())
        self._event("dealt", parameters=parameters, held_by_each=held_by_each)

    def _tell_smaller(self) -> None:
        size = self._gradients.micro_batch_size
        self._bench.reporter.say(
            f"out of memory: going on with {size} examples at a time, the batch stays {self._config.batch_size}"
        )
        self._event("micro_batch", micro_batch_size=size)

    def _require_finite(self, name: str, value: float) -> None:
        if math.isfinite(value):
            return
        items = list(self._task.item_ids(self._step, whole(self._config.batch_size)))
        more = f" and {len(items) - _NAMED_ITEMS} more" if len(items) > _NAMED_ITEMS else ""
        bad = {"step": self._step, name: str(value), "items": items}
        (self._bench.folder / BAD_BATCH).write_text(json.dumps(bad, indent=1) + "\n")
        raise TrainingError(
            f"{name} is {value} at step {self._step}, in the batch of {', '.join(items[:_NAMED_ITEMS])}{more} (all in "
            f"{BAD_BATCH}); the last checkpoint is kept in {self._bench.folder}; "
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
            self._preview()
        stopping = self._machine.any(self._bench.stopping())
        if last or stopping or step % config.checkpoint_every_steps == 0:
            self._save()
        if stopping and not last:
            raise Suspended(f"stopped at step {step} of {config.steps}; checkpoint saved; the same command goes on")

    def _log(self) -> None:
        row = {
            "train_loss": self._loss_sum / self._loss_count,
            "learning_rate": learning_rate(self._config, self._step - 1),
            "micro_batch_size": float(self._gradients.micro_batch_size),
            **self._meter.read(self._loss_count * self._config.batch_size, self._gradients.waited_s),
        }
        self._loss_sum, self._loss_count = 0.0, 0
        if self._machine.is_main:
            self._journal.measured(self._step, row)
        self._event("progress", loss=row["train_loss"], images_per_s=row["images_per_s"])

    def _validate(self) -> None:
        with self._evaluated() as model:
            if model is None:
                return
            found = self._task.validate(model)
        self._journal.measured(self._step, found)
        self._event("validation", **found)

    def _preview(self) -> None:
        with self._evaluated() as model:
            if model is None:
                return
            folder = self._journal.panel(self._step)
            self._task.preview(model, folder)
        self._journal.drawn(self._step, folder)

    @contextmanager
    def _evaluated(self) -> Iterator[nn.Module | None]:
        """The released model (None but in the first process), to be looked at; the time does not count as training."""
        with self._meter.paused(), torch.no_grad(), self._weights.released() as model:
            yield model

    def _save(self) -> None:
        weights = self._weights.state(self._optimizer)
        counted = self._showings.state() if self._showings is not None else None
        if self._machine.is_main:
            state: LoopState = {
                **weights,
                "step": self._step,
                "loss_sum": self._loss_sum,
                "loss_count": self._loss_count,
                "micro_batch_size": self._gradients.micro_batch_size,
            }
            if counted is not None:
                state |= counted
            # The process outside of the room may not have sealed this one yet when all are killed: one before it is.
            save_checkpoint(self._checkpoints, state, kept=max(2, self._config.checkpoints_kept))
            self._event("checkpoint")
        self._machine.wait()

    def _restore(self) -> None:
        state, passed_over = load_newest(self._checkpoints)
        for problem in passed_over:
            self._bench.reporter.say(f"warning: checkpoint passed over: {problem}")
            self._bench.reporter.event("checkpoint_passed_over", problem=problem)
        if state is None:
            return
        self._weights.restore(state, self._optimizer)
        self._gradients.limit(state["micro_batch_size"])
        self._step = state["step"]
        self._loss_sum, self._loss_count = state["loss_sum"], state["loss_count"]
        if self._showings is not None:
            self._showings.restore(state, self._config.batch_size)
        self._event("resumed")
        self._bench.reporter.say(f"going on from the checkpoint at step {self._step}")

    def _finish(self, export: Path) -> Outcome:
        used = self._showings.proved(self._step, self._config.batch_size) if self._showings is not None else None
        self._bench.reporter.say("drawing the preview and exporting")
        with self._weights.released() as model:
            if model is not None:
                self._task.preview(model, export)
                self._task.export(model, export)
        return self._outcome(used)

    def _outcome(self, used: Used | None) -> Outcome:
        latest: dict[str, float] = {}
        for row in self._journal.rows():
            latest.update(row)
        measured = {name: value for name, value in latest.items() if name == "train_loss" or "validation" in name}
        counts = {**self._task.counts, "steps": self._step, "images_seen": self._images}
        return Outcome(counts=counts, metrics={**measured, "peak_memory_mib": self._machine.memory_mib()}, used=used)

    def _event(self, kind: str, **fields: object) -> None:
        event = self._bench.reporter.event
        event(kind, step=self._step, steps=self._config.steps, images_seen=self._images, **fields)

    @property
    def _images(self) -> int:
        return self._step * self._config.batch_size

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
