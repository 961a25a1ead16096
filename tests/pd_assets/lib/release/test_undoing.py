"""Undoing a takedown: everybody who asks what is kept out sees it, and the log keeps both."""

import json
import random
import shutil
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.items import build_licensed, find_unfree
from pd_assets.lib.catalog.schemas import FILES, LICENSED, TAKEDOWNS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.gallery.withheld import Withheld
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.images.fetch import fetch_accepted
from pd_assets.lib.release import notes
from pd_assets.lib.release.asked_standing import stands
from pd_assets.lib.release.kept_out import count_kept_out
from pd_assets.lib.release.ledger_proof import taken_down
from pd_assets.lib.release.receipts import receipt
from pd_assets.lib.release.takedowns import Asked, NobodyKnows, pending, purged, resume, take_down, take_down_all
from pd_assets.lib.release.trace import trace
from pd_assets.lib.release.undoing import undo
from pd_assets.lib.release.withdrawals import find_withdrawn
from tests.pd_assets.lib.planting import MAX_SIDE
from tests.pd_assets.lib.release.planted import catalogue, dataset, model

COUNT = 12
WHY = "the heirs agreed"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    catalogue(made, range(COUNT), copies=[(6, 5)])
    return made


def licensed_items(home: Home) -> set[str]:
    build_licensed(home, profile="strict")
    return {str(row["item_id"]) for row in tables.rows(tables.read(home, LICENSED))}


def log(home: Home) -> list[tuple[object, object]]:
    return [(row["item_id"], row["undone_reason"]) for row in tables.rows(tables.read(home, TAKEDOWNS))]


@pytest.mark.parametrize(
    "asked",
    [
        Asked(names=("commons:M5",), reason="a complaint"),
        Asked(names=("commons:M1", "Picture 2"), patterns=("title:picture 7",), reason="a letter", is_list=True),
    ],
)
def test_after_a_takedown_and_its_undoing_the_licensed_table_is_as_before_and_the_log_has_both(
    home: Home, asked: Asked
) -> None:
    before = licensed_items(home)
    number = take_down_all(home, asked).number
    meant = {str(item) for item, _ in log(home)}
    assert not licensed_items(home) & meant
    done = undo(home, number, reason=WHY)
    assert (done.number, done.items, done.others, done.left) == (number, len(meant), (), ())
    assert licensed_items(home) == before
    assert {why for _, why in log(home)} == {WHY} and {item for item, _ in log(home)} == meant
    assert find_unfree(home, profile="strict") == []
    # Nor does a run bring it back.
    assert resume(home) == [] and licensed_items(home) == before and pending(home) == []


def test_whatever_is_taken_down_and_undone_what_stands_is_out_and_the_rest_is_in(home: Home) -> None:
    """Takedowns and undoings of overlapping pictures in an order drawn at random, against a list kept by hand."""
    draw = random.Random(5)
    before, stand = licensed_items(home), {}
    for step in range(7):
        if stand and draw.random() < 0.4:
            undo(home, number := draw.choice(sorted(stand)), reason=f"step {step}")
            del stand[number]
        else:
            item = f"commons:M{draw.randrange(4)}"
            stand[take_down(home, item, reason=f"step {step}").number] = item
    assert licensed_items(home) == before - set(stand.values())
    resume(home)
    assert licensed_items(home) == before - set(stand.values())
    assert len({note.number for note in notes.read_all(home)[0]}) > len(stand), "something was undone, and is told"


def test_everybody_who_asks_what_is_kept_out_sees_it(home: Home) -> None:
    export = dataset(home)
    model(home, "unet_text", "seer", export)
    number = take_down(home, "commons:M5", reason="a complaint").number
    assert find_withdrawn(home, profile="strict") and stands(home, "commons:M6").downs and taken_down(home).count
    assert count_kept_out(home, profile="strict") == {number: 2}
    undo(home, number, reason=WHY)
    assert find_withdrawn(home, profile="strict") == () and not taken_down(home).count
    withheld = Withheld(home=home)
    for item in ("commons:M5", "commons:M6"):
        assert stands(home, item).downs == () and withheld.why(item) is None
    assert count_kept_out(home, profile="strict") == {}
    told = "\n".join(trace(home, "commons:M5").in_words())
    assert "a complaint" in told and f": {WHY}" in told and "undone" in told


def test_what_was_purged_stays_gone_and_is_asked_for_by_the_next_run(home: Home) -> None:
    export = dataset(home)
    number = take_down(home, "commons:M5", reason="a complaint", purge=True).number
    with PoliteSession("tests", tries=1) as session:
        fetch_accepted(home, session, profile="strict", max_side=MAX_SIDE)
        assert session.traffic == {}
    done = undo(home, number, reason=WHY)
    assert done.was_purged and not export.folder.exists() and purged(home) == set()
    told = receipt(home, number)
    assert told.state == "undone" and told.models == () and told.waits == ()
    assert "fetches and exports it anew" in "\n".join(told.in_words())
    with PoliteSession("tests", tries=1) as session:
        fetch_accepted(home, session, profile="strict", max_side=MAX_SIDE)
    asked = {row["item_id"] for row in tables.rows(tables.read(home, FILES)) if row["status"] != "ok"}
    assert asked == {"commons:M5", "commons:M6"}


