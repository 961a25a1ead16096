"""The pictures that a stage learns from: squares or aspect buckets, some of them mirrored where that is asked for.

Which pictures a batch holds and which of them are mirrored are functions of (seed, step). A batch is of one bucket.
Shapes: B examples, H height, W width, C channels, N examples of a bucket.
"""

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pd_ml.config import DiffusionConfig, TransformerConfig
from pd_ml.data.buckets import Buckets, open_buckets
from pd_ml.data.loader import Examples, Pixels, Rows, flips, open_split
from pd_ml.training.sampler import Sampler

# What a mirrored picture would make untrue, in the languages that captions come in.
_SIDES = re.compile(
    r"\b(left|right|links?e?[nrs]?|rechte?[nrs]?|rechts|gauche|droite?|izquierd[ao]|derech[ao]|sinistr[ao]|destr[ao]|"
    r"esquerd[ao]|direit[ao]|leftmost|rightmost|lefthand|righthand)\b",
    re.IGNORECASE,
)


class Pictures:
    """The training pictures of a stage. `heeds_captions`: it reads them, the share `caption_dropout` excepted, and a
    picture whose captions tell of sides is never mirrored."""

    def __init__(
        self,
        examples: Examples | Buckets,
        *,
        seed: int,
        flips: bool,
        heeds_captions: bool,
        caption_dropout: float | None = None,
    ) -> None:
        self.buckets = in_buckets(examples)
        self.sampler = Sampler.of_pictures(
            self.buckets, seed=seed, reads_captions=heeds_captions, dropout=caption_dropout
        )
        self._seed = seed
        self._mirrored = [_may_be_mirrored(one, heeds_captions) for one in self.buckets.examples] if flips else None

    def __len__(self) -> int:
        return len(self.buckets)

    def pixels(self, bucket: int, indices: Rows, step: int) -> Pixels:
        """Those pictures as the batch of `step` shows them, BHWC."""
        examples = self.buckets.examples[bucket]
        if self._mirrored is None:
            return examples.pixels(indices)
        return examples.pixels(indices, flipped=flips(self._seed, step, indices) & self._mirrored[bucket][indices])


def rows_of(*several: Examples) -> Rows:
    """Which rows of their split, in its written order, some examples are."""
    return np.concatenate([np.zeros(0, dtype=np.int64), *(examples.numbers for examples in several)])


def in_buckets(examples: Examples | Buckets) -> Buckets:
    """Squares are one bucket."""
    return examples if isinstance(examples, Buckets) else Buckets.of(examples)


def open_pictures(config: DiffusionConfig | TransformerConfig, dataset: Path, split: str, *, cache: Path) -> Buckets:
    """A split as `config` wants it: in aspect buckets of at least a batch each, or as squares."""
    if not config.buckets:
        return Buckets.of(open_split(dataset, split, image_size=config.image_size, cache=cache))
    least = config.training.batch_size if split == "train" else 1
    return open_buckets(dataset, split, image_size=config.image_size, cache=cache, least=least)


def _may_be_mirrored(examples: Examples, heeds_captions: bool) -> npt.NDArray[np.bool_]:
    """N."""
    if not heeds_captions:
        return np.ones(len(examples), dtype=np.bool_)
    told = [any(_SIDES.search(caption) for caption in captions) for captions in examples.captions]
    return ~np.array(told, dtype=np.bool_)
