"""Recorded answers of Commons: none under conditions is accepted, not even with a public-domain tag put on it."""

import json
from collections.abc import Iterator

import pytest

from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.rules import PROFILES, decide
from tests.conftest import ROOT
from tests.pd_assets.lib.rights.cases import TODAY, box

RECORDED = ROOT.parent / "shared" / "data" / "commons"
NOT_FREE = ("cc by", "cc-by", "gfdl", "fal", "no restrictions", "attribution")
Json = dict[str, object]


@pytest.fixture(scope="module")
def pages() -> list[Json]:
    if not RECORDED.is_dir():
        pytest.skip(f"no recorded answers in {RECORDED}")
    return [page for file in sorted(RECORDED.rglob("*.json")) for page in _pages(json.loads(file.read_text()))]


def test_no_recorded_page_is_accepted_without_its_wikitext(pages: list[Json]) -> None:
    assert len(pages) > 150
    for page in pages:
        assert "accept" not in {_verdict(page, profile, "") for profile in PROFILES}, page["title"]


def test_a_ground_put_on_a_recorded_page_under_conditions_does_not_make_it_acceptable(pages: list[Json]) -> None:
    bound = [page for page in pages if _is_bound(page)]
    assert len(bound) > 100
    wrong = [page["title"] for page in bound if "accept" in {_verdict(page, name, FREE_TEXT) for name in PROFILES}]
    assert wrong == []


def test_a_ground_put_on_a_recorded_page_that_is_public_domain_is_accepted_for_some(pages: list[Json]) -> None:
    free = [page for page in pages if _short_name(page) == "public domain" and not _is_bound(page)]
    assert sum(_verdict(page, "strict", FREE_TEXT) == "accept" for page in free) > len(free) / 2 > 5


def test_the_second_boxes_of_recorded_html_pages_are_what_the_summary_hides() -> None:
    if not RECORDED.is_dir():
        pytest.skip(f"no recorded answers in {RECORDED}")
    page = next(RECORDED.rglob("File-Catherine-aragon*.html")).read_text()
    names = [name for name in ("PD-Art (PD-old-100)", "PD-Art (PD-old)", "PD Old", "PD-old-100") if name in page]
    evidence = from_page({"status": "live", "wikitext": "", "categories": names})
    assert names and decide(evidence, "us", TODAY).verdict == "reject"


FREE_TEXT = box("{{PD-Art|PD-old-100-expired}}", date="1850", medium="oil on canvas")


def _pages(answer: object) -> Iterator[Json]:
    """Every object of a recorded answer that has the imageinfo of a file."""
    if isinstance(answer, list):
        for part in answer:
            yield from _pages(part)
    if isinstance(answer, dict):
        if isinstance(answer.get("imageinfo"), list) and "title" in answer:
            yield answer
        else:
            for part in answer.values():
                yield from _pages(part)


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


def _verdict(page: Json, profile: str, wikitext: str) -> str:
    return decide(from_page(_row(page, wikitext)), profile, TODAY).verdict


def _short_name(page: Json) -> str:
    metadata = json.loads(str(_row(page, "")["extmetadata"]))
    entry = metadata.get("LicenseShortName", {}) if isinstance(metadata, dict) else {}
    return str(entry.get("value", "")).lower()


def _is_bound(page: Json) -> bool:
    names = [_short_name(page), *(name.lower() for name in _categories(page))]
    return any(name.startswith(NOT_FREE) for name in names)
