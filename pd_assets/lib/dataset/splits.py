"""Train, validation and test by a stable hash: copies stay together, nothing changes sides as the catalogue grows."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import LICENSED, SPLITS
from pd_assets.lib.home import Home

# Of 1000 clusters: the rest is train.
VALIDATION_PER_MILLE = 50
TEST_PER_MILLE = 50


@dataclass(frozen=True, kw_only=True)
class SplitCounts:
    """Pictures in each split; the table's digest."""

    counts: Mapping[str, int]
    digest: str


def build_splits(home: Home) -> SplitCounts:
    """Assign every licensed picture to a split and write dataset/splits."""
    licensed = tables.read(home, LICENSED, ["item_id", "phash"])
    built = [
        {"item_id": row["item_id"], "cluster": row["phash"], "split": split_of(str(row["phash"]))}
        for row in tables.rows(licensed)
    ]
    counts = {split: sum(row["split"] == split for row in built) for split in ("train", "validation", "test")}
    return SplitCounts(counts=counts, digest=tables.write(home, SPLITS, tables.as_table(SPLITS, built)))


def split_of(cluster: str) -> str:
    """The split of a cluster of copies, from nothing but its name."""
    place = int.from_bytes(hashlib.blake2b(cluster.encode(), digest_size=8).digest(), "big") % 1000
    if place < TEST_PER_MILLE:
        return "test"
    return "validation" if place < TEST_PER_MILLE + VALIDATION_PER_MILLE else "train"
