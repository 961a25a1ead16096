"""The kinds of pages whose truth is known: the painted archive's and the test wiki's are decided as they were meant."""

import json
from datetime import UTC, datetime

import pytest

from pd_assets.lib.page.dates import Years
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.knowledge import Entity, EntityKind, Knowledge, Questions
from pd_assets.lib.rights.rules import decide
from pd_assets.sandbox import Archive
from pd_assets.sandbox.extmetadata import extmetadata
from pd_assets.sandbox.items import item_of, painters
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
        if (decide(from_page(_row(archive, page), ask()), "strict", TODAY).verdict == "accept")
        != truth[page.title].free
    ]
    assert len(judged) > 500
    assert wrong == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_the_test_wiki_is_accepted_exactly_when_it_is_free(kind: Kind) -> None:
    spec = KINDS[kind]
    fields = {"date": spec.date or str(min(spec.latest_year, 1850)), "medium": "{{technique|oil on canvas}}"}
    text = box("", permission=spec.licence, **fields) if spec.in_permission else box(spec.licence, **fields)
    assert (decide(from_page({"status": "live", "wikitext": text}), "strict", TODAY).verdict == "accept") == spec.free


def ask() -> Questions:
    """With what the archive's items say of its painters."""
    people = {
        item_of(one.name): Entity(
            asked=item_of(one.name), item=item_of(one.name), revid=1, edited_on="2020-01-01", kind=EntityKind.PERSON,
            name=one.name, born=_year(one.born), died=None if one.died is None else _year(one.died),
        )
        for one in painters()
    }  # fmt: skip
    pages = {f"creator:{one.name.lower()}": item_of(one.name) for one in painters()}
    return Questions(known=Knowledge(entities=people, creator_pages=pages))


def _year(year: int) -> Years:
    return Years(first=year, last=year, named=year)


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
