"""The parts of answers that the sandbox's are compared with: pages of the sandbox, and of folders of answers."""

import json
from collections.abc import Iterator
from pathlib import Path

from pd_assets.sandbox.revisions import media_info
from pd_assets.sandbox.titles import file_path, page_path
from tests.material import json_of
from tests.pd_assets.sandbox.asking import DETAILS, Asker

# Keys that only some of Commons' pages have and the sandbox's never.
UNUSED = {"Attribution", "GPSLatitude", "GPSLongitude", "GPSMapDatum"}
LICENCES = ("Public domain", "CC0", "CC BY-SA 4.0", "CC BY 4.0")
LICENCE_FIELDS = ("LicenseShortName", "UsageTerms", "Copyrighted")


def sandbox_pages(asker: Asker) -> list[dict]:
    chosen = "|".join(str(page.pageid) for page in asker.server.archive.files()[:50])
    return asker.query(pageids=chosen, iiurlwidth=120, **DETAILS)["query"]["pages"]


def pages_below(folder: Path) -> list[dict]:
    """Every object with imageinfo, of all answers below a folder."""
    return [page for path in sorted(folder.rglob("*.json")) for page in _with_imageinfo(json_of(path))]


def _with_imageinfo(node: object) -> Iterator[dict]:
    if isinstance(node, dict):
        if isinstance(node.get("imageinfo"), list):
            yield node
        for value in node.values():
            yield from _with_imageinfo(value)
    elif isinstance(node, list):
        for value in node:
            yield from _with_imageinfo(value)


def statements_below(folder: Path) -> dict[str, list[dict]]:
    """Statements of copyright status and licence, from answers about entities."""
    found: dict[str, list[dict]] = {}
    for path in sorted(folder.rglob("*.json")):
        answer = json_of(path)
        entities = answer.get("entities", {}) if isinstance(answer, dict) else {}
        for entity in entities.values():
            found |= {k: v for k, v in (entity.get("statements") or {}).items() if k in ("P6216", "P275")}
    return found


def entries(found: list[dict]) -> dict[str, set[tuple[str, bool]]]:
    """extmetadata key -> (source, hidden) pairs seen."""
    told: dict[str, set[tuple[str, bool]]] = {}
    for page in found:
        for info in page["imageinfo"]:
            for name, entry in (info.get("extmetadata") or {}).items():
                if isinstance(entry, dict) and "source" in entry:
                    told.setdefault(name, set()).add((entry["source"], "hidden" in entry))
    return told


def licences(found: list[dict]) -> set[tuple[object, ...]]:
    """Name, terms and copyright of each licence, as the summaries spell them."""
    summaries = [info.get("extmetadata") or {} for page in found for info in page["imageinfo"]]
    return {
        tuple(data[name]["value"] for name in LICENCE_FIELDS)
        for data in summaries
        if all(name in data for name in LICENCE_FIELDS)
    }


def addresses_of_titles(found: list[dict]) -> int:
    """How many pages have the address that the sandbox gives a file of their title; raises where one has another."""
    checked = 0
    for page in found:
        info = page["imageinfo"][0]
        if "url" in info and "title" in page and "upload.wikimedia.org/wikipedia/commons/" in info["url"]:
            path = info["url"].partition("/wikipedia/commons/")[2].partition("?")[0]
            if info.get("descriptionurl", "").endswith(page_path(page["title"])):
                assert file_path(page["title"]) == path
                checked += 1
    return checked


def has_the_shape_of(ours: dict, theirs: dict) -> None:
    """One statement of the sandbox's beside another's."""
    assert ours.keys() <= theirs.keys()
    for name in ("mainsnak", "datavalue", "value"):
        ours, theirs = ours[name], theirs[name]
        assert ours.keys() == theirs.keys()


def sandbox_statement(asker: Asker) -> dict:
    page = next(page for page in asker.server.archive.files() if page.latest.statements)
    return json.loads(media_info(page, page.latest))["statements"]["P6216"][0]
