"""`catalog/items` in its part files, brought in step with the changed parts of the sources alone.

Beside its parts a generation keeps `state.json` (which source files it was made of) and `index` (which listing is in
which source file). Where they are missing or do not fit what is there, everything is read anew; the result is the same.
An item lies in the part of the least bucket among its listings: what changed together mostly lies together.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import duckdb
import pyarrow as pa

from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.buckets import runs
from pd_assets.lib.catalog.generations import current, next_generation, share
from pd_assets.lib.catalog.schemas import CATEGORIES, ITEMS, PAGES, Table
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home, alone
from pd_assets.lib.museums.contract import ALL_RECORDS

STATE, INDEX = "state.json", "index"
ITEMS_AT_ONCE = 2_000_000
INDEX_COLUMNS = "part integer, key ubigint, content ubigint, bucket usmallint"


@dataclass(frozen=True, kw_only=True)
class Built:
    """What a build did: the table's digest, how many source files were read and of how many, parts written."""

    digest: str
    sources_read: int
    sources: int
    parts_written: int
    parts: int


@dataclass(frozen=True, kw_only=True)
class Source:
    """One part file of a source table: its number in the index, and what tells whether it was replaced."""

    number: int
    partition: str
    fingerprint: tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class State:
    """What a generation was made of, and what its parts are. Paths are relative to the home."""

    sources: Mapping[str, Source] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()
    parts: Mapping[str, tuple[int, int, str]] = field(default_factory=dict)


def bring_in_step(home: Home) -> Built:
    """Read what changed in the pages and the museums' records, and replace the parts of catalog/items it touches."""
    folder = home.table(ITEMS.key)
    with alone(folder.with_name(".items"), "joins the catalogue"), tables.engine(home) as connection:
        before = _read_state(folder)
        sources = _sources(home, before)
        retired = _retired(home)
        changed = {
            path for path in sources.keys() | before.sources.keys() if sources.get(path) != before.sources.get(path)
        }
        with next_generation(folder) as new:
            work = _Build(
                home=home, connection=connection, old=folder.resolve(), new=new, before=before, sources=sources
            )
            work.index(changed, retired)
            parts = work.write_parts()
            work.save(parts, retired)
        if not before.sources and work.old != folder.resolve():
            # Damaged, or of other code: nobody begins to read it again.
            shutil.rmtree(work.old, ignore_errors=True)
    return Built(
        digest=_digest({name: found for name, (_, _, found) in parts.items()}),
        sources_read=len(work.read),
        sources=len(sources),
        parts_written=work.parts_written,
        parts=len(parts),
    )


@dataclass(kw_only=True)
class _Build:
    home: Home
    connection: duckdb.DuckDBPyConnection
    old: Path
    new: Path
    before: State
    sources: Mapping[str, Source]
    read: set[str] = field(default_factory=set)
    parts_written: int = 0

    @property
    def root(self) -> Path:
        return self.home.root.resolve()

    def index(self, changed: set[str], retired: frozenset[str]) -> None:
        """Which listing is where now (`listings`), and the keys of items that something happened to (`affected`)."""
        run = self.connection.execute
        self.connection.register("retired", pa.table({"category": pa.array(sorted(retired), pa.string())}))
        run(f"create table earlier ({INDEX_COLUMNS})")
        if self.before.sources:
            self.connection.read_parquet(str(self.old / INDEX)).insert_into("earlier")
        present = sorted(changed & self.sources.keys())
        self._show_rows(present)
        self._numbers("replaced", {self.before.sources[path].number for path in changed & self.before.sources.keys()})
        toggled = retired ^ self.before.retired
        self._numbers("toggled", {one.number for one in self.sources.values() if one.partition in toggled})
        run(
            "create table fresh as select number as part, key, hash(numbered) as content, bucket from ("
            "select rows.* exclude (filename, in_walk), number from rows join files using (filename)) as numbered"
        )
        run(load("item_changes"))

    def write_parts(self) -> dict[str, tuple[int, int, str]]:
        """Write the parts that hold an affected item, link the others, and say what is in each."""
        touched = self.connection.execute(
            "select bucket, count(*) from touched group by bucket order by bucket"
        ).fetchall()
        anew = {_part(bucket) for bucket, _ in touched}
        parts = {}
        for name, known in self.before.parts.items():
            if name not in anew:
                share(self.old / name, self.new)
                parts[name] = known
        for buckets in _chunks(touched):
            self._show_chunk(buckets)
            answer = self.connection.sql(load("items")).to_arrow_reader(tables.BATCH_ROWS)
            for bucket, batches in groupby(runs(answer), key=lambda found: found[0]):
                parts[_part(bucket)] = self._write(_part(bucket), (batch for _, batch in batches))
        if not parts:
            parts[_part(0)] = self._write(_part(0), [])
        return parts

    def _write(self, name: str, batches: Iterator[pa.RecordBatch] | Sequence[pa.RecordBatch]) -> tuple[int, int, str]:
        digest = tables.stream(ITEMS, batches, self.new / name)
        self.parts_written += 1
        return *_size_and_time(self.new / name), digest

    def _show_chunk(self, buckets: Sequence[int]) -> None:
        """The tables of items.sql for some parts: the listings of their affected items, and their other items."""
        self._numbers("chunk", buckets)
        run = self.connection.execute
        run("create or replace table wanted as select * from owners where bucket in (select number from chunk)")
        held = run("select distinct part from listings where key in (select key from wanted)").fetchall()
        numbers = {part for (part,) in held}
        self._show_rows([path for path, one in self.sources.items() if one.number in numbers])
        old = [str(self.old / _part(bucket)) for bucket in buckets if _part(bucket) in self.before.parts]
        if old:
            self.connection.read_parquet(old, filename=True).create_view("held", replace=True)
        else:
            self.connection.from_arrow(_with_filename(ITEMS)).create_view("held", replace=True)
        run(load("standing_items"))

    def _show_rows(self, paths: Sequence[str]) -> None:
        """The view `rows`: the listings in some source files."""
        self.read.update(paths)
        for name, several in (("pages", (PAGES,)), ("records", ALL_RECORDS)):
            chosen = []
            for table in several:
                found = [str(self.root / path) for path in paths if path.startswith(table.key + "/")]
                damage.require_whole(self.home, table, map(Path, found))
                chosen += found
            if chosen:
                rows = self.connection.read_parquet(chosen, hive_partitioning=False, union_by_name=True, filename=True)
            else:
                rows = self.connection.from_arrow(_with_filename(several[0]))
            rows.create_view(name, replace=True)
        numbers = [self.sources[path].number for path in paths]
        files = pa.table(
            {
                "filename": pa.array([str(self.root / path) for path in paths], pa.string()),
                "number": pa.array(numbers, pa.int32()),
            }
        )
        self.connection.register("files", files)
        self.connection.execute(f"create or replace view rows as {load('item_rows')}")

    def _numbers(self, name: str, numbers: Sequence[int] | set[int]) -> None:
        self.connection.register(name, pa.table({"number": pa.array(sorted(numbers), pa.int32())}))

    def save(self, parts: Mapping[str, tuple[int, int, str]], retired: frozenset[str]) -> None:
        """Put down what the next build begins from."""
        self.connection.table("listings").write_parquet(str(self.new / INDEX), compression="lz4_raw")
        told = {
            "made_by": _made_by(),
            "sources": {path: [one.number, one.partition, *one.fingerprint] for path, one in self.sources.items()},
            "retired": sorted(retired),
            "parts": parts,
            "index": _size_and_time(self.new / INDEX),
        }
        (self.new / STATE).write_text(json.dumps(told))


