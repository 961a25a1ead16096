"""Which of the licensed pictures an export takes: categories, sizes, caps, a random part. Errors: ConfigError."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CATEGORIES, LICENSED
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home

NEAR_NAMES = 5


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What is wanted. A number of 0 sets no bound, and no `include` takes pictures of every category.

    Categories count with all that lie below them. Sides are in pixels of the exported picture. `limit` pictures are
    drawn at random by `seed`: the same ones for as long as they are there. Copies of one another are a cluster.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_side: int = 0
    minimum_side: int = 0
    per_artist: int = 0
    per_cluster: int = 0
    limit: int = 0
    seed: int = 0


def with_descendants(home: Home, categories: Iterable[str]) -> set[str]:
    """The categories and all below them, as the walk found them. ConfigError names those unknown."""
    wanted = set(categories)
    if not wanted:
        return set()
    parents = _parents(home)
    known = set(parents) | _seen_on_pages(home)
    if unknown := sorted(wanted - known):
        raise ConfigError("; ".join(_unknown(name, known) for name in unknown))
    children: dict[str, list[str]] = {}
    for child, above in parents.items():
        for parent in above:
            children.setdefault(parent, []).append(child)
    found: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += children.get(name, ())
    return found


def _parents(home: Home) -> Mapping[str, list[str]]:
    rows = tables.rows(tables.read_or_empty(home, CATEGORIES, ["category", "parents"]))
    return {str(row["category"]): _names(row["parents"]) for row in rows}


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []


def _seen_on_pages(home: Home) -> set[str]:
    """Categories that licensed pictures are in without the walk having entered them."""
    sql = "select distinct unnest(categories) as category from licensed"
    return {str(name) for name in tables.query(home, sql, {"licensed": LICENSED})["category"].to_pylist()}


def _unknown(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, NEAR_NAMES) or sorted(known)[:NEAR_NAMES]
    return (
        f"found no category {name!r} in commons/categories nor on a licensed picture; "
        f"names near it are {', '.join(near) or 'none: the catalogue is empty'}; correct it, or take it out"
    )
