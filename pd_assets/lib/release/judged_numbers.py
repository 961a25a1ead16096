"""The numbers of an evaluation in plain words: each with its floor, whether it keeps it, and how it moved.

The report is that of `pd_ml.evaluation.report`; what a model is judged by, and what counts as worse, is in
promotion.py. Whether a number keeps its floor is None where the floor is only something to read it beside.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pd_assets.lib.home import Home
from pd_assets.lib.release.gates import evaluation_of
from pd_assets.lib.release.lineage import Model
from pd_assets.lib.release.promotion import LARGEST_P, Measure, measures
from pd_ml.provenance import what_is_told

REPORT = "report.json"
BETTER, WORSE, SAME, NEW = "better", "worse", "the same within chance", "new"
COPIES: Mapping[str, str] = {
    "memorisation": "copies of training pictures among drawn ones",
    "memorisation_training_captions": "the same, asked for with training captions",
}
Entry = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number of a report. `key` as in promotion.py where a model is judged by it (`is_judged`)."""

    key: str
    words: str
    value: str
    floor: str
    keeps: bool | None
    plain: float
    is_judged: bool = False
    before: str = ""
    change: str = ""


def numbers(report: Entry) -> list[Number]:
    """Every number that people are told of, in a fixed order; none for what is no report."""
    judged_by = measures(report)
    found = [one for tell in _TELLERS for one in tell(report)]
    return [replace(one, is_judged=one.key in judged_by) for one in found]


def compared(mine: Sequence[Number], of_mine: Entry, of_other: Entry) -> list[Number]:
    """The numbers with what they were in the report on another version, measured by the same CLIP."""
    before = {one.key: one for one in numbers(of_other)}
    now, then = measures(of_mine), measures(of_other)
    return [
        replace(one, before=before[one.key].value, change=_change(now.get(one.key), then.get(one.key)))
        if one.key in before
        else one
        for one in mine
    ]


def _change(now: Measure | None, then: Measure | None) -> str:
    if now is None or then is None:
        return ""
    if now.is_behind(then):
        return WORSE
    return BETTER if then.is_behind(now) else SAME


