"""The invisible watermark: a faint tile of noise in the brightness, found again after JPEG, resizing and cropping.

Spread spectrum (Cox et al. 1997) with a tile that repeats, so that every crop holds all of it. The search whitens a
picture, reads its spectrum at the tile's harmonics for many scales, and compares phases; it needs no original. Nothing
here is secret or trained: who has these files can add the mark, and can take it off. Shapes: H height, W width,
C channels, S scales, Y and X frequencies of the tile.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import gaussian_filter

from pd_ml.errors import MarkError
from pd_ml.marks import whitening
from pd_ml.marks.tile import ACROSS, DOWN, PEAK, TILE_PX, VERSION, Plane, Spectrum, phases_YX, planes, tiled

__all__ = ["MIN_JUDGED_PX", "MIN_SIDE_PX", "MOST_LEVELS", "VERSION", "Found", "embed", "find", "is_large_enough"]

Pixels = npt.NDArray[np.uint8]
Scales = npt.NDArray[np.float64]

MIN_SIDE_PX = 256
MIN_JUDGED_PX = 64
# Measured by tests/bench/marks.py on real pictures, each once after one of its attacks; with Wilson's 95% interval.
FALSE_ALARM_PICTURES = 2527
FALSE_ALARM_RATE = 1 / FALSE_ALARM_PICTURES
FALSE_ALARM_INTERVAL = (0.00007, 0.00224)

# Standard deviation of the mark in levels: more where the picture is busy. The whole never falls below PSNR_DB.
QUIET_LEVELS, BUSY_LEVELS, PER_ACTIVITY = 1.6, 4.0, 0.25
MOST_LEVELS = round(BUSY_LEVELS * PEAK)
PSNR_DB = 40.2
MOST_ERROR = 255**2 / 10 ** (PSNR_DB / 10)
# A mark that is found less surely than this at half the size is steered by the picture.
SURE_SCORE = 9.0
STRIP_PX, MARGIN_PX = 512, 64

# The search: likely scales first, at a threshold of their own, as fewer looks give fewer false alarms.
MIDDLE_PX = 512
PADDED_PX = 1024
LIKELY_SCALES = np.array([1.0, 0.5, 2.0])
LIKELY_THRESHOLD = 5.5
SCALES = (0.4, 2.2)
THRESHOLD = 6.3
SCALE_STEP = 2.7  # pixels that a picture's sides may differ by between two scales
BRIGHTNESS = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search gave: `scale` is the size of the picture beside that when it was marked, None if not found."""

    score: float
    threshold: float
    is_found: bool
    scale: float | None


def is_large_enough(height: int, width: int) -> bool:
    """Whether a picture of this size can carry the mark."""
    return min(height, width) >= MIN_SIDE_PX


def embed(pixels_HWC: Pixels) -> Pixels:
    """The same picture with the mark: no value changes by more than MOST_LEVELS. Raises MarkError if too small."""
    height, width = pixels_HWC.shape[:2]
    if not is_large_enough(height, width):
        raise MarkError(
            f"a picture of {width} x {height} px is too small for the watermark, which needs {MIN_SIDE_PX} px at each "
            "side: draw it larger"
        )
    marked_HWC = _strongest(pixels_HWC, _by_strips(_masked, pixels_HWC), most_strength=1.0)
    if _score_at_half(marked_HWC) >= SURE_SCORE:
        return marked_HWC
    return _strongest(pixels_HWC, _by_strips(_steered, pixels_HWC), most_strength=2.0)


def find(pixels_HWC: Pixels) -> Found | None:
    """Look for the mark in the middle of a picture, mirrored too; None where a side is below MIN_JUDGED_PX."""
    if min(pixels_HWC.shape[:2]) < MIN_JUDGED_PX:
        return None
    middle_HW = _middle(pixels_HWC) @ BRIGHTNESS
    spectrum = _spectrum_of(middle_HW)
    score, scale = _best(spectrum, LIKELY_SCALES)
    threshold = LIKELY_THRESHOLD
    if score < threshold:
        threshold = THRESHOLD
        score, scale = _searched(spectrum, max(middle_HW.shape))
    is_found = score >= threshold
    return Found(score=score, threshold=threshold, is_found=is_found, scale=scale if is_found else None)


