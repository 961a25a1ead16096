"""JSON that somebody else wrote, read so that every reader of ours can go through it. Errors: UnreadableJson.

What the values mean, and which of them a table can hold, their own readers say.
"""

import json
import math
import re
from typing import Never

from pd_assets.lib.errors import PdError

# Answers and records have some twelve levels. Readers go down by recursion, and Python's ends at a thousand.
DEEPEST = 100
HALF_A_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
LONGEST_QUOTE = 80


class UnreadableJson(PdError):
    """A text that is no JSON, or JSON that nobody can read through."""


def parse_json(text: str | bytes) -> object:
    """The value of a JSON text. Half of a surrogate pair is the sign for what cannot be read, U+FFFD, as in UTF-8."""
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        raise UnreadableJson(_too_deep() if deep else f"no JSON: {error}"[:LONGEST_QUOTE]) from error
    _require_shallow(value)
    raw = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    return _legible(value) if HALF_A_PAIR.search(raw) else value


def _require_shallow(value: object) -> None:
    level = [value]
    for _ in range(DEEPEST):
        parts = [part for part in level if isinstance(part, dict | list)]
        level = [inner for part in parts for inner in (part.values() if isinstance(part, dict) else part)]
        if not level:
            return
    raise UnreadableJson(_too_deep())


def _too_deep() -> str:
    return f"JSON of more than {DEEPEST} levels"


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _no_number(digits)


def _no_number(name: str) -> Never:
    raise ValueError(f"{name[:20]} is no number of JSON")


def _legible(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_legible(key): _legible(part) for key, part in value.items()}
    return [_legible(part) for part in value] if isinstance(value, list) else value
