"""A digest of rows that come in pieces: equal rows, equal digest, however they are cut into batches.

Each column is told apart into streams of bytes (which are null, how long, what), each with a SHA-256 of its own.
"""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class ContentDigest:
    """SHA-256 of the columns of `schema`, in its order; other columns of what is added are left out."""

    def __init__(self, schema: pa.Schema) -> None:
        self._columns = {field.name: _Column(field.type) for field in schema}
        # Of what was added, however it lay in memory.
        self.size_bytes = 0

    def add(self, content: pa.Table | pa.RecordBatch) -> None:
        """The next rows."""
        for name, column in self._columns.items():
            found = content.column(name)
            for chunk in found.chunks if isinstance(found, pa.ChunkedArray) else [found]:
                self.size_bytes += column.add(chunk)

    def hexdigest(self) -> str:
        """The digest of all rows so far."""
        whole = hashlib.sha256()
        for name, column in self._columns.items():
            whole.update(f"{name}\0{column.kind}\0".encode())
            whole.update(column.digest())
        return whole.hexdigest()


class _Column:
    """One column, or one level of a nested one."""

    def __init__(self, kind: pa.DataType) -> None:
        self.kind = kind
        self._valid, self._lengths, self._values = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
        self._below = [_Column(kind.field(number).type) for number in range(kind.num_fields)]

    def add(self, values: pa.Array) -> int:
        """The next values; how many bytes were told."""
        self._valid.update(values.is_valid().cast(pa.uint8()).to_numpy().tobytes())
        size_bytes = len(values)
        if pa.types.is_struct(self.kind):
            for column, found in zip(self._below, values.flatten(), strict=True):
                size_bytes += column.add(found)
        elif pa.types.is_list(self.kind):
            size_bytes += _tell(self._lengths, _numbers(pc.list_value_length(values)))
            size_bytes += self._below[0].add(values.flatten())
        elif pa.types.is_string(self.kind) or pa.types.is_binary(self.kind):
            size_bytes += _tell(self._lengths, _numbers(pc.binary_length(values)))
            size_bytes += _tell(self._values, _text_bytes(values))
        else:
            size_bytes += _tell(self._values, _numbers(_as_number(values)))
        return size_bytes

    def digest(self) -> bytes:
        streams = [stream.digest() for stream in (self._valid, self._lengths, self._values)]
        return hashlib.sha256(b"".join([*streams, *(column.digest() for column in self._below)])).digest()


def _tell(stream: "hashlib._Hash", told: bytes | memoryview) -> int:
    stream.update(told)
    return len(told)


def _as_number(values: pa.Array) -> pa.Array:
    if pa.types.is_boolean(values.type):
        return values.cast(pa.uint8())
    return values.cast(pa.int64()) if pa.types.is_temporal(values.type) else values


def _numbers(values: pa.Array) -> bytes:
    filled = values.fill_null(0) if values.null_count else values
    return np.ascontiguousarray(filled.to_numpy(zero_copy_only=False)).tobytes()


def _text_bytes(values: pa.Array) -> memoryview:
    """The bytes of all texts, one after the other; what lies behind a null is none of them."""
    filled = values.fill_null("" if pa.types.is_string(values.type) else b"") if values.null_count else values
    _, offsets, data = filled.buffers()
    if data is None or not len(filled):
        return memoryview(b"")
    bounds = np.frombuffer(offsets, dtype=np.int32)
    first, last = bounds[filled.offset], bounds[filled.offset + len(filled)]
    return memoryview(data)[first:last]
