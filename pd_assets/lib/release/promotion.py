"""Whether a new model takes the place of the old one: both measured on the same held-out pictures by the same CLIP.

Stages that make pictures are judged; what a promoted model was made of goes with it. A number may fall behind by as
much as chance explains and a small share of it, no further. What was judged is kept in `evaluation/promotion/`, before
the pointers `latest` of the models move. Errors: ConfigError.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, write_text
from pd_assets.lib.release.lineage import LATEST, Model, models, require_known, require_proven
from pd_ml.provenance import INIT_FROM

# Stages whose models are judged, each by models of the same stage.
JUDGED = ("transformer", "unet_text", "latent_diffusion", "super_resolution")
# The CLIP in use is that of the first of these that is in use: others do not exchange it.
LEADING = JUDGED[:2]
SHARED = ("tokenizer", "clip")

# A number may be worse by this share of it, and by two standard errors of the difference.
SHARE = 0.05
STANDARD_ERRORS = 2.0
# Above this, a number may as well be chance.
LARGEST_P = 0.05


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number of a report; `spread` is its standard error, or the distance between two sets of real pictures.

    `p` is the likelihood of the number by chance, where the report tells it.
    """

    value: float
    spread: float
    is_better_high: bool
    p: float | None = None

    def is_behind(self, other: "Measure") -> bool:
        """Whether it is worse than the other one, by more than may be chance."""
        most = SHARE * abs(other.value) + STANDARD_ERRORS * math.hypot(self.spread, other.spread)
        worse = other.value - self.value if self.is_better_high else self.value - other.value
        # A number that is none fails every comparison, and so this one.
        return not worse <= most


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What became of a candidate, and why. `replaced` is the version that it was compared with, None for the first.

    `weak` are floors that it misses, `behind` the numbers in which it falls behind; `numbers` has both models' numbers.
    """

    candidate: str
    dataset_version: str
    replaced: str | None
    promoted: bool
    weak: tuple[str, ...]
    behind: tuple[str, ...]
    numbers: Mapping[str, Mapping[str, float]]
    judged_at: str

    @property
    def problems(self) -> tuple[str, ...]:
        return (*self.weak, *self.behind)


def measures(report: Mapping[str, object]) -> dict[str, Measure]:
    """The numbers of an evaluation's report that a model is judged by."""
    return dict(_measures(report))


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The reports on the candidate and on the version in use, which it would replace, measured by the same CLIP."""

    replaced: str
    candidate: Mapping[str, object]
    used: Mapping[str, object]


def judge(
    *,
    candidate: str,
    dataset_version: str,
    report: Mapping[str, object],
    compared: Comparison | None,
    promote_anyway: bool = False,
) -> Judgement:
    """Judge a version by its report, and by the model in use; without one it is promoted."""
    weak = tuple(_weak(measures(report)))
    numbers = {"candidate": _values(report)}
    behind: tuple[str, ...] = ()
    if compared is not None:
        behind = tuple(_behind(measures(compared.candidate), measures(compared.used), compared.replaced))
        numbers |= {
            "candidate_by_the_same_clip": _values(compared.candidate),
            "replaced": _values(compared.used),
        }
    return Judgement(
        candidate=candidate,
        dataset_version=dataset_version,
        replaced=compared.replaced if compared else None,
        promoted=promote_anyway or not behind,
        weak=weak,
        behind=behind,
        numbers=numbers,
        judged_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def settle(home: Home, judgement: Judgement, candidate: Model) -> None:
    """Keep a judgement, then make the candidate and what it was made of `latest`, where it is promoted.

    The candidate comes last: a run that dies between is settled by the next one. ConfigError where one of them learnt
    from pictures without proof, or nobody can tell from which, whatever was judged.
    """
    for model in [*made_of(candidate, models(home)), candidate]:
        require_proven(model.folder, model.run)
        if judgement.promoted:
            require_known(model)
    path = _path(home, judgement.candidate)
    write_text(path, json.dumps(asdict(judgement), indent=1) + "\n")
    home.point("evaluation", "promotion", candidate.stage, judgement.candidate)
    if judgement.promoted:
        for model in [*_brought(home, candidate), candidate]:
            home.point("models", model.stage, LATEST, model.version)


def latest_judgement(home: Home, stage: str) -> Judgement | None:
    """What was judged last of a stage, None where nothing was."""
    version = home.pointed("evaluation", "promotion", stage)
    return earlier_judgement(home, version) if version else None


def latest_judgements(home: Home) -> dict[str, Judgement]:
    """By stage; ConfigError where nothing was judged yet."""
    found = {stage: judgement for stage in JUDGED if (judgement := latest_judgement(home, stage)) is not None}
    if not found:
        raise ConfigError(f"no model in {home.root} was ever judged; materialise evaluation/report first")
    return found


def earlier_judgement(home: Home, candidate: str) -> Judgement | None:
    """What was judged of a version, None where it never was; ConfigError where it cannot be read."""
    path = _path(home, candidate)
    if not path.is_file():
        return None
    try:
        raw = json.loads(path.read_text())
        return Judgement(**{**raw, "weak": tuple(raw["weak"]), "behind": tuple(raw["behind"])})
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path}: not a judgement ({error}); delete it and materialise evaluation/report again"
        ) from error


def made_of(model: Model, known: list[Model]) -> list[Model]:
    """The models that a model was made of, directly or not, those first that others were made of.

    What it started from is none of them: the model needs it no more.
    """
    by_digest = {one.run.digest: one for one in known}
    found: list[Model] = []
    for name, digest in model.run.inputs.items():
        if name != INIT_FROM and (one := by_digest.get(digest)) is not None:
            found += [*made_of(one, known), one]
    return list({one.run.digest: one for one in found}.values())


def _brought(home: Home, candidate: Model) -> list[Model]:
    """What becomes `latest` with a candidate."""
    found = made_of(candidate, models(home))
    leading = next((stage for stage in LEADING if home.pointed("models", stage, LATEST)), None)
    if leading is None or candidate.stage in LEADING[: LEADING.index(leading) + 1]:
        return found
    return [model for model in found if model.stage not in SHARED]


def _path(home: Home, candidate: str) -> Path:
    return home.root / "evaluation" / "promotion" / f"{candidate}.json"


def _values(report: Mapping[str, object]) -> dict[str, float]:
    return {name: measure.value for name, measure in measures(report).items()}


def _weak(found: Mapping[str, Measure]) -> Iterator[str]:
    if not found:
        yield "the report has no number to judge by"
    for name, measure in found.items():
        if not math.isfinite(measure.value):
            yield f"{name} is {measure.value}, which is no number"
        elif measure.p is not None and measure.p > LARGEST_P:
            yield f"{name} is {measure.value:.4g}, which may be chance (p = {measure.p:.2g})"


def _behind(mine: Mapping[str, Measure], other: Mapping[str, Measure], version: str) -> Iterator[str]:
    for name, used in other.items():
        if not math.isfinite(used.value):
            continue
        if name not in mine:
            yield f"{name} was not measured, and is {used.value:.4g} of {version}, which is in use"
        elif mine[name].is_behind(used):
            yield f"{name} is {mine[name].value:.4g}, behind {used.value:.4g} of {version}, which is in use"


def _measures(report: Mapping[str, object]) -> Iterator[tuple[str, Measure]]:
    for name, told in _inner(report, "colour_attributes").items():
        accuracy = _inner(told, "generated")
        share, count = _number(accuracy, "accuracy"), _number(accuracy, "n")
        if count > 0:
            yield (
                f"colour_attributes.{name}",
                Measure(value=share, spread=_of_a_share(share, count), is_better_high=True, p=_number(accuracy, "p")),
            )
    for name, told in _inner(report, "read_attributes").items():
        accuracy = _inner(told, "generated")
        share, count = _number(accuracy, "accuracy"), _number(accuracy, "n")
        if count > 0:
            # Only compared: what a short training cannot draw yet is no flaw of its colours.
            yield f"read_attributes.{name}", Measure(value=share, spread=_of_a_share(share, count), is_better_high=True)
    if score := _inner(_inner(report, "clip_score"), "generated"):
        spread = _number(score, "null_std")
        yield (
            "clip_score",
            Measure(value=_number(score, "value"), spread=spread, is_better_high=True, p=_number(score, "p")),
        )
    if distance := _inner(report, "mmd"):
        floor = abs(_number(distance, "floor_real_vs_real"))
        yield "mmd", Measure(value=_number(distance, "generated"), spread=floor, is_better_high=False)
    if enlargement := _inner(report, "enlargement"):
        yield from _of_enlargement(enlargement)
    for name, told in _inner(report, "clip_retrieval").items():
        if recall := _inner(told, "recall_at_5"):
            share, count = _number(recall, "recall"), _number(recall, "n")
            yield (
                f"clip_retrieval.{name}",
                Measure(value=share, spread=_of_a_share(share, count), is_better_high=True),
            )


def _of_enlargement(told: Mapping[str, object]) -> Iterator[tuple[str, Measure]]:
    """Of an upscaler: what it gains over bicubic enlargement, and how far what it draws is from real pictures."""
    gain = _inner(told, "gain_db")
    yield (
        "gain_db",
        Measure(
            value=_number(gain, "value"),
            spread=_number(gain, "standard_error"),
            is_better_high=True,
            p=_number(gain, "p"),
        ),
    )
    drawn = _inner(_inner(told, "paired_mmd"), "drawn")
    spread = _number(drawn, "standard_error")
    yield "mmd", Measure(value=_number(drawn, "value"), spread=spread, is_better_high=False)


def _of_a_share(share: float, count: float) -> float:
    """The standard error of a share of `count` trials; that of one hit where there was none, or nothing else."""
    least = min(0.5, 1.0 / count)
    return math.sqrt(max(share * (1 - share), least * (1 - least)) / count)


def _inner(told: object, name: str) -> Mapping[str, object]:
    found = told.get(name) if isinstance(told, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _number(told: Mapping[str, object], name: str) -> float:
    found = told.get(name)
    return float(found) if isinstance(found, int | float) else math.nan
