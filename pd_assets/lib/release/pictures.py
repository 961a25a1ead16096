"""Looks pictures up by what people call them, with their copies, also pictures that are gone.

By item id, page id, title, address of the page or of the file, SHA-1 of the original or SHA-256 in the store. A table
that cannot be read keeps nobody from asking the others: it is named.
"""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import pyarrow as pa

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CLUSTERS, FILES, ITEMS, MEMBERS, TAKEDOWNS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home
from pd_assets.lib.release.asking import ask, readable

# The tables that tell, with the columns that are read of them.
TABLES = {
    "items": (ITEMS, ("item_id", "sha1", "title", "page_url", "file_url")),
    "files": (FILES, ("item_id", "sha256", "sha1")),
    "clusters": (CLUSTERS, ("item_id", "cluster", "sha256", "sha1")),
    "members": (MEMBERS, ("item_id", "sha256", "exported_sha256")),
    "takedowns": (TAKEDOWNS, ("item_id", "sha256", "sha1")),
}
# These are there wherever a dataset is.
NEEDED = (ITEMS, FILES, CLUSTERS, MEMBERS)

ITEM_ID = re.compile(r"commons:M\d+|smithsonian:[^:]*:[^:]*|cleveland:\d+")
PAGE_ID = re.compile(r"M(\d+)")
SHA1 = re.compile(r"[0-9a-f]{40}")
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One item with one state of its picture; `sha256` in the store, None where it was never fetched.

    `is_meant`: it was named, and is not only a copy of what was.
    """

    item_id: str
    sha256: str | None
    sha1: str | None
    is_meant: bool


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is called so and its copies, what is meant first. `unread`: what could not be asked, and why: there may be
    more than was found.
    """

    pictures: tuple[Picture, ...]
    unread: tuple[str, ...] = ()


def find_pictures(home: Home, called: str) -> Found:
    """Everything that is called so; no error for a table that is missing or damaged."""
    called = as_known(called)
    try:
        found, unread = _ask(home, called, whole=False)
    except TableError:
        # Each file is read for itself, to leave out those that cannot be.
        try:
            found, unread = _ask(home, called, whole=True)
        except TableError as error:
            return Found(pictures=as_named(called), unread=(str(error),))
    pictures = tuple(Picture(**row) for row in found.to_pylist())
    if not any(one.is_meant for one in pictures) and called.isdecimal():
        # No title is that number: it is a page id.
        return find_pictures(home, f"M{called}")
    if unread and not any(one.is_meant for one in pictures):
        pictures = (*as_named(called), *pictures)
    return Found(pictures=pictures, unread=tuple(unread))


def _ask(home: Home, called: str, *, whole: bool) -> tuple[pa.Table, list[str]]:
    parts, unread = {}, []
    for name, (table, columns) in TABLES.items():
        parts[name], damaged = readable(home, table, columns, whole=whole)
        unread += damaged
        if table in NEEDED and not tables.parts(home, table) and _had_a_dataset(home):
            unread.append(f"{table.key} (missing)")
    asked = {"called": called, "title": _title(called)}
    return ask(home, load("pictures_called"), parts, asked), unread


def as_known(called: str) -> str:
    """A name as the tables have it: a page id as an item id, also out of an address, and digests in lower case."""
    called = called.strip()
    if match := PAGE_ID.fullmatch(called):
        return f"commons:M{match[1]}"
    if SHA1.fullmatch(called.lower()) or SHA256.fullmatch(called.lower()):
        return called.lower()
    address = _address(called)
    if address is not None and (curid := parse_qs(address.query).get("curid")) and curid[0].isdecimal():
        return f"commons:M{curid[0]}"
    return called


def as_named(called: str) -> tuple[Picture, ...]:
    """What an item id or a digest names by itself, though no table knows of it; nothing for other names."""
    called = as_known(f"M{called}" if called.strip().isdecimal() else called)
    if ITEM_ID.fullmatch(called):
        return (Picture(item_id=called, sha256=None, sha1=None, is_meant=True),)
    if SHA256.fullmatch(called):
        return (Picture(item_id="", sha256=called, sha1=None, is_meant=True),)
    if SHA1.fullmatch(called):
        return (Picture(item_id="", sha256=None, sha1=called, is_meant=True),)
    return ()


def _had_a_dataset(home: Home) -> bool:
    """Whether a dataset was ever exported here, or a model trained: the tables that those come from were there then."""
    return any(
        any((home.root / kind).glob(pattern)) for kind, pattern in (("dataset", "*/exported"), ("models", "*/*/*"))
    )


def _title(called: str) -> str:
    """A title as the catalogue has it: without namespace and ending; also that of a page's address."""
    if (address := _address(called)) is not None:
        called = (parse_qs(address.query).get("title") or [unquote(address.path.rpartition("/")[2])])[0]
    title = (called.split(":", 1)[1] if called.lower().startswith("file:") else called).replace("_", " ").strip()
    return title.rsplit(".", 1)[0] if "." in title[-6:] else title


def _address(called: str) -> SplitResult | None:
    try:
        found = urlsplit(called)
    except ValueError:
        return None
    return found if found.scheme in ("http", "https") else None
