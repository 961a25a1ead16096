"""Change the number of item buckets of a home: the same rows in other files, and nothing fetched or decided anew.

Each table is streamed beside its place (PD_HOME/.rebucket), then all take their places, each in one rename.
`rebucket.json` says what is under way: nobody else works on the home until it is gone, and nobody asks it from the
first table that changes until the last did. Killed at any moment, it goes on when it is started again.
"""

import ctypes
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa

from pd_assets.lib.catalog import buckets as item_buckets
from pd_assets.lib.catalog import damage, table_files, tables
from pd_assets.lib.catalog.mending import mend
from pd_assets.lib.catalog.schemas import TABLES, Table
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import BUCKETS, REBUCKET, Home, read_checked, write_checked

BESIDE = ".rebucket"
# In a table's new folder, which is switched with the old one.
NEW = ".rebucketed"
BY_BUCKET = tuple(table for table in TABLES.values() if table.by_bucket)
# https://man7.org/linux/man-pages/man2/renameat2.2.html
AT_FDCWD, RENAME_EXCHANGE = -100, 2


@dataclass(frozen=True, kw_only=True)
class Rebucketed:
    """What was done: `rows` by table."""

    before: int
    after: int
    rows: dict[str, int]

    def __str__(self) -> str:
        if self.before == self.after:
            return f"it has {self.after} buckets already: nothing was changed"
        told = ", ".join(f"{table} {rows}" for table, rows in self.rows.items())
        return f"{self.before} buckets are now {self.after}; rows: {told or 'none yet'}; nothing was fetched or decided"


def rebucket(home: Home, number: int) -> Rebucketed:
    """Give the home so many buckets, or end what was begun. The caller is the only one at work on it.

    ConfigError where a change to another number is half done, or where rows lie in files of another number than the
    home notes: they would be lost. DamagedTable where a table does not heal by itself.
    """
    assert item_buckets.is_number(number), f"{number} is no number of buckets"
    begun = _begun(home)
    if begun is not None and begun["buckets"] != number and begun["switches"]:
        raise ConfigError(f"{home.root}: run `pdd rebucket {begun['buckets']}` first, which was begun and is half done")
    if begun is None or begun["buckets"] != number:
        shutil.rmtree(home.root / BESIDE, ignore_errors=True)
        (home.root / REBUCKET).unlink(missing_ok=True)
        begun = {"buckets": number, "before": home.buckets, "switches": False}
        if number == begun["before"]:
            return Rebucketed(before=number, after=number, rows={})
        _require_whole(home)
        _require_in_place(home)
        # Of a change that was killed at its very end.
        _forget_marks(home)
        write_checked(home.root / REBUCKET, begun)
    elif not begun["switches"]:
        _require_whole(home)
    if not begun["switches"]:
        for table in BY_BUCKET:
            if tables.files_of(home, table) and not _beside(home, table).is_dir():
                _write(home, table, number)
        write_checked(home.root / REBUCKET, {**begun, "switches": True})
    for table in BY_BUCKET:
        _switch(home, table)
    home.fix_buckets(number)
    (home.root / REBUCKET).unlink()
    _forget_marks(home)
    shutil.rmtree(home.root / BESIDE, ignore_errors=True)
    files = [(table, tables.files_of(home, table)) for table in BY_BUCKET]
    rows = {table.key: sum(damage.row_count(table, path) for path in found) for table, found in files if found}
    return Rebucketed(before=int(str(begun["before"])), after=number, rows=rows)


def _require_whole(home: Home) -> None:
    """Heal what heals by itself: a second copy stays behind with the old files, and is of none of the new ones."""
    # Of one in a bucket the list of what is published tells what is whole.
    for found in mend(home) if home.copy is None else ():
        if TABLES[found.table] in BY_BUCKET:
            raise found


def _require_in_place(home: Home) -> None:
    """ConfigError where rows lie in files of another number of buckets than the home notes."""
    number = home.buckets
    for table in BY_BUCKET if number > 1 else ():
        known = {tables.bucket_file(home, table, bucket).resolve() for bucket in range(number)}
        wrong = [path for path in tables.files_of(home, table) if path not in known]
        wrong += [path for bucket, path in _there(home, table) if _has_others(home, table, bucket, number)]
        if wrong:
            raise ConfigError(
                f"{home.root / BUCKETS}: says {number} buckets, and {wrong[0]} has rows of another number; expected "
                "the number that the home was made with: remove it, run `pdd doctor --repair`, and run again"
            )


