"""What is counted in a bundle's ledger is what plain SQL counts in it, however the rows fall into batches."""

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pd_ml.bundle import layout
from pd_ml.bundle.counts import SCHEMA, OfModel, count
from pd_ml.errors import BundleError
from pd_ml.provenance import MEASURED_WITH, TRAINED_ON

MODELS = [("clip", "c1"), ("tokenizer", "t1"), ("unet_text", "u1"), ("unet_text", "u2")]


def ledger(path: Path, *, items: int, seed: int) -> Path:
    """A ledger of chance, in the order that a bundle's has; not every model saw every picture."""
    draw = np.random.default_rng(seed)
    rows = [row for number in range(items) for row in rows_of(number, draw)]
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path, row_group_size=50, write_page_checksum=True)
    return path


def rows_of(number: int, draw: np.random.Generator) -> list[dict[str, Any]]:
    source = str(draw.choice(["commons", "smithsonian"]))
    picture = {
        "item_id": f"{source}:M{number:05d}",
        "sha256": f"{number:064d}",
        "split": str(draw.choice(["train", "validation", "test"])),
        "rule_id": str(draw.choice(["accept-old-work", "accept-free-work"])),
        layout.SOURCE: source,
        layout.MEDIA_HOST: str(draw.choice(["upload.example", "ids.example"])),
        layout.SIZE_BYTES: None if draw.random() < 0.2 else int(draw.integers(1, 9_000_000)),
        layout.SEEN_ON: [None, "", "2026-10-31", "2026-11-02"][draw.integers(4)],
    }
    models = [model for model in MODELS if draw.random() < 0.7] or MODELS[:1]
    return [picture | {"stage": stage, "version": version} | shown(draw) for stage, version in models]


def shown(draw: np.random.Generator) -> dict[str, Any]:
    """What one model had to do with a picture."""
    if draw.random() < 0.3:
        return {"relation": MEASURED_WITH, "times_shown": 0, "captions": None if draw.random() < 0.5 else []}
    captions = [
        {
            "number": number,
            "licence": str(draw.choice([layout.CC0, layout.BY_SA])),
            "times_shown": int(draw.integers(1, 9)),
        }
        for number in range(draw.integers(4))
    ]
    return {"relation": TRAINED_ON, "times_shown": int(draw.integers(1, 9)), "captions": captions}


def in_order(path: Path) -> Path:
    pq.write_table(pq.read_table(path).sort_by([(name, "ascending") for name in ("item_id", "stage", "version")]), path)
    return path


@pytest.mark.parametrize("batch_rows", [1, 7, 16_384])
def test_counts_are_those_of_plain_sql(batch_rows: int, tmp_path: Path) -> None:
    path = in_order(ledger(tmp_path / "ledger.parquet", items=60, seed=batch_rows))
    counts, models = count(path, batch_rows=batch_rows)
    sql = duckdb.connect()
    sql.execute(f"create view ledger as from '{path}'")
    sql.execute(
        "create view pictures as select * from ledger "
        "qualify row_number() over (partition by item_id order by stage, version) = 1"
    )
    sql.execute(
        "create view shown as select item_id, stage, version, unnest(captions, recursive := true) from ledger "
        "where relation = 'trained_on'"
    )

    def one(query: str) -> Any:  # noqa: ANN401
        return sql.sql(query).fetchall()[0][0]

    def by(query: str) -> dict[str, int]:
        return {str(name): int(number) for name, number in sql.sql(query).fetchall()}

    pictures = one("select count(distinct item_id) from ledger where relation = 'trained_on'")
    assert counts.seen == one("select count(distinct item_id) from ledger")
    assert (counts.pictures, counts.measured) == (pictures, counts.seen - pictures)
    assert counts.showings == one("select sum(times_shown) from ledger where relation = 'trained_on'")
    for name, found in (("split", counts.by_split), ("rule_id", counts.by_rule), ("source", counts.by_source)):
        assert found == by(f"select {name}, count(*) from pictures group by all")
    assert {name: host.pictures for name, host in counts.hosts.items()} == by(
        "select media_host, count(*) from pictures group by all"
    )
    assert {name: host.size_bytes for name, host in counts.hosts.items()} == by(
        "select media_host, coalesce(sum(size_bytes), 0) from pictures group by all"
    )
    assert counts.text_showings == by("select licence, sum(times_shown) from shown group by all")
    assert counts.texts == by(
        "select licence, count(*) from (select distinct item_id, number, licence from shown) group by all"
    )
    assert counts.attributed == one("select count(distinct item_id) from shown where licence = 'CC-BY-SA-4.0'")
    days = "from pictures where seen_on != ''"
    assert (counts.first_day, counts.last_day) == (
        one(f"select min(seen_on) {days}"),
        one(f"select max(seen_on) {days}"),
    )
    for (stage, version), model in models.items():
        of_it = f"where stage = '{stage}' and version = '{version}'"
        assert model == OfModel(
            trained_on=one(f"select count(*) from ledger {of_it} and relation = 'trained_on'"),
            measured_with=one(f"select count(*) from ledger {of_it} and relation = 'measured_with'"),
            times_shown=one(f"select sum(times_shown) from ledger {of_it}"),
            captions=by(f"select licence, sum(times_shown) from shown {of_it} group by all"),
        )
    assert set(models) == set(MODELS)


def test_a_ledger_without_rows_counts_nothing(tmp_path: Path) -> None:
    counts, models = count(ledger(tmp_path / "ledger.parquet", items=0, seed=0))
    assert (counts.seen, counts.showings, counts.first_day, dict(counts.hosts), models) == (0, 0, "", {}, {})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"relation": "held"}, "is 'held', expected trained_on or measured_with"),
        ({"item_id": None}, "name no item"),
        ({"item_id": "a:1"}, "expected rows in the order of items"),
    ],
)
def test_rows_that_no_ledger_has_are_named(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    path = in_order(ledger(tmp_path / "ledger.parquet", items=20, seed=0))
    rows = pq.read_table(path).to_pylist()
    rows[-1] |= change
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path)
    with pytest.raises(BundleError, match=words):
        count(path, batch_rows=3)


def test_other_columns_are_named(tmp_path: Path) -> None:
    path = ledger(tmp_path / "ledger.parquet", items=3, seed=0)
    pq.write_table(pq.read_table(path).drop(["source"]), path)
    with pytest.raises(BundleError, match=r"columns stage, version, .*, expected"):
        count(path)
    pq.write_table(pa.table({name: pa.array([1.5]) for name in SCHEMA.names}), path)
    with pytest.raises(BundleError, match="of another type"):
        count(path)
