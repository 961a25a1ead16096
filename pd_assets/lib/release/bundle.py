"""A bundle: what may be handed out of a model, in `release/<model>/<version>/`, with the proof of it.

The facts are gathered here: weights, records and ledgers as they were written, and what the house knows beside them.
Papers, digests, signature and the last check are `python -m pd_ml papers`, `sign` and `verify`, as anybody runs them. A
bundle exists only when it was verified. Errors: ConfigError, NotReleasable, and what the children say.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq

from pd_assets.lib.catalog.schemas import EVIDENCE, FILES, ITEMS, MODEL_LEDGER, Table
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.child import run_pd_ml
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home, alone, remove_folder
from pd_assets.lib.release import gates
from pd_assets.lib.release.asking import ROWS, Parts, looking_at
from pd_assets.lib.release.checking import fingerprint, verify_bundle
from pd_assets.lib.release.lineage import Model, kept_record
from pd_assets.lib.release.operator import NotReleasable, Operator, missing_of, operator_of
from pd_assets.lib.release.promotion import JUDGED
from pd_assets.lib.release.said import said
from pd_assets.lib.settings import Settings
from pd_ml.data.shards import MANIFEST
from pd_ml.provenance import LEDGER, METRICS, READABLE, RUN, TENSORBOARD

LATEST = "latest"
CHAIN, EVALUATION = "chain", "evaluate-"
# Of a model's folder what is no part of its weights: it lies elsewhere in the bundle, or nowhere.
_BESIDE = frozenset({RUN, LEDGER, METRICS, READABLE})


def all_reasons(home: Home, stage: str, version: str, *, settings: Settings, failed: Sequence[str] = ()) -> list[str]:
    """All that keeps a model from being released today; `failed` are checks of the platform that failed last, or were
    never made.
    """
    of_model = gates.reasons(home, stage, version, profile=settings.rights_profile)
    return [*missing_of(settings), *of_model, *(f"check: {one}" for one in failed)]


def out_of_date(home: Home, folder: Path, stage: str, version: str) -> list[str]:
    """Why a bundle is not what the gates judge, which look at the home's own model and at its newest evaluation."""
    problems = []
    run = home.model(stage, version) / RUN
    if run.is_file() and run.read_bytes() != (folder / RUN).read_bytes():
        problems.append(f"chain: {folder / RUN} is not that of {run.parent}; release it again")
    evaluation = gates.evaluation_of(home, gates.released_model(home, stage, version))
    newest = f"{EVALUATION}{evaluation.name}" if evaluation is not None else "none"
    made_with = sorted(path.name for path in (folder / CHAIN).glob(f"{EVALUATION}*"))
    if made_with != [newest]:
        problems.append(
            f"evaluation: the bundle was made with {', '.join(made_with) or 'none'}, and the newest is {newest}; "
            "release it again"
        )
    return problems


def make_bundle(
    home: Home, stage: str, version: str, *, settings: Settings, failed: Sequence[str] = (), today: date | None = None
) -> Path:
    """The folder of the finished bundle of a model; one of the same content that is there already is only verified.

    NotReleasable with all reasons where the gates refuse it.
    """
    if reasons := all_reasons(home, stage, version, settings=settings, failed=failed):
        raise NotReleasable(f"{stage} {version}", reasons)
    operator = operator_of(settings)
    model = gates.released_model(home, stage, version)
    with alone(_shelf(home, stage), f"the release of {stage}"):
        gathered = _Gathered.of(home, model, operator, settings)
        bundle = gathered.version
        done = _shelf(home, stage) / bundle
        if not done.is_dir():
            with _in_the_making(done) as partial:
                gathered.write(partial, bundle, today or datetime.now(UTC).date())
                _child("papers", str(partial))
                _child("sign", str(partial), "--key", str(operator.key))
                verify_bundle(partial, operator.key)
                partial.rename(done)
        else:
            verify_bundle(done, operator.key)
        home.point("release", stage, LATEST, bundle)
    return done


def bundles(home: Home, stage: str) -> list[Path]:
    """The finished bundles of a model, in the order of their versions' names."""
    there = _shelf(home, stage).glob("[!.]*")
    return sorted(folder for folder in there if (folder / MANIFEST).is_file())


def _latest(home: Home) -> Iterator[Path]:
    """The latest bundle of each model; one that a purge took is none."""
    for stage in JUDGED:
        if (folder := home.latest("release", stage)) is not None:
            yield folder


def unverified(home: Home, key: Path | None) -> list[str]:
    """What `python -m pd_ml verify` finds wrong with the latest bundles; `key`: the operator's, where it is set."""
    problems = []
    for folder in _latest(home):
        try:
            verify_bundle(folder, key)
        except PdError as error:
            problems.append(str(error))
    return problems


