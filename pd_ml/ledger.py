"""The ledger that a training or an evaluation leaves: for each picture of the dataset what the model had to do with it.

`ledger.parquet` has the columns of LEDGER_COLUMNS and a row for each picture of each split, in the order of item ids.
The same work gives the same bytes. Memory is bounded: rows are sorted in runs on the disk, and what the dataset's list
of pictures says of them is joined in that order. `pd_ml.provenance.read_ledger` reads it. No torch in here.
Errors: ProvenanceError, ShardError.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

from pd_ml.data import shards
from pd_ml.data.shards import SPLITS, read_manifest, sha256_of
from pd_ml.errors import ProvenanceError
from pd_ml.provenance import HELD, LEDGER, LEDGER_COLUMNS, MEASURED_WITH, TRAINED_ON

Rows = npt.NDArray[np.int64]

# What an export says of each picture beyond what its shards say, and the fact of a manifest that proves it.
PICTURES, PICTURES_DIGEST = "pictures.arrow", "pictures_sha256"
_LISTED = {
    "item_id": pa.string(),
    "stored_sha256": pa.string(),
    "exported_sha256": pa.string(),
    "page_url": pa.string(),
    "revid": pa.int64(),
    "rule_id": pa.string(),
    "evidence_digest": pa.string(),
    "caption_licences": pa.list_(pa.string()),
}
_OF_SHARDS = ("item_id", "sha256", "rule_id", "page_url", "label_licence", "caption", "captions")
SCHEMA = pa.schema([pa.field(name, kind) for name, (kind, _) in LEDGER_COLUMNS.items()])

# Rows that are sorted at once, that are read of each sorted run at once, and that one row group holds.
_RUN_ROWS, _CHUNK_ROWS, _GROUP_ROWS = 65_536, 4_096, 32_768
_KEY, _PLACE = "item_id", "place"


def _none() -> Rows:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, kw_only=True)
class Used:
    """What a model had to do with the pictures of its dataset, each by its row in the written order of its split.

    `rows` of the split `train` were shown `times`; of the caption `caption_numbers` of the row `caption_rows`
    `caption_times` are told (captions that are blank do not count). `measured` are the rows by split that were looked
    at without being learnt from; some of them may have been shown as well.
    """

    rows: Rows = field(default_factory=_none)
    times: Rows = field(default_factory=_none)
    caption_rows: Rows = field(default_factory=_none)
    caption_numbers: Rows = field(default_factory=_none)
    caption_times: Rows = field(default_factory=_none)
    measured: Mapping[str, Rows] = field(default_factory=dict)


def require_proven_list(dataset: Path) -> None:
    """ProvenanceError where the dataset's list of pictures is not the one that its manifest was written with."""
    path, expected = dataset / PICTURES, read_manifest(dataset).facts.get(PICTURES_DIGEST)
    if expected is None:
        return
    if not path.is_file():
        raise ProvenanceError(f"{path} is missing, and the manifest names it; export the dataset again")
    found = sha256_of(path)
    if found != expected:
        raise ProvenanceError(
            f"{path}: altered since it was written (SHA-256 {found[:16]}, the manifest says {str(expected)[:16]}); "
            "export the dataset again"
        )


def write_ledger(folder: Path, dataset: Path, *, stage: str, version: str, used: Used, scratch: Path) -> None:
    """Write the ledger of the model `stage` `version` into `folder`; `scratch` is a folder for what is in the making.

    The shards are taken as they are: whoever calls has compared them with the manifest.
    """
    require_proven_list(dataset)
    partial = folder / f".{LEDGER}.partial"
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        rows = _in_order(_rows(dataset, used), scratch / "rows")
        listed = _Listed(_in_order(_listed(dataset), scratch / "listed"))
        told = (_told(table, listed, stage, version) for table in rows)
        with pq.ParquetWriter(
            partial,
            SCHEMA,
            compression="zstd",
            use_dictionary=["stage", "version", "split", "relation", "rule_id"],
            write_page_checksum=True,
            write_page_index=True,
        ) as writer:
            for group in _groups(told):
                writer.write_table(group, row_group_size=_GROUP_ROWS)
        partial.replace(folder / LEDGER)
    finally:
        partial.unlink(missing_ok=True)
        shutil.rmtree(scratch, ignore_errors=True)