def read_numbers(folder: Path) -> Entry:
    """The report in a folder; empty where it cannot be read."""
    try:
        found = json.loads((folder / REPORT).read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Reports on a version and on the one before, measured with the same CLIP on the same pictures."""

    of_mine: Entry
    of_other: Entry


def pair_of(home: Home, model: Model, other: Model) -> Pair | None:
    """The two reports that compare two versions of a stage; None where there are none of the same CLIP and dataset."""
    by_rest: dict[str, dict[str, Path]] = {}
    for folder in sorted((home.root / "evaluation" / "report").glob("[!.]*")):
        told = what_is_told(folder, stage="evaluate")
        subject = told.run.inputs.get(model.stage)
        if told.problem is None and subject in (model.run.digest, other.run.digest):
            rest = {name: digest for name, digest in told.run.inputs.items() if name != model.stage}
            by_rest.setdefault(json.dumps(rest, sort_keys=True), {})[str(subject)] = folder
    own = evaluation_of(home, model)
    both = [one for one in by_rest.values() if len(one) == 2]
    # That by its own CLIP is the one whose numbers are shown.
    both.sort(key=lambda one: one[model.run.digest] == own)
    if not both:
        return None
    chosen = both[-1]
    return Pair(of_mine=read_numbers(chosen[model.run.digest]), of_other=read_numbers(chosen[other.run.digest]))


def as_markdown(found: Sequence[Number]) -> str:
    """A table for metadata."""
    with_before = any(one.before for one in found)
    head = ["", "measure", "value", "floor", *(["before", ""] if with_before else [])]
    lines = [
        [_mark(one.keeps), one.words, one.value, one.floor, *([one.before, one.change] if with_before else [])]
        for one in found
    ]
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in rows)


def _mark(keeps: bool | None) -> str:
    return {True: "✓", False: "✗ misses it", None: ""}[keeps]


def _cell(text: str) -> str:
    return text.replace("|", "&#124;").replace("<", "&lt;").replace("\n", " ")


def _colours(report: Entry) -> Iterator[Number]:
    for name, told in _inner(report, "colour_attributes").items():
        drawn = _inner(told, "generated")
        share, p = _real(drawn, "accuracy"), _real(drawn, "p")
        if share is not None:
            yield Number(
                key=f"colour_attributes.{name}",
                words=f"the colour that was asked for ({name}), in drawn pictures",
                value=_percent(share),
                floor=f"{_percent(_real(drawn, 'chance'))} by chance",
                keeps=None if p is None else p <= LARGEST_P,
                plain=share,
            )


def _read(report: Entry) -> Iterator[Number]:
    for name, told in _inner(report, "read_attributes").items():
        drawn, real = _inner(told, "generated"), _inner(told, "real")
        share, p = _real(drawn, "accuracy"), _real(drawn, "p")
        if share is not None:
            yield Number(
                key=f"read_attributes.{name}",
                words=f"what was asked for ({name}), as a network reads it that learnt from real pictures",
                value=_percent(share),
                floor=f"{_percent(_real(drawn, 'chance'))} by chance; real: {_percent(_real(real, 'accuracy'))}",
                keeps=None if p is None else p <= LARGEST_P,
                plain=share,
            )


def _seam(report: Entry) -> Iterator[Number]:
    told = _inner(report, "seam")
    value = _real(told, "generated")
    if value is not None:
        yield Number(
            key="seam",
            words="how much the borders of patches show in drawn pictures",
            value=f"{value:.2f}",
            floor=f"{_figure(told, 'real')} at the same places of real pictures",
            keeps=None,
            plain=value,
        )


def _clip_score(report: Entry) -> Iterator[Number]:
    told = _inner(report, "clip_score")
    drawn, real = _inner(told, "generated"), _inner(told, "real")
    value, p = _real(drawn, "value"), _real(drawn, "p")
    if value is not None:
        yield Number(
            key="clip_score",
            words="how well drawn pictures fit their captions (CLIP score)",
            value=f"{value:.3f}",
            floor=f"{_figure(drawn, 'null_mean')} with captions shuffled; real pictures: {_figure(real, 'value')}",
            keeps=None if p is None else p <= LARGEST_P,
            plain=value,
        )


def _distances(report: Entry) -> Iterator[Number]:
    for name in ("mmd", "kid", "fid"):
        told = _inner(report, name)
        value = _real(told, "generated")
        if value is not None:
            yield Number(
                key=name,
                words=f"distance of drawn to held-out pictures ({name.upper()}, lower is nearer)",
                value=f"{value:.4g}",
                floor=f"{_figure(told, 'floor_real_vs_real')} between real and real",
                keeps=None,
                plain=value,
            )


def _overlap(report: Entry) -> Iterator[Number]:
    told = _inner(report, "prdc")
    drawn, real = _inner(told, "generated"), _inner(told, "floor_real_vs_real")
    words = {
        "precision": "drawn pictures that look like real ones",
        "coverage": "real pictures that drawn ones are near",
    }
    for name, said in words.items():
        if (value := _real(drawn, name)) is not None:
            yield Number(
                key=f"prdc.{name}",
                words=f"{said} ({name})",
                value=_percent(value),
                floor=f"{_percent(_real(real, name))} between real and real",
                keeps=None,
                plain=value,
            )


def _enlargement(report: Entry) -> Iterator[Number]:
    told = _inner(report, "enlargement")
    gain = _inner(told, "gain_db")
    value, p = _real(gain, "value"), _real(gain, "p")
    if value is not None:
        yield Number(
            key="gain_db",
            words="what enlarging gains over bicubic, in dB of PSNR",
            value=f"{value:+.2f} dB",
            floor="0 dB: bicubic",
            keeps=None if p is None else p <= LARGEST_P and value > 0,
            plain=value,
        )
    ways = _inner(told, "paired_mmd")
    drawn = _real(_inner(ways, "drawn"), "value")
    if drawn is not None:
        yield Number(
            key="mmd",
            words="distance of drawn pictures to the originals (paired MMD, lower is nearer)",
            value=f"{drawn:.4g}",
            floor=f"{_figure(_inner(ways, 'bicubic'), 'value')} of bicubic",
            keeps=None,
            plain=drawn,
        )


def _clip_itself(report: Entry) -> Iterator[Number]:
    """What the CLIP that measures is good for."""
    for direction, by_rank in _inner(report, "clip_retrieval").items():
        found = _inner(by_rank, "recall_at_5")
        if (share := _real(found, "recall")) is not None:
            words = f"the CLIP that measures finds the right one among its first five ({direction.replace('_', ' ')})"
            yield _above_chance(f"clip_retrieval.{direction}", words, share, found)
    for asked, of_label in _inner(report, "clip_zero_shot").items():
        if (share := _real(of_label, "accuracy")) is not None:
            words = f"the CLIP that measures names what a held-out picture shows ({asked})"
            yield _above_chance(f"clip_zero_shot.{asked}", words, share, of_label)


def _above_chance(key: str, words: str, share: float, found: object) -> Number:
    """Above chance by more than two standard errors of it."""
    chance, count = _real(found, "chance"), _real(found, "n")
    keeps = None
    if chance is not None and count:
        keeps = share > chance + 2 * math.sqrt(chance * (1 - chance) / count)
    floor = f"{_percent(chance)} by chance"
    return Number(key=key, words=words, value=_percent(share), floor=floor, keeps=keeps, plain=share)


def _copies(report: Entry) -> Iterator[Number]:
    for name, words in COPIES.items():
        audit = _inner(report, name)
        drawn, floor = _inner(audit, "generated"), _inner(audit, "held_out_floor")
        share, exceeds = _real(drawn, "share"), audit.get("exceeds_floor")
        if share is not None:
            yield Number(
                key=f"{name}.share",
                words=words,
                value=f"{_percent(share)} ({drawn.get('copies')} of {drawn.get('n')})",
                floor=f"{_percent(_real(floor, 'share'))} of real held-out pictures",
                keeps=not exceeds if isinstance(exceeds, bool) else None,
                plain=share,
            )


_TELLERS: Sequence[Callable[[Entry], Iterator[Number]]] = (
    *(_colours, _read, _clip_score, _seam, _enlargement, _distances, _overlap, _copies, _clip_itself),
)


def _inner(told: object, name: str) -> Entry:
    found = told.get(name) if isinstance(told, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _real(told: object, name: str) -> float | None:
    found = told.get(name) if isinstance(told, Mapping) else None
    is_number = isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found)
    return float(found) if is_number and isinstance(found, int | float) else None


def _percent(share: float | None) -> str:
    return "not known" if share is None else f"{share:.1%}"


def _figure(told: object, name: str) -> str:
    value = _real(told, name)
    return "not known" if value is None else f"{value:.3g}"
