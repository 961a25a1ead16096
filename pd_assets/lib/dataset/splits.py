"""Train, validation and test by a stable hash: copies stay together, nothing changes sides as the catalogue grows.

A cluster of copies goes where its hash says when it is first seen, and stays there. Where two clusters turn out to be
one, the side of the one that was seen first holds for both; of two first seen together, that of the smaller item.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow.compute as pc

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CLUSTERS, LICENSED, SPLITS
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
    licensed = tables.read(home, LICENSED, ["item_id", "cluster", "phash"])
    cluster_of = {
        str(row["item_id"]): str(row["cluster"] or row["phash"] or row["item_id"]) for row in tables.rows(licensed)
    }
    recorded = _recorded(home, cluster_of)
    now = 1 + max((side.since for side in recorded.values()), default=-1)
    built = []
    for item_id, cluster in cluster_of.items():
        side = recorded.get(cluster) or _Side(since=now, item_id=item_id, split=split_of(cluster))
        built.append({"item_id": item_id, "cluster": cluster, "split": side.split, "since": side.since})
    counts = {split: sum(row["split"] == split for row in built) for split in ("train", "validation", "test")}
    return SplitCounts(counts=counts, digest=tables.write(home, SPLITS, tables.as_table(SPLITS, built)))


@dataclass(frozen=True, kw_only=True, order=True)
class _Side:
    """The build in which a cluster was first seen, an item of it, and its split: the smallest holds."""

    since: int
    item_id: str
    split: str


def _recorded(home: Home, cluster_of: Mapping[str, str]) -> dict[str, _Side]:
    """The side of every cluster of which a member was in a split before, be it licensed no more."""
    before = tables.read_or_empty(home, SPLITS, ["item_id", "split", "since"])
    members = tables.read_or_empty(home, CLUSTERS, ["item_id", "cluster"]).filter(
        pc.is_in(pc.field("item_id"), before["item_id"].combine_chunks())
    )
    known = {str(row["item_id"]): str(row["cluster"]) for row in tables.rows(members)}
    found: dict[str, _Side] = {}
    for row in tables.rows(before):
        item_id = str(row["item_id"])
        cluster = cluster_of.get(item_id) or known.get(item_id)
        since = row["since"] if isinstance(row["since"], int) else 0
        side = _Side(since=since, item_id=item_id, split=str(row["split"]))
        if cluster is not None:
            found[cluster] = min(side, found.get(cluster, side))
    return found


def split_of(cluster: str) -> str:
    """The split of a cluster of copies, from nothing but its name."""
    place = int.from_bytes(hashlib.blake2b(cluster.encode(), digest_size=8).digest(), "big") % 1000
    if place < TEST_PER_MILLE:
        return "test"
    return "validation" if place < TEST_PER_MILLE + VALIDATION_PER_MILLE else "train"
