"""One row per file of any archive, and the licence-filtered table: the joins between the other tables."""

from collections.abc import Sequence

from pd_assets.lib.catalog import item_parts, tables
from pd_assets.lib.catalog.duplicates import MEMORY_BYTES, build_clusters
from pd_assets.lib.catalog.looks import Stale
from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, FILES, ITEMS, LICENSED, TAKEDOWNS, Table
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home
from pd_assets.lib.museums.contract import ALL_RECORDS


def build_items(home: Home) -> str:
    """Bring catalog/items in step with commons/pages and the museums' records, and return its digest."""
    return item_parts.bring_in_step(home).digest


def build_licensed(home: Home, *, profile: str, stale: Sequence[str] = ()) -> str:
    """Write catalog/licensed_images: accepted, decoded, live, not taken down, one of each cluster. Returns its digest.

    The clusters are brought in step first: catalog/clusters. Items in `stale` are left out.
    """
    build_clusters(home, profile=profile)
    inputs = {"items": ITEMS, "decisions": DECISIONS, "files": FILES, "clusters": CLUSTERS, "takedowns": TAKEDOWNS}
    with tables.engine(home, memory_bytes=MEMORY_BYTES) as connection:
        for name, table in inputs.items():
            tables.relation(connection, home, table).create_view(name)
        rows = connection.sql(load("licensed_images"), params={"profile": profile, "stale": list(stale)})
        return tables.write_batches(home, LICENSED, rows.to_arrow_reader(tables.BATCH_ROWS))


def stale_items(home: Home, found: Stale) -> list[str]:
    """The live items whose evidence could not be read anew for too long."""
    if not found:
        return []
    names = {"categories": list(found.categories), "pages": list(found.pages), "shards": list(found.shards)}
    rows = tables.query(home, load("stale_items"), {"items": ITEMS, "records": ALL_RECORDS}, names)
    return [str(item) for item in rows["item_id"].to_pylist()]


def count_accepted(home: Home, item_ids: Sequence[str], *, profile: str) -> int:
    """How many of some items are accepted under a profile."""
    sql = (
        "select count(*) as items from decisions where verdict = 'accept' and profile = $profile "
        "and item_id in (select unnest($items::varchar[]))"
    )
    found = tables.query(home, sql, {"decisions": DECISIONS}, {"profile": profile, "items": list(item_ids)})
    return int(found["items"][0].as_py())


def find_unfree(home: Home, *, profile: str) -> list[str]:
    """What is wrong with the licence-filtered table as it lies on the disk, read anew; empty where nothing is."""
    wrong = tables.query(
        home,
        load("unfree"),
        {"licensed": LICENSED, "items": ITEMS, "decisions": DECISIONS, "files": FILES, "takedowns": TAKEDOWNS},
        {"profile": profile},
    )
    return [f"{row['item_id']}: {row['problem']}" for row in tables.rows(wrong)]


def count(home: Home, table: Table, column: str) -> dict[str, int]:
    """How many rows of a table have each value of a column, the most frequent first."""
    found = tables.query(
        home,
        f'select cast("{column}" as varchar) as value, count(*) as rows from counted group by 1 order by 2 desc, 1',
        {"counted": table},
    ).to_pylist()
    return {str(row["value"]): row["rows"] for row in found}
