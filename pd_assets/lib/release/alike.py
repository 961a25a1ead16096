"""A second look at two pictures: laid over one another as well as can be, do their edges agree?

Hashes of a few bits choose among a million pictures and cannot decide: two that differ by a crop are as far from each
other as strangers that happen to be near. Here one picture is a grey square of SIDE x SIDE, whatever its shape was.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
Levels = npt.NDArray[np.floating]

SIDE = 64
# The sides at which one is laid over the other, the coarsest first, and how often it is moved at each.
COARSE_TO_FINE, STEPS = (16, 32, 64), 5
# How far one may be cropped at each side to be laid over the other, as a share of it.
MOST_CROPPED = 0.13
# Squared levels of grey that edges have at least: what is flatter has nothing but noise to compare.
LEAST_EDGES = 0.05
# At least so much of one must lie on the other.
LEAST_OVERLAP = 0.6


def likeness(one: Grey, other: Grey) -> float:
    """How far the edges of two grey squares agree once one lies over the other: 1 for the same, about 0 for strangers.

    One may be cropped at any side by up to MOST_CROPPED, brighter, darker, and of another contrast.
    """
    place = np.array([0.0, 1.0, 0.0, 1.0])
    for side in COARSE_TO_FINE:
        place = _laid_over(_at(one, side), _at(other, side), place)
    return _agreement(_at(one, SIDE), _at(other, SIDE), place)


def _at(grey: Grey, side: int) -> Levels:
    step = SIDE // side
    return np.asarray(grey, dtype=np.float32).reshape(side, step, side, step).mean(axis=(1, 3))


def _laid_over(one: Levels, other: Levels, place: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Where `one` lies on `other`, by least squares (Lucas and Kanade 1981): offset and scale across, offset and scale
    down, as shares of a side.
    """
    side = len(one)
    across = np.broadcast_to(_middles(side), (side, side))
    for _ in range(STEPS):
        rows, is_row = _between(place[2], place[3], side)
        columns, is_column = _between(place[0], place[1], side)
        moved = rows @ other @ columns.T
        down, right = np.gradient(moved)
        right, down = right * (side / place[1]), down * (side / place[3])
        inside = np.outer(is_row, is_column)
        terms = np.stack([right, right * across, down, down * across.T, moved, np.ones_like(moved)])[:, inside]
        # The square of a matrix of six rows: solved as it is, with a little held back where nothing tells.
        squared = terms @ terms.T + np.diag([1e-3 * side**2] * 4 + [1e-3] * 2)
        # What is left is told by the move, by a contrast and by a brightness.
        step = np.linalg.solve(squared, terms @ (one - moved)[inside])
        place = _bounded(place + np.clip(step[:4], -0.05, 0.05))
    return place


def _bounded(place: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    offsets = np.clip(place[0::2], -MOST_CROPPED, MOST_CROPPED)
    ends = np.clip(place[0::2] + place[1::2], 1 - MOST_CROPPED, 1 + MOST_CROPPED)
    return np.array([offsets[0], ends[0] - offsets[0], offsets[1], ends[1] - offsets[1]])


def _agreement(one: Levels, other: Levels, place: npt.NDArray[np.float64]) -> float:
    """The correlation of the slopes of both, of `one` where it lies on `other`.

    Of each the square root, so that a frame or a white margin, which strangers share, does not decide it alone.
    """
    rows, is_row = _between(place[2], place[3], SIDE)
    columns, is_column = _between(place[0], place[1], SIDE)
    inside = np.outer(is_row, is_column)
    if inside.mean() < LEAST_OVERLAP:
        return 0.0
    moved = rows @ other @ columns.T
    a, b = _slopes(one)[:, inside], _slopes(moved)[:, inside]
    if min(float((a * a).mean()), float((b * b).mean())) < LEAST_EDGES:
        return 0.0
    a, b = _rooted(a), _rooted(b)
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def _rooted(values: Levels) -> Levels:
    return np.copysign(np.sqrt(np.abs(values)), values)


def _slopes(levels: Levels) -> Levels:
    down, right = np.gradient(levels)
    return np.stack([down, right])


@lru_cache(maxsize=8)
def _middles(side: int) -> Levels:
    return ((np.arange(side, dtype=np.float32) + 0.5) / side).astype(np.float32)


def _between(offset: float, scale: float, side: int) -> tuple[Levels, npt.NDArray[np.bool_]]:
    """What takes `side` values to those at moved places, by linear interpolation, and which of these lie inside."""
    at = (offset + scale * _middles(side)) * side - 0.5
    below = np.clip(np.floor(at), 0, side - 2).astype(np.intp)
    share = np.clip(at - below, 0, 1)
    weights = np.zeros((side, side), dtype=np.float32)
    lines = np.arange(side)
    weights[lines, below], weights[lines, below + 1] = 1 - share, share
    return weights, (at >= -0.5) & (at <= side - 0.5)
