"""What a Parquet file unpacks to, told by the heads of its pages before any of them is unpacked. No torch in here.

A file of some kilobytes can unpack to gigabytes: by pages that are almost empty when compressed, by one long value in a
dictionary that every row names, by lists without end. The heads are a Thrift structure in the compact protocol:
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift. Errors: BundleError.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from pd_ml.errors import BundleError

# A page of a ledger unpacks to one MB, a row group to some ten.
_MOST_PAGE_BYTES = 1 << 26
_MOST_GROUP_BYTES = 1 << 28
# Entries of one column in one row group: those of 32,768 pictures with a hundred captions each.
_MOST_VALUES = 1 << 22
# What the rows that are read at once may unpack to by values of dictionaries.
_MOST_BATCH_BYTES = 1 << 26
# The head of a page holds the least and the greatest of its values, of which a value is cut or left out.
_MOST_HEAD_BYTES = 1 << 20
_DEEPEST = 16

# Fields of PageHeader, and where the heads of data pages and dictionaries have their number of values and encoding.
_UNPACKED, _PACKED = 2, 3
_DATA, _DICTIONARY, _DATA_V2 = 5, 7, 8
_ENCODING = {_DATA: 2, _DICTIONARY: 2, _DATA_V2: 4}
# PLAIN, RLE and dictionaries: in others a short page can stand for values of any length.
_KNOWN_ENCODINGS = frozenset({0, 2, 3, 8})

_Fields = dict[int, object]


@dataclass(kw_only=True)
class _Column:
    """What the pages of a column unpack to in one row group."""

    unpacked_bytes: int = 0
    values: int = 0
    dictionary_bytes: int = 0


def rows_at_once(path: Path, metadata: pq.FileMetaData, *, most: int) -> int:
    """How many rows may be read at once, at most `most`; BundleError where the file unpacks to more than a ledger."""
    rows = most
    with path.open("rb") as file:
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            place = f"{path}: row group {number}"
            unpacked_bytes = of_dictionaries = 0
            # Without rows nothing is read, and there may be no pages.
            for at in range(group.num_columns if group.num_rows else 0):
                chunk = group.column(at)
                first = chunk.data_page_offset
                if chunk.dictionary_page_offset:
                    first = min(first, chunk.dictionary_page_offset)
                if first < 0 or chunk.total_compressed_size < 0:
                    raise BundleError(f"{place}: pages before the file, expected those of a ledger")
                file.seek(first)
                found = _column(f"{place}, {chunk.path_in_schema}", file.read(chunk.total_compressed_size))
                unpacked_bytes += found.unpacked_bytes
                if chunk.physical_type != "BYTE_ARRAY":
                    continue
                if "." not in chunk.path_in_schema:
                    of_dictionaries += found.dictionary_bytes
                elif found.values * found.dictionary_bytes > _MOST_BATCH_BYTES:
                    _refuse(f"{place}, {chunk.path_in_schema}", found.values * found.dictionary_bytes, "bytes in lists")
            if unpacked_bytes > _MOST_GROUP_BYTES:
                _refuse(place, unpacked_bytes, f"bytes, expected at most {_MOST_GROUP_BYTES}")
            rows = min(rows, max(1, _MOST_BATCH_BYTES // max(1, of_dictionaries)))
    return rows


def _refuse(place: str, number: int, of: str) -> None:
    raise BundleError(f"{place} unpacks to {number} {of}; that is no ledger, and it is not read")


def _column(place: str, content: bytes) -> _Column:
    """The sums over all pages of a column in one row group."""
    found = _Column()
    at = 0
    while at < len(content):
        try:
            reader = _Reader(content, at)
            head = reader.structure()
            packed, unpacked = _number(head, _PACKED), _number(head, _UNPACKED)
            kind = next((one for one in (_DATA, _DICTIONARY, _DATA_V2) if one in head), None)
            inner = head[kind] if kind is not None else {}
            assert isinstance(inner, dict)
            values, encoding = (0, 0) if kind is None else (_number(inner, 1), _number(inner, _ENCODING[kind]))
        except (IndexError, ValueError, AssertionError) as error:
            raise BundleError(f"{place}: the head of a page cannot be read; fetch the bundle again") from error
        if encoding not in _KNOWN_ENCODINGS:
            raise BundleError(f"{place}: encoding {encoding}, expected plain values or a dictionary")
        if unpacked > _MOST_PAGE_BYTES:
            _refuse(place, unpacked, f"bytes in one page, expected at most {_MOST_PAGE_BYTES}")
        if kind == _DICTIONARY:
            found.dictionary_bytes += unpacked
        else:
            found.values += values
        found.unpacked_bytes += unpacked
        if found.values > _MOST_VALUES:
            _refuse(place, found.values, f"values, expected at most {_MOST_VALUES}")
        at = reader.at + packed
    if at != len(content):
        raise BundleError(f"{place}: a page is cut off; fetch the bundle again")
    return found


def _number(fields: Mapping[int, object], field: int) -> int:
    found = fields.get(field)
    if not isinstance(found, int) or found < 0:
        raise ValueError(f"field {field} is {found!r}")
    return found


class _Reader:
    """Thrift's compact protocol, as far as heads of pages need it: numbers and structures are kept, the rest is passed.

    https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
    """

    def __init__(self, content: bytes, at: int) -> None:
        self._content = content
        self._end = min(len(content), at + _MOST_HEAD_BYTES)
        self.at = at

    def structure(self, depth: int = 0) -> _Fields:
        """The fields of a structure by their numbers."""
        found: _Fields = {}
        number = 0
        while head := self._byte():
            step, kind = head >> 4, head & 15
            number = number + step if step else _zigzag(self._varint())
            found[number] = self._value(kind, depth)
        return found

    def _byte(self) -> int:
        if self.at >= self._end:
            raise IndexError("the head of a page ends early")
        self.at += 1
        return self._content[self.at - 1]

    def _varint(self) -> int:
        found = 0
        for shift in range(0, 70, 7):
            one = self._byte()
            found |= (one & 127) << shift
            if one < 128:
                return found
        raise ValueError("a number without end")

    def _value(self, kind: int, depth: int) -> object:
        if depth > _DEEPEST:
            raise ValueError("too deep")
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return _zigzag(self._varint())
        if kind == 7:
            self.at += 8
            return None
        if kind == 8:
            length = self._varint()
            self.at += length
            return None
        if kind == 12:
            return self.structure(depth + 1)
        raise ValueError(f"type {kind}")


def _zigzag(number: int) -> int:
    return (number >> 1) ^ -(number & 1)
