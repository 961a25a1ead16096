"""Column lineage, as data: it names columns that exist, of tables that come before, and leaves no column out."""

from graphlib import TopologicalSorter

import pytest

from pd_assets.definitions import defs
from pd_assets.lib.catalog.origins import ORIGINS, SHARDS
from pd_assets.lib.catalog.schemas import MEMBERS, MODEL_LEDGER, PAGES, TABLES, TAKEDOWNS
from pd_assets.lib.ledger import LEDGER
from pd_assets.lib.museums.contract import ALL_RECORDS
from pd_ml.data.shards import COLUMNS

# Read from an archive or from an operator, or written beside what an asset makes.
RECORDS = {table.key for table in ALL_RECORDS}
FROM_OUTSIDE = {"commons/categories", PAGES.key, *RECORDS, TAKEDOWNS.key, MEMBERS.key, LEDGER.key, MODEL_LEDGER.key}


def columns_of(table: str) -> set[str]:
    return set(COLUMNS) if table == SHARDS else set(TABLES[table].columns)


def ancestors() -> dict[str, set[str]]:
    """Every asset with all that come before it."""
    parents = {
        spec.key.to_user_string(): {dep.asset_key.to_user_string() for dep in spec.deps}
        for spec in defs.resolve_all_asset_specs()
    }
    found: dict[str, set[str]] = {}
    for key in TopologicalSorter(parents).static_order():
        found[key] = parents[key].union(*(found[parent] for parent in parents[key]))
    return found


def test_every_table_that_is_made_of_others_says_so() -> None:
    assert set(ORIGINS) == (set(TABLES) | {SHARDS}) - FROM_OUTSIDE


@pytest.mark.parametrize("table", sorted(ORIGINS))
def test_every_column_of_a_table_is_spoken_of(table: str) -> None:
    assert set(ORIGINS[table]) == columns_of(table)


@pytest.mark.parametrize("table", sorted(ORIGINS))
def test_a_column_is_made_of_columns_that_exist_in_assets_that_come_before(table: str) -> None:
    before = ancestors()[table]
    named = {origin for origins in ORIGINS[table].values() for origin in origins}
    assert named, "a table that is made of nothing does not belong here"
    assert {origin for origin, _ in named} <= before
    assert {(origin, column) for origin, column in named if column not in columns_of(origin)} == set()
