"""No damage and no run under way makes a takedown vain: it is noted, done as far as can be, and gone on with."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.items import build_licensed
from pd_assets.lib.catalog.schemas import (
    CAPTIONS,
    CLUSTERS,
    DECISIONS,
    FILES,
    ITEMS,
    LICENSED,
    MEMBERS,
    TAKEDOWNS,
    Table,
)
from pd_assets.lib.errors import ConfigError, TableError
from pd_assets.lib.home import Home, alone, open_home
from pd_assets.lib.release import notes
from pd_assets.lib.release.takedowns import Asked, keep_aside, pending, resume, take_down
from pd_assets.lib.release.trace import trace
from pd_assets.lib.rights.audit import Sample, save_sample
from pd_ml.provenance import LEDGER, RUN
from tests.pd_assets.lib.dataset.exporting import store
from tests.pd_assets.lib.planting import item, plant
from tests.pd_assets.lib.release.planted import catalogue, dataset, model
from tests.pd_assets.lib.release.test_takedowns import plant_sheets

COUNT = 12
ASKED = (ITEMS, FILES, CLUSTERS, MEMBERS)
NOT_ASKED = (CAPTIONS, LICENSED, DECISIONS)


@dataclass(frozen=True, kw_only=True)
class Made:
    """A home whose only dataset holds picture 5, which lies in the store too."""

    home: Home
    version: str

    @property
    def stored(self) -> Path:
        digest = store(self.home, 5)
        return self.home.images / digest[:2] / f"{digest}.jpg"

    @property
    def dataset(self) -> Path:
        return self.home.dataset("main", self.version)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Made:
    home = open_home(tmp_path_factory.mktemp("made") / "home")
    catalogue(home, range(COUNT))
    made = Made(home=home, version=dataset(home).version)
    made.stored.parent.mkdir(parents=True)
    made.stored.write_bytes(b"the picture")
    return made


@pytest.fixture
def made(made_once: Made, tmp_path: Path) -> Made:
    shutil.copytree(made_once.home.root, tmp_path / "home", symlinks=True)
    return replace(made_once, home=open_home(tmp_path / "home"))


def files(home: Home, table: Table) -> list[Path]:
    return sorted(home.table(table.key).rglob("*.parquet"))


def cut(home: Home, table: Table) -> dict[Path, bytes]:
    """Cut the files of a table to half; what they were."""
    before = {path: path.read_bytes() for path in files(home, table)}
    assert before, table.key
    for path, body in before.items():
        path.write_bytes(body[: len(body) // 2])
    return before


def put_back(before: dict[Path, bytes]) -> None:
    for path, body in before.items():
        path.write_bytes(body)


def rows(home: Home) -> set[tuple[object, object]]:
    return {(row["item_id"], row["named"]) for row in tables.rows(tables.read(home, TAKEDOWNS))}


def is_gone(made: Made) -> bool:
    return not made.stored.exists() and not made.dataset.exists()


@pytest.mark.parametrize("table", NOT_ASKED, ids=lambda table: table.key)
def test_a_table_that_is_not_asked_costs_a_takedown_nothing(made: Made, table: Table) -> None:
    cut(made.home, table)
    done = take_down(made.home, "commons:M5", reason="a complaint", purge=True)
    assert done.left == () and is_gone(made) and rows(made.home) == {("commons:M5", "commons:M5")}


@pytest.mark.parametrize("is_there", [True, False], ids=["cut", "missing"])
@pytest.mark.parametrize("table", ASKED, ids=lambda table: table.key)
def test_a_damaged_table_leaves_a_takedown_noted_and_the_next_run_ends_it(
    made: Made, table: Table, is_there: bool
) -> None:
    before = cut(made.home, table)
    if not is_there:
        for path in before:
            path.unlink()
    done = take_down(made.home, "commons:M5", reason="a complaint", purge=True)
    assert table.key in " ".join(done.left)
    assert rows(made.home) == {("commons:M5", "commons:M5")} and pending(made.home) == ["commons:M5"]
    assert is_gone(made), "other tables, and the datasets, tell which picture it is"
    put_back(before)
    assert resume(made.home) == [] and pending(made.home) == []
    assert [row["purged_at"] is not None for row in tables.rows(tables.read(made.home, TAKEDOWNS))] == [True]


def test_where_every_table_is_damaged_all_is_removed_that_may_hold_it_and_the_rest_later(made: Made) -> None:
    before: dict[Path, bytes] = {}
    for table in (*ASKED, *NOT_ASKED):
        before |= cut(made.home, table)
    (made.dataset / "pictures.arrow").write_bytes(b"damaged")
    done = take_down(made.home, "commons:M5", reason="a complaint", purge=True)
    assert not made.dataset.exists() and made.stored.exists()
    assert done.left and pending(made.home) == ["commons:M5"]
    put_back({path: body for path, body in before.items() if path.parent.is_dir()})
    assert resume(made.home) == [] and not made.stored.exists()


def test_a_title_that_cannot_be_looked_up_is_noted_by_name_and_looked_up_later(made: Made) -> None:
    before = cut(made.home, ITEMS)
    done = take_down(made.home, "File:Picture_5.jpg", reason="a complaint", purge=True)
    assert done.pictures == () and "not yet known which picture it is" in done.left[0]
    assert rows(made.home) == {(None, "File:Picture_5.jpg")}
    put_back(before)
    assert resume(made.home, purges=False) == [] and made.stored.exists()
    build_licensed(made.home, profile="strict")
    assert "commons:M5" not in tables.read(made.home, LICENSED)["item_id"].to_pylist()
    assert resume(made.home) == [] and is_gone(made)


def test_a_name_that_nobody_knows_once_all_can_be_asked_waits_without_being_left_to_do(made: Made) -> None:
    before = cut(made.home, ITEMS)
    take_down(made.home, "The Night Watch", reason="a complaint", purge=True)
    put_back(before)
    assert resume(made.home) == [] and pending(made.home) == []
    plant(made.home, ITEMS, [item(number, title="The Night Watch" if number == 5 else "x") for number in range(COUNT)])
    assert resume(made.home) == [] and is_gone(made)


@pytest.mark.parametrize(
    "called",
    ["5", "M5", f"{5:040x}", f"{5:040X}", "https://archive.test/wiki/5", "https://archive.test/w/File:Picture_5.jpg",
     "https://archive.test/w/index.php?curid=5", "https://archive.test/w/index.php?title=File:Picture%205.jpg"],
)  # fmt: skip
def test_page_ids_addresses_and_digests_of_originals_name_it_too(made: Made, called: str) -> None:
    done = take_down(made.home, called, reason="a complaint")
    assert [one.item_id for one in done.pictures] == ["commons:M5"] and done.left == ()


def test_the_digest_of_an_original_that_nobody_has_seen_can_be_taken_down(made: Made) -> None:
    (one,) = take_down(made.home, "f" * 40, reason="announced").pictures
    assert (one.item_id, one.sha256, one.sha1) == ("", None, "f" * 40)


def test_a_damaged_table_of_takedowns_is_kept_and_named_and_the_new_one_lies_beside_it(made: Made) -> None:
    take_down(made.home, "commons:M3", reason="first")
    shutil.rmtree(made.home.table(TAKEDOWNS.key) / notes.NOTED)  # as an older version left it
    cut(made.home, TAKEDOWNS)
    (damaged,) = files(made.home, TAKEDOWNS)
    body = damaged.read_bytes()
    done = take_down(made.home, "commons:M5", reason="second", purge=True)
    assert str(damaged) in " ".join(done.left) and damaged.read_bytes() == body and is_gone(made)
    (beside,) = [path for path in files(made.home, TAKEDOWNS) if path != damaged]
    assert tables.read_part(TAKEDOWNS, beside)["item_id"].to_pylist() == ["commons:M5"]
    with pytest.raises(TableError):
        build_licensed(made.home, profile="strict")


@pytest.mark.parametrize("is_there", [True, False], ids=["cut", "missing"])
def test_the_table_of_takedowns_is_made_anew_from_the_notes(made: Made, is_there: bool) -> None:
    take_down(made.home, "commons:M3", reason="first")
    take_down(made.home, "commons:M4", reason="second")
    (path,) = cut(made.home, TAKEDOWNS)
    if not is_there:
        path.unlink()
    assert take_down(made.home, "commons:M5", reason="third").left == ()
    assert rows(made.home) == {(name, name) for name in ("commons:M3", "commons:M4", "commons:M5")}


def test_a_damaged_note_is_made_anew_from_the_table_also_that_a_purge_was_asked_for(made: Made) -> None:
    with alone(made.home.images, "fetches pictures"):
        take_down(made.home, "commons:M5", reason="first", purge=True)
    (note,) = (made.home.table(TAKEDOWNS.key) / notes.NOTED).glob("[0-9]*.json")
    note.write_bytes(b"{")
    assert pending(made.home) and "not a note of a takedown" in pending(made.home)[0]
    assert resume(made.home) == [] and pending(made.home) == []
    assert [row["purged_at"] is not None for row in tables.rows(tables.read(made.home, TAKEDOWNS))] == [True]


def test_a_lost_note_whose_row_is_lost_too_is_named(made: Made) -> None:
    take_down(made.home, "commons:M5", reason="first")
    take_down(made.home, "commons:M4", reason="second")
    for path in (*files(made.home, TAKEDOWNS), *(made.home.table(TAKEDOWNS.key) / notes.NOTED).glob("[0-9]*.json")):
        path.unlink()
    for _ in range(2):
        left = take_down(made.home, "commons:M3", reason="third").left
        assert ["missing, and in no table either" in one for one in left] == [True, True]


def test_a_home_of_before_there_were_notes_gets_them(made: Made) -> None:
    take_down(made.home, "commons:M5", reason="first", purge=True)
    before = tables.read(made.home, TAKEDOWNS)
    shutil.rmtree(made.home.table(TAKEDOWNS.key) / notes.NOTED)
    assert resume(made.home) == [] and tables.read(made.home, TAKEDOWNS) == before
    for path in files(made.home, TAKEDOWNS):
        path.unlink()
    assert resume(made.home) == [] and tables.read(made.home, TAKEDOWNS) == before


@pytest.mark.parametrize("place", ["images", "dataset", TAKEDOWNS.key])
def test_a_run_that_is_under_way_is_not_waited_for_and_the_next_one_goes_on(made: Made, place: str) -> None:
    with alone(made.home.root / place, "is at work"):
        done = take_down(made.home, "commons:M5", reason="a complaint", purge=True)
        assert is_gone(made) and "another run" in " ".join(done.left)
        # What a run makes of the picture meanwhile.
        made.stored.write_bytes(b"the picture")
    assert resume(made.home) == [] and pending(made.home) == []
    if place != TAKEDOWNS.key:
        assert not made.stored.exists()
    assert rows(made.home) == {("commons:M5", "commons:M5")}


def test_what_cannot_be_removed_is_listed_and_the_rest_is_removed(made: Made) -> None:
    made.stored.unlink()
    made.stored.mkdir()
    done = take_down(made.home, "commons:M5", reason="a complaint", purge=True)
    assert not made.dataset.exists() and [str(made.stored) in one for one in done.left] == [True]
    made.stored.rmdir()
    assert take_down(made.home, "commons:M4", reason="another", purge=True).left == () and pending(made.home) == []


def test_what_shows_a_dataset_of_which_nobody_can_tell_what_it_held_goes_too(made: Made) -> None:
    export = dataset(made.home)
    shows = plant_sheets(made.home, "untold", export)
    shows.append(
        save_sample(made.home, Sample(profile="strict", seed=0, accepted=1, others=0, items=())) / "audit.html"
    )
    for path in shows:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a picture")
    latents = made.home.model("latents", "untold")
    model(made.home, "latents", "untold", export)
    cached = made.home.root / "models" / "clip" / ".cache" / "0123456789abcdef-16px-v1"
    cached.mkdir(parents=True)
    for path in (made.home.model("vae", "untold") / RUN, latents / RUN, shows[-1].parent / "sample.json"):
        path.write_bytes(b"")
    for path in made.home.root.glob(f"evaluation/report/*/{RUN}"):
        path.unlink()
    (made.dataset / "manifest.json").write_text("{")
    assert take_down(made.home, "commons:M5", reason="a complaint", purge=True).left == ()
    assert not [path for path in (*shows, latents, cached, made.dataset) if path.exists()]


def test_an_export_without_the_picture_stays_also_where_its_list_is_missing(made: Made) -> None:
    catalogue(made.home, [number for number in range(COUNT) if number != 5])
    other = dataset(made.home)
    (made.home.table(MEMBERS.key) / "main" / f"{other.version}.parquet").unlink()
    done = take_down(made.home, "commons:M5", reason="a complaint", purge=True)
    assert done.purged.datasets == (f"main/{made.version}",) and other.folder.is_dir() and done.left == ()


def test_after_a_purge_with_damaged_tables_a_trace_says_unknown_and_not_none(made: Made) -> None:
    model(made.home, "clip", "one", dataset(made.home))
    # As of a model of before there were ledgers.
    (made.home.model("clip", "one") / LEDGER).unlink(missing_ok=True)
    cut(made.home, MEMBERS)
    (made.dataset / "pictures.arrow").write_bytes(b"")
    take_down(made.home, "commons:M5", reason="a complaint", purge=True)
    told = trace(made.home, "commons:M5")
    assert [told.relation(one) for one in told.models] == ["unknown"]


def test_a_takedown_that_says_nothing_notes_nothing(made: Made) -> None:
    for called, reason in (("commons:M5", " "), ("nothing of that name", "why")):
        with pytest.raises(ConfigError):
            take_down(made.home, called, reason=reason)
    assert notes.read_all(made.home) == ([], []) and files(made.home, TAKEDOWNS) == []


def test_a_takedown_of_a_home_in_a_bucket_that_cannot_be_written_waits_beside_the_working_copy(made: Made) -> None:
    number, (path,) = keep_aside(made.home, Asked(names=("commons:M5",), reason="a complaint", purge=True))
    assert made.home.root not in path.parents and json.loads(path.read_text())["named"] == "commons:M5"
    assert resume(made.home) == [], "a home on this disk has none"
    (note,) = notes.taken_from(path.parent)
    assert note.is_purge and note.number == number and not path.exists()
