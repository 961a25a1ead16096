"""Entities as `action=wbgetentities` tells them, written by us in a few words: `human(died=time("+1929", 8))`."""

from collections.abc import Mapping, Sequence

Json = dict[str, object]
Qualifiers = Mapping[str, Sequence[object]]
SOMEVALUE, NOVALUE = "somevalue", "novalue"


def time(year: str, precision: int, *, calendar: str = "Q1985727") -> Json:
    """A time value: `+1929` at precision 9 is the year, 8 a decade, 7 a century."""
    model = f"http://www.wikidata.org/entity/{calendar}"
    return {"time": f"{year}-00-00T00:00:00Z", "before": 0, "after": 0, "precision": precision, "calendarmodel": model}


def item(name: str) -> Json:
    return {"entity-type": "item", "numeric-id": int(name[1:]), "id": name}


def claim(value: object, rank: str = "normal", qualifiers: Qualifiers | None = None) -> Json:
    """One statement about a value, SOMEVALUE or NOVALUE."""
    told = {prop: [_snak(one) for one in values] for prop, values in (qualifiers or {}).items()}
    return {"mainsnak": _snak(value), "type": "statement", "rank": rank, **({"qualifiers": told} if told else {})}


def entity(name: str, claims: Mapping[str, Sequence[Json]], *, modified: str = "2026-01-01T00:00:00Z") -> Json:
    labels = {"en": {"language": "en", "value": f"Item {name}"}}
    said = {prop: list(statements) for prop, statements in claims.items()}
    return {"type": "item", "id": name, "lastrevid": 7, "modified": modified, "labels": labels, "claims": said}


def human(name: str = "Q1000", *, modified: str = "2026-01-01T00:00:00Z", **dates: Sequence[Json]) -> Json:
    """A person, with the statements of `born` and `died`."""
    of = {"born": "P569", "died": "P570"}
    claims = {of[kind]: statements for kind, statements in dates.items()}
    return entity(name, {"P31": [claim(item("Q5"))], **claims}, modified=modified)


def _snak(value: object) -> Json:
    if value in (SOMEVALUE, NOVALUE):
        return {"snaktype": value}
    return {"snaktype": "value", "datavalue": {"value": value}}
