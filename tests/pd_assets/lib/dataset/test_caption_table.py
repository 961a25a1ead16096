"""dataset/captions: a row for each licensed picture of either archive, offline, with what a new reader changes."""

import json
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS, LICENSED, PAGES, RECORDS, THINGS
from pd_assets.lib.dataset.captions import build_captions
from pd_assets.lib.dataset.labels import labels_version
from pd_assets.lib.home import Home, open_home

WIKITEXT = (
    "{{Artwork|title=Tree %d|description={{en|1=A tree in winter}}{{de|1=Ein Baum}}|artist={{Creator:Anna Vester}}}}"
)
STATEMENTS = {"statements": {"P180": [{"mainsnak": {"datavalue": {"value": {"id": "Q10884"}}}, "rank": "normal"}]}}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Three pages of Commons (the third without any label) and one record of the Smithsonian."""
    home = open_home(tmp_path / "home")
    pages = [
        {"pageid": n, "title": f"File:{n}.jpg", "revid": 10 + n, "status": "live", "category": "Trees",
         "page_url": f"https://wiki.test/wiki/File:{n}.jpg", "wikitext": WIKITEXT % n if n < 3 else "nothing",
         "categories": ["Trees"] if n < 3 else ["CC-PD-Mark"]}
        for n in (1, 2, 3)
    ]  # fmt: skip
    tables.write(home, PAGES, tables.as_table(PAGES, pages), partition="Trees")
    record = {
        "item_id": "smithsonian:edanmdm-fsg_1:a", "status": "live", "title": "Thunder god",
        "metadata_usage_access": "CC0", "freetext": json.dumps({"place": [{"label": "Origin", "content": "Japan"}]}),
        "page_url": "https://si.test/1",
    }  # fmt: skip
    tables.write(home, RECORDS, tables.as_table(RECORDS, [record]), partition="FSG")
    ids = [*(f"commons:M{n}" for n in (1, 2, 3)), "smithsonian:edanmdm-fsg_1:a"]
    tables.write(home, LICENSED, tables.as_table(LICENSED, [{"item_id": item_id} for item_id in ids]))
    return home


def rows(home: Home) -> dict[str, dict]:
    return {str(row["item_id"]): row for row in tables.rows(tables.read(home, CAPTIONS))}


def test_pictures_of_both_archives_have_labels_and_captions(home: Home) -> None:
    counts = build_captions(home, policy="all")
    assert (counts.pictures, counts.captioned) == (4, 3)
    found = rows(home)
    assert found["commons:M1"]["captions"][0] == "A tree in winter"
    assert found["smithsonian:edanmdm-fsg_1:a"]["captions"][0] == "Thunder god"
    assert found["smithsonian:edanmdm-fsg_1:a"]["label_licence"] == "CC0-1.0"
    assert found["commons:M3"]["captions"] == [] and found["commons:M3"]["label_licence"] is None
    languages = {(label["language"], label["value"]) for label in found["commons:M1"]["labels"]}
    assert {("en", "A tree in winter"), ("de", "Ein Baum")} <= languages


def test_another_preferred_language_gives_other_captions(home: Home) -> None:
    build_captions(home, policy="all", language="de")
    assert rows(home)["commons:M1"]["captions"][0] == "Ein Baum"


def test_only_cc0_is_used_under_that_policy_and_attribution_is_kept_under_the_other(home: Home) -> None:
    build_captions(home, policy="cc0")
    assert [len(row["captions"]) > 0 for row in rows(home).values()] == [False, False, False, True]
    build_captions(home, policy="all")
    told = json.loads(str(rows(home)["commons:M2"]["attribution"]))
    assert (told["page_url"], told["revid"]) == ("https://wiki.test/wiki/File:2.jpg", 12)


def test_the_same_sources_give_the_same_table(home: Home) -> None:
    assert build_captions(home, policy="all").digest == build_captions(home, policy="all").digest


def test_stored_names_of_things_become_labels(home: Home) -> None:
    page = {"pageid": 1, "status": "live", "category": "Trees", "mediainfo": json.dumps(STATEMENTS)}
    tables.write(home, PAGES, tables.as_table(PAGES, [page]), partition="Trees")
    names = [{"thing": "Q10884", "language": "en", "name": "tree"}]
    tables.write(home, THINGS, tables.as_table(THINGS, names))
    build_captions(home, policy="cc0")
    assert rows(home)["commons:M1"]["captions"] == ["Tree"]


def test_reading_again_with_another_reader_tells_what_became_different(home: Home) -> None:
    build_captions(home, policy="all")
    before = list(rows(home).values())
    for row in before:
        row["labels_version"] = "0"
    first, second = before[0]["labels"], before[1]["labels"]
    first[:] = [label for label in first if label["field"] != "artist"]
    next(label for label in second if label["field"] == "title")["value"] = "Tree two"
    second.append({**second[0], "field": "notes", "seen_in": "wikitext artwork.notes", "value": "gone"})
    tables.write(home, CAPTIONS, tables.as_table(CAPTIONS, before))

    changes = build_captions(home, policy="all").changes
    assert (changes.from_version, changes.to_version) == ("0", labels_version())
    assert (changes.added, changes.removed, changes.altered) == ({"artist": 1}, {"notes": 1}, {"title": 1})
    assert {(e.item_id, e.field, e.before, e.now) for e in changes.examples} == {
        ("commons:M1", "artist", "", "Anna Vester"),
        ("commons:M2", "title", "Tree two", "Tree 2"),
        ("commons:M2", "notes", "gone", ""),
    }
    assert build_captions(home, policy="all").changes.examples == ()


def test_an_edited_page_does_not_count_as_a_change_of_the_reader(home: Home) -> None:
    build_captions(home, policy="all")
    page = {"pageid": 1, "status": "live", "category": "Trees", "wikitext": "{{Information|description=Another tree}}"}
    tables.write(home, PAGES, tables.as_table(PAGES, [page]), partition="Trees")
    changes = build_captions(home, policy="all").changes
    assert (changes.edited, changes.examples) == (1, ())
