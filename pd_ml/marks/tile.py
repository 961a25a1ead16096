"""The watermark's tile: one period of noise in a band of frequencies, its phases by a hash of the public key.

Shapes: S spectra, Y and X frequencies of the half plane in cycles a tile (vertical from -HIGHEST, horizontal from 0).
"""

import hashlib
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import fft

Plane = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.complex64]

VERSION = "1"
KEY = f"public-domain-diffusion watermark {VERSION}"
TILE_PX = 64
# Cycles a tile: 0.06 to 0.22 cycles a pixel, so that half the size still holds nearly all of it.
BAND = (4.0, 14.0)
HIGHEST = 14
DOWN = np.arange(-HIGHEST, HIGHEST + 1)
ACROSS = np.arange(HIGHEST + 1)
PEAK = 2.5  # in standard deviations


@cache
def phases_YX() -> Spectrum:
    """The tile's spectrum: amplitude 1 in the band."""
    drawn = np.frombuffer(hashlib.shake_256(KEY.encode()).digest(4 * DOWN.size * ACROSS.size), "<u4")
    angle_YX = 2 * np.pi * drawn.reshape(DOWN.size, ACROSS.size) / 2**32
    radius_YX = np.hypot(DOWN[:, None], ACROSS)
    spectrum_YX = np.exp(1j * angle_YX) * ((radius_YX >= BAND[0]) & (radius_YX <= BAND[1]))
    spectrum_YX[:HIGHEST, 0] = np.conj(spectrum_YX[:HIGHEST:-1, 0])  # a real tile
    return spectrum_YX.astype(np.complex64)


def planes(spectra_SYX: Spectrum, side_px: int) -> Plane:
    """One period of each plane with such a spectrum."""
    padded = np.zeros((len(spectra_SYX), side_px, side_px // 2 + 1), np.complex64)
    padded[:, DOWN % side_px, : ACROSS.size] = spectra_SYX
    return fft.irfft2(padded, s=(side_px, side_px)) * side_px**2


@cache
def tile() -> Plane:
    """One period, of standard deviation 1 before its peaks are cut."""
    (plane,) = planes(phases_YX()[None], TILE_PX)
    return np.clip(plane / plane.std(), -PEAK, PEAK)


def tiled(top: int, height: int, width: int) -> Plane:
    """The rows of a plane of tiles from `top` on."""
    rows = np.arange(top, top + height) % TILE_PX
    return tile()[rows[:, None], np.arange(width) % TILE_PX]
