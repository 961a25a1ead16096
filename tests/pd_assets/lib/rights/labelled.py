"""File pages with the verdict of a careful person who had the item's Wikidata at hand: recorded forms, and traps."""

import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pd_assets.lib.page.dates import Years
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.knowledge import Entity, EntityKind, Knowledge, Questions
from pd_assets.lib.rights.rules import decide
from tests.pd_assets.lib.rights.answers import Json
from tests.pd_assets.lib.rights.known_templates import recorded_templates

FILE = "rights/pages.json"
ON = date(2026, 11, 28)
# Jan Roy is invented, and so are the items of the works.
PEOPLE = {
    "Q5593": ("Pablo Picasso", 1881, 1973),
    "Q5577": ("Salvador Dalí", 1904, 1989),
    "Q46408": ("Georgia O'Keeffe", 1887, 1986),
    "Q5582": ("Vincent van Gogh", 1853, 1890),
    "Q33981": ("August Macke", 1887, 1914),
    "Q5589": ("Henri Matisse", 1869, 1954),
    "Q999100": ("Jan Roy", 1810, 1875),
}
WORKS: dict[str, tuple[int, tuple[str, ...]]] = {"Q1": (1640, ()), "Q910199": (1935, ("Q5589",))}


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A page as a row of commons/pages, and the profiles under which it is free."""

    name: str
    row: Json
    free: frozenset[str]


def labelled_pages(path: Path) -> list[Labelled]:
    return [_labelled(page) for page in json.loads(path.read_text())]


def known_to_a_careful_person() -> Knowledge:
    """Who the makers were whose lives the pages do not tell, and what the archive's templates are."""
    people = {item: _person(item, name, born, died) for item, (name, born, died) in PEOPLE.items()}
    pages = {f"creator:{name.lower()}": item for item, (name, _, _) in PEOPLE.items()}
    works = {item: _work(item, made, makers) for item, (made, makers) in WORKS.items()}
    return Knowledge(entities=people | works, creator_pages=pages, templates=recorded_templates())


def _person(item: str, name: str, born: int, died: int) -> Entity:
    lived = {"born": Years(first=born, last=born, named=born), "died": Years(first=died, last=died, named=died)}
    return Entity(asked=item, item=item, revid=1, edited_on="2020-01-01", kind=EntityKind.PERSON, name=name, **lived)


def _work(item: str, made: int, makers: tuple[str, ...]) -> Entity:
    return Entity(
        asked=item,
        item=item,
        revid=1,
        edited_on="2020-01-01",
        kind=EntityKind.OTHER,
        made=Years(first=made, last=made, named=made),
        makers=makers,
    )


def accepted(pages: list[Labelled], profile: str) -> set[str]:
    """The pages that are accepted with what a careful person knew."""
    known = known_to_a_careful_person()
    read = {page.name: from_page(page.row, Questions(known=known)) for page in pages}
    return {name for name, evidence in read.items() if decide(evidence, profile, ON).verdict == "accept"}


def _labelled(page: Json) -> Labelled:
    summary = {name: {"value": value} for name, value in (page.get("extmetadata") or {}).items()}
    claims = {name: [_claim(value) for value in values] for name, values in page["statements"].items()}
    row = {
        "status": "live",
        "title": page["title"],
        "wikitext": page["wikitext"],
        "extmetadata": json.dumps(summary) if summary else None,
        "mediainfo": json.dumps({"statements": claims}) if claims else None,
        "categories": page["categories"],
        "templates": page["templates"],
        "revid": 1,
        "sha1": "a",
    }
    free = frozenset(profile for profile, verdict in page["expected"].items() if verdict == "A")
    return Labelled(name=f"{page['set']}/{page['id']}", row=row, free=free)


def _claim(value: object) -> Json:
    value, qualifiers = value if isinstance(value, list) else (value, {})
    given = {
        name: [_snak(one) for one in (ones if isinstance(ones, list) else [ones])] for name, ones in qualifiers.items()
    }
    return {"mainsnak": _snak(value), "rank": "normal", "qualifiers": given}


def _snak(value: object) -> Json:
    if value is None:
        return {"snaktype": "somevalue"}
    text = str(value)
    held: object = value if isinstance(value, dict) else text
    if re.fullmatch(r"Q\d+", text):
        held = {"id": text}
    elif re.fullmatch(r"\d{3,4}", text):
        held = {"time": f"+{text}-00-00T00:00:00Z", "precision": 9}
    return {"snaktype": "value", "datavalue": {"value": held}}
