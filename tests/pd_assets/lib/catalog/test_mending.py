"""What is damaged heals before a step works on the home: derived files go, of two copies the whole one counts."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.mending import SET_ASIDE, mend, set_aside
from pd_assets.lib.catalog.schemas import CAPTIONS, DECISIONS, LICENSED, PAGES, TABLES, TAKEDOWNS
from pd_assets.lib.catalog.schemas.table import Kept
from pd_assets.lib.errors import DamagedTable
from pd_assets.lib.home import Home, open_home
from tests.pd_assets.lib.planting import THEN, decision, page, plant

HOW: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda body: body[: len(body) // 2],
    "overwritten": lambda _: b"garbage\n",
    "emptied": lambda _: b"",
    "zeros": lambda body: bytes(len(body)),
    "one bit": lambda body: body.replace(b"asked", b"aske" + bytes([ord("d") ^ 1]), 1),
}
TAKEN_DOWN = {"item_id": "commons:M1", "named": "asked", "reason": "asked", "taken_down_at": THEN}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def part(home: Home, key: str) -> Path:
    (path,) = tables.files_of(home, TABLES[key])
    return path


@pytest.mark.parametrize("how", HOW)
def test_of_what_is_kept_twice_the_whole_copy_takes_the_place_of_the_other(home: Home, how: str) -> None:
    plant(home, TAKEDOWNS, [TAKEN_DOWN])
    path = part(home, TAKEDOWNS.key)
    written = path.read_bytes()
    for harmed in (path, damage.second(path)):
        assert mend(home) == []
        harmed.write_bytes(HOW[how](written))
        assert mend(home) == []
        assert path.read_bytes() == damage.second(path).read_bytes() == written


def test_a_file_that_is_gone_comes_back_from_its_second_copy(home: Home) -> None:
    plant(home, TAKEDOWNS, [TAKEN_DOWN])
    part(home, TAKEDOWNS.key).unlink()
    mend(home)
    assert tables.read(home, TAKEDOWNS).num_rows == 1


def test_where_both_copies_are_damaged_nothing_is_touched_and_the_table_is_named(home: Home) -> None:
    plant(home, TAKEDOWNS, [TAKEN_DOWN])
    path = part(home, TAKEDOWNS.key)
    for copy in (path, damage.second(path)):
        copy.write_bytes(b"garbage")
    (left,) = mend(home)
    assert (left.table, left.path) == (TAKEDOWNS.key, path)
    with pytest.raises(DamagedTable, match=r"restore both from a backup, or run `pdd doctor --repair`"):
        tables.read_or_empty(home, TAKEDOWNS)


def test_a_damaged_derived_file_is_removed_so_that_its_table_is_made_anew(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    plant(home, CAPTIONS, [{"item_id": "commons:M1"}])
    path = part(home, CAPTIONS.key)
    path.write_bytes(path.read_bytes()[:-1])
    assert mend(home) == [] and not path.exists()
    assert "dataset/captions" in caplog.text and "made anew" in caplog.text


def test_evidence_is_left_as_it_is_for_a_person_to_decide(home: Home) -> None:
    plant(home, DECISIONS, [decision(1)])
    path = part(home, DECISIONS.key)
    path.write_bytes(b"garbage")
    assert [found.table for found in mend(home)] == [DECISIONS.key]
    assert path.read_bytes() == b"garbage"


def test_damaged_pages_are_set_aside_and_those_of_other_parts_stay(home: Home) -> None:
    plant(home, PAGES, [page(1, "A")], partition="A")
    plant(home, PAGES, [page(2, "B")], partition="B")
    path = home.partition(PAGES.key, "A") / tables.part_name(0)
    path.write_bytes(b"garbage")
    assert [found.path for found in mend(home)] == [path]
    assert [found.path for found in set_aside(home, PAGES)] == [path]
    assert (home.root / SET_ASIDE / path.relative_to(home.root)).read_bytes() == b"garbage"
    assert tables.read(home, PAGES)["pageid"].to_pylist() == [2]


def test_a_file_that_was_whole_is_not_read_again_until_it_is_another(home: Home) -> None:
    plant(home, LICENSED, [{"item_id": "commons:M1"}])
    path = part(home, LICENSED.key)
    mend(home)
    told = path.stat()
    path.write_bytes(bytes(told.st_size))
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))
    mend(home)
    assert path.exists(), "it looks the same from outside"
    with pytest.raises(DamagedTable):
        tables.read(home, LICENSED)
    damage.forget(home, LICENSED, path)
    mend(home)
    assert not path.exists()


def test_what_is_whole_is_added_to_what_is_remembered_and_what_was_replaced_is_forgotten(home: Home) -> None:
    noted = home.root / damage.WHOLE
    plant(home, LICENSED, [{"item_id": "commons:M1"}])
    mend(home)
    before = noted.read_text()
    plant(home, PAGES, [page(1, "A")], partition="A")
    mend(home)
    assert noted.read_text().startswith(before) and len(noted.read_text().split()) == 2
    damage.forget_all(home)
    noted.write_text("".join(f"{number}-1-1\n" for number in range(damage.LEAST_REMEMBERED)))
    mend(home)
    assert len(noted.read_text().split()) == 2, "what is there, of which each file was read"


def test_a_line_that_was_cut_off_costs_a_look_and_nothing_else(home: Home) -> None:
    plant(home, LICENSED, [{"item_id": "commons:M1"}])
    mend(home)
    noted = home.root / damage.WHOLE
    whole = noted.read_text().split()
    damage.forget_all(home)
    noted.write_text(whole[0][:-3])
    mend(home)
    assert set(whole) < set(noted.read_text().split())


def test_rows_that_a_table_drops_leave_no_second_copy_behind(home: Home) -> None:
    folder = home.table(TAKEDOWNS.key)
    plant(home, TAKEDOWNS, [TAKEN_DOWN])
    (folder / "part-7.parquet").write_bytes((folder / tables.PART).read_bytes())
    mend(home)
    assert len(list(folder.glob(".*.second"))) == 2
    plant(home, TAKEDOWNS, [TAKEN_DOWN])
    mend(home)
    assert tables.read(home, TAKEDOWNS).num_rows == 1 and len(list(folder.glob(".*.second"))) == 1


def test_what_nothing_else_tells_is_evidence() -> None:
    derived = {key for key, table in TABLES.items() if table.kept is Kept.DERIVED}
    assert derived == {"catalog/items", "catalog/licensed_images", "dataset/captions", "dataset/things"}
