"""Patterns over the catalogue: `title:*Foo*`, `artist:*`, `category:*`, what matches now and what copies that has.

`*` stands for any letters and `?` for one; capitals count as small letters, `_` as a space. Errors: ConfigError.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, FILES, ITEMS, MEMBERS, TAKEDOWNS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import ConfigError, TableError
from pd_assets.lib.home import Home
from pd_assets.lib.release.asking import Parts, ask, readable
from pd_assets.lib.release.pictures import Found, Picture, find_pictures

# The tables that tell of pictures, with the columns that are read of them.
READ = {
    "items": (ITEMS, ("item_id", "sha1", "title", "page_url", "file_url")),
    "files": (FILES, ("item_id", "sha256", "sha1")),
    "clusters": (CLUSTERS, ("item_id", "cluster", "sha256", "sha1")),
    "members": (MEMBERS, ("item_id", "sha256", "exported_sha256")),
    "takedowns": (TAKEDOWNS, ("item_id", "sha256", "sha1")),
}
FIELDS = ("title", "artist", "category")
LONGEST = 500
# What a title and a category may be written with, and the catalogue leaves out.
_NAMESPACE = {"title": re.compile(r"file:", re.I), "category": re.compile(r"category:", re.I)}


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A field of the catalogue and a glob for the whole of its text."""

    field: str
    glob: str

    def __str__(self) -> str:
        return f"{self.field}:{self.glob}"

    @property
    def expression(self) -> str:
        """The same as a regular expression that DuckDB reads (RE2)."""
        signs = {"*": ".*", "?": "."}
        return "(?is)" + "".join(signs.get(one) or _literal(one) for one in self.glob.replace("_", " "))


def parse(text: str) -> Pattern:
    """The pattern that a text says; ConfigError where it says none, or one that everything matches."""
    field, colon, glob = text.strip().partition(":")
    field, glob = field.strip().lower(), " ".join(glob.split())
    if not colon or field not in FIELDS:
        raise ConfigError(
            f"pattern {text.strip()!r}: expected {', '.join(f'{one}:' for one in FIELDS)} and a glob, such as "
            "'title:*Foo*'"
        )
    if namespace := _NAMESPACE.get(field):
        glob = namespace.sub("", glob, count=1) if namespace.match(glob) else glob
    if len(glob) > LONGEST:
        raise ConfigError(f"pattern {field}: found {len(glob)} letters, expected {LONGEST} at most")
    if not glob.strip("*?_ "):
        raise ConfigError(f"pattern {text.strip()!r} matches everything; expected letters beside * and ?")
    return Pattern(field=field, glob=glob)


def matching(home: Home, pattern: Pattern) -> tuple[list[str], list[str]]:
    """The items of the catalogue that match, and which tables could not be asked, and why."""
    needed = {"items": (ITEMS, ("item_id", "title", "categories")), "decisions": (DECISIONS, ("item_id", "evidence"))}
    parts: dict[str, Parts] = {}
    unread = []
    for name, (table, columns) in needed.items():
        parts[name], damaged = readable(home, table, columns, whole=False)
        unread += damaged if table is ITEMS or pattern.field == "artist" else []
    if not tables.parts(home, ITEMS):
        unread.append(f"{ITEMS.key} (missing)")
    try:
        asked = {"field": pattern.field, "pattern": pattern.expression}
        found = ask(home, load("items_matching"), parts, asked)["item_id"].to_pylist()
    except TableError as error:
        return [], [*unread, str(error)]
    return [str(one) for one in found], unread


def find_matching(home: Home, pattern: Pattern, *, but: Collection[str] = ()) -> Found:
    """What matches, `but` some items, with its copies; no error for a table that is missing or damaged."""
    items, unread = matching(home, pattern)
    named = [Picture(item_id=one, sha256=None, sha1=None, is_meant=True) for one in items if one not in but]
    by_name, more = pictures_of(home, {one.item_id: one for one in named})
    pictures: dict[Picture, None] = {}
    for one in by_name.values():
        # A copy of one that matches may match as well.
        pictures |= {each: None for each in one if each.is_meant or each.item_id not in by_name}
    return Found(pictures=tuple(pictures), unread=tuple(dict.fromkeys([*unread, *more])))


def pictures_of(home: Home, named: Mapping[str, Picture]) -> tuple[dict[str, list[Picture]], list[str]]:
    """By its name: all states of what an id or a digest names, with copies, or just what it says where nothing is known
    of it; and which tables could not be asked, and why.
    """
    if not named:
        return {}, []
    parts: dict[str, Parts] = {}
    # Which tables are missing that were there once, it knows.
    unread = list(find_pictures(home, next(iter(named))).unread)
    for name, (table, columns) in READ.items():
        parts[name], damaged = readable(home, table, columns, whole=False)
        unread += damaged
    given = {
        "names": list(named),
        "items": [one.item_id or None for one in named.values()],
        "sha256s": [one.sha256 for one in named.values()],
        "sha1s": [one.sha1 for one in named.values()],
    }
    found: dict[str, list[Picture]] = {}
    try:
        for row in ask(home, load("pictures_of_items"), parts, given).to_pylist():
            found.setdefault(row.pop("name"), []).append(Picture(**row))
    except TableError as error:
        unread.append(str(error))
    return {name: found.get(name, [one]) for name, one in named.items()}, unread


def _literal(letter: str) -> str:
    return letter if letter.isalnum() or ord(letter) > 127 else f"\\{letter}"
