"""The schema of every table: column, type, description. The UI, the docs and the writer read them from here.

A module has the tables whose key begins with its name; `museums` those of the museums' archives. `table` says what a
table is.
"""

from collections.abc import Mapping

from pd_assets.lib.catalog.schemas.catalog import CLUSTERS, ITEMS, LICENSED
from pd_assets.lib.catalog.schemas.commons import CATEGORIES, CREATORS, PAGES, TEMPLATES
from pd_assets.lib.catalog.schemas.dataset import CAPTIONS, MEMBERS, SPLITS, THINGS
from pd_assets.lib.catalog.schemas.http import LEDGER
from pd_assets.lib.catalog.schemas.images import FILES
from pd_assets.lib.catalog.schemas.museums import CLEVELAND_RECORDS, RECORDS
from pd_assets.lib.catalog.schemas.release import MODEL_LEDGER
from pd_assets.lib.catalog.schemas.rights import CHANGES, DECISIONS, EVIDENCE, TAKEDOWNS
from pd_assets.lib.catalog.schemas.table import Table

TABLES: Mapping[str, Table] = {
    table.key: table
    for table in (
        *(CATEGORIES, PAGES, CREATORS, TEMPLATES, RECORDS, CLEVELAND_RECORDS, ITEMS, DECISIONS, EVIDENCE, CHANGES),
        *(TAKEDOWNS, FILES, CLUSTERS, LICENSED, CAPTIONS, THINGS, SPLITS, MEMBERS, MODEL_LEDGER, LEDGER),
    )
}


def short_name(key: str) -> str | None:
    """The name of a table without its group; None where an earlier table has it: `ledger` is release/ledger."""
    name = key.split("/")[1]
    return name if next(one for one in TABLES if one.split("/")[1] == name) == key else None
