"""The rows of some items in a file that is sorted by item: only the row groups that may hold them are read, and no more
of those than needed. Arrow alone: where nothing is joined, DuckDB costs more to start than the rows.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

import pyarrow.parquet as pq

from pd_assets.lib.catalog import damage
from pd_assets.lib.catalog.schemas import Table
from pd_assets.lib.release.segments import Row, as_rows

# Read at a time: evidence is long.
ROWS = 4_000


def rows_of_items(table: Table, path: Path, items: Collection[str]) -> list[Row]:
    """All columns of the rows of some items; those that the file was written without are null. DamagedTable."""
    found: list[Row] = []
    with damage.named(table, path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        lacking = dict.fromkeys(name for name in table.columns if name not in file.schema_arrow.names)
        for group in _groups(file, items):
            for row in _rows(file, group, items):
                found.append({**row, **lacking})
    return found


def _groups(file: pq.ParquetFile, items: Collection[str]) -> Iterator[int]:
    """The row groups that may hold some items, by what the footer says."""
    place = file.schema_arrow.names.index("item_id")
    for group in range(file.metadata.num_row_groups):
        # Columns of lists and structs have several leaves: the path is what tells.
        leaves = [file.metadata.row_group(group).column(leaf) for leaf in range(file.metadata.num_columns)]
        told = next(leaf for leaf in leaves if leaf.path_in_schema == file.schema_arrow.names[place]).statistics
        if told is None or not told.has_min_max or any(told.min <= item <= told.max for item in items):
            yield group


def _rows(file: pq.ParquetFile, group: int, items: Collection[str]) -> Iterator[Row]:
    # In plain Python: what makes an array of a list imports pandas.
    held, wanted = file.read_row_group(group, columns=["item_id"])["item_id"].to_pylist(), set(items)
    places = [place for place, item in enumerate(held) if item in wanted]
    if not places:
        return
    begins = 0
    for batch in file.iter_batches(ROWS, row_groups=[group], use_threads=False):
        for place in places:
            if begins <= place < begins + batch.num_rows:
                yield from as_rows(batch.slice(place - begins, 1))
        begins += batch.num_rows
        if begins > places[-1]:
            return
