"""Looks pictures up by what people call them, with their copies, also pictures that are gone.

By item id, page id, title, address of the page or of the file, SHA-1 of the original or SHA-256 in the store. A table
that cannot be read keeps nobody from asking the others: it is named.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.release.index import INDEXED
from pd_assets.lib.release.lookup import Lookup
from pd_assets.lib.release.names import (
    ITEM_ID,
    SHA1,
    SHA256,
    addresses_of,
    as_known,
    host_of,
    on_page,
    titles_of,
)
from pd_assets.lib.release.segments import Row

# The tables that tell.
TABLES = ("items", "files", "clusters", "members", "takedowns")
# These are there wherever a dataset is.
NEEDED = ("items", "files", "clusters", "members")


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
class Match:
    """An item whose picture looks the same. `distance`: the bits of 64 in which the perceptual hashes differ.

    `likeness` is that of a second look (alike.py); None where the stored picture is gone, and the hashes alone told.
    """

    item_id: str
    sha256: str
    distance: int
    likeness: float | None


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is called so and its copies, what is meant first. `unread`: what could not be asked, and why: there may be
    more than was found.

    `matched_by` says of each item that is meant by what: `item_id`, `page`, `title`, `page_url`, `file_url`, `sha1`,
    `sha256`, or of a picture file `picture` (its bytes) and `look`, of which `alike` says more. `plain` are the tables
    of which so many bytes were read themselves, since the index is older.
    """

    pictures: tuple[Picture, ...]
    unread: tuple[str, ...] = ()
    matched_by: Mapping[str, str] = field(default_factory=dict)
    alike: Mapping[str, Match] = field(default_factory=dict)
    plain: Mapping[str, int] = field(default_factory=dict)


def find_pictures(home: Home, called: str, *, lookup: Lookup | None = None) -> Found:
    """Everything that is called so; ConfigError for what is no text, none for a table that is missing or damaged."""
    require_text(called)
    lookup = lookup or Lookup(home=home)
    page = _item_on_page(lookup, called)
    named = page or as_known(called)
    meant = _meant(lookup, named, "page" if _is_page(called, named) else "item_id")
    if not meant and named.isdecimal():
        # No title is that number: it is a page id.
        named = f"commons:M{named}"
        meant = _meant(lookup, named, "page")
    found = with_copies(lookup, meant)
    if found.unread and not any(one.is_meant for one in found.pictures):
        return replace(found, pictures=(*as_named(home, named), *found.pictures))
    return found


def require_text(told: str) -> None:
    """ConfigError for what no table can be asked for: bytes of a command line that are no UTF-8."""
    try:
        told.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"{told!r} is no text in UTF-8 ({error.reason}); expected one that is") from error


def _meant(lookup: Lookup, called: str, as_item: str) -> dict[str, str]:
    """The items that are called so, and by what."""
    found: dict[str, str] = {}
    for kind in ("sha1", "sha256"):
        if {"sha1": SHA1, "sha256": SHA256}[kind].fullmatch(called):
            found |= dict.fromkeys(items_of(lookup, kind, called), kind)
    for name in TABLES:
        rows = lookup.rows(name, "item", [called])
        found |= {str(row["item_id"]): as_item for row in rows if row["item_id"] is not None and _is_known(name, row)}
    for kind in ("page_url", "file_url"):
        for row in lookup.rows("items", kind, addresses_of(called)):
            found.setdefault(str(row["item_id"]), kind)
    # Beside an exact name none is tried that may be that of another item.
    return found or _by_title(lookup, called)


def _by_title(lookup: Lookup, called: str) -> dict[str, str]:
    titles, ours = titles_of(called), _hosts(lookup.home)
    rows = lookup.rows("items", "title", titles.every)
    return {str(row["item_id"]): "title" for row in rows if row["item_id"] is not None and titles.fit(row, ours)}


def _item_on_page(lookup: Lookup, called: str) -> str | None:
    """The item of a page that an address gives by its number, where it is a page of the archive that this home has."""
    if (page := on_page(called)) is None:
        return None
    hosts = _hosts(lookup.home)
    hosts |= {host_of(row["page_url"]) for row in lookup.rows("items", "item", [page.item_id])}
    return page.item_id if page.host in hosts else None


