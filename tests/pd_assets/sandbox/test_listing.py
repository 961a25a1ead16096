"""Category listings, page ids and titles, the logs: shapes, limits and continuations."""

import pytest

from tests.patience import PATIENCE_S
from tests.pd_assets.sandbox.asking import ROOTS, Asker

ROOT = f"Category:{ROOTS[0]}"


@pytest.mark.parametrize("limit", [7, 50, 500])
def test_a_listing_by_generator_is_complete_and_without_repeats_at_any_limit(reading: Asker, limit: int) -> None:
    expected = {member.pageid for member in reading.server.archive.members(ROOTS[0])}
    found: list[int] = []
    for answer in reading.all(generator="categorymembers", gcmtitle=ROOT, gcmtype="file", gcmlimit=limit, prop="info"):
        assert answer["batchcomplete"] is True
        pages = answer["query"]["pages"]
        assert len(pages) <= limit
        assert all({"pageid", "ns", "title", "lastrevid", "touched"} <= page.keys() for page in pages)
        found += [page["pageid"] for page in pages]
    assert len(found) == len(set(found))
    files = {pageid for pageid in expected if reading.server.archive.page_by_id(pageid).title.startswith("File:")}
    assert set(found) == files


def test_a_generator_over_an_empty_category_answers_without_query(reading: Asker) -> None:
    answer = reading.query(
        generator="categorymembers", gcmtitle="Category:Paintings awaiting upload", gcmtype="file", prop="info"
    )
    assert answer == {"batchcomplete": True}


def test_members_are_listed_by_type_then_sort_key_and_the_default_limit_is_ten(reading: Asker) -> None:
    rows = reading.query(list="categorymembers", cmtitle=ROOT, cmprop="ids|title|type|sortkey|timestamp")
    members = rows["query"]["categorymembers"]
    assert len(members) == 10
    assert [m["type"] for m in members] == sorted((m["type"] for m in members), key=["page", "subcat", "file"].index)
    files = [m["sortkey"] for m in members if m["type"] == "file"]
    assert files == sorted(files)
    assert rows["continue"]["cmcontinue"].split("|")[0] in ("subcat", "file")
    assert rows["continue"]["continue"] == "-||"


def test_sorting_by_time_gives_a_window_and_ignores_the_type(reading: Asker) -> None:
    rows = [
        row
        for answer in reading.all(
            list="categorymembers",
            cmtitle=ROOT,
            cmsort="timestamp",
            cmdir="newer",
            cmtype="file",
            cmprop="ids|title|timestamp",
            cmlimit=30,
        )
        for row in answer["query"]["categorymembers"]
    ]
    stamps = [row["timestamp"] for row in rows]
    assert stamps == sorted(stamps)
    assert {row["ns"] for row in rows} == {6, 14}
    middle = stamps[len(stamps) // 2]
    window = reading.query(
        list="categorymembers", cmtitle=ROOT, cmsort="timestamp", cmdir="newer", cmstart=middle, cmlimit=500
    )
    assert len(window["query"]["categorymembers"]) == len([stamp for stamp in stamps if stamp >= middle])
    latest = reading.query(list="categorymembers", cmtitle=ROOT, cmsort="timestamp", cmdir="desc", cmprop="timestamp")
    assert latest["query"]["categorymembers"][0]["timestamp"] == stamps[-1]


def test_titles_are_normalised_and_missing_and_invalid_ones_told(reading: Asker) -> None:
    known = reading.server.archive.files()[0].title
    asked = known.replace("File:", "file:").replace(" ", "_")
    answer = reading.query(titles=f"{asked}|File:Nothing here.jpg|File:{{bad}}.jpg", prop="imageinfo")["query"]
    assert answer["normalized"] == [{"fromencoded": False, "from": asked, "to": known}]
    by_title = {page["title"]: page for page in answer["pages"]}
    assert by_title["File:Nothing here.jpg"]["missing"] is True
    assert by_title["File:Nothing here.jpg"]["imagerepository"] == ""
    assert by_title["File:{bad}.jpg"]["invalid"] is True
    assert 'invalid characters: "{"' in by_title["File:{bad}.jpg"]["invalidreason"]


def test_unknown_page_ids_are_missing(reading: Asker) -> None:
    assert reading.query(pageids="987654")["query"]["pages"] == [{"pageid": 987654, "missing": True}]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"pageids": "|".join(map(str, range(1, 52)))}, "toomanyvalues"),
        ({"pageids": "x"}, "badinteger"),
        ({"list": "categorymembers"}, "missingparam"),
        ({"list": "categorymembers", "cmtitle": "File:No category.jpg"}, "invalidcategory"),
        ({"list": "categorymembers", "cmtitle": ROOT, "cmcontinue": "nonsense"}, "badcontinue"),
        ({"list": "categorymembers", "cmpageid": "987654"}, "nosuchpageid"),
        ({"generator": "allimages"}, "badvalue"),
        ({"action": "edit"}, "badvalue"),
        ({"formatversion": "1"}, "badvalue"),
    ],
)
def test_wrong_parameters_are_errors_with_status_200(reading: Asker, params: dict[str, str], code: str) -> None:
    answer = reading.raw(**params)
    assert answer.status_code == 200
    assert answer.json()["error"]["code"] == code
    assert answer.headers["MediaWiki-API-Error"] == code


