"""A stand-in for the invisible watermark: one pattern at one scale, to build the other marks against."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

MIN_SIDE_PX = 256
VERSION = "stand-in"
FALSE_ALARM_RATE = 0.01
_TILE_PX, _STRENGTH, _THRESHOLD = 64, 3, 1.0


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found, and from where on it counts."""

    score: float
    threshold: float
    is_found: bool
    scale: float


def is_large_enough(height: int, width: int) -> bool:
    """Whether a picture of this size can carry the watermark."""
    return min(height, width) >= MIN_SIDE_PX


def embed(pixels_HWC: Pixels) -> Pixels:
    """The same picture with the watermark in it."""
    added_HW = _STRENGTH * _pattern(*pixels_HWC.shape[:2])
    return (pixels_HWC.astype(np.float64) + added_HW[..., None]).clip(0, 255).round().astype(np.uint8)


def find(pixels_HWC: Pixels) -> Found | None:
    """Look for the watermark; None where the picture is too small."""
    if not is_large_enough(*pixels_HWC.shape[:2]):
        return None
    grey_HW = pixels_HWC.mean(axis=-1)
    detail_HW = (grey_HW - (np.roll(grey_HW, 1, 0) + np.roll(grey_HW, 1, 1)) / 2).clip(-12, 12)
    score = float((detail_HW * _pattern(*detail_HW.shape)).mean())
    return Found(score=score, threshold=_THRESHOLD, is_found=score > _THRESHOLD, scale=1.0)


def _pattern(height: int, width: int) -> npt.NDArray[np.float64]:
    tile = np.random.default_rng(1).choice([-1.0, 1.0], (_TILE_PX, _TILE_PX))
    return np.tile(tile, (-(-height // _TILE_PX), -(-width // _TILE_PX)))[:height, :width]
