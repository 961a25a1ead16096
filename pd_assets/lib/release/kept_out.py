"""How many items each takedown keeps out of catalog/licensed_images. Those of one item: asked_standing.py."""

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, FILES, ITEMS, TAKEDOWNS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home

UNNUMBERED = "without a number"
# How a picture that came back was known, in words.
MATCHED = {
    "name": "named",
    "pattern": "it matches a pattern",
    "copy": "a copy of what was named",
    "sha1": "the same original came back",
    "sha256": "the same picture came back",
    "look": "it looks the same",
}


def count_kept_out(home: Home, *, profile: str) -> dict[str, int]:
    """By the number of its receipt: how many accepted items with a picture each takedown keeps out, the most first."""
    inputs = {"takedowns": TAKEDOWNS, "items": ITEMS, "files": FILES, "clusters": CLUSTERS, "decisions": DECISIONS}
    found = tables.query(home, load("kept_out"), inputs, {"profile": profile}).to_pylist()
    return {str(row["number"] or UNNUMBERED): int(row["items"]) for row in found}
