"""The rows of a bundle's ledger, and what is counted in them for its papers.

One pass, in bounded memory: the ledger is sorted by item, so that the rows of an item are beside one another; only
those at the end of a batch wait for the next one. Errors: BundleError.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pd_ml.bundle import layout
from pd_ml.bundle.pages import rows_at_once
from pd_ml.errors import BundleError
from pd_ml.provenance import LEDGER_COLUMNS, MEASURED_WITH, TRAINED_ON

COLUMNS: Mapping[str, pa.DataType] = {
    **{name: kind for name, (kind, _) in LEDGER_COLUMNS.items()},
    layout.SOURCE: pa.string(),
    layout.MEDIA_HOST: pa.string(),
    layout.SIZE_BYTES: pa.int64(),
    layout.SEEN_ON: pa.string(),
}
SCHEMA = pa.schema(list(COLUMNS.items()))

# Of one item there is a row for each model of the chain; far more of them are no ledger, and would have to be kept.
_MOST_ROWS_OF_ITEM = 4_096
# The longest value: no address of a page, which holds 255 bytes of a title, comes near.
_MOST_BYTES = 1 << 12


@dataclass(frozen=True, kw_only=True)
class Host:
    """What came from one host of media: distinct pictures and the bytes of their stored files."""

    pictures: int
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Distinct pictures over all models of the chain, unless said otherwise.

    `pictures`: that any of them was trained on; `measured`: that were only looked at to measure; `seen`: both.
    `by_split`, `by_rule`, `by_source` and `hosts` are of all that were seen. `showings`: times shown, all models
    together. `texts`: distinct caption texts that were shown in training, by licence; `text_showings`: how often.
    `attributed`: pictures with a shown text under CC BY-SA. `first_day`, `last_day`: of evidence, "" where none tells.
    """

    pictures: int
    measured: int
    seen: int
    by_split: Mapping[str, int]
    by_rule: Mapping[str, int]
    by_source: Mapping[str, int]
    hosts: Mapping[str, Host]
    showings: int
    texts: Mapping[str, int]
    text_showings: Mapping[str, int]
    attributed: int
    first_day: str
    last_day: str


@dataclass(kw_only=True)
class OfModel:
    """What the rows of one model say; `captions` counts showings by licence of the caption."""

    trained_on: int = 0
    measured_with: int = 0
    times_shown: int = 0
    captions: Counter[str] = field(default_factory=Counter)


def ledger_batches(path: Path, *, batch_rows: int = 16_384) -> Iterator[pa.RecordBatch]:
    """The rows of a bundle's ledger in their order; BundleError where it is missing, damaged or of other columns."""
    yield from batches_of(path, SCHEMA, batch_rows=batch_rows)


def batches_of(path: Path, schema: pa.Schema, *, batch_rows: int = 16_384) -> Iterator[pa.RecordBatch]:
    """The rows of a ledger with the columns of `schema`; page checksums are compared. Errors as `ledger_batches`."""
    if not path.is_file():
        raise BundleError(f"{path} is missing; this is half a bundle, have it made again")
    try:
        # Buffered ahead, what was read would stay in memory until the file is closed.
        with pq.ParquetFile(path, page_checksum_verification=True, pre_buffer=False) as file:
            found = file.schema_arrow
            if found.names != schema.names:
                raise BundleError(f"{path}: columns {', '.join(found.names)}, expected {', '.join(schema.names)}")
            if wrong := [one.name for one, other in zip(found, schema, strict=True) if one.type != other.type]:
                raise BundleError(f"{path}: columns {', '.join(wrong)} are of another type; expected those of a ledger")
            for batch in file.iter_batches(batch_size=rows_at_once(path, file.metadata, most=batch_rows)):
                _require_short(path, batch)
                yield batch
    except (OSError, pa.ArrowException) as error:
        raise BundleError(f"{path}: cannot be read as a ledger ({error}); fetch the bundle again") from error


