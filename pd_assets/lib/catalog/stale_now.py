"""The items whose evidence is stale as of now, for pages that ask again and again: kept for a minute at most."""

import time
from functools import lru_cache

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.items import stale_items
from pd_assets.lib.catalog.looks import stale
from pd_assets.lib.catalog.schemas import ITEMS
from pd_assets.lib.home import Home

KEPT_S = 60


def stale_now(home: Home, days: int) -> frozenset[str]:
    """The live items that could not be read anew for so many days; TableError where nobody can tell which."""
    stamp = []
    for path in (*sorted(home.root.glob("*/looks.json")), *tables.files_of(home, ITEMS)):
        stat = path.stat()
        stamp.append((path, stat.st_size, stat.st_mtime_ns))
    return _stale(home, days, int(time.monotonic()) // KEPT_S, tuple(stamp))


@lru_cache(maxsize=4)
def _stale(home: Home, days: int, minute: int, stamp: object) -> frozenset[str]:
    del minute, stamp
    return frozenset(stale_items(home, stale(home, days=days)))
