"""Values of a page's answer, each as the table can hold it; one that is there and is otherwise makes it unreadable.

What is not there is None: that is for the reader of the page to judge.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

Json = Mapping[str, object]

MOST_OF_32_BITS, MOST_OF_64_BITS = 2**31 - 1, 2**63 - 1
DEEPEST = 50
# Arrow and Python both hold the years 1 to 9999, and either end may lie beyond them in another time zone.
FIRST_YEAR, LAST_YEAR = 2, 9998


@dataclass(kw_only=True)
class Values:
    """Takes values out of one page's answer, and gathers in `odd` which were otherwise, and what was expected."""

    odd: dict[str, str] = field(default_factory=dict)

    def expected(self, name: str, what: str) -> None:
        """Note that a value is no `what`."""
        self.odd.setdefault(name, what)

    def whole(self, value: object, name: str, most: int = MOST_OF_64_BITS) -> int | None:
        """A whole number from 0 to `most`; 3000.0 is one."""
        if value is None:
            return None
        number = as_whole(value)
        if number is None or not 0 <= number <= most:
            self.expected(name, f"whole number from 0 to {most}")
            return None
        return number

    def text(self, value: object, name: str) -> str | None:
        """A text that UTF-8 can hold."""
        if value is None or (isinstance(value, str) and is_legible(value)):
            return value
        self.expected(name, "text in UTF-8")
        return None

    def address(self, value: object, name: str) -> str | None:
        """The address of something on the web."""
        if value is None or (isinstance(value, str) and is_address(value)):
            return value
        self.expected(name, "web address")
        return None

    def instant(self, value: object, name: str) -> datetime | None:
        """A moment in ISO 8601; without a time zone it is one of UTC."""
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
            self.expected(name, f"moment in the years {FIRST_YEAR} to {LAST_YEAR}")
            return None
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

    def mapping(self, value: object, name: str) -> Json:
        """An object; MediaWiki writes an empty one as a list."""
        if isinstance(value, dict):
            return value
        if value is not None and value != []:
            self.expected(name, "object")
        return {}

    def objects(self, value: object, name: str) -> list[Json]:
        """A list of objects."""
        if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
            return value
        if value is not None and value != {}:
            self.expected(name, "list of objects")
        return []

    def titles(self, entries: list[Json], name: str) -> tuple[str, ...]:
        """The titles of pages without their namespace, sorted."""
        titles = [self.text(entry.get("title"), name) for entry in entries]
        if None in titles:
            self.expected(name, "list of titles")
        return tuple(sorted(title.split(":", 1)[-1] for title in titles if title is not None))

    def as_json(self, value: Json, name: str) -> str | None:
        """A map of objects as JSON, verbatim; None for an empty one."""
        if not (is_storable(value) and all(isinstance(entry, dict) for entry in value.values())):
            self.expected(name, "map of objects whose values JSON and UTF-8 can hold")
            return None
        return json.dumps(value, sort_keys=True, ensure_ascii=False) if value else None


def as_whole(value: object) -> int | None:
    """A JSON number without a fraction, else None."""
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def is_legible(text: str) -> bool:
    """Whether UTF-8 can hold a text: it has no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_address(text: str) -> bool:
    """Whether a text is an address of http or https with a host, of legible signs without control characters."""
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_whole and text.isprintable()


def is_storable(value: object, depth: int = DEEPEST) -> bool:
    """Whether JSON holds a value so that every reader reads the same: finite numbers of 64 bits, legible texts."""
    if isinstance(value, str):
        return is_legible(value)
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, int):
        return -MOST_OF_64_BITS <= value <= MOST_OF_64_BITS
    if isinstance(value, float):
        return math.isfinite(value)
    if depth == 0:
        return False
    if isinstance(value, dict):
        return all(is_legible(str(key)) and is_storable(part, depth - 1) for key, part in value.items())
    return isinstance(value, list) and all(is_storable(part, depth - 1) for part in value)


def at(value: object, *keys: str) -> object:
    """What stands at a place in JSON of any shape; None where there is no such place."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
