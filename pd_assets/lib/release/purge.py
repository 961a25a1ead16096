"""Remove what a home holds of some pictures: the pictures, and whatever was made of them that shows them.

What fails or is damaged costs nothing else: it is listed. What cannot be told to be without them counts as holding
them; all of it can be made again. Models stay, with the list of what they saw. What Dagster's own history shows of past
runs is not in the home.
"""

import json
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pd_assets.lib.catalog.schemas import TABLES
from pd_assets.lib.dataset.exported import pictures_of
from pd_assets.lib.dataset.history import HALF_A_REST, keep_rest, rest_of
from pd_assets.lib.drawing.kept import Kept
from pd_assets.lib.home import Home, remove_caches, remove_folder
from pd_assets.lib.release import members
from pd_assets.lib.release.lineage import Model, models_and_members
from pd_assets.lib.release.members import UNREADABLE, Members
from pd_assets.lib.release.pruning import dataset_of
from pd_ml.data import shards
from pd_ml.errors import ProvenanceError
from pd_ml.provenance import JOB, PREVIEWS, RUN, TENSORBOARD, UNFINISHED, parse_run, what_is_told

# These draw pictures of the dataset beside their own. The numbers of TensorBoard are in metrics.jsonl too.
_SHOW_THE_DATASET = ("vae", "super_resolution")
_SHEETS_OF_A_MODEL = ("samples.png", f"{PREVIEWS}/*/*", f"{TENSORBOARD}/*")
_SHEETS_OF_A_REPORT = ("samples.png", "real_and_drawn.png", "nearest_by_*.png")
P = ParamSpec("P")
_TABLES = {key.partition("/")[2] for key in TABLES if key.startswith("dataset/")}


@dataclass(frozen=True, kw_only=True)
class Purged:
    """What was removed: `files` of the store and `sheets` by their paths under PD_HOME, the others by version. `left`:
    what is still there, and why.
    """

    files: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    latents: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def purge_pictures(home: Home, items: set[str], digests: set[str]) -> Purged:
    """Remove some pictures from the store, with every dataset version that holds one or may, every version of
    models/latents that was made of such a dataset, and every sheet on which one may be seen.
    """
    work = _Purge(home=home, items=items, digests=set(digests))
    work.all()
    return work.done()


def may_hold(folder: Path, items: set[str], digests: set[str]) -> bool:
    """Whether an export that has no list in dataset/members holds one of some pictures, or cannot be told not to."""
    try:
        for batch in pictures_of(folder):
            rows = batch.select(["item_id", "stored_sha256"]).to_pylist()
            if any(row["item_id"] in items or row["stored_sha256"] in digests for row in rows):
                return True
    except UNREADABLE:
        return True
    return False


def made_of_it(model: Model, held: set[str]) -> bool:
    """Whether a model was made of such a dataset, or cannot be told not to be."""
    return model.doubt is not None or model.run.dataset_version in held


def shown_on(home: Home, models: Iterable[Model], held: set[str], items: set[str]) -> list[Path]:
    """The sheets and pages on which pictures of such datasets, or some items, may be seen."""
    work = _Purge(home=home, items=items, digests=set())
    return [*work.sheets(models, held), *work.audits(), *work.bundles(held)]


