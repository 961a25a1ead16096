"""Export the licensed pictures as shards: a folder per version, the version a digest of everything that goes in.

A shard whose rows did not change since the last export is linked into the new folder, not written again. The folder
takes its name when it is whole. Errors: ConfigError where there is nothing to export or no space to write it.
"""

import filecmp
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.ipc as ipc

from pd_assets.lib.dataset.layout import Leaf, leaves
from pd_assets.lib.dataset.pictures import PictureLost, Pictures
from pd_assets.lib.dataset.plan import Plan, make_plan
from pd_assets.lib.dataset.selection import Selection
from pd_assets.lib.dataset.webdataset import write_tar
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, alone, remove_folder, write_text
from pd_assets.lib.progress import track
from pd_ml.data import shards
from pd_ml.data.shards import ShardInfo

INDEX = "shards.json"
PICTURES = "pictures.arrow"
PICTURES_SCHEMA = pa.schema([("item_id", pa.string()), ("stored_sha256", pa.string()), ("shard", pa.string())])
SCRATCH = ".exporting"

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Export:
    """An exported folder that waits for its manifest. `skipped` says which pictures could not be read, and why.

    `keys` are the digests of what each shard holds, by its path; `config` is what the export was asked for. `written`
    counts the shards that were not there before.
    """

    name: str
    version: str
    folder: Path
    shards: tuple[ShardInfo, ...]
    skipped: tuple[str, ...]
    tars: tuple[ShardInfo, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, object] = field(default_factory=dict)
    written: int = field(default=0, compare=False)


