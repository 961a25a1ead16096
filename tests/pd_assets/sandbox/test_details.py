"""The combined query for 50 pages: file facts that fit the bytes, licence evidence, structured data, continuation."""

import hashlib
import json

import pytest

from tests.pd_assets.sandbox.asking import DETAILS, Asker


def pageids(asker: Asker, count: int = 50) -> str:
    return "|".join(str(page.pageid) for page in asker.server.archive.files()[:count])


def of_trap(asker: Asker, trap: str) -> str:
    return next(page.title for page in asker.server.archive.files() if page.truth and page.truth.trap == trap)


def test_fifty_pages_come_complete_in_one_answer(reading: Asker) -> None:
    answer = reading.query(pageids=pageids(reading), iiurlwidth=1280, iiurlheight=1280, **DETAILS)
    assert answer["batchcomplete"] is True and "warnings" not in answer
    pages = answer["query"]["pages"]
    assert len(pages) == 50
    needed = {"pageid", "title", "lastrevid", "touched", "imageinfo", "categories", "revisions", "templates"}
    assert all(needed <= page.keys() for page in pages)
    assert answer["limits"] == {"categories": 500, "templates": 500}
    assert [page["pageid"] for page in pages] == sorted(page["pageid"] for page in pages)


def test_digest_size_and_dimensions_fit_the_bytes_that_are_served(reading: Asker) -> None:
    pages = reading.query(pageids=pageids(reading, 12), **DETAILS)["query"]["pages"]
    for page in pages:
        info = page["imageinfo"][0]
        served = reading.get(info["url"])
        assert served.status_code == 200
        assert hashlib.sha1(served.content).hexdigest() == info["sha1"]
        assert len(served.content) == info["size"]
        assert served.headers["Content-Type"] == info["mime"]


def test_addresses_carry_the_tracking_query_and_serve_without_it(reading: Asker) -> None:
    info = reading.query(pageids=pageids(reading, 1), iiurlwidth=120, **DETAILS)["query"]["pages"][0]["imageinfo"][0]
    address, _, query = info["url"].partition("?")
    assert query.endswith("utm_campaign=imageinfo&utm_content=original")
    assert info["thumburl"].endswith("utm_content=thumbnail")
    assert reading.get(address).content == reading.get(info["url"]).content


def test_the_page_address_opens_and_shows_caption_and_licence(reading: Asker) -> None:
    page = next(page for page in reading.server.archive.files() if page.latest.caption and page.truth.trap == "")
    info = reading.page(page.title, prop="imageinfo", iiprop="url")["imageinfo"][0]
    shown = reading.get(info["descriptionurl"])
    assert shown.status_code == 200
    assert page.latest.caption in shown.text and "Licence: <b>" in shown.text and "<img" in shown.text
    assert reading.get(info["descriptionshorturl"]).status_code == 307


def test_odd_titles_work_in_every_address(reading: Asker) -> None:
    odd = [page for page in reading.server.archive.files() if page.truth and page.truth.trap == "odd_title"]
    assert len(odd) >= 10
    for page in odd:
        answer = reading.page(page.title, prop="imageinfo", iiprop="url|sha1", iiurlwidth=120)
        info = answer["imageinfo"][0]
        assert answer["title"] == page.title
        for key in ("url", "thumburl", "descriptionurl"):
            assert reading.get(info[key]).status_code == 200, (page.title, key)


def test_hidden_licence_categories_show_what_the_summary_masks(reading: Asker) -> None:
    page = reading.page(of_trap(reading, "pd_and_cc_by_sa"), **DETAILS)
    summary = page["imageinfo"][0]["extmetadata"]
    assert summary["License"]["value"] == "pd" and summary["AttributionRequired"]["value"] == "false"
    assert "CC-BY-SA-4.0" not in summary["Categories"]["value"]
    hidden = {row["title"] for row in page["categories"] if row["hidden"]}
    assert {"Category:CC-BY-SA-4.0", "Category:PD-Art (PD-old-100-expired)"} <= hidden
    assert "Template:Cc-by-sa-4.0" in {row["title"] for row in page["templates"]}


def test_visible_categories_alone_lose_the_licences(reading: Asker) -> None:
    title = of_trap(reading, "cc_by_sa")
    shown = reading.page(title, prop="categories", clshow="!hidden", cllimit=500)["categories"]
    everything = reading.page(title, prop="categories", cllimit=500)["categories"]
    assert len(shown) < len(everything)
    assert not any("CC-BY-SA" in row["title"] for row in shown)


