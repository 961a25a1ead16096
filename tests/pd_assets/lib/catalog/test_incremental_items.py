"""catalog/items built in steps: equal to a build from scratch, digest and all, and only what changed is read."""

import random
import shutil
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from pd_assets.lib.catalog import item_parts, tables
from pd_assets.lib.catalog.item_parts import bring_in_step
from pd_assets.lib.catalog.items import build_items
from pd_assets.lib.catalog.schemas import CATEGORIES, ITEMS, PAGES, RECORDS
from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home, open_home
from tests.pd_assets.lib.planting import THEN, item, page, plant

Row = dict[str, object]
NAMES = tuple("ABCDEFGHIJ")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def record(number: int, shard: str = "00", **changes: object) -> Row:
    return {
        "item_id": f"smithsonian:edanmdm-x_{number}:m{number}",
        "record_id": f"x_{number}",
        "unit_code": "SAAM",
        "shard": shard,
        "status": "live",
        "title": f"Object {number}",
        "page_url": f"http://n2t.net/{number}",
        "terms": ["topic: Landscapes"],
        "fetched_at": THEN,
        **changes,
    }


def content(home: Home) -> list[Row]:
    return tables.sort(ITEMS, tables.read(home, ITEMS)).to_pylist()


def from_scratch(home: Home, tmp_path: Path) -> tuple[str, list[Row]]:
    """What a home gives that has the same sources and was never built."""
    other = open_home(tmp_path / "other")
    shutil.rmtree(other.root)
    other.root.mkdir()
    for key in (PAGES.key, RECORDS.key, CATEGORIES.key):
        if home.table(key).exists():
            shutil.copytree(home.table(key), other.table(key))
    return build_items(other), content(other)


class Sources:
    """Pages in categories, some in several, and records in shards, that change at random."""

    def __init__(self, home: Home, seed: int) -> None:
        self.home, self.random, self.now = home, random.Random(seed), THEN
        self.categories: dict[str, dict[int, Row]] = {name: {} for name in NAMES}
        self.records: dict[int, Row] = {}
        self.retired: set[str] = set()
        for number in range(60):
            for name in self.random.sample(NAMES, self.random.choice((1, 1, 2, 3))):
                self.categories[name][number] = page(number, name)
            self.records[number] = record(number, f"{number % 4:02x}")
        self.put(set(NAMES), records=True)

    def put(self, names: set[str], *, records: bool) -> None:
        for name in names:
            plant(self.home, PAGES, list(self.categories[name].values()), partition=name)
        if records:
            plant(self.home, RECORDS, list(self.records.values()), partition="SAAM")
        statuses = [{"category": name, "status": "retired" if name in self.retired else "live"} for name in NAMES]
        plant(self.home, CATEGORIES, statuses)

    def change(self) -> None:
        """A few categories have pages edited, added, gone, back or dropped; one is retired, or the records change."""
        self.now += timedelta(hours=1)
        names = set(self.random.sample(NAMES, 2))
        for name in names:
            for _ in range(3):
                number = self.random.randrange(80)
                status = self.random.choice(("live", "live", "left", "deleted", "moved"))
                title = f"File:Edited {self.random.random()}.jpg"
                self.categories[name][number] = page(number, name, status=status, title=title, fetched_at=self.now)
            if self.categories[name] and self.random.random() < 0.5:
                del self.categories[name][self.random.choice(list(self.categories[name]))]
        if self.random.random() < 0.3:
            self.retired ^= {self.random.choice(NAMES)}
        records = self.random.random() < 0.5
        if records:
            number = self.random.randrange(70)
            self.records[number] = record(number, f"{number % 4:02x}", title=f"Changed {self.random.random()}")
        self.put(names, records=records)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.extended) for seed in (1, 2))])
def test_any_changes_end_where_a_build_from_scratch_does(home: Home, tmp_path: Path, seed: int) -> None:
    sources = Sources(home, seed)
    build_items(home)
    for _ in range(4):
        sources.change()
        assert (build_items(home), content(home)) == from_scratch(home, tmp_path)


