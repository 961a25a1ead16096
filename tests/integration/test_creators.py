"""Creator pages of a real MediaWiki lead to their items: titles in every form, redirects, pages that are not there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CREATORS, PAGES
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.creators import build_creators
from pd_assets.lib.home import open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.sandbox import SandboxServer
from tests.integration.conftest import FilledSite
from tests.integration.mediawiki.pages import file_page, item_of_artist
from tests.integration.mediawiki.wiki import MediaWiki
from tests.integration.mediawiki.wikidata import death_years, wikidata_beside
from tests.pd_assets.lib.planting import page, plant


@pytest.fixture
def wikidata(mediawiki_site: FilledSite) -> Iterator[SandboxServer]:
    with wikidata_beside(mediawiki_site.pictures) as server:
        yield server


def test_every_artist_of_the_wiki_is_known_by_the_creator_page(
    mediawiki: MediaWiki, mediawiki_site: FilledSite, wikidata: SandboxServer, tmp_path: Path
) -> None:
    home = open_home(tmp_path / "home")
    texts = [file_page(picture) for picture in mediawiki_site.pictures]
    artists = {picture.row.artist for picture in mediawiki_site.pictures if "{{Creator:" in file_page(picture)}
    first = sorted(artists)[0]
    mediawiki.admin.edit("Creator:An older name", f"#REDIRECT [[Creator:{first}]]")
    texts.append("{{creator:An_older_name}} {{Creator:Nobody has heard of}}")
    plant(home, PAGES, [page(number, "A", wikitext=text) for number, text in enumerate(texts)], partition="A")
    with PoliteSession("tests") as session:
        commons, items = (CommonsClient(api, session, thumb_side=64) for api in (mediawiki.api_url, wikidata.api_url))
        counts = build_creators(home, commons=commons, wikidata=items)
        requests = sum(one.requests for one in session.traffic.values())
    rows = {str(row["asked"]): row for row in tables.rows(tables.read(home, CREATORS))}
    assert (counts.failed, counts.waiting, counts.stopped) == (0, 0, None)
    died = death_years(mediawiki_site.pictures)
    found = {artist: rows[item_of_artist(artist)]["died_last"] for artist in artists}
    assert found == {artist: died[artist] for artist in artists}
    assert sum(year is not None for year in found.values()) > 10
    assert rows["Creator:Nobody has heard of"]["item"] is None
    behind = {row["item"] for row in rows.values() if row["kind"] == "creator_page"}
    assert {item_of_artist(artist) for artist in artists} <= behind
    assert requests <= 4 + len(artists) // 10
    assert rows["Creator:An older name"]["kind"] is None, "it was made a redirect today, for all that anybody says"
    with PoliteSession("tests") as session:
        commons = CommonsClient(mediawiki.api_url, session, thumb_side=64)
        build_creators(home, commons=commons, wikidata=None, now=datetime.now(UTC) + timedelta(days=3))
    later = {str(row["asked"]): row for row in tables.rows(tables.read(home, CREATORS))}
    assert later["Creator:An older name"]["item"] == item_of_artist(first)


def test_a_wiki_without_items_says_so_once_and_costs_one_request(read_wiki: MediaWiki, tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    plant(home, PAGES, [page(1, "A", wikitext="{{Q|1}} {{Q|2}} {{Q|3}}")], partition="A")
    with PoliteSession("tests") as session:
        client = CommonsClient(read_wiki.api_url, session, thumb_side=64)
        counts = build_creators(home, commons=client, wikidata=client)
        assert sum(one.requests for one in session.traffic.values()) == 1
    assert counts.stopped is not None and "action" in counts.stopped
    assert counts.waiting == 3
