"""Scrapes an archive into a home the way the assets do, and says what then lies there."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.items import build_items
from pd_assets.lib.catalog.schemas import CATEGORIES, ITEMS, PAGES
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.suppressions import look_up
from pd_assets.lib.commons.sync import CategorySync, KnownPages, sync_category
from pd_assets.lib.commons.walk import walk
from pd_assets.lib.home import Home
from pd_assets.lib.http import PoliteSession

THUMB_SIDE = 256
CONTACT = "tests"
Row = dict[str, object]


def no_sleep(seconds: float) -> None:
    """Stands in for time.sleep."""


def scrape(home: Home, api: str, roots: Sequence[str], *, depth: int = 4) -> dict[str, CategorySync]:
    """Walk, synchronise every category and build catalog/items; what the sync of each category did."""
    with PoliteSession(CONTACT, sleep=no_sleep) as session:
        client = CommonsClient(api, session, thumb_side=THUMB_SIDE)
        found = walk(client, roots, depth=depth)
        names = {category.category for category in found}
        before = tables.rows(tables.read_or_empty(home, CATEGORIES))
        retired = [{**row, "status": "retired"} for row in before if row["category"] not in names]
        rows = [*(asdict(category) for category in found), *retired]
        tables.write(home, CATEGORIES, tables.as_table(CATEGORIES, rows))
        synced = sync(home, client, sorted(names))
    build_items(home)
    return synced


def sync(home: Home, client: CommonsClient, categories: Sequence[str]) -> dict[str, CategorySync]:
    """One run over some categories."""
    found = look_up(client, home)
    known = KnownPages(home=home, thumb_side=client.thumb_side, suppressed=found.pageids)
    synced = {category: sync_category(client, home, category, known) for category in categories}
    found.done(home)
    return synced


def listed_pages(home: Home) -> dict[tuple[object, object], Row]:
    """The stored rows of files that are there, by category and page id, without the moment when they were read."""
    rows = tables.rows(tables.read_or_empty(home, PAGES))
    return {(row["category"], row["pageid"]): _lasting(row) for row in rows if row["status"] in ("live", "moved")}


def live_items(home: Home) -> dict[str, Row]:
    """The live rows of catalog/items, without the moment when they were read."""
    rows = tables.rows(tables.read_or_empty(home, ITEMS))
    return {str(row["item_id"]): _lasting(row) for row in rows if row["status"] == "live"}


def item(home: Home, pageid: int) -> Row:
    """One row of catalog/items."""
    rows = tables.rows(tables.read_or_empty(home, ITEMS))
    return next(row for row in rows if row["item_id"] == f"commons:M{pageid}")


def statuses(home: Home, pageid: int) -> dict[object, object]:
    """What each category's partition says of a page."""
    rows = tables.rows(tables.read_or_empty(home, PAGES))
    return {row["category"]: row["status"] for row in rows if row["pageid"] == pageid}


def stored_rows(home: Home, pageid: int) -> list[Row]:
    """What lies on the disk of a page, a row for each category, be it gone."""
    return [dict(row) for row in tables.rows(tables.read_or_empty(home, PAGES)) if row["pageid"] == pageid]


def asked_in_all(synced: Mapping[str, CategorySync]) -> int:
    return sum(one.details_asked for one in synced.values())


def _lasting(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "fetched_at"}
