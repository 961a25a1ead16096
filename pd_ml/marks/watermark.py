"""The invisible watermark: one periodic tile of noise in the brightness, found again after JPEG, resizing and cropping.

Spread spectrum (Cox et al. 1997) with a tile that repeats, so that every place of a crop holds all of it. The search
whitens a picture (Kutter & Petitcolas; each small window's spectrum is made flat), reads its spectrum at the tile's
harmonics for many scales, and correlates phases. Nothing here is secret or trained: who has this file can add the mark
and take it off. Shapes: H height, W width, C channels, S scales, Y and X frequencies of the tile.
"""

import hashlib
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import gaussian_filter

from pd_ml.errors import MarkError

Pixels = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.complex64]

VERSION = "1"
KEY = f"public-domain-diffusion watermark {VERSION}"
MIN_SIDE_PX = 256
MIN_JUDGED_PX = 64
THRESHOLD = 6.0
# Of the bench (tests/bench/marks.py).
FALSE_ALARM_RATE = 0.0
FALSE_ALARM_INTERVAL = (0.0, 0.01)
FALSE_ALARM_PICTURES = 0

# The tile, and its band in cycles a tile: 0.06 to 0.22 cycles a pixel, so that half the size still holds it.
TILE_PX = 64
BAND = (4.0, 14.0)
HIGHEST = 14
TILE_PEAK = 2.5  # in standard deviations
# Standard deviation of the mark, in levels: more where the picture is busy. The whole never falls below PSNR_DB.
QUIET_LEVELS, BUSY_LEVELS, PER_ACTIVITY = 1.6, 4.0, 0.25
MOST_LEVELS = round(BUSY_LEVELS * TILE_PEAK)
PSNR_DB = 40.5
STRIP_PX = 256
MARGIN_PX = 32

# The search.
MIDDLE_PX = 512
WINDOW_PX = 16
PADDED_PX = 1024
LIKELY_SCALES = (1.0, 0.5, 2.0, 0.75, 0.8, 0.9, 0.667, 1.25, 1.5)
SCALES = (0.4, 2.2)
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
            f"side: draw a larger one, or mark it without"
        )
    mark_HW = _mark(pixels_HWC)
    strength = 1.0
    marked_HWC, error = _added(pixels_HWC, mark_HW, strength)
    most = 255**2 / 10 ** (PSNR_DB / 10)
    while error > most:
        strength *= 0.995 * float(np.sqrt(most / error))
        marked_HWC, error = _added(pixels_HWC, mark_HW, strength)
    return marked_HWC


def find(pixels_HWC: Pixels) -> Found | None:
    """Look for the mark, mirrored too; None where the shorter side is below MIN_JUDGED_PX."""
    if min(pixels_HWC.shape[:2]) < MIN_JUDGED_PX:
        return None
    middle_HWC = _middle(pixels_HWC)
    spectrum = _spectrum_of(middle_HWC)
    score, scale = _best(spectrum, np.array(LIKELY_SCALES))
    if score < THRESHOLD:
        score, scale = max((score, scale), _searched(spectrum, max(middle_HWC.shape[:2])))
    is_found = score >= THRESHOLD
    return Found(score=score, threshold=THRESHOLD, is_found=is_found, scale=scale if is_found else None)