def test_errors_and_warnings_become_lists_under_another_error_format(reading: Asker) -> None:
    error = reading.query(list="categorymembers", errorformat="plaintext")
    assert error["errors"][0]["code"] == "missingparam" and "error" not in error
    warned = reading.query(list="categorymembers", cmtitle=ROOT, cmlimit=900, errorformat="plaintext")
    assert [warning["module"] for warning in warned["warnings"]] == ["categorymembers"]


def test_limits_above_500_and_unknown_parameters_are_warnings(reading: Asker) -> None:
    answer = reading.query(list="categorymembers", cmtitle=ROOT, cmlimit=900, cmfoo="bar")
    assert "between 1 and 500" in answer["warnings"]["categorymembers"]["warnings"]
    assert answer["warnings"]["main"]["warnings"] == "Unrecognized parameter: cmfoo."


def test_category_counts_cover_categories_with_and_without_a_page(reading: Asker) -> None:
    answer = reading.query(titles=f"{ROOT}|Category:Paintings of boats|Category:Nowhere", prop="categoryinfo")
    pages = {page["title"]: page for page in answer["query"]["pages"]}
    root = pages[ROOT]["categoryinfo"]
    assert root["size"] == root["files"] + root["subcats"] + root["pages"] > 200
    assert root["hidden"] is True
    assert pages["Category:Paintings of boats"]["missing"] is True
    assert pages["Category:Paintings of boats"]["categoryinfo"]["files"] > 0
    assert "categoryinfo" not in pages["Category:Nowhere"]


def test_site_info_names_mediawiki(reading: Asker) -> None:
    general = reading.query(meta="siteinfo")["query"]["general"]
    assert general["generator"].startswith("MediaWiki")


def test_the_log_of_uploads_pages_through_all_files(reading: Asker) -> None:
    rows = [
        row
        for answer in reading.all(list="logevents", leaction="upload/upload", ledir="newer", lelimit=90)
        for row in answer["query"]["logevents"]
    ]
    assert len(rows) == len(reading.server.archive.files())
    assert [row["timestamp"] for row in rows] == sorted(row["timestamp"] for row in rows)
    assert {
        "logid",
        "ns",
        "title",
        "pageid",
        "logpage",
        "params",
        "type",
        "action",
        "user",
        "timestamp",
        "comment",
    } == (rows[0].keys())


def test_post_answers_like_get(reading: Asker) -> None:
    body = {"action": "query", "format": "json", "formatversion": "2", "titles": ROOT, "prop": "categoryinfo"}
    posted = reading.session.post(reading.server.api_url, data=body, timeout=PATIENCE_S).json()
    assert posted == reading.query(titles=ROOT, prop="categoryinfo")
