"""Fetched pictures that look alike, or not, by the hashes given to them, and the clusters that come of them."""

import random
from collections.abc import Sequence

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.duplicates import build_clusters
from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, FILES, ITEMS
from pd_assets.lib.home import Home
from tests.pd_assets.lib.planting import PROFILE, decision, file, item, plant

Row = dict[str, object]
LOOK = 0x0F1E2D3C4B5A6978
DETAIL = int("5a" * 32, 16)


def flipped(value: int, bits: int, seed: int, width: int) -> int:
    for place in random.Random(seed).sample(range(width), bits):
        value ^= 1 << place
    return value


def looking(number: int, look: int = LOOK, detail: int = DETAIL, **changes: object) -> Row:
    """A fetched picture with these hashes."""
    return file(number, phash=f"{look:016x}", detail_hash=f"{detail:064x}", **changes)


def clusters_of(
    home: Home, files: Sequence[Row], *, decisions: Sequence[Row] = (), items: Sequence[Row] = ()
) -> dict[str, Row]:
    """catalog/clusters of these pictures; all accepted and live but where something else is given."""
    plant(home, FILES, files)
    numbers = [int(str(row["item_id"]).removeprefix("commons:M")) for row in files]
    plant(home, ITEMS, list(items) or [item(number) for number in numbers])
    plant(home, DECISIONS, list(decisions) or [decision(number) for number in numbers])
    build_clusters(home, profile=PROFILE)
    return {str(row["item_id"]): row for row in tables.rows(tables.read(home, CLUSTERS))}