def _by_strips(mark: Callable[[Plane, Plane], Plane], pixels_HWC: Pixels) -> Plane:
    """The mark in levels, made of brightness and tiles: by strips, so that a large picture takes little memory."""
    height, width = pixels_HWC.shape[:2]
    mark_HW = np.empty((height, width), np.float32)
    for top in range(0, height, STRIP_PX):
        bottom = min(top + STRIP_PX, height)
        first = max(top - MARGIN_PX, 0)
        brightness_HW = pixels_HWC[first : bottom + MARGIN_PX].astype(np.float32) @ BRIGHTNESS
        strip_HW = mark(brightness_HW, tiled(first, len(brightness_HW), width))
        mark_HW[top:bottom] = strip_HW[top - first : bottom - first]
    return mark_HW


def _masked(brightness_HW: Plane, tiles_HW: Plane) -> Plane:
    """The tiles, stronger where the picture is busy."""
    return _levels(brightness_HW) * tiles_HW


def _levels(brightness_HW: Plane) -> Plane:
    busy_HW = whitening.activity(whitening.fine(brightness_HW), 4.0)
    return np.clip(QUIET_LEVELS + PER_ACTIVITY * busy_HW, QUIET_LEVELS, BUSY_LEVELS)


def _steered(brightness_HW: Plane, tiles_HW: Plane) -> Plane:
    """A mark that gives half its strength to the tiles and half to what turns this picture's own phases to theirs, as
    it is and at half the size: line art drowns a mark that does not look at the lines.
    """
    levels_HW = np.minimum(_levels(brightness_HW), np.float32(np.sqrt(MOST_ERROR)))
    mark_HW = np.float32(0.5) * levels_HW * tiles_HW
    for _ in range(2):
        marked_HW = np.clip(brightness_HW + mark_HW, 0, 255)
        here_HW = _unit(whitening.towards(marked_HW, tiles_HW))
        half_HW = _doubled(whitening.towards(_halved(marked_HW), _halved(tiles_HW)), marked_HW.shape)
        turn_HW = _unit(here_HW + _unit(half_HW))
        mark_HW += np.float32(0.325) * levels_HW * np.clip(turn_HW, -PEAK, PEAK)
    return mark_HW


def _unit(plane_HW: Plane) -> Plane:
    return plane_HW / (plane_HW.std() + np.float32(1e-6))


