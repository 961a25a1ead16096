"""Tables: written whole, read back the same, equal content with an equal digest, and a view of them for people."""

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from pd_assets.lib.catalog import tables, views
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, PAGES, TABLES, Table
from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home, open_home
from tests.pd_assets.lib.planting import THEN, decision, file, item, page, plant


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "it's a home")


def test_rows_come_back_sorted_with_the_schemas_types(home: Home) -> None:
    plant(home, ITEMS, [item(2), item(1, categories=["B", "A"])])
    found = tables.read(home, ITEMS)
    assert found.schema.equals(ITEMS.schema)
    assert [row["item_id"] for row in tables.rows(found)] == ["commons:M1", "commons:M2"]
    assert next(tables.rows(found))["categories"] == ["B", "A"]
    assert next(tables.rows(found))["fetched_at"] == THEN


def test_the_digest_heeds_content_and_neither_order_nor_when_it_was_read(home: Home) -> None:
    def digest(*rows: dict[str, object]) -> str:
        full = [{name: row.get(name) for name in ITEMS.columns} for row in rows]
        return tables.digest(ITEMS, tables.as_table(ITEMS, full))

    one = digest(item(1), item(2))
    assert digest(item(2), item(1)) == one
    assert digest(item(1), item(2, fetched_at=THEN + timedelta(days=1))) == one
    assert digest(item(1), item(2, revid=5)) != one
    assert digest(item(1)) != one
    assert tables.write(home, ITEMS, tables.as_table(ITEMS, [{**dict.fromkeys(ITEMS.columns), **item(1)}])) == digest(
        item(1)
    )


def test_writing_replaces_the_whole_table(home: Home) -> None:
    plant(home, ITEMS, [item(1), item(2)])
    plant(home, ITEMS, [item(3)])
    assert tables.read(home, ITEMS, ["item_id"]).to_pylist() == [{"item_id": "commons:M3"}]


def test_partitions_are_written_apart_and_read_together(home: Home) -> None:
    plant(home, PAGES, [page(1, "A")], partition="A")
    plant(home, PAGES, [page(1, "B/C"), page(2, "B/C")], partition="B/C")
    plant(home, PAGES, [], partition="Empty")
    assert tables.read(home, PAGES).num_rows == 3
    assert tables.read_partition(home, PAGES, "B/C").num_rows == 2
    assert tables.read_partition(home, PAGES, "Never").num_rows == 0
    assert tables.has_partition(home, PAGES, "Empty") and not tables.has_partition(home, PAGES, "Never")


def test_a_table_that_was_never_written_is_a_named_error_or_empty_on_request(home: Home) -> None:
    with pytest.raises(TableError, match=r"catalog/items: no table in .*; materialise catalog/items first"):
        tables.read(home, ITEMS)
    assert tables.read_or_empty(home, ITEMS).schema.equals(ITEMS.schema)
    assert tables.read_or_empty(home, ITEMS, ["title"]).column_names == ["title"]


def test_a_damaged_file_is_named(home: Home) -> None:
    plant(home, ITEMS, [item(1)])
    part = home.table(ITEMS.key) / tables.PART
    part.write_bytes(part.read_bytes()[:50])
    with pytest.raises(TableError, match=r"part-0\.parquet cannot be read .*; delete that file"):
        tables.read(home, ITEMS)


def test_leftovers_of_a_killed_process_are_no_part_of_the_table(home: Home) -> None:
    plant(home, ITEMS, [item(1)])
    (home.table(ITEMS.key) / ".part-0.parquet.x.partial").write_text("half")
    (home.table(ITEMS.key) / ".part-9.parquet").write_text("half")
    assert tables.read(home, ITEMS).num_rows == 1


def test_rows_that_do_not_fit_the_schema_are_refused(home: Home) -> None:
    wrong = tables.as_table(FILES, []).drop_columns(["phash"])
    with pytest.raises(TableError, match="images/files: rows do not fit the schema"):
        tables.write(home, FILES, wrong)
    assert not home.table(FILES.key).exists()


def test_a_query_sees_missing_tables_as_empty(home: Home) -> None:
    plant(home, ITEMS, [item(1)])
    sql = "select item_id, verdict from items left join decisions using (item_id)"
    found = tables.query(home, sql, {"items": ITEMS, "decisions": DECISIONS})
    assert found.to_pylist() == [{"item_id": "commons:M1", "verdict": None}]


def test_the_catalogue_file_shows_every_table_under_both_names(home: Home) -> None:
    plant(home, PAGES, [page(1, "A")], partition="A'B")
    plant(home, ITEMS, [item(1)])
    plant(home, DECISIONS, [decision(1)])
    plant(home, FILES, [file(1)])
    views.rebuild(home)
    with duckdb.connect(str(home.catalog), read_only=True) as connection:
        for name in ("pages", "commons.pages", "items", "catalog.items", "decisions", "rights.decisions", "files"):
            assert connection.sql(f"select count(*) from {name}").fetchall() == [(1,)], name


def test_the_catalogue_file_is_rebuilt_while_somebody_reads_the_old_one(home: Home) -> None:
    plant(home, ITEMS, [item(1)])
    views.rebuild(home)
    with duckdb.connect(str(home.catalog), read_only=True) as reader:
        plant(home, ITEMS, [item(1), item(2)])
        views.rebuild(home)
        assert reader.sql("select count(*) from items").fetchall() == [(2,)]
    assert [path.name for path in home.root.iterdir() if path.is_file()] == ["catalog.duckdb"]


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_every_column_is_described_and_the_sort_and_volatile_columns_exist(table: Table) -> None:
    assert all(len(says) > 8 for _, says in table.columns.values())
    assert set(table.sort_by) <= set(table.columns) and table.sort_by
    assert set(table.volatile) <= set(table.columns)
