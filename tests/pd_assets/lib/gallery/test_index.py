"""What the gallery finds and counts is what going through all items finds and counts."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pd_assets.lib.gallery.asked import Query, read_query
from pd_assets.lib.gallery.building import build
from pd_assets.lib.gallery.facets import FACETS
from pd_assets.lib.gallery.index import Gallery, Page
from pd_assets.lib.gallery.words import words
from pd_assets.lib.home import Home, open_home
from tests.pd_assets.lib.gallery.planted import home_of, rows_of
from tests.pd_assets.lib.planting import PROFILE, Row

COUNT = 90


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return home_of(tmp_path_factory.mktemp("gallery"), COUNT)


@pytest.fixture(scope="module")
def gallery(home: Home) -> Gallery:
    return Gallery(build(home, PROFILE))


def facts(number: int) -> dict[str, set[str]]:
    """What one item has of each facet, by hand."""
    item, decided, stored, captions = rows_of(number)
    is_accepted = decided["verdict"] == "accept"
    year = 1500 + 37 * number % 500 if number % 5 else None
    side = max(int(str(item["width"])), 200)
    sharpness = float(str(stored["sharpness"])) if is_accepted else None
    return {
        "verdict": {str(decided["verdict"])},
        "archive": {str(item["source"])},
        "rule": {str(decided["rule_id"])},
        "artist": {artist_of(decided)},
        "century": {"" if year is None else f"{(year + 99) // 100:02}"},
        "medium": {"oil on canvas" if is_accepted else ""},
        "category": set(texts(item["categories"])),
        "reason": set(texts(decided["reasons"])),
        "size": {next(str(least) for least in (4096, 2048, 1024, 512, 0) if side >= least)},
        "sharpness": {
            ""
            if sharpness is None
            else next(
                name
                for least, name in ((1000, "very-sharp"), (200, "sharp"), (50, "fair"), (0, "soft"))
                if sharpness >= least
            )
        },
        "words": set(
            words(" ".join([str(item["title"]), artist_of(decided), *(told(captions) if is_accepted else ())]))
        ),
    }


def artist_of(decided: Row) -> str:
    return str(json.loads(str(decided["evidence"]))["artist"])


def texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(one) for one in value]


def told(captions: Row) -> Iterator[str]:
    labels = captions["labels"]
    assert isinstance(labels, list)
    return (str(one["value"]) for one in labels)


FACTS = {number: facts(number) for number in range(COUNT)}


def fits(number: int, query: Query, *, but: str = "") -> bool:
    of = FACTS[number]
    every = all(any(has.startswith(word) for has in of["words"]) for word in query.words)
    for name, chosen in query.chosen:
        if name != but:
            every &= set(chosen) <= of[name] if FACETS[name].is_many else bool(set(chosen) & of[name])
    return every


def ids(page: Page) -> list[str]:
    return [item.item_id for item in page.items]


CHOICES = st.dictionaries(st.sampled_from(sorted(FACETS)), st.randoms(use_true_random=False), max_size=3)


@settings(max_examples=50)
@given(chosen=CHOICES, text=st.sampled_from(["", "ho", "boat", "chateau ete", "thing3 anna", "山", "nothing"]))
def test_the_pictures_that_are_found_and_the_counts_of_every_facet_are_those_of_going_through_all_items(
    gallery: Gallery, chosen: dict[str, object], text: str
) -> None:
    picked = []
    for name, random in sorted(chosen.items()):
        every = sorted({value for of in FACTS.values() for value in of[name]})
        picked.append((name, tuple(random.sample(every, min(len(every), random.randint(1, 2))))))  # type: ignore[attr-defined]
    query = Query(chosen=tuple(picked), text=text)
    page = gallery.page(query, size=COUNT)
    assert set(ids(page)) == {f"commons:M{number}" for number in FACTS if fits(number, query)}
    assert page.total == len(page.items)
    for counted in page.facets:
        name = counted.facet.name
        but = "" if counted.facet.is_many else name
        expected = Counter(value for number in FACTS if fits(number, query, but=but) for value in FACTS[number][name])
        assert {one.value: one.count for one in counted.values if one.count} == dict(
            sorted(expected.items(), key=lambda one: -one[1])
        )
        assert {one.value for one in counted.values if one.is_chosen} == set(query.values(name))


def test_the_rows_of_a_page_say_what_the_tables_say(gallery: Gallery) -> None:
    found = gallery.item("commons:M7")
    assert found is not None
    assert (found.title, found.verdict, found.reasons) == (
        "Boat at night 7",
        "reject",
        ("no_ground", "us_ground_missing"),
    )
    assert not found.has_picture
    accepted = gallery.item("commons:M4")
    assert accepted is not None
    assert (accepted.has_picture, accepted.path, accepted.artist) == (True, "images/4.jpg", "Émile Durand")
    assert gallery.item("commons:M") is gallery.item("zzz") is gallery.item("") is None


@pytest.mark.parametrize("sort", ["pictures", "newest", "title", "size"])
def test_pages_hold_every_item_once_in_the_order_that_was_asked_for(gallery: Gallery, sort: str) -> None:
    pages = [gallery.page(Query(sort=sort, page=number), size=7) for number in range(1, 14)]
    found = [item for page in pages for item in page.items]
    assert sorted(item.item_id for item in found) == sorted(f"commons:M{number}" for number in FACTS)
    if sort == "title":
        assert [str(item.title).lower() for item in found] == sorted(str(item.title).lower() for item in found)
    if sort == "size":
        areas = [(item.width or 0) * (item.height or 0) for item in found]
        assert areas == sorted(areas, reverse=True)
    if sort == "pictures":
        assert [item.has_picture for item in found] == sorted((item.has_picture for item in found), reverse=True)
        assert {item.has_picture for item in found} == {True, False}
    assert {(page.total, page.pages) for page in pages} == {(COUNT, 13)}


def test_a_page_after_the_last_is_the_last(gallery: Gallery) -> None:
    page = gallery.page(Query(page=999), size=7)
    assert page.number == 13 and len(page.items) == COUNT - 12 * 7


def test_of_some_items_alone_a_page_keeps_their_order_and_leaves_out_what_is_not_here(gallery: Gallery) -> None:
    among = ["commons:M9", "commons:M1", "commons:M999", "commons:M5"]
    assert ids(gallery.page(Query(), among=among)) == ["commons:M9", "commons:M1", "commons:M5"]
    assert ids(gallery.page(Query(chosen=(("verdict", ("accept",)),)), among=among)) == [
        name for name in ("commons:M9", "commons:M1", "commons:M5") if "accept" in FACTS[int(name[9:])]["verdict"]
    ]


def test_what_nothing_here_has_is_named(gallery: Gallery) -> None:
    page = gallery.page(Query(text="boat zeppelin", chosen=(("artist", ("Nobody",)),)))
    assert page.total == 0
    assert page.unknown == ("zeppelin", "Artist: Nobody")


def test_what_is_typed_for_a_facet_lists_the_values_that_hold_it(gallery: Gallery) -> None:
    page = gallery.page(Query(find=(("artist", "HOLM"), ("category", "a & b"))))
    by_name = {counted.facet.name: [one.value for one in counted.values] for counted in page.facets}
    assert by_name["artist"] == ["Jan Holmgaard"]
    assert by_name["category"] == ["Paintings by “A & B”"]


def test_an_address_says_what_was_chosen_and_is_read_back(gallery: Gallery) -> None:
    query = Query(text="a & b", chosen=(("artist", ("", "Émile Durand")),), sort="title", page=3)
    pairs = list(query.fields())
    assert read_query(pairs) == query
    assert query.toggled("artist", "").values("artist") == ("Émile Durand",)
    assert query.toggled("artist", "").page == 1


def test_a_home_without_tables_has_an_empty_gallery(tmp_path: Path) -> None:
    page = Gallery(build(open_home(tmp_path), PROFILE)).page(Query(text="a", chosen=(("artist", ("x",)),)))
    assert page.total == 0
