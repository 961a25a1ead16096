"""catalog/items and the licence-filtered table: what the joins let through, and what the check after them finds."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.items import (
    build_items,
    build_licensed,
    count,
    count_accepted,
    find_unfree,
    stale_items,
)
from pd_assets.lib.catalog.looks import Stale
from pd_assets.lib.catalog.schemas import CATEGORIES, DECISIONS, FILES, ITEMS, LICENSED, PAGES
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.rights.decisions import decide_all
from tests.pd_assets.lib.planting import PROFILE, THEN, decision, file, item, licensed, page, plant

Row = Mapping[str, object]
LATER = THEN + timedelta(hours=1)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def items_of(home: Home, *pages: Row, retired: tuple[str, ...] = ()) -> dict[str, dict[str, object]]:
    """catalog/items built of these rows of commons/pages."""
    by_category: dict[str, list[Row]] = {}
    for row in pages:
        by_category.setdefault(str(row["category"]), []).append(row)
    for category, rows in by_category.items():
        plant(home, PAGES, rows, partition=category)
    statuses = [{"category": name, "status": "retired" if name in retired else "live"} for name in by_category]
    plant(home, CATEGORIES, statuses)
    build_items(home)
    return {str(row["item_id"]): row for row in tables.rows(tables.read(home, ITEMS))}


def test_one_item_per_file_however_many_categories_list_it(home: Home) -> None:
    found = items_of(home, page(1, "A"), page(1, "B"), page(2, "B"))
    assert list(found) == ["commons:M1", "commons:M2"]
    assert found["commons:M1"]["partitions"] == ["A", "B"]
    assert {row["source"] for row in found.values()} == {"commons"}


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("File:Mona Lisa.jpg", "Mona Lisa"),
        ("File:St. Mary: a study, 1.5 m.tiff", "St. Mary: a study, 1.5 m"),
        ("Datei:Früh.jpeg", "Früh"),
        ("File:No ending", "No ending"),
        ("File:\U0001f3a8.png", "\U0001f3a8"),
    ],
)
def test_a_title_loses_its_namespace_and_ending(home: Home, title: str, kept: str) -> None:
    assert items_of(home, page(1, "A", title=title))["commons:M1"]["title"] == kept


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([{"category": "A"}], "live"),
        ([{"category": "A", "status": "deleted"}], "deleted"),
        ([{"category": "A", "status": "left"}], "left"),
        ([{"category": "A", "status": "moved"}], "moved"),
        ([{"category": "A", "status": "left", "fetched_at": LATER}, {"category": "B"}], "live"),
        ([{"category": "A", "status": "left"}, {"category": "B", "fetched_at": LATER}], "live"),
        ([{"category": "A", "status": "deleted", "fetched_at": LATER}, {"category": "B"}], "deleted"),
        ([{"category": "A", "status": "deleted"}, {"category": "B", "fetched_at": LATER}], "live"),
        ([{"category": "Old"}], "left"),
        ([{"category": "Old"}, {"category": "A"}], "live"),
        ([{"category": "Old", "status": "deleted"}], "deleted"),
    ],
)
def test_the_status_tells_what_was_read_last_and_whether_a_category_of_the_walk_lists_it(
    home: Home, rows: list[dict[str, object]], status: str
) -> None:
    pages = [page(1, str(row["category"]), **{k: v for k, v in row.items() if k != "category"}) for row in rows]
    assert items_of(home, *pages, retired=("Old",))["commons:M1"]["status"] == status


def test_an_item_is_what_was_read_last(home: Home) -> None:
    found = items_of(home, page(1, "A", revid=9, sha1="new", fetched_at=LATER), page(1, "B", revid=8, sha1="old"))
    assert (found["commons:M1"]["revid"], found["commons:M1"]["sha1"]) == (9, "new")


def test_counting_puts_the_most_frequent_first(home: Home) -> None:
    plant(home, ITEMS, [item(1), item(2), item(3, status="left")])
    assert count(home, ITEMS, "status") == {"live": 2, "left": 1}


# --- the licence-filtered table --------------------------------------------------------------------------------------


def licensed_of(home: Home, items: Sequence[Row], decisions: Sequence[Row], files: Sequence[Row]) -> list[str]:
    plant(home, ITEMS, items)
    plant(home, DECISIONS, decisions)
    plant(home, FILES, files)
    build_licensed(home, profile=PROFILE)
    return [str(row["item_id"]).removeprefix("commons:M") for row in tables.rows(tables.read(home, LICENSED))]


def test_an_accepted_live_decoded_item_is_licensed_with_what_its_evidence_says(home: Home) -> None:
    assert licensed_of(home, [item(1)], [decision(1)], [file(1)]) == ["1"]
    (row,) = tables.rows(tables.read(home, LICENSED))
    assert (row["artist"], row["date"], row["title"]) == ("A. Painter", "1742", "Picture 1")
    assert (row["rule_id"], row["profile"], row["width"]) == ("pd-old-100-expired", PROFILE, 100)
    assert find_unfree(home, profile=PROFILE) == []


def test_an_item_on_stale_evidence_waits_while_another_category_was_read_anew(home: Home) -> None:
    plant(home, ITEMS, [item(1, partitions=["A"]), item(2, partitions=["A", "B"]), item(3, partitions=["B"])])
    plant(home, DECISIONS, [decision(number) for number in (1, 2, 3)])
    plant(home, FILES, [file(number) for number in (1, 2, 3)])
    assert stale_items(home, Stale()) == []
    found = stale_items(home, Stale(categories=("A",), pages=("3",)))
    assert found == ["commons:M1", "commons:M3"]
    assert count_accepted(home, found, profile=PROFILE) == 2
    build_licensed(home, profile=PROFILE, stale=found)
    assert tables.read(home, LICENSED, ["item_id"])["item_id"].to_pylist() == ["commons:M2"]


@pytest.mark.parametrize(
    ("items", "decisions", "files"),
    [
        ([item(1)], [decision(1, "reject")], [file(1)]),
        ([item(1)], [decision(1, "quarantine")], [file(1)]),
        ([item(1)], [decision(1, profile="us")], [file(1)]),
        ([item(1)], [], [file(1)]),
        ([item(1)], [decision(1)], []),
        ([item(1)], [decision(1)], [file(1, status="failed")]),
        ([item(1)], [decision(1)], [file(1, sha1="of an older version")]),
        ([item(1, status="deleted")], [decision(1)], [file(1)]),
        ([item(1, status="left")], [decision(1)], [file(1)]),
        ([item(1, problem="hidden")], [decision(1)], [file(1)]),
        ([], [decision(1)], [file(1)]),
    ],
)
def test_whatever_is_missing_keeps_an_item_out(
    home: Home, items: list[Row], decisions: list[Row], files: list[Row]
) -> None:
    both = [[*items, item(2)], [*decisions, decision(2)], [*files, file(2)]]
    assert licensed_of(home, *both) == ["2"]


def test_each_picture_is_licensed_once_whatever_number_of_pages_show_it(home: Home) -> None:
    numbers = (1, 2, 3, 4)
    files = [file(number, sha256="f" * 64 if number < 4 else "e" * 64) for number in numbers]
    assert licensed_of(home, [item(n) for n in numbers], [decision(n) for n in numbers], files) == ["1", "4"]
    digests = tables.read(home, LICENSED, ["sha256"])["sha256"].to_pylist()
    assert len(digests) == len(set(digests))


FREE_TEXT = "{{Artwork|artist=A. Painter (1700-1760)|date=1742}}{{PD-Art|PD-old-100-expired}}"
BOUND_TEXT = FREE_TEXT + "{{Cc-by-sa-4.0}}"


def test_of_equal_files_one_under_an_obligation_sends_the_other_to_quarantine(home: Home) -> None:
    same = "c" * 40
    texts = {1: FREE_TEXT, 2: BOUND_TEXT, 3: FREE_TEXT}
    templates = {1: ["PD-Art"], 2: ["PD-Art", "Cc-by-sa-4.0"], 3: ["PD-Art"]}
    items_of(
        home,
        *[
            page(n, "A", wikitext=texts[n], templates=templates[n], sha1=same if n < 3 else "d" * 40, categories=[])
            for n in texts
        ],
    )
    decide_all(home, profile=PROFILE, today=date(2026, 11, 22))
    decided = [row for row in tables.rows(tables.read(home, DECISIONS)) if row["profile"] == PROFILE]
    assert {str(row["item_id"]): (row["verdict"], row["rule_id"]) for row in decided} == {
        "commons:M1": ("quarantine", "copy-conflict"),
        "commons:M2": ("reject", "tag-with-conditions"),
        "commons:M3": ("accept", decided[2]["rule_id"]),
    }
    plant(home, FILES, [file(n, sha1=same if n < 3 else "d" * 40) for n in texts])
    build_licensed(home, profile=PROFILE)
    assert tables.read(home, LICENSED, ["item_id"])["item_id"].to_pylist() == ["commons:M3"]
    assert find_unfree(home, profile=PROFILE) == []


# --- the check -------------------------------------------------------------------------------------------------------

OBLIGATION = '{"artist":"A","tags":[{"name":"cc-by-sa-4.0","seen_in":"wikitext","kind":"obligation"}]}'


@pytest.mark.parametrize(
    ("table", "rows", "problem"),
    [
        (DECISIONS, [], "no decision"),
        (DECISIONS, [decision(1, profile="us")], "no decision"),
        (DECISIONS, [decision(1, "reject")], "decided reject"),
        (DECISIONS, [decision(1, "quarantine")], "decided quarantine"),
        (DECISIONS, [decision(1), decision(1, "reject")], "decided reject"),
        (DECISIONS, [decision(1, evidence="{}")], "no evidence"),
        (DECISIONS, [decision(1, evidence=None)], "no evidence"),
        (DECISIONS, [decision(1, evidence=OBLIGATION)], "a tag with conditions in its evidence"),
        (LICENSED, [licensed(1, profile="us")], "accepted under profile us"),
        (LICENSED, [licensed(1), licensed(1)], "listed 2 times"),
        (ITEMS, [], "status unknown"),
        (ITEMS, [item(1, status="deleted")], "status deleted"),
        (ITEMS, [item(1, status="left")], "status left"),
        (ITEMS, [item(1, problem="hidden")], "the page is no usable picture: hidden"),
        (ITEMS, [item(1, sha1="of a newer version")], "a picture of another version of the file"),
        (FILES, [], "no decoded picture"),
        (FILES, [file(1, status="failed")], "no decoded picture"),
        (FILES, [file(1, sha256="0" * 64)], "no decoded picture"),
    ],
)
def test_each_planted_problem_is_found(home: Home, table: tables.Table, rows: list[Row], problem: str) -> None:
    for one, sound in ((ITEMS, item), (DECISIONS, decision), (FILES, file), (LICENSED, licensed)):
        plant(home, one, [sound(2), *(rows if one is table else [sound(1)])])
    found = find_unfree(home, profile=PROFILE)
    assert f"commons:M1: {problem}" in found
    assert all(line.startswith("commons:M1: ") for line in found)


def test_a_copy_of_a_licensed_picture_under_another_title_is_found(home: Home) -> None:
    for one, sound in ((ITEMS, item), (DECISIONS, decision)):
        plant(home, one, [sound(1), sound(2)])
    plant(home, FILES, [file(1), file(2, sha256=f"{1:064x}")])
    plant(home, LICENSED, [licensed(1), licensed(2, sha256=f"{1:064x}")])
    assert find_unfree(home, profile=PROFILE) == ["commons:M1: listed 2 times", "commons:M2: listed 2 times"]


def test_the_moment_of_reading_is_no_part_of_the_items_digest(home: Home) -> None:
    plant(home, PAGES, [page(1, "A")], partition="A")
    first = build_items(home)
    plant(home, PAGES, [page(1, "A", fetched_at=datetime(2030, 1, 1, tzinfo=UTC))], partition="A")
    assert build_items(home) == first
    plant(home, PAGES, [page(1, "A", revid=2)], partition="A")
    assert build_items(home) != first
