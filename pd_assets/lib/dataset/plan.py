"""What an export is to write: the tables joined once, held against the last export, in bounded memory.

Errors: ConfigError where there is nothing to export, or where the tables do not fit together.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS, DECISIONS, EVIDENCE, FILES, LICENSED, SPLITS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.dataset.exported import BATCH_ROWS, PICTURES_SCHEMA, as_dataset
from pd_assets.lib.dataset.history import MACROS, History
from pd_assets.lib.dataset.layout import Layout, Standing, decide
from pd_assets.lib.dataset.selection import Selection
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home

ROWS_IN_A_GROUP = 2048
MEMORY_BYTES = 600_000_000
NO_BOUND = 2**31 - 1
TABLES = {"licensed": LICENSED, "captions": CAPTIONS, "splits": SPLITS, "files": FILES}
# Of these a little is taken: what the pictures were accepted on.
BESIDE = {"decisions": DECISIONS, "evidence": EVIDENCE}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`path` has the rows that are to be written, in their order, `stands` what the list says of the rows of the shards
    that stand; `layout` says what becomes of the shards that there were. `count` pictures are in the dataset as a
    whole; `readers` read their labels.
    """

    path: Path
    stands: Path
    layout: Layout
    count: int
    readers: tuple[str, ...]

    @property
    def to_write(self) -> int:
        return int(pq.read_metadata(self.path).num_rows)

    def rows(self) -> Iterator[dict[str, object]]:
        """The rows to write: `split`, `target` (the shard that is written anew with it, or null), and what it holds."""
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=ROWS_IN_A_GROUP):
                yield from batch.to_pylist()

    def standing(self) -> Iterator[pa.RecordBatch]:
        """What the list says of the rows of the shards that stand, in its order."""
        with pq.ParquetFile(self.stands) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                yield batch.cast(PICTURES_SCHEMA)


def make_plan(
    home: Home,
    selection: Selection,
    categories: tuple[Collection[str], Collection[str]],
    scratch: Path,
    *,
    history: History | None,
    shard_bytes: int,
) -> Plan:
    """Decide what is written, and put its rows into the folder `scratch`; `categories` are included and excluded."""
    with tables.engine(home, memory_bytes=MEMORY_BYTES) as connection:
        connection.execute(MACROS)
        for name, table in {**TABLES, **BESIDE}.items():
            tables.relation(connection, home, table).create_view(name)
        for name, wanted in zip(("included", "excluded"), categories, strict=True):
            found = pa.table({"category": pa.array(sorted(wanted), pa.string())})
            connection.from_arrow(found).create_view(name)
        _into(connection, "examples", scratch, _parameters(selection))
        count, placed = connection.sql("select count(*), count(split) from examples").fetchall()[0]
        if count == 0:
            raise ConfigError(_nothing(home))
        if placed < count:
            raise ConfigError(
                f"{count - placed} licensed pictures have no row in dataset/splits, expected one each; "
                "materialise dataset/splits first"
            )
        if apart := connection.sql(load("export_apart")).fetchall():
            raise ConfigError(
                "there are copies in several splits (of {} in {} and {}), expected all copies of a picture in one; "
                "materialise dataset/splits for all buckets first".format(*apart[0])
            )
        held = as_dataset(history.pictures) if history is not None else PICTURES_SCHEMA.empty_table()
        connection.from_arrow(held).create_view("held")
        readers = history.export.readers if history is not None else ()
        _into(connection, "export_compared", scratch, {"reader": readers[0] if len(readers) == 1 else None}, "compared")
        layout = _decided(connection, history, shard_bytes)
        targets = [*((path, path) for path in layout.rewritten), *((path, None) for path in layout.merged)]
        columns = {"path": [path for path, _ in targets], "target": [target for _, target in targets]}
        kinds = pa.schema([("path", pa.string()), ("target", pa.string())])
        connection.from_arrow(pa.table(columns, schema=kinds)).create_view("anew")
        path = _into(connection, "export_rows", scratch, {})
        linked = pa.table({"path": pa.array(sorted(layout.linked), pa.string())})
        connection.from_arrow(linked).create_view("linked")
        stands = _into(connection, "export_listed", scratch, {})
        found = connection.sql("select distinct reader from examples order by reader").fetchall()
    return Plan(path=path, stands=stands, layout=layout, count=count, readers=tuple(str(reader) for (reader,) in found))


def _parameters(selection: Selection) -> dict[str, object]:
    return {
        "any_category": not selection.include,
        "minimum_side": selection.minimum_side,
        "max_side": selection.max_side or NO_BOUND,
        "per_cluster": selection.per_cluster,
        "per_artist": selection.per_artist,
        "limit": selection.limit,
        "seed": selection.seed,
    }


def _into(
    connection: duckdb.DuckDBPyConnection, sql: str, folder: Path, parameters: dict[str, object], name: str = ""
) -> Path:
    """Write what a statement gives to a file, which is the view `name` from then on."""
    name = name or sql
    path = folder / f"{name}.parquet"
    target = f"{_quoted(path)} (format parquet, compression zstd, row_group_size {ROWS_IN_A_GROUP})"
    connection.execute(f"copy ({load(sql)}) to {target}", parameters)
    connection.read_parquet(str(path)).create_view(name)
    return path


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _decided(connection: duckdb.DuckDBPyConnection, history: History | None, shard_bytes: int) -> Layout:
    new = connection.sql("select distinct split from compared where shard is null and split is not null").fetchall()
    if history is None:
        return Layout()
    last = history.export
    kept = connection.sql(
        "select shard, count(*), sum(must::int), sum(stale::int), sum(is_reread::int) from compared "
        "where shard is not null group by shard"
    ).fetchall()
    by_shard = {shard: counts for shard, *counts in kept}
    left = {shard for (shard,) in connection.sql("select distinct leaves from compared").fetchall()}
    reread = [shard for shard, counts in by_shard.items() if counts[-1] and shard in history.whole]
    withdrawn = _withdrawn(connection, history, reread)
    standing = []
    for info in last.shards:
        rows, must, stale, _ = by_shard.get(info.path, (0, 0, 0, 0))
        # A shard that holds what its list does not name is not trusted.
        is_out = bool(must) or info.path in left | withdrawn or info.path not in history.whole or rows != info.rows
        standing.append(
            Standing(
                path=info.path, split=info.split, size_bytes=info.size_bytes, rows=info.rows, kept=rows,
                must=is_out, stale=stale, waited=last.waited.get(info.path, 0),
            )
        )  # fmt: skip
    return decide(standing, new_in={str(split) for (split,) in new}, shard_bytes=shard_bytes)


def _withdrawn(connection: duckdb.DuckDBPyConnection, history: History, reread: Collection[str]) -> set[str]:
    """The shards whose captions show what a newer reader of labels left out."""
    if not reread:
        return set()
    files = [str(history.export.folder / path) for path in sorted(reread)]
    connection.read_parquet(files, hive_partitioning=False).create_view("written")
    return {shard for (shard,) in connection.sql(load("export_withdrawn")).fetchall()}


def _nothing(home: Home) -> str:
    licensed = tables.count_rows(home, LICENSED)
    if licensed:
        return (
            f"none of the {licensed} licensed pictures is in the selection, so there is nothing to export; "
            "widen its categories, sizes or caps"
        )
    return (
        "catalog/licensed_images holds no picture, so there is nothing to export; "
        "look at rights/decisions for why pictures were not accepted, or widen PD_COMMONS_ROOTS"
    )
