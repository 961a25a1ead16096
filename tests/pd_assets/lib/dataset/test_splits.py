"""Splits: a stable hash of the cluster, so that nothing changes sides as the catalogue grows."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.buckets import bucket_of
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


class Reference:
    """The rules, row by row in memory: what builds must do however they are cut."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[str, str, int]] = {}

    def build(self, cluster_of: dict[str, str], remembered: dict[str, str]) -> None:
        """`remembered`: the clusters of pictures that were fetched once."""
        sides: dict[str, tuple[int, str, str]] = {}
        for item_id, (_, split, since) in self.rows.items():
            if cluster := cluster_of.get(item_id) or remembered.get(item_id):
                sides[cluster] = min((since, item_id, split), sides.get(cluster, (since, item_id, split)))
        now = 1 + max((since for since, _, _ in sides.values()), default=-1)
        self.rows = {}
        for item_id, cluster in cluster_of.items():
            since, _, split = sides.get(cluster) or (now, item_id, split_of(cluster))
            self.rows[item_id] = cluster, split, since


# Names that go to each of the sides, so that clusters which join differ.
NAMES = [*TEST_CLUSTERS[:2], *VALIDATION_CLUSTERS[:2], "0000000000000001"]
CLUSTERED = st.dictionaries(st.integers(0, 7), st.sampled_from(NAMES), max_size=8)


@given(
    nights=st.lists(st.tuples(CLUSTERED, CLUSTERED, st.permutations(range(4)), st.integers(1, 4)), max_size=3),
    apart=st.booleans(),
)
@settings(max_examples=8, deadline=None)
def test_builds_of_all_buckets_or_of_one_after_another_follow_the_rules(
    nights: list[tuple[dict[int, str], dict[int, str], list[int], int]], apart: bool
) -> None:
    reference = Reference()
    with tempfile.TemporaryDirectory() as folder:
        home = open_home(Path(folder))
        home.fix_buckets(4)
        for shown, fetched, order, made in nights:
            plant(home, LICENSED, [licensed(number, cluster=cluster) for number, cluster in shown.items()])
            plant(
                home,
                CLUSTERS,
                [{"item_id": f"commons:M{number}", "cluster": cluster} for number, cluster in fetched.items()],
            )
            # A night may end before every bucket had its turn.
            if apart:
                for bucket in order[:made]:
                    build_splits(home, [bucket])
            else:
                build_splits(home)
            reference.build(
                {f"commons:M{number}": cluster for number, cluster in shown.items()},
                {f"commons:M{number}": cluster for number, cluster in fetched.items()},
            )
        if nights:
            for bucket in range(4):
                build_splits(home, [bucket])
            rows = tables.rows(tables.read(home, SPLITS))
            assert {row["item_id"]: (row["cluster"], row["split"], row["since"]) for row in rows} == reference.rows


def test_only_the_buckets_that_are_asked_for_are_written_and_counted(home: Home) -> None:
    home.fix_buckets(2)
    plant(home, LICENSED, [licensed(number) for number in range(20)])
    some = build_splits(home, [1])
    assert [path.name for path in tables.files_of(home, SPLITS)] == ["part-1.parquet"]
    assert sum(some.counts.values()) == len(tables.read(home, SPLITS)) < 20
    digest = build_splits(home, [0]).digest
    assert build_splits(home).digest == digest


def test_a_killed_build_goes_on_as_if_nobody_had_disturbed_it(home: Home) -> None:
    """A picture takes the place of its copy in another bucket, which was written when its own was not."""
    home.fix_buckets(4)
    one = next(number for number in range(9) if bucket_of(f"commons:M{number}", 4) == 0)
    other = next(number for number in range(9) if bucket_of(f"commons:M{number}", 4) == 3)
    plant(home, LICENSED, [licensed(one, cluster=TEST_CLUSTERS[1])])
    build_splits(home)
    cluster = VALIDATION_CLUSTERS[1]
    plant(home, CLUSTERS, [{"item_id": f"commons:M{number}", "cluster": cluster} for number in (one, other)])
    plant(home, LICENSED, [licensed(other, cluster=cluster)])
    build_splits(home, [0])
    build_splits(home)
    assert splits_of(home) == {f"commons:M{other}": "test"}