def _halved(plane_HW: Plane) -> Plane:
    height, width = (side // 2 for side in plane_HW.shape)
    return plane_HW[: 2 * height, : 2 * width].reshape(height, 2, width, 2).mean((1, 3))


def _doubled(plane_HW: Plane, shape: tuple[int, ...]) -> Plane:
    doubled_HW = plane_HW.repeat(2, 0).repeat(2, 1)
    missing = [(0, side - there) for side, there in zip(shape, doubled_HW.shape, strict=True)]
    return gaussian_filter(np.pad(doubled_HW, missing, mode="edge"), 1.0)


def _strongest(pixels_HWC: Pixels, mark_HW: Plane, most_strength: float) -> Pixels:
    """The picture with as much of the mark as the floor of its PSNR and the most strength allow."""
    strength = 1.0
    marked_HWC, error = _added(pixels_HWC, mark_HW, strength)
    for _ in range(3):
        is_well = error <= MOST_ERROR and (error > 0.97 * MOST_ERROR or strength >= most_strength)
        if is_well:
            return marked_HWC
        strength = min(most_strength, strength * float(np.sqrt(0.985 * MOST_ERROR / max(error, 1e-6))))
        marked_HWC, error = _added(pixels_HWC, mark_HW, strength)
    while error > MOST_ERROR:
        strength *= 0.98
        marked_HWC, error = _added(pixels_HWC, mark_HW, strength)
    return marked_HWC


def _added(pixels_HWC: Pixels, mark_HW: Plane, strength: float) -> tuple[Pixels, float]:
    """The picture with the mark, and the mean squared error that it is."""
    marked_HWC = np.empty_like(pixels_HWC)
    error = 0.0
    for top in range(0, len(mark_HW), STRIP_PX):
        rows = slice(top, top + STRIP_PX)
        before_HWC = pixels_HWC[rows].astype(np.float32)
        levels_HW = np.clip(np.rint(strength * mark_HW[rows]), -MOST_LEVELS, MOST_LEVELS)
        after_HWC = np.clip(before_HWC + levels_HW[:, :, None], 0, 255)
        error += float(np.square(after_HWC - before_HWC).sum(dtype=np.float64))
        marked_HWC[rows] = after_HWC
    return marked_HWC, error / pixels_HWC.size


def _score_at_half(pixels_HWC: Pixels) -> float:
    score, _ = _best(_spectrum_of(_halved(_middle(pixels_HWC) @ BRIGHTNESS)), np.array([0.5]))
    return score


def _middle(pixels_HWC: Pixels) -> Plane:
    height, width = pixels_HWC.shape[:2]
    top, left = max(height - MIDDLE_PX, 0) // 2, max(width - MIDDLE_PX, 0) // 2
    return pixels_HWC[top : top + MIDDLE_PX, left : left + MIDDLE_PX].astype(np.float32)


def _spectrum_of(brightness_HW: Plane) -> Spectrum:
    """The whitened picture's spectrum, finely sampled; its phases are those seen from the middle, and so are smooth."""
    height, width = brightness_HW.shape
    padded = np.zeros((PADDED_PX, PADDED_PX), np.float32)
    padded[:height, :width] = whitening.whitened(brightness_HW)
    return fft.rfft2(np.roll(padded, (-(height // 2), -(width // 2)), (0, 1)))


def _searched(spectrum: Spectrum, side_px: int) -> tuple[float, float]:
    """The best of all scales, so close that the mark cannot fall between two, and then closer."""
    scales = [SCALES[0]]
    while scales[-1] < SCALES[1]:
        scales.append(scales[-1] * (1 + SCALE_STEP * scales[-1] / side_px))
    coarse_S = _scores(spectrum, np.array(scales), TILE_PX // 2)
    near_S = np.array(scales)[np.argsort(coarse_S)[-4:]]
    steps = 1 + np.linspace(-0.4, 0.4, 5)[:, None] * SCALE_STEP * near_S / side_px
    return _best(spectrum, (near_S * steps).ravel())


def _best(spectrum: Spectrum, scales_S: Scales) -> tuple[float, float]:
    scores_S = _scores(spectrum, scales_S, TILE_PX)
    best = int(np.argmax(scores_S))
    return float(scores_S[best]), float(scales_S[best])


def _scores(spectrum: Spectrum, scales_S: Scales, side_px: int) -> Plane:
    """For each scale the highest correlation over `side_px` squared offsets, as it is or mirrored, in standard
    deviations of what tiles of other phases would give.
    """
    wanted_YX = np.conj(phases_YX())
    found_SYX = _sampled(spectrum, scales_S) * (wanted_YX != 0)
    power_SYX = np.square(np.abs(found_SYX)) * np.where(ACROSS == 0, 1, 2)
    deviation_S = np.sqrt(power_SYX.sum((1, 2))) + np.float32(1e-6)
    mirrored_SYX = np.conj(found_SYX[:, ::-1])
    highest = [planes(one_SYX * wanted_YX, side_px).max((1, 2)) for one_SYX in (found_SYX, mirrored_SYX)]
    return np.maximum(*highest) / deviation_S


def _sampled(spectrum: Spectrum, scales_S: Scales) -> Spectrum:
    """The spectrum at the tile's harmonics for each scale, by straight lines between its samples, SYX."""
    per_cycle_S = PADDED_PX / (TILE_PX * scales_S)
    down_SY, across_SX = np.multiply.outer(per_cycle_S, DOWN), np.multiply.outer(per_cycle_S, ACROSS)
    row_SY, column_SX = np.floor(down_SY).astype(np.int64), np.floor(across_SX).astype(np.int64)
    last = PADDED_PX // 2 - 1
    is_there_SYX = (np.abs(down_SY) < last)[:, :, None] & (across_SX < last)[:, None]
    sampled_SYX = np.zeros(is_there_SYX.shape, np.complex64)
    for row_step in (0, 1):
        for column_step in (0, 1):
            share_SY = 1 - np.abs(down_SY - row_SY - row_step)
            share_SX = 1 - np.abs(across_SX - column_SX - column_step)
            rows = ((row_SY + row_step) % PADDED_PX)[:, :, None]
            columns = np.minimum(column_SX + column_step, PADDED_PX // 2)[:, None]
            sampled_SYX += spectrum[rows, columns] * (share_SY[:, :, None] * share_SX[:, None]).astype(np.float32)
    return sampled_SYX * is_there_SYX
