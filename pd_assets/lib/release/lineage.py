"""The models on the disk, and which dataset versions each of them learnt from, through its inputs too."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_ml.provenance import RUN, UNFINISHED, RunRecord, read_run

# `candidate` names the version of a stage that was trained last, `latest` the one that an evaluation promoted.
LATEST, CANDIDATE = "latest", "candidate"


@dataclass(frozen=True, kw_only=True)
class Model:
    """One finished version of a stage.

    `datasets` are the versions that it or a model among its inputs was trained on; `unknown` the inputs that are gone.
    """

    stage: str
    version: str
    folder: Path
    run: RunRecord
    datasets: frozenset[str]
    unknown: frozenset[str]
    is_latest: bool
    is_candidate: bool

    @property
    def is_in_use(self) -> bool:
        return self.is_latest or self.is_candidate

    @property
    def standing(self) -> str:
        """`latest`, `candidate`, or `older`."""
        return "latest" if self.is_latest else "candidate" if self.is_candidate else "older"


def models(home: Home) -> list[Model]:
    """Every finished model, by stage and version; ProvenanceError where nobody can tell what one was made of."""
    runs = dict(_runs(home))
    by_digest = {run.digest: run for run in runs.values()}
    found = []
    for folder, run in runs.items():
        datasets, unknown = _learnt_from(run, by_digest)
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
            )
        )
    return found


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


def trained_on(home: Home, dataset_version: str) -> dict[str, str]:
    """The models that learnt from a dataset version, stage and version, with their standing."""
    return {f"{one.stage} {one.version}": one.standing for one in models(home) if dataset_version in one.datasets}


def _runs(home: Home) -> Iterator[tuple[Path, RunRecord]]:
    for path in sorted((home.root / "models").glob(f"*/*/{RUN}")):
        folder = path.parent
        if folder.name.startswith(".") or folder.name.endswith(UNFINISHED):
            continue
        yield folder, read_run(folder)


def _learnt_from(run: RunRecord, by_digest: dict[str, RunRecord]) -> tuple[frozenset[str], frozenset[str]]:
    datasets, unknown = {run.dataset_version}, set()
    waiting, seen = [run], {run.digest}
    while waiting:
        for name, digest in waiting.pop().inputs.items():
            if name == "dataset" or digest in seen:
                continue
            seen.add(digest)
            if (made_of := by_digest.get(digest)) is None:
                unknown.add(f"{name} {digest[:16]}")
                continue
            datasets.add(made_of.dataset_version)
            waiting.append(made_of)
    return frozenset(datasets), frozenset(unknown)
