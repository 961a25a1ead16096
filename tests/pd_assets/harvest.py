"""The harvest as the assets do it, from the category graph to the licence-filtered table, and what it leaves behind."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from pd_assets.assets.catalog import catalog_items, catalog_licensed_images
from pd_assets.assets.commons import commons_categories, commons_creators, commons_refresh
from pd_assets.assets.images import images_files
from pd_assets.assets.rights import rights_decisions
from pd_assets.assets.templates import commons_templates
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CATEGORIES, DECISIONS, FILES, ITEMS, LICENSED, PAGES, Table
from pd_assets.lib.home import Home
from pd_assets.resources import Platform

ASSETS = (
    commons_categories,
    commons_refresh,
    commons_creators,
    commons_templates,
    catalog_items,
    rights_decisions,
    images_files,
    catalog_licensed_images,
)
MAX_SIDE = 256
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
Row = dict[str, object]
Key = tuple[object, ...]


def harvest(
    home: Home, api: str, roots: Sequence[str], *, museums: str = "", wikidata: str = ""
) -> dg.ExecuteInProcessResult:
    """Run the assets in this process, as the nightly job does; `museums` is the index of the bulk metadata, `wikidata`
    who knows the makers, the archive itself where none is given."""
    platform = Platform(
        pd_home=str(home.root),
        pd_commons_api=api,
        pd_wikidata_api=wikidata,
        pd_commons_roots=";".join(roots),
        pd_smithsonian_index=museums,
        pd_max_side=str(MAX_SIDE),
    )
    return dg.materialize(
        list(ASSETS), instance=dg.DagsterInstance.ephemeral(), resources={"platform": platform}, run_config=QUIET
    )


def rows(home: Home, table: Table) -> dict[Key, Row]:
    """A table's rows by what identifies them, without the columns that only say when something was done."""
    identity = ("category", *table.sort_by) if table is PAGES else table.sort_by
    found = tables.rows(tables.read_or_empty(home, table))
    return {
        tuple(row[name] for name in identity): {
            name: value for name, value in row.items() if name not in table.volatile
        }
        for row in found
    }


def standing(home: Home) -> dict[str, dict[Key, Row]]:
    """What all tables say of what is there now; the rows that keep the history of what went are left out."""
    items = {key: row for key, row in rows(home, ITEMS).items() if row["status"] == "live"}
    ids = {key[0] for key in items}
    return {
        "categories": {key: row for key, row in rows(home, CATEGORIES).items() if row["status"] == "live"},
        "pages": {key: row for key, row in rows(home, PAGES).items() if row["status"] in ("live", "moved")},
        "items": items,
        "decisions": {key: row for key, row in rows(home, DECISIONS).items() if key[0] in ids},
        "files": rows(home, FILES),
        "licensed": rows(home, LICENSED),
    }


def differences(one: dict[str, dict[Key, Row]], other: dict[str, dict[Key, Row]]) -> list[str]:
    """Each row and column in which two states differ, in words; empty where they are equal."""
    found = []
    for table in one:
        for key in one[table].keys() | other[table].keys():
            left, right = one[table].get(key), other[table].get(key)
            if left is None or right is None:
                found.append(f"{table} {key}: only in the {'second' if left is None else 'first'}")
            else:
                columns = [name for name in left if left[name] != right[name]]
                found += [f"{table} {key} {name}: {left[name]!r} and {right[name]!r}" for name in columns]
    return sorted(found)


def tree(folder: Path) -> list[str]:
    """Everything below a folder, files with their size: to see that nothing was written where nothing should be."""
    return sorted(
        f"{path.relative_to(folder)} {path.stat().st_size if path.is_file() else '/'}" for path in folder.rglob("*")
    )
