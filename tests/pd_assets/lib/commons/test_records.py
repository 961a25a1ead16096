"""JSON of the Action API -> records: ordinary pages, odd pages, and answers that come in several chunks."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.commons.records import Page, merge_chunks, parse_member, parse_page, without_query
from pd_assets.lib.dataset.labels import read_labels
from pd_assets.lib.rights.evidence import evidence_of
from tests.material import WRITTEN

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
Json: TypeAlias = "dict[str, object]"

INFO: Json = {
    "timestamp": "2019-05-04T03:02:01Z",
    "url": "https://upload.wikimedia.org/wikipedia/commons/a/ab/X.jpg?utm_source=x&utm_content=original",
    "thumburl": "https://thumb.wikimedia.org/wikipedia/commons/thumb/a/ab/X.jpg/1280px-X.jpg?utm_content=thumbnail",
    "descriptionurl": "https://commons.wikimedia.org/wiki/File:X.jpg",
    "sha1": "a" * 40,
    "size": 1234,
    "width": 2000,
    "height": 3000.0,
    "mime": "image/jpeg",
    "mediatype": "BITMAP",
    "extmetadata": {"License": {"value": "pd"}, "GPSLatitude": {"value": "1"}, "User": {"value": "Somebody"}},
}
PAGE: Json = {
    "pageid": 42,
    "ns": 6,
    "title": "File:X.jpg",
    "touched": "2026-01-01T00:00:00Z",
    "lastrevid": 7,
    "imageinfo": [INFO],
    "revisions": [{"revid": 8, "slots": {"main": {"content": "text"}, "mediainfo": {"content": "{}"}}}],
    "categories": [
        {"title": "Category:Works by B: C", "hidden": False},
        {"title": "Category:A", "hidden": True},
    ],
    "templates": [{"title": "Template:PD-Art"}, {"title": "Template:Artwork"}],
}


def parse(page: Mapping[str, object]) -> Page:
    return parse_page(page, thumb_side=1280, fetched_at=NOW)


def with_info(**changes: object) -> Page:
    return parse({**PAGE, "imageinfo": [{**INFO, **changes}]})


def test_a_page_is_read_with_all_its_evidence() -> None:
    page = parse(PAGE)
    assert (page.pageid, page.title, page.status, page.problem) == (42, "File:X.jpg", "live", None)
    assert (page.revid, page.touched) == (8, "2026-01-01T00:00:00Z")
    assert (page.width, page.height, page.size_bytes) == (2000, 3000, 1234)
    assert (page.wikitext, page.mediainfo) == ("text", "{}")
    assert page.uploaded_at == datetime(2019, 5, 4, 3, 2, 1, tzinfo=UTC)
    assert page.categories == ("A", "Works by B: C")
    assert page.hidden_categories == ("A",)
    assert page.templates == ("Artwork", "PD-Art")
    assert page.fetched_at == NOW


def test_addresses_lose_their_campaign_marks() -> None:
    page = parse(PAGE)
    assert page.file_url == "https://upload.wikimedia.org/wikipedia/commons/a/ab/X.jpg"
    assert page.thumb_url == "https://thumb.wikimedia.org/wikipedia/commons/thumb/a/ab/X.jpg/1280px-X.jpg"
    assert without_query("https://h/What%3F.jpg?utm=1#x") == "https://h/What%3F.jpg"
    assert without_query(None) is None


def test_positions_and_uploaders_are_not_kept() -> None:
    kept = parse(PAGE).extmetadata
    assert kept is not None and json.loads(kept) == {"License": {"value": "pd"}}


@pytest.mark.parametrize("empty", [[], {}, None])
def test_metadata_that_is_empty_in_any_shape_is_absent(empty: object) -> None:
    assert with_info(extmetadata=empty).extmetadata is None


@pytest.mark.parametrize(
    "page",
    [
        {"pageid": 42, "missing": True},
        {"title": "File:X.jpg", "ns": 6, "missing": True, "imagerepository": ""},
        {"title": "File:a%20b.jpg", "invalid": True, "invalidreason": "bad"},
    ],
)
def test_missing_and_invalid_pages_are_deleted_ones(page: Json) -> None:
    parsed = parse(page)
    assert parsed.status == "deleted"
    assert (parsed.sha1, parsed.wikitext, parsed.categories) == (None, None, ())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"ns": 0}, "not_a_file"),
        ({"imageinfo": []}, "no_file"),
        ({"imageinfo": [{"timestamp": "2019-05-04T03:02:01Z", "filehidden": True, "width": 9}]}, "hidden"),
        ({"imageinfo": [{**INFO, "sha1": None}]}, "no_file"),
        ({"imageinfo": [{"filemissing": True}]}, "no_file"),
        ({"revisions": [{"revid": 8, "slots": {"main": {"texthidden": True}}}]}, "no_wikitext"),
        ({"revisions": []}, "no_wikitext"),
        ({"imageinfo": [{**INFO, "mediatype": "DRAWING", "mime": "image/svg+xml"}]}, "not_bitmap"),
    ],
)
def test_a_page_that_is_no_usable_picture_says_why(change: Json, problem: str) -> None:
    parsed = parse({**PAGE, **change})
    assert (parsed.status, parsed.problem) == ("live", problem)


def test_a_page_without_imageinfo_is_no_picture_but_keeps_its_text() -> None:
    page = {key: value for key, value in PAGE.items() if key != "imageinfo"}
    assert (parse(page).problem, parse(page).wikitext) == ("no_file", "text")


def test_a_redirect_is_a_moved_page() -> None:
    assert parse({**PAGE, "redirect": True}).status == "moved"


def test_without_the_revision_the_page_names_its_latest() -> None:
    assert parse({**PAGE, "revisions": []}).revid == 7


def test_a_time_that_is_not_told_is_unknown() -> None:
    assert (with_info(timestamp=None).uploaded_at, with_info(timestamp=None).problem) == (None, None)


@pytest.mark.parametrize(
    "timestamp",
    ["yesterday", 5, "0000-00-00T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59", True, ""],
)
def test_a_time_that_is_none_makes_a_page_unreadable_for_it_may_be_a_fresh_upload(timestamp: object) -> None:
    page = with_info(timestamp=timestamp)
    assert page.problem == "unreadable: timestamp (moment in the years 2 to 9998 expected)"
    assert page.is_unreadable
    assert (page.pageid, page.title, page.revid, page.wikitext) == (42, "File:X.jpg", 8, None)


ODD = (
    None, True, -1, 0, 0.5, 2**31, 2**63, 10**30, 10**5000, 1e400, float("nan"), "", "x" * 100_000, "\ud800", "\x00",
    "1e999", "http://[::1/x", "http:///x", "http://h:99999/", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00",
    [], {}, [None], {"a": None}, [[[[]]]], {"content": "\ud800"}, {"a": {"b": 10**5000}}, {"a": {"b": float("inf")}},
)  # fmt: skip


def places(value: object, at: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    yield at
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*at, key))
    elif isinstance(value, list):
        for number in range(min(2, len(value))):
            yield from places(value[number], (*at, number))


def put(value: object, at: tuple[object, ...], odd: object) -> object:
    """A copy of `value` that has `odd` at one place."""
    if not at:
        return odd
    if isinstance(value, dict):
        return {**value, at[0]: put(value[at[0]], at[1:], odd)}
    assert isinstance(value, list) and isinstance(at[0], int)
    return [*value[: at[0]], put(value[at[0]], at[1:], odd), *value[at[0] + 1 :]]


@pytest.mark.parametrize("number", range(len(ODD)))
def test_whatever_stands_in_whatever_field_the_page_can_be_stored_and_read(number: int) -> None:
    # By number: a test's name cannot hold some of them.
    odd = ODD[number]
    for at in places(PAGE):
        changed = put(PAGE, at, odd)
        if not isinstance(changed, dict):
            continue
        parse_member(changed)
        row = parse(changed).in_category("C")
        (stored,) = tables.rows(tables.as_table(PAGES, [row]))
        evidence_of({**stored, "source": "commons", "item_id": "commons:M42"}).to_json().encode()
        read_labels(stored)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"categories": {"a": 1}}, "categories (list of objects expected)"),
        ({"templates": [{"title": 7}]}, "templates (text in UTF-8 expected)"),
        ({"templates": [{}]}, "templates (list of titles expected)"),
        ({"imageinfo": [{**INFO, "width": True}]}, "width (whole number from 0 to 2147483647 expected)"),
        ({"imageinfo": [{**INFO, "size": -5}]}, "size (whole number from 0 to 9223372036854775807 expected)"),
        ({"imageinfo": [{**INFO, "url": "//h/x"}]}, "url (web address expected)"),
        ({"imageinfo": [{**INFO, "extmetadata": {"License": "cc-by"}}]},
         "extmetadata (map of objects whose values JSON and UTF-8 can hold expected)"),
        ({"revisions": [{"slots": {"main": {"content": 7}}}]}, "wikitext (text in UTF-8 expected)"),
    ],
)  # fmt: skip
def test_a_field_of_another_kind_is_never_taken_for_an_empty_one(change: Json, named: str) -> None:
    page = parse({**PAGE, **change})
    assert page.problem == f"unreadable: {named}"
    assert (page.categories, page.templates, page.file_url) == ((), (), None)


def test_a_depth_that_nobody_can_read_is_no_metadata() -> None:
    nested: object = {}
    for _ in range(100_000):
        nested = [nested]
    assert with_info(extmetadata={"License": {"value": nested}}).is_unreadable


@pytest.mark.parametrize("key", ["imageinfo", "revisions", "categories", "templates", "title", "touched"])
@pytest.mark.parametrize("value", [None, "text", 3, {}, [None], [[]], True])
def test_a_page_of_unexpected_shape_never_crashes(key: str, value: object) -> None:
    assert parse({**PAGE, key: value}).pageid == 42


def test_a_row_names_its_category_and_may_be_given_a_status() -> None:
    row = parse(PAGE).in_category("A", "left")
    assert (row["category"], row["status"], row["templates"]) == ("A", "left", ["Artwork", "PD-Art"])
    assert parse(PAGE).in_category("A")["status"] == "live"


def test_a_listed_member_is_read() -> None:
    member = parse_member({"pageid": 3, "ns": 6, "title": "File:X", "lastrevid": 9, "touched": "T", "redirect": True})
    assert (member.pageid, member.title, member.revid, member.touched, member.is_redirect) == (
        3,
        "File:X",
        9,
        "T",
        True,
    )
    assert parse_member({}).pageid == 0


# --- continuations ---------------------------------------------------------------------------------------------------


def test_chunks_are_merged_by_page_lists_appended_and_nothing_doubled() -> None:
    pages: dict[int, Json] = {}
    merge_chunks(pages, [{"pageid": 1, "title": "A", "templates": [{"title": "T1"}], "imageinfo": [INFO]}])
    merge_chunks(pages, [{"pageid": 1, "title": "A", "templates": [{"title": "T1"}, {"title": "T2"}]}, {"pageid": 2}])
    assert pages[1]["templates"] == [{"title": "T1"}, {"title": "T2"}]
    assert pages[1]["imageinfo"] == [INFO]
    assert pages[2] == {"pageid": 2}


def pages_in(name: str) -> list[Mapping[str, object]]:
    path = WRITTEN / "commons" / "continuation" / f"{name}.json"
    return list(json.loads(path.read_text())["query"]["pages"].values())


def test_written_chunks_of_one_batch_merge_into_the_whole() -> None:
    pages: dict[int, Json] = {}
    for name in ("chunk1", "chunk2", "chunk3"):
        merge_chunks(pages, pages_in(name))
    assert pages == {page["pageid"]: page for page in pages_in("merged")}
    assert all(page["imageinfo"] for page in pages.values())


def test_written_pages_are_read_with_their_address_and_size() -> None:
    for raw in pages_in("merged"):
        page = parse(raw)
        assert page.file_url is not None and page.file_url.startswith("https://upload.wikimedia.org/")
        assert page.width and page.height and page.size_bytes
        assert page.extmetadata and "GPSLatitude" not in json.loads(page.extmetadata)


def test_a_written_missing_page_is_a_deleted_one() -> None:
    answer = json.loads((WRITTEN / "commons" / "titles" / "missing.json").read_text())
    (raw,) = answer["query"]["pages"].values()
    # An answer of formatversion=1, where a flag is an empty text.
    assert raw["missing"] == ""
    assert parse({**raw, "missing": True}).status == "deleted"
