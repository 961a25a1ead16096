"""Pages that the archive cannot tell of, beside others: what they cost, what stays of them, and that no other waits."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pd_assets.lib.catalog.looks import COMMONS, Stale, load_looks, stale
from pd_assets.lib.commons.sync import CategorySync, KnownPages, sync_category
from pd_assets.lib.commons.unread import load_unread
from pd_assets.lib.home import Home, open_home
from pd_assets.sandbox import Archive
from tests.pd_assets.lib.commons.in_process import InProcess
from tests.pd_assets.lib.scraping import THUMB_SIDE, listed_pages

FREE = "{{PD-Art|PD-old-100-expired}}"
JPEG = b"\xff\xd8\xff"
FIRST = datetime(2026, 11, 1, 2, tzinfo=UTC)


class Nights:
    """A category of forty files, A, of which three are in B too, over several nights."""

    def __init__(self, folder: Path) -> None:
        self.home: Home = open_home(folder)
        self.archive = Archive()
        self.session = InProcess(archive=self.archive, listed_at_once=100)
        for name in "AB":
            self.archive.add(f"Category:{name}", wikitext="")
        for number in range(40):
            text = f"{FREE}[[Category:A]]" + ("[[Category:B]]" if number < 3 else "")
            self.archive.add(f"File:{number}.jpg", wikitext=text, content=JPEG)

    def sync(self, day: int) -> tuple[CategorySync, CategorySync]:
        """One night, with what it asked left in `session.asked`."""
        self.session.asked.clear()
        known = KnownPages(home=self.home, thumb_side=THUMB_SIDE, now=FIRST + timedelta(days=day))
        done = tuple(sync_category(self.session.client(), self.home, name, known) for name in "AB")
        known.looks.save(self.home, COMMONS)
        return done[0], done[1]

    def row(self, title: str, category: str = "A") -> dict[str, object]:
        page = self.archive.page(title)
        assert page is not None
        return listed_pages(self.home)[category, page.pageid]

    def pageid(self, title: str) -> int:
        page = self.archive.page(title)
        assert page is not None
        return page.pageid


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    yield Nights(tmp_path)


def test_a_file_that_loses_its_licence_is_seen_beside_others_that_cannot_be_told(nights: Nights) -> None:
    nights.sync(0)
    nights.archive.oddities.cut_off |= {"File:4.jpg"}
    nights.archive.oddities.broken |= {"File:5.jpg": "odd"}
    for number in (4, 5, 6):
        nights.archive.edit(f"File:{number}.jpg", "{{Cc-by-sa-4.0}}[[Category:A]]")
    done, _ = nights.sync(1)
    assert (done.listed, done.missing, done.is_complete) == (40, 1, True)
    assert "Cc-by-sa-4.0" in str(nights.row("File:6.jpg")["templates"])
    cut_off, broken = nights.row("File:4.jpg"), nights.row("File:5.jpg")
    assert (cut_off["width"], cut_off["height"]) == (0, 0) and "Cc-by-sa-4.0" in str(cut_off["templates"])
    # What was read of it before stays.
    assert str(broken["wikitext"]).startswith(FREE)


def test_a_page_that_cannot_be_read_keeps_its_evidence_in_every_category_and_is_asked_for_ever_less_often(
    nights: Nights,
) -> None:
    nights.sync(0)
    before = nights.row("File:1.jpg"), nights.row("File:1.jpg", "B")
    nights.archive.oddities.broken["File:1.jpg"] = "odd"
    nights.archive.edit("File:1.jpg", "{{Cc-by-sa-4.0}}[[Category:A]][[Category:B]]")
    asked = []
    for day in range(1, 12):
        done, other = nights.sync(day)
        assert (done.missing, other.missing) == (1, 1)
        assert (nights.row("File:1.jpg"), nights.row("File:1.jpg", "B")) == before
        asked.append(sum("pageids" in one for one in nights.session.asked))
    # Four questions the first time, since it is alone with its change; then one where it is due.
    assert asked == [4, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    (unread,) = load_unread(nights.home)
    assert (unread.pageid, unread.tries, "odd: Caught an exception" in unread.reason) == (
        nights.pageid("File:1.jpg"),
        4,
        True,
    )

    nights.archive.edit("File:1.jpg", "{{Cc-by-sa-4.0}}[[Category:A]][[Category:B]] again")
    del nights.archive.oddities.broken["File:1.jpg"]
    done, other = nights.sync(12)
    assert (done.missing, other.missing, list(load_unread(nights.home))) == (0, 0, [])
    assert "Cc-by-sa-4.0" in str(nights.row("File:1.jpg", "B")["templates"])


def test_a_new_page_that_cannot_be_read_has_a_row_in_each_category(nights: Nights) -> None:
    nights.archive.oddities.broken["File:1.jpg"] = "odd"
    assert [one.missing for one in nights.sync(0)] == [1, 1]
    assert {nights.row("File:1.jpg", name)["problem"] for name in "AB"} == {"incomplete"}
    assert [one.missing for one in nights.sync(1)] == [1, 1]


def test_odd_pages_cost_a_few_requests_once(nights: Nights) -> None:
    calm = Nights(nights.home.root.parent / "calm")
    calm.sync(0)
    nights.archive.oddities.cut_off |= {"File:4.jpg"}
    nights.archive.oddities.broken |= {"File:5.jpg": "odd"}
    nights.sync(0)
    # Twice the way down to one of forty, and what is tried of it; the ways share their beginning.
    assert len(nights.session.asked) - len(calm.session.asked) <= 2 * (2 * 6 + 3)
    nights.sync(1)
    calm.sync(1)
    assert len(nights.session.asked) - len(calm.session.asked) == 1


def test_evidence_that_could_not_be_read_anew_is_stale_after_a_while(nights: Nights) -> None:
    def stale_on(day: int) -> Stale:
        return stale(nights.home, days=14, now=FIRST + timedelta(days=day, hours=1))

    nights.sync(0)
    nights.archive.oddities.broken["File:1.jpg"] = "odd"
    nights.archive.edit("File:1.jpg", "edited [[Category:A]][[Category:B]]")
    for day in range(1, 16):
        nights.sync(day)
        assert stale_on(day) == (Stale() if day < 14 else Stale(pages=(str(nights.pageid("File:1.jpg")),)))
    # A home that rests, whose pages nobody looked at: all of it, until the next night looks.
    assert stale_on(28) == Stale(pages=(str(nights.pageid("File:1.jpg")),))
    assert stale_on(30).categories == ("A", "B")
    del nights.archive.oddities.broken["File:1.jpg"]
    nights.sync(60)
    assert stale_on(60) == Stale()


def test_a_page_whose_change_was_taken_back_counts_as_read(nights: Nights) -> None:
    nights.sync(0)
    looks = load_looks(nights.home, COMMONS)
    looks.could_not_read(nights.pageid("File:1.jpg"), read_before=FIRST)
    looks.save(nights.home, COMMONS)
    nights.sync(20)
    assert load_looks(nights.home, COMMONS).failed == {}
