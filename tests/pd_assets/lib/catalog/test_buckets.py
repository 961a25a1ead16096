"""Item buckets: the same in Python and in DuckDB, halved without moving others, and each a file of its own."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from pd_assets.lib.catalog import buckets, table_files, tables
from pd_assets.lib.catalog.schemas import SPLITS
from pd_assets.lib.errors import ConfigError, TableError
from pd_assets.lib.home import BUCKETS, Home, open_home

IDS = [f"commons:M{number}" for number in range(400)] + ["smithsonian:a%3Ab:é", "cleveland:1"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def _splits(ids: list[str], split: str = "train") -> pa.Table:
    return tables.as_table(SPLITS, [{"item_id": one, "cluster": one, "split": split, "since": 0} for one in ids])


def test_duckdb_and_python_put_an_item_into_the_same_bucket() -> None:
    asked = f"select {buckets.sql(16, 'id')} from (select unnest($ids) as id)"
    told = duckdb.execute(asked, {"ids": IDS}).fetchall()
    assert [bucket for (bucket,) in told] == buckets.buckets_of(IDS, 16).tolist()


def test_with_twice_as_many_a_bucket_becomes_two() -> None:
    for item_id in IDS:
        assert buckets.bucket_of(item_id, 32) % 16 == buckets.bucket_of(item_id, 16)


@pytest.mark.parametrize(("number", "first", "last"), [(1, "0", "0"), (16, "0", "f"), (256, "00", "ff")])
def test_buckets_have_names_of_one_length(number: int, first: str, last: str) -> None:
    names = buckets.names(number)
    assert (names[0], names[-1], len(set(names))) == (first, last, number)


@pytest.mark.parametrize(("number", "fits"), [(0, False), (1, True), (3, False), (256, True), (8192, False)])
def test_a_home_has_a_power_of_two_of_them(number: int, fits: bool) -> None:
    assert buckets.is_number(number) is fits


def test_a_home_of_before_has_one_bucket_and_a_damaged_number_is_named(home: Home) -> None:
    assert home.buckets == 1
    home.fix_buckets(4)
    assert home.buckets == 4
    path = home.root / BUCKETS
    path.write_text(path.read_text().replace("4", "8"))
    with pytest.raises(ConfigError, match="not what was written"):
        _ = home.buckets


def test_a_table_by_bucket_has_the_same_rows_whatever_the_number(home: Home, tmp_path: Path) -> None:
    other = open_home(tmp_path / "other")
    other.fix_buckets(8)
    for one in (home, other):
        tables.write(one, SPLITS, _splits(IDS))
    assert tables.sort(SPLITS, tables.read(home, SPLITS)) == tables.sort(SPLITS, tables.read(other, SPLITS))
    for bucket in range(8):
        held = tables.read_bucket(other, SPLITS, bucket)["item_id"].to_pylist()
        assert held == sorted(one for one in IDS if buckets.bucket_of(one, 8) == bucket)


def test_one_bucket_is_written_and_the_others_stay_as_they_are(home: Home) -> None:
    home.fix_buckets(4)
    before = tables.write(home, SPLITS, _splits(IDS))
    seen = {path: path.stat().st_mtime_ns for path in tables.files_of(home, SPLITS)}
    mine = [one for one in IDS if buckets.bucket_of(one, 4) == 2]
    after = tables.write_buckets(home, SPLITS, ((2, one) for one in _splits(mine, "test").to_batches()), [2])
    changed = {path for path, at in seen.items() if path.stat().st_mtime_ns != at}
    assert changed == {tables.bucket_file(home, SPLITS, 2).resolve()}
    assert after != before
    assert tables.read(home, SPLITS)["split"].to_pylist().count("test") == len(mine)


def test_a_row_of_an_unwanted_bucket_is_refused(home: Home) -> None:
    home.fix_buckets(4)
    with pytest.raises(TableError, match="rows of bucket 3 come where \\[2\\] were wanted"):
        tables.write_buckets(home, SPLITS, ((3, one) for one in _splits(IDS[:1]).to_batches()), [2])


def test_the_digest_of_a_stored_table_is_read_from_its_footers_and_is_that_of_its_rows(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tables.write(home, SPLITS, _splits(IDS))
    assert told == table_files.digest(SPLITS, _splits(IDS)) == tables.stored_digest(home, SPLITS)
    monkeypatch.setattr(table_files, "DIGEST_OF", b"of something else")
    assert tables.stored_digest(home, SPLITS) == told
