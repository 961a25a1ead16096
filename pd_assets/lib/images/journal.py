"""What a fetch has told and images/files does not say yet: parts of a few hundred rows under images/journal.

A part is written every so often, and folded into its bucket of the table when that is done. All parts go when the table
says everything: then the placeholders among the fresh pictures are known too. What a killed run left is folded in by
the next one; a damaged part costs what is in it. Only for who is alone in images/.

The folder has no dot, so that a home in a bucket publishes it: the machine that goes on may be another one.
"""

import itertools
import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import buckets as item_buckets
from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.mending import move_away
from pd_assets.lib.catalog.schemas import FILES
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import DamagedTable, TableError, WorkUnderWay
from pd_assets.lib.home import Home, alone, replacing
from pd_assets.lib.images import placeholders

WRITE_EVERY = 500
PLACE = "images/journal"

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Told:
    """How many rows a journal told, and how many of them are `ok` now."""

    rows: int
    ok: int


def settle(home: Home) -> None:
    """Have images/files say what a killed run told."""
    Journal(home).settle()


def settle_left(home: Home) -> None:
    """The same where nobody fetches now; who does sees to it."""
    if home.matching(f"{PLACE}/*.parquet"):
        with suppress(WorkUnderWay, TableError), alone(home.images, "fetches pictures", waits=False):
            settle(home)


class Journal:
    """The parts that are there, and what follows."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._parts: list[Path] = []
        # By bucket, those that its file does not tell yet.
        self._waiting: dict[int, list[Path]] = {}
        self._numbers = itertools.count()
        for path in home.matching(f"{PLACE}/*.parquet"):
            try:
                self._note(path, damage.read_file(FILES, path))
            except DamagedTable as error:
                target = move_away(home, path)
                log.warning("%s: damaged (%s); set aside as %s, its pictures are asked for again", path, error, target)

    def add(self, rows: pa.Table) -> None:
        """Rows that are news, as a part of their own."""
        if rows.num_rows:
            path = self._home.root / PLACE / f"{next(self._numbers):08}-{uuid.uuid4().hex[:8]}.parquet"
            with replacing(path) as partial:
                pq.write_table(tables.sort(FILES, rows), partial, **damage.WRITTEN)
            self._note(path, rows)

    def fail(self, reasons: Mapping[str, str]) -> set[str]:
        """Have the rows of some items that were told before say that they have no picture, and why; returns whose."""
        with self._shown() as connection:
            asked = "select * from parts where item_id in (select unnest($items)) order by filename"
            told = connection.sql(asked, params={"items": list(reasons)}).to_arrow_table()
        rows = tables.as_table(FILES, {str(row["item_id"]): row for row in tables.rows(told)}.values())
        items = rows["item_id"].to_pylist()
        self.add(placeholders.failed(rows, pa.array([reasons[item] for item in items], pa.string())))
        return set(items)

    def fold(self, bucket: int, gone: pa.Table | None = None) -> None:
        """Have the file of a bucket say what the parts do, without the rows of the items that are `gone`."""
        if gone is None:
            # Here, not when this module is imported: pyarrow imports pandas for it.
            gone = FILES.schema.empty_table().select(["item_id"])
        with self._shown(self._waiting.pop(bucket, [])) as connection:
            tables.relation(connection, self._home, FILES, bucket=bucket).create_view("stored")
            connection.from_arrow(gone).create_view("gone")
            of_bucket = f"{item_buckets.sql(self._home.buckets)} = {bucket}"
            answer = connection.sql(load("folded").replace("{of_bucket}", of_bucket))
            tables.write_bucket(self._home, FILES, bucket, answer.to_arrow_reader(tables.BATCH_ROWS))

    def settle(self) -> Told:
        """Have the table say everything, in all buckets where placeholders show now, and end the journal."""
        if not self._parts:
            return Told(rows=0, ok=0)
        self._fold_all()
        fetched = list(self._parts)
        self._fail_placeholders()
        self._fold_all()
        with self._shown(fetched) as connection:
            tables.relation(connection, self._home, FILES).create_view("files")
            asked = "select count(*), count(*) filter (status = 'ok') from files semi join parts using (item_id)"
            rows, ok = connection.sql(asked).fetchall()[0]
        for path in self._parts:
            path.unlink()
        self._parts.clear()
        return Told(rows=rows, ok=ok)

    def _fail_placeholders(self) -> None:
        with self._shown() as connection:
            tables.relation(connection, self._home, FILES).create_view("files")
            shown = connection.sql(load("placeholders"), params={"most": placeholders.MOST_UNRELATED})
            for batch in shown.to_arrow_reader(tables.BATCH_ROWS):
                rows = tables.sort(FILES, pa.Table.from_batches([batch]))
                reasons = pa.repeat(placeholders.REASON, rows.num_rows)
                self.add(placeholders.failed(rows, reasons, keep=frozenset({"sha256"})))

    def _fold_all(self) -> None:
        for bucket in sorted(self._waiting):
            self.fold(bucket)

    def _note(self, path: Path, rows: pa.Table) -> None:
        self._parts.append(path)
        for bucket in np.unique(item_buckets.buckets_of(rows["item_id"].to_pylist(), self._home.buckets)):
            self._waiting.setdefault(int(bucket), []).append(path)

    @contextmanager
    def _shown(self, parts: list[Path] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """DuckDB with the view `parts` of some parts, all if None: their rows, and the name of each one's file."""
        paths = self._parts if parts is None else parts
        with tables.engine(self._home) as connection:
            if paths:
                found = connection.read_parquet([str(path) for path in paths], filename=True)
            else:
                empty = FILES.schema.empty_table().append_column("filename", pa.array([], pa.string()))
                found = connection.from_arrow(empty)
            found.create_view("parts")
            yield connection
