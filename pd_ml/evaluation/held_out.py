"""The pictures that a model is measured against: those of validation and test, which no training has seen.

Shapes: N pictures, H height, W width, C channels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pd_ml.data.loader import Rows, open_split
from pd_ml.errors import EvaluationError
from pd_ml.seeding import seed_of

Pixels = npt.NDArray[np.uint8]
# Below that, the audit has nothing to calibrate on and the other numbers no neighbours.
_AT_LEAST = 4


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Held-out pictures and the first caption of each (empty where it has none); `rows`: which of their splits."""

    captions: tuple[str, ...]
    pixels_NHWC: Pixels
    rows: Mapping[str, Rows]


def held_out(dataset: Path, cache: Path, *, image_size: int, count: int, captioned: bool, seed: int) -> HeldOut:
    """At most `count` examples of validation and test, drawn by the seed; EvaluationError for less than 4."""
    splits = [open_split(dataset, split, image_size=image_size, cache=cache) for split in ("validation", "test")]
    chosen_splits = [split.captioned() if captioned else split for split in splits]
    places = [(split, index) for split in chosen_splits for index in range(len(split))]
    if len(places) < _AT_LEAST:
        kind = "captioned examples" if captioned else "pictures"
        raise EvaluationError(
            f"{dataset}: {len(places)} {kind} in validation and test, expected at least {_AT_LEAST}; "
            "evaluate on a dataset with more"
        )
    order = np.random.default_rng(seed_of(seed, "held-out")).permutation(len(places))[:count]
    chosen = [places[number] for number in order]
    rows = {
        split.split: np.array([split.numbers[i] for one, i in chosen if one is split], np.int64)
        for split in chosen_splits
    }
    return HeldOut(
        captions=tuple((split.captions[index] or ("",))[0] for split, index in chosen),
        pixels_NHWC=np.concatenate([split.pixels([index]) for split, index in chosen]),
        rows=rows,
    )
