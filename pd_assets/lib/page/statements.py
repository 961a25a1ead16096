"""Structured data of a file page: the statements about rights, maker, date and who is shown, out of the MediaInfo JSON.

Uploaders' names and addresses stay out: of a creator who is a user of the wiki only that fact is kept.
Source: Commons:Structured data/Modeling/Copyright, /Author and /Date.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pd_assets.lib.json_answers import UnreadableJson, parse_json
from pd_assets.lib.page.dates import CIRCA_YEARS, Years, union
from pd_assets.lib.page.effort import is_readable
from pd_assets.lib.page.personal import without_personal

STATUS, LICENCE, JURISDICTION, METHOD = "P6216", "P275", "P1001", "P459"
CREATOR, AUTHOR, INCEPTION, DEPICTS, SOURCE, REPRODUCES = "P170", "P50", "P571", "P180", "P7482", "P6243"
KEPT = (STATUS, LICENCE, JURISDICTION, METHOD, CREATOR, AUTHOR, INCEPTION, DEPICTS, SOURCE, REPRODUCES)
# A maker by way of another: after a work by, workshop, follower, circle, manner of, forgery after.
BY_WAY_OF = ("P1877", "P1774", "P1775", "P1776", "P1777", "P1778")
# Qualifiers that a rule or a reader of evidence may need; addresses, account names and numbers are not among them.
KEPT_QUALIFIERS = (
    JURISDICTION, METHOD, "P518", "P580", "P582", "P585", "P1319", "P1326", "P1480", "P3831", "P569", "P570", "P1552",
    "P2093", *BY_WAY_OF,
)  # fmt: skip
WIKI_USER = "P4174"
ROLE = "P3831"
NAME = "P2093"
BORN, DIED = "P569", "P570"
EARLIEST, LATEST, CIRCUMSTANCE, CIRCA = "P1319", "P1326", "P1480", "Q5727902"
UNKNOWN_VALUE, NO_VALUE = "unknown value", "no value"
A_USER = "a user of the wiki"
# Decades, centuries and millennia are kept by Wikibase as one year and a precision.
YEARS_OF_PRECISION = {6: 1000, 7: 100, 8: 10}
TIME = re.compile(r"([+-])(\d{1,16})-\d\d-\d\dT[\d:]+Z(?:/(\d+))?")
LONGEST_VALUE = 200
UNREADABLE = "unreadable"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of the structured data: property, value (item id, text, or `unknown value`), and its qualifiers."""

    property: str
    value: str
    qualifiers: tuple[tuple[str, str], ...] = ()

    def qualified(self, prop: str) -> tuple[str, ...]:
        """The values of one qualifier."""
        return tuple(value for name, value in self.qualifiers if name == prop)


def read_statements(value: object) -> tuple[Statement, ...]:
    """The statements that are kept, sorted; what cannot be read is a copyright status that cannot be read."""
    if not isinstance(value, str) or not value:
        return ()
    try:
        raw = parse_json(value) or {} if is_readable(value) else None
    except UnreadableJson:
        return (Statement(property=STATUS, value=UNREADABLE),)
    # MediaWiki writes an empty map as a list.
    by_property = (raw.get("statements") or raw.get("claims") or {}) if isinstance(raw, dict) else raw
    if not isinstance(by_property, Mapping):
        return (Statement(property=STATUS, value=UNREADABLE),)
    found = {statement for prop in KEPT for statement in _of_property(prop, by_property.get(prop))}
    return tuple(sorted(found, key=lambda s: (s.property, s.value, s.qualifiers)))


def inception_of(statements: Sequence[Statement]) -> Years | None:
    """The years of inception (P571), with its qualifiers: earliest and latest date, circa."""
    ranges = [years for s in statements if s.property == INCEPTION and (years := _inception(s)) is not None]
    return union(ranges)


def death_years(statements: Sequence[Statement]) -> Iterator[int]:
    """The years of death that creators are qualified with."""
    for statement in statements:
        if statement.property == CREATOR:
            yield from (years.last for text in statement.qualified(DIED) if (years := years_of_time(text)) is not None)


def years_of_time(text: str) -> Years | None:
    """The years of a time value as it is kept here: Wikibase's ISO text and its precision."""
    found = TIME.fullmatch(text)
    if found is None:
        return None
    sign, digits, precision = found.groups()
    year = -int(digits) if sign == "-" else int(digits)
    if abs(year) > 9_999_999:
        return None
    length = YEARS_OF_PRECISION.get(int(precision or 9), 1)
    if length == 1:
        return Years(first=year, last=year, named=year)
    if length == 10:
        first = year - year % 10
    else:
        first = year - (year - 1) % length
    return Years(first=first, last=first + length - 1, named=first)


def _of_property(prop: str, claims: object) -> Iterator[Statement]:
    for claim in claims if isinstance(claims, list) else [] if claims is None else [claims]:
        rank = claim.get("rank") if isinstance(claim, dict) else None
        if rank != "deprecated":
            snak = claim.get("mainsnak") if isinstance(claim, dict) else None
            yield Statement(property=prop, value=_value(snak), qualifiers=tuple(_qualifiers(claim)))


def _qualifiers(claim: object) -> Iterator[tuple[str, str]]:
    given = claim.get("qualifiers") if isinstance(claim, dict) else None
    given = given if isinstance(given, Mapping) else {}
    is_user = WIKI_USER in given
    if is_user:
        yield WIKI_USER, A_USER
    for prop in sorted(KEPT_QUALIFIERS):
        if not (is_user and prop == NAME):
            snaks = given.get(prop)
            yield from sorted({(prop, _value(snak)) for snak in (snaks if isinstance(snaks, list) else [])})


def _value(snak: object) -> str:
    """An item's id, a time with its precision, or a text; never a number or a position."""
    if not isinstance(snak, dict):
        return UNKNOWN_VALUE
    if snak.get("snaktype") == "novalue":
        return NO_VALUE
    held = snak.get("datavalue")
    value = held.get("value") if isinstance(held, dict) else None
    if isinstance(value, dict):
        if isinstance(value.get("id"), str):
            return str(value["id"])[:LONGEST_VALUE]
        if isinstance(value.get("time"), str):
            return f"{value['time']}/{value.get('precision', 9)}"[:LONGEST_VALUE]
        value = value.get("text")
    if isinstance(value, str):
        return (without_personal(" ".join(value.split())) or UNKNOWN_VALUE)[:LONGEST_VALUE]
    return UNKNOWN_VALUE


def _inception(statement: Statement) -> Years | None:
    main = years_of_time(statement.value)
    bounds = [years_of_time(text) for prop in (EARLIEST, LATEST) for text in statement.qualified(prop)]
    known = [years for years in (main, *bounds) if years is not None]
    years = union(known)
    if years is None or (main is None and not statement.qualified(LATEST)):
        return None
    slack = CIRCA_YEARS if CIRCA in statement.qualified(CIRCUMSTANCE) else 0
    return Years(first=years.first - slack, last=years.last + slack, named=years.named)
