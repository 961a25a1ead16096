"""Sheets that show generated pictures beside the training pictures nearest to them: copies are seen at a glance.

Shapes: N pictures, T training pictures, K nearest, H height, W width, C channels, D embedding width.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from pd_ml.data.cache import PixelStore
from pd_ml.evaluation.grid import save_grid
from pd_ml.marks.marking import Marks

Pixels = npt.NDArray[np.uint8]
ROWS, NEAREST = 8, 4


def nearest_in(points_ND: Tensor, train_TD: Tensor) -> tuple[Tensor, Tensor]:
    """Distances and numbers of the nearest training pictures of each point, nearest first, NK."""
    found = torch.cdist(points_ND, train_TD).topk(min(NEAREST, len(train_TD)), dim=1, largest=False)
    return found.values.cpu(), found.indices.cpu()


def save_neighbours(
    path: Path,
    pixels_NHWC: Pixels,
    train_THWC: PixelStore,
    nearest: tuple[Tensor, Tensor],
    texts: Mapping[str, str],
    marks: Marks,
) -> None:
    """One row for each of the most suspicious pictures: it, then its nearest training pictures with their distance."""
    distance_NK, number_NK = nearest
    worst = distance_NK[:, 0].argsort()[:ROWS].tolist()
    tiles: list[Pixels] = []
    labels: list[str] = []
    for row in worst:
        tiles += [pixels_NHWC[row], *train_THWC[number_NK[row].cpu().numpy()]]
        labels += [f"generated {row}", *(f"training {distance:.3f}" for distance in distance_NK[row].tolist())]
    save_grid(path, np.stack(tiles), labels, texts=texts, marks=marks.of_mixed(), columns=1 + number_NK.shape[1])
