"""The models on the disk, what each of them was made of, and where the ledgers are that tell which pictures they saw.

Unknown is never "no": of a model whose record, parents, ledger or datasets cannot be told it is said why, and whoever
asks takes it that it saw everything that it may have seen.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pd_assets.lib.catalog.schemas import MODEL_LEDGER
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.release import members
from pd_assets.lib.release.members import Members
from pd_assets.lib.release.remembered import once
from pd_ml.data.shards import sha256_of
from pd_ml.provenance import LEDGER, RUN, UNFINISHED, RunRecord, Told, read_run, what_is_told

# `candidate` names the version of a stage that was trained last, `latest` the one that an evaluation promoted.
LATEST, CANDIDATE = "latest", "candidate"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A model as what pictures were shown to: `ledger` is the file that tells them, proven by the model's record, or
    None, and `why`. Without one all that the dataset version held may have been shown; `members` seals its list.
    """

    stage: str
    version: str
    dataset_version: str
    members: str
    ledger: Path | None
    why: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.stage, self.version


@dataclass(frozen=True, kw_only=True)
class Model:
    """One finished version of a stage.

    `sources` are the model itself and all that it was made of or started from. `datasets` are the versions that those
    were trained on. `doubts` say why it cannot be told what else it was made of; `unknown` in addition why it cannot be
    told which pictures the datasets held of those sources that have no ledger: empty where all is known. `doubt`: what
    is wrong with its own record. Where that cannot be read, `run` names nothing and proves nothing, and `is_recorded`
    is False. `is_there`: its folder is; else only its ledger and its record were kept.
    """

    stage: str
    version: str
    folder: Path
    run: RunRecord
    sources: tuple[Source, ...]
    datasets: frozenset[str]
    doubts: frozenset[str]
    unknown: frozenset[str]
    is_latest: bool
    is_candidate: bool
    is_recorded: bool = True
    is_there: bool = True
    doubt: str | None = None

    @property
    def is_in_use(self) -> bool:
        return self.is_latest or self.is_candidate

    @property
    def standing(self) -> str:
        """`latest`, `candidate`, `older`, or `removed` where its folder is gone."""
        if not self.is_there:
            return "removed"
        return "latest" if self.is_latest else "candidate" if self.is_candidate else "older"


def models(home: Home) -> list[Model]:
    """Every finished model, by stage and version, also those of which nobody can tell what they were made of."""
    return models_and_members(home)[0]


def all_models(home: Home) -> list[Model]:
    """The same, and those whose folder is gone and whose ledger was kept."""
    told = _all_told(home)
    return _models(home, told, _known(home, told))


def models_and_members(home: Home) -> tuple[list[Model], Members]:
    """Those that are there, with what is known of the datasets that they and others name."""
    told = _all_told(home)
    known = members.known(home, seals=_seals(told.values()))
    return [one for one in _models(home, told, known.unknown) if one.is_there], known


def _models(home: Home, told: Mapping[Path, Told], unknown: Mapping[str, str]) -> list[Model]:
    by_digest = {one.run.digest: folder for folder, one in told.items() if one.run.digest}
    sources = {folder: _source(home, folder, one) for folder, one in told.items()}
    found = []
    for folder, one in told.items():
        ancestry, doubts = _ancestry(folder, told, by_digest)
        of_it = tuple(sources[other] for other in ancestry)
        recorded = [told[other] for other in ancestry if told[other].is_recorded]
        untold = {
            unknown[sources[other].dataset_version]
            for other in ancestry
            if told[other].is_recorded and sources[other].ledger is None and sources[other].dataset_version in unknown
        }
        stage = folder.parent.name
        found.append(
            Model(
                stage=stage,
                version=folder.name,
                folder=folder,
                run=one.run,
                sources=of_it,
                datasets=frozenset(other.run.dataset_version for other in recorded),
                doubts=frozenset(doubts),
                unknown=frozenset(doubts | untold),
                is_latest=folder.name == home.pointed("models", stage, LATEST),
                is_candidate=folder.name == home.pointed("models", stage, CANDIDATE),
                is_recorded=one.is_recorded,
                is_there=folder.is_dir(),
                doubt=one.problem,
            )
        )
    return found