def _require_short(path: Path, batch: pa.RecordBatch) -> None:
    """BundleError for a value that is longer than any of a ledger."""
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        texts = pc.struct_field(pc.list_flatten(column), ["licence"]) if pa.types.is_list(column.type) else column
        if pa.types.is_string(texts.type) and (longest := pc.max(pc.binary_length(texts)).as_py() or 0) > _MOST_BYTES:
            raise BundleError(f"{path}: {name} of {longest} bytes, expected at most {_MOST_BYTES}")


def count(path: Path, *, batch_rows: int = 16_384) -> tuple[Counts, Mapping[tuple[str, str], OfModel]]:
    """What the ledger of a bundle holds in all, and for each stage and version; BundleError as `ledger_batches`."""
    totals, links = _Totals(), dict[tuple[str, str], OfModel]()
    waiting = SCHEMA.empty_table()
    for batch in ledger_batches(path, batch_rows=batch_rows):
        if not batch.num_rows:
            continue
        rows = pa.concat_tables([waiting, pa.Table.from_batches([batch])]).combine_chunks()
        _require_order(path, rows)
        _require_shown(path, rows)
        _add_to_links(path, links, pa.Table.from_batches([batch]))
        items = rows["item_id"].combine_chunks()
        whole = pc.not_equal(items, items[-1])
        waiting = rows.filter(pc.invert(whole))
        if waiting.num_rows > _MOST_ROWS_OF_ITEM:
            raise BundleError(f"{path}: {items[-1]} has more than {_MOST_ROWS_OF_ITEM} rows, expected one a model")
        totals.add(rows.filter(whole))
    totals.add(waiting)
    return totals.counts(), links


def _require_order(path: Path, rows: pa.Table) -> None:
    items = rows["item_id"].combine_chunks()
    if items.null_count:
        raise BundleError(f"{path}: {items.null_count} rows name no item")
    before, after = items[:-1], items[1:]
    at = pc.index(pc.less(after, before), True).as_py()
    if at >= 0:
        raise BundleError(f"{path}: {after[at]} comes after {before[at]}, expected rows in the order of items")


def _add_to_links(path: Path, links: dict[tuple[str, str], OfModel], rows: pa.Table) -> None:
    grouped = rows.group_by(["stage", "version", "relation"], use_threads=False)
    for row in grouped.aggregate([("times_shown", "sum"), ([], "count_all"), ("item_id", "min")]).to_pylist():
        of = links.setdefault((row["stage"] or "", row["version"] or ""), OfModel())
        if row["relation"] == TRAINED_ON:
            of.trained_on += row["count_all"]
            of.times_shown += row["times_shown_sum"] or 0
        elif row["relation"] == MEASURED_WITH:
            of.measured_with += row["count_all"]
        else:
            raise BundleError(
                f"{path}: {row['item_id_min']} is {row['relation']!r}, expected {TRAINED_ON} or {MEASURED_WITH}"
            )
    learnt = rows.filter(pc.equal(rows["relation"], TRAINED_ON)).combine_chunks()
    owners, captions = _captions(learnt)
    named = pa.table({**{name: learnt[name].take(owners) for name in ("stage", "version")}, **captions})
    for row in named.group_by(["stage", "version", "licence"]).aggregate([("times_shown", "sum")]).to_pylist():
        of = links[(row["stage"] or "", row["version"] or "")]
        of.captions[row["licence"]] += row["times_shown_sum"] or 0


def _require_shown(path: Path, rows: pa.Table) -> None:
    """A caption that is told was shown: whatever its count, its licence decides."""
    lists = rows["captions"].combine_chunks()
    times = pc.struct_field(pc.list_flatten(lists), ["times_shown"])
    at = pc.index(pc.fill_null(pc.less(times, 1), True), True).as_py()
    if at >= 0:
        item = rows["item_id"][pc.list_parent_indices(lists)[at].as_py()]
        raise BundleError(f"{path}: {item} has a caption that was shown {times[at]} times, expected at least once")


def _captions(rows: pa.Table) -> tuple[pa.Array, Mapping[str, pa.Array]]:
    """Of each caption that was shown: the number of its row, and its own number, licence and times shown."""
    lists = rows["captions"].combine_chunks()
    entries = pc.list_flatten(lists)
    columns = {name: pc.struct_field(entries, [name]) for name in ("number", "licence", "times_shown")}
    return pc.list_parent_indices(lists), {**columns, "licence": pc.fill_null(columns["licence"], "unknown")}