def refused_today(home: Home, *, profile: str) -> list[str]:
    """What keeps the models of the latest bundles from being released today, each with the bundle."""
    problems = []
    for folder in _latest(home):
        name = f"{folder.parent.name}/{folder.name}"
        try:
            version = json.loads((folder / "release.json").read_text(encoding="utf-8"))["version"]
            reasons = gates.reasons(home, folder.parent.name, version, profile=profile)
            reasons += out_of_date(home, folder, folder.parent.name, version)
            problems += [f"{name}: {reason}" for reason in reasons]
        except (PdError, OSError, ValueError, KeyError) as error:
            problems.append(f"{name}: cannot be told: {error}")
    return problems


def _shelf(home: Home, stage: str) -> Path:
    folder = home.root / "release" / stage
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _in_the_making(done: Path) -> Iterator[Path]:
    """A folder of the same name elsewhere: a signature names the folder that it is about."""
    partial = done.parent / ".partial" / done.name
    shutil.rmtree(partial.parent, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
    finally:
        remove_folder(partial.parent)


def _child(*arguments: str) -> None:
    run_pd_ml(arguments, lambda event: None)


@dataclass(frozen=True, kw_only=True)
class _Gathered:
    """All that goes into a bundle before its papers are written."""

    home: Home
    model: Model
    chain: Sequence[Model]
    evaluation: Path
    datasets: Mapping[str, Path]
    said: Mapping[str, object]
    key: str

    @staticmethod
    def of(home: Home, model: Model, operator: Operator, settings: Settings) -> "_Gathered":
        chain = gates.chain_of(home, model)
        evaluation = gates.evaluation_of(home, model)
        assert evaluation is not None, "the gates asked for it"
        datasets = {
            version: folder
            for version in gates.dataset_versions(home, model, chain)
            if (folder := gates.dataset_folder(home, version)) is not None
        }
        told = said(home, model, chain, operator, settings, datasets, [one.name for one in bundles(home, model.stage)])
        return _Gathered(
            home=home,
            model=model,
            chain=chain,
            evaluation=evaluation,
            datasets=datasets,
            said=told,
            key=fingerprint(operator.key),
        )

    @property
    def version(self) -> str:
        """16 hexadecimal digits over what the bundle is made of and the key that signs it, but for the day."""
        made_of = [self.model.run.digest, self.evaluation.name, {**self.said, "previous": []}, self.key]
        return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]

    def write(self, folder: Path, bundle: str, today: date) -> None:
        """The facts of the bundle."""
        self._weights(folder / "pipeline")
        for one in self.chain:
            place = folder / CHAIN / f"{one.stage}-{one.version}"
            source = one.sources[0].ledger
            assert source is not None, "the gates asked for it"
            record = one.folder / RUN if one.is_there else kept_record(self.home, one.stage, one.version)
            _copy(record, place / RUN)
            _copy(source, place / LEDGER)
        place = folder / CHAIN / f"{EVALUATION}{self.evaluation.name}"
        for name in (RUN, LEDGER):
            _copy(self.evaluation / name, place / name)
        for version, dataset in self.datasets.items():
            _copy(dataset / MANIFEST, folder / CHAIN / f"dataset-{version}" / MANIFEST)
        _copy(self.model.folder / RUN, folder / RUN)
        _copy(self.evaluation / gates.REPORT, folder / "evaluation.json")
        _copy(self.evaluation / gates.SAMPLES, folder / gates.SAMPLES)
        of_evaluation = self.evaluation / LEDGER
        ledgers = [one for one in gates.ledgers_of(self.home, self.model) if one != of_evaluation]
        _write_ledger(self.home, ledgers, of_evaluation, folder / LEDGER)
        said = {**self.said, "bundle": bundle, "released_on": today.isoformat()}
        text = json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        (folder / "release.json").write_text(text, encoding="utf-8")

    def _weights(self, target: Path) -> None:
        for name in sorted(self.model.run.outputs):
            path = Path(name)
            if name not in _BESIDE and path.parts[0] != TENSORBOARD and path.suffix != ".png":
                _copy(self.model.folder / path, target / path)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write_ledger(home: Home, ledgers: Sequence[Path], of_evaluation: Path, target: Path) -> None:
    inputs: dict[str, Table | Parts] = {
        "ledgers": Parts(table=MODEL_LEDGER, paths=tuple(ledgers)),
        "looked_at": Parts(table=MODEL_LEDGER, paths=(of_evaluation,)),
        "items": ITEMS,
        "files": FILES,
        "evidence": EVIDENCE,
    }
    with looking_at(home, inputs) as connection:
        reader = connection.sql(load("bundle_ledger")).to_arrow_reader(ROWS)
        schema = reader.schema
        with pq.ParquetWriter(
            target,
            schema,
            compression="zstd",
            use_dictionary=["stage", "version", "split", "relation", "rule_id", "source", "media_host", "seen_on"],
            write_page_checksum=True,
        ) as writer:
            for batch in reader:
                writer.write_batch(batch)
