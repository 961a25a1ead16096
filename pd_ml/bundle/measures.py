"""The numbers of an evaluation, each with the pictures that it was measured on and its interval where it has one.

Any report of `pd_ml.evaluation` is read, whatever it measured: what is missing there is missing here. Names are the
paths in the report, as its record has them (`pd_ml.evaluation.report.summary`).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# Numbers that say how something was measured, not what came out.
CIRCUMSTANCES = frozenset(
    {"at", "calibrated_on", "copies", "distance", "floor_std", "high", "hits", "kernel_width", "labels", "left_out"}
    | {"low", "mmd_kernel_width", "most_common", "n", "n_asked", "neighbours", "null_mean", "null_std", "permutations"}
    | {"copies_high", "copies_low", "mean_distance", "measured_on", "share_of_training", "shown_from", "shown_to"}
    | {"patch", "ratio", "reference_n", "sample_steps", "seed", "standard_error", "training_pictures"}
)
_NOT_MEASURED = ("inputs", "sampling")
# Standard errors on either side of a mean, at 95%.
Z_95 = 1.96
# Parts of names: of what was drawn, and of copies among it told apart by the training pictures that are nearest.
_DRAWN = frozenset({"generated", "by_exposure", "by_typicality"})
_OF_COPIES = "share_of_copies"
_DRAWN_FOR_TRAINING = "memorisation_training_captions"


@dataclass(frozen=True, kw_only=True)
class Measure:
    """`slice` is like "held-out n=218", "" where the report does not say how many; `low` and `high` are at 95%."""

    name: str
    value: float
    slice: str
    low: float | None = None
    high: float | None = None


def measures(evaluation: Mapping[str, object]) -> tuple[Measure, ...]:
    """Every number that a report measured, in the order of their names."""
    parts = {name: value for name, value in sorted(evaluation.items()) if name not in _NOT_MEASURED}
    return tuple(one for name, value in parts.items() if isinstance(value, Mapping) for one in _of(value, (name,)))


def _of(node: Mapping[str, object], path: tuple[str, ...]) -> Iterator[Measure]:
    for name, value in sorted(node.items()):
        if isinstance(value, Mapping):
            yield from _of(value, (*path, name))
        elif isinstance(value, list | tuple):
            for place, one in enumerate(value):
                if isinstance(one, Mapping):
                    yield from _of(one, (*path, name, _band(one, place)))
        elif (found := number(value)) is not None and name not in CIRCUMSTANCES:
            low, high = _interval(node, name, found)
            yield Measure(
                name=".".join((*path, name)), value=found, slice=_slice(node, (*path, name)), low=low, high=high
            )


def _band(one: Mapping[str, object], place: int) -> str:
    """The name of a band of training pictures, as `pd_ml.evaluation.originals` tells them apart."""
    if isinstance(name := one.get("band"), str):
        return name
    return f"shown {one['shown_from']} to {one['shown_to']}" if {"shown_from", "shown_to"} <= set(one) else f"{place}"


def number(value: object) -> float | None:
    """`value` where it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def _slice(node: Mapping[str, object], path: tuple[str, ...]) -> str:
    """Which pictures a number is of, and how many."""
    count = number(node.get("n")) or number(node.get("calibrated_on"))
    if count is None or path[-1] == _OF_COPIES:
        return ""
    if "floor_real_vs_real" in path:
        whose = "training"
    elif "control_copies" in path:
        whose = "noised copies of training pictures"
    elif _DRAWN & set(path) or (path[-1] == "p" and "reference_n" in node):
        whose = "generated for training captions" if path[0] == _DRAWN_FOR_TRAINING else "generated"
    else:
        whose = "held-out"
    against = number(node.get("reference_n"))
    return f"{whose} n={count:.0f}" + (f" against held-out n={against:.0f}" if against is not None else "")


def _interval(node: Mapping[str, object], name: str, value: float) -> tuple[float | None, float | None]:
    """That of the report; of a share of so many the Wilson interval; of a mean by its standard error."""
    if name == "share":
        return number(node.get("low")), number(node.get("high"))
    if name == _OF_COPIES:
        return number(node.get("copies_low")), number(node.get("copies_high"))
    error = number(node.get("standard_error"))
    if name == "value" and error is not None:
        return value - Z_95 * error, value + Z_95 * error
    count = number(node.get("n"))
    if count and (name == "accuracy" or (name == "recall" and "at" in node)):
        return wilson(value, count)
    return None, None


def wilson(share: float, count: float) -> tuple[float, float]:
    """Wilson 1927, as `pd_ml.evaluation.memorisation`, which needs torch."""
    centre = (share + Z_95**2 / (2 * count)) / (1 + Z_95**2 / count)
    half = Z_95 / (1 + Z_95**2 / count) * math.sqrt(max(0.0, share * (1 - share) / count + Z_95**2 / (4 * count**2)))
    return max(0.0, centre - half), min(1.0, centre + half)
