"""Records as rows: verbatim where rights read them, legible whatever types the values have."""

import json
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import RECORDS
from pd_assets.lib.museums.values import instant, plain
from pd_assets.lib.smithsonian.lines import Line
from pd_assets.lib.smithsonian.records import Parser, item_id
from tests.material import WRITTEN
from tests.pd_assets.lib.smithsonian.bulk import record
from tests.pd_assets.lib.smithsonian.rows import by_record, rows_in, usable_media

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SPECIMEN = "https://collections.nmnh.si.edu/media/?irn=15000012"


def rows_of(*records: object) -> list[dict[str, object]]:
    parser = Parser(shard="00", side=512, now=NOW)
    lines = [Line(signature=str(at), text=json.dumps(one)) for at, one in enumerate(records)]
    made = [row for line in lines for row in parser.rows(line)]
    assert parser.reading.lines == parser.reading.records + parser.reading.reasons.total() == len(records)
    return list(tables.rows(tables.as_table(RECORDS, made)))


def test_the_written_records_come_out_as_their_lines_say() -> None:
    rows = rows_in(WRITTEN / "smithsonian" / "lines.txt")
    assert usable_media(rows) == {
        "chndm_1900-1-12": 1,
        "nasm_A19000012000": 3,
        "nmnhvz_14000012": 1,
        "fsg_F1900.012": 2,
        "nmah_1400012": 0,
        "ofeo-sg_2012-0012A": 2,
    }
    records = by_record(rows)
    (puppet,) = records["nmah_1400012"]
    assert (puppet["problem"], puppet["title"], puppet["file_url"]) == ("no_media", "Otter Puppet", None)
    assert {row["usage_access"] for row in records["ofeo-sg_2012-0012A"]} == {None}
    heron = records["fsg_F1900.012"][0]
    assert (heron["names"], heron["object_rights"]) == (["Artist: Katsushika Hokusai 葛飾北斎 (1760-1849)"], ["CC0"])
    assert (heron["dates"], heron["metadata_usage_access"]) == (["1847", "Edo period"], "CC0")
    bird = records["nmnhvz_14000012"][0]
    assert str(bird["item_id"]).count(":") == 2, "an id that is an address is encoded"
    assert unquote(str(bird["item_id"]).split(":")[2]) == bird["media_id"] == SPECIMEN


def test_the_records_of_a_written_search_are_read_like_lines() -> None:
    found = json.loads((WRITTEN / "smithsonian" / "search.json").read_text())["response"]["rows"]
    drawing, bird, weir = rows_of(*found)
    lines = (WRITTEN / "smithsonian" / "lines.txt").read_text().splitlines()
    assert found[:2] == [json.loads(lines[0]), json.loads(lines[2])]
    assert (drawing["record_id"], bird["record_id"]) == ("chndm_1900-1-12", "nmnhvz_14000012")
    assert (weir["usage_access"], weir["names"]) == (
        "CC0",
        ["Creator: Brand, Otto A", "Subject: Herons of the Weir (U.S.)"],
    )
    assert weir["object_rights"][-1:] == ["No Copyright - United States"]


def test_answers_that_wrap_a_record_and_components_of_archives_are_no_records() -> None:
    texts = {path.stem: path.read_text() for path in (WRITTEN / "smithsonian" / "records").glob("*.json")}
    problems = {name: {row["problem"] for row in rows_of(json.loads(text))} for name, text in texts.items()}
    assert problems == {
        "archival_component": {"not_edanmdm"},
        "content_answer": {"not_edanmdm"},
        "content_answer_without_media": {"not_edanmdm"},
        "medium_without_usage": {None},
    }
    (component,) = rows_of(json.loads(texts["archival_component"])["response"])
    assert component["problem"] == "not_edanmdm"


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_an_item_id_can_be_taken_apart_whatever_the_ids_hold(one: str, other: str) -> None:
    one, other = (name.encode(errors="replace").decode() for name in (one, other))
    source, record_id, media_id = item_id(one, other).split(":")
    assert source == "smithsonian" and "#" not in record_id + media_id
    assert record_id.startswith("blake2b-") or unquote(record_id) == one
    assert media_id.startswith("blake2b-") or unquote(media_id) == other


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1586592703, datetime(2020, 4, 11, 8, 11, 43, tzinfo=UTC)),
        ("1586592703", datetime(2020, 4, 11, 8, 11, 43, tzinfo=UTC)),
        (1586592703000, datetime(2020, 4, 11, 8, 11, 43, tzinfo=UTC)),
        ("Fri May 25 04:22:36 EDT 2018", datetime(2018, 5, 25, 8, 22, 36, tzinfo=UTC)),
        ("2018-05-25T08:22:36Z", datetime(2018, 5, 25, 8, 22, 36, tzinfo=UTC)),
        ("yesterday", None),
        ("9" * 30, None),
        (True, None),
        ([], None),
    ],
)
def test_moments_are_read_in_every_form_that_the_archive_used(value: object, moment: datetime | None) -> None:
    assert instant(value) == moment


def test_titles_are_plain_text() -> None:
    assert plain("Object <i>1</i> &amp; 2 < 3") == "Object 1 & 2 < 3"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
DESCRIBED = "content.descriptiveNonRepeating"
PLACES = [
    *("record", "title", "url", "unitCode", "lastTimeUpdated", "type", "content", "content.freetext"),
    *("content.freetext.objectRights", "content.freetext.name", "content.freetext.date"),
    *("content.indexedStructured", "content.indexedStructured.date", DESCRIBED, f"{DESCRIBED}.record_ID"),
    *(f"{DESCRIBED}.title", f"{DESCRIBED}.metadata_usage", f"{DESCRIBED}.online_media"),
    *(f"{DESCRIBED}.online_media.media", f"{DESCRIBED}.online_media.mediaCount"),
]


@given(st.sampled_from(PLACES), JSON)
def test_whatever_stands_anywhere_in_a_record_it_becomes_rows(place: str, value: object) -> None:
    strange = record("FSG", 1)
    *path, last = place.split(".")
    part: object = strange
    for key in path:
        assert isinstance(part, dict)
        part = part[key]
    assert isinstance(part, dict)
    part[last] = value
    assert len(rows_of(strange)) >= 1


@given(JSON, st.sampled_from(["usage", "type", "content", "resources", "idsId", "caption", "thumbnail"]))
def test_whatever_stands_in_a_medium_only_an_exact_cc0_reads_as_one(value: object, key: str) -> None:
    strange = record("FSG", 1)
    content = strange["content"]
    assert isinstance(content, dict)
    content["descriptiveNonRepeating"]["online_media"]["media"] = [{"idsId": "a", key: value}, value]
    assert all(row["usage_access"] != "CC0" for row in rows_of(strange))


def test_a_record_that_is_there_twice_counts_once() -> None:
    other = record("FSG", 1)
    other["title"] = "Another title"
    rows = rows_of(record("FSG", 1), other)
    assert [(row["problem"], row["title"]) for row in rows] == [
        ("duplicate_record", "Another title"),
        (None, "Object 1 & more"),
    ]


def test_rights_in_an_unknown_shape_make_the_record_unusable_not_free() -> None:
    strange = record("FSG", 1)
    content = strange["content"]
    assert isinstance(content, dict)
    content["freetext"] = "© 1999"
    assert [row["problem"] for row in rows_of(strange)] == ["wrong_shape"]
    content["freetext"] = {"objectRights": "© 1999"}
    assert [row["object_rights"] for row in rows_of(strange)] == [["© 1999"]]
