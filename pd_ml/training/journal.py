"""What a training writes down while it runs: `metrics.jsonl`, TensorBoard's event files, and panels of samples.

All of it lies in the run's folder and goes back to the step of the checkpoint that a run goes on from.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from torch.utils.tensorboard import SummaryWriter

from pd_ml.metrics_log import Row, append_metrics, read_metrics, rewind_metrics
from pd_ml.provenance import METRICS, PREVIEWS, TENSORBOARD
from pd_ml.training.task import SAMPLES


class Journal:
    """The journal of one run in `folder`; TensorBoard's axis counts images."""

    def __init__(self, folder: Path, *, batch_size: int) -> None:
        self._folder = folder
        self._batch_size = batch_size
        self._board: SummaryWriter | None = None

    @property
    def is_new(self) -> bool:
        """Whether nothing has been written yet."""
        return not read_metrics(self._metrics)

    def rows(self) -> list[dict[str, float]]:
        """Everything measured so far."""
        return read_metrics(self._metrics)

    def go_on_after(self, step: int) -> None:
        """Forget what lies after `step`, and write from there."""
        rewind_metrics(self._metrics, step)
        self._board = SummaryWriter(self._folder / TENSORBOARD, purge_step=step * self._batch_size + 1)

    def measured(self, step: int, row: Row) -> None:
        """One line of numbers."""
        append_metrics(self._metrics, {"step": step, "images_seen": step * self._batch_size, **row})
        assert self._board is not None
        for name, value in row.items():
            self._board.add_scalar(name, value, global_step=step * self._batch_size)

    def panel(self, step: int) -> Path:
        """A folder for the pictures of `step`."""
        folder = self._folder / PREVIEWS / f"step-{step:09d}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def drawn(self, step: int, folder: Path) -> None:
        """Show the panel in `folder`, where the stage drew one."""
        path = folder / SAMPLES
        if not path.is_file():
            return
        assert self._board is not None
        with Image.open(path) as image:
            pixels_HWC = np.asarray(image.convert("RGB"))
        self._board.add_image("samples", pixels_HWC, global_step=step * self._batch_size, dataformats="HWC")

    def close(self) -> None:
        """Write out what TensorBoard still holds back."""
        if self._board is not None:
            self._board.close()
            self._board = None

    @property
    def _metrics(self) -> Path:
        return self._folder / METRICS
