"""Whether the files of tables are what was written: Parquet with a checksum in each page. What heals one that is not is
said by its table (`Kept`). Errors: DamagedTable.

No rebuilding in here, and no knowledge of a particular table.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pd_assets.lib.catalog.schemas import Table
from pd_assets.lib.errors import DamagedTable, TableError
from pd_assets.lib.home import Home, write_text


class _Written(TypedDict):
    compression: str
    write_page_checksum: bool


# How each file of a table is written.
WRITTEN: _Written = {"compression": "ZSTD", "write_page_checksum": True}
# Of the files that were verified before: inode, size and time. By the root of the home.
_WHOLE: dict[Path, set[str]] = {}
WHOLE = ".tmp/whole"
MOST_REMEMBERED = 200_000


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
    known = _WHOLE.setdefault(home.root, set()) or _remembered(home)
    new = {seen: path for path in paths if (seen := _seen(table, path)) not in known}
    for path in new.values():
        verify(table, path)
    known.update(new)
    _WHOLE[home.root] = known
    if new and home.may_write:
        kept = known if len(known) <= MOST_REMEMBERED else new
        write_text(home.root / WHOLE, "\n".join(sorted(kept)))


def _remembered(home: Home) -> set[str]:
    try:
        return set((home.root / WHOLE).read_text(errors="replace").split())
    except OSError:
        return set()


def _seen(table: Table, path: Path) -> str:
    with named(table, path):
        told = path.stat()
    return f"{told.st_ino}-{told.st_size}-{told.st_mtime_ns}"
