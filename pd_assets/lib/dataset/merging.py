"""Two streams of rows as one, in their order: rows that are kept as they are, and rows that were made anew."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc


def merged(one: Iterable[pa.RecordBatch], other: Iterable[pa.RecordBatch], key: str) -> Iterator[pa.RecordBatch]:
    """The rows of both, each of which comes in ascending order of `key`, of the same columns, in that order."""
    streams = [(batch for batch in stream if batch.num_rows) for stream in (one, other)]
    heads = [next(stream, None) for stream in streams]
    while (left := heads[0]) is not None and (right := heads[1]) is not None:
        end = min(left[key][-1].as_py(), right[key][-1].as_py())
        taken = []
        for number, head in enumerate((left, right)):
            size = pc.sum(pc.less_equal(head[key], end)).as_py()
            taken.append(head.slice(0, size))
            heads[number] = head.slice(size) if size < head.num_rows else next(streams[number], None)
        rows = pa.Table.from_batches(taken)
        yield from rows.sort_by(key).combine_chunks().to_batches()
    for head, stream in zip(heads, streams, strict=True):
        if head is not None:
            yield head
            yield from stream
