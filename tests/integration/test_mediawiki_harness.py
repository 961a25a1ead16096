"""The test wiki is what it says: real answers of a real Action API, and a truth that agrees with them."""

import hashlib
import io
import re
import time
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import requests
from PIL import Image

from tests.integration.conftest import MIX, SEED, FilledSite, require
from tests.integration.mediawiki.errors import FillFailed, WikiApiError
from tests.integration.mediawiki.kinds import KINDS, Kind
from tests.integration.mediawiki.pictures import Picture, choose, read_art
from tests.integration.mediawiki.templates import ROOTS
from tests.integration.mediawiki.wiki import MediaWiki
from tests.patience import PATIENCE_S

BATCH = 50
Answer: TypeAlias = dict[str, Any]


def ask(wiki: MediaWiki, **parameters: str | int) -> Answer:
    """One answer of the Action API to an ordinary client."""
    with requests.Session() as session:
        session.trust_env = False
        query = {"action": "query", "format": "json", "formatversion": 2, **parameters}
        answer: Answer = session.get(
            wiki.api_url, params=query, timeout=PATIENCE_S, headers={"User-Agent": "harness-test/1"}
        ).json()
        return answer


def fetch(url: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=PATIENCE_S)


def page(wiki: MediaWiki, title: str, **parameters: str | int) -> Answer:
    found: Answer = ask(wiki, titles=title, **parameters)["query"]["pages"][0]
    return found


def members(wiki: MediaWiki, category: str, kind: str) -> set[str]:
    answer = ask(wiki, list="categorymembers", cmtitle=f"Category:{category}", cmtype=kind, cmlimit=500)
    return {member["title"] for member in answer["query"]["categorymembers"]}


def below(wiki: MediaWiki, root: str) -> set[str]:
    """All categories below a root, itself included, by name."""
    seen, waiting = {root}, [root]
    while waiting:
        names = {title.removeprefix("Category:") for title in members(wiki, waiting.pop(), "subcat")}
        waiting += sorted(names - seen)
        seen |= names
    return seen


@pytest.fixture(scope="module")
def edited_wiki(mediawiki_site: FilledSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaWiki]:
    """A copy of the filled wiki for all tests of this file that change pages; each takes a picture of its own."""
    with mediawiki_site.wiki.copy_to(tmp_path_factory.mktemp("edited") / "mediawiki") as wiki:
        yield wiki


def picture_of(site: FilledSite, kind: Kind, number: int = 0) -> Picture:
    return [picture for picture in site.pictures if picture.kind is kind][number]


def jpeg(colour: str, width: int = 400, height: int = 300) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "JPEG")
    return buffer.getvalue()


# --- the truth agrees with the wiki ----------------------------------------------------------------------------------


def test_every_file_of_the_truth_is_listed_in_its_category_and_no_other(
    read_wiki: MediaWiki, mediawiki_site: FilledSite
) -> None:
    by_category: dict[str, set[str]] = {}
    for picture in mediawiki_site.pictures:
        for category in picture.categories:
            by_category.setdefault(category, set()).add(picture.title)
    assert {category: members(read_wiki, category, "file") for category in by_category} == by_category


def test_the_roots_list_the_files_whose_tag_names_them_free_or_not(
    read_wiki: MediaWiki, mediawiki_site: FilledSite
) -> None:
    for root in ROOTS:
        reason = root.removeprefix("PD-Art (").removesuffix(")")
        tags = (f"PD-Art|{reason}}}}}", f"PD-Art|{reason}|")
        tagged = {p.title for p in mediawiki_site.pictures if any(tag in KINDS[p.kind].licence for tag in tags)}
        assert members(read_wiki, root, "file") == tagged
        assert len(tagged) > 20


def test_every_kind_is_there_as_often_as_asked(mediawiki_site: FilledSite) -> None:
    found = Counter(picture.kind for picture in mediawiki_site.pictures)
    assert found == {kind: count * (2 if KINDS[kind].twice else 1) for kind, count in MIX.items()}
    assert len(mediawiki_site.pictures) > 100


