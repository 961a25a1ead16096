"""The table commons/creators, asked of a sandbox in this process: what is asked for, when again, and what fails."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CREATORS, PAGES
from pd_assets.lib.commons import creators
from pd_assets.lib.commons.creators import CreatorCounts, build_creators, is_due
from pd_assets.lib.home import Home, open_home
from pd_assets.sandbox.archive import Archive
from pd_assets.sandbox.items import Item
from tests.pd_assets.lib.commons.in_process import InProcess
from tests.pd_assets.lib.planting import page, plant

NOW = datetime(2026, 6, 1, 3, tzinfo=UTC)
Row = Mapping[str, object]


class World:
    """An archive with items and Creator pages, and a home whose pages name them."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.archive = Archive(clock=lambda: datetime(2025, 1, 1, tzinfo=UTC))
        self.archive.items |= {
            "Q1": Item(name="Jan Roy", born=1800, died=1870),
            "Q2": Item(name="A painting", classes=("Q3305213",), made=1850, makers=("Q3",)),
            "Q3": Item(name="Ann Lee", died=1900),
        }
        self.archive.add("Creator:Jan Roy", wikitext="{{Creator|Wikidata=Q1}}")
        self.session = InProcess(archive=self.archive)
        self.names("{{Creator:Jan Roy}} {{Artwork|wikidata=Q2}}")

    def names(self, *texts: str) -> None:
        """The pages of the home have these texts."""
        pages = [page(number, "A", wikitext=text) for number, text in enumerate(texts)]
        plant(self.home, PAGES, pages, partition="A")

    def build(self, now: datetime = NOW, requests: int = 200) -> CreatorCounts:
        """One run; what it asked is in `asked` afterwards."""
        self.session.asked.clear()
        client = self.session.client()
        return build_creators(self.home, commons=client, wikidata=client, now=now, fewest_requests=requests)

    @property
    def asked(self) -> list[str]:
        """What was asked for, a request each."""
        return [said.get("ids") or said.get("titles") or "siteinfo" for said in self.session.asked]

    def rows(self) -> dict[str, Row]:
        found = tables.rows(tables.read_or_empty(self.home, CREATORS))
        return {str(row["asked"]): row for row in found}

    def edit(self, item: str, **changes: object) -> None:
        """An edit that is told to be of the day that `modified` says."""
        before = self.archive.items[item]
        self.archive.items[item] = replace(before, revid=before.revid + 1, **changes)  # type: ignore[arg-type]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(open_home(tmp_path / "home"))


def test_persons_works_and_their_makers_are_asked_for_in_one_request_each(world: World) -> None:
    counts = world.build()
    assert world.asked == ["Creator:Jan Roy", "Q1|Q2", "Q3"]
    assert (counts.asked, counts.failed, counts.waiting, counts.stopped) == (4, 0, 0, None)
    assert counts.by_kind == {"person": 2, "creator_page": 1, "other": 1}
    rows = world.rows()
    assert rows["Creator:Jan Roy"]["item"] == "Q1"
    assert (rows["Q1"]["died_last"], rows["Q1"]["name"], rows["Q1"]["revid"]) == (1870, "Jan Roy", 1)
    assert (rows["Q2"]["made_last"], rows["Q2"]["makers"]) == (1850, ["Q3"])


def test_what_is_known_is_not_asked_for_again_before_some_months(world: World) -> None:
    digest = world.build().digest
    assert (world.build().digest, world.asked, is_due(world.home, now=NOW)) == (digest, [], False)
    world.build(NOW + timedelta(days=100))
    assert world.asked == []
    world.build(NOW + timedelta(days=250))
    assert len(world.asked) == 3


def test_what_is_due_again_is_spread_over_the_days(world: World) -> None:
    due = {creators._good_for_days(f"Q{number}") for number in range(500)}
    assert min(due) >= 120 and max(due) < 240 and len(due) > 90


def test_a_page_that_is_new_costs_a_question_for_its_own_names_alone(world: World) -> None:
    world.build()
    world.archive.items["Q9"] = Item(name="New", died=1890)
    world.names("{{Creator:Jan Roy}} {{Artwork|wikidata=Q2}}", "{{Q|9}}")
    world.build()
    assert world.asked == ["Q9"]


