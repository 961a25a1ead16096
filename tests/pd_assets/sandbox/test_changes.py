"""What happens to pages over time: revisions, logs, recent changes, categories and addresses after each change."""

import base64
import io
import re
from datetime import UTC, datetime

import pytest
from PIL import Image

from pd_assets.lib.errors import SandboxError
from pd_assets.sandbox import Archive
from tests.pd_assets.sandbox.asking import ROOTS, Asker, files_in

PD = "{{PD-Art|PD-old-100-expired}}"


def plain_title(asker: Asker, number: int = 0) -> str:
    plain = [page.title for page in asker.server.archive.files() if page.truth and page.truth.trap == ""]
    return plain[number]


def state(asker: Asker, title: str) -> dict:
    return asker.page(title, prop="info|imageinfo", iiprop="sha1|url|timestamp")


def log(asker: Asker, action: str) -> list[dict]:
    return asker.query(list="logevents", leaction=action, lelimit=500)["query"]["logevents"]


def test_an_edit_changes_the_revision_and_the_categories(changing: Asker) -> None:
    title = plain_title(changing)
    before = state(changing, title)
    changing.server.archive.edit(title, "{{Cc-by-sa-4.0}}\n[[Category:Elsewhere]]")
    after = state(changing, title)
    assert after["lastrevid"] > before["lastrevid"]
    assert after["touched"] > before["touched"]
    assert after["imageinfo"] == before["imageinfo"]
    assert after["pageid"] in files_in(changing, "Elsewhere") and after["pageid"] not in files_in(changing, ROOTS[0])
    changes = changing.query(list="recentchanges", rcprop="ids|title|timestamp|comment", rclimit=50)["query"]
    assert {"edit", "categorize"} <= {row["type"] for row in changes["recentchanges"]}


def test_overwriting_changes_digest_and_revision_but_not_the_address(changing: Asker) -> None:
    title = plain_title(changing)
    before = state(changing, title)
    changing.server.archive.overwrite(title)
    after = state(changing, title)
    old, new = before["imageinfo"][0], after["imageinfo"][0]
    assert after["lastrevid"] > before["lastrevid"]
    assert new["sha1"] != old["sha1"] and new["url"] == old["url"]
    entry = log(changing, "upload/overwrite")[0]
    assert re.fullmatch(r"[0-9a-z]{31}", entry["params"]["img_sha1"])
    assert int(entry["params"]["img_sha1"], 36) == int(new["sha1"], 16)
    versions = changing.page(title, prop="imageinfo", iiprop="sha1|url|archivename", iilimit=5)["imageinfo"]
    assert versions[1]["sha1"] == old["sha1"] and "/archive/" in versions[1]["url"]
    assert changing.get(versions[1]["url"]).status_code == 200


@pytest.mark.parametrize("leave_redirect", [True, False])
def test_a_moved_file_keeps_id_and_digest_and_its_old_address_is_gone(changing: Asker, leave_redirect: bool) -> None:
    title, new_title = plain_title(changing), "File:A better name.jpg"
    before = state(changing, title)
    changing.server.archive.move(title, new_title, leave_redirect=leave_redirect)
    after = state(changing, new_title)
    assert (after["pageid"], after["imageinfo"][0]["sha1"]) == (before["pageid"], before["imageinfo"][0]["sha1"])
    assert after["lastrevid"] > before["lastrevid"]
    assert changing.get(before["imageinfo"][0]["url"]).status_code == 404
    assert changing.get(after["imageinfo"][0]["url"]).status_code == 200
    old = state(changing, title)
    assert old.get("redirect", False) is leave_redirect and old.get("missing", False) is not leave_redirect
    entry = log(changing, "move/move")[0]
    assert entry["logpage"] == before["pageid"] and entry["title"] == title
    assert entry["params"] == {"target_ns": 6, "target_title": new_title, "suppressredirect": not leave_redirect}
    if leave_redirect:
        assert entry["pageid"] == old["pageid"] != before["pageid"]


def test_a_deleted_page_is_missing_everywhere_and_comes_back_with_its_id(changing: Asker) -> None:
    title = plain_title(changing)
    before = state(changing, title)
    member_of = changing.page(title, prop="categories", clprop="timestamp", cllimit=500)["categories"]
    changing.server.archive.delete(title, "Copyright violation")
    gone = changing.page(title, prop="imageinfo")
    assert gone["missing"] is True and gone["imagerepository"] == ""
    assert changing.query(pageids=before["pageid"])["query"]["pages"] == [{"pageid": before["pageid"], "missing": True}]
    assert changing.get(before["imageinfo"][0]["url"]).status_code == 404
    assert all(before["pageid"] not in files_in(changing, root) for root in ROOTS)
    entry = log(changing, "delete/delete")[0]
    assert (entry["pageid"], entry["logpage"], entry["comment"]) == (0, before["pageid"], "Copyright violation")
    changing.server.archive.restore(title)
    back = state(changing, title)
    assert (back["pageid"], back["lastrevid"]) == (before["pageid"], before["lastrevid"])
    assert back["imageinfo"] == before["imageinfo"]
    assert log(changing, "delete/restore")[0]["logpage"] == before["pageid"]
    joined = changing.page(title, prop="categories", clprop="timestamp", cllimit=500)["categories"]
    assert [row["title"] for row in joined] == [row["title"] for row in member_of]
    assert min(row["timestamp"] for row in joined) > max(row["timestamp"] for row in member_of)


