"""What is wrong with a bundle, one line each, and how its files are read without trusting them. No torch in here.

Whoever made a bundle may mean ill: names may hold control characters, a JSON file may be huge or nested without end,
and fields may be of any kind. Errors: BundleError.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from pd_ml.errors import BundleError

# Far above what a manifest, a record or a report holds, and far below what would fill a memory.
MOST_JSON_BYTES = 16 << 20
_MOST_CHARACTERS = 600
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, kw_only=True, order=True)
class Problem:
    """One thing that is wrong: the file of the bundle, and what was found, what was expected, what to do."""

    file: str
    text: str

    def __str__(self) -> str:
        return f"{shown(self.file)}: {shown(self.text)}"


def shown(text: str) -> str:
    """Text of a bundle as one line of plain characters, cut where it is long."""
    plain = text.encode("utf-8", "backslashreplace").decode()
    line = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in plain)
    return line if len(line) <= _MOST_CHARACTERS else f"{line[:_MOST_CHARACTERS]} ..."


def read_json(path: Path) -> Mapping[str, Any]:
    """The object in a JSON file of a bundle; BundleError where it is missing, too large or none.

    It is UTF-8 on every machine, numbers are finite and no name stands twice, so that every reader reads the same.
    """
    try:
        size_bytes = path.stat().st_size
        if size_bytes > MOST_JSON_BYTES:
            raise BundleError(f"{size_bytes} bytes, expected at most {MOST_JSON_BYTES}; it is not read")
        text = path.read_bytes().decode()
        found = json.loads(text, parse_constant=_finite, parse_float=_finite, object_pairs_hook=_named_once)
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"cannot be read as JSON ({error}); fetch the bundle again") from error
    if not isinstance(found, dict):
        raise BundleError(f"{type(found).__name__}, expected an object")
    return found


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text[:20]} is no number")
    return number


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def is_day(text: str) -> bool:
    """Whether it is a day of the calendar as `2026-11-30`."""
    try:
        return _DAY.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def misfits(value: object) -> list[str]:
    """The fields of a dataclass that was made of JSON which are not of their kind, with what they are."""
    assert is_dataclass(value)
    hints = get_type_hints(type(value))
    return [
        f"{one.name} is {shown(repr(getattr(value, one.name)))[:80]}, which is no {_name(hints[one.name])}"
        for one in fields(value)
        if not _fits(getattr(value, one.name), hints[one.name])
    ]


def _fits(value: object, kind: object) -> bool:
    origin, inner = get_origin(kind), get_args(kind)
    if kind in (Any, object):
        return True
    if origin is UnionType:
        return any(_fits(value, one) for one in inner)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(one, inner[0]) for one in value)
    if origin is not None:
        return isinstance(value, dict) and all(
            isinstance(key, str) and _fits(one, inner[1]) for key, one in value.items()
        )
    if kind is NoneType:
        return value is None
    if isinstance(kind, type) and is_dataclass(kind):
        return isinstance(value, kind) and not misfits(value)
    if kind is float:
        return isinstance(value, float | int) and not isinstance(value, bool)
    return type(value) is kind


def _name(kind: object) -> str:
    plain = getattr(kind, "__name__", str(kind)) if get_origin(kind) is None else str(kind)
    return plain.replace("collections.abc.", "").replace("typing.", "")