def _there(home: Home, table: Table) -> Iterator[tuple[int, Path]]:
    """The buckets of a table that have a file."""
    files = ((bucket, tables.bucket_file(home, table, bucket)) for bucket in range(home.buckets))
    return ((bucket, path) for bucket, path in files if path.is_file())


def _has_others(home: Home, table: Table, bucket: int, number: int) -> bool:
    with tables.engine(home) as connection:
        rows = tables.relation(connection, home, table, bucket=bucket)
        return bool(rows.filter(f"{item_buckets.sql(number)} <> {bucket}").limit(1).fetchall())


def _forget_marks(home: Home) -> None:
    for table in BY_BUCKET:
        (home.table(table.key) / NEW).unlink(missing_ok=True)


def _begun(home: Home) -> dict[str, object] | None:
    try:
        return read_checked(home.root / REBUCKET)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ConfigError(
            f"{home.root / REBUCKET}: damaged ({error}); expected the number of buckets that the home is being given: "
            f'write {{"buckets": N, "before": M, "switches": true}} there, as {home.root / BESIDE} tells'
        ) from error


def _beside(home: Home, table: Table) -> Path:
    """The folder that a table's new files are in, once all of them are; after it took its place, the old ones."""
    return home.root / BESIDE / table.key


def _write(home: Home, table: Table, number: int) -> None:
    """Write all buckets of a table anew, in bounded memory; what else lies in its folder is kept."""
    live, beside = home.table(table.key), _beside(home, table)
    half = beside.with_name(f"{beside.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(live, half, ignore=shutil.ignore_patterns("*.parquet", f"*{damage.SECOND}", "*.partial", NEW))
    before = home.buckets
    fewer = min(before, number)
    for group in range(fewer):
        wanted = iter(range(group, number, fewer))
        for bucket, batches in groupby(_of_buckets(home, table, range(group, before, fewer), number), lambda of: of[0]):
            _write_buckets(table, half, wanted, bucket, (batch for _, batch in batches))
        _write_buckets(table, half, wanted, None, ())
    (half / NEW).touch()
    os.replace(half, beside)


def _write_buckets(
    table: Table, folder: Path, wanted: Iterator[int], last: int | None, batches: Iterable[pa.RecordBatch]
) -> None:
    """The next buckets: without rows up to `last`, which has these; without any to the end where it is None."""
    for bucket in wanted:
        path = folder / f"part-{bucket}.parquet"
        table_files.stream(table, batches if bucket == last else (), path)
        damage.keep_second(table, path)
        if bucket == last:
            return


def _of_buckets(home: Home, table: Table, old: Iterable[int], number: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The rows of some old buckets, by their new ones."""
    order = ", ".join(f'"{name}"' for name in table.sort_by)
    with tables.engine(home) as connection:
        for at, bucket in enumerate(old):
            # One bucket may lie in several files, which an older version wrote.
            of = None if home.buckets == 1 else bucket
            tables.relation(connection, home, table, bucket=of).create_view(f"old_{at}")
        views = [f"select {', '.join(map(_quoted, table.columns))} from old_{at}" for at in range(len(list(old)))]
        found = connection.sql(f"select {item_buckets.sql(number)} as bucket, * from ({' union all '.join(views)})")
        for batch in found.order(f"bucket, {order}").to_arrow_reader(tables.BATCH_ROWS):
            placed = batch["bucket"].to_numpy()
            rows = batch.drop_columns(["bucket"])
            ends = [*np.flatnonzero(np.diff(placed)) + 1, len(placed)]
            for start, end in zip([0, *ends], ends, strict=False):
                yield int(placed[start]), rows.slice(start, end - start)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _switch(home: Home, table: Table) -> None:
    """Let the new folder of a table take the place of the old one, where it did not."""
    live, beside = home.table(table.key), _beside(home, table)
    if not (beside / NEW).is_file():
        return
    if live.is_dir() and not _exchange(live, beside):
        os.replace(live, beside.with_name(f"{beside.name}.old"))
    if (beside / NEW).is_file():
        os.replace(beside, live)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; False where the system or its disk cannot: there it takes two."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    return rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0
