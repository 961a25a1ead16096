"""Export the licensed pictures as shards: a folder per version, the version a digest of everything that goes in.

New rows go to new shards; one of the last export that stands is linked into the new folder, not written again
(lib/dataset/layout.py decides). The folder takes its name when it is whole. Errors: ConfigError where there is nothing
to export or no space to write it.
"""

import filecmp
import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.dataset.exported import (
    INDEX,
    PICTURES_SCHEMA,
    Export,
    content_digest,
    listing,
    merged,
    pictures_in,
)
from pd_assets.lib.dataset.history import History, WholeShards, history, last_export, rest_of, share
from pd_assets.lib.dataset.pictures import Kept, PictureLost, Pictures
from pd_assets.lib.dataset.plan import BESIDE, TABLES, Plan, make_plan
from pd_assets.lib.dataset.selection import Selection, with_descendants
from pd_assets.lib.dataset.webdataset import write_tar
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, alone, remove_folder, write_text
from pd_assets.lib.progress import track
from pd_ml.data import shards
from pd_ml.data.shards import PICTURES, ShardInfo

SCRATCH = ".exporting"
# So many pictures are asked of a bucket at once.
FETCHED_ROWS = 2048


def export_shards(
    home: Home,
    *,
    name: str,
    shard_bytes: int = 256_000_000,
    selection: Selection | None = None,
    webdataset: bool = False,
) -> Export:
    """Write the shards of the current tables. The same tables after the same history give the same version; a finished
    one is left alone.
    """
    selection = selection or Selection()
    config = {"shard_bytes": shard_bytes, "webdataset": webdataset, **_json(asdict(selection))}
    scratch = home.root / "dataset" / SCRATCH
    with alone(scratch.parent, "exports a dataset"):
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            (scratch / "shards").mkdir(parents=True)
            categories = with_descendants(home, selection.include), with_descendants(home, selection.exclude)
            made_of = _digest_of(home, config, categories)
            last = last_export(home, name)
            known = WholeShards.of(home, name)
            before = history(home, last, config, known, scratch)
            if before is not None and _waits_for_manifest(before, made_of):
                return before.export
            plan = make_plan(home, selection, categories, scratch, history=before, shard_bytes=shard_bytes)
            writer = _Writer(
                plan=plan,
                pictures=Pictures(home=home, max_side=selection.max_side),
                folder=scratch / "shards",
                before=before,
                shard_bytes=shard_bytes,
                salt=json.dumps([shards.FORMAT_VERSION, selection.max_side]),
            )
            writer.write_all(webdataset=webdataset)
            export = replace(writer.finished(home, name, config), tables=made_of)
            _publish(export, scratch / "shards", known)
            home.point("dataset", name, "exported", export.version)
            known.keep(export.folder, export.shards)
            remove_folder(rest_of(home, name))
            return export
        except (OSError, duckdb.IOException) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or error
            raise ConfigError(
                f"the shards cannot be written under {home.root / 'dataset'} ({reason}); "
                "nothing was changed; free some space there, or export less, and run again"
            ) from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _digest_of(home: Home, config: Mapping[str, object], categories: Iterable[Iterable[str]]) -> str:
    """The digest of all that an export is made of, beside its history."""
    for table in (*TABLES.values(), *BESIDE.values()):
        tables.parts(home, table)  # It is noted as read.
    read = [tables.stored_digest(home, table) for table in TABLES.values()]
    used = {"licensed": TABLES["licensed"], "decisions": BESIDE["decisions"]}
    read.append(tables.query(home, load("export_accepted"), used)["version"][0].as_py())
    told = [read, config, [sorted(chosen) for chosen in categories]]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _waits_for_manifest(before: History, made_of: str) -> bool:
    """Whether the last export is what is asked for, and a run that ended early left it without a manifest."""
    export = before.export
    is_whole = len(before.whole) == len(export.shards) and all(
        shards.is_sound(export.folder / info.path, info) for info in export.tars
    )
    return export.tables == made_of and is_whole and not (export.folder / shards.MANIFEST).is_file()


def _json(value: dict[str, object]) -> dict[str, object]:
    """A value as JSON gives it back."""
    found = json.loads(json.dumps(value))
    assert isinstance(found, dict)
    return found


