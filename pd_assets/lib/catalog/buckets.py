"""Item buckets: what is per item is cut by a hash of the item's id, so that a part of it can be made on its own.

A home is made with a power of two of them. The hash is the lower half of the id's MD5, which DuckDB knows as
`md5_number_lower`, and its lowest bits are the bucket: with twice as many, a bucket becomes two.
"""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

MOST = 4096


def bucket_of(item_id: str, buckets: int) -> int:
    """The bucket of an item, from 0."""
    low = hashlib.md5(item_id.encode(), usedforsecurity=False).digest()[8:]
    return int.from_bytes(low, "little") % buckets


def buckets_of(item_ids: Iterable[str], buckets: int) -> npt.NDArray[np.int64]:
    """The bucket of each of some items."""
    return np.fromiter((bucket_of(item_id, buckets) for item_id in item_ids), dtype=np.int64)


def sql(buckets: int, item_id: str = "item_id") -> str:
    """The same as an expression of DuckDB's, `item_id` being a column or an expression."""
    return f"cast(md5_number_lower({item_id}) % {buckets} as integer)"


def runs(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Batches cut where their last column, `bucket`, changes."""
    for batch in batches:
        found = batch.column("bucket").to_numpy()
        bounds = [0, *(np.flatnonzero(np.diff(found)) + 1).tolist(), len(found)]
        for start, end in pairwise(bounds):
            if end > start:
                yield int(found[start]), batch.slice(start, end - start)


def names(buckets: int) -> list[str]:
    """What the buckets are called where people see them, in their order: `00` to `ff` of 256."""
    width = len(f"{buckets - 1:x}")
    return [f"{number:0{width}x}" for number in range(buckets)]


def is_number(buckets: int) -> bool:
    """Whether a home may have so many: a power of two, 4096 at most."""
    return 1 <= buckets <= MOST and buckets.bit_count() == 1
