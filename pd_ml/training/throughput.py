"""How fast a training runs: images, waiting for data, arithmetic done against what the device could do at most."""

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from pd_ml.device import Machine
from pd_ml.training.task import Batch, Places, Task


def flops_per_image(task: Task[Batch], model: nn.Module, *, batch_size: int) -> int:
    """Floating-point operations of one example's forward and backward pass; the weights stay as they are.

    0 where the memory does not hold it: the first step will say so.
    """
    one = Places(start=0, stop=1, total=batch_size)
    with FlopCounterMode(display=False) as counter, contextlib.suppress(torch.OutOfMemoryError):
        loss: Tensor = task.loss(model, task.batch(0, one), 0)
        loss.backward()
    model.zero_grad(set_to_none=True)
    return int(counter.get_total_flops())


class Meter:
    """Measures from one `read` to the next. `peak_flops_per_s`: what the device could do at most, None if unknown."""

    def __init__(self, machine: Machine, flops_per_image: int, peak_flops_per_s: float | None) -> None:
        self._machine = machine
        self._peak_flops_per_s = peak_flops_per_s
        self._flops_per_image = flops_per_image
        self._since_s = time.monotonic()
        self._waited_s = 0.0

    def read(self, images: int, waited_s: float) -> dict[str, float]:
        """The rates since the last reading; `waited_s` is the time spent on batches since the start.

        `mfu` (model-FLOP utilisation) is there where the device's peak is known.
        """
        now_s = time.monotonic()
        elapsed_s = max(now_s - self._since_s, 1e-9)
        flops_per_s = images * self._flops_per_image / elapsed_s
        rates = {
            "images_per_s": round(images / elapsed_s, 2),
            "data_wait_share": round((waited_s - self._waited_s) / elapsed_s, 4),
            "gflops_per_s": round(flops_per_s / 1e9, 4),
            "memory_mib": self._machine.memory_mib(),
            "process_cpu_s": round(time.process_time(), 2),
        }
        if self._peak_flops_per_s is not None:
            rates["mfu"] = round(flops_per_s / (self._peak_flops_per_s * self._machine.processes), 4)
        self._since_s, self._waited_s = now_s, waited_s
        return rates

    def restart(self) -> None:
        """Measure from now."""
        self._since_s = time.monotonic()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave out of the rates what happens within: validation, pictures."""
        began_s = time.monotonic()
        yield
        self._since_s += time.monotonic() - began_s
