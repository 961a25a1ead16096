"""What a bundle's papers are computed from: its facts, read from the bundle itself and counted in its ledger.

Every number of every paper is here or is computed from what is here; a paper is a pure function of `Facts`. Nothing
else is read: no clock, no network, no home. Memory is bounded by the number of models, rules and hosts, not of
pictures.
Errors: BundleError.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from pd_ml.bundle import layout
from pd_ml.bundle.counts import COLUMNS as COLUMNS
from pd_ml.bundle.counts import SCHEMA as SCHEMA
from pd_ml.bundle.counts import Counts as Counts
from pd_ml.bundle.counts import Host as Host
from pd_ml.bundle.counts import OfModel, count
from pd_ml.bundle.counts import ledger_batches as ledger_batches
from pd_ml.bundle.distrust import read_json
from pd_ml.bundle.records import read_dataset, read_record
from pd_ml.data.shards import Manifest
from pd_ml.errors import BundleError
from pd_ml.provenance import RUN, RunRecord

_Read = TypeVar("_Read")


@dataclass(frozen=True, kw_only=True)
class Release:
    """`release.json`: what the operator says and the house knows beside the ledger. Days are `2026-11-30`.

    `bundle` is the bundle's own version. `contact` reaches the provider. `representative` in the Union, "" where there
    is none. `follows_code`: whether the provider signed the Code of Practice. `free_licence` is that of weights that
    saw only free labels. `labels` is the policy of label texts. `languages` counts caption fields by language.
    `refused` counts the items of the archives that rights rules kept out, by verdict and rule. `training_flop` by
    model (`<stage> <version>`), None where it is not computed. `label_origins` counts label fields by what they were
    read from: the first word of where each was seen; `label_credits` captions under CC BY-SA of an earlier system by
    whom to thank for them, "" where nothing says it. `audit` is what a blind audit of decisions found, empty where none
    was made. `detector` says where to have a picture looked at. `download_url` is where the bundle will lie, "" where
    that is not known.
    """

    format_version: int
    bundle: str
    stage: str
    version: str
    released_on: str
    provider: str
    contact: str
    representative: str
    follows_code: bool
    profile: str
    ruleset_version: str
    labels: str
    language: str
    free_licence: str
    user_agent: str
    project_version: str
    commit: str
    download_url: str
    is_continued: bool
    taken_down: int
    languages: Mapping[str, int]
    label_origins: Mapping[str, int]
    label_credits: Mapping[str, int]
    refused: Mapping[str, int]
    training_flop: Mapping[str, float | None]
    audit: Mapping[str, Any]
    previous: tuple[str, ...]
    detector: str


@dataclass(frozen=True, kw_only=True)
class Link:
    """One model of the chain, from its own rows of the ledger: `captions` counts showings by licence of the caption."""

    run: RunRecord
    trained_on: int
    measured_with: int
    times_shown: int
    captions: Mapping[str, int]

    @property
    def name(self) -> str:
        return f"{self.run.stage} {self.run.version}"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that papers are made of. `chain`: the model itself first, then what it was made of, as `run.json` names them.

    `datasets` by version; `evaluation` is `evaluation.json`, `evaluated` the record of that evaluation. `files` are the
    facts' own digests by path, for papers that name weights by digest.
    """

    folder: Path
    release: Release
    chain: tuple[Link, ...]
    evaluated: RunRecord
    evaluation: Mapping[str, Any]
    datasets: Mapping[str, Manifest]
    counts: Counts
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def model(self) -> Link:
        return self.chain[0]

    @property
    def licence(self) -> str:
        """The licence of the weights, which the ledger decides: free only where every shown label text is."""
        return weights_licence(self.counts.texts, self.release.free_licence)


def weights_licence(licences: Collection[str], free: str) -> str:
    """`free` where all label texts of the ledger are free, CC BY-SA 4.0 where one is under it, whatever its count.

    BundleError for a licence that neither knows, and for a free licence that is none.
    """
    if free not in (layout.OPENMDW, layout.CC0):
        raise BundleError(f"free licence {free!r}, expected {layout.OPENMDW} or {layout.CC0}")
    shown = set(licences)
    if unknown := shown - layout.FREE_LABELS - {layout.BY_SA}:
        raise BundleError(
            f"label texts under {', '.join(sorted(unknown))} were shown, expected only {layout.CC0} and "
            f"{layout.BY_SA}; no licence of the weights follows from that"
        )
    return layout.BY_SA if layout.BY_SA in shown else free


