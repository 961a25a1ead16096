"""File pages with the verdict of a careful person who had the item's Wikidata at hand: recorded forms, and traps."""

import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.rules import decide
from tests.pd_assets.lib.rights.answers import Json

FILE = "rights/pages.json"
ON = date(2026, 11, 28)


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A page as a row of commons/pages, and the profiles under which it is free."""

    name: str
    row: Json
    free: frozenset[str]


def labelled_pages(path: Path) -> list[Labelled]:
    return [_labelled(page) for page in json.loads(path.read_text())]


def accepted(pages: list[Labelled], profile: str) -> set[str]:
    return {page.name for page in pages if decide(from_page(page.row), profile, ON).verdict == "accept"}


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
