"""Tables: written whole, read back the same, equal content with an equal digest, and a view of them for people."""

import multiprocessing
import tempfile
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pd_assets.lib.catalog import table_files, tables, views
from pd_assets.lib.catalog.schemas import CATEGORIES, DECISIONS, FILES, ITEMS, PAGES, TABLES
from pd_assets.lib.catalog.schemas.table import TEXTS, Table
from pd_assets.lib.errors import DamagedTable, TableError
from pd_assets.lib.home import Home, open_home
from tests.patience import PATIENCE_S
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
        return table_files.digest(ITEMS, tables.as_table(ITEMS, full))

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
    with pytest.raises(DamagedTable, match=r"part-0\.parquet is damaged .*; run `pdd run nightly`") as found:
        tables.read(home, ITEMS)
    assert (found.value.table, found.value.path) == (ITEMS.key, part)


def test_one_altered_byte_is_damage_for_arrow_and_for_duckdb(home: Home) -> None:
    plant(home, ITEMS, [item(1)])
    assert tables.query(home, "from items", {"items": ITEMS}).num_rows == 1
    part = home.table(ITEMS.key) / tables.PART
    part.write_bytes(part.read_bytes().replace(b"commons:M1", b"commons:M2", 1))
    with pytest.raises(DamagedTable):
        tables.read(home, ITEMS)
    with pytest.raises(DamagedTable):
        tables.query(home, "from items", {"items": ITEMS})


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
    with duckdb.connect(str(home.catalog), read_only=True, config={"file_search_path": str(home.root)}) as connection:
        for name in ("pages", "commons.pages", "items", "catalog.items", "decisions", "rights.decisions", "files"):
            assert connection.sql(f"select count(*) from {name}").fetchall() == [(1,)], name


def test_the_catalogue_file_is_rebuilt_while_somebody_reads_the_old_one(home: Home) -> None:
    plant(home, ITEMS, [item(1)])
    views.rebuild(home)
    with duckdb.connect(str(home.catalog), read_only=True, config={"file_search_path": str(home.root)}) as reader:
        plant(home, ITEMS, [item(1), item(2)])
        views.rebuild(home)
        assert reader.sql("select count(*) from items").fetchall() == [(2,)]
    assert [path.name for path in home.root.iterdir() if path.is_file()] == ["catalog.duckdb"]


# --- streamed --------------------------------------------------------------------------------------------------------


def many(count: int) -> pa.Table:
    """Rows with nulls, lists, empty texts and texts outside ASCII."""
    rows = [
        {
            **dict.fromkeys(ITEMS.columns),
            **item(number, title=("", "Früh", None, "\U0001f3a8")[number % 4], width=None if number % 3 else number),
            "categories": (None, [], ["A", None, ""], ["Ä" * number])[number % 4],
            "colour_card": (None, True, False)[number % 3],
        }
        for number in range(count)
    ]
    return tables.as_table(ITEMS, rows)


@given(cuts=st.lists(st.integers(0, 40), max_size=8))
@settings(max_examples=40)
def test_a_streamed_table_has_the_digest_of_one_written_at_once_however_it_is_cut(cuts: list[int]) -> None:
    content = many(40)
    bounds = [0, *sorted(cuts), 40]
    batches = [batch for a, b in pairwise(bounds) for batch in content.slice(a, b - a).to_batches()]
    with tempfile.TemporaryDirectory() as folder:
        home = open_home(Path(folder))
        found = tables.write_batches(home, ITEMS, batches)
        assert tables.read(home, ITEMS).equals(content)
    assert found == table_files.digest(ITEMS, content)


def test_the_same_rows_make_the_same_file_however_they_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "ROWS_IN_A_BLOCK", 7)
    monkeypatch.setattr(table_files, "STREAMED_ROWS", 20)
    content = many(60)
    for name, step in (("one", 60), ("other", 9), ("third", 1)):
        cut = [batch for a in range(0, 60, step) for batch in content.slice(a, step).to_batches()]
        table_files.stream(ITEMS, cut, tmp_path / name)
    assert pq.read_metadata(tmp_path / "one").num_row_groups == 3
    assert len({(tmp_path / name).read_bytes() for name in ("one", "other", "third")}) == 1


def test_every_value_is_part_of_the_digest() -> None:
    content = many(8)
    seen = {table_files.digest(ITEMS, content)}
    for name, (kind, _) in ITEMS.columns.items():
        if name not in ITEMS.volatile:
            for row in (0, 7):
                values = content[name].to_pylist()
                values[row] = (
                    None if values[row] is not None else pa.scalar(1).cast(kind).as_py() if kind != TEXTS else []
                )
                place = content.schema.get_field_index(name)
                seen.add(table_files.digest(ITEMS, content.set_column(place, name, pa.array(values, kind))))
    assert len(seen) == 1 + 2 * (len(ITEMS.columns) - len(ITEMS.volatile))


def test_what_lies_behind_a_null_is_no_part_of_the_digest() -> None:
    plain = pa.array(["a", None, "c"])
    offsets, data = pa.py_buffer(np.array([0, 1, 3, 4], dtype=np.int32)), pa.py_buffer(b"axxc")
    hidden = pa.Array.from_buffers(pa.string(), 3, [pa.py_buffer(bytes([0b101])), offsets, data])
    assert hidden.equals(plain)
    table = tables.sort(
        CATEGORIES, pa.table({**dict.fromkeys(CATEGORIES.columns, pa.nulls(3)), "category": ["1", "2", "3"]})
    )

    def digest(values: pa.Array) -> str:
        place = table.schema.get_field_index("status")
        return table_files.digest(CATEGORIES, table.set_column(place, "status", values))

    assert digest(hidden) == digest(plain)


