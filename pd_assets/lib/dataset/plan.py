"""What an export is to hold, in a file in the order of its shards: the tables joined once, in bounded memory.

Errors: ConfigError where there is nothing to export, or where the tables do not fit together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS, FILES, LICENSED, SPLITS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.dataset.selection import Selection, with_descendants
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_ml.data import shards

ROWS_IN_A_GROUP = 2048
MEMORY_BYTES = 600_000_000
NO_BOUND = 2**31 - 1
TABLES = {"licensed": LICENSED, "captions": CAPTIONS, "splits": SPLITS, "files": FILES}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The rows to export: `path` has them whole; the arrays have what places them, one entry a row.

    `sizes` are the bytes that a picture will take, as far as that can be told beforehand; -1 where there is none.
    """

    path: Path
    bounds: dict[str, tuple[int, int]]
    places: npt.NDArray[np.uint64]
    sizes: npt.NDArray[np.int64]
    keys: npt.NDArray[np.bytes_]
    lost: tuple[str, ...]

    def rows(self, first: int, end: int) -> Iterator[dict[str, object]]:
        """The rows from `first` up to `end`, those without a picture left out."""
        with pq.ParquetFile(self.path) as file:
            start = 0
            for group in range(file.num_row_groups):
                count = file.metadata.row_group(group).num_rows
                if start < end and first < start + count:
                    content = file.read_row_group(group).to_pylist()
                    for at in range(max(first, start), min(end, start + count)):
                        if self.sizes[at] >= 0:
                            yield content[at - start]
                start += count


def make_plan(home: Home, selection: Selection, scratch: Path) -> Plan:
    """Join the tables into a file in the folder `scratch`, and look which of the pictures are there."""
    path = scratch / "plan.parquet"
    _join(home, selection, path)
    count = pq.read_metadata(path).num_rows
    if count == 0:
        raise ConfigError(_nothing(home))
    splits = pq.read_table(path, columns=["split"])["split"].combine_chunks()
    if splits.null_count:
        raise ConfigError(
            f"{splits.null_count} licensed pictures have no row in dataset/splits, expected one each; "
            "materialise dataset/splits first"
        )
    facts = [_facts(home, batch, selection.max_side) for batch in _batches(path)]
    return Plan(
        path=path,
        bounds=_bounds(splits),
        places=np.concatenate([places for places, _, _, _ in facts]),
        sizes=np.concatenate([sizes for _, sizes, _, _ in facts]),
        keys=np.concatenate([keys for _, _, keys, _ in facts]),
        lost=tuple(line for _, _, _, lost in facts for line in lost),
    )


def _join(home: Home, selection: Selection, path: Path) -> None:
    parameters = {
        "any_category": not selection.include,
        "minimum_side": selection.minimum_side,
        "max_side": selection.max_side or NO_BOUND,
        "per_cluster": selection.per_cluster,
        "per_artist": selection.per_artist,
        "limit": selection.limit,
        "seed": selection.seed,
    }
    with tables.engine(home, memory_bytes=MEMORY_BYTES) as connection:
        for name, table in TABLES.items():
            tables.relation(connection, home, table).create_view(name)
        for name, categories in (("included", selection.include), ("excluded", selection.exclude)):
            found = pa.table({"category": pa.array(sorted(with_descendants(home, categories)), pa.string())})
            connection.from_arrow(found).create_view(name)
        target = f"{_quoted(path)} (format parquet, compression zstd, row_group_size {ROWS_IN_A_GROUP})"
        connection.execute(f"copy ({load('examples')}) to {target}", parameters)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _nothing(home: Home) -> str:
    licensed = tables.read_or_empty(home, LICENSED, ["item_id"]).num_rows
    if licensed:
        return (
            f"none of the {licensed} licensed pictures is in the selection, so there is nothing to export; "
            "widen its categories, sizes or caps"
        )
    return (
        "catalog/licensed_images holds no picture, so there is nothing to export; "
        "look at rights/decisions for why pictures were not accepted, or widen PD_COMMONS_ROOTS"
    )


def _bounds(splits: pa.StringArray) -> dict[str, tuple[int, int]]:
    """First row and end of every split, in the order in which they lie."""
    counts = {split: pc.sum(pc.equal(splits, split)).as_py() for split in shards.SPLITS}
    ends = dict(zip(counts, np.cumsum(list(counts.values())).tolist(), strict=True))
    return {split: (ends[split] - counts[split], ends[split]) for split in counts}


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        columns = ["item_id", "path", "width", "height", "place", "row_key"]
        yield from file.iter_batches(batch_size=ROWS_IN_A_GROUP, columns=columns)


def _facts(
    home: Home, batch: pa.RecordBatch, max_side: int
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64], npt.NDArray[np.bytes_], list[str]]:
    """Places, sizes and keys of some rows, and a line for every one without a picture."""
    sizes = np.full(batch.num_rows, -1, dtype=np.int64)
    lost: list[str] = []
    for at, row in enumerate(batch.select(["item_id", "path", "width", "height"]).to_pylist()):
        try:
            if row["path"] is None:
                raise FileNotFoundError(0, "images/files has no picture of it")
            size_bytes = home.size_bytes(home.root / row["path"])
        except OSError as error:
            lost.append(f"{row['item_id']}: {error.strerror or error}")
            continue
        longest = max(row["width"] or 1, row["height"] or 1)
        share = min(1.0, max_side / longest) if max_side else 1.0
        sizes[at] = round(size_bytes * share * share)
    keys = np.array(batch["row_key"].to_pylist(), dtype="S32")
    return batch["place"].to_numpy(zero_copy_only=False).astype(np.uint64), sizes, keys, lost
