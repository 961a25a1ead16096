"""The numbers of an evaluation for people: each with its floor or chance level, its interval and its sample size.

`evaluation.json` is `report.json` of `pd_ml.evaluation.report`. A measure that is not known here is shown as it is,
number by number, but for those that say how it was measured. The audit of copies is in memorisation.py.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from pd_ml.bundle.measures import CIRCUMSTANCES, Z_95, wilson
from pd_ml.bundle.papers.writing import number

Entry = Mapping[str, Any]
AUDIT = "memorisation"
_FIDELITY = {
    "psnr_db": "PSNR in dB (higher is better)",
    "ssim": "SSIM (higher is better)",
    "high_frequency_ratio": "fine detail to that of the originals (1 is right, below is blur)",
}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One number. `metric` is its short name, `beside` what it is to be read beside; `chance` where that is a number.

    `low` and `high` are a 95% interval, None where there is none. `n` is None where the report names no sample size.
    """

    name: str
    metric: str
    value: float
    beside: str
    n: int | None
    low: float | None = None
    high: float | None = None
    chance: float | None = None

    @property
    def interval(self) -> str:
        return "" if self.low is None or self.high is None else f"{number(self.low)} to {number(self.high)}"

    @property
    def is_no_better_than_chance(self) -> bool:
        """Whether its interval, or itself where it has none, reaches down to chance."""
        lowest = self.value if self.low is None else self.low
        return self.chance is not None and lowest <= self.chance


def measures(evaluation: Entry) -> list[Measured]:
    """Every number of a report but those of the audit of copies, in a fixed order."""
    found: list[Measured] = []
    for name, entry in sorted(evaluation.items()):
        if isinstance(entry, Mapping) and name not in ("inputs", "sampling") and not name.startswith(AUDIT):
            found += _KNOWN.get(name, _as_it_is)(name, entry)
    return found


def judge_of(evaluation: Entry) -> str:
    """The digest of the CLIP that numbers in CLIP space were measured with, "" where none was."""
    for entry in evaluation.values():
        by = entry.get("measured_by") if isinstance(entry, Mapping) else None
        if isinstance(by, Mapping) and isinstance(by.get("clip"), str):
            return str(by["clip"])
    return ""


def _distance(name: str, entry: Entry) -> Iterator[Measured]:
    """MMD, KID, FID: how far drawn pictures are from held-out ones, beside how far real ones are."""
    if not _is_number(entry.get("generated")):
        yield from _as_it_is(name, entry)
        return
    floor = f"{number(entry.get('floor_real_vs_real'))} (real to real, standard deviation {_n(entry, 'floor_std')})"
    yield Measured(
        name=f"{name.upper()} of drawn to held-out pictures, lower is better",
        metric=name,
        value=float(entry["generated"]),
        beside=f"{floor}; p {_n(entry, 'p')}; {_n(entry, 'reference_n')} held-out",
        n=_count(entry),
    )


def _overlap(name: str, entry: Entry) -> Iterator[Measured]:
    """Precision, recall, density and coverage, beside those of real pictures."""
    drawn, floor = _part(entry, "generated"), _part(entry, "floor_real_vs_real")
    for kind in ("precision", "recall", "density", "coverage"):
        if _is_number(drawn.get(kind)):
            yield Measured(
                name=f"{kind} of drawn pictures, higher is better",
                metric=f"{name}_{kind}",
                value=float(drawn[kind]),
                beside=f"{_n(floor, kind)} (real pictures); {_n(drawn, 'reference_n')} held-out",
                n=_count(drawn),
            )


def _clip_score(name: str, entry: Entry) -> Iterator[Measured]:
    """How well pictures match their texts, beside real pictures and shuffled texts."""
    drawn, real = _part(entry, "generated"), _part(entry, "real")
    if _is_number(drawn.get("value")):
        shuffled = f"{_n(drawn, 'null_mean')} (texts shuffled, standard deviation {_n(drawn, 'null_std')})"
        yield Measured(
            name="CLIP score of drawn pictures with their texts, higher is better",
            metric=name,
            value=float(drawn["value"]),
            beside=f"{_n(real, 'value')} (real pictures), {shuffled}; p {_n(drawn, 'p')}",
            n=_count(drawn),
        )


def _retrieval(name: str, entry: Entry) -> Iterator[Measured]:
    """How often the CLIP that measures finds a held-out picture by its text, and the reverse."""
    for direction, by_rank in sorted(entry.items()):
        for rank, found in sorted(by_rank.items()) if isinstance(by_rank, Mapping) else ():
            if isinstance(found, Mapping) and _is_number(found.get("recall")):
                words = f"the CLIP that measures: {direction.replace('_', ' ')}, recall at {_n(found, 'at')}"
                yield _share(words, f"{name}_{direction}_{rank}", found, "recall")


