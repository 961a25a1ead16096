"""What a picture looks like, in numbers of plain statistics: for choosing later, nothing is refused by them.

All are measured on the picture scaled to SIDE pixels, so that they mean the same for every size.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from pd_assets.lib.images.hashes import DETAIL_SIDE, detail_bits

SIDE = 256
# Channels that differ by less are grey; levels of grey that a uniform margin may vary by.
GREY_SPREAD, MARGIN_SPREAD = 16, 12
# Rows in which a regular distance of lines is looked for.
LINES_WINDOW = 25


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Measurements of one picture; the columns of images/files say what each means."""

    aspect: float
    sharpness: float
    greyness: float
    border: float
    text_page: float
    entropy: float
    detail_hash: str


def measure(image: Image.Image) -> Quality:
    """All measurements of an RGB picture."""
    scale = SIDE / max(image.size)
    size = (max(3, round(image.width * scale)), max(3, round(image.height * scale)))
    small = image.resize(size, Image.Resampling.BOX, reducing_gap=1.0)
    red, green, blue = np.moveaxis(np.asarray(small), 2, 0)
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    grey = np.asarray(small.convert("L"), dtype=np.float32)
    return Quality(
        aspect=round(image.width / image.height, 4),
        sharpness=round(sharpness(grey), 2),
        greyness=round(float((spread < GREY_SPREAD).mean()), 4),
        border=round(border(grey), 4),
        text_page=round(text_page(grey), 4),
        entropy=round(entropy(grey), 3),
        detail_hash=detail_hash(small),
    )


def sharpness(grey: np.ndarray) -> float:
    """Variance of the Laplacian, squared levels of grey (Pech-Pacheco et al. 2000)."""
    middle = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * middle
    return float(laplacian.var())


def border(grey: np.ndarray) -> float:
    """The share of the area outside the smallest box beyond which every row and column is of one level of grey."""
    top, bottom = _margins(grey)
    left, right = _margins(grey.T)
    if top == grey.shape[0] or left == grey.shape[1]:
        return 1.0
    inside = (grey.shape[0] - top - bottom) * (grey.shape[1] - left - right)
    return 1.0 - inside / grey.size


def _margins(lines: np.ndarray) -> tuple[int, int]:
    """How many lines at the beginning and at the end are uniform and alike."""
    length = lines.shape[1]
    stray = length // 50
    ranked = np.sort(lines, axis=1)
    uniform, level = ranked[:, length - 1 - stray] - ranked[:, stray] < MARGIN_SPREAD, ranked[:, length // 2]
    first = _run(uniform & (abs(level - level[0]) < MARGIN_SPREAD))
    return first, 0 if first == len(lines) else _run((uniform & (abs(level - level[-1]) < MARGIN_SPREAD))[::-1])


def _run(flags: np.ndarray) -> int:
    return len(flags) if flags.all() else int(np.argmin(flags))


def text_page(grey: np.ndarray) -> float:
    """0 to 1: whether dark strokes on an even bright ground lie in regular lines, as on a printed or written page."""
    paper = float(np.percentile(grey, 90))
    ink = grey < paper - 40
    middle_rows = ink[:, ink.shape[1] // 10 : -max(1, ink.shape[1] // 10)]
    inked = float(middle_rows.mean())
    strokes = float(np.abs(np.diff(middle_rows.astype(np.int8), axis=1)).mean())
    even_ground = float((grey > paper - 25).mean())
    profile = middle_rows.mean(axis=1)
    is_bright, is_sparse = _ramp(paper, 110, 160), _ramp(even_ground, 0.45, 0.65) * _ramp(-inked, -0.45, -0.3)
    return is_bright * is_sparse * _ramp(strokes, 0.04, 0.10) * _ramp(_regularity(profile), 0.12, 0.3)


def _regularity(profile: np.ndarray) -> float:
    """How much of the variation of a row profile repeats at the distance of lines: highest autocorrelation there."""
    if len(profile) < LINES_WINDOW:
        return 0.0
    trend = np.convolve(profile, np.ones(LINES_WINDOW) / LINES_WINDOW, mode="same")
    waves = profile - trend
    power = float((waves**2).sum())
    if power < 1e-6:
        return 0.0
    found = [float((waves[lag:] * waves[:-lag]).sum()) / power for lag in range(3, LINES_WINDOW)]
    return max(found)


def _ramp(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))


def entropy(grey: np.ndarray) -> float:
    """Of the levels of grey, bits: 0 for an even picture, 8 at most."""
    counts = np.bincount(grey.astype(np.uint8).ravel(), minlength=256)
    shares = counts[counts > 0] / grey.size
    return float(-(shares * np.log2(shares)).sum()) + 0.0


def detail_hash(image: Image.Image) -> str:
    """256 bits, hexadecimal: where a 17 x 16 version grows brighter to the right."""
    grey = image.convert("L").convert("F").resize((DETAIL_SIDE + 1, DETAIL_SIDE), Image.Resampling.BOX)
    return detail_bits(np.asarray(grey))
