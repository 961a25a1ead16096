"""The loss of a training over its steps, from the rows of its `metrics.jsonl`, as numbers and as lines to draw.

A training that is under way is read as far as it is; a line that is not whole is passed over. No drawing in here but
where each point lies (`Drawing`): the page writes the SVG.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pd_ml.provenance import METRICS

LOSSES: Mapping[str, str] = {"train_loss": "training", "validation_loss": "held-out pictures"}
# Enough for 700 pixels; what lies between is averaged.
MOST_POINTS = 240
# Above it small changes late in a training would not be seen.
LOG_FROM = 8.0
WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 14, 34


@dataclass(frozen=True, kw_only=True)
class Series:
    """One loss by step, in the order of the steps."""

    name: str
    points: tuple[tuple[float, float], ...]

    @property
    def words(self) -> str:
        return LOSSES[self.name]

    @property
    def first(self) -> float:
        return self.points[0][1]

    @property
    def last(self) -> float:
        return self.points[-1][1]

    @property
    def least(self) -> tuple[float, float]:
        """Step and value of the least one."""
        return min(self.points, key=lambda point: point[1])


@dataclass(frozen=True, kw_only=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A series as the `d` of an SVG path, and its points where they are few."""

    name: str
    words: str
    path: str
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Where everything lies, in the units of a view box of WIDTH by HEIGHT."""

    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    is_log: bool
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def losses(folder: Path) -> list[Series]:
    """The losses that a training noted, each with at least one finite value."""
    found: dict[str, dict[float, float]] = {name: {} for name in LOSSES}
    for row in rows(folder):
        step = _number(row.get("step"))
        for name, points in found.items():
            value = _number(row.get(name))
            if step is not None and value is not None:
                points[step] = value
    return [Series(name=name, points=tuple(sorted(points.items()))) for name, points in found.items() if points]


def rows(folder: Path) -> Iterator[Mapping[str, object]]:
    """The rows of the file; none where there is none."""
    try:
        with (folder / METRICS).open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                if isinstance(row, dict):
                    yield row
    except OSError:
        return


def drawing(several: Sequence[Series]) -> Drawing | None:
    """The lines in one frame, logarithmic where the values span much; None where there is nothing to draw."""
    thinned = [(one, _thinned(one.points)) for one in several]
    values = [value for _, points in thinned for _, value in points]
    steps = [step for _, points in thinned for step, _ in points]
    if not values:
        return None
    low, high = min(values), max(values)
    is_log = low > 0 and high / low > LOG_FROM
    bottom, top = (low, high) if is_log else (min(0.0, low), high)
    if bottom == top:
        bottom, top = bottom - 0.5, top + 0.5

    def across(step: float) -> float:
        span = max(steps) - min(steps) or 1.0
        return round(LEFT + (step - min(steps)) / span * (WIDTH - LEFT - RIGHT), 1)

    def up(value: float) -> float:
        if is_log:
            share = math.log(value / bottom) / math.log(top / bottom)
        else:
            share = (value - bottom) / (top - bottom)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    placed = [(one, tuple((across(step), up(value)) for step, value in points)) for one, points in thinned]
    levels = _log_levels(bottom, top) if is_log else _levels(bottom, top)
    return Drawing(
        lines=tuple(
            Line(
                name=one.name,
                words=one.words,
                path="M" + " L".join(f"{x:g} {y:g}" for x, y in points),
                dots=points if len(points) <= 30 else (),
            )
            for one, points in placed
        ),
        across=tuple(Tick(at=across(step), label=f"{step:,.0f}") for step in _levels(min(steps), max(steps))),
        up=tuple(Tick(at=up(value), label=f"{value:.3g}") for value in levels),
        is_log=is_log,
    )


def table(several: Sequence[Series], *, lines: int = 12) -> list[tuple[str, ...]]:
    """The same for who cannot see it: some steps, evenly spread, the first and the last among them, and each loss then
    (the nearest that was noted before or at it)."""
    steps = sorted({step for one in several for step, _ in one.points})
    if not steps:
        return []
    chosen = sorted({steps[round(place * (len(steps) - 1) / (lines - 1))] for place in range(lines)})
    return [(f"{step:,.0f}", *(_at(one, step) for one in several)) for step in chosen]


def _at(one: Series, step: float) -> str:
    known = [value for at, value in one.points if at <= step]
    return f"{known[-1]:.4g}" if known else ""


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """The first, the last, and means of what lies between."""
    if len(points) <= MOST_POINTS:
        return points
    inner, size = points[1:-1], (len(points) - 2) / (MOST_POINTS - 2)
    cuts = [round(place * size) for place in range(MOST_POINTS - 1)]
    parts = [inner[start:end] for start, end in pairwise(cuts) if end > start]
    means = [tuple(sum(values) / len(part) for values in zip(*part, strict=True)) for part in parts]
    return [points[0], *((step, value) for step, value in means), points[-1]]


def _levels(low: float, high: float) -> list[float]:
    """About five round numbers between two."""
    if high <= low:
        return [low]
    rough = (high - low) / 5
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough)
    first = math.ceil(low / step - 1e-9)
    return [step * place for place in range(first, math.floor(high / step + 1e-9) + 1)]


def _log_levels(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    inside = [level for level in found if low <= level <= high]
    # Three a decade are too many for a long way down.
    return inside if len(inside) <= 9 else [level for level in inside if f"{level:e}".startswith("1.")]


def _number(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return float(value)
