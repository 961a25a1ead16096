"""What a page says may be used is what catalog/licensed_images holds, whatever is against a picture; and what is taken
down is known to every page from its note on.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.items import build_licensed, stale_items
from pd_assets.lib.catalog.looks import COMMONS, Looks, stale
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, LICENSED, MEMBERS, TAKEDOWNS
from pd_assets.lib.catalog.while_unchanged import WhileUnchanged
from pd_assets.lib.gallery.building import rows
from pd_assets.lib.gallery.keeping import Keeper
from pd_assets.lib.gallery.standing import Standing
from pd_assets.lib.gallery.withheld import Withheld
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import index, notes
from pd_assets.lib.release.asked_picture import about
from pd_assets.lib.release.asked_standing import stands
from pd_assets.lib.release.concerns import concerns
from pd_assets.lib.release.takedowns import Asked, noted, take_down
from pd_assets.lib.release.undoing import undo
from pd_assets.lib.settings import STALE_DAYS, Settings
from pd_assets.web.export import accepted
from pd_assets.web.served import served
from tests.pd_assets.lib.dataset.exporting import store
from tests.pd_assets.lib.planting import PROFILE, Row, decision, file, item, plant
from tests.pd_assets.lib.release.planted import catalogue, dataset

# What may be against a picture, as columns of its rows in ITEMS, FILES and DECISIONS.
AGAINST: dict[str, tuple[Row, Row, Row]] = {
    "deleted": ({"status": "deleted"}, {}, {}),
    "no usable page": ({"problem": "incomplete"}, {}, {}),
    "a newer file": ({"sha1": "f" * 40}, {}, {}),
    "stale": ({}, {}, {}),
    "waits": ({}, {}, {"verdict": "quarantine", "reasons": ["deletion_pending"]}),
    "not decoded": ({}, {"status": "undecodable"}, {}),
}
SETS = [()] + [one for size in (1, 2) for one in combinations(AGAINST, size)]
# The very same picture on two pages, of which one is refused for its licence; and one that was taken down.
CONFLICT, REFUSED, DOWN = 101, 102, 103


def planted(home: Home) -> Home:
    """One item for each way in which one or two things are against it."""
    looks = Looks()
    items, files, decisions = [], [], []
    for number, against in enumerate(SETS):
        told = [AGAINST[one] for one in against]
        of_item, of_file, of_decision = ({name: v for one in told for name, v in one[of].items()} for of in range(3))
        items.append(item(number, **of_item))
        files.append(stored(home, number, number, **of_file))
        decisions.append(decision(number, **of_decision))
        if "stale" in against:
            looks.could_not_read(number, read_before=datetime.now(UTC) - timedelta(days=STALE_DAYS + 1))
    looks.save(home, COMMONS)
    for number, of in ((CONFLICT, CONFLICT), (REFUSED, CONFLICT), (DOWN, DOWN)):
        items.append(item(number, sha1=f"{of:040x}"))
        files.append(stored(home, number, of))
        refused = {"verdict": "reject", "reasons": ["obligation"]} if number == REFUSED else {}
        decisions.append(decision(number, **refused))
    plant(home, ITEMS, items)
    plant(home, FILES, files)
    plant(home, DECISIONS, decisions)
    take_down(home, f"commons:M{DOWN}", reason="asked")
    build_licensed(home, profile=PROFILE, stale=stale_items(home, stale(home, days=STALE_DAYS)))
    index.refresh(home)
    return home


def stored(home: Home, number: int, of: int, **changes: object) -> Row:
    path = f"images/{of}.jpg"
    return file(number, sha1=f"{of:040x}", sha256=store(home, of), path=path, phash=f"{of:016x}", **changes)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return planted(open_home(tmp_path_factory.mktemp("used") / "home"))


def free(home: Home) -> set[str]:
    return set(tables.read(home, LICENSED)["item_id"].to_pylist())


def test_a_page_says_may_be_used_of_what_is_licensed_and_of_nothing_else(home: Home) -> None:
    assert free(home) == {"commons:M0"}
    for row in tables.read(home, ITEMS)["item_id"].to_pylist():
        told = about(home, row, profile=PROFILE, fresh_days=30).verdicts[0]
        assert told.why.may_be_used == (row in free(home)) == told.why.first.startswith("May be used: "), told.why.first
        assert (told.word == "accepted") == told.why.may_be_used == (told.why.badge == "accept")


def test_only_what_is_licensed_is_shown_drawn_from_and_exported_and_the_words_are_the_same(home: Home) -> None:
    shown = Standing(Keeper(home, PROFILE, making=lambda home, profile: None), Withheld(home))
    assert set(shown.every_shown()) == free(home) == accepted(served(home, Settings(home=home.root)))
    for row in (row for batch in rows(home, PROFILE) for row in batch.to_pylist()):
        assert row["has_picture"] <= (row["verdict"] == "accept"), row
        stand = stands(home, row["item_id"])
        found = shown.item(row["item_id"])
        assert found is not None
        if row["verdict"] in ("accept", "quarantine") and not row["reason"]:
            assert shown.waits(found) == stand.left_out, row
    (waits,) = [number for number, against in enumerate(SETS) if against == ("stale",)]
    assert "could not be read anew" in (shown.why_not(shown.item(f"commons:M{waits}")) or "")  # type: ignore[arg-type]


@pytest.fixture
def whole(tmp_path: Path) -> Home:
    home = open_home(tmp_path / "home")
    catalogue(home, range(4))
    return home


def said(home: Home, number: int) -> Iterator[bool]:
    """What each page goes by: whether a picture may be shown."""
    shown = Standing(Keeper(home, PROFILE, making=lambda home, profile: None), Withheld(home))
    found = shown.item(f"commons:M{number}")
    assert found is not None
    yield shown.why_not(found) is None
    yield stands(home, found.item_id).may_be_shown
    yield found.item_id in set(shown.every_shown())


@pytest.mark.parametrize("named", ["Picture 1", "https://archive.test/wiki/1"])
def test_a_takedown_by_title_holds_once_the_catalogue_is_mended_before_any_run(whole: Home, named: str) -> None:
    (part,) = [path for path in tables.files_of(whole, ITEMS) if "M1" in str(tables.read_part(ITEMS, path)["item_id"])]
    before = part.read_bytes()
    part.write_bytes(before[:60])
    done = take_down(whole, named, reason="asked")
    assert done.left and stands(whole, "commons:M1").unread
    part.write_bytes(before)
    assert tables.read(whole, TAKEDOWNS)["item_id"].to_pylist() == [None]
    assert set(said(whole, 1)) == {False} and set(said(whole, 2)) == {True}
    assert [one.number for one in stands(whole, "commons:M1").downs] == [done.number]


@pytest.mark.parametrize("is_held", [False, True])
def test_of_a_damaged_note_that_no_table_holds_nobody_knows_what_it_takes_down(whole: Home, is_held: bool) -> None:
    if is_held:
        take_down(whole, "commons:M1", reason="asked")
    else:
        notes.write(whole, noted(Asked(names=("commons:M1",), reason="asked"))[0])
    assert set(said(whole, 1)) == {False} and set(said(whole, 2)) == {True}
    (note,) = (whole.table(TAKEDOWNS.key) / notes.NOTED).glob("2*.json")
    note.write_bytes(note.read_bytes()[:60])
    assert set(said(whole, 1)) == {False} and set(said(whole, 2)) == {is_held}
    told = about(whole, "commons:M2", profile=PROFILE, fresh_days=30).verdicts[0].why.first
    assert told.startswith("May be used: ") == is_held and (note.name in told) != is_held
    note.unlink()
    assert set(said(whole, 2)) == {True}


def test_an_undoing_that_is_damaged_undoes_nothing_on_any_page(whole: Home) -> None:
    down = take_down(whole, "commons:M1", reason="asked")
    undo(whole, str(down.number), reason="a mistake")
    assert set(said(whole, 1)) == {True}
    (note,) = (whole.table(TAKEDOWNS.key) / notes.NOTED).glob("undone-*.json")
    note.write_bytes(note.read_bytes()[:40])
    assert set(said(whole, 1)) == {False}


def test_a_takedown_reaches_datasets_and_sheets_from_its_note_on(whole: Home) -> None:
    version = dataset(whole).version
    kept = WhileUnchanged(whole)
    assert concerns(kept, profile=PROFILE).may_show_pictures_of(version)
    (note,) = noted(Asked(names=("commons:M1",), reason="asked"))
    notes.write(whole, note)
    found = concerns(kept, profile=PROFILE)
    assert not found.may_show_pictures_of(version)
    assert [(one.item_id, one.reason, one.versions) for one in found.withdrawn] == [
        ("commons:M1", f"taken down: {note.number}", (version,))
    ]


@pytest.mark.parametrize("harm", ["damaged", "missing", "of nobody"])
def test_no_sheet_is_shown_of_a_dataset_of_which_it_is_not_known_what_it_held(whole: Home, harm: str) -> None:
    version = dataset(whole).version
    (part,) = tables.parts(whole, MEMBERS)
    if harm == "damaged":
        part.write_bytes(part.read_bytes()[:200])
    elif harm == "missing":
        part.unlink()
    assert not concerns(WhileUnchanged(whole), profile=PROFILE).may_show_pictures_of(
        "0" * 16 if harm == "of nobody" else version
    )
