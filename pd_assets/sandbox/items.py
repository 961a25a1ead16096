"""Items of Wikidata that the archive answers for: persons and works, as `action=wbgetentities` tells them.

The painted archive has one for each of its painters, who never lived; their ids are far above those of the real site.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pd_assets.sandbox.kinds import CLASSICAL, MODERN, OLD_MASTERS, Artist

Row = dict[str, object]
HUMAN, PAINTER, PAINTING = "Q5", "Q1028181", "Q3305213"
FIRST_ITEM = 9_000_000_001
LONG_AGO = "2024-01-01T00:00:00Z"
GREGORIAN = "http://www.wikidata.org/entity/Q1985727"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item: `classes` are P31, `makers` P170; the years P569, P570 and P571. `merged_into` makes it a redirect."""

    name: str
    classes: tuple[str, ...] = (HUMAN,)
    born: int | None = None
    died: int | None = None
    made: int | None = None
    makers: tuple[str, ...] = ()
    revid: int = 1
    modified: str = LONG_AGO
    merged_into: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)


def painters() -> list[Artist]:
    """Every painter of the painted archive once."""
    return list({artist.name: artist for artist in (*OLD_MASTERS, *CLASSICAL, *MODERN)}.values())


def item_of(name: str) -> str:
    """The id of a painter's item, by name."""
    return f"Q{FIRST_ITEM + [artist.name for artist in painters()].index(name)}"


def painted_items() -> dict[str, Item]:
    """The items of all painters, by id."""
    return {item_of(one.name): Item(name=one.name, born=one.born, died=one.died) for one in painters()}


def creator_text(artist: Artist) -> str:
    """The wikitext of a painter's Creator page: as on Commons, its item tells the dates."""
    fields = {"Name": artist.name, "Wikidata": item_of(artist.name), "Option": "{{{1|}}}"}
    return "{{Creator\n" + "".join(f" | {name} = {value}\n" for name, value in fields.items()) + "}}\n"


def entity(items: Mapping[str, Item], asked: str, props: Sequence[str], languages: Iterable[str]) -> Row:
    """The answer about one item that was asked for."""
    name = asked
    while (merged := items[name].merged_into) is not None and merged in items:
        name = merged
    item = items[name]
    told: Row = {"type": "item", "id": name}
    if "info" in props:
        told |= {"pageid": int(name[1:]), "ns": 0, "title": name, "lastrevid": item.revid, "modified": item.modified}
    if "labels" in props:
        labels = {"en": item.name, **item.labels}
        wanted = set(languages)
        told["labels"] = {
            code: {"language": code, "value": text} for code, text in labels.items() if code in wanted
        } or []
    if "claims" in props:
        told["claims"] = _claims(name, item) or []
    return told if name == asked else {**told, "redirects": {"from": asked, "to": name}}


def _claims(name: str, item: Item) -> Row:
    values: dict[str, list[Row]] = {"P31": [_entity_value(one) for one in item.classes]}
    years = {"P569": item.born, "P570": item.died, "P571": item.made}
    values |= {prop: [_year(year)] for prop, year in years.items() if year is not None}
    values["P170"] = [_entity_value(one) for one in item.makers]
    return {
        prop: [
            {
                "mainsnak": {"snaktype": "value", "property": prop, "datavalue": value},
                "type": "statement",
                "id": f"{name}${prop}-{number}",
                "rank": "normal",
            }
            for number, value in enumerate(said)
        ]
        for prop, said in values.items()
        if said
    }


def _entity_value(name: str) -> Row:
    return {"type": "wikibase-entityid", "value": {"entity-type": "item", "numeric-id": int(name[1:]), "id": name}}


def _year(year: int) -> Row:
    value = {"time": f"+{year:04}-00-00T00:00:00Z", "timezone": 0, "before": 0, "after": 0, "precision": 9}
    return {"type": "time", "value": {**value, "calendarmodel": GREGORIAN}}
