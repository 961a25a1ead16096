"""The Commons client and sync against a real MediaWiki: what a scraper has to notice, done by MediaWiki's own code.

All of it happens on one wiki that one home follows, test after test, to files of their own. At the end the stored rows
equal those of a scrape from scratch, and no page is asked for more than once.
"""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.sync import CategorySync
from pd_assets.lib.errors import ConfigError, FetchFailed
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from tests.integration.conftest import FilledSite
from tests.integration.mediawiki.kinds import EXPIRED, Kind
from tests.integration.mediawiki.pictures import Picture
from tests.integration.mediawiki.templates import ROOTS
from tests.integration.mediawiki.wiki import MediaWiki, Request
from tests.pd_assets.lib import scraping
from tests.pd_assets.lib.scraping import asked_in_all, item, listed_pages, live_items, no_sleep, statuses

NEW, CUT_OFF, TWICE = (f"File:{name} painting.jpg" for name in ("Newly uploaded", "Cut off", "Twice uploaded"))


class Scraper:
    """One home that follows one wiki; `first` are the requests of its first scrape, and what it stored."""

    first: tuple[Request, ...]

    def __init__(self, wiki: MediaWiki, site: FilledSite, folder: Path) -> None:
        self.wiki = wiki
        self.folder = folder
        self.home = open_home(folder / "home")
        self.artists = sorted({category for picture in site.pictures for category in picture.categories})
        self.roots = [*ROOTS, *self.artists]
        self.scratches = 0
        self.scrape()
        self.first = tuple(wiki.requests())
        self.first_items = live_items(self.home)
        self.first_pages = listed_pages(self.home)

    def scrape(self, home: Home | None = None) -> dict[str, CategorySync]:
        return scraping.scrape(home or self.home, self.wiki.api_url, self.roots)

    def news(self) -> tuple[dict[str, CategorySync], list[int]]:
        """Scrape again: what each sync did, and the page ids that were asked for."""
        self.wiki.forget_requests()
        synced = self.scrape()
        ids = [request.query.get("pageids", "") for request in self.wiki.requests()]
        return synced, [int(one) for batch in ids if batch for one in batch.split("|")]

    def id_of(self, title: str) -> int:
        return int(str(self.wiki.admin.page(title)["pageid"]))

    def assert_like_from_scratch(self) -> None:
        self.scratches += 1
        scratch = open_home(self.folder / f"scratch-{self.scratches}")
        self.scrape(scratch)
        assert listed_pages(self.home) == listed_pages(scratch)
        assert live_items(self.home) == live_items(scratch)


@pytest.fixture(scope="module")
def scraper(mediawiki_site: FilledSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraper]:
    """A home after its first scrape of a wiki; each test below takes files of its own."""
    folder = tmp_path_factory.mktemp("sync")
    with mediawiki_site.wiki.copy_to(folder / "site") as wiki:
        yield Scraper(wiki, mediawiki_site, folder)


def pictures_of(site: FilledSite, kind: Kind) -> list[Picture]:
    return [picture for picture in site.pictures if picture.kind is kind]


def jpeg(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (400, 300), colour).save(buffer, "JPEG")
    return buffer.getvalue()


def templates_of(wiki: MediaWiki, title: str) -> list[str]:
    """The templates of one page, asked for alone, so that no answer is cut short."""
    listed = wiki.admin.page(title, prop="templates", tllimit="max", tlnamespace=10)["templates"]
    assert isinstance(listed, list)
    titles = [str(entry["title"]) for entry in listed if isinstance(entry, dict)]
    return sorted(name.removeprefix("Template:") for name in titles)


def test_the_first_sync_stores_every_file_once_with_its_bytes_digest_and_its_tags(
    scraper: Scraper, mediawiki_site: FilledSite
) -> None:
    items = scraper.first_items
    assert {row["sha1"] for row in items.values()} == {picture.sha1 for picture in mediawiki_site.pictures}
    assert len(items) == len(mediawiki_site.pictures)
    assert {row["problem"] for row in items.values()} == {None}
    asked = [request.query["pageids"] for request in scraper.first if request.query.get("pageids")]
    first_answers = [batch for number, batch in enumerate(asked) if batch not in asked[:number]]
    ids = [one for batch in first_answers for one in batch.split("|")]
    assert len(ids) == len(set(ids)) == len(mediawiki_site.pictures)
    # 50 pages carry more template links than one answer takes, so some answers go on in a second one.
    assert len(asked) > len(first_answers)
    stored = {row["title"]: row for row in scraper.first_pages.values()}
    for picture in mediawiki_site.pictures[::9]:
        assert stored[picture.title]["templates"] == templates_of(scraper.wiki, picture.title)


