"""Splits: a stable hash of the cluster, so that nothing changes sides as the catalogue grows."""

from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CLUSTERS, LICENSED, SPLITS
from pd_assets.lib.dataset.splits import build_splits, split_of
from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home, open_home
from tests.pd_assets.lib.planting import licensed, plant

TEST_CLUSTERS = ["0000000000000000", "000000000000001b", "0000000000000022"]
VALIDATION_CLUSTERS = ["0000000000000012", "0000000000000021", "000000000000002a", "0000000000000034"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def splits_of(home: Home) -> dict[object, object]:
    return {row["item_id"]: row["split"] for row in tables.rows(tables.read(home, SPLITS))}


def test_every_licensed_picture_gets_a_split_and_most_are_for_training(home: Home) -> None:
    plant(home, LICENSED, [licensed(number) for number in range(2000)])
    counts = build_splits(home).counts
    assert sum(counts.values()) == 2000
    assert counts["train"] == pytest.approx(1800, abs=60)
    assert counts["validation"] == pytest.approx(100, abs=40)
    assert counts["test"] == pytest.approx(100, abs=40)


def test_unchanged_items_never_change_sides_as_others_come_and_go(home: Home) -> None:
    plant(home, LICENSED, [licensed(number) for number in range(300)])
    build_splits(home)
    before = splits_of(home)
    plant(home, LICENSED, [licensed(number) for number in range(100, 900)])
    build_splits(home)
    after = splits_of(home)
    assert len(after) == 800
    assert all(after[name] == split for name, split in before.items() if name in after)


def test_copies_stay_together(home: Home) -> None:
    plant(home, LICENSED, [licensed(number, phash=f"{number % 40:016x}") for number in range(400)])
    build_splits(home)
    sides: dict[object, set[object]] = {}
    for row in tables.rows(tables.read(home, SPLITS)):
        sides.setdefault(row["cluster"], set()).add(row["split"])
    assert len(sides) == 40 and all(len(side) == 1 for side in sides.values())


def test_the_split_of_a_cluster_is_fixed_for_ever() -> None:
    # Changing any of these moves pictures between training and test: never without a new dataset format.
    known = {f"{number:016x}": split_of(f"{number:016x}") for number in range(60)}
    assert [name for name, split in known.items() if split == "test"] == TEST_CLUSTERS
    assert [name for name, split in known.items() if split == "validation"] == VALIDATION_CLUSTERS


def test_the_same_table_gives_the_same_digest(home: Home) -> None:
    plant(home, LICENSED, [licensed(number) for number in range(50)])
    assert build_splits(home) == build_splits(home)


def test_without_a_licensed_table_the_error_says_what_to_do(home: Home) -> None:
    with pytest.raises(TableError, match="materialise catalog/licensed_images first"):
        build_splits(home)


def test_where_two_clusters_turn_out_to_be_one_the_older_side_holds(home: Home) -> None:
    plant(home, LICENSED, [licensed(1, cluster=TEST_CLUSTERS[0])])
    build_splits(home)
    plant(home, LICENSED, [licensed(1, cluster=TEST_CLUSTERS[0]), licensed(0, cluster=VALIDATION_CLUSTERS[0])])
    build_splits(home)
    assert splits_of(home) == {"commons:M1": "test", "commons:M0": "validation"}
    # Item 0 has the smaller name, and item 1 was there before it.
    plant(home, LICENSED, [licensed(number, cluster=VALIDATION_CLUSTERS[0]) for number in (0, 1, 2)])
    build_splits(home)
    assert set(splits_of(home).values()) == {"test"}
    build_splits(home)
    assert set(splits_of(home).values()) == {"test"}


def test_a_better_copy_that_takes_the_place_of_another_goes_to_its_side(home: Home) -> None:
    plant(home, LICENSED, [licensed(5, cluster=TEST_CLUSTERS[1])])
    build_splits(home)
    cluster = VALIDATION_CLUSTERS[1]
    plant(home, CLUSTERS, [{"item_id": f"commons:M{number}", "cluster": cluster} for number in (5, 9)])
    plant(home, LICENSED, [licensed(9, cluster=cluster)])
    build_splits(home)
    assert splits_of(home) == {"commons:M9": "test"}
