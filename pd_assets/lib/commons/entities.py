"""What Wikidata says of one item: what is kept of an answer, and what that means. No requests in here.

`parse_entity` keeps the few statements that count, as text; `read_claims` reads them, today or in years, without asking
again. A date counts to its precision only; the best rank counts and deprecated statements never do; what is unknown,
contradictory or impossible is None, never a guess.
https://www.wikidata.org/wiki/Help:Dates and https://www.wikidata.org/wiki/Help:Ranking
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pd_assets.lib.commons.values import Json, at
from pd_assets.lib.page.dates import CIRCA_YEARS, OPEN_START_YEARS, Years

ITEM_ID = re.compile(r"Q[1-9][0-9]{0,14}")
KIND_OF, SUBCLASS_OF, MATERIAL = "P31", "P279", "P186"
BORN, DIED, MADE = "P569", "P570", "P571"
# Creator, author, illustrator; and an author as plain text.
MAKERS, MAKER_AS_TEXT = ("P170", "P50", "P110"), "P2093"
KEPT = (KIND_OF, SUBCLASS_OF, MATERIAL, BORN, DIED, MADE, *MAKERS, MAKER_AS_TEXT)
EARLIEST, LATEST, CIRCUMSTANCES, NATURE, ROLE = "P1319", "P1326", "P1480", "P5102", "P3831"
# Attributed to, workshop, follower, circle, manner of, forgery after, possibly by, school of, after a work by: each
# names somebody else who had a hand in the work.
FURTHER_MAKERS = ("P1773", "P1774", "P1775", "P1776", "P1777", "P1778", "P1779", "P1780", "P1877")
FORGERY_AFTER = "P1778"
UNCERTAIN = (CIRCUMSTANCES, NATURE, "P1773", FORGERY_AFTER, "P1779")
KEPT_QUALIFIERS = (EARLIEST, LATEST, CIRCUMSTANCES, NATURE, ROLE, *FURTHER_MAKERS)
HUMAN, ANONYMOUS = "Q5", "Q4233718"
# Workshop, studio, business, company, enterprise, duo, group of humans, family, noble family, ethnic group,
# organisation, publisher, press, musical group.
GROUPS = frozenset(
    ("Q656720", "Q1400264", "Q4830453", "Q783794", "Q6881511", "Q10648343", "Q16334295", "Q8436", "Q13417114",
     "Q41710", "Q43229", "Q2085381", "Q479716", "Q672070", "Q215380", "Q891723", "Q1320047", "Q18127", "Q2425052")
)  # fmt: skip
UNKNOWN, NONE, A_TEXT = "unknown value", "no value", "a text"
TIME = re.compile(r"([+-])([0-9]{1,16})-[0-9]{2}-[0-9]{2}T[0-9:]+Z/([0-9]{1,2})")
MILLENNIUM, CENTURY, DECADE, YEAR = 6, 7, 8, 9
# Two dates that lie further apart are no answer to when somebody died.
MOST_YEARS_APART = 5
A_CENTURY = 99
LATEST_YEAR = 9_999_999
LONGEST_NAME = 200


@dataclass(frozen=True, kw_only=True)
class Told:
    """An answer about one item, as it is kept. `item` is None where there is none; `claims` is canonical JSON."""

    asked: str
    item: str | None
    revid: int | None = None
    modified: str | None = None
    name: str | None = None
    claims: str = "[]"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One statement: property, value (an item's id, `time/precision`, UNKNOWN, NONE or A_TEXT), rank, qualifiers."""

    property: str
    value: str
    is_preferred: bool
    qualifiers: tuple[tuple[str, str], ...]

    def qualified(self, *properties: str) -> tuple[str, ...]:
        """The values of some qualifiers."""
        return tuple(value for name, value in self.qualifiers if name in properties)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the claims mean; the fields are those of rights/knowledge.Entity."""

    kind: str
    born: Years | None = None
    died: Years | None = None
    made: Years | None = None
    makers: tuple[str, ...] = ()
    has_unnamed_maker: bool = False
    is_anonymous: bool = False
    classes: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()


def is_item(text: object) -> bool:
    """Whether this is a well-formed id of an item: another one makes the archive refuse a whole batch."""
    return isinstance(text, str) and ITEM_ID.fullmatch(text) is not None


def parse_entity(asked: str, raw: Json) -> Told:
    """One entity of `action=wbgetentities`; of a merged item the answer has the id that it leads to."""
    item = raw.get("id")
    if "missing" in raw or not isinstance(item, str) or not is_item(item):
        return Told(asked=asked, item=None)
    labels = raw.get("labels")
    label = labels.get("en") or labels.get("mul") if isinstance(labels, Mapping) else None
    name = label.get("value") if isinstance(label, Mapping) else None
    # When an item was merged into another one, nobody says.
    revid, modified = raw.get("lastrevid"), None if raw.get("redirects") else raw.get("modified")
    return Told(
        asked=asked,
        item=item,
        revid=revid if type(revid) is int else None,
        modified=modified if isinstance(modified, str) else None,
        name=" ".join(name.split())[:LONGEST_NAME] if isinstance(name, str) else None,
        claims=_kept(raw.get("claims")),
    )


def life_as_claims(born: int | None, died: int | None) -> str:
    """A person's years as the claims of an item: what a Creator page tells that names none. `null` without a death."""
    if died is None:
        return "null"
    years = [(prop, year) for prop, year in ((BORN, born), (DIED, died)) if year is not None]
    dated = [[prop, f"+{year:04d}-00-00T00:00:00Z/{YEAR}", False, []] for prop, year in years]
    return json.dumps([[KIND_OF, HUMAN, False, []], *dated])