def test_many_items_are_joined_a_chunk_at_a_time(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Sources(home, 9)
    whole = from_scratch(home, tmp_path)
    monkeypatch.setattr(item_parts, "ITEMS_AT_ONCE", 7)
    assert (build_items(home), content(home)) == whole


def test_only_changed_source_files_and_those_that_list_the_same_files_are_read(home: Home) -> None:
    for name in NAMES:
        plant(home, PAGES, [page(100 * ord(name) + number, name) for number in range(5)], partition=name)
    plant(home, PAGES, [page(7, "A")], partition="Also")
    plant(home, PAGES, [page(7, "B")], partition="Besides")
    assert bring_in_step(home).sources_read == 12
    assert (bring_in_step(home).sources_read, bring_in_step(home).parts_written) == (0, 0)
    plant(home, PAGES, [page(1, "A"), page(2, "A")], partition="A")
    assert bring_in_step(home).sources_read == 1
    plant(home, PAGES, [page(7, "Also", revid=9, fetched_at=THEN + timedelta(days=1))], partition="Also")
    built = bring_in_step(home)
    assert (built.sources_read, built.parts_written) == (2, 1)


def test_a_file_that_no_source_lists_any_more_leaves_the_catalogue(home: Home) -> None:
    plant(home, PAGES, [page(1, "A"), page(2, "A")], partition="A")
    build_items(home)
    shutil.rmtree(home.partition(PAGES.key, "A"))
    build_items(home)
    assert content(home) == []


def lose(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def cut(name: str) -> Callable[[Path], None]:
    def shorten(folder: Path) -> None:
        path = folder / name
        path.write_bytes(path.read_bytes()[:-20])

    return shorten


def any_part(damage: Callable[[str], Callable[[Path], None]]) -> Callable[[Path], None]:
    return lambda folder: damage(next(folder.glob("*.parquet")).name)(folder)


@pytest.fixture(scope="module")
def changed_since(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, tuple[str, list[Row]]]:
    """A home whose sources changed after its catalogue was built, which nobody changes, and what a build would give."""
    home = open_home(tmp_path_factory.mktemp("changed") / "home")
    sources = Sources(home, 1)
    build_items(home)
    sources.change()
    return home, from_scratch(home, home.root.parent)


@pytest.mark.parametrize(
    "damage", [lose("state.json"), cut("state.json"), lose("index"), cut("index"), any_part(lose), any_part(cut)]
)
def test_a_damaged_state_costs_a_build_from_scratch_and_nothing_else(
    changed_since: tuple[Home, tuple[str, list[Row]]], tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    changed, expected = changed_since
    shutil.copytree(changed.root, tmp_path / "copy", symlinks=True)
    home = open_home(tmp_path / "copy")
    damage(home.table(ITEMS.key).resolve())
    assert (build_items(home), content(home)) == expected


def test_a_table_that_somebody_else_wrote_is_built_anew(home: Home, tmp_path: Path) -> None:
    Sources(home, 1)
    plant(home, ITEMS, [item(9000)])
    whole = from_scratch(home, tmp_path)
    assert (build_items(home), content(home)) == whole
    plant(home, ITEMS, [item(9000)])
    assert [row["item_id"] for row in content(home)] == ["commons:M9000"]
    assert (build_items(home), content(home)) == whole


def test_a_build_that_fails_leaves_the_table_as_it_was(home: Home) -> None:
    Sources(home, 1)
    digest, before = build_items(home), content(home)
    damaged = tables.parts(home, PAGES)[0]
    sound = damaged.read_bytes()
    damaged.write_bytes(sound[:50])
    with pytest.raises(TableError, match=r"commons/pages: .*part-0+\.parquet is damaged"):
        build_items(home)
    assert content(home) == before
    damaged.write_bytes(sound)
    assert build_items(home) == digest


def test_who_began_to_read_one_state_ends_with_it(home: Home) -> None:
    sources = Sources(home, 2)
    build_items(home)
    before, paths = content(home), tables.parts(home, ITEMS)
    sources.change()
    build_items(home)
    read = [tables.read_part(ITEMS, path) for path in paths]
    assert sorted(str(row["item_id"]) for part in read for row in part.to_pylist()) == [
        row["item_id"] for row in before
    ]


def test_both_archives_stand_in_one_schema(home: Home) -> None:
    plant(home, PAGES, [page(1, "A", categories=["Paintings"])], partition="A")
    plant(home, RECORDS, [record(1), record(2, problem="no_media"), record(3, status="deleted")], partition="SAAM")
    build_items(home)
    found: Mapping[str, Row] = {str(row["item_id"]): row for row in content(home)}
    one = found["smithsonian:edanmdm-x_1:m1"]
    assert (one["source"], one["title"], one["status"], one["partitions"]) == (
        "smithsonian",
        "Object 1",
        "live",
        ["SAAM"],
    )
    assert found["smithsonian:edanmdm-x_2:m2"]["problem"] == "no_media"
    assert found["smithsonian:edanmdm-x_3:m3"]["status"] == "deleted"
    assert found["commons:M1"]["source"] == "commons"


SAID_OF_A_CARD = (
    ({"title": "File:Vase with color card.jpg"}, True),
    ({"categories": ["Images with colour charts"]}, True),
    ({"title": "File:Teapot, with scale bar.tif"}, True),
    ({"title": "File:The card players in colour.jpg"}, False),
    ({"title": "File:La Scala, a barge.jpg", "categories": ["Playing cards", "Greyhounds"]}, False),
)


def test_a_colour_card_or_scale_is_noted_where_the_page_speaks_of_one(home: Home) -> None:
    pages = [page(number, "A", **{"categories": [], **said}) for number, (said, _) in enumerate(SAID_OF_A_CARD)]
    plant(home, PAGES, pages, partition="A")
    build_items(home)
    found = {str(row["item_id"]): row["colour_card"] for row in content(home)}
    assert found == {f"commons:M{number}": is_there for number, (_, is_there) in enumerate(SAID_OF_A_CARD)}
