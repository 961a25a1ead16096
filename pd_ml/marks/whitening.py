"""Whitening of a picture, so that neither strong places nor strong directions of lines outweigh a faint mark.

Each place is divided by how busy it is, then the spectrum of each small window is made flat, as one does before
correlating with noise of known phases. `towards` is the way back: how pixels must change for the whitened picture to
come nearer to a pattern. Shapes: H height, W width, R and C windows down and across.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import gaussian_filter

Plane = npt.NDArray[np.float32]
Spectra = npt.NDArray[np.complex64]

FINE_PX = 1.6
NEAR_PX = 2.0
LEAST_LEVELS = 0.3
CLIP = 2.5
WINDOW_PX = 16
HOP_PX = WINDOW_PX // 2
# Of a window's mean amplitude: below it, a change of phase is not worth its price, as JPEG will change it again.
FAINT = 0.5


def fine(brightness_HW: Plane) -> Plane:
    """What is left of a picture without its broad shapes."""
    return brightness_HW - gaussian_filter(brightness_HW, FINE_PX)


def activity(fine_HW: Plane, around_px: float) -> Plane:
    """How busy a picture is around each place, in levels."""
    return np.sqrt(gaussian_filter(fine_HW * fine_HW, around_px))


def whitened(brightness_HW: Plane) -> Plane:
    """The picture with the same strength everywhere and at every frequency; zero where it is flat."""
    evened_HW, _ = _evened(brightness_HW)
    return _by_windows(_flat, evened_HW)


def towards(brightness_HW: Plane, pattern_HW: Plane) -> Plane:
    """The change of brightness that brings the whitened picture nearest to the pattern for its size, of any scale."""
    evened_HW, busy_HW = _evened(brightness_HW)
    change_HW = _by_windows(_turned, evened_HW, pattern_HW) / busy_HW
    return fine(np.where(np.abs(evened_HW) < CLIP, change_HW, 0))


def _evened(brightness_HW: Plane) -> tuple[Plane, Plane]:
    fine_HW = fine(brightness_HW)
    busy_HW = activity(fine_HW, NEAR_PX) + np.float32(LEAST_LEVELS)
    return np.clip(fine_HW / busy_HW, -CLIP, CLIP), busy_HW


def _flat(spectra_RC: Spectra) -> Spectra:
    size = np.abs(spectra_RC)
    return spectra_RC / (size + 1e-3 * size.mean() + 1e-6)


def _turned(spectra_RC: Spectra, wanted_RC: Spectra) -> Spectra:
    """The gradient of a flat spectrum's agreement with the wanted one: across its own phase, more where it is faint."""
    size = np.abs(spectra_RC)
    faint = FAINT * size.mean() + 1e-6
    phase = spectra_RC / (size + 1e-6)
    along = np.real(np.conj(phase) * wanted_RC) * phase
    return (wanted_RC - along * (size / (size + faint))) / (size + faint)


def _by_windows(change: Callable[..., Spectra], *planes_HW: Plane) -> Plane:
    """Change the spectra of overlapping windows of a plane (with those of others beside it), and add them up again."""
    height, width = planes_HW[0].shape
    rows, columns = (-(-side // WINDOW_PX) + 1 for side in (height, width))
    covered = (rows * WINDOW_PX, columns * WINDOW_PX)
    padded = [np.zeros((covered[0] + HOP_PX, covered[1] + HOP_PX), np.float32) for _ in planes_HW]
    inner = (slice(HOP_PX, HOP_PX + height), slice(HOP_PX, HOP_PX + width))
    for one, plane_HW in zip(padded, planes_HW, strict=True):
        one[inner] = plane_HW
    sine = np.sin(np.pi * (np.arange(WINDOW_PX, dtype=np.float32) + 0.5) / WINDOW_PX)
    window = sine[:, None] * sine
    together = np.zeros_like(padded[0])
    for top in (0, HOP_PX):
        for left in (0, HOP_PX):
            part = (slice(top, top + covered[0]), slice(left, left + covered[1]))
            cut = (one[part].reshape(rows, WINDOW_PX, columns, WINDOW_PX).swapaxes(1, 2) for one in padded)
            spectra = change(*(fft.rfft2(windows * window) for windows in cut))
            windows = fft.irfft2(spectra, s=(WINDOW_PX, WINDOW_PX)) * window
            together[part] += windows.swapaxes(1, 2).reshape(covered)
    return together[inner]