def _mark(pixels_HWC: Pixels) -> Plane:
    """The mark at full strength in levels: the tile, stronger where the picture is busy."""
    height, width = pixels_HWC.shape[:2]
    mark_HW = np.empty((height, width), np.float32)
    tile = np.tile(_tile(), (STRIP_PX // TILE_PX, width // TILE_PX + 1))[:, :width]
    for top in range(0, height, STRIP_PX):
        bottom = min(top + STRIP_PX, height)
        first = max(top - MARGIN_PX, 0)
        levels = _levels(pixels_HWC[first : bottom + MARGIN_PX])
        mark_HW[top:bottom] = levels[top - first : bottom - first] * tile[: bottom - top]
    return mark_HW


def _levels(pixels_HWC: Pixels) -> Plane:
    """How strong the mark may be at each place, in levels: by how busy it is there."""
    brightness_HW = pixels_HWC.astype(np.float32) @ BRIGHTNESS
    detail_HW = brightness_HW - gaussian_filter(brightness_HW, 1.6)
    activity_HW = np.sqrt(gaussian_filter(detail_HW * detail_HW, 4.0))
    return np.clip(QUIET_LEVELS + PER_ACTIVITY * activity_HW, QUIET_LEVELS, BUSY_LEVELS)


def _added(pixels_HWC: Pixels, mark_HW: Plane, strength: float) -> tuple[Pixels, float]:
    """The picture with the mark, and the mean squared error that it is."""
    marked_HWC = np.empty_like(pixels_HWC)
    error = 0.0
    for top in range(0, len(mark_HW), STRIP_PX):
        rows = slice(top, top + STRIP_PX)
        before_HWC = pixels_HWC[rows].astype(np.float32)
        after_HWC = np.clip(np.rint(before_HWC + strength * mark_HW[rows, :, None]), 0, 255)
        error += float(np.square(after_HWC - before_HWC).sum(dtype=np.float64))
        marked_HWC[rows] = after_HWC
    return marked_HWC, error / pixels_HWC.size


@cache
def _frequencies() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Of the half plane, in cycles a tile: vertical -HIGHEST to HIGHEST, horizontal 0 to HIGHEST."""
    return np.arange(-HIGHEST, HIGHEST + 1), np.arange(HIGHEST + 1)


@cache
def _phases() -> Spectrum:
    """The tile's spectrum over the half plane: amplitude 1 in the band, phases by a hash of the key."""
    down, across = _frequencies()
    drawn = np.frombuffer(hashlib.shake_256(KEY.encode()).digest(4 * down.size * across.size), "<u4")
    angle = 2 * np.pi * drawn.reshape(down.size, across.size) / 2**32
    radius = np.hypot(down[:, None], across)
    phases_YX = np.exp(1j * angle) * ((radius >= BAND[0]) & (radius <= BAND[1]))
    phases_YX[:HIGHEST, 0] = np.conj(phases_YX[:HIGHEST:-1, 0])  # a real tile
    return phases_YX.astype(np.complex64)


def _planes(spectra_SYX: Spectrum, side: int) -> Plane:
    """The periodic planes of these spectra over the half plane, `side` px a period."""
    down, across = _frequencies()
    padded = np.zeros((len(spectra_SYX), side, side // 2 + 1), np.complex64)
    padded[:, down % side, : across.size] = spectra_SYX
    return fft.irfft2(padded, s=(side, side)) * side**2


@cache
def _tile() -> Plane:
    """One period, of standard deviation 1 before its peaks are cut."""
    (tile,) = _planes(_phases()[None], TILE_PX)
    return np.clip(tile / tile.std(), -TILE_PEAK, TILE_PEAK)


def _middle(pixels_HWC: Pixels) -> Pixels:
    height, width = pixels_HWC.shape[:2]
    top, left = max(height - MIDDLE_PX, 0) // 2, max(width - MIDDLE_PX, 0) // 2
    return pixels_HWC[top : top + MIDDLE_PX, left : left + MIDDLE_PX]


def _spectrum_of(pixels_HWC: Pixels) -> Spectrum:
    """The whitened picture's spectrum, finely sampled, with the phases of its middle."""
    whitened_HW = _whitened(pixels_HWC.astype(np.float32) @ BRIGHTNESS)
    height, width = whitened_HW.shape
    padded = np.zeros((PADDED_PX, PADDED_PX), np.float32)
    padded[:height, :width] = whitened_HW
    return fft.rfft2(np.roll(padded, (-(height // 2), -(width // 2)), (0, 1)))


def _whitened(brightness_HW: Plane) -> Plane:
    """What is left when neither a strong place nor a strong direction of lines outweighs the others."""
    detail_HW = brightness_HW - gaussian_filter(brightness_HW, 2.5)
    detail_HW = np.clip(detail_HW / (np.sqrt(gaussian_filter(detail_HW * detail_HW, 2.0)) + 0.3), -2.5, 2.5)
    height, width = detail_HW.shape
    hop = WINDOW_PX // 2
    rows, columns = (-(-side // WINDOW_PX) + 1 for side in (height, width))
    padded = np.zeros((rows * WINDOW_PX + hop, columns * WINDOW_PX + hop), np.float32)
    padded[hop : hop + height, hop : hop + width] = detail_HW
    sine = np.sin(np.pi * (np.arange(WINDOW_PX, dtype=np.float32) + 0.5) / WINDOW_PX)
    window = sine[:, None] * sine
    whitened = np.zeros_like(padded)
    for top in (0, hop):
        for left in (0, hop):
            shape = (rows, WINDOW_PX, columns, WINDOW_PX)
            part = (slice(top, top + rows * WINDOW_PX), slice(left, left + columns * WINDOW_PX))
            spectra = fft.rfft2(padded[part].reshape(shape).swapaxes(1, 2) * window)
            size = np.abs(spectra)
            flat = fft.irfft2(spectra / (size + 1e-3 * size.mean() + 1e-6), s=(WINDOW_PX, WINDOW_PX)) * window
            whitened[part] += flat.swapaxes(1, 2).reshape(rows * WINDOW_PX, -1)
    return whitened[hop : hop + height, hop : hop + width]


def _searched(spectrum: Spectrum, side_px: int) -> tuple[float, float]:
    """The best of all scales, so close that the mark cannot fall between two."""
    scales = [SCALES[0]]
    while scales[-1] < SCALES[1]:
        scales.append(scales[-1] * (1 + 2.7 * scales[-1] / side_px))
    coarse = _scores(spectrum, np.array(scales), TILE_PX // 2)
    near = np.array(scales)[np.argsort(coarse)[-4:]]
    steps = 1 + np.linspace(-0.4, 0.4, 5)[:, None] * 2.7 * near / side_px
    return _best(spectrum, (near * steps).ravel())


def _best(spectrum: Spectrum, scales_S: npt.NDArray[np.float64]) -> tuple[float, float]:
    scores_S = _scores(spectrum, scales_S, TILE_PX)
    best = int(np.argmax(scores_S))
    return float(scores_S[best]), float(scales_S[best])


def _scores(spectrum: Spectrum, scales_S: npt.NDArray[np.float64], side: int) -> Plane:
    """For each scale the highest correlation over all offsets, as it is or mirrored, in standard deviations of what
    tiles of other phases would give."""
    down, across = _frequencies()
    phases_YX = _phases()
    found_SYX = _sampled(spectrum, scales_S) * (phases_YX != 0)
    power = np.square(np.abs(found_SYX)) * np.where(across == 0, 1, 2)
    deviation_S = np.sqrt(power.sum((1, 2))) + 1e-9
    turned = (found_SYX, np.conj(found_SYX[:, ::-1]))
    planes = [_planes(one_SYX * np.conj(phases_YX), side).max((1, 2)) for one_SYX in turned]
    return np.maximum(*planes) / deviation_S


def _sampled(spectrum: Spectrum, scales_S: npt.NDArray[np.float64]) -> Spectrum:
    """The spectrum at the tile's harmonics for each scale, between its samples by straight lines, SYX."""
    down, across = _frequencies()
    per_cycle_S = PADDED_PX / (TILE_PX * scales_S)
    down_SY, across_SX = (np.multiply.outer(per_cycle_S, cycles) for cycles in (down, across))
    row_SY, column_SX = np.floor(down_SY).astype(np.int64), np.floor(across_SX).astype(np.int64)
    is_there = (np.abs(down_SY) < PADDED_PX // 2 - 1)[:, :, None] & (across_SX < PADDED_PX // 2 - 1)[:, None]
    sampled = np.zeros(is_there.shape, np.complex64)
    for row_step in (0, 1):
        for column_step in (0, 1):
            share_SY = 1 - np.abs(down_SY - row_SY - row_step)
            share_SX = 1 - np.abs(across_SX - column_SX - column_step)
            rows = ((row_SY + row_step) % PADDED_PX)[:, :, None]
            columns = np.minimum(column_SX + column_step, PADDED_PX // 2)[:, None]
            share = (share_SY[:, :, None] * share_SX[:, None]).astype(np.float32)
            sampled += spectrum[rows, columns] * share
    return sampled * is_there