def test_imageinfo_names_the_digest_of_the_bytes_that_are_served(
    read_wiki: MediaWiki, mediawiki_site: FilledSite
) -> None:
    for kind in Kind:
        picture = picture_of(mediawiki_site, kind)
        info = page(read_wiki, picture.title, prop="imageinfo", iiprop="sha1|url|size|mime")["imageinfo"][0]
        served = fetch(info["url"])
        assert info["sha1"] == picture.sha1 == _sha1(served.content), kind
        assert (info["size"], info["mime"]) == (len(served.content), served.headers["Content-Type"])


def test_originals_are_served_as_they_are_in_the_art_set(mediawiki_site: FilledSite, art_folder: Path) -> None:
    whole = [picture for picture in mediawiki_site.pictures if picture.decodes]
    same = [picture for picture in whole if picture.sha1 == picture.row.original_sha1]
    assert all(picture.sha1 == _sha1((art_folder / picture.row.file).read_bytes()) for picture in whole)
    assert len(same) > len(whole) / 2


def test_licence_categories_are_hidden_and_given_by_prop_categories(
    read_wiki: MediaWiki, mediawiki_site: FilledSite
) -> None:
    expected = {
        Kind.PD_OLD_100_EXPIRED: {"PD-Art (PD-old-100-expired)", "CC-PD-Mark"},
        Kind.PD_PLUS_CC_BY_SA: {"PD-Art (PD-old-100-expired)", "CC-PD-Mark", "CC-BY-SA-4.0"},
        Kind.LICENSED_PD_ART_CC_BY_SA: {"PD-Art (PD-old-100)", "CC-PD-Mark", "CC-BY-SA-4.0", "Licensed PD-Art"},
        Kind.SELF_CC_BY_SA: {"CC-BY-SA-4.0", "Self-published work"},
        Kind.CC0_MUSEUM: {"CC-Zero"},
        Kind.DELETE_REQUEST: {"PD-Art (PD-old-100-expired)", "CC-PD-Mark", "Deletion requests"},
        Kind.NONE: set(),
    }
    for kind, names in expected.items():
        picture = picture_of(mediawiki_site, kind)
        found = page(read_wiki, picture.title, prop="categories", clprop="hidden", cllimit="max")["categories"]
        assert {entry["title"].removeprefix("Category:") for entry in found if entry["hidden"]} == names, kind
        assert {entry["title"].removeprefix("Category:") for entry in found if not entry["hidden"]} == set(
            picture.categories
        )


def test_nested_tags_are_given_by_prop_templates(read_wiki: MediaWiki, mediawiki_site: FilledSite) -> None:
    expected = {
        Kind.PD_OLD_100: {"PD-Art", "PD-old-100", "PD-Layout"},
        Kind.SELF_CC_BY_SA: {"Self", "Cc-by-sa-4.0", "CC-Layout"},
        Kind.LICENSED_PD_ART_CC_BY_SA: {"Licensed-PD-Art", "PD-old-100", "Cc-by-sa-4.0"},
        Kind.PD_PLUS_UNKNOWN_TAG: {"PD-Art", "PD-old-100", "Atlantean heritage"},
    }
    for kind, names in expected.items():
        found = page(read_wiki, picture_of(mediawiki_site, kind).title, prop="templates", tllimit="max", tlnamespace=10)
        assert names <= {entry["title"].removeprefix("Template:") for entry in found["templates"]}, kind


def test_the_description_page_carries_the_machine_readable_classes(
    read_wiki: MediaWiki, mediawiki_site: FilledSite
) -> None:
    title = picture_of(mediawiki_site, Kind.PD_PLUS_CC_BY_SA).title
    html = unescape(ask(read_wiki, action="parse", page=title, prop="text")["parse"]["text"])
    spans = re.findall(r'<span class="licensetpl_(\w+)" style="display:none;">([^<]*)</span>', html)
    assert [text for name, text in spans if name == "short"] == ["Public domain", "Public domain", "CC BY-SA 4.0"]
    assert [text for name, text in spans if name == "attr_req"] == ["false", "false", "true"]
    assert 'class="fileinfotpl-type-artwork' in html
    assert "{{" not in html, "no template is left unresolved"


def test_the_category_graph_has_cycles_and_leads_to_files_that_are_not_free(
    read_wiki: MediaWiki, mediawiki_site: FilledSite
) -> None:
    assert f"Category:{ROOTS[1]}" in members(read_wiki, "PD-Art works by artist", "subcat")
    assert "Category:PD-Art works by medium" in members(read_wiki, "PD-Art works by medium", "subcat")
    for root in ROOTS:
        reached = below(read_wiki, root)
        wrong = {p.kind for p in mediawiki_site.pictures if not p.free and reached.intersection(p.categories)}
        assert wrong == {kind for kind in Kind if not KINDS[kind].free}