def test_a_new_upload_appears_in_listing_log_and_recent_changes(changing: Asker) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), (10, 200, 30)).save(buffer, "PNG")
    page = changing.server.archive.add("File:fresh_paint.png", wikitext=PD, content=buffer.getvalue(), caption="Fresh")
    assert page.title == "File:Fresh paint.png"
    row = changing.page(page.title, prop="imageinfo", iiprop="size|mime")["imageinfo"][0]
    assert (row["width"], row["height"], row["mime"]) == (300, 200, "image/png")
    assert page.pageid in files_in(changing, ROOTS[0])
    newest = changing.query(
        list="categorymembers", cmtitle=f"Category:{ROOTS[0]}", cmsort="timestamp", cmdir="desc", cmlimit=1
    )
    assert newest["query"]["categorymembers"][0]["pageid"] == page.pageid
    changes = changing.query(list="recentchanges", rctype="log", rcprop="ids|title|loginfo")["query"]["recentchanges"]
    assert changes[0]["logaction"] == "upload" and changes[0]["title"] == page.title


def test_recategorising_and_captions_make_new_revisions(changing: Asker) -> None:
    title = plain_title(changing)
    archive = changing.server.archive
    first = state(changing, title)["lastrevid"]
    moved = archive.recategorise(title, add=["Here"], remove=["Paintings of boats"])
    captioned = archive.set_caption(title, "Seen anew")
    assert first < moved.latest.revid < captioned.latest.revid
    assert moved.latest.text == captioned.latest.text and captioned.latest.caption == "Seen anew"
    assert archive.pages()[0].latest.revid < first
    assert captioned.pageid in files_in(changing, "Here")
    assert moved.latest.caption != "Seen anew"


def test_painting_more_adds_free_pictures_nobody_has_seen(changing: Asker) -> None:
    archive = changing.server.archive
    known = {archive.facts(page.versions[-1]).sha1 for page in archive.files()}
    added = archive.paint_more(25)
    fresh = {archive.facts(page.versions[-1]).sha1 for page in added}
    assert len(fresh) == 25 and not fresh & known
    assert all(page.truth and page.truth.free for page in added)
    assert {page.pageid for page in added} <= files_in(changing, ROOTS[0])


def test_changes_made_over_http_do_what_the_methods_do(changing: Asker) -> None:
    title = plain_title(changing)
    assert changing.post("/sandbox/edit", {"title": title, "wikitext": PD}).json()["pages"][0]["title"] == title
    assert changing.post("/sandbox/set_caption", {"title": title, "caption": "A caption"}).status_code == 200
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40)).save(buffer, "JPEG")
    encoded = base64.b64encode(buffer.getvalue()).decode()
    assert changing.post("/sandbox/overwrite", {"title": title, "content_base64": encoded}).status_code == 200
    assert changing.post("/sandbox/recategorise", {"title": title, "add": ["X"]}).status_code == 200
    assert changing.post("/sandbox/move", {"title": title, "new_title": "File:Y.jpg"}).status_code == 200
    assert changing.post("/sandbox/delete", {"title": "File:Y.jpg"}).json() == {"pages": []}
    assert changing.post("/sandbox/restore", {"title": "File:Y.jpg"}).status_code == 200
    added = changing.post("/sandbox/add", {"title": "File:Z.jpg", "wikitext": PD}).json()["pages"]
    many = changing.post("/sandbox/add", {"count": 3, "kind": "cc_by_sa"}).json()["pages"]
    assert len(added) == 1 and len(many) == 3
    restored = changing.page("File:Y.jpg", prop="imageinfo", iiprop="size")
    assert restored["imageinfo"][0]["width"] == 40


@pytest.mark.parametrize(
    ("verb", "body", "words"),
    [
        ("paint", {}, "cannot 'paint'"),
        ("edit", {"title": "File:No such.jpg", "wikitext": ""}, "no page File:No such.jpg"),
        ("edit", {"title": "File:A.jpg"}, "wikitext is None"),
        ("add", {"count": 0}, "count is 0"),
        ("add", {"count": 1, "kind": "forged"}, "forged"),
        ("restore", {"title": "File:Never there.jpg"}, "nothing can be restored"),
        ("overwrite", {"title": f"Category:{ROOTS[0]}"}, "holds no file"),
        ("add", {"title": "File:{}.jpg", "wikitext": ""}, "invalid characters"),
        ("faults", {"weather": 1}, "No fault is called 'weather'"),
        ("faults", {"lag": "much"}, "cannot be 'much'"),
        ("faults", [], "not a JSON object"),
    ],
)
def test_changes_that_cannot_be_made_say_why(reading: Asker, verb: str, body: object, words: str) -> None:
    answer = reading.post(f"/sandbox/{verb}", body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_titles_already_taken_are_refused() -> None:
    archive = Archive.painted(count=10)
    first, second = (page.title for page in archive.files()[:2])
    with pytest.raises(SandboxError, match="already has a page"):
        archive.move(first, second)
    with pytest.raises(SandboxError, match="already has a page"):
        archive.add(first, wikitext="")


def test_the_time_of_changes_comes_from_the_clock_and_never_goes_back() -> None:
    moments = iter([datetime(2026, 5, 1, 12, 0, n, tzinfo=UTC) for n in (10, 5, 20, 20, 20, 20, 20)])
    archive = Archive.painted(count=5, clock=lambda: next(moments))
    assert [archive.now(), archive.now(), archive.now()] == [
        "2026-05-01T12:00:10Z",
        "2026-05-01T12:00:10Z",
        "2026-05-01T12:00:20Z",
    ]
