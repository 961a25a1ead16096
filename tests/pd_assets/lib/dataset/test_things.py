"""Names of the things that structured data names: asked of a sandbox that speaks Wikidata's API, and kept."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS, LICENSED, PAGES, THINGS
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.index import digest_of_row
from pd_assets.lib.dataset.captions import build_captions
from pd_assets.lib.dataset.things import build_things
from pd_assets.lib.errors import ArchiveError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.sandbox import Archive, SandboxServer
from tests.pd_assets.lib.planting import Row, licensed, page, plant

NAMES = {"Q35509": {"en": "cave", "de": "Höhle"}, "Q4022": {"mul": "Fluvius"}, "Q8502": {}}


@pytest.fixture
def wikidata() -> Iterator[CommonsClient]:
    """A client of an archive that knows some names."""
    archive = Archive.painted(count=1)
    archive.things.update({name: dict(labels) for name, labels in NAMES.items()})
    with SandboxServer(archive) as server:
        yield CommonsClient(server.api_url, PoliteSession("tests"), thumb_side=64)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two licensed pages, and one that is not, whose structured data name things."""
    home = open_home(tmp_path / "home")
    named = {1: ["Q35509", "Q4022"], 2: ["Q8502", "Q99999999"], 3: ["Q1"]}
    pages = [page(number, "A", mediainfo=depicting(*things)) for number, things in named.items()]
    plant(home, PAGES, pages, partition="A")
    plant(home, LICENSED, [licensed(1), licensed(2)])
    return home


def depicting(*things: str) -> str:
    statements = [
        {"mainsnak": {"datavalue": {"type": "wikibase-entityid", "value": {"id": thing}}}, "rank": "normal"}
        for thing in things
    ]
    return json.dumps({"labels": {"en": {"language": "en", "value": "A view"}}, "statements": {"P180": statements}})


def asked(client: CommonsClient) -> int:
    return sum(one.requests for one in client.session.traffic.values())


def test_the_names_of_what_licensed_pictures_depict_are_asked_for_once(home: Home, wikidata: CommonsClient) -> None:
    counts = build_things(home, wikidata, language="de")
    assert (counts.things, counts.named, counts.asked, asked(wikidata)) == (4, 2, 4, 1)
    found = {(row["thing"], row["language"]): row["name"] for row in tables.rows(tables.read(home, THINGS))}
    assert {key: name for key, name in found.items() if name is not None} == {
        ("Q35509", "de"): "Höhle",
        ("Q35509", "en"): "cave",
        ("Q4022", ""): "Fluvius",
    }
    again = build_things(home, wikidata, language="de")
    assert (again.asked, asked(wikidata), again.digest) == (0, 1, counts.digest)
    assert build_things(home, wikidata, language="fr").asked == 4, "another language has other names"


def test_the_names_are_labels_of_the_picture_under_cc0(home: Home, wikidata: CommonsClient) -> None:
    build_things(home, wikidata)
    build_captions(home, policy="cc0")
    rows = {row["item_id"]: row for row in tables.rows(tables.read(home, CAPTIONS))}
    labels = rows["commons:M1"]["labels"]
    assert isinstance(labels, list)
    told = {(label["field"], label["value"], label["licence"]) for label in labels}
    assert {("depicts", "cave", "CC0-1.0"), ("depicts", "Fluvius", "CC0-1.0")} <= told


def test_without_an_archive_to_ask_what_is_known_stays_and_is_used(home: Home, wikidata: CommonsClient) -> None:
    before = build_things(home, wikidata)
    plant(home, LICENSED, [licensed(1), licensed(2), licensed(3)])
    after = build_things(home, None)
    assert (after.things, after.named, after.asked, after.digest) == (5, 2, 0, before.digest)


def test_names_of_pictures_that_are_licensed_no_more_go_with_them(home: Home, wikidata: CommonsClient) -> None:
    build_things(home, wikidata)
    plant(home, LICENSED, [licensed(2)])
    assert build_things(home, wikidata).things == 2
    assert {row["thing"] for row in tables.rows(tables.read(home, THINGS))} == {"Q8502", "Q99999999"}


def test_sixty_names_take_two_requests(home: Home, wikidata: CommonsClient) -> None:
    plant(home, PAGES, [page(1, "A", mediainfo=depicting(*(f"Q{n}" for n in range(1, 61))))], partition="A")
    assert build_things(home, wikidata).asked == 60
    assert asked(wikidata) == 2


def test_what_an_unchanged_page_names_is_remembered_and_a_changed_one_is_read(
    home: Home, wikidata: CommonsClient
) -> None:
    def row(number: int, *things: str) -> Row:
        told = page(number, "A", mediainfo=depicting(*things))
        return {**told, "digest": digest_of_row(told)}

    plant(home, PAGES, [row(1, "Q35509"), row(2, "Q8502")], partition="A")
    build_captions(home, policy="cc0")
    # The same digest and another text: who does not read it does not see it.
    plant(home, PAGES, [{**row(1, "Q35509"), "mediainfo": depicting("Q1")}, row(2, "Q4022")], partition="A")
    build_things(home, wikidata)
    assert {row["thing"] for row in tables.rows(tables.read(home, THINGS))} == {"Q35509", "Q4022"}


def test_what_was_learnt_before_the_archive_fell_silent_is_kept(home: Home) -> None:
    class Silent:
        def entity_labels(self, ids: list[str], languages: tuple[str, ...]) -> Iterator[dict[str, dict[str, str]]]:
            yield {ids[0]: {"en": "first"}}
            raise ArchiveError("no answer")

    with pytest.raises(ArchiveError):
        build_things(home, cast(CommonsClient, Silent()))
    kept = build_things(home, None)
    assert (kept.things, kept.named) == (4, 1)