def test_duplicates_share_a_digest_and_truncated_files_do_not_decode(
    read_wiki: MediaWiki, mediawiki_site: FilledSite
) -> None:
    copies = [picture for picture in mediawiki_site.pictures if picture.same_as is not None]
    digest = {picture.title: picture.sha1 for picture in mediawiki_site.pictures}
    assert copies and all(digest[str(picture.same_as)] == picture.sha1 for picture in copies)
    truncated = picture_of(mediawiki_site, Kind.TRUNCATED)
    info = page(read_wiki, truncated.title, prop="imageinfo", iiprop="url")["imageinfo"][0]
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(fetch(info["url"]).content)).load()


def test_a_renamed_file_answers_under_its_former_title_as_a_redirect(
    read_wiki: MediaWiki, mediawiki_site: FilledSite
) -> None:
    picture = picture_of(mediawiki_site, Kind.RENAMED)
    assert picture.former_title is not None
    old = page(read_wiki, picture.former_title, prop="info|imageinfo", iiprop="sha1|canonicaltitle")
    new = page(read_wiki, picture.title, prop="info|imageinfo", iiprop="sha1")
    assert old["redirect"] is True and "redirect" not in new
    assert old["pageid"] != new["pageid"]
    assert old["imageinfo"][0] == {"sha1": picture.sha1, "canonicaltitle": picture.title}


# --- a batch as the client asks for it -------------------------------------------------------------------------------


def test_a_generator_with_prop_info_gives_the_last_revision_of_every_member(
    read_wiki: MediaWiki, mediawiki_site: FilledSite
) -> None:
    answer = _walk_category(read_wiki, ROOTS[0])
    assert answer["batchcomplete"] is True and "continue" not in answer
    assert {found["title"] for found in answer["query"]["pages"]} == members(read_wiki, ROOTS[0], "file")
    assert all(found["lastrevid"] > 0 and found["ns"] == 6 for found in answer["query"]["pages"])


def test_a_category_without_files_gives_an_answer_without_query(read_wiki: MediaWiki) -> None:
    assert _walk_category(read_wiki, "Category without files") == {"batchcomplete": True}
    assert _walk_category(read_wiki, "There is no such category") == {"batchcomplete": True}


def test_fifty_pages_with_all_evidence_come_with_the_first_answer_and_only_tags_are_continued(
    read_wiki: MediaWiki,
) -> None:
    first, *more = _chunks(read_wiki, cllimit="max", tllimit="max")
    assert len(first["query"]["pages"]) == BATCH
    for found in first["query"]["pages"]:
        assert found.keys() >= {"imageinfo", "categories", "revisions", "lastrevid", "touched"}
        assert found["revisions"][0]["slots"]["main"]["content"].startswith("== Summary ==")
    assert len(more) <= 1
    assert all("warnings" not in answer for answer in (first, *more))


def test_small_limits_spread_a_page_over_several_answers(read_wiki: MediaWiki) -> None:
    few, many = _chunks(read_wiki, cllimit="max", tllimit="max"), _chunks(read_wiki, cllimit=30, tllimit=60)
    assert len(many) > 3
    assert _tags(few) == _tags(many)
    assert [any("imageinfo" in found for found in answer["query"]["pages"]) for answer in many] == [
        True,
        *[False] * (len(many) - 1),
    ]
    assert [answer.get("batchcomplete", False) for answer in many] == [*[False] * (len(many) - 1), True]


def test_a_slot_that_the_wiki_does_not_know_is_a_warning(read_wiki: MediaWiki, mediawiki_site: FilledSite) -> None:
    answer = ask(
        read_wiki,
        titles=mediawiki_site.pictures[0].title,
        prop="revisions",
        rvprop="content",
        rvslots="main|mediainfo",
        errorformat="plaintext",
    )
    assert [warning["code"] for warning in answer["warnings"]] == ["unrecognizedvalues"]
    assert list(answer["query"]["pages"][0]["revisions"][0]["slots"]) == ["main"]


