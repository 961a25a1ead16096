"""The colour oracle: is the sky of a picture the colour that its caption says? It looks at pixels alone, no CLIP.

What to look for comes from a JSON file: for each attribute a region (`top`: upper quarter of the rows, `bottom`: lower
quarter) and for each value the phrase that captions use and the colour it stands for. Under "read" it may name what a
trained reader (reader.py) looks for: the phrase of each value, and whether it may say that it cannot be told. Errors:
EvaluationError.

Shapes: N pictures, H height, W width, C channels.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pd_ml.errors import EvaluationError
from pd_ml.evaluation.metrics import binomial_p

Pixels = npt.NDArray[np.uint8]
REGIONS = ("top", "bottom")


@dataclass(frozen=True, kw_only=True)
class ColourValue:
    """`phrase` is searched in captions without regard to case; `rgb` is its palette colour, 0..255."""

    name: str
    phrase: str
    rgb: tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class ColourAttribute:
    """Something that has one of several colours, at the top or the bottom of the picture."""

    name: str
    region: str
    values: tuple[ColourValue, ...]


@dataclass(frozen=True, kw_only=True)
class NamedValue:
    """`phrase` is searched in captions as whole words, without regard to case."""

    name: str
    phrase: str


@dataclass(frozen=True, kw_only=True)
class NamedAttribute:
    """Something that captions name and a reader sees. `strict`: the reader may say that it cannot be told."""

    name: str
    strict: bool
    values: tuple[NamedValue, ...]


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Hits among `n` pictures whose caption names exactly one value; the others are `left_out`.

    `chance` is one over the number of values, `most_common` what always saying the most frequent value would reach.
    """

    accuracy: float
    hits: int
    n: int
    left_out: int
    chance: float
    most_common: float
    p: float


def read_attributes(path: Path) -> tuple[ColourAttribute, ...]:
    """The attributes of a JSON file; EvaluationError where it is missing or of another shape."""
    try:
        raw = json.loads(path.read_text())
        return tuple(_attribute(name, entry) for name, entry in raw["attributes"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EvaluationError(
            f'{path}: not an attribute file ({type(error).__name__}: {error}); expected {{"attributes": {{NAME: '
            '{"region": "top"|"bottom", "values": {VALUE: {"phrase": TEXT, "rgb": [R, G, B]}}}}}'
        ) from error


def attributes_to_read(path: Path) -> tuple[NamedAttribute, ...]:
    """What the file has under "read", if it has that; EvaluationError where it is missing or of another shape."""
    try:
        return tuple(_to_read(name, entry) for name, entry in json.loads(path.read_text()).get("read", {}).items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EvaluationError(
            f'{path}: nothing that can be read of pictures ({type(error).__name__}: {error}); expected {{"read": '
            '{NAME: {"strict": true|false, "values": {VALUE: {"phrase": TEXT}}}}}'
        ) from error


def named_value(attribute: ColourAttribute, caption: str) -> str | None:
    """The value that the caption names, if it names exactly one."""
    named = [value.name for value in attribute.values if value.phrase.lower() in caption.lower()]
    return named[0] if len(named) == 1 else None


def value_shown(attribute: NamedAttribute, captions: Iterable[str]) -> str | None:
    """The value that a picture's captions name, if all of them together name exactly one."""
    text = "\n".join(captions)
    named = [
        value.name
        for value in attribute.values
        if re.search(rf"(?<!\w){re.escape(value.phrase)}(?!\w)", text, re.IGNORECASE)
    ]
    return named[0] if len(named) == 1 else None


def seen_values(attribute: ColourAttribute, pixels_NHWC: Pixels) -> list[str]:
    """The value whose colour is nearest to the median colour of the region, for each picture."""
    rows = max(1, pixels_NHWC.shape[1] // 4)
    region_NHWC = pixels_NHWC[:, :rows] if attribute.region == "top" else pixels_NHWC[:, -rows:]
    median_NC = np.median(region_NHWC.reshape(len(pixels_NHWC), -1, 3), axis=1)
    palette_VC = np.array([value.rgb for value in attribute.values], dtype=float)
    nearest_N = ((median_NC[:, None] - palette_VC[None]) ** 2).sum(-1).argmin(1)
    return [attribute.values[index].name for index in nearest_N]


def colour_accuracy(attribute: ColourAttribute, pixels_NHWC: Pixels, captions: Sequence[str]) -> Accuracy:
    """How often the picture shows what its caption names."""
    named = [named_value(attribute, caption) for caption in captions]
    return accuracy_of(attribute, named, seen_values(attribute, pixels_NHWC))


def accuracy_of(
    attribute: ColourAttribute | NamedAttribute, named: Sequence[str | None], seen: Sequence[str | None]
) -> Accuracy:
    """How often a value is seen that is named; EvaluationError where none is. What is seen as None is a miss."""
    pairs = [(says, shows) for says, shows in zip(named, seen, strict=True) if says]
    if not pairs:
        phrases = ", ".join(repr(value.phrase) for value in attribute.values)
        raise EvaluationError(f"attribute {attribute.name}: no caption names exactly one of {phrases}; check the file")
    hits, chance = sum(says == shows for says, shows in pairs), 1 / len(attribute.values)
    says_all = [says for says, _ in pairs]
    return Accuracy(
        accuracy=hits / len(pairs),
        hits=hits,
        n=len(pairs),
        left_out=len(named) - len(pairs),
        chance=chance,
        most_common=max(says_all.count(value.name) for value in attribute.values) / len(pairs),
        p=binomial_p(hits, len(pairs), chance),
    )


def _attribute(name: str, entry: dict[str, object]) -> ColourAttribute:
    region, values = entry["region"], entry["values"]
    if region not in REGIONS:
        raise ValueError(f"region of {name} is {region!r}")
    if not isinstance(values, dict) or len(values) < 2:
        raise ValueError(f"{name} needs at least two values")
    return ColourAttribute(name=name, region=str(region), values=tuple(_value(n, v) for n, v in values.items()))


def _value(name: str, entry: dict[str, object]) -> ColourValue:
    rgb = entry["rgb"]
    if not isinstance(rgb, list) or len(rgb) != 3:
        raise ValueError(f"rgb of {name} is {rgb!r}")
    red, green, blue = (int(channel) for channel in rgb)
    return ColourValue(name=name, phrase=str(entry["phrase"]), rgb=(red, green, blue))


def _to_read(name: str, entry: dict[str, object]) -> NamedAttribute:
    strict, values = entry["strict"], entry["values"]
    if not isinstance(strict, bool):
        raise ValueError(f"strict of {name} is {strict!r}")
    if not isinstance(values, dict) or len(values) < 2:
        raise ValueError(f"{name} needs at least two values")
    return NamedAttribute(name=name, strict=strict, values=tuple(_named_value(n, v) for n, v in values.items()))


def _named_value(name: str, entry: dict[str, object]) -> NamedValue:
    phrase = entry["phrase"]
    if not isinstance(phrase, str) or not phrase.strip():
        raise ValueError(f"phrase of {name} is {phrase!r}")
    return NamedValue(name=name, phrase=phrase.strip())
