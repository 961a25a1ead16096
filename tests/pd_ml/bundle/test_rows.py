"""A row that no training writes is named, even where every ledger, record, paper and signature was made to fit it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pd_ml.bundle import layout
from pd_ml.bundle.chain import read_chain
from pd_ml.bundle.counts import batches_of
from pd_ml.bundle.facts import read_facts
from pd_ml.bundle.ledgers import OF_TRAINING, compare_ledgers, readable_ledgers
from pd_ml.data.shards import sha256_of
from pd_ml.errors import BundleError
from pd_ml.provenance import MEASURED_WITH, TRAINED_ON
from tests.pd_ml.bundle.handed_out import (
    HandedOut,
    dataset_changed,
    ledger_of_training_changed,
    rows_changed_everywhere,
)

Row = dict[str, Any]
PICTURE = "commons:M1000"


def problems(folder: Path) -> list[str]:
    """What the ledgers of a bundle show, as `verify` looks at them."""
    chain, _ = read_chain(folder)
    found = {path.relative_to(folder).as_posix(): sha256_of(path) for path in folder.glob("chain/*/ledger.parquet")}
    return [str(one) for one in compare_ledgers(folder, chain, readable_ledgers(chain, found))[1]]


def of_picture(**fields: object) -> Callable[[Row], Row]:
    """Other values in each row of one picture that was trained on."""
    return lambda row: {**row, **fields} if row["item_id"] == PICTURE and row["relation"] == TRAINED_ON else row


def in_bundle(stage: str = "", **fields: object) -> Callable[[Row], Row]:
    """Other values of what only the bundle's ledger tells, in the rows of one picture, or in one model's of them."""

    def changed(row: Row) -> Row:
        is_it = layout.SOURCE in row and row["item_id"] == PICTURE and stage in ("", row["stage"])
        return {**row, **fields} if is_it else row

    return changed


def of_captions(change: Callable[[Row], list[Row]]) -> Callable[[Row], Row]:
    """Other entries for each caption under CC BY-SA."""

    def changed(row: Row) -> Row:
        entries = [new for one in row["captions"] for new in (change(one) if one["licence"] == layout.BY_SA else [one])]
        return {**row, "captions": entries}

    return changed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (of_captions(lambda one: [{**one, "times_shown": 0}]), "a caption whose times_shown is not from 1"),
        (of_captions(lambda one: [{**one, "times_shown": None}]), "a caption whose times_shown is not from 1"),
        (of_captions(lambda one: [{**one, "times_shown": 5}, {**one, "times_shown": -5}]), "times_shown is not from 1"),
        (of_captions(lambda one: [{**one, "number": -1}]), "a caption whose number is none"),
        (of_captions(lambda one: [{**one, "number": None}]), "a caption whose number is none"),
        (of_captions(lambda one: [{**one, "licence": None}]), "a caption without a licence"),
        (of_captions(lambda one: [one, one]), "a caption twice"),
        (of_captions(lambda one: [{**one, "times_shown": 1000}]), "captions were shown oftener than the picture"),
        (lambda row: {**row, "captions": []}, "no caption was shown in it, and clip learns from captions"),
        (of_picture(split="test"), "it was trained on, and its split is not train"),
        (of_picture(split="secret"), "its split is none of train"),
        (of_picture(sha256="x"), "its sha256 is no SHA-256"),
        (of_picture(evidence_digest="0" * 63), "its evidence_digest is no SHA-256"),
        (of_picture(page_url='javascript:alert(1)\n=cmd|"/c"!A0'), "its page_url is no address of the web"),
        (of_picture(page_url="https://wiki.example/a\nb"), "its page_url is no address of the web"),
        (of_picture(times_shown=2**60), "its times_shown is not from 0"),
        (
            lambda row: {**row, "times_shown": -3} if row["relation"] == MEASURED_WITH else row,
            "its times_shown is not from 0",
        ),
        (
            lambda row: {**row, "sha256": "0" * 64} if (row["item_id"], row["stage"]) == (PICTURE, "clip") else row,
            "its sha256 is another in the ledger of another model of the same dataset version",
        ),
        (
            lambda row: {**row, "item_id": "no-archive"} if row["item_id"] == "smithsonian:edanmdm-8:0" else row,
            "its source is not the archive that its item_id names",
        ),
        (in_bundle(seen_on="2026-99-99"), "its seen_on is no day"),
        (in_bundle("clip", media_host="elsewhere.example"), "its media_host is another in another row of the same"),
        (in_bundle("clip", media_host=None), "its media_host is another in another row of the same picture"),
        (in_bundle("clip", size_bytes=1), "its size_bytes is another in another row of the same picture"),
        (in_bundle("clip", seen_on="2026-01-01"), "its seen_on is another in another row of the same picture"),
    ],
)
def test_a_row_that_no_training_writes_is_named(
    change: Callable[[Row], Row], words: str, whole: HandedOut, tmp_path: Path
) -> None:
    folder = whole.copy(tmp_path / "bundle")
    assert problems(folder) == []
    rows_changed_everywhere(change)(folder)
    assert any(words in one for one in problems(folder)), problems(folder)


@pytest.mark.parametrize("times", [0, -5, None])
def test_no_paper_is_made_of_a_caption_that_was_not_shown(times: int | None, whole: HandedOut, tmp_path: Path) -> None:
    folder = whole.copy(tmp_path / "bundle")
    rows_changed_everywhere(of_captions(lambda one: [{**one, "times_shown": times}]))(folder)
    with pytest.raises(BundleError, match="has a caption that was shown"):
        read_facts(folder)


def test_a_row_twice_in_a_ledger_of_the_chain_is_named(whole: HandedOut, tmp_path: Path) -> None:
    folder = whole.copy(tmp_path / "bundle")
    twice = ledger_of_training_changed("clip", lambda table: pa.concat_tables([table.slice(0, 1), table]))
    twice(folder)
    assert any("expected the order of items, each of them once" in one for one in problems(folder)), problems(folder)


def test_rules_are_not_compared_where_the_datasets_list_tells_no_evidence(whole: HandedOut, tmp_path: Path) -> None:
    """Lists of before they told it were written anew beside a manifest that had counted."""
    folder = whole.copy(tmp_path / "bundle")
    dataset_changed(lambda one: replace(one, facts={**one.facts, "rules": {"accept-free-work": 24}}))(folder)
    assert any("rules: 8 pictures of" in one for one in problems(folder)), problems(folder)
    rows_changed_everywhere(lambda row: row if row["relation"] == TRAINED_ON else {**row, "evidence_digest": None})(
        folder
    )
    assert problems(folder) == []


def write_hostile(path: Path, values: dict[str, pa.Array], **options: object) -> Path:
    """A ledger whose other columns are empty."""
    rows = len(next(iter(values.values())))
    columns = [values.get(field.name, pa.nulls(rows, field.type)) for field in OF_TRAINING]
    table = pa.table(columns, names=OF_TRAINING.names)
    pq.write_table(table, path, compression="zstd", store_schema=False, **options)
    return path


def dictionary_of(value: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([value]))


@pytest.mark.parametrize(
    ("values", "options", "words"),
    [
        ({"page_url": dictionary_of("u" * 600_000, 8192)}, {"dictionary_pagesize_limit": 1 << 30}, "of 600000 bytes"),
        ({"page_url": pa.array(["u" * 5000])}, {}, "page_url of 5000 bytes, expected at most 4096"),
        ({"page_url": pa.array(["u" * 70_000_000])}, {"use_dictionary": False}, "bytes in one page"),
        (
            {"page_url": pa.array(["u" * 30_000_000] * 10)},
            {"use_dictionary": False, "data_page_size": 1, "write_batch_size": 1},
            "unpacks to 300000",
        ),
        (
            {"page_url": pa.array(["a" * 4000] * 100)},
            {"use_dictionary": False, "column_encoding": {"page_url": "DELTA_BYTE_ARRAY"}},
            "encoding 7, expected plain values",
        ),
        (
            {"captions": pa.array([[None] * 5_000_000], OF_TRAINING.field("captions").type)},
            {},
            "values, expected at most",
        ),
        (
            {"captions": pa.array([[{"licence": "l" * 4000}] * 20_000], OF_TRAINING.field("captions").type)},
            {},
            "bytes in lists",
        ),
    ],
    ids=["dictionary", "long", "large page", "large group", "prefixes", "long list", "long list of long texts"],
)
def test_a_small_file_that_unpacks_to_much_is_refused_before_it_does(
    values: dict[str, pa.Array], options: dict[str, Any], words: str, tmp_path: Path
) -> None:
    path = write_hostile(tmp_path / "ledger.parquet", values, **options)
    assert path.stat().st_size < 1_000_000
    before = pa.default_memory_pool().max_memory()
    with pytest.raises(BundleError, match=words):
        list(batches_of(path, OF_TRAINING, batch_rows=8192))
    assert pa.default_memory_pool().max_memory() - before < 300_000_000