def _rows(dataset: Path, used: Used) -> Iterator[pa.Table]:
    """What shards and training say of each picture, in the written order."""
    place = 0
    for split in SPLITS:
        relations = _Relations(used, split)
        first = 0
        for batch in shards.read_batches(dataset, split, _OF_SHARDS, batch_rows=_CHUNK_ROWS, trusted=True):
            end = first + batch.num_rows
            table = pa.Table.from_batches([batch]).select(["sha256", "rule_id", "label_licence"])
            table = table.append_column(_KEY, pc.fill_null(batch["item_id"], ""))
            # A foreign dataset has no pages.
            has_page = pc.not_equal(batch["page_url"], "")
            table = table.append_column(
                "page_url", pc.if_else(has_page, batch["page_url"], pa.scalar(None, pa.string()))
            )
            table = table.append_column("split", pa.repeat(pa.scalar(split), batch.num_rows))
            table = table.append_column(_PLACE, pa.array(np.arange(place, place + batch.num_rows)))
            for name, column in relations.of(first, end, batch).items():
                table = table.append_column(name, column)
            yield table
            first, place = end, place + batch.num_rows


class _Relations:
    """The relation of each row of a split, and what was shown of it."""

    def __init__(self, used: Used, split: str) -> None:
        is_train = split == "train"
        order = np.argsort(used.rows, kind="stable") if is_train else _none()
        self._rows, self._times = used.rows[order], used.times[order]
        order = np.lexsort((used.caption_numbers, used.caption_rows)) if is_train else _none()
        self._caption_rows, self._caption_numbers = used.caption_rows[order], used.caption_numbers[order]
        self._caption_times = used.caption_times[order]
        self._measured = np.sort(used.measured.get(split, _none()))

    def of(self, first: int, end: int, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        """Of the rows from `first` to before `end`, which `batch` holds."""
        times = np.zeros(end - first, dtype=np.int64)
        mine = slice(*np.searchsorted(self._rows, (first, end)))
        times[self._rows[mine] - first] = self._times[mine]
        measured = np.zeros(end - first, dtype=np.bool_)
        measured[self._measured[slice(*np.searchsorted(self._measured, (first, end)))] - first] = True
        relation = np.where(times > 0, TRAINED_ON, np.where(measured, MEASURED_WITH, HELD))
        mine = slice(*np.searchsorted(self._caption_rows, (first, end)))
        rows = self._caption_rows[mine] - first
        numbers = _numbers_in_shard(batch, rows, self._caption_numbers[mine])
        offsets = np.searchsorted(rows, np.arange(end - first + 1)).astype(np.int32)
        return {
            "relation": pa.array(relation, pa.string()),
            "times_shown": pa.array(times),
            "number": pa.ListArray.from_arrays(offsets, pa.array(numbers.astype(np.int32))),
            "caption_times": pa.ListArray.from_arrays(offsets, pa.array(self._caption_times[mine])),
        }


def _numbers_in_shard(batch: pa.RecordBatch, rows: Rows, numbers: Rows) -> Rows:
    """The places in `captions` of captions that are numbered without the blank ones, as training reads them."""
    if not len(rows):
        return numbers
    captions = pc.fill_null(batch["captions"], pa.scalar([], batch["captions"].type))
    texts, lengths = pc.list_flatten(captions), pc.list_value_length(captions).to_numpy(zero_copy_only=False)
    readable = np.array([bool(text and text.strip()) for text in texts.to_pylist()], dtype=np.bool_)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    at = np.flatnonzero(readable)
    # Without a readable one among them, it was the picture's only caption that was read.
    if readable.all() or not len(at):
        return numbers
    before = np.searchsorted(at, starts[rows])
    found: Rows = np.where(lengths[rows] > 0, at[np.minimum(before + numbers, len(at) - 1)] - starts[rows], numbers)
    return found


def _listed(dataset: Path) -> Iterator[pa.Table]:
    """The dataset's list of pictures, with nulls for what it does not tell; nothing where there is none."""
    path = dataset / PICTURES
    if not path.is_file():
        return
    try:
        with ipc.open_file(path) as file:
            for number in range(file.num_record_batches):
                batch = file.get_batch(number)
                columns = [
                    batch[name].cast(kind) if name in batch.schema.names else pa.nulls(batch.num_rows, kind)
                    for name, kind in _LISTED.items()
                ]
                yield pa.Table.from_arrays(columns, names=list(_LISTED))
    except (OSError, pa.ArrowException) as error:
        told = " ".join(str(error).split())
        raise ProvenanceError(f"{path}: cannot be read ({told}); export the dataset again") from error


def _told(table: pa.Table, listed: "_Listed", stage: str, version: str) -> pa.Table:
    """Rows of the ledger: what the list says, and what the shards say where it says nothing."""
    found = listed.of(table)
    rows = table.num_rows
    told = {
        **{name: table[name] for name in ("item_id", "sha256", "split", "relation", "times_shown")},
        **{name: found[name] for name in ("stored_sha256", "revid", "evidence_digest")},
        **{name: pc.coalesce(found[name], table[name]) for name in ("page_url", "rule_id")},
        "stage": pa.repeat(pa.scalar(stage), rows),
        "version": pa.repeat(pa.scalar(version), rows),
        "captions": _captions(table, found),
    }
    return pa.table([told[name] for name in SCHEMA.names], schema=SCHEMA)


def _captions(table: pa.Table, found: pa.Table) -> pa.Array:
    """Each caption that was shown with its licence: the list's, else the one that the shard has for all of them."""
    shown = table["number"].combine_chunks()
    numbers = shown.flatten().to_numpy()
    offsets = shown.offsets.to_numpy()
    rows = np.repeat(np.arange(len(shown)), np.diff(offsets))
    licences = found["caption_licences"].combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(licences), 0).to_numpy(zero_copy_only=False)
    starts = np.concatenate([[0], np.cumsum(lengths)])[:-1]
    at = pa.array(starts[rows] + numbers, mask=numbers >= lengths[rows])
    licence = pc.coalesce(licences.flatten().take(at), table["label_licence"].combine_chunks().take(pa.array(rows)))
    times = table["caption_times"].combine_chunks().flatten()
    kind = LEDGER_COLUMNS["captions"][0]
    entries = pa.StructArray.from_arrays([shown.flatten(), licence, times], fields=list(kind.value_type))
    return pa.ListArray.from_arrays(pa.array(offsets - offsets[0]), entries, type=kind)


