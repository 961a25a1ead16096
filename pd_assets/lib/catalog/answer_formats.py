"""An answer of DuckDB as CSV or JSON: every row and column, written batch by batch, so that a million rows fit.

In JSON a number is a number, a moment ISO 8601, a list a list and a struct an object; what JSON has no number for (NaN,
infinity) is null. In CSV a list or struct is that JSON, and null is nothing.
"""

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TextIO

import duckdb

BATCH_ROWS = 10_000


def write_csv(answer: duckdb.DuckDBPyRelation, out: TextIO) -> None:
    """A head and a line for each row."""
    written = csv.writer(out, lineterminator="\n")
    written.writerow(answer.columns)
    for row in _rows(answer):
        written.writerow(map(_cell, row))


def write_json(answer: duckdb.DuckDBPyRelation, out: TextIO) -> None:
    """A list with an object for each row, one in a line."""
    names, before = _apart(answer.columns), "["
    for row in _rows(answer):
        out.write(f"{before}\n{_json(dict(zip(names, map(plain, row), strict=True)))}")
        before = ","
    out.write("[]\n" if before == "[" else "\n]\n")


FORMATS: Mapping[str, Callable[[duckdb.DuckDBPyRelation, TextIO], None]] = MappingProxyType(
    {"csv": write_csv, "json": write_json}
)


def plain(value: object) -> object:
    """A value of a row as JSON has it."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(plain(name)): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value if value is None or isinstance(value, str | int) else str(value)


def _cell(value: object) -> object:
    found = plain(value)
    if isinstance(found, bool):
        return "true" if found else "false"
    return _json(found) if isinstance(found, list | dict) else found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _rows(answer: duckdb.DuckDBPyRelation) -> Iterator[tuple[object, ...]]:
    for batch in answer.to_arrow_reader(BATCH_ROWS):
        yield from zip(*(column.to_pylist(maps_as_pydicts="lossy") for column in batch.columns), strict=True)


def _apart(names: list[str]) -> list[str]:
    """The names of columns, the later of two that are the same with a number."""
    found: list[str] = []
    for name in names:
        number, told = 1, name
        while told in found:
            number += 1
            told = f"{name}_{number}"
        found.append(told)
    return found
