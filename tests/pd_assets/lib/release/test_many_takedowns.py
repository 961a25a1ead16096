"""Lists of names and patterns over the catalogue: one receipt for all, and what comes later with it."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.items import build_licensed
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, LICENSED, TAKEDOWNS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import notes, patterns
from pd_assets.lib.release.name_lists import read_names
from pd_assets.lib.release.takedowns import Asked, pending, resume, take_down, take_down_all
from tests.pd_assets.lib.dataset.exporting import store
from tests.pd_assets.lib.planting import decision, file, item, plant
from tests.pd_assets.lib.release.planted import catalogue

COUNT = 8


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    catalogue(made, range(COUNT))
    return made


def taken_down(home: Home) -> dict[str, str]:
    return {str(row["item_id"]): str(row["number"]) for row in tables.rows(tables.read(home, TAKEDOWNS))}


def test_a_list_is_one_receipt_and_what_nothing_is_called_is_named_while_the_rest_is_done(home: Home) -> None:
    names = ("commons:M1", "File:Picture_2.jpg", "The Night Watch", f"{3:040x}", "ab" * 32, "commons:M404")
    done = take_down_all(home, Asked(names=names, reason="a letter", is_list=True))
    assert done.unknown == ("The Night Watch",) and done.left == ()
    rows = list(tables.rows(tables.read(home, TAKEDOWNS)))
    assert {row["number"] for row in rows} == {done.number}
    assert {row["item_id"] or row["sha256"] for row in rows} == {
        *("commons:M1", "commons:M2", "commons:M3", "commons:M404"),
        "ab" * 32,
    }
    build_licensed(home, profile="strict")
    assert tables.read(home, LICENSED)["item_id"].to_pylist() == [f"commons:M{n}" for n in (0, 4, 5, 6, 7)]


def test_a_list_of_unknown_names_alone_notes_nothing(home: Home) -> None:
    with pytest.raises(ConfigError, match="is called 'one', 'two'; expected an item id"):
        take_down_all(home, Asked(names=("one", "two"), reason="a letter", is_list=True))
    assert notes.read_all(home) == ([], []) and tables.files_of(home, TAKEDOWNS) == []


def test_a_list_is_purged_at_once(home: Home) -> None:
    stored = [home.images / digest[:2] / f"{digest}.jpg" for digest in (store(home, 1), store(home, 2))]
    for path in stored:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"the picture")
    done = take_down_all(home, Asked(names=("commons:M1", "Picture 2"), reason="a letter", purge=True, is_list=True))
    assert len(done.purged.files) == 2 and not any(path.exists() for path in stored)
    assert pending(home) == [] and all(row["purged_at"] for row in tables.rows(tables.read(home, TAKEDOWNS)))


def test_names_come_from_lines_with_comments_and_from_the_first_column_of_a_csv(tmp_path: Path) -> None:
    lines = tmp_path / "names.txt"
    lines.write_text(
        "\ufeff# a letter\ncommons:M1  # the first\n\n  File:A, B.jpg\r\ncommons:M1\n\t#x\nhttps://a.test/w#x\n"
    )
    assert read_names(lines) == ("commons:M1", "File:A, B.jpg", "https://a.test/w#x")
    table = tmp_path / "names.CSV"
    table.write_text('title,why\n"File:A, B.jpg",x\n# no\n,\ncommons:M1,y\n')
    assert read_names(table) == ("File:A, B.jpg", "commons:M1")
    table.write_text("commons:M1\n")
    assert read_names(table) == ("commons:M1",)


@pytest.mark.parametrize(
    ("body", "says"),
    [(b"", "no name in it"), (b"# nothing\n\n", "no name in it"), (b"commons:M1\n\xff\xfe", "line 2: no UTF-8"),
     (b"\x00\x01", None), (None, "cannot be read")],
)  # fmt: skip
def test_what_is_no_list_of_names_is_a_named_error(tmp_path: Path, body: bytes | None, says: str | None) -> None:
    path = tmp_path / "names.txt"
    if body is not None:
        path.write_bytes(body)
    if says is None:
        assert len(read_names(path)) == 1
        return
    with pytest.raises(ConfigError, match=says):
        read_names(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_names(tmp_path)


@given(st.binary(max_size=200), st.sampled_from([".txt", ".csv"]))
def test_whatever_a_file_holds_it_is_read_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, ending: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"names{ending}"
    path.write_bytes(body)
    try:
        found = read_names(path)
    except ConfigError:
        return
    assert found and all(name == name.strip() and name for name in found)


@pytest.mark.parametrize(
    ("pattern", "items"),
    [("title:*ture 3", {3}), ("title:File:picture_?", set(range(COUNT))), ("TITLE: picture 4 ", {4}),
     ("category:Category:Bee*", {2, 5}), ("artist:a. p*er", set(range(COUNT)) - {6}), ("artist:*(1606)*", {6}),
     ("title:picture", set()), ("category:*", None), ("title:?*_", None), ("colour:*red*", None), ("title", None),
     ("title:" + "x" * 600, None)],
)  # fmt: skip
def test_a_pattern_matches_whole_titles_artists_and_categories(
    home: Home, pattern: str, items: set[int] | None
) -> None:
    plant(home, ITEMS, [item(n, categories=["Bees", "A"] if n in (2, 5) else ["A"]) for n in range(COUNT)])
    other = '{"artist":"Rembrandt (1606)"}'
    plant(home, DECISIONS, [decision(n, **({"evidence": other} if n == 6 else {})) for n in range(COUNT)])
    if items is None:
        with pytest.raises(ConfigError, match="pattern"):
            patterns.parse(pattern)
        return
    found, unread = patterns.matching(home, patterns.parse(pattern))
    assert unread == [] and found == [f"commons:M{n}" for n in sorted(items)]


@given(st.text(min_size=1, max_size=30))
def test_a_title_matches_the_pattern_that_it_is(title: str) -> None:
    import duckdb

    try:
        pattern = patterns.parse(f"title:{title}")
    except ConfigError:
        return
    wanted = pattern.glob.replace("_", " ")
    ((matches,),) = duckdb.execute("select regexp_full_match(?, ?)", [wanted, pattern.expression]).fetchall()
    assert matches


def test_what_matches_a_pattern_later_is_taken_down_with_the_same_number(home: Home) -> None:
    done = take_down_all(home, Asked(patterns=("title:Picture 5*",), reason="a letter"))
    assert done.matched == {"title:Picture 5*": 1} and taken_down(home) == {"commons:M5": done.number}
    plant(home, ITEMS, [item(n, title=f"Picture 5{n}" if n == 7 else f"Picture {n}") for n in range(COUNT)])
    assert resume(home) == []
    assert taken_down(home) == {"commons:M5": done.number, "commons:M7": done.number}
    build_licensed(home, profile="strict")
    assert not {"commons:M5", "commons:M7"} & {*tables.read(home, LICENSED)["item_id"].to_pylist()}


def test_copies_of_what_a_pattern_matches_go_with_it(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    catalogue(home, range(COUNT), copies=[(6, 5)])
    assert take_down_all(home, Asked(patterns=("title:Picture 5",), reason="a letter")).number
    rows = {row["item_id"]: row["matched_by"] for row in tables.rows(tables.read(home, TAKEDOWNS))}
    assert rows == {"commons:M5": "pattern", "commons:M6": "copy"}


def test_a_pattern_that_nothing_matches_yet_is_remembered(home: Home) -> None:
    number = take_down_all(home, Asked(patterns=("artist:*Nobody*",), reason="a letter")).number
    assert resume(home) == [] and pending(home) == []
    plant(
        home,
        DECISIONS,
        [decision(n, **({"evidence": '{"artist":"J. Nobody"}'} if n == 3 else {})) for n in range(COUNT)],
    )
    assert resume(home) == []
    assert {row["item_id"]: row["number"] for row in tables.rows(tables.read(home, TAKEDOWNS))} == {
        "commons:M3": number
    }


def test_a_purge_of_a_pattern_removes_what_matches_later_too(home: Home) -> None:
    take_down_all(home, Asked(patterns=("title:Picture 5*",), reason="a letter", purge=True))
    digest = store(home, 7)
    path = home.images / digest[:2] / f"{digest}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"the picture")
    plant(home, ITEMS, [item(n, title=f"Picture 5{n}" if n == 7 else f"Picture {n}") for n in range(COUNT)])
    assert resume(home, purges=False) == [] and path.exists() and pending(home) == ["title:Picture 5*"]
    assert resume(home) == [] and not path.exists() and pending(home) == []


def test_a_pattern_of_many_items_or_of_a_catalogue_that_cannot_be_counted_has_to_be_meant(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    catalogue(home, range(3))
    plant(home, ITEMS, [item(n) for n in range(25)])
    with pytest.raises(ConfigError, match=r"matches 25 items .*--yes"):
        take_down_all(home, Asked(patterns=("title:Picture*",), reason="a letter"))
    assert notes.read_all(home) == ([], [])
    done = take_down_all(home, Asked(patterns=("title:Picture*",), reason="a letter", is_sure=True))
    assert done.matched == {"title:Picture*": 25}
    for path in tables.files_of(home, ITEMS):
        path.write_bytes(b"damaged")
    with pytest.raises(ConfigError, match="cannot be counted now"):
        take_down_all(home, Asked(patterns=("title:Picture*",), reason="another"))
    done = take_down_all(home, Asked(patterns=("title:Picture*",), reason="another", is_sure=True))
    assert done.number and done.left and "title:Picture*" in pending(home)
    plant(home, ITEMS, [item(n) for n in range(25)])
    assert resume(home) == [] and pending(home) == []


def test_a_picture_that_was_never_fetched_and_comes_back_under_another_title_is_refused_by_its_sha1(home: Home) -> None:
    """Taken down by title while only the catalogue knows it, and by an id that the catalogue does not know yet."""
    plant(home, ITEMS, [item(n) for n in range(COUNT + 1)])
    by_title = take_down(home, "Picture 8", reason="announced").number
    by_id = take_down(home, "commons:M9", reason="announced").number
    plant(home, ITEMS, [item(n) for n in range(COUNT)] + [item(9, sha1="e" * 40), item(10, sha1=f"{8:040x}")])
    resume(home)
    plant(home, ITEMS, [item(n) for n in range(COUNT)] + [item(10, sha1=f"{8:040x}"), item(11, sha1="e" * 40)])
    plant(home, DECISIONS, [decision(n) for n in (*range(COUNT), 10, 11)])
    plant(home, FILES, [file(n, sha256=store(home, n)) for n in range(COUNT)]
          + [file(10, sha256="a" * 64, sha1=f"{8:040x}"), file(11, sha256="b" * 64, sha1="e" * 40)])  # fmt: skip
    resume(home)
    assert taken_down(home) == {
        **{f"commons:M{n}": by_title for n in (8, 10)},
        **{f"commons:M{n}": by_id for n in (9, 11)},
    }
    build_licensed(home, profile="strict")
    assert not {"commons:M10", "commons:M11"} & {*tables.read(home, LICENSED)["item_id"].to_pylist()}


def test_what_a_long_list_names_by_itself_is_asked_for_at_once(home: Home) -> None:
    names = (*(hashlib.sha256(bytes([n])).hexdigest() for n in range(200)), store(home, 5), f"{6:040x}", "M7")
    done = take_down_all(home, Asked(names=names, reason="a letter", is_list=True))
    assert done.unknown == () and tables.read(home, TAKEDOWNS).num_rows == len(names)
    by_name = {row["named"]: row["item_id"] for row in tables.rows(tables.read(home, TAKEDOWNS)) if row["item_id"]}
    assert by_name == {store(home, 5): "commons:M5", f"{6:040x}": "commons:M6", "M7": "commons:M7"}