def _chunks(touched: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Buckets together that have no more than ITEMS_AT_ONCE affected items, where several do."""
    waiting: list[int] = []
    items = 0
    for bucket, count in touched:
        if waiting and items + count > ITEMS_AT_ONCE:
            yield waiting
            waiting, items = [], 0
        waiting.append(bucket)
        items += count
    if waiting:
        yield waiting


def _sources(home: Home, before: State) -> dict[str, Source]:
    """The part files of all archives, path -> source; a path that was known keeps its number."""
    root = home.root.resolve()
    number = max((one.number for one in before.sources.values()), default=-1)
    found = {}
    for table in (PAGES, *ALL_RECORDS):
        partition_of = {folder.resolve(): name for name, folder in home.partitions(table.key).items()}
        for file in tables.parts(home, table):
            path, told = str(file.relative_to(root)), file.stat()
            known = before.sources.get(path)
            if known is None:
                number += 1
            found[path] = Source(
                number=known.number if known else number,
                partition=partition_of.get(file.parent, ""),
                fingerprint=(told.st_size, told.st_mtime_ns, told.st_ino),
            )
    return found


def _retired(home: Home) -> frozenset[str]:
    categories = tables.read_or_empty(home, CATEGORIES, ["category", "status"])
    return frozenset(str(row["category"]) for row in tables.rows(categories) if row["status"] != "live")


def generations(home: Home) -> list[Path]:
    """The files of the current generation and of the one before, which the next build removes."""
    kept = home.table(ITEMS.key).with_name(".items")
    return sorted(path for path in kept.glob("*/*") if path.is_file() and path.parent.name.isdecimal())


def unsound_generations(home: Home) -> list[Path]:
    """The generations whose files are not those that they say."""
    kept = home.table(ITEMS.key).with_name(".items")
    return sorted(folder for folder in kept.glob("[0-9]*") if not _is_whole(folder))


def _is_whole(folder: Path) -> bool:
    try:
        told = json.loads((folder / STATE).read_text())
        noted = {**{name: (size, time) for name, (size, time, _) in told["parts"].items()}, INDEX: tuple(told["index"])}
        return all(_size_and_time(folder / name) == seen for name, seen in noted.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _read_state(folder: Path) -> State:
    """What the current generation was made of; an empty state where that is missing, damaged or of other code."""
    try:
        told = json.loads((folder / STATE).read_text())
        state = State(
            sources={
                path: Source(number=number, partition=partition, fingerprint=(size, time, inode))
                for path, (number, partition, size, time, inode) in told["sources"].items()
            },
            retired=frozenset(told["retired"]),
            parts={name: (size, time, digest) for name, (size, time, digest) in told["parts"].items()},
        )
        lie = {path.name: _size_and_time(path) for path in folder.glob("*.parquet")}
        is_whole = lie == {name: (size, time) for name, (size, time, _) in state.parts.items()}
        is_ours = told["made_by"] == _made_by() and current(folder) is not None
        return state if is_whole and is_ours and tuple(told["index"]) == _size_and_time(folder / INDEX) else State()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return State()


def _made_by() -> str:
    """What a state depends on beside the sources: our SQL, our schema, and DuckDB's hash function."""
    said = [load("item_rows"), load("items"), load("item_changes"), str(ITEMS.schema), duckdb.__version__]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()


def _size_and_time(path: Path) -> tuple[int, int]:
    told = path.stat()
    return told.st_size, told.st_mtime_ns


def _part(bucket: int) -> str:
    return f"part-{bucket:04}.parquet"


def _digest(parts: Mapping[str, str]) -> str:
    told = "".join(f"{name} {digest}\n" for name, digest in sorted(parts.items()))
    return hashlib.sha256(told.encode()).hexdigest()


def _with_filename(table: Table) -> pa.Table:
    return table.schema.append(pa.field("filename", pa.string())).empty_table()
