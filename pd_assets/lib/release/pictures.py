"""Looks pictures up by item id, title or SHA-256, with their copies, also pictures that are gone."""

from dataclasses import dataclass

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CLUSTERS, FILES, ITEMS, MEMBERS, TAKEDOWNS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home

TABLES = {"items": ITEMS, "files": FILES, "clusters": CLUSTERS, "members": MEMBERS, "takedowns": TAKEDOWNS}


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One item with one state of its picture; `sha256` in the store, None where it was never fetched.

    `is_meant`: it was named, and is not only a copy of what was.
    """

    item_id: str
    sha256: str | None
    sha1: str | None
    is_meant: bool


def pictures_called(home: Home, called: str) -> tuple[Picture, ...]:
    """What is called so and its copies, what is meant first; empty where nothing is known of it."""
    called = called.strip()
    found = tables.query(home, load("pictures_called"), TABLES, {"called": called, "title": _stem(called)})
    return tuple(Picture(**row) for row in found.to_pylist())


def _stem(called: str) -> str:
    """A title as the catalogue has it: without namespace and ending."""
    title = (called.split(":", 1)[1] if called.lower().startswith("file:") else called).replace("_", " ").strip()
    return title.rsplit(".", 1)[0] if "." in title[-6:] else title
