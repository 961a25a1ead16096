"""The index of `pdd trace`: a segment (segments.py) beside each file of the tables that tell of pictures.

A segment is named by the file, its size and its time, so that one that is there is that of the file as it is. A file
without one, or with a damaged one, is read itself: the answer is the same and later, and it is said. Runs bring the
index in step after they changed the tables; it is derived, and may be thrown away at any time.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.schemas import CHANGES, CLUSTERS, FILES, ITEMS, MEMBERS, TAKEDOWNS, Table
from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home, alone, replacing
from pd_assets.lib.release import segments
from pd_assets.lib.release.segments import KINDS, ROWS, DamagedSegment, Segment, Values
from pd_ml.data.shards import TIME_STEP_NS

FOLDER = ".index"
BATCH_ROWS = 16_384
# Raised when a segment would hold something else for the same file.
VERSION = 2


@dataclass(frozen=True, kw_only=True)
class Indexed:
    """A table of the index: what of it is kept, and the kinds of values that lead to a row, each with its columns."""

    table: Table
    columns: tuple[str, ...]
    kinds: Mapping[str, tuple[str, ...]]
    # Without these a file tells nothing; of before there were the others they are null.
    needed: tuple[str, ...]
    has_looks: bool = False


INDEXED: Mapping[str, Indexed] = {
    "items": Indexed(
        table=ITEMS,
        columns=("item_id", "title", "page_url", "file_url", "sha1", "status", "problem"),
        kinds={
            "item": ("item_id",),
            "title": ("title",),
            "page_url": ("page_url",),
            "file_url": ("file_url",),
            "sha1": ("sha1",),
        },
        needed=("item_id", "sha1", "title", "page_url", "file_url"),
    ),
    "files": Indexed(
        table=FILES,
        columns=("item_id", "sha256", "sha1", "path", "status", "phash", "detail_hash"),
        kinds={"item": ("item_id",), "sha256": ("sha256",), "sha1": ("sha1",)},
        needed=("item_id", "sha256", "sha1"),
        has_looks=True,
    ),
    "clusters": Indexed(
        table=CLUSTERS,
        columns=("item_id", "cluster", "sha256", "sha1", "phash", "detail_hash", "conflict"),
        kinds={"item": ("item_id",), "cluster": ("cluster",), "sha256": ("sha256",), "sha1": ("sha1",)},
        needed=("item_id", "cluster", "sha256", "sha1"),
        has_looks=True,
    ),
    "members": Indexed(
        table=MEMBERS,
        columns=("item_id", "sha256", "exported_sha256", "split", "shard", "dataset", "version"),
        kinds={"item": ("item_id",), "sha256": ("sha256", "exported_sha256")},
        needed=("item_id", "sha256", "exported_sha256"),
    ),
    "takedowns": Indexed(
        table=TAKEDOWNS,
        columns=tuple(TAKEDOWNS.columns),
        kinds={"item": ("item_id",), "sha256": ("sha256",), "sha1": ("sha1",)},
        needed=("item_id", "sha256", "sha1"),
    ),
    "changes": Indexed(
        table=CHANGES, columns=tuple(CHANGES.columns), kinds={"item": ("item_id",)}, needed=("item_id",)
    ),
}


# The hashes of a look as five words.
_WORDS = ("phash", *(f"substr(detail_hash, {first}, 16)" for first in (1, 17, 33, 49)))
WORDS = tuple(f"w{number}" for number in range(5))
AS_WORDS = ", ".join(f"try_cast('0x' || {word} as ubigint) as w{number}" for number, word in enumerate(_WORDS))
# What are none, in a table that somebody else wrote, are left out.
ARE_WORDS = "length(phash) = 16 and length(detail_hash) = 64 and w0 + w1::double + w2 + w3 + w4 is not null"
LOOKS = (
    f"select row, {', '.join(WORDS)} from (select *, file_row_number as row, {AS_WORDS} from rows) where {ARE_WORDS}"
)


def refresh(home: Home) -> tuple[int, int]:
    """Bring the index in step with the tables: how many segments were written, and of how many files."""
    # What another process is writing looks like what is left over.
    with alone(home.root / FOLDER, "brings the index in step"):
        return _refreshed(home)


def _refreshed(home: Home) -> tuple[int, int]:
    written, wanted = 0, set()
    for name, indexed in INDEXED.items():
        for path in tables.files_of(home, indexed.table):
            segment = place_of(home, name, path)
            if segment is None:
                continue
            wanted.add(segment)
            if not _is_sound(segment):
                _wait_for_a_new_time(path)
                if (segment := place_of(home, name, path)) is not None:
                    wanted.add(segment)
                    written += _build(home, indexed, path, segment)
    # Beside these lie the gallery's.
    for left in (path for name in INDEXED for path in (home.root / FOLDER / name).glob("*")):
        if left not in wanted:
            left.unlink(missing_ok=True)
    return written, len(wanted)


def place_of(home: Home, name: str, path: Path) -> Path | None:
    """Where the segment of a file lies; None where the file is gone by now."""
    try:
        stat = path.stat()
    except OSError:
        return None
    # Not by its folder: a part that did not change is linked from one generation of a table to the next.
    said = f"{VERSION}\0{path.name}\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_ino}"
    return home.root / FOLDER / name / hashlib.sha256(said.encode()).hexdigest()[:32]


def _is_sound(path: Path) -> bool:
    try:
        Segment(path)
    except DamagedSegment:
        return False
    return True


def _wait_for_a_new_time(path: Path) -> None:
    """A file that is written again within one step of the clock has the same time: wait until that has passed."""
    if 0 <= (age := time.time_ns() - path.stat().st_mtime_ns) < TIME_STEP_NS:
        time.sleep((TIME_STEP_NS - age) / 1e9)


def _build(home: Home, indexed: Indexed, path: Path, segment: Path) -> bool:
    """Write the segment of one file, in bounded memory; False where the file cannot be read: it has none then."""
    keys = " union all ".join(
        f"select md5_number_lower('{kind}:' || \"{column}\") as key, cast(file_row_number as uinteger) as row "
        f'from rows where "{column}" is not null'
        for kind, of in indexed.kinds.items()
        for column in of
    )
    schema = pa.schema([indexed.table.schema.field(name) for name in indexed.columns])
    try:
        damage.require_whole(home, indexed.table, [path])
        with tables.engine(home) as connection:
            found = connection.read_parquet(str(path), file_row_number=True, hive_partitioning=False)
            if set(indexed.needed) - set(found.columns):
                return False
            empty = connection.from_arrow(indexed.table.schema.empty_table())
            kinds = zip(empty.columns, empty.types, strict=True)
            later = [f'null::{kind} as "{name}"' for name, kind in kinds if name not in found.columns]
            found.project(", ".join(["*", *later])).create_view("rows")

            def told(sql: str) -> Iterator[pa.RecordBatch]:
                yield from connection.sql(sql).to_arrow_reader(BATCH_ROWS)

            columns = ", ".join(f'"{name}"' for name in indexed.columns)
            with replacing(segment) as partial:
                segments.write(
                    partial,
                    rows=_blocks(told(f"select {columns} from rows order by file_row_number"), schema),
                    schema=schema,
                    keys=map(_as_keys, told(f"select distinct * from ({keys}) order by key, row")),
                    looks=map(_as_looks, told(f"{LOOKS} order by row")) if indexed.has_looks else (),
                    facts={"file": str(path.relative_to(home.root.resolve()))},
                )
    except TableError:
        return False
    return True


def _blocks(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of ROWS, the last one shorter."""
    waiting: list[pa.Table] = []
    held = 0
    for batch in batches:
        part = pa.Table.from_batches([batch]).cast(schema)
        while held + part.num_rows >= ROWS:
            yield _one([*waiting, part.slice(0, ROWS - held)])
            part, waiting, held = part.slice(ROWS - held), [], 0
        waiting.append(part)
        held += part.num_rows
    if held:
        yield _one(waiting)


def _one(parts: list[pa.Table]) -> pa.RecordBatch:
    return pa.concat_tables(parts).combine_chunks().to_batches()[0]


def _as_keys(batch: pa.RecordBatch) -> Values:
    values = np.empty(batch.num_rows, KINDS["keys"])
    values["key"], values["row"] = batch.column(0).to_numpy(), batch.column(1).to_numpy()
    return values


def _as_looks(batch: pa.RecordBatch) -> Values:
    values = np.empty(batch.num_rows, KINDS["looks"])
    values["row"] = batch.column(0).to_numpy()
    values["words"] = np.stack([column.to_numpy() for column in batch.columns[1:]], axis=1)
    return values
