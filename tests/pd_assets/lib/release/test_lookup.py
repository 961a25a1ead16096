"""Pictures are looked up through an index; where it is missing, older or damaged the answer is the same."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CLUSTERS, FILES, ITEMS, MEMBERS, TAKEDOWNS
from pd_assets.lib.home import Home, alone, open_home
from pd_assets.lib.release import index
from pd_assets.lib.release.lookup import Lookup
from pd_assets.lib.release.names import title_of
from pd_assets.lib.release.pictures import Picture, find_pictures
from pd_assets.lib.release.segments import BLOCK, KINDS, DamagedSegment, Segment, key_of
from tests.pd_assets.lib.planting import THEN, file, item, plant

COUNT = 60
# What finds pictures by reading every table whole, as it was done before there was an index.
BY_READING_ALL = (Path(__file__).parent / "pictures_called.sql").read_text()
READ = {"items": ITEMS, "files": FILES, "clusters": CLUSTERS, "members": MEMBERS, "takedowns": TAKEDOWNS}


def sha1(number: int) -> str:
    return f"{number:040x}"


def sha256(number: int) -> str:
    return f"{number:064x}"


def planted(home: Home, seed: int) -> list[str]:
    """Tables that know different things of pictures; returns everything that pictures are called in them."""
    chance = random.Random(seed)
    numbers = range(COUNT)

    def some(share: float) -> list[int]:
        return [number for number in numbers if chance.random() < share]

    def few() -> int:
        return chance.randrange(25)

    items = [
        item(
            n,
            title=f"Picture {n // 2}",
            sha1=chance.choice([sha1(few()), None]),
            file_url=f"https://files.test/{n}.jpg",
        )
        for n in some(0.8)
    ]
    files = [
        file(n, sha256=sha256(few()), sha1=chance.choice([sha1(few()), None]))
        if chance.random() < 0.8
        else file(n, sha256=None, sha1=sha1(few()), status="failed")
        for n in some(0.7)
    ]
    clusters = [
        {"item_id": f"commons:M{n}", "cluster": f"commons:M{few()}", "sha256": sha256(few()), "sha1": sha1(few())}
        for n in some(0.5)
    ]
    takedowns = [
        {
            "item_id": chance.choice([f"commons:M{n}", None]),
            "sha256": chance.choice([sha256(few()), None]),
            "sha1": chance.choice([sha1(few()), None]),
            "named": str(n),
            "reason": "why",
            "taken_down_at": THEN,
        }
        for n in some(0.1)
    ]
    plant(home, ITEMS, items)
    plant(home, FILES, files)
    plant(home, CLUSTERS, clusters)
    plant(home, TAKEDOWNS, takedowns)
    for version in ("one", "two"):
        rows = [
            {
                "item_id": f"commons:M{n}",
                "sha256": sha256(few()),
                "exported_sha256": sha256(100 + few()),
                "split": "train",
                "shard": "a",
                "dataset": "main",
                "version": version,
            }
            for n in some(0.4)
        ]
        content = tables.as_table(MEMBERS, [{name: row.get(name) for name in MEMBERS.columns} for row in rows])
        tables.write_part(MEMBERS, home.table(MEMBERS.key) / "main" / f"{version}.parquet", content)
    return [
        *(f"commons:M{n}" for n in (*range(0, COUNT, 17), 404)),
        *(f"Picture {n}" for n in range(0, COUNT // 2, 11)),
        *("https://files.test/14.jpg", "https://archive.test/wiki/21", "https://archive.test/wiki/404"),
        *(sha1(n) for n in range(0, 25, 12)),
        *(sha256(n) for n in (3, 17, 108)),
    ]


def by_reading_all(home: Home, called: str) -> list[Picture]:
    asked = {"called": called, "title": title_of(called)}
    return [Picture(**row) for row in tables.query(home, BY_READING_ALL, READ, asked).to_pylist()]


def by_index(home: Home, called: str) -> list[Picture]:
    return [one for one in find_pictures(home, called).pictures if one.is_meant or one.item_id]


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.extended)])
def test_the_answer_is_that_of_reading_all_with_the_index_without_it_and_with_one_that_is_older(
    tmp_path: Path, seed: int
) -> None:
    home = open_home(tmp_path / "home")
    names = planted(home, seed)
    expected = {called: by_reading_all(home, called) for called in names}
    assert sum(map(bool, expected.values())) > 8

    def unlike() -> list[str]:
        told = {called: find_pictures(home, called) for called in names}
        return [
            called
            for called, found in told.items()
            if set(found.pictures) != set(expected[called]) and expected[called]
        ]

    assert unlike() == [], "there is no index yet"
    assert index.refresh(home) == (6, 6)
    assert unlike() == [] and find_pictures(home, names[0]).plain == {}
    names = planted(home, seed + 100)
    expected = {called: by_reading_all(home, called) for called in names}
    assert unlike() == [], "it is older than the tables"
    index.refresh(home)
    assert unlike() == []


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    plant(made, ITEMS, [item(n) for n in range(COUNT)])
    plant(made, FILES, [file(n, detail_hash="5a" * 32) for n in range(COUNT)])
    index.refresh(made)
    return made


def test_only_what_changed_is_indexed_again_and_what_is_gone_goes(home: Home) -> None:
    assert index.refresh(home) == (0, 2)
    plant(home, ITEMS, [item(n, title=f"Another {n}") for n in range(COUNT)])
    assert find_pictures(home, "Another 7").pictures[0].item_id == "commons:M7"
    assert set(find_pictures(home, "Another 7").plain) == {"items"}
    assert index.refresh(home) == (1, 2)
    assert find_pictures(home, "Another 7").plain == {} and find_pictures(home, "Picture 7").pictures == ()
    assert len(list((home.root / index.FOLDER).glob("*/*"))) == 2


def cut(body: bytes) -> bytes:
    return body[: len(body) // 2]


def zeros_in_the_middle(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[: middle - 400] + bytes(800) + body[middle + 400 :]


def one_bit(body: bytes) -> bytes:
    """In the keys, which are sorted: a key that is hidden would be a picture that nobody finds."""
    place = 40
    return body[:place] + bytes([body[place] ^ 4]) + body[place + 1 :]


@pytest.mark.parametrize("hurt", [cut, zeros_in_the_middle, one_bit, lambda body: b"", lambda body: b"garbage" * 99])
def test_a_damaged_segment_hides_nothing(home: Home, hurt: Callable[[bytes], bytes]) -> None:
    for path in (home.root / index.FOLDER).glob("*/*"):
        path.write_bytes(hurt(path.read_bytes()))
    for called in ("commons:M7", "Picture 7", f"{7:040x}", f"{7:064x}", "https://archive.test/wiki/7"):
        (found,) = find_pictures(home, called).pictures
        assert (found.item_id, found.sha256, found.is_meant) == ("commons:M7", f"{7:064x}", True)
    assert find_pictures(home, "Picture 404").pictures == ()


def test_every_byte_of_a_segment_is_proved_before_it_is_believed(home: Home) -> None:
    """Of each byte that is altered the answer is the same, or the segment says that it is damaged."""
    (path,) = (home.root / index.FOLDER / "items").glob("*")
    body = path.read_bytes()
    keys = [key_of("title", f"Picture {n}") for n in range(COUNT)]
    whole = list(Segment(path).rows(keys))
    assert len(whole) == COUNT
    for place in range(0, len(body), 97):
        path.write_bytes(body[:place] + bytes([body[place] ^ 0x40]) + body[place + 1 :])
        try:
            assert list(Segment(path).rows(keys)) == whole, place
        except DamagedSegment:
            continue


def test_a_table_that_cannot_be_read_is_named_and_the_others_are_asked(home: Home) -> None:
    (path,) = tables.parts(home, FILES)
    path.write_bytes(b"garbage")
    found = find_pictures(home, "commons:M7")
    assert [one.item_id for one in found.pictures] == ["commons:M7"] and any(
        "images/files" in one for one in found.unread
    )


def test_more_rows_than_a_block_are_found_each(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    count = BLOCK + 1000
    plant(home, FILES, [file(n, sha256=sha256(n // 2)) for n in range(count)])
    index.refresh(home)
    lookup = Lookup(home=home)
    for number in (0, 1, 2047, 2048, BLOCK - 1, BLOCK, count - 1):
        (row,) = lookup.rows("files", "item", [f"commons:M{number}"])
        assert row["sha256"] == sha256(number // 2)
        assert len(lookup.rows("files", "sha256", [sha256(number // 2)])) == 2
    assert lookup.rows("files", "item", ["commons:M404404"]) == []


def test_looks_are_told_with_their_rows_indexed_or_not(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    rows = [file(n, phash=f"{n:016x}", detail_hash=f"{n:064x}") for n in range(COUNT)]
    plant(home, FILES, [*rows, file(COUNT, phash=None), file(COUNT + 1, phash="no hash", detail_hash="x" * 64)])

    def told() -> dict[str, list[int]]:
        return {
            str(some.row(place)["item_id"]): some.words[place].tolist()
            for some in Lookup(home=home).looks("files")
            for place in range(len(some.words))
        }

    expected = {f"commons:M{n}": [n, 0, 0, 0, n] for n in range(COUNT)}
    assert told() == expected
    index.refresh(home)
    assert told() == expected and KINDS["looks"].itemsize == 44


def test_a_home_that_must_not_be_written_is_asked_all_the_same(home: Home) -> None:
    asked = open_home(home.root, to_ask=True)
    before = sorted(path.stat().st_mtime_ns for path in home.root.rglob("*"))
    assert find_pictures(asked, "Picture 7").pictures
    assert sorted(path.stat().st_mtime_ns for path in home.root.rglob("*")) == before


def test_one_process_at_a_time_writes_the_index_since_another_would_take_its_halves_away(home: Home) -> None:
    with ThreadPoolExecutor(1) as beside:
        with alone(home.root / index.FOLDER, "brings the index in step"):
            other = beside.submit(index.refresh, home)
            with pytest.raises(TimeoutError):
                other.result(timeout=0.3)
        written, files = other.result(timeout=60)
    assert files > 0 and written <= files
