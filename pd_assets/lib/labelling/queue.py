"""Which licensed pictures lack a caption, in the order in which they are shown. Reads tables, writes nothing.

Unlabelled is a picture of Wikimedia Commons without a structured-data caption (CC0) in any language; the Smithsonian's
pages cannot be edited. Errors: ConfigError.
"""

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS, FILES, ITEMS, LICENSED, PAGES
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home

Order = Literal["useful", "random"]
# More than one person labels in a sitting; whoever comes back is shown the next ones.
AT_ONCE = 10_000
# Seeded, so that a person who comes back goes on in the same order.
ORDERS = {
    "useful": "captions, md5(item_id || $seed)",
    "random": "md5(item_id || $seed)",
}


@dataclass(frozen=True, kw_only=True)
class Unlabelled:
    """One picture to be labelled. `picture` is its file under PD_HOME, `categories` those whose partition lists it."""

    item_id: str
    pageid: int
    title: str
    page_url: str
    picture: Path
    categories: tuple[str, ...]


def pick(
    home: Home, *, order: Order = "useful", category: str | None = None, seed: int = 0, but: Collection[str] = ()
) -> list[Unlabelled]:
    """The first AT_ONCE unlabelled licensed pictures, `but` not these items; `useful` shows those first of which the
    least is known.

    `category` keeps the pictures of one category, by its title; ConfigError where no licensed picture is in it.
    """
    found = tables.query(
        home,
        f"select * from ({load('unlabelled')}) where item_id not in (select unnest($but::varchar[])) "
        f"order by {ORDERS[order]}, item_id limit {AT_ONCE}",
        {"licensed": LICENSED, "items": ITEMS, "pages": PAGES, "files": FILES, "captions": CAPTIONS},
        {"category": _category(home, category), "seed": str(seed), "but": list(but)},
    )
    return [
        Unlabelled(
            item_id=str(row["item_id"]),
            pageid=int(str(row["pageid"])),
            title=str(row["title"]),
            page_url=str(row["page_url"]),
            picture=home.root / str(row["path"]),
            categories=tuple(row["partitions"] if isinstance(row["partitions"], list) else ()),
        )
        for row in tables.rows(found)
    ]


def stored_page(home: Home, picture: Unlabelled) -> dict[str, object]:
    """What is stored of a picture's page: its row of commons/pages."""
    for category in picture.categories:
        for path in tables.partition_parts(home, PAGES, category):
            for row in tables.rows(tables.read_rows(PAGES, path, "pageid", [picture.pageid])):
                return row
    raise ConfigError(f"{picture.item_id}: its page is in no partition of {PAGES.key}; run `pdd run nightly` first")


def _category(home: Home, name: str | None) -> str | None:
    """The category's title as the tables have it."""
    if name is None:
        return None
    title = name.split(":", 1)[-1].replace("_", " ").strip()
    sql = "select distinct unnest(categories) as name from licensed"
    known = sorted(str(row["name"]) for row in tables.rows(tables.query(home, sql, {"licensed": LICENSED})))
    if title in known:
        return title
    near = difflib.get_close_matches(title, known, n=3)
    raise ConfigError(
        f"no licensed picture is in category {title!r}; "
        + (f"did you mean {', '.join(map(repr, near))}?" if near else f"{len(known)} categories hold licensed pictures")
    )
