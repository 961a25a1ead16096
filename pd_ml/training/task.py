"""What the loop needs from a stage: model, loss, batches, preview and export. The loop knows no stage by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, TypeVar

from torch import Tensor, nn

Batch = TypeVar("Batch")


class Task(Protocol[Batch]):
    """A trainable stage. Everything it draws at random is a function of its seed and of `step`."""

    @property
    def model(self) -> nn.Module:
        """What is trained, on its device."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Examples by split, for `run.json`."""

    def batch(self, step: int) -> Batch:
        """The batch of `step`: a pure function of seed and step."""

    def loss(self, model: nn.Module, batch: Batch, step: int) -> Tensor:
        """A scalar to go down."""

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Numbers on held-out examples with fixed noise; `validation_loss` among them."""

    def preview(self, model: nn.Module, folder: Path) -> None:
        """Pictures for people, into `folder`."""

    def export(self, model: nn.Module, folder: Path) -> None:
        """The released weights, into `folder`."""