def export_shards(
    home: Home,
    *,
    name: str,
    shard_bytes: int = 256_000_000,
    selection: Selection | None = None,
    webdataset: bool = False,
) -> Export:
    """Write the shards of the current tables. The same tables give the same version; a finished one is left alone."""
    selection = selection or Selection()
    config = {"shard_bytes": shard_bytes, "webdataset": webdataset, **_json(asdict(selection))}
    scratch = home.root / "dataset" / SCRATCH
    with alone(scratch.parent, "exports a dataset"):
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            (scratch / "shards").mkdir(parents=True)
            before = _last_export(home, name)
            plan = make_plan(home, selection, scratch)
            writer = _Writer(
                plan=plan,
                pictures=Pictures(home=home, max_side=selection.max_side),
                folder=scratch / "shards",
                before=before,
                salt=json.dumps([shards.FORMAT_VERSION, selection.max_side]),
            )
            writer.write_all(_layout(plan, before, config, shard_bytes), webdataset=webdataset)
            writer.list_pictures()
            export = writer.finished(home, name, config)
            _publish(export, scratch / "shards")
            home.point("dataset", name, "exported", export.version)
            return export
        except (OSError, duckdb.IOException) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or error
            raise ConfigError(
                f"the shards cannot be written under {home.root / 'dataset'} ({reason}); "
                "nothing was changed; free some space there, or export less, and run again"
            ) from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def read_export(home: Home, *, name: str) -> Export:
    """The export that dataset/shards left for its manifest; ConfigError where there is none."""
    version = home.pointed("dataset", name, "exported") or "none"
    folder = home.dataset(name, version)
    index = folder / INDEX
    if not index.is_file():
        raise ConfigError(f"{folder}: no {INDEX}; expected exported shards; materialise dataset/shards first")
    home.fetched(folder)
    try:
        raw = json.loads(index.read_text())
        return Export(
            name=name,
            version=version,
            folder=folder,
            shards=tuple(ShardInfo(**info) for info in raw["shards"]),
            tars=tuple(ShardInfo(**info) for info in raw["tars"]),
            skipped=tuple(raw["skipped"]),
            keys=raw["keys"],
            config=raw["config"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{index}: damaged ({error}); run `pdd doctor --repair`, and materialise dataset/shards again"
        ) from error


def pictures_of(folder: Path) -> Iterator[pa.RecordBatch]:
    """Which pictures of the catalogue an exported folder holds: `item_id`, `stored_sha256`, `shard`."""
    path = folder / PICTURES
    if not path.is_file():
        raise ConfigError(f"{folder}: no {PICTURES}; expected an exported dataset; materialise dataset/shards again")
    try:
        with ipc.open_file(path) as file:
            for number in range(file.num_record_batches):
                yield file.get_batch(number)
    except (OSError, pa.ArrowException) as error:
        told = " ".join(str(error).split())
        raise ConfigError(f"{path} cannot be read ({told}); materialise dataset/shards again") from error


def _json(value: dict[str, object]) -> dict[str, object]:
    """A value as JSON gives it back."""
    found = json.loads(json.dumps(value))
    assert isinstance(found, dict)
    return found


def _last_export(home: Home, name: str) -> Export | None:
    try:
        return read_export(home, name=name)
    except ConfigError:
        return None


def _layout(
    plan: Plan, before: Export | None, config: Mapping[str, object], shard_bytes: int
) -> Iterator[tuple[str, Leaf]]:
    """The shards of every split; the rows of a leaf count from the start of its split."""
    numbers: dict[str, list[int]] = {split: [] for split in shards.SPLITS}
    if before is not None and before.config == config:
        for info in before.shards:
            numbers[info.split].append(int(Path(info.path).stem.rpartition("-")[2]))
    for split, (first, end) in plan.bounds.items():
        # A picture that was lost has its place, and no size.
        sizes = plan.sizes[first:end].clip(0)
        for leaf in leaves(plan.places[first:end], sizes, shard_bytes=shard_bytes, before=numbers[split]):
            yield split, Leaf(number=leaf.number, first=first + leaf.first, end=first + leaf.end)


@dataclass(kw_only=True)
class _Writer:
    """Writes or links shards into a folder, and notes what they hold."""

    plan: Plan
    pictures: Pictures
    folder: Path
    before: Export | None
    salt: str
    written: list[ShardInfo] = field(default_factory=list)
    tars: list[ShardInfo] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    leaves: dict[str, Leaf] = field(default_factory=dict)
    fresh: int = 0
    unread: set[str] = field(default_factory=set)
    skipped: list[str] = field(default_factory=list)

    def write_all(self, layout: Iterable[tuple[str, Leaf]], *, webdataset: bool) -> None:
        self.skipped += self.plan.lost
        for split, leaf in track(list(layout), "writing shards", unit="shards"):
            path = shards.shard_name(split, leaf.number)
            info = self._linked(path, leaf) or self._write(path, leaf, split)
            if info is None:
                continue
            self.written.append(info)
            self.leaves[path] = leaf
            if webdataset:
                self.tars.append(self._linked_tar(info) or write_tar(self.folder / path, info, self.folder))

    def list_pictures(self) -> None:
        """Write which pictures of the catalogue the shards hold, and where."""
        options = ipc.IpcWriteOptions(compression="zstd")
        with ipc.new_file(self.folder / PICTURES, PICTURES_SCHEMA, options=options) as file:
            for path, leaf in self.leaves.items():
                rows = [row for row in self.plan.rows(leaf.first, leaf.end) if row["item_id"] not in self.unread]
                held = [{**row, "shard": path} for row in rows]
                file.write_table(pa.Table.from_pylist(held, schema=PICTURES_SCHEMA))

    def finished(self, home: Home, name: str, config: Mapping[str, object]) -> Export:
        """What was written, under its version. ConfigError where no picture could be read."""
        if not self.written:
            raise ConfigError(
                f"none of the {len(self.skipped)} licensed pictures could be read ({self.skipped[0]}); expected them "
                f"under {home.images}; materialise images/files again"
            )
        content = [shards.FORMAT_VERSION, name, config, sorted(self.keys.items())]
        version = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
        return Export(
            name=name,
            version=version,
            folder=home.dataset(name, version),
            shards=tuple(self.written),
            tars=tuple(self.tars),
            skipped=tuple(sorted(self.skipped)),
            keys=self.keys,
            config=config,
            written=self.fresh,
        )

    def _linked(self, path: str, leaf: Leaf) -> ShardInfo | None:
        """The shard of the last export, where it holds just these rows and is sound."""
        rows = slice(leaf.first, leaf.end)
        key = self._key(self.plan.keys[rows][self.plan.sizes[rows] >= 0].tolist())
        if self.before is None or self.before.keys.get(path) != key:
            return None
        info = next(info for info in self.before.shards if info.path == path)
        if not self._link(info):
            return None
        self.keys[path] = key
        return info

    def _linked_tar(self, shard: ShardInfo) -> ShardInfo | None:
        """The tar of the last export, where it was made of this very shard."""
        if self.before is None or shard not in self.before.shards:
            return None
        name = Path(shard.path).stem
        info = next((tar for tar in self.before.tars if Path(tar.path).stem == name), None)
        return info if info is not None and self._link(info) else None

    def _link(self, info: ShardInfo) -> bool:
        assert self.before is not None
        source, target = self.before.folder / info.path, self.folder / info.path
        if not shards.is_sound(source, info):
            log.warning("%s is missing or was altered since it was written; it is written anew", source)
            return False
        target.parent.mkdir(exist_ok=True)
        try:
            os.link(source, target)
        except OSError:
            # Some file systems have no links.
            shutil.copyfile(source, target)
        return True

    def _write(self, path: str, leaf: Leaf, split: str) -> ShardInfo | None:
        held: list[bytes] = []
        info = shards.write_shard(self._examples(leaf, held), self.folder / path, split)
        if not held:
            (self.folder / path).unlink()
            return None
        self.keys[path] = self._key(held)
        self.fresh += 1
        return info

    def _examples(self, leaf: Leaf, held: list[bytes]) -> Iterator[Mapping[str, object]]:
        """The examples of a leaf; the keys of those that could be read go to `held`."""
        self.pictures.fetch(self.plan.rows(leaf.first, leaf.end))
        for row, kept in self.pictures.read(self.plan.rows(leaf.first, leaf.end)):
            if isinstance(kept, PictureLost):
                self.skipped.append(f"{row['item_id']}: {kept}")
                self.unread.add(str(row["item_id"]))
                continue
            held.append(str(row["row_key"]).encode())
            captions = row["captions"]
            assert isinstance(captions, list)
            yield {
                **{name: value for name, value in row.items() if name in shards.COLUMNS},
                "image": kept.body,
                "sha256": kept.sha256,
                "width": kept.width,
                "height": kept.height,
                "caption": captions[0] if captions else None,
            }

    def _key(self, row_keys: Iterable[bytes]) -> str:
        digest = hashlib.sha256(self.salt.encode())
        for key in row_keys:
            digest.update(key)
        return digest.hexdigest()


def _publish(export: Export, folder: Path) -> None:
    """Give the folder its name. One of that name that is sound is left alone: somebody may be reading it."""
    index = {
        "config": export.config,
        "shards": [asdict(info) for info in export.shards],
        "tars": [asdict(info) for info in export.tars],
        "keys": export.keys,
        "skipped": export.skipped,
    }
    told = json.dumps(index, indent=1)
    write_text(folder / INDEX, told)
    if _is_there(export, told):
        # What tells of the shards is made anew with them, and mended where it was damaged.
        for name in (PICTURES, INDEX):
            if not (export.folder / name).is_file() or not filecmp.cmp(
                folder / name, export.folder / name, shallow=False
            ):
                os.replace(folder / name, export.folder / name)
        return
    export.folder.parent.mkdir(parents=True, exist_ok=True)
    remove_folder(export.folder)
    os.replace(folder, export.folder)


def _is_there(export: Export, index: str) -> bool:
    """Whether the folder is finished, or as it is now and waiting for its manifest."""
    there = export.folder / INDEX
    if not (export.folder / shards.MANIFEST).is_file() and not (there.is_file() and there.read_text() == index):
        return False
    return all(shards.is_sound(export.folder / info.path, info) for info in (*export.shards, *export.tars))
