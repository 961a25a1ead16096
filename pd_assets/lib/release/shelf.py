"""The models of a home for people: every version with its standing, also those under way, damaged or gone; the sheets
that were drawn of it; its evaluation beside that of the version before; and its bundles.

A sheet on which pictures of the dataset are seen is told of only where none of them was withdrawn since.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pd_assets.lib.errors import ConfigError, PdError
from pd_assets.lib.home import Home
from pd_assets.lib.release import curves, publishing
from pd_assets.lib.release.bundle import bundles, out_of_date
from pd_assets.lib.release.gates import COPYLEFT_LABELS, evaluation_of, reasons, shown_licences
from pd_assets.lib.release.judged_numbers import Number, compared, numbers, pair_of, read_numbers
from pd_assets.lib.release.lineage import CANDIDATE, LATEST, Model, all_models
from pd_assets.lib.release.pedigree import STAGES
from pd_assets.lib.release.promotion import JUDGED, Judgement, earlier_judgement
from pd_assets.lib.release.publishing import Parcel
from pd_ml.errors import ProvenanceError
from pd_ml.provenance import PREVIEWS, TENSORBOARD, TRAIN_CONFIG, UNFINISHED

SAMPLES, REAL_AND_DRAWN = "samples.png", "real_and_drawn.png"
# On their sheets pictures of the dataset stand beside drawn ones.
MIXED = ("vae", "super_resolution")
NEAREST = {"nearest_by_clip.png": "by CLIP", "nearest_by_pixels.png": "pixel by pixel"}
UNDER_WAY, DAMAGED, GONE = "under way", "damaged", "removed"
PREVIEWS_SHOWN = 24
# TensorBoard puts the second into the name of its file, and the seal of a run is over that name.
_BEGUN = re.compile(rf"(?:{TENSORBOARD}/)?events\.out\.tfevents\.(\d{{1,11}})\.")


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a stage. `standing`: as of a model, or UNDER_WAY, DAMAGED, GONE; `problem`: why. `begun_at`: when
    its training began, or went on; None where its record does not tell.
    """

    stage: str
    version: str
    folder: Path
    standing: str
    problem: str = ""
    begun_at: datetime | None = None
    model: Model | None = None

    @property
    def is_readable(self) -> bool:
        return self.model is not None and self.model.is_recorded


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A drawn sheet; `key` names it in an address. `is_mixed`: pictures of the dataset are on it as well."""

    key: str
    path: Path
    words: str
    is_mixed: bool = False


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """What an evaluation found. `against` is the version that the numbers are compared with."""

    folder: Path
    numbers: tuple[Number, ...]
    judgement: Judgement | None
    against: str = ""

    def changed(self, how: str) -> list[Number]:
        return [one for one in self.numbers if one.change == how]


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A finished bundle, with what its card says of its licence."""

    parcel: Parcel
    released_on: str

    @property
    def version(self) -> str:
        return self.parcel.folder.name


def versions(home: Home) -> list[Version]:
    """Every version by stage in the order of the line, of a stage those in use first, then the newest."""
    found = [*map(_finished, all_models(home)), *_under_way(home)]
    order = list(STAGES)
    standing = [LATEST, CANDIDATE, UNDER_WAY, "older", DAMAGED, GONE]

    def key(one: Version) -> tuple[int, str, int, float]:
        place = order.index(one.stage) if one.stage in order else len(order)
        begun = one.begun_at.timestamp() if one.begun_at else 0.0
        return place, one.stage, standing.index(one.standing), -begun

    return sorted(found, key=key)


def find(home: Home, stage: str, version: str) -> Version:
    """The version that is called so; ConfigError with those that there are."""
    known = [one for one in versions(home) if one.stage == stage]
    for one in known:
        if one.version == version:
            return one
    there = ", ".join(one.version for one in known) or "none"
    raise ConfigError(f"found no model {stage} {version}; of {stage} there are here: {there}")


def _finished(model: Model) -> Version:
    if not model.is_there:
        problem = model.doubt or "its folder was removed; which pictures it saw is still known"
        standing = GONE
    else:
        problem = model.doubt or ""
        standing = model.standing if model.is_recorded else DAMAGED
    return Version(
        stage=model.stage,
        version=model.version,
        folder=model.folder,
        standing=standing,
        problem=problem,
        begun_at=_begun(model.run.outputs if model.is_recorded else ()),
        model=model,
    )


def _under_way(home: Home) -> Iterator[Version]:
    for folder in sorted((home.root / "models").glob(f"[!.]*/[!.]*{UNFINISHED}")):
        if folder.is_dir():
            yield Version(
                stage=folder.parent.name,
                version=folder.name.removesuffix(UNFINISHED),
                folder=folder,
                standing=UNDER_WAY,
                problem="its training is under way, or was stopped: run it again to go on from its checkpoint",
                begun_at=_begun(path.name for path in (folder / TENSORBOARD).glob("*")),
            )