def test_an_item_edited_in_the_last_two_days_counts_with_what_it_said_before(world: World) -> None:
    world.build()
    world.edit("Q1", died=1999, modified="2027-02-01T00:00:00Z")
    later = datetime(2027, 2, 1, 12, tzinfo=UTC)
    assert world.build(later).recent == 1
    row = world.rows()["Q1"]
    assert (row["died_last"], row["revid"]) == (1870, 1)
    assert is_due(world.home, now=later + timedelta(days=2))
    assert world.build(later + timedelta(days=2)).recent == 0
    assert world.asked == ["Q1"]
    assert (world.rows()["Q1"]["died_last"], world.rows()["Q1"]["revid"]) == (1999, 2)


def test_what_was_undone_within_two_days_never_counts(world: World) -> None:
    world.build()
    later = datetime(2027, 2, 1, 12, tzinfo=UTC)
    world.edit("Q1", died=1700, modified="2027-02-01T00:00:00Z")
    world.build(later)
    world.edit("Q1", died=1870, modified="2027-02-02T00:00:00Z")
    world.build(later + timedelta(days=2))
    row = world.rows()["Q1"]
    assert (row["died_last"], row["revid"], row["recent"]) == (1870, 3, None)


def test_an_item_that_was_never_read_waits_until_its_last_edit_has_stood(world: World) -> None:
    world.edit("Q1", modified="2026-05-31T12:00:00Z")
    world.build()
    assert (world.rows()["Q1"]["kind"], world.rows()["Q1"]["died_last"]) == (None, None)
    world.build(NOW + timedelta(days=2))
    assert world.rows()["Q1"]["died_last"] == 1870


def test_an_item_that_is_edited_every_day_counts_once_what_it_says_has_stood(world: World) -> None:
    for day in range(4):
        moment = NOW + timedelta(days=day)
        world.edit("Q1", modified=(moment - timedelta(hours=1)).isoformat())
        world.build(moment)
        assert (world.rows()["Q1"]["died_last"] is not None) == (day >= 2)


def test_a_merged_item_keeps_both_ids_and_two_may_lead_to_one(world: World) -> None:
    world.archive.items["Q90"] = Item(name="Jan Roy (copy)", merged_into="Q1")
    world.names("{{Q|90}} {{Q|1}}")
    world.build()
    assert [world.rows()[name]["died_last"] for name in ("Q1", "Q90")] == [1870, None], "a merger of today, maybe"
    world.build(NOW + timedelta(days=2))
    rows = world.rows()
    assert [(rows[name]["item"], rows[name]["died_last"]) for name in ("Q1", "Q90")] == [("Q1", 1870)] * 2


def test_an_item_that_does_not_exist_is_missing_and_one_that_was_deleted_becomes_so(world: World) -> None:
    world.names("{{Q|1}} {{Q|77}}")
    world.build()
    assert world.rows()["Q77"]["kind"] == "missing"
    del world.archive.items["Q1"]
    world.build(NOW + timedelta(days=300))
    assert (world.rows()["Q1"]["kind"], world.rows()["Q1"]["died_last"]) == ("missing", None)


def test_a_bad_item_costs_no_other_and_keeps_what_was_known(world: World) -> None:
    numbers = range(10, 40)
    world.archive.items |= {f"Q{number}": Item(name=str(number), died=1900) for number in numbers}
    world.names(" ".join(f"{{{{Q|{number}}}}}" for number in numbers))
    world.build()
    world.archive.oddities.broken["Q20"] = "no-such-entity"
    later = NOW + timedelta(days=300)
    for number in numbers:
        world.edit(f"Q{number}", died=1901)
    counts = world.build(later)
    rows = world.rows()
    assert (counts.asked, counts.failed) == (30, 1)
    assert {rows[f"Q{number}"]["died_last"] for number in numbers if number != 20} == {1901}
    assert (rows["Q20"]["died_last"], rows["Q20"]["tries"], rows["Q20"]["kind"]) == (1900, 1, "person")
    assert "no-such-entity" in str(rows["Q20"]["problem"])
    world.build(later)
    assert world.asked == []
    world.archive.oddities.broken.clear()
    world.build(later + timedelta(days=1))
    assert (world.asked, world.rows()["Q20"]["problem"]) == (["Q20"], None)