def test_a_sync_without_news_costs_one_request_a_category_and_none_for_details(scraper: Scraper) -> None:
    synced, ids = scraper.news()
    assert (ids, asked_in_all(synced)) == ([], 0)
    assert not any(one.is_changed for one in synced.values())
    listings = [request for request in scraper.wiki.requests() if request.query.get("gcmtype") == "file"]
    assert sorted(request.query["gcmtitle"] for request in listings) == sorted(f"Category:{n}" for n in synced)
    assert all("PublicDomainDiffusionBot/" in request.user_agent for request in scraper.wiki.requests())


def test_what_is_uploaded_edited_overwritten_and_renamed_is_read_again_and_nothing_else(
    scraper: Scraper, mediawiki_site: FilledSite
) -> None:
    admin = scraper.wiki.admin
    jpegs = [p for p in pictures_of(mediawiki_site, Kind.PD_OLD_100_EXPIRED) if p.title.endswith(".jpg")]
    edited, overwritten, moved, moved_away = jpegs[:4]
    changed = {scraper.id_of(picture.title): picture for picture in (edited, overwritten, moved, moved_away)}
    admin.upload(NEW, jpeg("teal"), f"{{{{Artwork|artist=Nobody}}}}{EXPIRED}[[Category:{scraper.artists[0]}]]")
    admin.append(edited.title, "\n{{Cc-by-sa-4.0}}")
    admin.upload(overwritten.title, jpeg("maroon"))
    admin.move(moved.title, "File:Moved with a redirect.jpg")
    admin.move(moved_away.title, "File:Moved without one.jpg", leave_redirect=False)
    synced, ids = scraper.news()
    assert sorted(set(ids)) == sorted([*changed, scraper.id_of(NEW)])
    assert sum(one.gone for one in synced.values()) == 0
    by_picture = {picture.title: item(scraper.home, pageid) for pageid, picture in changed.items()}
    assert "CC-BY-SA-4.0" in str(by_picture[edited.title]["categories"])
    assert by_picture[overwritten.title]["sha1"] != overwritten.sha1
    assert by_picture[moved.title]["title"] == "Moved with a redirect"
    assert by_picture[moved_away.title]["title"] == "Moved without one"
    assert all(row["status"] == "live" for row in by_picture.values())
    assert scraper.news()[1] == []


@pytest.mark.extended
def test_what_is_deleted_leaves_restored_or_recategorised_has_its_story_told(
    scraper: Scraper, mediawiki_site: FilledSite
) -> None:
    admin = scraper.wiki.admin
    deleted, briefly, leaving = pictures_of(mediawiki_site, Kind.PD_OLD_100)[:3]
    (joining,) = pictures_of(mediawiki_site, Kind.CC_BY_SA)[:1]
    ids = {picture.title: scraper.id_of(picture.title) for picture in (deleted, briefly, leaving, joining)}
    before, there = item(scraper.home, ids[deleted.title]), len(live_items(scraper.home))
    admin.delete(deleted.title)
    admin.delete(briefly.title)
    admin.undelete(briefly.title)
    text = admin.read(leaving.title)
    admin.edit(leaving.title, "No tag and no category is left.")
    other = next(name for name in scraper.artists if name not in joining.categories)
    admin.append(joining.title, f"\n[[Category:{other}]]")

    synced, asked = scraper.news()
    assert asked.count(ids[deleted.title]) == 1
    assert sum(one.gone for one in synced.values()) == 2 * len([deleted, leaving])
    scraper.assert_like_from_scratch()
    gone = item(scraper.home, ids[deleted.title])
    assert (gone["status"], gone["sha1"], gone["categories"]) == ("deleted", before["sha1"], before["categories"])
    assert item(scraper.home, ids[briefly.title])["status"] == "live"
    assert item(scraper.home, ids[leaving.title])["status"] == "left"
    assert set(statuses(scraper.home, ids[leaving.title]).values()) == {"left"}
    assert other in str(item(scraper.home, ids[joining.title])["partitions"])
    assert scraper.news()[1] == []

    admin.undelete(deleted.title)
    admin.edit(leaving.title, text)
    scraper.news()
    assert len(live_items(scraper.home)) == there
    assert scraper.news()[1] == []