def _zero_shot(name: str, entry: Entry) -> Iterator[Measured]:
    """Which label a held-out picture shows, by the CLIP that measures."""
    for asked, found in sorted(entry.items()):
        if isinstance(found, Mapping) and _is_number(found.get("accuracy")):
            words = f"the CLIP that measures: names the right one of {_n(found, 'labels')} labels ({asked})"
            yield _share(words, f"{name}_{asked}", found, "accuracy")


def _colours(name: str, entry: Entry) -> Iterator[Measured]:
    """Whether drawn pictures have the colours that their texts name, by pixels alone."""
    for asked, found in sorted(entry.items()):
        drawn, real = (_part(found, which) for which in ("generated", "real"))
        if _is_number(drawn.get("accuracy")):
            beside = f"{_n(real, 'accuracy')} (real pictures), {_n(drawn, 'most_common')} (always the commonest)"
            words = f"drawn pictures have the colour that the text names ({asked})"
            yield _share(words, f"{name}_{asked}", drawn, "accuracy", beside=beside)


def _enlargement(name: str, entry: Entry) -> Iterator[Measured]:
    """What an upscaler adds to bicubic enlargement, on held-out pictures."""
    plain = _part(entry, "bicubic")
    for way in ("expected", "drawn"):
        of_way = _part(entry, way)
        for kind, words in _FIDELITY.items():
            if _is_number(of_way.get(kind)):
                yield Measured(
                    name=f"{words} of the {way} picture",
                    metric=f"{name}_{way}_{kind}",
                    value=float(of_way[kind]),
                    beside=f"{_n(plain, kind)} (bicubic)",
                    n=_count(of_way) or _count(_part(entry, "gain_db")),
                )
    gain = ("gain_db", "PSNR in dB over bicubic, expected picture", "0 (bicubic)")
    nearer = ("mmd_gain", "nearer to the originals than bicubic (paired MMD), drawn picture", "0 (bicubic)")
    estimates = [(key, _part(entry, key), words, beside) for key, words, beside in (gain, nearer)]
    estimates += [
        (f"paired_mmd_{way}", found, f"paired MMD to the originals, {way}, lower is better", "0 (the originals)")
        for way, found in sorted(_part(entry, "paired_mmd").items())
        if isinstance(found, Mapping)
    ]
    yield from (
        _estimate(f"{name}_{key}", found, words, beside)
        for key, found, words, beside in estimates
        if _is_number(found.get("value"))
    )


def _estimate(metric: str, found: Entry, words: str, beside: str) -> Measured:
    """A mean with its standard error."""
    value, error = float(found["value"]), found.get("standard_error")
    half = Z_95 * float(error) if _is_number(error) else None
    return Measured(
        name=words,
        metric=metric,
        value=value,
        beside=f"{beside}; p {_n(found, 'p')}",
        n=_count(found),
        low=None if half is None else value - half,
        high=None if half is None else value + half,
    )


def _share(words: str, metric: str, found: Entry, key: str, *, beside: str = "") -> Measured:
    value, n = float(found[key]), _count(found)
    low, high = wilson(value, n) if n and 0 <= value <= 1 else (None, None)
    chance = float(found["chance"]) if _is_number(found.get("chance")) else None
    told = f"{number(chance)} (chance)" if chance is not None else ""
    return Measured(
        name=words,
        metric=metric,
        value=value,
        beside=", ".join(part for part in (beside, told) if part),
        n=n,
        low=low,
        high=high,
        chance=chance,
    )


def _as_it_is(name: str, entry: Entry) -> Iterator[Measured]:
    for key, value in sorted(entry.items()):
        if isinstance(value, Mapping) and key != "measured_by":
            yield from _as_it_is(f"{name}.{key}", value)
        elif _is_number(value) and key not in CIRCUMSTANCES:
            path = f"{name}.{key}"
            yield Measured(name=path, metric=path.replace(".", "_"), value=float(value), beside="", n=_count(entry))


_KNOWN: Mapping[str, Callable[[str, Entry], Iterator[Measured]]] = {
    "mmd": _distance,
    "kid": _distance,
    "fid": _distance,
    "prdc": _overlap,
    "clip_score": _clip_score,
    "clip_retrieval": _retrieval,
    "clip_zero_shot": _zero_shot,
    "colour_attributes": _colours,
    "enlargement": _enlargement,
}


def _part(entry: object, key: str) -> Entry:
    found = entry.get(key) if isinstance(entry, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _n(entry: Entry, key: str) -> str:
    return number(entry.get(key))


def _count(entry: Entry) -> int | None:
    found = entry.get("n")
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