def test_redirects_and_normal_forms_of_creator_pages_lead_to_their_item(world: World) -> None:
    world.archive.add("Creator:J. Roy", wikitext="#REDIRECT [[Creator:Jan Roy]]")
    world.archive.add("Creator:Nobody", wikitext="{{Creator|Name=Nobody}}")
    world.names("{{Creator:J. Roy}} {{creator:jan_Roy}} {{Creator:Gone}} {{Creator:Nobody}}")
    world.build()
    first = world.asked
    assert world.rows()["Creator:J. Roy"]["kind"] is None, "it may have been made a redirect today"
    world.build(NOW + timedelta(days=2))
    rows = world.rows()
    told = {name: rows[f"Creator:{name}"]["item"] for name in ("J. Roy", "Jan Roy", "Gone", "Nobody")}
    assert told == {"J. Roy": "Q1", "Jan Roy": "Q1", "Gone": None, "Nobody": None}
    assert first == ["Creator:Gone|Creator:J. Roy|Creator:Jan Roy|Creator:Nobody", "Q1"]


def test_without_wikidata_the_creator_pages_are_read_and_what_is_known_stays(world: World) -> None:
    world.build()
    before = world.rows()
    world.names("{{Creator:Jan Roy}} {{Q|5}}")
    counts = build_creators(world.home, commons=world.session.client(), wikidata=None, now=NOW)
    assert counts.waiting == 1
    assert world.rows() == before


def test_an_archive_that_does_not_answer_ends_the_asking_and_the_rest_is_due_the_next_night(world: World) -> None:
    world.archive.oddities.broken |= {f"Q{number}": "no-such-entity" for number in range(100, 140)}
    world.names(" ".join(f"{{{{Q|{number}}}}}" for number in (1, *range(100, 200))))
    counts = build_creators(world.home, commons=None, wikidata=world.session.client(), now=NOW)
    assert counts.stopped is not None and counts.waiting > 0
    assert is_due(world.home, now=NOW)
    world.archive.oddities.broken.clear()
    assert world.build(NOW + timedelta(days=1)).waiting == 0
    assert world.rows()["Q1"]["kind"] == "person"
    assert world.rows()["Q199"]["kind"] == "missing"


def test_a_run_asks_no_more_than_its_share_and_goes_on_the_next_night(world: World) -> None:
    world.names(" ".join(f"{{{{Q|{number}}}}}" for number in range(1, 251)))
    assert (world.build(requests=2).waiting, len(world.asked)) == (150, 2)
    assert (world.build(requests=2).waiting, len(world.asked)) == (50, 2)
    assert (world.build().waiting, len(world.asked), len(world.rows())) == (0, 1, 250)


def test_another_reader_reads_what_is_kept_and_asks_for_nothing(world: World) -> None:
    world.build()
    good = world.rows()
    older = [{**row, "read_by": "2020", "died_last": 1, "kind": "other"} for row in good.values()]
    plant(world.home, CREATORS, [row for row in older if row["claims"] != '"Q1"'] + [good["Creator:Jan Roy"]])
    world.build()
    assert (world.asked, world.rows()) == ([], good)


def test_a_category_of_a_thousand_files_costs_less_than_five_requests_per_thousand(tmp_path: Path) -> None:
    archive = Archive.painted(count=1000)
    home = open_home(tmp_path / "home")
    pages = [page(one.pageid, "A", wikitext=one.latest.text) for one in archive.files()]
    plant(home, PAGES, pages, partition="A")
    session = InProcess(archive=archive)
    client = session.client()
    counts = build_creators(home, commons=client, wikidata=client, now=NOW)
    assert len(session.asked) / len(pages) <= 0.005
    assert counts.by_kind["person"] == counts.by_kind["creator_page"] > 10
    assert (counts.failed, counts.waiting) == (0, 0)
