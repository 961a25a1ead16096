"""One row per file of either archive, and the licence-filtered table: the joins between the other tables."""

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CATEGORIES, DECISIONS, FILES, ITEMS, LICENSED, PAGES, Table
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home


def build_items(home: Home) -> str:
    """Write catalog/items from the synchronised pages and return its digest."""
    content = tables.query(home, load("items"), {"pages": PAGES, "categories": CATEGORIES})
    return tables.write(home, ITEMS, content)


def build_licensed(home: Home, *, profile: str) -> str:
    """Write catalog/licensed_images: accepted, decoded, live, one of each set of equal copies. Returns its digest."""
    content = tables.query(
        home,
        load("licensed_images"),
        {"items": ITEMS, "decisions": DECISIONS, "files": FILES},
        {"profile": profile},
    )
    return tables.write(home, LICENSED, content)


def find_unfree(home: Home, *, profile: str) -> list[str]:
    """What is wrong with the licence-filtered table as it lies on the disk, read anew; empty where nothing is."""
    wrong = tables.query(
        home,
        load("unfree"),
        {"licensed": LICENSED, "items": ITEMS, "decisions": DECISIONS, "files": FILES},
        {"profile": profile},
    )
    return [f"{row['item_id']}: {row['problem']}" for row in tables.rows(wrong)]


def count(home: Home, table: Table, column: str) -> dict[str, int]:
    """How many rows of a table have each value of a column, the most frequent first."""
    counts: dict[str, int] = {}
    for value in tables.read(home, table, [column])[column].to_pylist():
        counts[str(value)] = counts.get(str(value), 0) + 1
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
