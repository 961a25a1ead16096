"""Structured data of a file page (MediaInfo JSON) as texts by language: captions, and statements about the work.

All of it is CC0. Statements name items of Wikidata; `things` gives their names, and an item without one says nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pd_assets.lib.json_answers import UnreadableJson, parse_json
from pd_assets.lib.page import date_words
from pd_assets.lib.page.effort import is_readable
from pd_assets.lib.page.languages import UNMARKED

Things = Mapping[str, Mapping[str, str]]  # Wikidata id -> language -> name
NO_THINGS: Things = MappingProxyType({})
# https://commons.wikimedia.org/wiki/Commons:Structured_data/Modeling
PROPERTIES: Mapping[str, str] = MappingProxyType(
    {
        "P180": "depicts", "P921": "subject", "P170": "artist", "P571": "date", "P186": "medium", "P136": "genre",
        "P135": "style", "P195": "institution", "P276": "institution", "P1071": "place", "P1476": "title",
        "P1684": "inscriptions", "P6243": "title", "P2079": "medium",
    }
)  # fmt: skip
# An author's name as text, beside an author without an item; whoever has a user name is a user.
AUTHOR_NAME, USER_NAME, USER_PAGE = "P2093", "P4174", "P2699"
BAD_FIELD = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
PROMINENT_FIRST = {"preferred": 0, "normal": 1}


@dataclass(frozen=True, kw_only=True)
class StructuredText:
    """One text of the structured data: the label field, where it stands, the text by language."""

    field: str
    seen_in: str
    texts: Mapping[str, str]


def read_structured(mediainfo: Mapping[str, object], things: Things = NO_THINGS) -> Iterator[StructuredText]:
    """Captions first, then what the statements say in words. What has another shape than expected says nothing."""
    labels = _by_language(mediainfo.get("labels"))
    if labels:
        yield StructuredText(field="label", seen_in="mediainfo labels", texts=labels)
    descriptions = _by_language(mediainfo.get("descriptions"))
    if descriptions:
        yield StructuredText(field="description", seen_in="mediainfo descriptions", texts=descriptions)
    statements = mediainfo.get("statements", mediainfo.get("claims"))
    for name, field in PROPERTIES.items():
        group = statements.get(name) if isinstance(statements, Mapping) else None
        for statement in _by_rank(group):
            texts = _value(statement, name, things)
            if texts:
                yield StructuredText(field=field, seen_in=f"mediainfo {name}", texts=texts)


def texts_of(mediainfo: object) -> tuple[StructuredText, ...]:
    """What the MediaInfo of a file page, as JSON, says in words; nothing where it cannot be read."""
    try:
        raw = parse_json(mediainfo) if isinstance(mediainfo, str) and mediainfo and is_readable(mediainfo) else {}
        return tuple(read_structured(raw)) if isinstance(raw, Mapping) else ()
    except (UnreadableJson, *BAD_FIELD):
        return ()


def things_named(mediainfo: Mapping[str, object]) -> Iterator[str]:
    """The Wikidata ids whose names labels of this page would need."""
    statements = mediainfo.get("statements", mediainfo.get("claims"))
    for name in PROPERTIES:
        group = statements.get(name) if isinstance(statements, Mapping) else None
        for statement in _by_rank(group):
            value = _main_value(statement)
            if isinstance(value, Mapping) and isinstance(value.get("id"), str):
                yield str(value["id"])


def _by_language(entries: object) -> dict[str, str]:
    """`{"en": {"value": …}}` as `{"en": …}`; MediaWiki writes an empty map as a list."""
    found: dict[str, str] = {}
    for language, entry in entries.items() if isinstance(entries, Mapping) else ():
        value = entry.get("value") if isinstance(entry, Mapping) else entry
        if isinstance(value, str) and value.strip():
            found[str(language)] = value
    return found


def _by_rank(group: object) -> list[Mapping[str, object]]:
    statements = [entry for entry in group if isinstance(entry, Mapping)] if isinstance(group, list) else []
    kept = [entry for entry in statements if entry.get("rank", "normal") in PROMINENT_FIRST]
    return sorted(kept, key=lambda entry: PROMINENT_FIRST[str(entry.get("rank", "normal"))])


def _main_value(statement: Mapping[str, object]) -> object:
    snak = statement.get("mainsnak")
    data = snak.get("datavalue") if isinstance(snak, Mapping) else None
    return data.get("value") if isinstance(data, Mapping) else None


def _value(statement: Mapping[str, object], name: str, things: Things) -> dict[str, str]:
    value = _main_value(statement)
    if isinstance(value, str):
        return {UNMARKED: value}
    if name == "P170" and not isinstance(value, Mapping):
        return _author_name(statement)
    if not isinstance(value, Mapping):
        return {}
    if isinstance(value.get("text"), str):
        return {str(value.get("language", UNMARKED)): str(value["text"])}
    if isinstance(value.get("time"), str):
        date = date_of(str(value["time"]), value.get("precision"))
        return {UNMARKED: date} if date else {}
    return dict(things.get(str(value.get("id")), {}))


def _author_name(statement: Mapping[str, object]) -> dict[str, str]:
    qualifiers = statement.get("qualifiers")
    if not isinstance(qualifiers, Mapping) or {USER_NAME, USER_PAGE} & set(qualifiers):
        return {}
    names = qualifiers.get(AUTHOR_NAME)
    first = names[0] if isinstance(names, list) and names else None
    data = first.get("datavalue") if isinstance(first, Mapping) else None
    value = data.get("value") if isinstance(data, Mapping) else None
    return {UNMARKED: value} if isinstance(value, str) else {}


def date_of(time: str, precision: object) -> str:
    """`+1891-00-00T00:00:00Z` at precision 9 (a year) -> `1891`; 7 is a century, 8 a decade, 10 a month, 11 a day."""
    sign, digits = time[:1], time[1:].split("T")[0].split("-")
    if len(digits) != 3 or not all(part.isdecimal() for part in digits) or not isinstance(precision, int):
        return ""
    year, month, day = (int(part) for part in digits)
    era = " BC" if sign == "-" else ""
    if precision == 7:
        return f"{date_words.ordinal(-(-year // 100))} century{era}"
    if precision == 8:
        return f"{year // 10 * 10}s{era}"
    if precision < 7 or not year:
        return ""
    if precision == 9 or not month:
        return f"{year}{era}"
    return date_words.ymd(str(year), str(month), str(day) if precision >= 11 and day else "") + era
