"""What an export leaves beside its shards: an index, and the list of the pictures that they hold. Both are formats.

The index is written last. The list is proved by its digest in the index, and so tells of the shards without reading
them. Errors: ConfigError where they are missing, damaged or of another time.
"""

import heapq
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc as ipc

from pd_assets.lib.catalog.digests import ContentDigest
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_ml.data import shards
from pd_ml.data.shards import PICTURES, ShardInfo

if TYPE_CHECKING:
    import pyarrow.dataset as ds

INDEX = "shards.json"
LISTED = {
    "item_id": pa.string(),
    # The picture in the store, and as the shard has it where that is another one.
    "stored_sha256": pa.string(),
    "shard": pa.string(),
    "rule_id": pa.string(),
    "label_licence": pa.string(),
    "exported_sha256": pa.string(),
    # Of the labels that the shard shows (macro label_digest).
    "labels": pa.uint64(),
    # Of the time of the export: what the picture was accepted on, and where that was read.
    "page_url": pa.string(),
    "revid": pa.int64(),
    "evidence_digest": pa.string(),
    # Of the captions in the shard, in their order. Null where nobody noted it, as in lists of before.
    "caption_licences": pa.list_(pa.string()),
}
PICTURES_SCHEMA = pa.schema(LISTED.items())
BATCH_ROWS = 16_384


@dataclass(frozen=True, kw_only=True)
class Export:
    """An exported folder that waits for its manifest. `skipped` says which pictures could not be read, and why.

    `keys` are the digests of what each shard holds, by its path; `config` is what the export was asked for, `tables`
    the digest of what it was made of. In `labels_waiting` rows of the shards `waited` the labels are older than those
    of the tables, for so many exports; `readers` read the labels that the tables had. `listed` is the SHA-256 of the
    list, `format_version` that of the shards. `written` counts the shards that were not there before, `written_bytes`
    their bytes.
    """

    name: str
    version: str
    folder: Path
    shards: tuple[ShardInfo, ...]
    skipped: tuple[str, ...]
    tars: tuple[ShardInfo, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, object] = field(default_factory=dict)
    tables: str = ""
    labels_waiting: int = 0
    waited: Mapping[str, int] = field(default_factory=dict)
    readers: tuple[str, ...] = ()
    listed: str = ""
    # Of an index that tells none.
    format_version: int = 1
    written: int = field(default=0, compare=False)
    written_bytes: int = field(default=0, compare=False)

    def to_json(self) -> str:
        """What the index says."""
        told = asdict(self)
        for name in ("name", "version", "folder", "written", "written_bytes"):
            del told[name]
        return json.dumps(told, indent=1)


def read_export(home: Home, *, name: str) -> Export:
    """The export that dataset/shards left for its manifest; ConfigError where there is none."""
    version = home.pointed("dataset", name, "exported") or "none"
    folder = home.dataset(name, version)
    index = folder / INDEX
    if not index.is_file():
        raise ConfigError(f"{folder}: no {INDEX}; expected exported shards; materialise dataset/shards first")
    home.fetched(folder)
    return parse_export(folder, name)


def parse_export(folder: Path, name: str) -> Export:
    """What the index in a folder says; ConfigError where it is missing or damaged."""
    index = folder / INDEX
    try:
        raw = json.loads(index.read_text())
        listed = {kind: tuple(ShardInfo(**info) for info in raw[kind]) for kind in ("shards", "tars")}
        several = {kind: tuple(raw.get(kind, ())) for kind in ("skipped", "readers")}
        return Export(name=name, version=folder.name, folder=folder, **{**raw, **listed, **several})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{index}: damaged ({error}); run `pdd doctor --repair`, and materialise dataset/shards again"
        ) from error


def waiting(home: Home) -> list[str]:
    """The current exports in which labels wait to be taken over, by name and version."""
    found = []
    for pointer in sorted((home.root / "dataset").glob("[!.]*/exported")):
        name = pointer.parent.name
        index = home.dataset(name, home.pointed("dataset", name, "exported") or "none") / INDEX
        try:
            if index.is_file() and json.loads(index.read_text())["labels_waiting"]:
                found.append(f"{name}/{index.parent.name}")
        except (ValueError, KeyError, TypeError):
            continue
    return found