class _Listed:
    """What the list of pictures says, asked for in the order of item ids."""

    def __init__(self, tables: Iterator[pa.Table]) -> None:
        self._tables = tables
        self._waiting = _empty_list()

    def of(self, table: pa.Table) -> pa.Table:
        """The row of each of `table`; nulls where the list has none, or is of another picture."""
        last = table[_KEY][-1].as_py()
        while not self._waiting.num_rows or self._waiting[_KEY][-1].as_py() <= last:
            following = next(self._tables, None)
            if following is None:
                break
            self._waiting = pa.concat_tables([self._waiting, following.select(list(_LISTED))])
        places = pc.index_in(table[_KEY], value_set=self._waiting[_KEY].combine_chunks())
        found = self._waiting.take(places)
        exported = pc.coalesce(found["exported_sha256"], found["stored_sha256"])
        is_same = pc.fill_null(pc.equal(exported, table["sha256"]), False)
        found = self._waiting.take(pc.if_else(is_same, places, pa.scalar(None, pa.int32())))
        self._waiting = self._waiting.filter(pc.greater(self._waiting[_KEY], last))
        return found


def _empty_list() -> pa.Table:
    return pa.schema(_LISTED.items()).empty_table()


def _in_order(tables: Iterable[pa.Table], folder: Path) -> Iterator[pa.Table]:
    """The rows in the order of item ids, by runs that are sorted and then merged; one run stays in memory."""
    runs: list[Path] = []
    waiting: list[pa.Table] = []
    for table in tables:
        if table.num_rows:
            waiting.append(table)
        if sum(one.num_rows for one in waiting) >= _RUN_ROWS:
            runs.append(_write_run(waiting, folder / f"{len(runs)}.arrow"))
            waiting = []
    rest = iter([_sorted(waiting)] if waiting else [])
    if not runs:
        yield from rest
    else:
        yield from _merged([*(_read_run(run) for run in runs), rest])


def _sorted(tables: list[pa.Table]) -> pa.Table:
    whole = pa.concat_tables(tables).combine_chunks()
    # Two rows of one item, which no dataset should have, keep the order that they were written in.
    order = [_KEY, _PLACE] if _PLACE in whole.schema.names else [_KEY]
    return whole.sort_by([(name, "ascending") for name in order])


def _write_run(tables: list[pa.Table], path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = _sorted(tables)
    with ipc.new_file(path, whole.schema) as file:
        file.write_table(whole, max_chunksize=_CHUNK_ROWS)
    return path


def _read_run(path: Path) -> Iterator[pa.Table]:
    with ipc.open_file(path) as file:
        for number in range(file.num_record_batches):
            yield pa.Table.from_batches([file.get_batch(number)])


def _merged(runs: list[Iterator[pa.Table]]) -> Iterator[pa.Table]:
    """As far as the run that ends first is at hand, the rows of all of them; and so on."""
    heads = [(head, run) for run in runs if (head := next(run, None)) is not None]
    while heads:
        bound = min(head[_KEY][-1].as_py() for head, _ in heads)
        ready = []
        left = []
        for head, run in heads:
            is_ready = pc.less_equal(head[_KEY], bound)
            ready.append(head.filter(is_ready))
            rest = head.filter(pc.invert(is_ready))
            following = rest if rest.num_rows else next(run, None)
            if following is not None:
                left.append((following, run))
        heads = left
        yield _sorted(ready)


def _groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Row groups of the same size, however the rows come."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        while sum(one.num_rows for one in waiting) >= _GROUP_ROWS:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, _GROUP_ROWS).combine_chunks()
            waiting = [whole.slice(_GROUP_ROWS)]
    yield from (pa.concat_tables(waiting).combine_chunks() for _ in waiting[:1])
