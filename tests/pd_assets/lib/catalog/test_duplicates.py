"""Copies: found by bytes and by look, kept once with all their pages, and stopped where one of them is not free."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from PIL import Image, ImageDraw

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.duplicates import BITS, CROWD, DETAIL_BITS, NEAR, find_near
from pd_assets.lib.catalog.items import build_licensed
from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, FILES, ITEMS, LICENSED
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.images.decode import normalise
from pd_assets.lib.images.quality import DETAIL_SIDE
from tests.pd_assets.lib.catalog.lookalikes import DETAIL, LOOK, clusters_of, flipped, looking
from tests.pd_assets.lib.pictures import encoded
from tests.pd_assets.lib.planting import PROFILE, decision, file, item, plant

Row = dict[str, object]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def together(clusters: Mapping[str, Row]) -> set[frozenset[int]]:
    """The clusters as sets of numbers."""
    groups: dict[object, set[int]] = {}
    for name, row in clusters.items():
        groups.setdefault(row["cluster"], set()).add(int(name.removeprefix("commons:M")))
    return {frozenset(group) for group in groups.values()}


def test_equal_bytes_are_copies_whatever_they_look_like(home: Home) -> None:
    found = clusters_of(home, [file(1, sha256="a"), file(2, sha256="a"), file(3, sha1="b"), file(4, sha1="b"), file(5)])
    assert together(found) == {frozenset({1, 2}), frozenset({3, 4}), frozenset({5})}
    assert (found["commons:M2"]["why"], found["commons:M4"]["why"], found["commons:M5"]["why"]) == (
        "sha256",
        "sha1",
        None,
    )


def test_pictures_that_agree_in_both_hashes_are_copies(home: Home) -> None:
    near = looking(2, flipped(LOOK, BITS - 4, 1, 64), flipped(DETAIL, DETAIL_BITS - 2, 1, 256))
    other_look = looking(3, flipped(LOOK, BITS + 2, 2, 64))
    other_detail = looking(4, LOOK, flipped(DETAIL, DETAIL_BITS + 2, 2, 256))
    found = clusters_of(home, [looking(1), near, other_look, other_detail])
    assert together(found) == {frozenset({1, 2}), frozenset({3}), frozenset({4})}
    assert (found["commons:M2"]["why"], found["commons:M2"]["distance"]) == ("look", BITS - 4)


def test_what_looked_the_same_the_last_time_does_whatever_else_is_in_the_table(home: Home) -> None:
    """The looks are those of before under other numbers, then others; and the cache is damaged."""
    like = flipped(LOOK, BITS - 4, 1, 64)
    cache = home.root / ".tmp" / NEAR
    assert together(clusters_of(home, [looking(3), looking(5, like)])) == {frozenset({3, 5})}
    written = cache.stat().st_mtime_ns
    found = clusters_of(home, [file(1), looking(3, like), looking(5), looking(6)])
    assert together(found) == {frozenset({1}), frozenset({3, 5, 6})}
    assert cache.stat().st_mtime_ns == written
    cache.write_bytes(cache.read_bytes()[:-20])
    assert together(clusters_of(home, [looking(3, like), looking(5)])) == {frozenset({3, 5})}
    assert together(clusters_of(home, [looking(3), looking(5, flipped(LOOK, 30, 1, 64))])) == {
        frozenset({n}) for n in (3, 5)
    }


@pytest.mark.parametrize("pairs", [50, CROWD // 8 + 1])
def test_banding_finds_every_pair_within_six_bits(pairs: int) -> None:
    """Of so many pairs for each distance, in a table that is no crowd and in one that is."""
    distances = (0, 2, 4, 6)
    rows = [row for at, bits in enumerate(distances) for row in pairs_of_looks(pairs, bits, first=2 * at * pairs)]
    assert near(rows) == {(2 * number, 2 * number + 1) for number in range(len(distances) * pairs)}


def test_a_small_table_has_the_pairs_that_it_has_in_a_large_one() -> None:
    looks = [*pairs_of_looks(200, 8), *pairs_of_looks(200, 10, first=400)]
    others = pairs_of_looks(CROWD // 2, 30, first=800)
    alone = near(looks)
    assert alone == {pair for pair in near([*looks, *others]) if max(pair) < 800}
    assert 200 < len(alone) < 400, "of those that differ in so many bits some have no two bands in common"


def pairs_of_looks(count: int, bits: int, *, first: int = 0) -> list[tuple[int, ...]]:
    """Pairs of pictures with one detail hash, whose other hashes differ in so many bits."""
    rows = []
    for number in range(first // 2, first // 2 + count):
        look, detail = random.Random(number).getrandbits(64), random.Random(-number).getrandbits(256)
        words = [detail >> shift & (1 << 64) - 1 for shift in (192, 128, 64, 0)]
        rows += [(2 * number, look, *words), (2 * number + 1, flipped(look, bits, number, 64), *words)]
    return rows


def near(looks: Sequence[tuple[int, ...]]) -> set[tuple[int, int]]:
    columns = zip(("n", "p", "d0", "d1", "d2", "d3"), zip(*looks, strict=True), strict=True)
    listed = pa.table({name: pa.array(values, pa.int64() if name == "n" else pa.uint64()) for name, values in columns})
    with duckdb.connect() as connection:
        connection.execute("create table pairs (a bigint, b bigint)")
        connection.from_arrow(listed).create("looks")
        find_near(connection)
        return {(a, b) for a, b in connection.sql("select distinct a, b from pairs").fetchall()}


@pytest.mark.slow
def test_a_crowd_of_like_pictures_costs_no_comparison_of_all_pairs() -> None:
    """White pages: one perceptual hash for all of them, and details of their own."""
    many = 3 * CROWD
    details = [random.Random(number).getrandbits(256) for number in range(many)]
    details[7] = flipped(details[5], 20, 0, 192)
    looks = [
        (number, LOOK, *[d >> shift & (1 << 64) - 1 for shift in (192, 128, 64, 0)]) for number, d in enumerate(details)
    ]
    assert near(looks) == {(5, 7)}


def test_even_pictures_are_copies_by_their_bytes_alone(home: Home) -> None:
    even = [
        normalise(encoded(Image.new("RGB", (300, 200), colour)), max_side=300) for colour in ("white", "ivory", "navy")
    ]
    rows = [
        file(number, sha256=one.sha256, phash=one.phash, detail_hash=one.quality.detail_hash)
        for number, one in enumerate([*even, even[0]], 1)
    ]
    assert together(clusters_of(home, rows)) == {frozenset({1, 4}), frozenset({2}), frozenset({3})}


def test_a_chain_of_likenesses_joins_nothing_that_is_far_from_the_representative(home: Home) -> None:
    """Each differs from the one before it by 8 bits more; the last is nothing like the first."""
    order = random.Random(4).sample(range(64), 64)
    chain = [looking(1)]
    look = LOOK
    for number in range(2, 9):
        for place in order[8 * (number - 2) : 8 * (number - 1)]:
            look ^= 1 << place
        chain.append(looking(number, look))
    found = clusters_of(home, chain)
    for row in found.values():
        head = next(one for one in found.values() if one["cluster"] == row["cluster"] and one["is_representative"])
        assert (int(str(row["phash"]), 16) ^ int(str(head["phash"]), 16)).bit_count() <= 2 * BITS
    assert len(together(found)) > 2


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"verdicts": ("accept", "accept")}, {"verdicts": ("accept", "reject")}),
        ({"width": 5000}, {"width": 4000}),
        ({}, {"status": "left", "width": 9000}),
        ({"verdicts": ("accept", "reject"), "width": 10}, {"verdicts": ("reject", "accept"), "width": 9000}),
    ],
)
def test_the_copy_with_the_best_evidence_is_kept_and_then_the_largest(home: Home, better: Row, worse: Row) -> None:
    for good, bad in ((1, 2), (2, 1)):
        rows, decided = [], []
        for number, case in ((good, better), (bad, worse)):
            rest = {name: value for name, value in case.items() if name != "verdicts"}
            rows.append(item(number, **{"width": 1000, "height": 1000, **rest}))
            verdicts = case.get("verdicts", ("accept", "accept"))
            assert isinstance(verdicts, tuple)
            decided += [decision(number, verdicts[0]), decision(number, verdicts[1], profile="us")]
        found = clusters_of(home, [looking(1), looking(2)], decisions=decided, items=rows)
        assert {name: row["is_representative"] for name, row in found.items()} == {
            f"commons:M{good}": True,
            f"commons:M{bad}": False,
        }


@pytest.mark.slow
def test_a_cluster_is_named_by_the_least_of_its_items_however_it_came_about(home: Home, tmp_path: Path) -> None:
    before = clusters_of(home, [looking(5), file(9)])
    assert before["commons:M5"]["cluster"] == "commons:M5"
    grown = [looking(2), looking(5), looking(7), file(9)]
    after = clusters_of(home, grown)
    assert {after[f"commons:M{number}"]["cluster"] for number in (2, 5, 7)} == {"commons:M2"}
    assert after == clusters_of(open_home(tmp_path / "scratch"), grown)
    gone = clusters_of(home, [looking(2), looking(7), file(9)])
    assert {gone[f"commons:M{number}"]["cluster"] for number in (2, 7)} == {"commons:M2"}
    back = clusters_of(home, [looking(2), looking(7), file(9), looking(5, flipped(LOOK, 30, 0, 64))])
    assert back["commons:M5"]["cluster"] == "commons:M5"
    assert (back["commons:M9"]["cluster"], len(together(back))) == ("commons:M9", 3)


def test_the_same_pictures_give_the_same_clusters(home: Home, tmp_path: Path) -> None:
    rows = [looking(number, flipped(LOOK, number % 5 * 2, number, 64)) for number in range(1, 30)]
    first = clusters_of(home, rows)
    assert clusters_of(home, rows) == first
    assert clusters_of(open_home(tmp_path / "other"), rows) == first


# --- the licence-filtered table ---------------------------------------------------------------------------------------


def licensed_of(home: Home) -> dict[str, Row]:
    build_licensed(home, profile=PROFILE)
    return {str(row["item_id"]): row for row in tables.rows(tables.read(home, LICENSED))}


def test_the_same_painting_on_both_archives_is_licensed_once_with_both_pages(home: Home) -> None:
    museum = "smithsonian:edanmdm-saam_1:SAAM-1_1"
    pages = {"commons:M1": "https://commons.example/wiki/File:P.jpg", museum: "https://museum.example/object/1"}
    plant(
        home,
        ITEMS,
        [
            item(1, page_url=pages["commons:M1"], width=900, height=700),
            item(1, item_id=museum, source="smithsonian", sha1=None, page_url=pages[museum], width=4000, height=3000),
        ],
    )
    plant(home, DECISIONS, [decision(1), decision(1, item_id=museum)])
    near_it = flipped(LOOK, 4, 0, 64)
    plant(home, FILES, [looking(1), looking(2, near_it, item_id=museum, sha1="of what came")])
    found = licensed_of(home)
    assert list(found) == [museum]
    assert (found[museum]["page_url"], found[museum]["also_at"]) == (pages[museum], [pages["commons:M1"]])


def test_a_refused_copy_keeps_the_accepted_one_out_also_after_its_picture_is_dropped(home: Home) -> None:
    plant(home, ITEMS, [item(1), item(2), item(3)])
    plant(home, DECISIONS, [decision(1), decision(2), decision(3)])
    plant(home, FILES, [looking(1), looking(2, flipped(LOOK, 4, 0, 64)), file(3)])
    assert list(licensed_of(home)) == ["commons:M1", "commons:M3"]
    plant(home, DECISIONS, [decision(1), decision(2, "reject", reasons=["obligation"]), decision(3)])
    plant(home, FILES, [looking(1), file(3)])
    assert list(licensed_of(home)) == ["commons:M3"]
    told = {row["item_id"]: row["conflict"] for row in tables.rows(tables.read(home, CLUSTERS))}
    assert told == {"commons:M1": "commons:M2: obligation", "commons:M2": "commons:M2: obligation", "commons:M3": None}
    plant(home, DECISIONS, [decision(1), decision(2, "reject", reasons=["no_ground"]), decision(3)])
    assert list(licensed_of(home)) == ["commons:M1", "commons:M3"]


# --- real pictures, changed as people change them --------------------------------------------------------------------


def test_the_detail_hash_has_the_bits_that_the_tables_expect() -> None:
    picture = Image.new("L", (DETAIL_SIDE + 1, DETAIL_SIDE))
    ImageDraw.Draw(picture).rectangle((8, 0, 16, 15), fill=255)
    kept = normalise(encoded(picture.convert("RGB"), "PNG"), max_side=64)
    assert (len(kept.phash), len(kept.quality.detail_hash)) == (16, 64)