def test_the_mediainfo_slot_holds_caption_and_statements_with_empty_maps_as_lists(reading: Asker) -> None:
    pages = reading.query(pageids=pageids(reading), **DETAILS)["query"]["pages"]
    slots = [(page["pageid"], page["revisions"][0]["slots"]) for page in pages]
    assert all("main" in slot for _, slot in slots)
    entities = {pageid: json.loads(slot["mediainfo"]["content"]) for pageid, slot in slots if "mediainfo" in slot}
    assert 0 < len(entities) < len(slots)
    assert all(entity["id"] == f"M{pageid}" and entity["descriptions"] == [] for pageid, entity in entities.items())
    labelled = [entity for entity in entities.values() if entity["labels"]]
    assert labelled and all(entity["labels"]["en"]["language"] == "en" for entity in labelled)
    stated = [entity for entity in entities.values() if entity["statements"]]
    item = stated[0]["statements"]["P6216"][0]["mainsnak"]["datavalue"]["value"]
    assert item == {"entity-type": "item", "numeric-id": int(item["id"][1:]), "id": item["id"]}


def test_small_limits_continue_one_prop_at_a_time_until_the_batch_is_complete(reading: Asker) -> None:
    wanted = {**DETAILS, "cllimit": "7", "tllimit": "11"}
    chunks = list(reading.all(pageids=pageids(reading, 8), **wanted))
    assert len(chunks) > 3
    assert [chunk.get("batchcomplete", False) for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert "imageinfo" in chunks[0]["query"]["pages"][0]
    assert all("imageinfo" not in page for chunk in chunks[1:] for page in chunk["query"]["pages"])
    assert chunks[0]["continue"]["continue"].startswith("||")
    whole = reading.query(pageids=pageids(reading, 8), **DETAILS)["query"]["pages"]
    for page in whole:
        for name in ("categories", "templates"):
            parts = [
                row
                for chunk in chunks
                for part in chunk["query"]["pages"]
                if part["pageid"] == page["pageid"]
                for row in part.get(name, [])
            ]
            assert parts == page[name]


def test_a_generator_advances_only_when_its_batch_is_complete(reading: Asker) -> None:
    params = {"generator": "categorymembers", "gcmtitle": "Category:PD-Art (PD-old-100)", "gcmtype": "file"}
    chunks = list(reading.all(**params, gcmlimit=20, prop="categories|info", cllimit=30))
    rows: dict[int, int] = {}
    for chunk in chunks:
        for page in chunk["query"]["pages"]:
            rows[page["pageid"]] = rows.get(page["pageid"], 0) + len(page.get("categories", []))
    archive = reading.server.archive
    assert rows == {pageid: len(archive.rendering(archive.page_by_id(pageid)).categories) for pageid in rows}
    members = [archive.page_by_id(member.pageid) for member in archive.members("PD-Art (PD-old-100)")]
    assert len(rows) == sum(page.title.startswith("File:") for page in members)
    partial = [chunk for chunk in chunks if "batchcomplete" not in chunk]
    assert partial and all("clcontinue" in chunk["continue"] for chunk in partial)


def test_more_than_fifty_scaled_files_continue(reading: Asker) -> None:
    params = {"generator": "categorymembers", "gcmtitle": "Category:PD-Art (PD-old-100-expired)", "gcmtype": "file"}
    chunks = reading.all(**params, gcmlimit=120, prop="imageinfo", iiprop="url", iiurlwidth=120)
    first, second = next(chunks), next(chunks)
    assert sum("imageinfo" in page for page in first["query"]["pages"]) == 50
    assert "iicontinue" in first["continue"] and "batchcomplete" not in first
    assert sum("imageinfo" in page for page in second["query"]["pages"]) == 50


def test_an_old_name_answers_with_the_file_it_leads_to(reading: Asker) -> None:
    old = reading.page("File:Unsorted scan 000.jpg", prop="imageinfo|info", iiprop="sha1|canonicaltitle")
    target = reading.server.archive.page(old["imageinfo"][0]["canonicaltitle"])
    assert old["redirect"] is True and old["pageid"] != target.pageid
    followed = reading.query(titles="File:Unsorted scan 000.jpg", redirects=1)["query"]
    assert followed["redirects"] == [{"from": "File:Unsorted scan 000.jpg", "to": target.title}]
    assert followed["pages"][0]["pageid"] == target.pageid


@pytest.mark.parametrize(
    ("trap", "mediatype", "mime"), [("svg", "DRAWING", "image/svg+xml"), ("pdf", "OFFICE", "application/pdf")]
)
def test_files_that_are_no_bitmaps_say_so(reading: Asker, trap: str, mediatype: str, mime: str) -> None:
    info = reading.page(of_trap(reading, trap), prop="imageinfo", iiprop="mediatype|mime|url", iiurlwidth=120)
    row = info["imageinfo"][0]
    assert (row["mediatype"], row["mime"]) == (mediatype, mime)
    assert reading.get(row["thumburl"]).headers["Content-Type"] in ("image/png", "image/jpeg")


def test_a_filter_that_leaves_nothing_gives_an_empty_list(reading: Asker) -> None:
    title = of_trap(reading, "no_licence")
    row = reading.page(title, prop="imageinfo", iiprop="extmetadata", iiextmetadatafilter="License|LicenseUrl")
    assert row["imageinfo"][0]["extmetadata"] == []