def read_facts(folder: Path) -> Facts:
    """The facts of a bundle, finished or in the making; BundleError says what is missing or does not fit."""
    release = read_release(folder)
    chain_runs, evaluated, datasets = _chain(folder, release)
    counts, links = count(folder / layout.LEDGER)
    known = {(run.stage, run.version) for run in chain_runs}
    if strangers := sorted(f"{stage} {version}" for stage, version in links if (stage, version) not in known):
        raise BundleError(f"{folder / layout.LEDGER}: rows of {', '.join(strangers)}, which the chain does not name")
    none = OfModel()
    return Facts(
        folder=folder,
        release=release,
        chain=tuple(_link(run, links.get((run.stage, run.version), none)) for run in chain_runs),
        evaluated=evaluated,
        evaluation=_read(folder / layout.EVALUATION, read_json),
        datasets=datasets,
        counts=counts,
        files=weight_digests(folder, chain_runs[0]),
    )


def read_release(folder: Path) -> Release:
    """What `release.json` says; BundleError where it is missing, of a newer format or lacks a field."""
    path = folder / layout.RELEASE
    raw = _read(path, read_json)
    found = raw.get("format_version")
    if type(found) is not int or found > layout.FORMAT_VERSION:
        raise BundleError(
            f"{path}: format {found}, this program reads up to {layout.FORMAT_VERSION}; verify it with a newer version"
        )
    if found != layout.FORMAT_VERSION:
        raise BundleError(f"{path}: format {found}, expected {layout.FORMAT_VERSION}; have the bundle made again")
    expected = {one.name for one in fields(Release)}
    if wrong := sorted(expected ^ set(raw)):
        raise BundleError(f"{path}: fields {', '.join(wrong)} are missing or unknown; expected those of format {found}")
    return Release(**{**raw, "previous": tuple(raw["previous"])})


def weight_digests(folder: Path, run: RunRecord) -> Mapping[str, str]:
    """SHA-256 of each file of `pipeline/` by its path in the bundle, as the model's record has them."""
    there = (folder / layout.PIPELINE).rglob("*")
    names = sorted(path.relative_to(folder / layout.PIPELINE).as_posix() for path in there if path.is_file())
    return {f"{layout.PIPELINE}/{name}": run.outputs[name] for name in names if name in run.outputs}


def _chain(folder: Path, release: Release) -> tuple[list[RunRecord], RunRecord, Mapping[str, Manifest]]:
    """The records by their way from the model, that of the evaluation, and the datasets by version."""
    runs: dict[str, RunRecord] = {}
    evaluated: RunRecord | None = None
    datasets: dict[str, Manifest] = {}
    for place in sorted((folder / layout.CHAIN).glob("*")):
        if (manifest := place / layout.DATASET_MANIFEST).is_file():
            found = _read(manifest, read_dataset)
            datasets[found.version] = found
            continue
        run = _read(place / RUN, read_record)
        if run.stage == "evaluate":
            evaluated = run
        else:
            runs[run.digest] = run
    own = next((run for run in runs.values() if (run.stage, run.version) == (release.stage, release.version)), None)
    if own is None or evaluated is None:
        missing = f"{release.stage}-{release.version}" if own is None else "the evaluation"
        raise BundleError(f"{folder / layout.CHAIN}: nothing of {missing}; this is half a bundle, have it made again")
    ordered: dict[str, RunRecord] = {}
    waiting = [own]
    while waiting:
        run = waiting.pop(0)
        if run.digest in ordered:
            continue
        ordered[run.digest] = run
        for name, digest in run.inputs.items():
            if name != "dataset" and digest not in runs:
                raise BundleError(
                    f"{folder / layout.CHAIN}: {run.stage} was made of {name} {digest[:16]}, which is missing"
                )
            if name != "dataset":
                waiting.append(runs[digest])
    if extra := [f"{run.stage} {run.version}" for digest, run in runs.items() if digest not in ordered]:
        raise BundleError(f"{folder / layout.CHAIN}: {', '.join(extra)} is no part of the chain")
    return list(ordered.values()), evaluated, datasets


def _link(run: RunRecord, of: OfModel) -> Link:
    return Link(
        run=run,
        trained_on=of.trained_on,
        measured_with=of.measured_with,
        times_shown=of.times_shown,
        captions=dict(sorted(of.captions.items())),
    )


def _read(path: Path, read: Callable[[Path], _Read]) -> _Read:
    """What `read` finds in a file; BundleError that names it where it is missing or is none."""
    if not path.is_file():
        raise BundleError(f"{path} is missing; this is half a bundle, have it made again")
    try:
        return read(path)
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from error
