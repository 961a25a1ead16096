"""One file of a table: its rows streamed into it in their order, and the digest of them in its footer.

The same rows make the same file, however they came. Errors: TableError, and DamagedTable among them.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pd_assets.lib.catalog import damage
from pd_assets.lib.catalog.damage import WRITTEN
from pd_assets.lib.catalog.digests import ContentDigest
from pd_assets.lib.catalog.schemas import Table
from pd_assets.lib.errors import TableError

BATCH_ROWS = 20_000
# A row group is closed at so many rows or bytes.
STREAMED_ROWS, STREAMED_BYTES = 100_000, 64_000_000
ROWS_IN_A_BLOCK = 2_000
# In the footer: the digest of the rows, that of the rows that others are made of, and of which columns and types.
DIGEST, DIGEST_OF_USED, DIGEST_OF = b"pd.digest", b"pd.digest_of_used", b"pd.digest_of"


def typed(table: Table, content: pa.Table) -> pa.Table:
    """`content` with the columns and types of `table`; TableError where they do not fit."""
    try:
        return content.select(list(table.columns)).cast(table.schema)
    except (KeyError, pa.ArrowInvalid, ValueError) as error:
        raise TableError(f"{table.key}: rows do not fit the schema ({error})") from error


def stream(table: Table, batches: Iterable[pa.RecordBatch], path: Path) -> str:
    """Write batches in the order of `sort_by` to one file and return their digest, which is in its footer too."""
    told, used = ContentDigest(_stable(table, table.schema)), ContentDigest(_stable(table, table.schema))
    with pq.ParquetWriter(path, table.schema, **WRITTEN) as writer:
        for group in _groups(_blocks(_in_order(table, batches)), told):
            if table.used is not None:
                used.add(_used(table, group))
            writer.write_table(group)
        found = told.hexdigest()
        writer.add_key_value_metadata({DIGEST: found.encode(), DIGEST_OF: _digest_of(table)})
        if table.used is not None:
            writer.add_key_value_metadata({DIGEST_OF_USED: used.hexdigest().encode()})
    return found


def _used(table: Table, content: pa.Table | pa.RecordBatch) -> pa.Table | pa.RecordBatch:
    """The rows that others are made of."""
    if table.used is None:
        return content
    column, value = table.used
    return content.filter(pc.equal(content.column(column), value))


def _groups(blocks: Iterable[pa.Table], told: ContentDigest) -> Iterator[pa.Table]:
    """Blocks gathered to row groups of a fair size, and told to a digest.

    Where one ends is for its content alone to say, so that the same rows make the same file however they came.
    """
    waiting: list[pa.Table] = []
    rows = began = 0
    for block in blocks:
        told.add(block)
        waiting.append(block)
        rows += block.num_rows
        if rows >= STREAMED_ROWS or told.size_bytes - began >= STREAMED_BYTES:
            yield pa.concat_tables(waiting)
            waiting, rows, began = [], 0, told.size_bytes
    if waiting:
        yield pa.concat_tables(waiting)


def _blocks(batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows, ROWS_IN_A_BLOCK at a time."""
    waiting: list[pa.Table] = []
    rows = 0
    for batch in batches:
        while rows + batch.num_rows >= ROWS_IN_A_BLOCK:
            yield pa.concat_tables([*waiting, batch.slice(0, ROWS_IN_A_BLOCK - rows)]).combine_chunks()
            batch, waiting, rows = batch.slice(ROWS_IN_A_BLOCK - rows), [], 0
        waiting, rows = [*waiting, batch], rows + batch.num_rows
    if rows:
        yield pa.concat_tables(waiting).combine_chunks()


def _in_order(table: Table, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The batches with the table's types; TableError at the first row that belongs before the one that came before."""
    last: pa.Table | None = None
    for batch in batches:
        if not batch.num_rows:
            continue
        content = typed(table, pa.Table.from_batches([batch]))
        keys = content.select(table.sort_by)
        both = keys if last is None else pa.concat_tables([last, keys])
        if not _is_sorted(both.combine_chunks(), table.sort_by):
            raise TableError(f"{table.key}: rows do not come in the order of {', '.join(table.sort_by)}; sort them")
        last = keys.slice(keys.num_rows - 1)
        yield content


def _is_sorted(keys: pa.Table, names: Sequence[str]) -> bool:
    """Whether no row is smaller than the one before it; nulls come last, as Arrow sorts them."""
    before, after = keys.slice(0, keys.num_rows - 1), keys.slice(1)
    fits: pa.ChunkedArray | pa.Scalar = pa.scalar(True)
    for name in reversed(names):
        one, other = before[name], after[name]
        less = pc.fill_null(pc.less(one, other), pc.and_(pc.is_valid(one), pc.is_null(other)))
        equal = pc.fill_null(pc.equal(one, other), pc.and_(pc.is_null(one), pc.is_null(other)))
        fits = pc.or_(less, pc.and_(equal, fits))
    return bool(pc.all(fits).as_py()) if after.num_rows else True


def digest(table: Table, content: pa.Table) -> str:
    """SHA-256 of a table's content without the columns that only say when: equal content, equal digest."""
    told = ContentDigest(_stable(table, content.schema))
    told.add(content)
    return told.hexdigest()


def file_digest(table: Table, path: Path) -> str:
    """The digest of the rows of one file: what its footer says, else they are read in bounded memory."""
    return _told_digest(table, path, DIGEST)


def tells_digests(table: Table, path: Path) -> bool:
    """Whether the footer of a file has the digests of its rows, so that nobody need read them for that."""
    footer = _footer(table, path)
    needed = {DIGEST} if table.used is None else {DIGEST, DIGEST_OF_USED}
    return footer.get(DIGEST_OF) == _digest_of(table) and needed <= footer.keys()


def _footer(table: Table, path: Path) -> Mapping[bytes, bytes]:
    with damage.named(table, path):
        return pq.read_metadata(path).metadata or {}


def used_digest(table: Table, path: Path) -> str:
    """The digest of those rows of one file that others are made of."""
    return _told_digest(table, path, DIGEST_OF_USED)


def _told_digest(table: Table, path: Path, kind: bytes) -> str:
    footer = _footer(table, path)
    if footer.get(DIGEST_OF) == _digest_of(table) and kind in footer:
        return footer[kind].decode()
    found = ContentDigest(_stable(table, table.schema))
    for batch in damage.batches(table, path, BATCH_ROWS):
        whole = batch
        # What an older version wrote lacks the columns that came later.
        for field in table.schema:
            if field.name not in batch.schema.names:
                whole = whole.append_column(field.name, pa.nulls(batch.num_rows, field.type))
        found.add(_used(table, whole) if kind == DIGEST_OF_USED else whole)
    return found.hexdigest()


def _digest_of(table: Table) -> bytes:
    """What the digest of a file of this table is over."""
    told = "\n".join(f"{field.name} {field.type}" for field in _stable(table, table.schema))
    return hashlib.sha256(told.encode()).hexdigest()[:16].encode()


def _stable(table: Table, schema: pa.Schema) -> pa.Schema:
    return pa.schema([field for field in schema if field.name not in table.volatile])
