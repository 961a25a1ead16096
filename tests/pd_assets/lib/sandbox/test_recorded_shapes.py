"""The sandbox's answers against recorded ones of Wikimedia Commons, key by key."""

import json
from pathlib import Path

import pytest

from pd_assets.lib.sandbox.revisions import media_info
from pd_assets.lib.sandbox.titles import file_path, page_path
from tests.pd_assets.lib.sandbox.asking import DETAILS, Asker

RECORDED = Path(__file__).parents[5] / "shared" / "data" / "commons"
# Keys that only some of Commons' pages have and the sandbox's never.
UNUSED = {"Attribution", "GPSLatitude", "GPSLongitude", "GPSMapDatum"}


@pytest.fixture(scope="module")
def recorded() -> list[dict]:
    if not RECORDED.is_dir():
        pytest.skip("the recorded answers of Commons are not beside this repository")
    found: list[dict] = []
    for path in sorted(RECORDED.glob("**/*.json")):
        _collect(json.loads(path.read_text(encoding="utf-8")), found)
    return found


def _collect(node: object, found: list[dict]) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("imageinfo"), list):
            found.append(node)
        for value in node.values():
            _collect(value, found)
    elif isinstance(node, list):
        for value in node:
            _collect(value, found)


def pages(asker: Asker) -> list[dict]:
    chosen = "|".join(str(page.pageid) for page in asker.server.archive.files()[:50])
    return asker.query(pageids=chosen, iiurlwidth=120, **DETAILS)["query"]["pages"]


def entries(found: list[dict]) -> dict[str, set[tuple[str, bool]]]:
    """extmetadata key -> (source, hidden) pairs seen."""
    told: dict[str, set[tuple[str, bool]]] = {}
    for page in found:
        for info in page["imageinfo"]:
            for name, entry in (info.get("extmetadata") or {}).items():
                if isinstance(entry, dict) and "source" in entry:
                    told.setdefault(name, set()).add((entry["source"], "hidden" in entry))
    return told


def test_every_extmetadata_key_has_a_recorded_source_and_visibility(reading: Asker, recorded: list[dict]) -> None:
    ours, theirs = entries(pages(reading)), entries(recorded)
    assert theirs.keys() - ours.keys() <= UNUSED
    for name in ours.keys() & theirs.keys():
        assert ours[name] <= theirs[name], name


def test_imageinfo_has_no_key_that_commons_has_not(reading: Asker, recorded: list[dict]) -> None:
    # No recorded call asked for time, digest and type.
    theirs = {name for page in recorded for info in page["imageinfo"] for name in info}
    for page in pages(reading):
        assert page["imageinfo"][0].keys() <= theirs | {"timestamp", "sha1", "mime"}
        assert page["imagerepository"] == "local"


def test_licence_values_are_spelt_as_recorded(reading: Asker, recorded: list[dict]) -> None:
    known = {
        (data["LicenseShortName"]["value"], data["UsageTerms"]["value"], data["Copyrighted"]["value"])
        for page in recorded
        for info in page["imageinfo"]
        if (data := info.get("extmetadata")) and "LicenseShortName" in data and "UsageTerms" in data
    }
    for page in pages(reading):
        data = page["imageinfo"][0]["extmetadata"]
        if data.get("LicenseShortName", {}).get("value") in ("Public domain", "CC0", "CC BY-SA 4.0", "CC BY 4.0"):
            told = tuple(data[name]["value"] for name in ("LicenseShortName", "UsageTerms", "Copyrighted"))
            assert told in known


def test_addresses_of_the_same_title_are_those_of_commons(recorded: list[dict]) -> None:
    checked = 0
    for page in recorded:
        info = page["imageinfo"][0]
        if "url" in info and "title" in page and "upload.wikimedia.org/wikipedia/commons/" in info["url"]:
            path = info["url"].partition("/wikipedia/commons/")[2].partition("?")[0]
            if info.get("descriptionurl", "").endswith(page_path(page["title"])):
                assert file_path(page["title"]) == path
                checked += 1
    assert checked > 50


def test_a_mediainfo_entity_has_the_recorded_statement_shape(reading: Asker) -> None:
    paths = sorted(RECORDED.glob("flickypedia/api/wbgetentities-*.json"))
    if not paths:
        pytest.skip("the recorded answers of Commons are not beside this repository")
    recorded: dict[str, object] = {}
    for path in paths:
        body = json.loads(path.read_text(encoding="utf-8"))["body"]
        for entity in body.get("entities", {}).values():
            recorded |= {k: v for k, v in (entity.get("statements") or {}).items() if k in ("P6216", "P275")}
    page = next(page for page in reading.server.archive.files() if page.latest.statements)
    ours = json.loads(media_info(page, page.latest))["statements"]["P6216"][0]
    theirs = recorded["P6216"][0]
    assert ours.keys() <= theirs.keys()
    assert ours["mainsnak"].keys() == theirs["mainsnak"].keys()
    assert ours["mainsnak"]["datavalue"].keys() == theirs["mainsnak"]["datavalue"].keys()
    assert ours["mainsnak"]["datavalue"]["value"].keys() == theirs["mainsnak"]["datavalue"]["value"].keys()