@dataclass(kw_only=True)
class _Writer:
    """Writes or links shards into a folder, and notes what they hold."""

    plan: Plan
    pictures: Pictures
    folder: Path
    before: History | None
    shard_bytes: int
    salt: str
    written: list[ShardInfo] = field(default_factory=list)
    linked: list[ShardInfo] = field(default_factory=list)
    tars: list[ShardInfo] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)

    def write_all(self, *, webdataset: bool) -> None:
        """Every shard, and the list of what they hold, in the order of the shards."""
        if self.before is not None:
            last = self.before.export
            self.linked = [info for info in last.shards if info.path in self.plan.layout.linked]
            for info in self.linked:
                self._link(info)
                self.keys[info.path] = last.keys[info.path]
        written = self.folder.with_name("written.arrow")
        with listing(written) as add:
            for listed in self._write_planned():
                add(listed.to_batches())
        with listing(self.folder / PICTURES) as add:
            add(merged(self.plan.standing(), pictures_in(written)))
        for info in self.infos if webdataset else ():
            self.tars.append(self._linked_tar(info) or write_tar(self.folder / info.path, info, self.folder))

    def _write_planned(self) -> Iterator[pa.Table]:
        """Write the rows of the plan; what each shard holds."""
        following = self._following()
        rows = track(self.plan.rows(), "writing shards", total=self.plan.to_write)
        for (split, target), group in itertools.groupby(rows, key=lambda row: (str(row["split"]), row["target"])):
            for examples in self._cut(group, whole=target is not None):
                yield self._write(str(target or shards.shard_name(split, following[split])), split, examples)
                following[split] += target is None

    @property
    def infos(self) -> tuple[ShardInfo, ...]:
        return tuple(sorted([*self.linked, *self.written], key=lambda info: shards.place_of(info.path)))

    def finished(self, home: Home, name: str, config: Mapping[str, object]) -> Export:
        """What was written, under its version. ConfigError where no picture could be read."""
        if not self.infos:
            raise ConfigError(
                f"none of the {len(self.skipped)} licensed pictures could be read ({self.skipped[0]}); expected them "
                f"under {home.images}; materialise images/files again"
            )
        # What the pictures were accepted on is in the list alone.
        listed = content_digest(self.folder / PICTURES)
        content = [shards.FORMAT_VERSION, name, config, sorted(self.keys.items()), listed]
        version = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
        layout = self.plan.layout
        return Export(
            name=name,
            version=version,
            folder=home.dataset(name, version),
            shards=self.infos,
            tars=tuple(self.tars),
            skipped=tuple(sorted(self.skipped)),
            keys=dict(sorted(self.keys.items())),
            config=config,
            labels_waiting=layout.waiting,
            waited=layout.waited,
            readers=self.plan.readers,
            listed=shards.sha256_of(self.folder / PICTURES),
            format_version=shards.FORMAT_VERSION,
            written=len(self.written),
            written_bytes=sum(info.size_bytes for info in self.written),
        )

    def _following(self) -> dict[str, int]:
        """The number of the next new shard of each split; none is used again while there is one behind it."""
        following = dict.fromkeys(shards.SPLITS, 0)
        for info in self.before.export.shards if self.before is not None else ():
            following[info.split] = max(following[info.split], shards.place_of(info.path)[1] + 1)
        return following

    def _linked_tar(self, shard: ShardInfo) -> ShardInfo | None:
        """The tar of the last export, where it was made of this very shard."""
        if self.before is None or shard not in self.before.export.shards:
            return None
        name = Path(shard.path).stem
        info = next((tar for tar in self.before.export.tars if Path(tar.path).stem == name), None)
        if info is None or not shards.is_sound(self.before.export.folder / info.path, info):
            return None
        self._link(info)
        return info

    def _link(self, info: ShardInfo) -> None:
        assert self.before is not None
        source, target = self.before.export.folder / info.path, self.folder / info.path
        target.parent.mkdir(exist_ok=True)
        share(source, target)

    def _cut(
        self, rows: Iterable[dict[str, object]], *, whole: bool
    ) -> Iterator[Iterator[tuple[dict[str, object], Kept]]]:
        """The pictures of some rows, those of one shard together: at most `shard_bytes`, or all of them."""
        read = self._read(rows)
        first = next(read, None)

        def of_one_shard() -> Iterator[tuple[dict[str, object], Kept]]:
            nonlocal first
            size_bytes = 0
            while first is not None:
                size_bytes += len(first[1].body)
                if size_bytes > self.shard_bytes and size_bytes > len(first[1].body) and not whole:
                    return
                taken, first = first, None
                yield taken
                first = next(read, None)

        while first is not None:
            yield of_one_shard()

    def _read(self, rows: Iterable[dict[str, object]]) -> Iterator[tuple[dict[str, object], Kept]]:
        """The rows with their pictures; what cannot be read is skipped, and told."""
        rows = iter(rows)
        while several := list(itertools.islice(rows, FETCHED_ROWS)):
            self.pictures.fetch(several)
            for row, kept in self.pictures.read(several):
                if isinstance(kept, PictureLost):
                    self.skipped.append(f"{row['item_id']}: {kept}")
                else:
                    yield dict(row), kept

    def _write(self, path: str, split: str, read: Iterable[tuple[dict[str, object], Kept]]) -> pa.Table:
        """Write one shard, and tell what it holds."""
        held: list[dict[str, object]] = []
        key = hashlib.sha256(self.salt.encode())

        def examples() -> Iterator[Mapping[str, object]]:
            for row, kept in read:
                key.update(str(row["row_key"]).encode())
                other = kept.sha256 if kept.sha256 != row["stored_sha256"] else None
                held.append({**row, "shard": path, "exported_sha256": other})
                yield kept.example(row)

        self.written.append(shards.write_shard(examples(), self.folder / path, split))
        self.keys[path] = key.hexdigest()
        return pa.Table.from_pylist(held, schema=PICTURES_SCHEMA)


def _publish(export: Export, folder: Path, known: WholeShards) -> None:
    """Give the folder its name. One of that name that is sound is left alone: somebody may be reading it."""
    told = export.to_json()
    write_text(folder / INDEX, told)
    if _is_there(export, told, known):
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


def _is_there(export: Export, index: str, known: WholeShards) -> bool:
    """Whether the folder is finished, or as it is now and waiting for its manifest."""
    there = export.folder / INDEX
    if not (export.folder / shards.MANIFEST).is_file() and not (there.is_file() and there.read_text() == index):
        return False
    return all(known.has(export.folder / info.path, info) for info in (*export.shards, *export.tars))
