"""Whether the files of tables are what was written: Parquet with a checksum in each page. What heals one that is not is
said by its table (`Kept`). Errors: DamagedTable.

What nothing else tells is kept twice: `.part-0.parquet.second` beside `part-0.parquet`. A part that waits for what will
rest on it is `part-0.waits-<state>.parquet` until then, and its second copy has the name of afterwards from the first:
one renaming settles both. mending.py heals.
"""

import glob
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pd_assets.lib.catalog.schemas.table import Table
from pd_assets.lib.errors import DamagedTable, TableError
from pd_assets.lib.home import Home, replacing, write_text


class _Written(TypedDict):
    compression: str
    write_page_checksum: bool


# How each file of a table is written.
WRITTEN: _Written = {"compression": "ZSTD", "write_page_checksum": True}
# Of the files that were verified before: inode, size and time. By the root of the home.
_WHOLE: dict[Path, set[str]] = {}
WHOLE = ".tmp/whole"
SECOND = ".second"
WAITS = ".waits-"
_WAITS = re.compile(rf"{re.escape(WAITS)}[0-9a-f]+(?=\.parquet$)")
# Below it nothing is forgotten.
LEAST_REMEMBERED = 1_000


@contextmanager
def named(table: Table, path: Path) -> Iterator[None]:
    """Within it a file is read, and nothing is written: what fails is a DamagedTable."""
    try:
        yield
    except FileNotFoundError as error:
        raise TableError(f"{table.key}: {path} was replaced while it was read; run again") from error
    except MemoryError:
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DamagedTable(table.key, path, found=str(error), heals=table.kept.value) from error


def read_file(
    table: Table, path: Path, columns: Sequence[str] | None = None, wanted: pc.Expression | None = None
) -> pa.Table:
    """One file, its checksums compared; columns that it was written without are null."""
    chosen = None if columns is None else list(columns)
    with named(table, path):
        return pq.read_table(path, schema=table.schema, columns=chosen, filters=wanted, page_checksum_verification=True)


def batches(table: Table, path: Path, rows: int = 20_000) -> Iterator[pa.RecordBatch]:
    """The rows of one file in bounded memory, its checksums compared."""
    with named(table, path):
        file = pq.ParquetFile(path, page_checksum_verification=True)
    with file:
        found = file.iter_batches(rows)
        while True:
            with named(table, path):
                batch = next(found, None)
            if batch is None:
                return
            yield batch


def row_count(table: Table, path: Path) -> int:
    """The rows of one file, by its footer."""
    with named(table, path):
        return int(pq.read_metadata(path).num_rows)


def verify(table: Table, path: Path) -> None:
    """Read one file whole: DamagedTable where a page is not what was written."""
    for _ in batches(table, path):
        pass


def require_whole(home: Home, table: Table, paths: Iterable[Path]) -> None:
    """DamagedTable for the first file that is damaged. One that was found whole is read again once it is another.

    For who reads without checksums, as DuckDB does: of a file with one flipped bit it mostly makes other values.
    """
    for found in damaged(home, table, paths):
        raise found


def damaged(home: Home, table: Table, paths: Iterable[Path]) -> list[DamagedTable]:
    """The same for all of the files: what is wrong with each that is damaged."""
    known = _known(home)
    found, new = [], []
    for path in paths:
        try:
            if (seen := _seen(table, path)) not in known:
                verify(table, path)
                new.append(seen)
        except DamagedTable as error:
            found.append(error)
    known.update(new)
    if new and home.may_write:
        _remember(home, new)
    return found


def forget(home: Home, table: Table, path: Path) -> None:
    """Have a file that was whole once read again: a reader found it damaged, though it looks the same from outside."""
    known = _known(home)
    known.discard(_seen(table, path))
    if home.may_write:
        write_text(home.root / WHOLE, _lines(sorted(known)))


def forget_all(home: Home) -> None:
    """Have every file read again."""
    _WHOLE.pop(home.root, None)
    (home.root / WHOLE).unlink(missing_ok=True)


def forget_replaced(home: Home, files: Iterable[tuple[Table, Path]]) -> None:
    """Forget what is none of these files any more, which are all that there are, once it is the most of it."""
    if len(_known(home)) > LEAST_REMEMBERED:
        there = {_seen(table, path) for table, path in files if path.is_file()}
        if len(_known(home)) > 2 * len(there):
            _WHOLE[home.root] = _known(home) & there
            write_text(home.root / WHOLE, _lines(sorted(_WHOLE[home.root])))


def _known(home: Home) -> set[str]:
    """What is remembered of the files of a home; read once a process."""
    if not _WHOLE.get(home.root):
        try:
            _WHOLE[home.root] = set((home.root / WHOLE).read_text(errors="replace").split())
        except OSError:
            _WHOLE[home.root] = set()
    return _WHOLE[home.root]


def _remember(home: Home, new: Sequence[str]) -> None:
    """Add to what is remembered. A line that a killed process cut off is no file's, and costs a look at that file."""
    (home.root / WHOLE).parent.mkdir(exist_ok=True)
    with (home.root / WHOLE).open("a") as file:
        file.write("\n" + _lines(new))


def _lines(seen: Iterable[str]) -> str:
    return "".join(f"{one}\n" for one in seen)


def _seen(table: Table, path: Path) -> str:
    try:
        told = path.stat()
    except OSError:
        with named(table, path):
            raise
    return f"{told.st_ino}-{told.st_size}-{told.st_mtime_ns}"


def second(path: Path) -> Path:
    """Where the second copy of a file lies."""
    return path.with_name(f".{_WAITS.sub('', path.name)}{SECOND}")


def first(copy: Path) -> Path:
    """The file that a second copy is of; the one that waits, where it does."""
    path = copy.with_name(copy.name.removeprefix(".").removesuffix(SECOND))
    if path.is_file():
        return path
    return next(path.parent.glob(f"{glob.escape(path.stem)}{WAITS}*{path.suffix}"), path)


def keep_second(table: Table, path: Path) -> None:
    """Have the second copy of a file that was written, where its table is kept twice."""
    if table.kept.is_twice:
        with replacing(second(path)) as partial:
            shutil.copyfile(path, partial)


def remove(path: Path) -> None:
    """Remove a file of a table that is no part of it any more, and its second copy before it."""
    second(path).unlink(missing_ok=True)
    path.unlink(missing_ok=True)
