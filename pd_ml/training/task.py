"""What the loop needs from a stage: model, loss, batches, preview and export. The loop knows no stage by name.

The batch of a step is one for all processes. It is cut into parts (by process, then to fit the memory), and a part is
named by its places in the whole, so that neither the number of processes nor the memory changes what an example meets.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from torch import Tensor, nn

Batch = TypeVar("Batch")

# What a preview is called.
SAMPLES = "samples.png"


@dataclass(frozen=True, kw_only=True)
class Places:
    """The examples from `start` to before `stop` of a step's batch of `total`."""

    start: int
    stop: int
    total: int

    def __len__(self) -> int:
        return self.stop - self.start

    def parts(self, size: int) -> list["Places"]:
        """These places in pieces of at most `size`."""
        starts = range(self.start, self.stop, size)
        return [Places(start=at, stop=min(at + size, self.stop), total=self.total) for at in starts]

    def share(self, rank: int, processes: int) -> "Places":
        """What the process `rank` of `processes` takes; shares differ by one example at most."""
        start, stop = (self.start + len(self) * edge // processes for edge in (rank, rank + 1))
        return Places(start=start, stop=stop, total=self.total)


def whole(total: int) -> Places:
    """All examples of a batch of `total`."""
    return Places(start=0, stop=total, total=total)


class Task(Protocol[Batch]):
    """A trainable stage. Everything it draws at random is a function of its seed, of `step` and of an example's place
    (pd_ml/training/draws.py)."""

    @property
    def model(self) -> nn.Module:
        """What is trained, on its device."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Examples by split, for `run.json`."""

    def batch(self, step: int, places: Places) -> Batch:
        """These places of the batch of `step`: a pure function of seed, step and places."""

    def item_ids(self, step: int, places: Places) -> Sequence[str]:
        """Which items those are."""

    def loss(self, model: nn.Module, batch: Batch, step: int) -> Tensor:
        """A scalar to go down, the mean over the examples of `batch`."""

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Numbers on held-out examples with fixed noise; `validation_loss` among them."""

    def preview(self, model: nn.Module, folder: Path) -> None:
        """Pictures for people, into `folder`: `samples.png`, the same prompts and noise every time."""

    def export(self, model: nn.Module, folder: Path) -> None:
        """The released weights, into `folder`."""


class Work(Protocol):
    """What a task that accumulates by itself works with: the model in the run's precision, for all processes."""

    @property
    def processes(self) -> int:
        """How many processes share the batch."""

    def backward(self, compute: Callable[[nn.Module], Tensor], *, last: bool) -> Tensor:
        """Compute a share of the loss and add its gradient; its value. `last`: nothing follows in this step."""

    def look(self, compute: Callable[[nn.Module], Tensor]) -> Tensor:
        """Compute without a gradient."""

    def waited(self, load: Callable[[], Batch]) -> Batch:
        """What `load` brings, whose time counts as waiting for data."""

    def gathered(self, rows: Tensor) -> Tensor:
        """The rows of all processes, in the order of their places."""


@runtime_checkable
class JoinsExamples(Protocol):
    """A task whose loss joins all examples of a batch (contrastive): the mean over parts would be another loss."""

    def accumulate(self, step: int, parts: Sequence[Places], work: Work) -> Tensor:
        """Add the gradient of the loss over the whole batch, part by part; this process' share of the loss."""
