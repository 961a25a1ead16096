"""A segment: what one file of a table says of pictures, so that a value leads to its rows without reading the file.

Sorted 64-bit keys, each with the number of its row; the rows in blocks; the hashes of looks. All is read from mapped
memory and everything that is read is compared with its checksum: a segment that is not what was written is
`DamagedSegment`, and whoever asks reads the file of the table instead. Derived: it may be thrown away at any time.
"""

import base64
import hashlib
import json
import mmap
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Row = Mapping[str, object]
MAGIC = b"pd.segment.1\n"
# Numbers are written and compared in blocks of so many, rows packed in batches of so many.
BLOCK = 8192
ROWS = 2048
_CODEC = pa.Codec("zstd", compression_level=1)
# Of each section: a key with the number of its row; the number of a row with the five words of its look.
KINDS = {
    "keys": np.dtype([("key", "<u8"), ("row", "<u4")]),
    "looks": np.dtype([("row", "<u4"), ("words", "<u8", (5,))]),
}
END = len(MAGIC) + 16
# Of a second, by the unit of a time.
PARTS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
Values = npt.NDArray[np.void]


class DamagedSegment(Exception):
    """A segment that is not what was written."""


def key_of(kind: str, value: str) -> int:
    """The key of a value: the last eight bytes of an MD5, as DuckDB's md5_number_lower gives them."""
    return int.from_bytes(hashlib.md5(f"{kind}:{value}".encode(), usedforsecurity=False).digest()[8:], "little")


def write(
    path: Path,
    *,
    rows: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    keys: Iterable[Values],
    looks: Iterable[Values],
    facts: Mapping[str, str],
) -> None:
    """Write one, in bounded memory: rows in batches of ROWS, `keys` and `looks` as KINDS says, keys ascending."""
    with path.open("wb") as file:
        file.write(MAGIC)
        batches = [_put(file, batch) for batch in rows]
        sections = {name: _section(file, values) for name, values in (("keys", keys), ("looks", looks))}
        told = {
            "schema": base64.b64encode(schema.serialize().to_pybytes()).decode(),
            "batches": batches,
            "sections": sections,
            "facts": dict(facts),
        }
        head = json.dumps(told).encode()
        begins = file.tell()
        file.write(head)
        file.write(begins.to_bytes(8, "little") + zlib.crc32(head).to_bytes(8, "little") + MAGIC)


def as_rows(batch: pa.RecordBatch) -> list[Row]:
    """The rows of a batch; its times by our own hand, since pyarrow imports pandas for them."""
    kinds = dict(zip(batch.schema.names, batch.schema.types, strict=True))
    parts = {name: PARTS[kind.unit] for name, kind in kinds.items() if pa.types.is_timestamp(kind)}
    for name in parts:
        place = batch.schema.get_field_index(name)
        batch = batch.set_column(place, name, batch.column(place).cast(pa.int64()))
    rows: list[Row] = batch.to_pylist()
    return [{name: _moment(value, parts.get(name)) for name, value in row.items()} for row in rows]


def _moment(value: object, parts: int | None) -> object:
    return value if parts is None or not isinstance(value, int) else datetime.fromtimestamp(value / parts, UTC)


def _put(file: BinaryIO, batch: pa.RecordBatch) -> tuple[int, int, int, int]:
    """Where it begins, its size, its checksum, and its size before it was packed."""
    begins, plain = file.tell(), batch.serialize()
    body = _CODEC.compress(plain)
    file.write(body)
    return begins, body.size, zlib.crc32(body), plain.size


def _section(file: BinaryIO, values: Iterable[Values]) -> tuple[int, int, list[int]]:
    """Write values one after the other: where they begin, how many they are, a checksum of each BLOCK of them."""
    begins, count, checks = file.tell(), 0, []
    for block in _blocks(values):
        body = block.tobytes()
        checks.append(zlib.crc32(body))
        file.write(body)
        count += len(block)
    return begins, count, checks