def progress(one: Version) -> tuple[int, int] | None:
    """Steps so far and in all, of a training under way; None where that is not known."""
    last = 0
    for row in curves.rows(one.folder):
        if isinstance(step := row.get("step"), int):
            last = max(last, step)
    try:
        config = json.loads((one.folder / "export" / TRAIN_CONFIG).read_text())
        steps = config["training"]["steps"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (last, steps) if isinstance(steps, int) and steps > 0 else None


def sheets(home: Home, one: Version, *, with_mixed: bool) -> list[Sheet]:
    """The sheets of a version: previews by step, the last one, that of its evaluation. Those that are mixed only where
    they may be shown."""
    is_mixed = one.stage in MIXED
    found = [
        Sheet(key=f"step-{step}", path=path, words=f"after {step:,} steps", is_mixed=is_mixed)
        for step, path in _previews(one.folder)
    ]
    last = one.folder / SAMPLES
    if last.is_file():
        found.append(Sheet(key="samples", path=last, words="when it was finished", is_mixed=is_mixed))
    # The report on a model names its CLIP as well: it is about those that draw.
    is_subject = one.model is not None and one.is_readable and is_judged(one.stage)
    report = evaluation_of(home, one.model) if is_subject and one.model is not None else None
    if report is not None:
        drawn = report / SAMPLES
        if drawn.is_file():
            found.append(Sheet(key="evaluation", path=drawn, words="drawn for its evaluation", is_mixed=is_mixed))
        if (beside := report / REAL_AND_DRAWN).is_file():
            words = "held-out pictures, and below each what was drawn for its caption"
            found.append(Sheet(key="real-and-drawn", path=beside, words=words, is_mixed=True))
        for name, by in NEAREST.items():
            if (report / name).is_file():
                words = f"drawn pictures, each with the training pictures nearest to it {by}"
                found.append(Sheet(key=Path(name).stem, path=report / name, words=words, is_mixed=True))
    return [sheet for sheet in found if with_mixed or not sheet.is_mixed]


def _previews(folder: Path) -> list[tuple[int, Path]]:
    """Evenly chosen where there are many, the first and the last among them."""
    there = []
    for path in (folder / PREVIEWS).glob(f"step-*/{SAMPLES}"):
        number = path.parent.name.removeprefix("step-")
        if number.isdecimal():
            there.append((int(number), path))
    there.sort()
    if len(there) <= PREVIEWS_SHOWN:
        return there
    return [there[round(place * (len(there) - 1) / (PREVIEWS_SHOWN - 1))] for place in range(PREVIEWS_SHOWN)]


def evaluated(home: Home, model: Model) -> Evaluated | None:
    """The newest evaluation of a model, beside the version that it replaced or would replace; None without one."""
    folder = evaluation_of(home, model)
    if folder is None:
        return None
    judgement = judgement_of(home, model)
    found, against = numbers(read_numbers(folder)), ""
    if judgement is not None and judgement.replaced:
        of_stage = [one for one in all_models(home) if one.stage == model.stage]
        other = next((one for one in of_stage if one.version == judgement.replaced), None)
        pair = pair_of(home, model, other) if other is not None and other.is_recorded else None
        if pair is not None:
            found, against = compared(found, pair.of_mine, pair.of_other), judgement.replaced
    return Evaluated(folder=folder, numbers=tuple(found), judgement=judgement, against=against)


def judgement_of(home: Home, model: Model) -> Judgement | None:
    """How it was judged; None where it was not, or nobody can read it."""
    try:
        return earlier_judgement(home, model.version)
    except PdError:
        return None


def bundles_of(home: Home, model: Model) -> list[Bundle]:
    """The bundles of a model that lie here, the latest first; one that cannot be read is none."""
    latest = home.pointed("release", model.stage, LATEST)
    found = []
    for folder in bundles(home, model.stage) if (home.root / "release" / model.stage).is_dir() else ():
        told = _told_by(folder)
        if told.get("version") == model.version:
            with suppress(PdError):
                parcel = publishing.find(home, f"{model.stage}@{folder.name}")
                found.append(Bundle(parcel=parcel, released_on=str(told.get("released_on", ""))))
    return sorted(found, key=lambda one: (one.version == latest, one.released_on), reverse=True)


def refused(home: Home, model: Model, bundle: Bundle, *, profile: str) -> list[str]:
    """All that keeps a bundle from being handed out today; what cannot be told is a reason."""
    looks: Sequence[Callable[[], list[str]]] = (
        lambda: reasons(home, model.stage, model.version, profile=profile),
        lambda: out_of_date(home, bundle.parcel.folder, model.stage, model.version),
    )
    found: list[str] = []
    for look in looks:
        try:
            found += look()
        except (PdError, ProvenanceError, OSError) as error:
            found.append(f"cannot be told: {error}")
    return found


def licence_of(home: Home, model: Model, *, free: str) -> str:
    """The licence of the weights: `free` where nothing but free label texts was shown; else that of the texts."""
    shown = {licence for licence, times in shown_licences(home, model).items() if times}
    return ", ".join(sorted(shown.intersection(COPYLEFT_LABELS))) or free


def _told_by(folder: Path) -> Mapping[str, object]:
    try:
        told = json.loads((folder / "release.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def is_judged(stage: str) -> bool:
    return stage in JUDGED


def _begun(files: Iterable[str]) -> datetime | None:
    """When a training began, or went on for the last time, by the names of what it wrote; None where none says it."""
    told = [int(found[1]) for name in files if (found := _BEGUN.match(name))]
    return datetime.fromtimestamp(max(told), tz=UTC) if told else None