def test_a_thumbnail_fits_the_box_that_was_asked_for(edited_wiki: MediaWiki, mediawiki_site: FilledSite) -> None:
    title = picture_of(mediawiki_site, Kind.PD_OLD_100, 0).title
    edited_wiki.admin.upload(title, jpeg("teal", 1500, 3000))
    info = _thumbnail(edited_wiki, title, 1280)
    assert (info["thumbwidth"], info["thumbheight"]) == (640, 1280)
    assert Image.open(io.BytesIO(fetch(info["thumburl"]).content)).size == pytest.approx((640, 1280), abs=1)


def test_pictures_at_full_size_are_there_and_are_scaled(read_wiki: MediaWiki, mediawiki_site: FilledSite) -> None:
    large = [picture for picture in mediawiki_site.pictures if picture.row.file.startswith("originals/")]
    assert len(large) >= 3
    assert all(picture.free and picture.sha1 == picture.row.original_sha1 for picture in large)
    for picture in large:
        info = _thumbnail(read_wiki, picture.title, 320)
        size = Image.open(io.BytesIO(fetch(info["thumburl"]).content)).size
        assert size == pytest.approx((info["thumbwidth"], info["thumbheight"]), abs=1)
        assert max(size) <= 320 < max(info["width"], info["height"])


def test_the_thumbnail_of_a_small_file_is_the_file(read_wiki: MediaWiki, mediawiki_site: FilledSite) -> None:
    info = _thumbnail(read_wiki, picture_of(mediawiki_site, Kind.CC0_MUSEUM).title, 2000)
    assert info["thumburl"] == info["url"]
    assert (info["thumbwidth"], info["thumbheight"]) == (info["width"], info["height"])


# --- events ----------------------------------------------------------------------------------------------------------


def test_lastrevid_changes_on_edit_on_overwrite_and_on_move(edited_wiki: MediaWiki, mediawiki_site: FilledSite) -> None:
    picture, admin = picture_of(mediawiki_site, Kind.PD_OLD_100, 1), edited_wiki.admin
    first = page(edited_wiki, picture.title, prop="info")
    admin.append(picture.title, "\n{{Cc-by-sa-4.0}}")
    edited = page(edited_wiki, picture.title, prop="info")
    admin.upload(picture.title, jpeg("navy"))
    overwritten = page(edited_wiki, picture.title, prop="info|imageinfo", iiprop="sha1")
    admin.move(picture.title, "File:Elsewhere.jpg")
    moved = page(edited_wiki, "File:Elsewhere.jpg", prop="info|imageinfo", iiprop="sha1")
    revisions = [found["lastrevid"] for found in (first, edited, overwritten, moved)]
    assert revisions == sorted(set(revisions)), "each event has a revision of its own"
    assert {found["pageid"] for found in (first, edited, overwritten, moved)} == {first["pageid"]}
    assert overwritten["imageinfo"][0]["sha1"] == moved["imageinfo"][0]["sha1"] == _sha1(jpeg("navy"))


def test_changes_are_in_the_link_tables_when_the_admin_returns(
    edited_wiki: MediaWiki, mediawiki_site: FilledSite
) -> None:
    picture = picture_of(mediawiki_site, Kind.PD_OLD_100_EXPIRED)
    for round_number in range(5):
        edited_wiki.admin.append(picture.title, f"\n[[Category:Round {round_number}]]")
        assert members(edited_wiki, f"Round {round_number}", "file") == {picture.title}


def test_a_template_edit_changes_categories_but_no_revision(edited_wiki: MediaWiki, mediawiki_site: FilledSite) -> None:
    picture, template = picture_of(mediawiki_site, Kind.CC0_MUSEUM), "Template:Cc-zero"
    before = page(edited_wiki, picture.title, prop="info")
    # `touched` is in whole seconds.
    time.sleep(1)
    edited_wiki.admin.edit(template, edited_wiki.admin.read(template).replace("CC-Zero", "CC-Zero with doubts"))
    edited_wiki.run_jobs()
    after = page(edited_wiki, picture.title, prop="info|categories")
    assert after["lastrevid"] == before["lastrevid"] and after["touched"] != before["touched"]
    assert "Category:CC-Zero with doubts" in {entry["title"] for entry in after["categories"]}


