"""Names of Wikidata items out of the tables that hold some: what depicted things are called, and who makers are."""

from collections.abc import Collection

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import TABLES, THINGS, Table
from pd_assets.lib.home import Home

# Another table with names is a line here: its key, and its columns for the item and the name.
NAMING = ((THINGS.key, "thing", "name"), ("commons/creators", "asked", "name"))


def known_names(home: Home, ids: Collection[str]) -> dict[str, str]:
    """The names of those ids that a table knows; an English one before any other."""
    found: dict[str, str] = {}
    for key, item, name in NAMING:
        table = TABLES.get(key)
        if ids and table is not None and {item, name} <= set(table.columns):
            found |= _names_in(home, table, item, name, ids)
    return found


def _names_in(home: Home, table: Table, item: str, name: str, ids: Collection[str]) -> dict[str, str]:
    by_language = "language = 'en' desc, language" if "language" in table.columns else name
    rows = tables.query(
        home,
        f"select {item} as id, first({name} order by {by_language}) as name from named "
        f"where list_contains($ids, {item}) and {name} is not null group by {item}",
        {"named": table},
        {"ids": list(ids)},
    )
    return {str(row["id"]): str(row["name"]) for row in tables.rows(rows)}
