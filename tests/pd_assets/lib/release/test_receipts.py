"""The receipt of a takedown: its number, and how it stands, told from the home as it is."""

import json
import re
import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.items import build_licensed
from pd_assets.lib.catalog.schemas import ITEMS, LICENSED, MEMBERS, TAKEDOWNS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import notes
from pd_assets.lib.release.receipts import Receipt, as_written, receipt, receipts
from pd_assets.lib.release.takedowns import Asked, keep_aside, noted, resume, take_down, take_down_all
from tests.pd_assets.lib.dataset.exporting import store
from tests.pd_assets.lib.release.planted import catalogue, dataset, model

COUNT = 12
NUMBER = re.compile(r"T-\d{8}-[0-9A-HJKMNP-TV-Z]{8}")


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose dataset holds picture 5, which lies in the store and which a model learnt from."""
    home = open_home(tmp_path_factory.mktemp("made") / "home")
    catalogue(home, range(COUNT))
    export = dataset(home)
    model(home, "unet_text", "seer", export)
    model(home, "latents", "encoded", export)
    stored(home).parent.mkdir(parents=True)
    stored(home).write_bytes(b"the picture")
    return home


@pytest.fixture
def home(made_once: Home, tmp_path: Path) -> Home:
    shutil.copytree(made_once.root, tmp_path / "home", symlinks=True)
    return open_home(tmp_path / "home")


def stored(home: Home) -> Path:
    digest = store(home, 5)
    return home.images / digest[:2] / f"{digest}.jpg"


def texts(told: Receipt, what: str) -> dict[str, list[str]]:
    kinds = {"done": told.done, "waits": told.waits, "stays": told.stays}
    found = {kind: [one.text for one in points if one.what == what] for kind, points in kinds.items()}
    return {kind: lines for kind, lines in found.items() if lines}


def test_each_takedown_has_a_number_in_its_note_and_in_the_table(home: Home) -> None:
    one, other = (take_down(home, f"commons:M{n}", reason="a complaint").number for n in (5, 6))
    assert NUMBER.fullmatch(one) and NUMBER.fullmatch(other) and one != other
    assert {row["item_id"]: row["number"] for row in tables.rows(tables.read(home, TAKEDOWNS))} == {
        "commons:M5": one,
        "commons:M6": other,
    }
    assert {note.number for note in notes.read_all(home)[0]} == {one, other}


def test_ten_thousand_takedowns_of_one_second_have_ten_thousand_numbers() -> None:
    found = [notes.number_of(noted(Asked(names=("x",), reason="r"))[0].taken_down_at, str(n)) for n in range(10_000)]
    assert len(set(found)) == len(found) and all(map(NUMBER.fullmatch, found))


def test_a_note_of_before_there_were_numbers_is_read_with_its_seal_and_has_that_of_its_key(home: Home) -> None:
    take_down(home, "commons:M5", reason="a complaint")
    (path,) = (home.table(TAKEDOWNS.key) / notes.NOTED).glob("[0-9]*.json")
    content = json.loads(path.read_text())
    for name in ("number", "is_pattern", "again", "kept", "ground", "public_reason", "seal"):
        del content[name]
    path.write_text(json.dumps({**content, "seal": notes._seal(content)}))
    (note,) = notes.read_all(home)[0]
    assert note.number == notes.number_of(note.taken_down_at, note.key) and notes.read_all(home)[1] == []
    # The rows of that time have no such columns.
    old = replace(TAKEDOWNS, columns={k: v for k, v in TAKEDOWNS.columns.items() if k not in ("number", "matched_by")})
    tables.write(home, old, tables.read(home, TAKEDOWNS).select(list(old.columns)))
    shutil.rmtree(path.parent)
    assert resume(home) == []
    assert tables.read(home, TAKEDOWNS)["number"].to_pylist() == [note.number]
    assert receipt(home, note.number).named == ("commons:M5",)


def test_a_note_that_is_made_anew_from_the_table_keeps_number_pattern_and_what_came_back(home: Home) -> None:
    done = take_down_all(home, Asked(names=("commons:M5",), patterns=("title:picture 7",), reason="a complaint"))
    before = {note.named: note for note in notes.read_all(home)[0]}
    back = notes.Again(item_id="commons:M8", sha256="ab" * 32, sha1=None, matched_by="look")
    notes.write(home, replace(before["commons:M5"], again=(back,)))
    notes.bring_table_in_step(home)
    shutil.rmtree(home.table(TAKEDOWNS.key) / notes.NOTED)
    resume(home)
    after = {note.named: note for note in notes.read_all(home)[0]}
    assert {note.number for note in after.values()} == {done.number}
    assert after["title:picture 7"].is_pattern and after["commons:M5"].again == (back,)
    assert after["title:picture 7"].pictures == before["title:picture 7"].pictures


def test_what_is_done_waits_and_cannot_be_undone_is_told_from_the_home_as_it_is(home: Home) -> None:
    number = take_down(home, "commons:M5", reason="a complaint").number
    told = receipt(home, number)
    assert told.state == "waits"
    assert "still lists commons:M5" in texts(told, "catalogue")["waits"][0]
    assert "(latest) holds it" in texts(told, "dataset")["waits"][0]
    assert list(texts(told, "store")) == ["stays"]
    assert [(one.name, one.version, one.relation) for one in told.learnt] == [
        ("latents", "encoded", "trained_on"),
        ("unet_text", "seer", "trained_on"),
    ]
    old = home.latest("dataset", "main")
    assert old is not None
    build_licensed(home, profile="strict")
    export = dataset(home)
    told = receipt(home, number)
    assert told.state == "done" and texts(told, "dataset") == {
        "done": [f"dataset main {export.version} (latest) does not hold it"],
        "stays": [f"dataset main {old.name} holds it"],
    }
    assert len(told.learnt) == 2, "no run makes a model forget"
    # What somebody puts back shows.
    home.point("dataset", "main", "latest", old.name)
    assert "holds it: the next run" in texts(receipt(home, number), "dataset")["waits"][0]


def test_a_purge_is_looked_for_and_not_believed(home: Home) -> None:
    number = take_down(home, "commons:M5", reason="a complaint", purge=True).number
    build_licensed(home, profile="strict")
    dataset(home)
    told = receipt(home, number)
    assert told.state == "done", told.waits
    assert texts(told, "store") == {"done": ["no picture of it is in the store"]}
    assert any("held it and is removed" in one for one in texts(told, "dataset")["done"])
    assert list(texts(told, "latents")) == []
    stored(home).parent.mkdir(exist_ok=True)
    stored(home).write_bytes(b"from a backup")
    told = receipt(home, number)
    assert told.state == "waits" and "1 of its pictures is in the store" in texts(told, "store")["waits"][0]


def test_two_names_of_one_picture_are_one_picture_of_the_receipt(home: Home) -> None:
    told = receipt(home, take_down_all(home, Asked(names=("commons:M5", "M5", "5"), reason="a complaint")).number)
    assert [one["item_id"] for one in told.pictures] == ["commons:M5"]
    assert "  1 picture  " in told.in_a_line()


def test_a_model_that_learnt_from_it_and_through_a_parent_is_told_so_in_words(home: Home) -> None:
    parent = model(home, "clip", "one", dataset(home))
    model(home, "unet", "two", dataset(home), inputs={"clip": parent.digest})
    told = list(receipt(home, take_down(home, "commons:M5", reason="a complaint").number).in_words())
    assert "  unet two (latest): trained on, and through clip one, 1 picture, shown 3 times" in told
    assert "  1 item is known of it, copies with them" in told


def test_a_number_may_be_written_as_people_write_it_and_an_unknown_one_names_near_ones(home: Home) -> None:
    assert as_written(" t-20261130-7q4zk2mo ") == "T-20261130-7Q4ZK2M0"
    number = take_down(home, "commons:M5", reason="a complaint").number
    assert receipt(home, f" {number.lower()} ").number == number
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    with pytest.raises(ConfigError, match=f"has the number '{wrong}'; near ones are {number}"):
        receipt(home, wrong)
    for nonsense in ("", "x" * 10_000, "../../etc", "T-20261130-\0", "no number"):
        with pytest.raises(ConfigError, match="no takedown in"):
            receipt(home, nonsense)


def test_all_receipts_are_listed_the_oldest_first_and_a_damaged_note_is_named(home: Home) -> None:
    assert receipts(home) == ([], [])
    numbers = {take_down(home, f"commons:M{n}", reason=f"reason {n}").number for n in (5, 6)}
    told, damaged = receipts(home)
    assert {one.number for one in told} == numbers and damaged == []
    assert all(
        re.fullmatch(r"T-\S+  \d{4}-\d\d-\d\d  1 picture  commons:M\d: reason \d  \(.*\)", one.in_a_line())
        for one in told
    )
    note = next((home.table(TAKEDOWNS.key) / notes.NOTED).glob("[0-9]*.json"))
    for body in ("{", "null", "7", "[]", '"x"', "{}"):
        note.write_text(body)
        told, damaged = receipts(home)
        assert len(told) == 1 and "not a note of a takedown" in damaged[0]


@pytest.mark.parametrize("table", [LICENSED, MEMBERS, ITEMS, TAKEDOWNS], ids=lambda table: table.key)
def test_a_damaged_table_makes_a_status_say_so_and_not_done(home: Home, table: tables.Tables) -> None:
    number = take_down(home, "commons:M5", reason="a complaint").number
    build_licensed(home, profile="strict")
    dataset(home)
    assert receipt(home, number).state == "done"
    assert not isinstance(table, tuple)
    for path in tables.files_of(home, table):
        path.write_bytes(path.read_bytes()[:50])
    told = receipt(home, number)
    if table is TAKEDOWNS:
        # It lies there twice, and the notes have it too.
        assert told.state in ("done", "waits")
    else:
        assert told.waits or told.unknown
    assert json.dumps(told.as_json()) and list(told.in_words())


class Bucket:
    """A bucket that is out of reach: the working copy has what it has."""

    def at_work(self) -> AbstractContextManager[None]:
        return nullcontext()

    def fetch(self, places: Iterable[str]) -> None:
        pass

    def matching(self, pattern: str) -> list[str]:
        return []

    def size_bytes(self, path: str) -> int | None:
        return None


def test_a_takedown_that_could_not_reach_the_bucket_has_its_receipt_here_and_then_in_the_home(home: Home) -> None:
    home = replace(home, copy=Bucket())
    number, _ = keep_aside(home, Asked(names=("commons:M5", "commons:M6"), reason="a complaint"))
    told = receipt(home, number)
    assert sorted(told.named) == ["commons:M5", "commons:M6"]
    assert texts(told, "noted") == {"waits": ["noted on this machine; not in the home's bucket yet"]}
    assert resume(home) == []
    assert texts(receipt(home, number), "noted") == {"done": ["noted"]}


def test_a_failure_after_a_takedown_was_noted_says_its_number(home: Home) -> None:
    (home.root / "dataset" / ".scratch").parent.mkdir(exist_ok=True)
    noted_at = home.table(TAKEDOWNS.key) / notes.NOTED
    shutil.rmtree(home.images)
    home.images.write_text("no folder")
    try:
        number = take_down(home, "commons:M5", reason="a complaint", purge=True).number
    except ConfigError as error:
        (number,) = re.findall(NUMBER, str(error))
    (path,) = noted_at.glob("[0-9]*.json")
    assert json.loads(path.read_text())["number"] == number