@dataclass(kw_only=True)
class _Purge:
    """One purge under way. `digests` grows by what the datasets tell of the items' pictures in the store."""

    home: Home
    items: set[str]
    digests: set[str]
    removed: dict[str, list[str]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def done(self) -> Purged:
        removed = {name: tuple(found) for name, found in self.removed.items()}
        return Purged(left=tuple(self.left), **removed)

    def all(self) -> None:
        # What the datasets' folders prove is known afterwards, and what goes with them is not forgotten.
        self._try("dataset/members", members.repair_members, self.home)
        models, known = models_and_members(self.home)
        held = self._versions(known)
        doomed = [folder for folder in self._folders() if self._may_hold(folder, held, known)]
        held |= {folder.name for folder in doomed}
        self._forget_trainings(doomed)
        self._keep_rests(doomed)
        for folder in doomed:
            self._remove("datasets", f"{folder.parent.name}/{folder.name}", folder)
        for model in models:
            if model.stage == "latents" and made_of_it(model, held):
                self._remove("latents", model.version, model.folder)
        self._try("pictures in the store", self._store)
        sheets = [*self.sheets(models, held), *self.audits()]
        for path in sheets:
            self._unlink("sheets", path)
        self._try("what was drawn of it", self._drawn)
        for folder in self.bundles(held):
            self._remove("sheets", str(folder.relative_to(self.home.root)), folder)
        # Halves of what was removed or kept, and what was set aside as damaged: nobody can tell what it shows.
        halves = ("*/*/.*.removed", f"dataset/*/{HALF_A_REST}")
        for pattern in (*halves, "*drawn/.*.removed", ".damaged/dataset", ".damaged/models", ".damaged/images"):
            for path in self.home.root.glob(pattern):
                self._try(str(path), shutil.rmtree, path)

    def _versions(self, known: Members) -> set[str]:
        """The dataset versions that held one of the pictures, or of which nobody can tell."""
        held = set(known.unknown)
        for version, path in known.parts.items():
            try:
                if any(self._chosen(batch).num_rows for batch in members.held(path)):
                    held.add(version)
            except UNREADABLE:
                held.add(version)
        return held

    def _chosen(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows of one of the pictures; of two columns, item and SHA-256 in the store."""
        wanted = ((batch.column(0), self.items), (batch.column(1), self.digests))
        items, digests = (pc.is_in(column, pa.array(sorted(chosen), pa.string())) for column, chosen in wanted)
        return batch.filter(pc.or_(items, digests))

    def _folders(self) -> list[Path]:
        """The folders of exports, finished or not."""
        found = sorted((self.home.root / "dataset").glob("[!.]*/[!.]*"))
        return [path for path in found if path.is_dir() and path.parent.name not in _TABLES and any(path.iterdir())]

    def _may_hold(self, folder: Path, held: set[str], known: Members) -> bool:
        """Whether an export holds one of the pictures, or cannot be told to be without them."""
        named = self._is_named(folder)
        is_known = folder.name in known.parts and folder.name not in known.unknown
        return folder.name in held or bool(named) or (named is None and not is_known)

    def _is_named(self, folder: Path) -> bool | None:
        """Whether the list in a folder or its shards name one of the pictures, None where they cannot be read; notes
        under which digests the store has them.
        """
        found = False
        try:
            for batch in pictures_of(folder):
                more = -1
                # The same picture under another item is found by its digest.
                while more != len(self.digests):
                    more = len(self.digests)
                    self.digests.update(self._chosen(batch)["stored_sha256"].drop_null().to_pylist())
                found = found or bool(self._chosen(batch).num_rows)
            return found or any(map(self._is_in_shard, sorted(folder.glob("*.parquet"))))
        except UNREADABLE:
            return True if found else None

    def _is_in_shard(self, path: Path) -> bool:
        with pq.ParquetFile(path) as file:
            batches = file.iter_batches(columns=["item_id"])
            return any(self.items.intersection(batch["item_id"].to_pylist()) for batch in batches)

    def _keep_rests(self, doomed: Collection[Path]) -> None:
        """Leave the other shards of what is exported for the next export, and none of what earlier purges left."""
        for name in sorted(
            path.name for path in (self.home.root / "dataset").glob("[!.]*") if path.name not in _TABLES
        ):
            current = self.home.dataset(name, self.home.pointed("dataset", name, "exported") or "none")
            rest = rest_of(self.home, name)
            folder = current if current in doomed else rest
            if folder.is_dir() and not self._try(str(folder), keep_rest, self.home, folder, self._chosen):
                self._try(str(rest), remove_folder, rest)

    def _forget_trainings(self, doomed: Iterable[Path]) -> None:
        """What trainings decoded of datasets that go, and unfinished trainings of stages that show them, stopped or
        under way: these fail, and begin anew on another one.
        """
        doomed = list(doomed)
        if not doomed:
            return
        kept = {digest for folder in self._folders() if folder not in doomed and (digest := _digest(folder))}
        gone = {_digest(folder) for folder in doomed}
        for digest in filter(None, gone):
            self._try(f"what was decoded of dataset {digest}", remove_caches, self.home.root, digest)
        if None in gone:
            # Whose digest cannot be read any more: all that is of no dataset that stays.
            for path in self.home.root.glob("*/*/.cache/*"):
                if not any(path.name.startswith(digest[:16]) for digest in kept):
                    self._try(str(path), shutil.rmtree if path.is_dir() else Path.unlink, path)
        for stage in ("latents", *_SHOW_THE_DATASET):
            for path in self.home.root.glob(f"models/{stage}/*{UNFINISHED}/{JOB}"):
                begun_on = dataset_of(path.parent)
                if begun_on in gone or begun_on is None or (None in gone and begun_on not in kept):
                    self._try(str(path.parent), remove_folder, path.parent)

    def _store(self) -> None:
        for digest in sorted(self.digests):
            for path in self.home.matching(f"images/{digest[:2]}/{digest}.*"):
                self._unlink("files", path)

    def _drawn(self) -> None:
        """The results that began with one of the pictures, and what somebody gave that shows one."""
        for path in Kept.of(self.home).made_of(self.items | self.digests):
            if path.is_dir():
                self._remove("sheets", str(path.relative_to(self.home.root)), path)
            else:
                self._unlink("sheets", path)

    def sheets(self, models: Iterable[Model], held: set[str]) -> Iterator[Path]:
        """What trainings and evaluations drew of datasets that held a picture: it is not known which pictures."""
        for model in models:
            if model.stage in _SHOW_THE_DATASET and made_of_it(model, held):
                yield from self._matching(model.folder, _SHEETS_OF_A_MODEL)
        for pattern in _SHEETS_OF_A_REPORT:
            for path in self.home.matching(f"evaluation/report/*/{pattern}"):
                told = what_is_told(path.parent, stage="evaluate")
                if told.problem or told.run.dataset_version in held:
                    yield path

    def bundles(self, held: set[str]) -> Iterator[Path]:
        """The bundles that have a sheet of such an evaluation: without it they are none, and may not be handed out."""
        for path in self.home.matching("release/*/*/samples.png"):
            try:
                (record,) = path.parent.glob(f"chain/evaluate-*/{RUN}")
                if parse_run(record).dataset_version in held:
                    yield path.parent
            except (ProvenanceError, ValueError):
                yield path.parent

    def audits(self) -> Iterator[Path]:
        """The pages of audits for whose sample a picture was drawn; sample, answers and result stay."""
        for path in self.home.matching("audit/*/audit.html"):
            try:
                sample = json.loads((path.parent / "sample.json").read_text())
                drawn = {str(one["item_id"]) for one in sample["items"]}
            except (OSError, ValueError, KeyError, TypeError):
                drawn = set(self.items)
            if self.items & drawn:
                yield path

    def _matching(self, folder: Path, patterns: Iterable[str]) -> Iterator[Path]:
        for pattern in patterns:
            yield from self.home.matching(f"{folder.relative_to(self.home.root)}/{pattern}")

    def _remove(self, kind: str, name: str, folder: Path) -> None:
        if self._try(str(folder), remove_folder, folder):
            self.removed.setdefault(kind, []).append(name)

    def _unlink(self, kind: str, path: Path) -> None:
        if self._try(str(path), path.unlink):
            self.removed.setdefault(kind, []).append(str(path.relative_to(self.home.root)))

    def _try(self, what: str, work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Do one thing; what fails is left, and costs nothing else."""
        try:
            work(*args, **kwargs)
        except FileNotFoundError:
            return False
        except (*UNREADABLE, shutil.Error) as error:
            self.left.append(f"{what}: {' '.join(str(error).split())}")
            return False
        return True


def _digest(folder: Path) -> str | None:
    """The digest of a finished dataset; None where it is not finished or cannot be read."""
    try:
        return shards.read_manifest(folder).digest
    except UNREADABLE:
        return None