def _blocks(values: Iterable[Values]) -> Iterator[Values]:
    waiting: list[Values] = []
    held = 0
    for part in values:
        while held + len(part) >= BLOCK:
            yield np.concatenate([*waiting, part[: BLOCK - held]])
            part, waiting, held = part[BLOCK - held :], [], 0
        waiting.append(part)
        held += len(part)
    if held:
        yield np.concatenate(waiting)


class Segment:
    """One that is there. Every method may raise DamagedSegment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._bytes = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            end = bytes(self._bytes[-END:])
            begins, check = int.from_bytes(end[:8], "little"), int.from_bytes(end[8:16], "little")
            head = bytes(self._bytes[begins:-END])
            if end[16:] != MAGIC or zlib.crc32(head) != check:
                raise ValueError("no end, or not the one that was written")
            told = json.loads(head)
        except (OSError, ValueError, IndexError) as error:
            raise DamagedSegment(f"{path}: {error}") from error
        self.facts: Mapping[str, str] = told["facts"]
        self._schema_of = told["schema"]
        self._batches: list[tuple[int, int, int, int]] = told["batches"]
        self._sections: Mapping[str, tuple[int, int, list[int]]] = told["sections"]
        self._read: dict[int, pa.RecordBatch] = {}
        self._checked: set[tuple[str, int]] = set()

    def ordinals(self, keys: Collection[int]) -> list[int]:
        """The rows of some keys, ascending."""
        found: set[int] = set()
        for key in keys:
            first, last = self._range(key)
            found.update(self._values("keys", first, last)["row"].tolist())
        return sorted(found)

    def rows(self, keys: Collection[int]) -> Iterator[Row]:
        """The rows that some keys lead to; another value may have the same key."""
        yield from self.rows_at(self.ordinals(keys))

    def rows_at(self, ordinals: Iterable[int]) -> Iterator[Row]:
        """Rows by their numbers."""
        for ordinal in ordinals:
            number, place = divmod(ordinal, ROWS)
            yield as_rows(self._batch(number).slice(place, 1))[0]

    def looks(self) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint64]]:
        """Of each row that has a look its number, and the five words of its hashes."""
        found = self._values("looks", 0, self._sections["looks"][1])
        return found["row"], found["words"]

    def _range(self, key: int) -> tuple[int, int]:
        """Where a key stands among the sorted ones: keys are evenly spread, so that its place can be guessed."""
        count = self._sections["keys"][1]
        guess, width = key * count >> 64, 4 * int(count**0.5) + 64
        while True:
            low, high = max(0, guess - width), min(count, guess + width)
            window = self._values("keys", low, high)["key"]
            first, last = (int(np.searchsorted(window, np.uint64(key), side)) for side in ("left", "right"))
            if (first > 0 or low == 0) and (last < len(window) or high == count):
                return low + first, low + last
            width *= 8

    def _values(self, name: str, first: int, last: int) -> Values:
        kind = KINDS[name]
        begins, count, checks = self._sections[name]
        for block in range(first // BLOCK, -(-last // BLOCK)):
            if (name, block) not in self._checked:
                ends = min(count, (block + 1) * BLOCK)
                body = self._bytes[begins + block * BLOCK * kind.itemsize : begins + ends * kind.itemsize]
                self._compare(body, checks[block])
                self._checked.add((name, block))
        return np.frombuffer(self._bytes, kind, last - first, begins + first * kind.itemsize)

    def _batch(self, number: int) -> pa.RecordBatch:
        if number not in self._read:
            if not self._read:
                self._schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(self._schema_of)))
            begins, size_bytes, check, plain_bytes = self._batches[number]
            body = self._bytes[begins : begins + size_bytes]
            self._compare(body, check)
            plain = _CODEC.decompress(pa.py_buffer(body), plain_bytes)
            self._read[number] = pa.ipc.read_record_batch(plain, self._schema)
        return self._read[number]

    def _compare(self, body: memoryview, check: int) -> None:
        if zlib.crc32(body) != check:
            raise DamagedSegment(f"{self.path}: not what was written")
