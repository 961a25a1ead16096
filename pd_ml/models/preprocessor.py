"""What a CLIP's image tower reads: size and colour scale of a picture, in transformers' `preprocessor_config.json`.

Errors: TokenizerError.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from transformers import CLIPImageProcessorPil

from pd_ml.errors import TokenizerError

PREPROCESSOR = "preprocessor_config.json"

# What OpenAI's CLIP was trained with, and whoever left out to measure their own (2103.00020).
_OPENAI_MEAN, _OPENAI_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True, kw_only=True)
class PictureFormat:
    """Centre square of `size_px`; pixels in [0, 1] less `mean`, divided by `std`, for red, green and blue."""

    size_px: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


def plain_format(size_px: int) -> PictureFormat:
    """Pixels in [-1, 1]: nothing is known of the pictures yet but their size."""
    return PictureFormat(size_px=size_px, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def openai_format(size_px: int) -> PictureFormat:
    """The colour scale of every CLIP that says nothing else."""
    return PictureFormat(size_px=size_px, mean=_OPENAI_MEAN, std=_OPENAI_STD)


def image_processor(found: PictureFormat) -> CLIPImageProcessorPil:
    """Preparation of a PIL picture, resized as the training data is (pd_ml/data/loader.py)."""
    return CLIPImageProcessorPil(
        size={"shortest_edge": found.size_px},
        crop_size={"height": found.size_px, "width": found.size_px},
        resample=Image.Resampling.LANCZOS,
        image_mean=list(found.mean),
        image_std=list(found.std),
    )


def save_format(folder: Path, found: PictureFormat) -> None:
    """Write `preprocessor_config.json`."""
    image_processor(found).save_pretrained(folder)


def read_format(folder: Path) -> PictureFormat:
    """What `preprocessor_config.json` says, in today's words or in those of CLIPFeatureExtractor (a bare number)."""
    path = folder / PREPROCESSOR
    try:
        raw = json.loads(path.read_text())
        return PictureFormat(
            size_px=_side(raw.get("crop_size") or raw["size"]),
            mean=_three(raw.get("image_mean", _OPENAI_MEAN)),
            std=_three(raw.get("image_std", _OPENAI_STD)),
        )
    except FileNotFoundError as error:
        raise TokenizerError(
            f"{folder}: no {PREPROCESSOR}, which says how large pictures are; train the tokenizer again, "
            "or write one with convert-tokenizer"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TokenizerError(f"{path}: not the preprocessor of a CLIP ({error!r}); take it out or mend it") from error


def _side(size: object) -> int:
    found = size
    if isinstance(size, Mapping):
        found = size.get("height", size.get("shortest_edge"))
        if size.get("width", found) != found:
            raise ValueError(f"pictures of {size}, expected a square")
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise ValueError(f"size {size!r}, expected a number of pixels")
    return found


def _three(values: object) -> tuple[float, ...]:
    if not isinstance(values, list | tuple) or len(values) != 3:
        raise ValueError(f"{values!r}, expected a number for red, green and blue")
    return tuple(float(value) for value in values)
