"""The gradient of one step's batch: cut into parts that fit the memory, added up, averaged over the processes.

The whole batch is the same whatever the memory and the number of processes are; only how it is cut changes.
Errors: DeviceError, ConfigError.
"""

import contextlib
import time
from collections.abc import Callable
from functools import partial

import torch
from accelerate.utils.memory import should_reduce_batch_size
from torch import Tensor, nn

from pd_ml.device import Machine
from pd_ml.errors import ConfigError, DeviceError
from pd_ml.training.task import Batch, JoinsExamples, Places, Task, whole


class _Computing(nn.Module):
    """Whatever a task computes with the model, as one module: what torch wraps to average gradients and to autocast."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, compute: Callable[[nn.Module], Tensor]) -> Tensor:
        return compute(self.model)


class Gradients:
    """Adds the gradient of a step to the model's parameters.

    `micro_batch_size` is how many examples go through the model at a time, 0 at first for all; `waited_s` is the time
    spent on batches; `handed` are the places of the last step that this process gave to the model. `dealt`: the
    processes share out the model's weights from here on.
    """

    def __init__(
        self,
        task: Task[Batch],
        model: nn.Module,
        machine: Machine,
        *,
        batch_size: int,
        micro_batch_size: int = 0,
        dealt: bool = False,
    ) -> None:
        self._task = task
        self._model = model
        self._machine = machine
        self._mine = whole(batch_size).share(machine.rank, machine.processes)
        self.micro_batch_size = len(self._mine)
        self.limit(micro_batch_size)
        self.waited_s = 0.0
        self.handed: list[Places] = []
        if dealt:
            _require_equal_shares(batch_size, machine.processes)
        if machine.processes > 1:
            self._fit()
        self._computing = machine.parallel(_Computing(model), dealt=dealt)

    def limit(self, micro_batch_size: int) -> None:
        """At most that many examples at a time; 0 sets no limit."""
        self.micro_batch_size = min(micro_batch_size or len(self._mine), len(self._mine))

    def add(self, step: int) -> Tensor:
        """The loss over the whole batch of `step`; its gradient is added."""
        if self._machine.processes > 1:
            return self._machine.total(self._accumulate(step))
        return self._until_it_fits(lambda: self._accumulate(step))

    @property
    def processes(self) -> int:
        """How many processes share the batch."""
        return self._machine.processes

    def backward(self, compute: Callable[[nn.Module], Tensor], *, last: bool) -> Tensor:
        """Compute a share of the loss and add its gradient; processes exchange theirs after the `last` of a step."""
        with contextlib.nullcontext() if last else self._machine.without_sync(self._computing):
            loss: Tensor = self._computing(compute)
            # Gradients are averaged over the processes; the shares of the loss are to be added up.
            self._machine.backward(loss * self.processes)
        return loss.detach().float()

    def look(self, compute: Callable[[nn.Module], Tensor]) -> Tensor:
        """Compute without a gradient."""
        with torch.no_grad():
            found: Tensor = self._computing(compute)
        return found

    def waited(self, load: Callable[[], Batch]) -> Batch:
        """What `load` brings, whose time counts as waiting for data."""
        started_s = time.monotonic()
        loaded = load()
        self.waited_s += time.monotonic() - started_s
        return loaded

    def gathered(self, rows: Tensor) -> Tensor:
        """The rows of all processes, in the order of their places."""
        return self._machine.gathered(rows)

    def _accumulate(self, step: int) -> Tensor:
        """This process' share of the loss, part by part."""
        parts = self._mine.parts(self.micro_batch_size)
        self.handed = []
        if isinstance(self._task, JoinsExamples):
            loss = self._task.accumulate(step, parts, self)
            self.handed = parts
            return loss
        loss = torch.zeros((), device=self._machine.device)
        for part in parts:
            loss += self.backward(partial(self._share, step=step, part=part), last=part is parts[-1])
            self.handed.append(part)
        return loss

    def _share(self, model: nn.Module, *, step: int, part: Places) -> Tensor:
        batch = self.waited(lambda: self._task.batch(step, part))
        return self._task.loss(model, batch, step) * (len(part) / part.total)

    def _fit(self) -> None:
        """Find beforehand what fits all processes: one that ran out of memory in the middle of a step would leave the
        others waiting for its gradients."""
        self._until_it_fits(self._rehearse)
        self.micro_batch_size = self._machine.smallest(self.micro_batch_size)

    def _rehearse(self) -> Tensor:
        part = self._mine.parts(self.micro_batch_size)[0]
        loss = self._share(self._model, step=0, part=part)
        loss.backward()
        self._model.zero_grad(set_to_none=True)
        return loss.detach()

    def _until_it_fits(self, compute: Callable[[], Tensor]) -> Tensor:
        while True:
            try:
                return compute()
            except RuntimeError as error:
                # torch.OutOfMemoryError is one of them.
                if not isinstance(error, torch.OutOfMemoryError) and not should_reduce_batch_size(error):
                    raise
                reason = " ".join(str(error).split())[:200]
            # After `except`, whose traceback keeps the tensors of the failed attempt alive.
            self._halve(reason)

    def _halve(self, reason: str) -> None:
        self._model.zero_grad(set_to_none=True)
        if self._machine.device.type == "cuda":
            torch.cuda.empty_cache()
        if self.micro_batch_size == 1:
            raise DeviceError(
                f"not even one example at a time fits the memory ({reason or 'out of memory'}); "
                "--set gradient_checkpointing=true, or take a smaller model or image_size"
            )
        self.micro_batch_size = -(-self.micro_batch_size // 2)


def _require_equal_shares(batch_size: int, processes: int) -> None:
    """Whoever computes a block gathers its weights from all: they go through the model equally often."""
    if batch_size % processes:
        raise ConfigError(
            f"batch_size {batch_size} cannot be dealt evenly to {processes} processes, as dealt weights (FSDP) need; "
            f"start a number of processes that divides it, or launch with --multi_gpu"
        )
