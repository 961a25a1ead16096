"""The kinds of pages whose truth is known: the painted archive's and the test wiki's are decided as they were meant."""

import json
from datetime import UTC, datetime

import pytest

from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.rules import decide
from pd_assets.sandbox import Archive
from pd_assets.sandbox.extmetadata import extmetadata
from pd_assets.sandbox.records import Page
from tests.integration.mediawiki.kinds import KINDS, Kind
from tests.pd_assets.lib.rights.cases import TODAY, box, mediainfo

# What makes these unfree lies in their bytes or in another page.
NOT_OF_THE_PAGE = ("svg", "pdf", "restricted_twin")


def test_every_painted_page_is_accepted_under_the_strict_profile_exactly_when_it_is_free() -> None:
    archive = Archive.painted(count=600, seed=5)
    truth = archive.truth()
    judged = [page for page in archive.files() if truth[page.title].trap not in NOT_OF_THE_PAGE]
    wrong = [
        (page.title, truth[page.title].trap)
        for page in judged
        if (decide(from_page(_row(archive, page)), "strict", TODAY).verdict == "accept") != truth[page.title].free
    ]
    assert len(judged) > 500
    assert wrong == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_the_test_wiki_is_accepted_exactly_when_it_is_free(kind: Kind) -> None:
    spec = KINDS[kind]
    fields = {"date": spec.date or str(min(spec.latest_year, 1850)), "medium": "{{technique|oil on canvas}}"}
    text = box("", permission=spec.licence, **fields) if spec.in_permission else box(spec.licence, **fields)
    assert (decide(from_page({"status": "live", "wikitext": text}), "strict", TODAY).verdict == "accept") == spec.free


def _row(archive: Archive, page: Page) -> dict[str, object]:
    shown = archive.rendering(page)
    uploaded = datetime(2020, 1, 1, tzinfo=UTC).isoformat()
    summary = extmetadata(shown, name=page.title.removeprefix("File:"), uploaded=uploaded, multilingual=True)
    return {
        "status": "live",
        "wikitext": page.latest.text,
        "categories": [link.name for link in shown.categories],
        "templates": sorted(shown.templates),
        "extmetadata": json.dumps(summary),
        "mediainfo": mediainfo(tuple(page.latest.statements)),
    }
