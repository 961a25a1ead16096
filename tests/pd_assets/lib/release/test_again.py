"""What was taken down and comes back under another title, re-encoded, resized or lightly cropped, is refused."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.items import build_licensed, find_unfree
from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, FILES, ITEMS, LICENSED, TAKEDOWNS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import notes
from pd_assets.lib.release.again import JUDGED
from pd_assets.lib.release.asked_standing import stands
from pd_assets.lib.release.kept_out import count_kept_out
from pd_assets.lib.release.receipts import receipt
from pd_assets.lib.release.takedowns import pending, resume, take_down
from pd_assets.lib.release.trace import trace
from tests.pd_assets.lib.pictures import encoded, painting
from tests.pd_assets.lib.planting import Row, decision, item, plant
from tests.pd_assets.lib.release.coming_back import CHANGES, cropped, put, smaller

OTHERS = 200
SIZE = (160, 120)
VICTIM, FIRST_AGAIN = 5, 1000


def files_of(home: Home, numbers: range) -> dict[int, Row]:
    return {n: put(home, n, encoded(painting(n, *SIZE), quality=90)) for n in numbers}


def catalogue(home: Home, files: dict[int, Row]) -> None:
    """A catalogue of these pictures, all of them live and accepted."""
    plant(home, ITEMS, [item(n) for n in files])
    plant(home, DECISIONS, [decision(n) for n in files])
    plant(home, FILES, files.values())


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, dict[int, Row]]:
    home = open_home(tmp_path_factory.mktemp("made") / "home")
    files = files_of(home, range(OTHERS))
    catalogue(home, files)
    build_licensed(home, profile="strict")
    return home, files


@pytest.fixture
def made(made_once: tuple[Home, dict[int, Row]], tmp_path: Path) -> tuple[Home, dict[int, Row]]:
    shutil.copytree(made_once[0].root, tmp_path / "home", symlinks=True)
    return open_home(tmp_path / "home"), dict(made_once[1])


def licensed_items(home: Home) -> set[str]:
    build_licensed(home, profile="strict")
    return {str(row["item_id"]) for row in tables.rows(tables.read(home, LICENSED))}


def come_back(home: Home, files: dict[int, Row]) -> dict[int, str]:
    """Every change of the victim as a new item; what each is."""
    back = dict(enumerate(CHANGES, FIRST_AGAIN))
    for number, change in back.items():
        files[number] = put(home, number, CHANGES[change](painting(VICTIM, *SIZE)))
    catalogue(home, files)
    return back


@pytest.mark.parametrize("purge", [False, True], ids=["kept", "purged"])
def test_every_change_of_it_is_refused_and_two_hundred_others_are_not(
    made: tuple[Home, dict[int, Row]], purge: bool
) -> None:
    home, files = made
    number = take_down(home, f"commons:M{VICTIM}", reason="a complaint", purge=purge).number
    if purge:
        # Nothing of it is left in any table.
        del files[VICTIM]
        plant(home, CLUSTERS, [])
    back = come_back(home, files)
    resume(home, purges=False)
    assert licensed_items(home) == {f"commons:M{n}" for n in range(OTHERS) if n != VICTIM}
    assert find_unfree(home, profile="strict") == []
    matched = {row["item_id"]: row["matched_by"] for row in tables.rows(tables.read(home, TAKEDOWNS))}
    assert {f"commons:M{n}" for n in back} < set(matched) and len(matched) == len(back) + 1
    one = FIRST_AGAIN + 1
    (down,) = stands(home, f"commons:M{one}").downs
    assert (down.number, down.reason, down.how) == (number, "a complaint", "it looks the same")
    assert any(number in line for line in trace(home, f"commons:M{one}").in_words())
    assert count_kept_out(home, profile="strict") == {number: len(back) + (not purge)}
    assert len(receipt(home, number).pictures) == len(back) + 1


def test_what_came_back_is_no_original_of_further_copies(made: tuple[Home, dict[int, Row]]) -> None:
    home, files = made
    take_down(home, f"commons:M{VICTIM}", reason="a complaint")
    come_back(home, files)
    resume(home)
    (note,) = notes.read_all(home)[0]
    assert [one.sha256 for one in note.kept] == [files[VICTIM]["sha256"]]
    assert len(note.again) == len(CHANGES)
    before = json.loads((home.scratch / JUDGED).read_text()) if (home.scratch / JUDGED).is_file() else []
    assert resume(home) == [] and notes.read_all(home)[0] == [note], "nothing grows when nothing comes"
    assert before == [] or json.loads((home.scratch / JUDGED).read_text()) == before


def test_what_comes_back_after_a_purge_is_purged_as_well(made: tuple[Home, dict[int, Row]]) -> None:
    home, files = made
    take_down(home, f"commons:M{VICTIM}", reason="a complaint", purge=True)
    come_back(home, files)
    paths = [home.root / str(files[n]["path"]) for n in range(FIRST_AGAIN, FIRST_AGAIN + len(CHANGES))]
    assert all(path.is_file() for path in paths)
    resume(home, purges=False)
    assert pending(home) == [f"commons:M{VICTIM}"] and all(path.is_file() for path in paths)
    assert resume(home) == [] and not any(path.exists() for path in paths) and pending(home) == []


def test_a_copy_that_was_there_before_is_found_with_the_takedown_itself(made: tuple[Home, dict[int, Row]]) -> None:
    home, files = made
    back = come_back(home, files)
    done = take_down(home, f"commons:M{VICTIM}", reason="a complaint")
    assert {one.item_id for one in done.again} | {one.item_id for one in done.pictures} == {
        f"commons:M{n}" for n in (VICTIM, *back)
    }


def test_a_damaged_table_costs_nothing_but_time(made: tuple[Home, dict[int, Row]]) -> None:
    home, files = made
    take_down(home, f"commons:M{VICTIM}", reason="a complaint")
    come_back(home, files)
    (path,) = tables.files_of(home, FILES)
    second = list(path.parent.glob(".*second"))
    body = path.read_bytes()
    for one in (path, *second):
        one.write_bytes(body[:100])
    resume(home)
    for one in (path, *second):
        one.write_bytes(body)
    resume(home)
    assert len(notes.read_all(home)[0][0].again) == len(CHANGES)


def test_a_note_whose_small_picture_is_damaged_is_compared_by_hashes(made: tuple[Home, dict[int, Row]]) -> None:
    home, files = made
    take_down(home, f"commons:M{VICTIM}", reason="a complaint")
    (note,) = notes.read_all(home)[0]
    notes.write(home, replace(note, kept=tuple(replace(one, look="no picture") for one in note.kept)))
    come_back(home, files)
    resume(home)
    assert {one.item_id for one in notes.read_all(home)[0][0].again} >= {f"commons:M{FIRST_AGAIN + n}" for n in (0, 1)}


def test_a_picture_that_was_not_at_hand_when_it_was_looked_at_is_looked_at_again(
    made: tuple[Home, dict[int, Row]],
) -> None:
    home, files = made
    take_down(home, f"commons:M{VICTIM}", reason="a complaint")
    # So much is cut off that the hashes alone do not tell.
    cut = smaller(cropped(painting(VICTIM, *SIZE), *[0.05] * 4))
    files[FIRST_AGAIN] = put(home, FIRST_AGAIN, encoded(cut, quality=70))
    catalogue(home, files)
    path = home.root / str(files[FIRST_AGAIN]["path"])
    path.rename(path.with_suffix(".away"))
    resume(home)
    assert notes.read_all(home)[0][0].again == ()
    path.with_suffix(".away").rename(path)
    resume(home)
    assert [one.item_id for one in notes.read_all(home)[0][0].again] == [f"commons:M{FIRST_AGAIN}"]


def test_what_was_judged_of_one_takedown_is_not_forgotten_by_the_next(made: tuple[Home, dict[int, Row]]) -> None:
    home, files = made
    take_down(home, f"commons:M{VICTIM}", reason="a complaint")
    judged = f"{files[VICTIM]['sha256']} {'0' * 64} seen"
    home.scratch.mkdir(exist_ok=True)
    (home.scratch / JUDGED).write_text(json.dumps([judged]))
    take_down(home, f"commons:M{VICTIM + 1}", reason="another")
    assert judged in json.loads((home.scratch / JUDGED).read_text())
    resume(home)
    assert judged not in json.loads((home.scratch / JUDGED).read_text()), "it is no candidate any more"
