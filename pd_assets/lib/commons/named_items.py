"""Which items of Wikidata and which Creator pages a stored file page names: a cheap look for names to ask for.

Not the reading of a page (lib/page does that): an item too many costs a fiftieth of a request, and decides nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pd_assets.lib.commons.entities import ANONYMOUS, FURTHER_MAKERS, item_in
from pd_assets.lib.commons.values import at
from pd_assets.lib.json_answers import UnreadableJson, parse_json
from pd_assets.lib.page.effort import is_readable

CREATOR = "Creator:"
# The maker, the author, and the work that the picture shows as a whole.
NAMING, DEPICTS = ("P170", "P50", "P6243"), "P180"
ID = r"[Qq]([1-9][0-9]{0,14})\b"
IN_WIKITEXT = (
    # |wikidata=Q1, {{Q|Q1}}, [[:d:Q1]], https://www.wikidata.org/wiki/Q1.
    re.compile(rf"[/:|=]\s*{ID}"),
    re.compile(r"\{\{\s*(?:Q|item|wikidata)\s*\|\s*(?:1\s*=\s*)?([1-9][0-9]{0,14})\s*[|}]", re.IGNORECASE),
)
CREATOR_PAGE = re.compile(r"\{\{\s*creator\s*:([^|{}\[\]<>#\n]{1,200})", re.IGNORECASE)
ITEM_OF_CREATOR = re.compile(rf"\|\s*wikidata\s*=\s*{ID}", re.IGNORECASE)
# What a page shows is asked for only where it may be an own work or dedicated: it matters nowhere else.
DEDICATED = re.compile(r"\bcc[- ]?(?:zero|0)\b|\{\{\s*(?:own|self)\b|\bown work\b", re.IGNORECASE)


@dataclass(kw_only=True)
class Named:
    """Ids of items, and titles of Creator pages (`Creator:Jan Roy`)."""

    items: set[str] = field(default_factory=set)
    creators: set[str] = field(default_factory=set)


def named_on(pages: Iterable[Mapping[str, object]]) -> Named:
    """What some rows of commons/pages name."""
    named = Named()
    for page in pages:
        wikitext = page.get("wikitext")
        text = wikitext if isinstance(wikitext, str) else ""
        if text:
            named.items.update(_items_in(text))
            named.creators.update(creator_title(name) for name in CREATOR_PAGE.findall(text) if name.strip())
        named.items.update(_items_of(page.get("mediainfo"), with_depicted=DEDICATED.search(text) is not None))
    named.items.discard(ANONYMOUS)
    return named


# `|Deathdate = 1850-03-02`; whatever else stands there is not read.
_YEAR = r"\s*=\s*(\d{3,4})(?:-\d\d){0,2}\s*(?=[|}\n])"
_BIRTH = re.compile(rf"\|\s*birth ?(?:date|year){_YEAR}", re.IGNORECASE)
_DEATH = re.compile(rf"\|\s*death ?(?:date|year){_YEAR}", re.IGNORECASE)


def creator_title(name: str) -> str:
    """The title of a Creator page as the archive has it: single spaces, the first letter a capital."""
    name = " ".join(name.replace("_", " ").split())
    return f"{CREATOR}{name[:1].upper()}{name[1:]}"


def item_of_creator(wikitext: str) -> str | None:
    """The item that a Creator page names; None where it names none, or two."""
    found = set(ITEM_OF_CREATOR.findall(wikitext))
    return f"Q{found.pop()}" if len(found) == 1 else None


def life_of_creator(wikitext: str) -> tuple[int | None, int | None]:
    """The years of birth and death that a Creator page gives in plain figures; None where it gives none, or two."""
    born, died = ({int(year) for year in pattern.findall(wikitext)} for pattern in (_BIRTH, _DEATH))
    return (born.pop() if len(born) == 1 else None, died.pop() if len(died) == 1 else None)


def _items_in(text: str) -> Iterator[str]:
    for pattern in IN_WIKITEXT:
        yield from (f"Q{digits}" for digits in pattern.findall(text))


def _items_of(mediainfo: object, *, with_depicted: bool) -> Iterator[str]:
    """The items of the statements that count; nothing where the structured data cannot be read."""
    wanted = (*NAMING, DEPICTS) if with_depicted else NAMING
    if not isinstance(mediainfo, str) or not any(f'"{prop}"' in mediainfo for prop in wanted):
        return
    try:
        raw = parse_json(mediainfo) if is_readable(mediainfo) else {}
    except UnreadableJson:
        return
    statements = (raw.get("statements") or raw.get("claims")) if isinstance(raw, Mapping) else None
    for prop in wanted:
        group = statements.get(prop) if isinstance(statements, Mapping) else None
        for statement in group if isinstance(group, list) else []:
            snaks = [at(statement, "mainsnak")]
            for qualifier in FURTHER_MAKERS:
                given = at(statement, "qualifiers", qualifier)
                snaks += given if isinstance(given, list) else []
            yield from (item for snak in snaks if (item := item_in(snak)) is not None)