def test_a_deleted_file_is_missing_until_it_is_restored(edited_wiki: MediaWiki, mediawiki_site: FilledSite) -> None:
    picture, admin = picture_of(mediawiki_site, Kind.PD_OLD_100, 2), edited_wiki.admin
    before = page(edited_wiki, picture.title, prop="info|imageinfo", iiprop="url")
    admin.delete(picture.title)
    assert ask(edited_wiki, pageids=before["pageid"], prop="info")["query"]["pages"] == [
        {"pageid": before["pageid"], "missing": True}
    ]
    assert picture.title not in members(edited_wiki, ROOTS[1], "file")
    assert fetch(before["imageinfo"][0]["url"]).status_code == 404
    event = ask(edited_wiki, list="logevents", leaction="delete/delete", lelimit=1)["query"]["logevents"][0]
    assert (event["logpage"], event["pageid"], event["title"]) == (before["pageid"], 0, picture.title)
    admin.undelete(picture.title)
    after = page(edited_wiki, picture.title, prop="info")
    assert (after["pageid"], after["lastrevid"]) == (before["pageid"], before["lastrevid"])


def test_a_move_without_redirect_leaves_nothing_behind(edited_wiki: MediaWiki, mediawiki_site: FilledSite) -> None:
    title = picture_of(mediawiki_site, Kind.PD_OLD_100, 3).title
    edited_wiki.admin.move(title, "File:Elsewhere alone.jpg", leave_redirect=False)
    assert page(edited_wiki, title, prop="info")["missing"] is True
    assert "File:Elsewhere alone.jpg" in members(edited_wiki, ROOTS[1], "file")


def test_a_hidden_version_has_neither_digest_nor_address(edited_wiki: MediaWiki, mediawiki_site: FilledSite) -> None:
    title = picture_of(mediawiki_site, Kind.PD_OLD_100, 4).title
    edited_wiki.admin.upload(title, jpeg("maroon"))
    edited_wiki.admin.revision_delete(title)
    now, old = page(edited_wiki, title, prop="imageinfo", iiprop="sha1|url|size", iilimit=2)["imageinfo"]
    assert now["sha1"] == _sha1(jpeg("maroon"))
    assert old["filehidden"] is True and not {"sha1", "url"} & old.keys()


def test_the_admin_reports_what_the_wiki_refuses(edited_wiki: MediaWiki) -> None:
    with pytest.raises(WikiApiError, match="action=delete: missingtitle"):
        edited_wiki.admin.delete("File:Never uploaded.jpg")


# --- the server ------------------------------------------------------------------------------------------------------


def test_lag_is_refused_when_the_client_names_a_maximum(edited_wiki: MediaWiki) -> None:
    edited_wiki.set_lag(7)
    refused = fetch(f"{edited_wiki.api_url}?action=query&meta=siteinfo&format=json&maxlag=5")
    assert refused.json()["error"]["code"] == "maxlag"
    assert (refused.headers["Retry-After"], refused.headers["X-Database-Lag"]) == ("5", "7")
    assert "query" in ask(edited_wiki, meta="siteinfo")
    edited_wiki.set_lag(None)
    assert "query" in ask(edited_wiki, meta="siteinfo", maxlag=5)


def test_the_access_log_holds_the_clients_requests_and_not_the_admins(mediawiki: MediaWiki) -> None:
    assert mediawiki.requests() == []
    mediawiki.admin.edit("A page", "text")
    ask(mediawiki, meta="siteinfo", siprop="general")
    (request,) = mediawiki.requests()
    assert (request.method, request.user_agent) == ("GET", "harness-test/1")
    assert request.query["siprop"] == "general"
    assert fetch(f"{mediawiki.base_url}/wikipedia/commons/none.jpg").status_code == 404
    assert [request.path for request in mediawiki.requests("/wikipedia/")] == ["/wikipedia/commons/none.jpg"]
    mediawiki.forget_requests()
    assert mediawiki.requests("/") == []


def test_a_copied_site_shares_nothing_with_the_site_it_came_from(
    mediawiki: MediaWiki, mediawiki_site: FilledSite, tmp_path: Path
) -> None:
    assert str(mediawiki_site.wiki.site) not in (mediawiki.site / "LocalSettings.php").read_text()
    mediawiki.admin.delete(mediawiki_site.pictures[0].title)
    with mediawiki_site.wiki.copy_to(tmp_path / "other") as other:
        assert other.api_url != mediawiki.api_url
        assert "missing" not in page(other, mediawiki_site.pictures[0].title, prop="info")