def pictures_of(folder: Path) -> Iterator[pa.RecordBatch]:
    """Which pictures of the catalogue an exported folder holds: `item_id`, `stored_sha256`, `shard`, and of one of this
    version the other columns of LISTED.
    """
    if not (folder / PICTURES).is_file():
        raise ConfigError(f"{folder}: no {PICTURES}; expected an exported dataset; materialise dataset/shards again")
    yield from pictures_in(folder / PICTURES)


def pictures_in(path: Path) -> Iterator[pa.RecordBatch]:
    """The batches of a list, with the columns that it was written with."""
    with _read(path) as file:
        for number in range(file.num_record_batches):
            yield file.get_batch(number)


@contextmanager
def _read(path: Path) -> Iterator[ipc.RecordBatchFileReader]:
    try:
        with ipc.open_file(path) as file:
            yield file
    except (OSError, pa.ArrowException) as error:
        told = " ".join(str(error).split())
        raise ConfigError(f"{path} cannot be read ({told}); materialise dataset/shards again") from error


def in_todays_form(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches of a list with the columns of LISTED; those that it was written without are null."""
    for batch in batches:
        there = {name: batch[name] for name in batch.schema.names}
        columns = [there.get(field.name, pa.nulls(batch.num_rows, field.type)) for field in PICTURES_SCHEMA]
        yield pa.RecordBatch.from_arrays(columns, schema=PICTURES_SCHEMA)


def columns_of(path: Path) -> list[str]:
    """The columns that a list was written with."""
    with _read(path) as file:
        return list(file.schema.names)


def content_digest(path: Path) -> str:
    """Names what a list says, however its file is written."""
    told = ContentDigest(PICTURES_SCHEMA)
    for batch in in_todays_form(pictures_in(path)):
        told.add(batch)
    return told.hexdigest()


def is_proved(folder: Path) -> bool:
    """Whether the list in an exported folder is what its index says was written."""
    try:
        listed = json.loads((folder / INDEX).read_text()).get("listed")
        return bool(listed) and shards.sha256_of(folder / PICTURES) == listed
    except (OSError, ValueError, AttributeError):
        return False


def as_dataset(path: Path) -> "ds.Dataset":
    """A list of pictures in today's form as DuckDB reads it, as often as it likes and in bounded memory."""
    # It brings pandas along, which costs a third of a second: for who opens one.
    import pyarrow.dataset as ds

    return ds.dataset(path, schema=PICTURES_SCHEMA, format="ipc")


@contextmanager
def listing(path: Path) -> Iterator[Callable[[Iterable[pa.RecordBatch]], None]]:
    """Write a list of pictures; what comes is gathered to batches of BATCH_ROWS."""
    waiting: list[pa.RecordBatch] = []
    with ipc.new_file(path, PICTURES_SCHEMA, options=ipc.IpcWriteOptions(compression="zstd")) as file:

        def flush(least: int) -> None:
            content = pa.Table.from_batches(waiting, PICTURES_SCHEMA).combine_chunks()
            full = content.num_rows // least * least if least else content.num_rows
            file.write_table(content.slice(0, full), max_chunksize=BATCH_ROWS)
            waiting[:] = content.slice(full).to_batches()

        def add(batches: Iterable[pa.RecordBatch]) -> None:
            for batch in batches:
                waiting.append(batch)
                if sum(one.num_rows for one in waiting) >= BATCH_ROWS:
                    flush(BATCH_ROWS)

        yield add
        flush(0)


def merged(*lists: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Lists in the order of their shards as one in that order."""
    runs = (_by_shard(batches) for batches in lists)
    yield from (run for _, run in heapq.merge(*runs, key=lambda one: one[0]))


def of_shards(batches: Iterable[pa.RecordBatch], paths: Iterable[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a list that lie in some shards."""
    wanted = pa.array(sorted(paths), pa.string())
    for batch in batches:
        yield batch.filter(pc.is_in(batch["shard"], wanted))


def _by_shard(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[tuple[int, int], pa.RecordBatch]]:
    """The rows of each shard, which lie together, with its place."""
    for batch in batches:
        at = batch["shard"].dictionary_encode().indices.to_numpy()
        starts = [0, *(np.flatnonzero(np.diff(at)) + 1), batch.num_rows]
        for start, end in itertools.pairwise(starts) if batch.num_rows else ():
            yield shards.place_of(batch["shard"][start].as_py()), batch.slice(start, end - start)