def _all_told(home: Home) -> dict[Path, Told]:
    """What each model says of itself, by its folder, there or not."""
    told = {folder: what_is_told(folder) for folder in _folders(home)}
    # A ledger without its record proves nothing, but that there was a model.
    for path in sorted(home.table(MODEL_LEDGER.key).glob("[!.]*/[!.]*.*")):
        folder = home.model(path.parent.name, path.stem)
        if path.suffix in (".json", ".parquet") and folder not in told:
            told[folder] = what_is_told(folder, record=path.with_suffix(".json"))
    return told


def _known(home: Home, told: Mapping[Path, Told]) -> Mapping[str, str]:
    """Why it is not known what a dataset version held, of those that are asked because a model has no ledger."""
    if all(_source(home, folder, one).ledger is not None for folder, one in told.items() if one.is_recorded):
        return {}
    return members.known(home, seals=_seals(told.values())).unknown


def _seals(told: Iterable[Told]) -> dict[str, list[str]]:
    seals: dict[str, list[str]] = {}
    for one in told:
        if one.is_recorded:
            seals.setdefault(one.run.dataset_version, []).append(one.run.members)
    return seals


def _source(home: Home, folder: Path, told: Told) -> Source:
    stage, version = folder.parent.name, folder.name
    ledger, why = proven_ledger(home, folder, told)
    run = told.run
    return Source(
        stage=stage,
        version=version,
        dataset_version=run.dataset_version,
        members=run.members,
        ledger=ledger,
        why=why,
    )


def proven_ledger(home: Home, folder: Path, told: Told) -> tuple[Path | None, str]:
    """The ledger that a model's record seals, in its folder or in release/ledger; or None, and why."""
    name = f"{folder.parent.name} {folder.name}"
    if not told.is_recorded or told.problem:
        return None, f"{name}: nothing proves its ledger ({told.problem})"
    sealed = told.run.outputs.get(LEDGER) if told.run.seal else None
    if sealed is None:
        return None, f"{name} has no ledger (an older version of this project made it): treated as seen"
    there = [path for path in (folder / LEDGER, kept_ledger(home, folder.parent.name, folder.name)) if path.is_file()]
    for path in there:
        if once(home, path, sha256_of) == sealed:
            return path, ""
    what = "altered since it was written" if there else "missing"
    return None, f"{name}: its {LEDGER} is {what}: treated as seen; restore it from a copy, or train it again"


def kept_ledger(home: Home, stage: str, version: str) -> Path:
    """The part of release/ledger that outlives the model's folder."""
    return home.table(MODEL_LEDGER.key) / stage / f"{version}.parquet"


def kept_record(home: Home, stage: str, version: str) -> Path:
    """The record beside it, which proves it."""
    return kept_ledger(home, stage, version).with_suffix(".json")


def measured_ledgers(home: Home) -> tuple[list[Path], list[tuple[str, str, str]]]:
    """Which pictures models were measured with: a ledger for each evaluation; stage, version and dataset version of the
    models of which an evaluation has no proven one: every model, where it cannot be told which it measured.
    """
    found, without = [], []
    every = _all_told(home)
    of_digest = {one.run.digest: folder for folder, one in every.items() if one.run.digest}
    for folder in sorted((home.root / "evaluation" / "report").glob("[!.]*")):
        if not folder.is_dir() or folder.name.endswith(UNFINISHED):
            continue
        told = what_is_told(folder, stage="evaluate")
        path = folder / LEDGER
        sealed = told.run.outputs.get(LEDGER) if told.problem is None else None
        if sealed is not None and path.is_file() and once(home, path, sha256_of) == sealed:
            found.append(path)
            continue
        if told.problem is not None:
            without += [(one.parent.name, one.name, its.run.dataset_version) for one, its in every.items()]
            continue
        measured = [of_digest[one] for one in told.run.inputs.values() if one in of_digest]
        without += [(one.parent.name, one.name, told.run.dataset_version) for one in measured]
    return found, without


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


def _ancestry(folder: Path, told: Mapping[Path, Told], by_digest: Mapping[str, Path]) -> tuple[list[Path], set[str]]:
    """A model and all that it was made of or started from, itself first; and what nobody can tell of that."""
    doubts: set[str] = set()
    found: dict[Path, None] = {}
    waiting = [folder]
    while waiting:
        one = waiting.pop(0)
        if one in found:
            continue
        found[one] = None
        if problem := told[one].problem:
            doubts.add(problem)
        for name, digest in told[one].run.inputs.items():
            if name == "dataset":
                continue
            if (made_of := by_digest.get(digest)) is None:
                doubts.add(f"{name} of digest {digest[:16]}, which is not here any more")
            else:
                waiting.append(made_of)
    return list(found), doubts