def read_claims(item: str | None, claims: str, *, this_year: int) -> Facts:
    """What the kept claims of an item mean; a year that is still to come, as seen in `this_year`, is impossible."""
    if item is None:
        return Facts(kind="missing")
    by_property: dict[str, list[Claim]] = {}
    for prop, value, is_preferred, qualifiers in json.loads(claims):
        pairs = tuple((name, said) for name, said in qualifiers)
        claim = Claim(property=prop, value=value, is_preferred=is_preferred, qualifiers=pairs)
        by_property.setdefault(prop, []).append(claim)
    counted = {prop: _counted(found) for prop, found in by_property.items()}
    born, died, made = (_years(counted.get(prop, ()), this_year) for prop in (BORN, DIED, MADE))
    if born is not None and died is not None and died.last < born.first:
        born = died = None
    makers = [claim for prop in (*MAKERS, MAKER_AS_TEXT) for claim in counted.get(prop, ())]
    return Facts(
        kind=_kind(item, _items(counted.get(KIND_OF, ()))),
        born=born,
        died=died,
        made=made,
        makers=tuple(sorted(set(_named(makers)))),
        has_unnamed_maker=any(map(_is_unnamed, makers)),
        is_anonymous=any(map(_is_anonymous, makers)),
        classes=_items((*counted.get(KIND_OF, ()), *counted.get(SUBCLASS_OF, ()))),
        materials=_items(counted.get(MATERIAL, ())),
    )


def _kind(item: str, classes: Sequence[str]) -> str:
    if item == ANONYMOUS:
        return "anonymous"
    if GROUPS.intersection(classes):
        return "group"
    return "person" if HUMAN in classes else "other"


