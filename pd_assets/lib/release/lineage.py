"""The models on the disk, and which dataset versions each of them learnt from, through its inputs too.

Unknown is never "no": of a model whose record, parents or datasets cannot be told it is said why, and whoever asks
takes it that it saw everything.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.release import members
from pd_assets.lib.release.members import Members
from pd_ml.provenance import RUN, UNFINISHED, RunRecord, Told, read_run, what_is_told

# `candidate` names the version of a stage that was trained last, `latest` the one that an evaluation promoted.
LATEST, CANDIDATE = "latest", "candidate"


@dataclass(frozen=True, kw_only=True)
class Model:
    """One finished version of a stage.

    `datasets` are the versions that it or a model among its inputs was trained on; `unknown` says why it cannot be told
    what else it saw: empty where all is known. `doubt`: what is wrong with its own record. Where that cannot be read,
    `run` names nothing and proves nothing, and `is_recorded` is False.
    """

    stage: str
    version: str
    folder: Path
    run: RunRecord
    datasets: frozenset[str]
    unknown: frozenset[str]
    is_latest: bool
    is_candidate: bool
    is_recorded: bool = True
    doubt: str | None = None

    @property
    def is_in_use(self) -> bool:
        return self.is_latest or self.is_candidate

    @property
    def standing(self) -> str:
        """`latest`, `candidate`, or `older`."""
        return "latest" if self.is_latest else "candidate" if self.is_candidate else "older"


@dataclass(kw_only=True)
class _Past:
    """What a model learnt from, as far as its record and those of its inputs tell."""

    datasets: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)


def models(home: Home) -> list[Model]:
    """Every finished model, by stage and version, also those of which nobody can tell what they were made of."""
    return models_and_members(home)[0]


def models_and_members(home: Home) -> tuple[list[Model], Members]:
    """The same, with what is known of the datasets that they and others name."""
    records = {folder: what_is_told(folder) for folder in _folders(home)}
    by_digest = {one.run.digest: one for one in records.values() if one.run.digest}
    seals: dict[str, list[str]] = {}
    for one in records.values():
        if one.is_recorded:
            seals.setdefault(one.run.dataset_version, []).append(one.run.members)
    known = members.known(home, seals=seals)
    found = []
    for folder, one in records.items():
        run, past = one.run, _past_of(one, by_digest)
        untold = {known.unknown[version] for version in past.datasets if version in known.unknown}
        datasets, unknown = frozenset(past.datasets), frozenset(past.unknown | untold)
        stage = folder.parent.name
        found.append(
            Model(
                stage=stage,
                version=folder.name,
                folder=folder,
                run=run,
                datasets=datasets,
                unknown=unknown,
                is_latest=folder.name == home.pointed("models", stage, LATEST),
                is_candidate=folder.name == home.pointed("models", stage, CANDIDATE),
                is_recorded=one.is_recorded,
                doubt=one.problem,
            )
        )
    return found, known


def newest(home: Home, stage: str) -> Path | None:
    """The version of a stage that was trained last, promoted or not; None where there is none."""
    for pointer in (CANDIDATE, LATEST):
        version = home.pointed("models", stage, pointer)
        if version and home.model(stage, version).is_dir():
            return home.model(stage, version)
    return None


def trained_last(home: Home, stage: str) -> Path:
    """As `newest`, its weights on this disk; ConfigError where no version of the stage is finished."""
    folder = newest(home, stage)
    if folder is None:
        raise ConfigError(f"no finished version of models/{stage} in {home.root}; materialise models/{stage} first")
    home.fetched(folder)
    return folder


def model_in(home: Home, folder: Path) -> Model:
    """The model in a folder; ProvenanceError where nobody can tell what it was made of."""
    read_run(folder)
    return next(model for model in models(home) if model.folder == folder)


def require_proven(folder: Path, run: RunRecord) -> None:
    """ConfigError where a model, or one that it was made of or started from, learnt from pictures without proof."""
    if not run.proven:
        raise ConfigError(
            f"{folder}: trained on pictures without the proof of their rights (`proven` is false in {RUN}); expected a "
            "model of exported datasets alone; it is neither put in use nor released: train it on dataset/manifest"
        )


def require_known(model: Model) -> None:
    """ConfigError where nobody can tell which pictures a model saw: it may have seen what is no longer free."""
    if model.unknown:
        raise ConfigError(
            f"{model.folder}: not known which pictures it saw ({'; '.join(sorted(model.unknown))}); it is not put in "
            "use: run pdd run build_dataset, which mends the lists that can be mended, or train it again"
        )


def trained_on(home: Home, dataset_version: str) -> dict[str, str]:
    """The models that learnt from a dataset version, stage and version, with their standing."""
    return {f"{one.stage} {one.version}": one.standing for one in models(home) if dataset_version in one.datasets}


def _folders(home: Home) -> Iterator[Path]:
    """The folders of finished models: each with anything in it, since a record may be what is missing."""
    for folder in sorted((home.root / "models").glob("[!.]*/[!.]*")):
        if folder.is_dir() and not folder.name.endswith(UNFINISHED) and any(folder.iterdir()):
            yield folder


def _past_of(record: Told, by_digest: dict[str, Told]) -> _Past:
    past = _Past()
    waiting, seen = [record], {record.run.digest}
    while waiting:
        one = waiting.pop()
        if one.problem:
            past.unknown.add(one.problem)
        if one.is_recorded:
            past.datasets.add(one.run.dataset_version)
        for name, digest in one.run.inputs.items():
            if name == "dataset" or digest in seen:
                continue
            seen.add(digest)
            if (made_of := by_digest.get(digest)) is None:
                past.unknown.add(f"{name} {digest[:16]}")
                continue
            waiting.append(made_of)
    return past