@pytest.mark.parametrize("first", [0, 30])
def test_batches_in_another_order_are_refused_and_the_table_stays(home: Home, first: int) -> None:
    plant(home, ITEMS, [item(1)])
    content = many(40)
    wrong = [content.slice(first, 10), content.slice(20, 10), content.slice(10, 10)]
    with pytest.raises(TableError, match="do not come in the order of item_id"):
        tables.write_batches(home, ITEMS, (batch for part in wrong for batch in part.to_batches()))
    assert tables.read(home, ITEMS).num_rows == 1


def test_rows_that_agree_in_the_first_column_are_ordered_by_the_next(home: Home) -> None:
    rows = [decision(1, profile="us"), decision(1, profile="strict"), decision(2, profile="life70")]
    content = tables.as_table(DECISIONS, [{**dict.fromkeys(DECISIONS.columns), **row} for row in rows])
    assert tables.write_batches(home, DECISIONS, content.to_batches()) == table_files.digest(DECISIONS, content)
    swapped = content.take([1, 0, 2])
    with pytest.raises(TableError, match="item_id, profile"):
        tables.write_batches(home, DECISIONS, swapped.to_batches())


def test_an_empty_stream_is_an_empty_table(home: Home) -> None:
    assert tables.write_batches(home, ITEMS, []) == table_files.digest(ITEMS, ITEMS.schema.empty_table())
    assert tables.read(home, ITEMS).num_rows == 0


def test_what_a_query_gives_is_streamed_into_a_table(home: Home) -> None:
    plant(home, ITEMS, [item(number) for number in range(2000)])
    sql = "select * replace (title || '!' as title) from items where width > $least order by item_id"
    found = tables.write_query(home, ITEMS, sql, {"items": ITEMS}, {"least": 0})
    content = tables.read(home, ITEMS)
    assert found == table_files.digest(ITEMS, content)
    assert all(str(title).endswith("!") for title in content["title"].to_pylist())
    assert not list((home.root / ".tmp").glob("duckdb-*"))


def test_a_query_that_exceeds_the_memory_spills_beside_the_tables(home: Home) -> None:
    sql = (
        "select items.* replace (md5('' || n) as item_id, repeat(md5('' || n), 20) as title) "
        "from items, range(200000) t(n) order by item_id"
    )
    plant(home, ITEMS, [item(1)])
    with tables.engine(home, memory_bytes=200_000_000) as connection:
        tables.relation(connection, home, ITEMS).create_view("items")
        batches = connection.sql(sql).to_arrow_reader(tables.BATCH_ROWS)
        tables.write_batches(home, ITEMS, batches)
    assert tables.read(home, ITEMS, ["item_id"]).num_rows == 200_000
    assert not list((home.root / ".tmp").glob("duckdb-*"))


def test_what_a_query_creates_is_seen_by_no_other_and_goes_with_it(home: Home) -> None:
    with tables.engine(home) as one, tables.engine(home) as other:
        for number, connection in enumerate((one, other)):
            connection.execute(f"create table mine as select {number} as number")
            connection.sql("select number as n from mine").create_view("seen")
            connection.from_arrow(pa.table({"n": [number]})).create_view("given")
        for number, connection in enumerate((one, other)):
            assert connection.sql("select * from seen join given using (n)").fetchall() == [(number,)]
    with tables.engine(home) as third:
        assert third.sql("select * from duckdb_tables()").fetchall() == []
        assert third.sql("select * from duckdb_views() where not internal").fetchall() == []


def _asks(home: Home) -> None:
    assert tables.query(home, "select count(*) as n from items", {"items": ITEMS})["n"][0].as_py() == 1


def test_a_process_that_was_forked_from_one_that_asked_asks_for_itself(home: Home) -> None:
    plant(home, ITEMS, [item(1)])
    _asks(home)
    forked = multiprocessing.get_context("fork").Process(target=_asks, args=(home,))
    forked.start()
    forked.join(PATIENCE_S)
    assert forked.exitcode == 0
    _asks(home)


def test_a_file_that_is_replaced_is_read_anew(home: Home) -> None:
    for width in range(100, 140):
        plant(home, ITEMS, [item(1) | {"width": width}])
        assert tables.query(home, "select width from items", {"items": ITEMS})["width"].to_pylist() == [width]


def test_a_damaged_file_in_a_query_is_a_named_error(home: Home) -> None:
    plant(home, ITEMS, [item(1)])
    part = home.table(ITEMS.key) / tables.PART
    part.write_bytes(part.read_bytes()[:50])
    with pytest.raises(DamagedTable, match=r"part-0\.parquet is damaged .*; run `pdd run nightly`"):
        tables.query(home, "select * from items", {"items": ITEMS})


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_every_column_is_described_and_the_sort_and_volatile_columns_exist(table: Table) -> None:
    assert all(len(says) > 8 for _, says in table.columns.values())
    assert set(table.sort_by) <= set(table.columns) and table.sort_by
    assert set(table.volatile) <= set(table.columns)
