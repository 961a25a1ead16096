"""Reading values of a record whose types nobody guarantees: numbers as text, a text where a list should be, HTML."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone

TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
# `Fri May 25 04:22:36 EDT 2018`, as records of 2018 have it.
LETTER_DATE = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}:\d{2}:\d{2}) ([A-Z]{3}) (\d{4})")
HOURS_OF_ZONES = {"EST": -5, "EDT": -4, "UTC": 0, "GMT": 0}
MILLISECONDS_FROM = 100_000_000_000


def mapping(value: object) -> Mapping[str, object] | None:
    """The value where it is an object, else None."""
    return value if isinstance(value, dict) else None


def text(value: object) -> str | None:
    """A text or number as text without space around it; None for anything else and for an empty one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return legible(str(value)).strip() or None


def legible(value: str) -> str:
    """The text, in which what UTF-8 cannot hold (half of a surrogate pair) is a question mark."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode(errors="replace").decode()
    return value


def plain(value: object) -> str | None:
    """A text without HTML: tags removed, entities resolved."""
    found = text(value)
    return " ".join(html.unescape(TAG.sub("", found)).split()) or None if found else None


def labelled(value: object, label: str = "") -> Iterator[tuple[str, str]]:
    """Every (label, content) in a list of such objects, of texts, or in a single one. Nothing is lost."""
    if isinstance(value, list):
        for entry in value:
            yield from labelled(entry, label)
    elif isinstance(value, dict):
        content = text(value.get("content"))
        yield text(value.get("label")) or label, content if content is not None else as_json(value)
    elif (content := text(value)) is not None:
        yield label, content


def contents(value: object) -> list[str]:
    """What `labelled` finds, without labels, each once."""
    return list(dict.fromkeys(content for _, content in labelled(value)))


def as_json(value: object) -> str:
    """The value as JSON, verbatim."""
    return legible(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def instant(value: object) -> datetime | None:
    """A moment: seconds since 1970 as a number or as text, `Fri May 25 04:22:36 EDT 2018`, or ISO 8601."""
    found = text(value)
    if found is None:
        return None
    try:
        return _instant(found).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError, OSError):
        return None


def _instant(found: str) -> datetime:
    if re.fullmatch(r"-?\d{1,15}(\.\d+)?", found):
        number = float(found)
        return datetime.fromtimestamp(number / 1000 if number >= MILLISECONDS_FROM else number, UTC)
    if letters := LETTER_DATE.fullmatch(found):
        month, day, clock, zone, year = letters.groups()
        moment = datetime.strptime(f"{year} {month} {day} {clock}", "%Y %b %d %H:%M:%S")
        return moment.replace(tzinfo=timezone(timedelta(hours=HOURS_OF_ZONES.get(zone, 0))))
    moment = datetime.fromisoformat(found)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
