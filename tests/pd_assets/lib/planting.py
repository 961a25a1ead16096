"""Rows planted straight into the tables, so that a test begins where it wants to."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import Table
from pd_assets.lib.home import Home

THEN = datetime(2026, 1, 1, tzinfo=UTC)
PROFILE = "strict"
MAX_SIDE = 128
Row = dict[str, object]


def plant(home: Home, table: Table, rows: Iterable[Mapping[str, object]], *, partition: str | None = None) -> None:
    """Write a table (or partition) that holds just these rows; what a row leaves out is null, or empty for lists."""
    full = [{name: row.get(name) for name in table.columns} for row in rows]
    tables.write(home, table, tables.as_table(table, full), partition=partition)


def page(pageid: int, category: str, **changes: object) -> Row:
    """A row of commons/pages."""
    return {
        "pageid": pageid,
        "title": f"File:Picture {pageid}.jpg",
        "category": category,
        "status": "live",
        "revid": 1,
        "sha1": f"{pageid:040x}",
        "mime": "image/jpeg",
        "mediatype": "BITMAP",
        "categories": [category],
        "templates": [],
        "fetched_at": THEN,
        **changes,
    }


def item(number: int, **changes: object) -> Row:
    """A live row of catalog/items."""
    return {
        "item_id": f"commons:M{number}",
        "source": "commons",
        "title": f"Picture {number}",
        "page_url": f"https://archive.test/wiki/{number}",
        "sha1": f"{number:040x}",
        "thumb_side": MAX_SIDE,
        "categories": ["A"],
        "status": "live",
        "fetched_at": THEN,
        **changes,
    }


def decision(number: int, verdict: str = "accept", **changes: object) -> Row:
    """A row of rights/decisions."""
    return {
        "item_id": f"commons:M{number}",
        "profile": PROFILE,
        "verdict": verdict,
        "rule_id": "pd-old-100-expired",
        "reasons": [],
        "evidence": '{"artist":"A. Painter","date_text":"1742"}',
        "decided_at": THEN,
        **changes,
    }


def file(number: int, **changes: object) -> Row:
    """A row of images/files that was fetched well."""
    return {
        "item_id": f"commons:M{number}",
        "sha1": f"{number:040x}",
        "sha256": f"{number:064x}",
        "path": f"images/{number}.jpg",
        "width": 100,
        "height": 80,
        "mime": "image/jpeg",
        "phash": f"{number:016x}",
        "max_side": MAX_SIDE,
        "status": "ok",
        "tries": 1,
        "fetched_at": THEN,
        **changes,
    }


def licensed(number: int, **changes: object) -> Row:
    """A row of catalog/licensed_images."""
    return {
        "item_id": f"commons:M{number}",
        "sha256": f"{number:064x}",
        "rule_id": "pd-old-100-expired",
        "profile": PROFILE,
        "phash": f"{number:016x}",
        **changes,
    }
