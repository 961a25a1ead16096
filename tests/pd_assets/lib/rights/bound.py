"""Pages of answers whose licence asks for something, and what becomes of them with a public-domain tag put on them."""

import json
from collections.abc import Iterator
from pathlib import Path

from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.rules import PROFILES, decide
from tests.pd_assets.lib.rights.cases import TODAY, box

NOT_FREE = ("cc by", "cc-by", "gfdl", "fal", "no restrictions", "attribution")
FREE_TEXT = box("{{PD-Art|PD-old-100-expired}}", date="1850", medium="oil on canvas")
Json = dict[str, object]


def pages_below(folder: Path) -> list[Json]:
    """Every page with the imageinfo of a file, of all answers below a folder."""
    return [page for file in sorted(folder.rglob("*.json")) for page in _pages(json.loads(file.read_text()))]


def _pages(answer: object) -> Iterator[Json]:
    """Every object of an answer that has the imageinfo of a file."""
    if isinstance(answer, list):
        for part in answer:
            yield from _pages(part)
    if isinstance(answer, dict):
        if isinstance(answer.get("imageinfo"), list) and "title" in answer:
            yield answer
        else:
            for part in answer.values():
                yield from _pages(part)


def verdicts(page: Json, wikitext: str) -> dict[str, str]:
    """By profile, for a page with this text on it."""
    evidence = from_page(_row(page, wikitext))
    return {profile: decide(evidence, profile, TODAY).verdict for profile in PROFILES}


def short_name(page: Json) -> str:
    """The name of the licence in the page's summary, in lower case."""
    metadata = json.loads(str(_row(page, "")["extmetadata"]))
    entry = metadata.get("LicenseShortName", {}) if isinstance(metadata, dict) else {}
    return str(entry.get("value", "")).lower()


def is_bound(page: Json) -> bool:
    """Whether the summary or a category names a licence with conditions."""
    names = [short_name(page), *(name.lower() for name in _categories(page))]
    return any(name.startswith(NOT_FREE) for name in names)


def _row(page: Json, wikitext: str) -> Json:
    info = page["imageinfo"]
    metadata = info[0].get("extmetadata", {}) if isinstance(info, list) and info else {}
    return {
        "status": "live",
        "wikitext": wikitext,
        "extmetadata": json.dumps(metadata),
        "categories": _categories(page),
    }


def _categories(page: Json) -> list[str]:
    listed = page.get("categories", [])
    return [str(entry["title"]).removeprefix("Category:") for entry in listed] if isinstance(listed, list) else []
