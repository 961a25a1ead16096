"""The index keeps in step with the tables, heals, and an older one is served meanwhile."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, TAKEDOWNS
from pd_assets.lib.errors import PdError
from pd_assets.lib.gallery.asked import Query
from pd_assets.lib.gallery.building import build, fingerprint, place
from pd_assets.lib.gallery.index import Gallery
from pd_assets.lib.gallery.keeping import Keeper, make
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import index
from tests.patience import until
from tests.pd_assets.lib.gallery.planted import home_of, replant, rows_of
from tests.pd_assets.lib.planting import PROFILE, plant

COUNT = 12


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_of(tmp_path / "home", COUNT)


def total(gallery: Gallery, **chosen: str) -> int:
    return gallery.page(Query(chosen=tuple((name, (value,)) for name, value in chosen.items()))).total


def in_step(keeper: Keeper, clock: Clock) -> Gallery:
    clock.now += 1.0
    found = until(lambda: keeper.gallery() and keeper.current())
    assert found is not None
    return found


def test_the_first_page_waits_for_the_index_and_a_changed_decision_makes_another(home: Home) -> None:
    clock = Clock()
    keeper = Keeper(home, PROFILE, clock=clock)
    before = in_step(keeper, clock)
    assert total(before, verdict="reject") == COUNT // 4
    assert keeper.current() is before
    rows = [rows_of(number) for number in range(COUNT)]
    rows[0][1].update(verdict="reject", rule_id="doubted", reasons=["in_doubt"])
    replant(home, rows)
    after = in_step(keeper, clock)
    assert total(after, verdict="reject") == COUNT // 4 + 1
    assert total(after, reason="in_doubt") == 1
    # Who still reads the old one can.
    assert total(before, verdict="reject") == COUNT // 4
    assert [path.name for path in place(home).glob("[!.]*")] == [after.fingerprint]


def test_a_takedown_in_the_table_is_a_verdict_of_its_own_for_it_and_its_copies(home: Home) -> None:
    plant(home, TAKEDOWNS, [{"item_id": "commons:M0", "reason": "asked", "number": "T-1"}, {"sha1": f"{4:040x}"}])
    gallery = Gallery(build(home, PROFILE))
    found = gallery.page(Query(chosen=(("verdict", ("taken_down",)),), sort="title"))
    assert {item.item_id for item in found.items} == {"commons:M0", "commons:M4"}
    assert not any(item.has_picture for item in found.items)


def test_an_older_index_is_served_while_a_newer_one_is_made(home: Home) -> None:
    began, may_end = Event(), Event()

    def slow(home: Home, profile: str) -> None:
        began.set()
        may_end.wait()
        build(home, profile)

    build(home, PROFILE)
    clock = Clock()
    keeper = Keeper(home, PROFILE, making=slow, clock=clock)
    before = keeper.gallery()
    assert before is not None and not began.is_set()
    replant(home, [rows_of(number) for number in range(COUNT + 1)])
    clock.now += 1.0
    assert keeper.gallery() is before and keeper.is_making and keeper.current() is None
    may_end.set()
    assert in_step(keeper, clock).count == COUNT + 1


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("rows.arrow", flip),
        ("word.rows.npy", cut),
        ("artist.values.arrow", Path.unlink),
        ("told.json", flip),
        ("told.json", Path.unlink),
    ],
)
def test_a_damaged_index_is_made_anew(home: Home, name: str, damage: Callable[[Path], object]) -> None:
    folder = build(home, PROFILE)
    damage(folder / name)
    clock = Clock()
    assert in_step(Keeper(home, PROFILE, clock=clock), clock).count == COUNT


def test_a_table_that_cannot_be_read_is_told_and_the_older_index_stays(home: Home) -> None:
    clock = Clock()
    keeper = Keeper(home, PROFILE, clock=clock)
    before = in_step(keeper, clock)
    path = tables.bucket_file(home, DECISIONS, 0)
    path.write_bytes(path.read_bytes()[:-100])
    clock.now += 1.0
    until(lambda: keeper.gallery() and keeper.problem)
    assert keeper.problem.startswith("rights/decisions")
    assert keeper.gallery() is before
    assert not keeper.is_making


def test_what_a_killed_build_left_is_removed(home: Home) -> None:
    left = place(home) / ".abc.partial"
    left.mkdir(parents=True)
    folder = build(home, PROFILE)
    assert not left.exists() and build(home, PROFILE) == folder


def test_a_home_that_must_not_be_written_has_its_index_elsewhere(home: Home) -> None:
    asked = open_home(home.root, to_ask=True)
    folder = build(asked, PROFILE)
    assert not folder.is_relative_to(home.root) and not place(home).exists()
    assert Gallery(folder).count == COUNT


def test_a_large_one_is_made_by_a_process_of_its_own(home: Home) -> None:
    make(home, PROFILE, large=COUNT)
    assert Gallery(place(home) / fingerprint(home, PROFILE)).count == COUNT


def test_what_failed_in_that_process_is_named(home: Home) -> None:
    path = tables.bucket_file(home, DECISIONS, 0)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(PdError, match=r"^rights/decisions"):
        make(home, PROFILE, large=COUNT)


def test_the_index_of_trace_leaves_that_of_the_gallery_alone(home: Home) -> None:
    folder = build(home, PROFILE)
    index.refresh(home)
    assert Gallery(folder).count == COUNT