def _tally(counter: Counter[str], column: pa.ChunkedArray) -> None:
    for found in pc.value_counts(pc.fill_null(column, "")).to_pylist():
        counter[found["values"]] += found["counts"]


def _add_sums(counter: Counter[str], rows: pa.Table, key: str, value: str) -> None:
    for row in rows.group_by(key, use_threads=False).aggregate([(value, "sum")]).to_pylist():
        counter[row[key] or ""] += row[f"{value}_sum"] or 0


@dataclass
class _Totals:
    numbers: Counter[str] = field(default_factory=Counter)
    by_split: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    by_source: Counter[str] = field(default_factory=Counter)
    host_pictures: Counter[str] = field(default_factory=Counter)
    host_bytes: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    text_showings: Counter[str] = field(default_factory=Counter)
    days: tuple[str, str] = ("", "")

    def add(self, rows: pa.Table) -> None:
        """All rows of some items; the first of an item tells of the picture."""
        if not rows.num_rows:
            return
        rows = rows.combine_chunks()
        items = rows["item_id"].combine_chunks()
        is_first = np.concatenate([[True], pc.not_equal(items[1:], items[:-1]).to_numpy(zero_copy_only=False)])
        numbers: npt.NDArray[np.int64] = np.cumsum(is_first) - 1
        self._add_pictures(rows.filter(pa.array(is_first)))
        is_learnt = pc.equal(rows["relation"].combine_chunks(), TRAINED_ON).to_numpy(zero_copy_only=False)
        pictures = len(np.unique(numbers[is_learnt]))
        self.numbers["pictures"] += pictures
        self.numbers["measured"] += int(numbers[-1]) + 1 - pictures
        self._add_learnt(rows.filter(pa.array(is_learnt)).combine_chunks(), numbers[is_learnt])

    def _add_pictures(self, firsts: pa.Table) -> None:
        _tally(self.by_split, firsts["split"])
        _tally(self.by_rule, firsts["rule_id"])
        _tally(self.by_source, firsts[layout.SOURCE])
        _tally(self.host_pictures, firsts[layout.MEDIA_HOST])
        _add_sums(self.host_bytes, firsts, layout.MEDIA_HOST, layout.SIZE_BYTES)
        days = firsts[layout.SEEN_ON].drop_null()
        found: Mapping[str, Any] = pc.min_max(days.filter(pc.not_equal(days, ""))).as_py()
        if found["min"]:
            self.days = (min(self.days[0] or found["min"], found["min"]), max(self.days[1], found["max"]))

    def _add_learnt(self, learnt: pa.Table, numbers: npt.NDArray[np.int64]) -> None:
        """`numbers` tells which item each row is of."""
        self.numbers["showings"] += pc.sum(learnt["times_shown"]).as_py() or 0
        owners, captions = _captions(learnt)
        shown = pa.table({**captions, "item": numbers[owners.to_numpy()]})
        _add_sums(self.text_showings, shown, "licence", "times_shown")
        _tally(self.texts, shown.group_by(["item", "number", "licence"], use_threads=False).aggregate([])["licence"])
        of_them = shown.filter(pc.equal(shown["licence"], layout.BY_SA))
        self.numbers["attributed"] += pc.count_distinct(of_them["item"]).as_py()

    def counts(self) -> Counts:
        hosts = {
            host: Host(pictures=pictures, size_bytes=self.host_bytes[host])
            for host, pictures in sorted(self.host_pictures.items())
        }
        return Counts(
            pictures=self.numbers["pictures"],
            measured=self.numbers["measured"],
            seen=self.numbers["pictures"] + self.numbers["measured"],
            by_split=dict(sorted(self.by_split.items())),
            by_rule=dict(sorted(self.by_rule.items())),
            by_source=dict(sorted(self.by_source.items())),
            hosts=hosts,
            showings=self.numbers["showings"],
            texts=dict(sorted(self.texts.items())),
            text_showings=dict(sorted(self.text_showings.items())),
            attributed=self.numbers["attributed"],
            first_day=self.days[0],
            last_day=self.days[1],
        )
