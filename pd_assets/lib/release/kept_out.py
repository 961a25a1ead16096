"""What takedowns keep out of catalog/licensed_images: which of them names an item, and how many each keeps out."""

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, FILES, ITEMS, TAKEDOWNS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import TableError
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


def taken_down_as(home: Home, item_id: str) -> list[str]:
    """Why an item is taken down, with the number of the receipt and how it was known, in words; nothing where it is
    not.
    """
    inputs = {"takedowns": TAKEDOWNS, "items": ITEMS, "files": FILES, "clusters": CLUSTERS}
    try:
        rows = tables.query(home, load("taken_down_as"), inputs, {"item": item_id}).to_pylist()
    except TableError as error:
        return [f"not known whether it is ({error})"]
    return [
        f"{row['number'] or UNNUMBERED}, {row['day']}: {row['reason']}"
        + (f" ({MATCHED[row['matched_by']]})" if row["matched_by"] in MATCHED else "")
        for row in rows
    ]


def count_kept_out(home: Home, *, profile: str) -> dict[str, int]:
    """By the number of its receipt: how many accepted items with a picture each takedown keeps out, the most first."""
    inputs = {"takedowns": TAKEDOWNS, "items": ITEMS, "files": FILES, "clusters": CLUSTERS, "decisions": DECISIONS}
    found = tables.query(home, load("kept_out"), inputs, {"profile": profile}).to_pylist()
    return {str(row["number"] or UNNUMBERED): int(row["items"]) for row in found}