def test_a_number_that_none_has_and_one_that_is_undone_are_clear_errors_and_change_nothing(home: Home) -> None:
    number = take_down(home, "commons:M5", reason="a complaint").number
    with pytest.raises(ConfigError, match="needs a reason"):
        undo(home, number, reason=" ")
    near = number[:-1] + ("0" if number[-1] != "0" else "1")
    with pytest.raises(ConfigError, match=f"has the number '{near}'; near ones are {number}"):
        undo(home, near, reason=WHY)
    assert log(home) == [("commons:M5", None), ("commons:M6", None)]
    undo(home, number.lower(), reason=WHY)
    with pytest.raises(ConfigError, match=f"{number} was undone already, on .*: {WHY}"):
        undo(home, number, reason="once more")
    assert set(log(home)) == {("commons:M5", WHY), ("commons:M6", WHY)}


def test_another_takedown_of_the_same_picture_stands_and_is_named(home: Home) -> None:
    one = take_down(home, "commons:M5", reason="a complaint").number
    other = take_down(home, "commons:M6", reason="a letter").number
    assert undo(home, one, reason=WHY).others == (other,)
    assert not {"commons:M5", "commons:M6"} & licensed_items(home)
    assert undo(home, other, reason=WHY).others == ()
    assert "commons:M5" in licensed_items(home)


def test_what_is_taken_down_once_more_within_the_same_second_has_a_number_of_its_own_and_stands(home: Home) -> None:
    for _ in range(2):
        undo(home, take_down(home, "commons:M5", reason="a complaint").number, reason=WHY)
    take_down(home, "commons:M5", reason="a complaint")
    assert len({note.number for note in notes.read_all(home)[0]}) == 3
    assert "commons:M5" not in licensed_items(home)


def test_note_and_table_heal_one_another_also_of_what_is_undone(home: Home) -> None:
    number = take_down(home, "commons:M5", reason="a complaint").number
    stands = take_down(home, "commons:M1", reason="a letter").number
    before = licensed_items(home)
    undo(home, number, reason=WHY)
    free = licensed_items(home)
    assert "commons:M5" in free - before and "commons:M1" not in free
    noted = home.table(TAKEDOWNS.key) / notes.NOTED
    path = noted / notes.UNDONE.format(number)
    whole = path.read_text()
    for harm in (
        path.unlink,
        lambda: path.write_text(whole.replace(WHY, "because")),
        lambda: path.write_text("{"),
        lambda: shutil.rmtree(noted),
        lambda: [one.unlink() for one in home.table(TAKEDOWNS.key).glob("**/*.parquet*")],
    ):
        harm()
        assert resume(home) == []
        assert path.read_text() == whole
        assert {note.number for note in notes.standing(home)} == {stands}
        assert licensed_items(home) == free
    # Where nothing proves it, it is not believed, and named.
    path.write_text("{}")
    for one in home.table(TAKEDOWNS.key).glob("**/*.parquet*"):
        one.unlink()
    assert any("not a note of an undone takedown" in one for one in resume(home))
    assert licensed_items(home) == before


def test_a_takedown_whose_note_is_damaged_is_undone_where_the_table_proves_it(home: Home) -> None:
    number = take_down(home, "commons:M5", reason="a complaint").number
    (path,) = (home.table(TAKEDOWNS.key) / notes.NOTED).glob("2*.json")
    path.write_bytes(path.read_bytes()[:100])
    assert undo(home, number, reason=WHY).items == 2
    assert "commons:M5" in licensed_items(home) and notes.standing(home) == []


def test_whoever_is_at_work_on_a_takedown_does_not_lose_its_undoing(home: Home) -> None:
    number = take_down(home, "commons:M5", reason="a complaint").number
    (as_read,) = notes.read_all(home)[0]
    undo(home, number, reason=WHY)
    notes.write(home, as_read)
    assert resume(home) == [] and notes.standing(home) == []


def test_its_notice_asks_for_nothing_and_names_what_may_come_again(home: Home) -> None:
    dataset(home)
    number = take_down(home, "commons:M5", reason="a complaint").number
    undo(home, number, reason=WHY)
    told = json.loads((home.root / "notices" / f"{number}.json").read_text())
    assert told["pictures"] == told["datasets"] == told["models"] == []
    assert [one["action"] for one in told["receivers"]] == ["nothing"]
    assert {one["item_id"] for one in told["restored"]} == {"commons:M5", "commons:M6"}
    assert WHY not in json.dumps(told), "no word of the operator's that was not meant for others"


@pytest.mark.parametrize("called", ["commons:M404", "ab" * 32])
def test_what_nobody_knows_is_noted_only_where_that_is_meant(home: Home, called: str) -> None:
    with pytest.raises(NobodyKnows, match=r"nobody here knows .*say --yes"):
        take_down_all(home, Asked(names=(called,), reason="announced"))
    assert notes.read_all(home) == ([], [])
    take_down_all(home, Asked(names=(called,), reason="announced", is_sure=True))
    assert [note.named for note in notes.standing(home)] == [called]