def _is_page(called: str, named: str) -> bool:
    """Whether a page's number was said, and not the item's id."""
    return bool(ITEM_ID.fullmatch(named)) and not called.strip().lower().startswith(f"{named.partition(':')[0]}:")


def _hosts(home: Home) -> set[str | None]:
    """Of the archive that filled the home, if anybody knows it."""
    try:
        host = host_of(home.archive)
    except ConfigError:
        return set()
    return set() if host is None else {host}


def items_of(lookup: Lookup, kind: str, digest: str) -> list[str]:
    """The items whose picture has this `sha1` or `sha256`, in whatever table."""
    rows = [(name, row) for name in TABLES if kind in INDEXED[name].kinds for row in lookup.rows(name, kind, [digest])]
    return list(
        dict.fromkeys(str(row["item_id"]) for name, row in rows if row["item_id"] is not None and _is_known(name, row))
    )


def with_copies(lookup: Lookup, meant: Mapping[str, str]) -> Found:
    """Some items with their copies: of the same cluster, or of the same bytes."""
    known = _known(lookup, meant)
    clusters = {str(row["cluster"]) for row in lookup.rows("clusters", "item", list(meant)) if row["cluster"]}
    copies = {str(row["item_id"]) for row in lookup.rows("clusters", "cluster", sorted(clusters))}
    for kind, digests in (("sha256", {one[1] for one in known}), ("sha1", {one[2] for one in known})):
        copies.update(*(items_of(lookup, kind, digest) for digest in sorted(filter(None, digests))))
    states: dict[tuple[str, str | None], str | None] = {}
    for item_id, sha256, sha1 in [*known, *_known(lookup, copies - set(meant))]:
        before = states.get((item_id, sha256))
        states[item_id, sha256] = max(filter(None, (before, sha1)), default=None)
    order = sorted(states, key=lambda state: (state[0] not in meant, state[0], state[1] is None, state[1] or ""))
    pictures = tuple(
        Picture(item_id=item_id, sha256=sha256, sha1=states[item_id, sha256], is_meant=item_id in meant)
        for item_id, sha256 in order
    )
    lacking = [INDEXED[name].table for name in NEEDED if not lookup.has_files(name)]
    missing = [f"{table.key} (missing)" for table in lacking] if lacking and _had_a_dataset(lookup.home) else []
    return Found(
        pictures=pictures,
        unread=tuple(dict.fromkeys([*lookup.unread, *missing])),
        matched_by=meant,
        plain=dict(lookup.plain),
    )


def _known(lookup: Lookup, items: Collection[str]) -> list[tuple[str, str | None, str | None]]:
    """Every state of some items' pictures that is known: item, SHA-256 in the store, SHA-1 of the original."""
    wanted = sorted(items)
    seen: dict[tuple[str, str | None, str | None], None] = {}
    for name in ("files", "clusters", "takedowns", "members"):
        for row in lookup.rows(name, "item", wanted):
            if _is_known(name, row):
                seen[str(row["item_id"]), _text(row["sha256"]), _text(row.get("sha1"))] = None
    # What is in the catalogue and was never fetched, or not in the version that the archive has now.
    fetched, versions = {item for item, _, _ in seen}, {(item, sha1) for item, _, sha1 in seen}
    for row in lookup.rows("items", "item", wanted):
        item, sha1 = str(row["item_id"]), _text(row["sha1"])
        if (item, sha1) not in versions if sha1 is not None else item not in fetched:
            seen[item, None, sha1] = None
    return list(seen)


def _is_known(name: str, row: Row) -> bool:
    """Whether a row tells of a picture: one of a failure that kept nothing does not."""
    return name != "files" or row["sha256"] is not None


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def as_named(home: Home, called: str) -> tuple[Picture, ...]:
    """What an item id or a digest names by itself, though no table knows of it; nothing for other names."""
    page = on_page(called)
    if page is not None and page.host in _hosts(home):
        called = page.item_id
    called = as_known(f"M{called.strip()}" if called.strip().isdecimal() else called)
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
