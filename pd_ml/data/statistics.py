"""What is measured of the pictures of a split before training: their colours, and which of them are the same picture.

No torch in here. Shapes: N examples, H height, W width, C channels.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pd_ml.data.loader import Examples, Pixels, Rows

_CHUNK = 1024
# Of a channel that is the same everywhere: one step of a byte.
_STD_MIN = 1 / 255


@dataclass(frozen=True, kw_only=True)
class Colours:
    """Mean and standard deviation of red, green and blue over all pixels, in [0, 1]."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


def colours(examples: Examples) -> Colours:
    """Measured exactly over all examples, and written with six digits."""
    counts_CV = np.zeros((3, 256), dtype=np.int64)
    for pixels_NHWC in _chunks(examples):
        for channel in range(3):
            counts_CV[channel] += np.bincount(pixels_NHWC[..., channel].ravel(), minlength=256)
    values_V: npt.NDArray[np.float64] = np.arange(256) / 255
    share_CV = counts_CV / counts_CV.sum(1, keepdims=True)
    mean_C = share_CV @ values_V
    std_C = np.sqrt((share_CV * (values_V - mean_C[:, None]) ** 2).sum(1)).clip(_STD_MIN)
    return Colours(mean=_rounded(mean_C), std=_rounded(std_C))


def picture_numbers(examples: Examples) -> Rows:
    """A number for each example; two have the same one where their pixels are the same."""
    numbers: dict[bytes, int] = {}
    digests = (
        hashlib.blake2b(pixels_HWC.tobytes(), digest_size=16).digest()
        for pixels_NHWC in _chunks(examples)
        for pixels_HWC in pixels_NHWC
    )
    return np.array([numbers.setdefault(digest, len(numbers)) for digest in digests], dtype=np.int64)


def _chunks(examples: Examples) -> Iterator[Pixels]:
    for start in range(0, len(examples), _CHUNK):
        yield examples.pixels(range(start, min(start + _CHUNK, len(examples))))


def _rounded(values_C: npt.NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values_C)