def test_a_stopped_server_no_longer_answers_and_starts_again(mediawiki: MediaWiki) -> None:
    address = mediawiki.api_url
    mediawiki.stop()
    with pytest.raises(requests.ConnectionError):
        fetch(address)
    mediawiki.start(workers=1)
    assert ask(mediawiki, meta="siteinfo")["query"]["general"]["sitename"] == "Wikimedia Commons"


# --- choosing pictures, and what happens where programs are missing --------------------------------------------------


def test_the_same_seed_chooses_the_same_pictures(art_folder: Path) -> None:
    rows, mix = read_art(art_folder), {Kind.PD_OLD_100_EXPIRED: 30, Kind.CC_BY_SA: 10}
    assert choose(rows, mix, SEED) == choose(rows, dict(reversed(mix.items())), SEED)
    assert choose(rows, mix, SEED) != choose(rows, mix, SEED + 1)


def test_chosen_works_are_as_old_as_their_kind_demands(art_folder: Path) -> None:
    pictures = choose(read_art(art_folder), MIX, SEED)
    assert all(picture.row.year_num <= KINDS[picture.kind].latest_year <= 1880 for picture in pictures)
    assert all(picture.row.museum != "Unknown" for picture in pictures if picture.kind is Kind.CC0_MUSEUM)
    assert len({picture.title for picture in pictures}) == len(pictures)


def test_asking_for_more_pictures_than_there_are_is_refused(art_folder: Path) -> None:
    with pytest.raises(FillFailed, match="10000 pictures of kind cc0_museum were asked for, but only"):
        choose(read_art(art_folder), {Kind.CC0_MUSEUM: 10_000}, SEED)


def test_a_missing_program_skips_at_home_and_fails_under_ci() -> None:
    with pytest.raises(pytest.skip.Exception, match="Not installed: a wheel"):
        require(lambda: ["a wheel"], in_ci=False)
    with pytest.raises(pytest.fail.Exception, match="Not installed: a wheel"):
        require(lambda: ["a wheel"], in_ci=True, install=lambda: None)


def test_under_ci_a_missing_program_is_installed_first() -> None:
    missing = ["a wheel"]
    require(lambda: missing, in_ci=True, install=missing.clear)
    assert missing == []


def _walk_category(wiki: MediaWiki, category: str) -> Answer:
    return ask(
        wiki, generator="categorymembers", gcmtitle=f"Category:{category}", gcmtype="file", gcmlimit=500, prop="info"
    )


def _chunks(wiki: MediaWiki, **limits: str | int) -> list[Answer]:
    """The answers to the client's request for all that is to be known of the first pages of a category."""
    pages = _walk_category(wiki, ROOTS[0])["query"]["pages"][:BATCH]
    parameters: dict[str, str | int] = {
        "pageids": "|".join(str(found["pageid"]) for found in pages),
        "prop": "imageinfo|categories|revisions|templates|info",
        "iiprop": "timestamp|user|url|size|sha1|mime|mediatype|extmetadata|badfile",
        "iiurlwidth": 1280,
        "iiurlheight": 1280,
        "clprop": "hidden|timestamp",
        "tlnamespace": 10,
        "rvprop": "ids|timestamp|sha1|content",
        "rvslots": "main",
        **limits,
    }
    answers = [ask(wiki, **parameters)]
    while "continue" in answers[-1]:
        answers.append(ask(wiki, **{**parameters, **answers[-1]["continue"]}))
    return answers


def _tags(answers: list[Answer]) -> Counter[tuple[int, str]]:
    """How often each page was said to have each category and template."""
    return Counter(
        (found["pageid"], tag["title"])
        for answer in answers
        for found in answer["query"]["pages"]
        for prop in ("categories", "templates")
        for tag in found.get(prop, ())
    )


def _thumbnail(wiki: MediaWiki, title: str, side: int) -> Answer:
    found = page(wiki, title, prop="imageinfo", iiprop="url|size", iiurlwidth=side, iiurlheight=side)
    info: Answer = found["imageinfo"][0]
    return info


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