def _counted(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """The preferred ones where there are any, else the normal ones."""
    return tuple(claim for claim in claims if claim.is_preferred) or tuple(claims)


def _items(claims: Iterable[Claim]) -> tuple[str, ...]:
    return tuple(sorted({claim.value for claim in claims if is_item(claim.value)}))


def _named(makers: Iterable[Claim]) -> Iterator[str]:
    """Everybody whom these statements name."""
    for claim in makers:
        named = (claim.value, *claim.qualified(*FURTHER_MAKERS))
        yield from (value for value in named if is_item(value) and value != ANONYMOUS)


def _is_anonymous(claim: Claim) -> bool:
    """Whether it is said that nobody knows who this maker was. Who forged a work is a maker of our days."""
    if claim.qualified(FORGERY_AFTER):
        return False
    return claim.value == ANONYMOUS or (claim.value == UNKNOWN and ANONYMOUS in claim.qualified(ROLE))


def _is_unnamed(claim: Claim) -> bool:
    """Whether somebody made it whom no item names, or whom it is only attributed to."""
    if _is_anonymous(claim):
        return False
    is_certain = is_item(claim.value) and claim.value != ANONYMOUS
    return not is_certain or bool(claim.qualified(*UNCERTAIN))


def _years(claims: Sequence[Claim], this_year: int) -> Years | None:
    """The years that all of these dates together leave possible; None where one is unknown, or they lie apart."""
    found = [_years_of(claim, this_year) for claim in claims]
    known = [years for years in found if years is not None]
    if not known or len(known) < len(found):
        return None
    if max(years.last for years in known) - min(years.last for years in known) > MOST_YEARS_APART:
        return None
    return Years(
        first=min(years.first for years in known),
        last=max(years.last for years in known),
        named=max(years.named for years in known),
    )


def _years_of(claim: Claim, this_year: int) -> Years | None:
    """One date with what its qualifiers say of it: they widen it, and bound a mere century or "unknown"."""
    main = years_of(claim.value)
    earliest, latest = (_bound(claim, prop) for prop in (EARLIEST, LATEST))
    if claim.value == NONE or earliest is None or latest is None:
        return None
    if latest and (main is None or main.last - main.first >= A_CENTURY):
        last = max(years.last for years in latest)
        unbounded = main.first if main is not None else last - OPEN_START_YEARS
        if main is not None and last < main.first:
            return None
        main = Years(first=min((years.first for years in earliest), default=unbounded), last=last, named=last)
    if main is None or main.first > this_year:
        return None
    ranges = (main, *earliest, *latest)
    slack = CIRCA_YEARS if claim.qualified(CIRCUMSTANCES, NATURE) else 0
    return Years(
        first=min(years.first for years in ranges) - slack,
        last=max(years.last for years in ranges) + slack,
        named=main.named,
    )


def _bound(claim: Claim, prop: str) -> list[Years] | None:
    """The years of one qualifier, none where it is not there; None where one of them cannot be read."""
    found = [years_of(value) for value in claim.qualified(prop)]
    known = [years for years in found if years is not None]
    return known if len(known) == len(found) else None


def years_of(value: str) -> Years | None:
    """The years of `time/precision`: of a century and a decade the latest that any reading of it allows.

    A century is written as its first year or its last, and 1900 may mean the 19th century or the 1900s.
    """
    found = TIME.fullmatch(value)
    if found is None or len(found[2].lstrip("0")) > len(str(LATEST_YEAR)):
        return None
    year, precision = int(found[1] + found[2]), int(found[3])
    if precision >= YEAR:
        return Years(first=year, last=year, named=year)
    if precision == DECADE:
        first = year - year % 10
        return Years(first=first, last=year + 9, named=first)
    if precision == CENTURY:
        first = (year - 1) // 100 * 100 + 1
        return Years(first=first, last=-(-(year + 99) // 100) * 100, named=first)
    return None


def _kept(claims: object) -> str:
    """The statements that count, as JSON: equal claims, equal text. Deprecated ones are not among them."""
    kept = []
    for prop in KEPT:
        group = claims.get(prop) if isinstance(claims, Mapping) else None
        for claim in group if isinstance(group, list) else []:
            if not isinstance(claim, Mapping) or claim.get("rank") == "deprecated":
                continue
            is_preferred = claim.get("rank") == "preferred"
            kept.append([prop, _value(claim.get("mainsnak")), is_preferred, sorted(_qualifiers(claim))])
    return json.dumps(sorted(kept), ensure_ascii=False, separators=(",", ":"))


def _qualifiers(claim: Json) -> Iterator[list[str]]:
    given = claim.get("qualifiers")
    for prop in KEPT_QUALIFIERS:
        snaks = given.get(prop) if isinstance(given, Mapping) else None
        yield from ([prop, _value(snak)] for snak in (snaks if isinstance(snaks, list) else []))


def _value(snak: object) -> str:
    """An item's id, a time with its precision, or what is there instead; of a text only that there is one."""
    if not isinstance(snak, Mapping):
        return UNKNOWN
    if snak.get("snaktype") == "novalue":
        return NONE
    value = at(snak, "datavalue", "value")
    if value is None:
        return UNKNOWN
    if isinstance(at(value, "time"), str):
        return f"{at(value, 'time')}/{at(value, 'precision')}"
    return item_in(snak) or A_TEXT


def item_in(snak: object) -> str | None:
    """The item that a statement or qualifier names. Answers from before 2016 have its number alone."""
    value = at(snak, "datavalue", "value")
    item = at(value, "id") or f"Q{at(value, 'numeric-id')}"
    return str(item) if is_item(item) else None