def test_a_template_that_changes_the_licence_reaches_pages_whose_revision_did_not_change(
    scraper: Scraper, mediawiki_site: FilledSite
) -> None:
    (cc0,) = pictures_of(mediawiki_site, Kind.CC0_MUSEUM)[:1]
    pageid = scraper.id_of(cc0.title)
    before = item(scraper.home, pageid)
    scraper.wiki.admin.append("Template:Cc-zero", "<includeonly>[[Category:Deletion requests]]</includeonly>")
    scraper.wiki.run_jobs()
    _, asked = scraper.news()
    assert pageid in asked
    after = item(scraper.home, pageid)
    assert after["revid"] == before["revid"]
    assert "Deletion requests" in str(after["categories"]) and "Deletion requests" not in str(before["categories"])


@pytest.mark.extended
def test_a_lagging_wiki_is_asked_again_a_bounded_number_of_times(scraper: Scraper) -> None:
    scraper.wiki.set_lag(7)
    scraper.wiki.forget_requests()
    with PoliteSession("tests", sleep=no_sleep) as session, pytest.raises(FetchFailed, match="asked to wait, 5 times"):
        CommonsClient(scraper.wiki.api_url, session, thumb_side=256).subcategories("Anything")
    assert len(scraper.wiki.requests()) == 5
    scraper.wiki.set_lag(None)
    assert asked_in_all(scraper.news()[0]) == 0


def test_unknown_missing_and_invalid_titles_are_what_the_client_says(scraper: Scraper) -> None:
    with PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(scraper.wiki.api_url, session, thumb_side=256)
        client.probe()
        facts = client.category_facts([ROOTS[0], "Nowhere", "Bad[title"])
        assert [fact.exists for fact in facts.values()].count(True) == 1
        assert facts[ROOTS[0]].files > 50
        assert list(client.members("Nowhere")) == []
        assert [page.status for page in client.details([999_999])] == ["deleted"]


def test_an_unknown_root_is_named(scraper: Scraper, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="PD_COMMONS_ROOTS names Category:Nowhere, which http"):
        scraping.scrape(open_home(tmp_path / "home"), scraper.wiki.api_url, [ROOTS[0], "Nowhere"])


# --- the archive's own oddities --------------------------------------------------------------------------------------


def cut_off() -> bytes:
    """A JPEG that ends within what stands before its size: MediaWiki stores it as 0 x 0."""
    whole = jpeg("purple")
    segments = b"".join(b"\xff\xe2\xff\xff" + bytes(65_533) for _ in range(2))
    return (whole[:2] + segments + whole[2:])[:60_000]


def test_a_file_of_0_x_0_holds_no_other_up_and_has_a_row_with_its_reason(
    scraper: Scraper, mediawiki_site: FilledSite
) -> None:
    changed = pictures_of(mediawiki_site, Kind.PD_OLD_100_EXPIRED)[-1]
    (category, *_) = changed.categories
    scraper.wiki.admin.upload(CUT_OFF, cut_off(), f"{EXPIRED}[[Category:{category}]]")
    scraper.wiki.admin.edit(changed.title, f"{{{{Cc-by-sa-4.0}}}}[[Category:{category}]]")
    synced, _ = scraper.news()
    odd = next(row for row in listed_pages(scraper.home).values() if row["title"] == CUT_OFF)
    assert (odd["width"], odd["height"], odd["problem"], odd["thumb_url"]) == (0, 0, "no_size", None)
    assert odd["sha1"] and odd["wikitext"]
    assert (synced[category].is_complete, synced[category].missing) == (True, 0)
    now = listed_pages(scraper.home)[category, scraper.id_of(changed.title)]
    assert "Cc-by-sa-4.0" in str(now["templates"])
    # The next night asks for nothing.
    _, ids = scraper.news()
    assert ids == []


def test_the_older_version_of_a_file_that_is_alone_in_its_batch_is_not_asked_for(
    scraper: Scraper, mediawiki_site: FilledSite
) -> None:
    (category, *_) = pictures_of(mediawiki_site, Kind.PD_OLD_100_EXPIRED)[0].categories
    for colour in ("red", "blue"):
        scraper.wiki.admin.upload(TWICE, jpeg(colour), f"{EXPIRED}[[Category:{category}]]")
    scraper.news()
    asked = [request.query for request in scraper.wiki.requests()]
    assert any("pageids" in query for query in asked) and not any("iistart" in query for query in asked)
    row = item(scraper.home, scraper.id_of(TWICE))
    assert (row["width"], row["height"], row["status"], row["problem"]) == (400, 300, "live", None)


def test_after_all_this_the_stored_rows_are_those_of_a_scrape_from_scratch(scraper: Scraper) -> None:
    """The last of this file: nothing that happened in the others was missed."""
    scraper.assert_like_from_scratch()
