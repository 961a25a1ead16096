"""Thumbnails: standard widths only, the next larger one for a size asked, the original where it is smaller."""

import io

import pytest
from PIL import Image

from pd_assets.sandbox.records import FileFacts, Page
from pd_assets.sandbox.thumbs import STEPS_PX, step_for, thumbnail, thumbnail_name, width_of
from tests.pd_assets.sandbox.asking import Asker


def facts(width: int, height: int) -> FileFacts:
    return FileFacts(sha1="0", size_bytes=1, width=width, height=height, mime="image/jpeg", mediatype="BITMAP")


@pytest.fixture(scope="module")
def large(reading: Asker) -> Page:
    archive = reading.server.archive
    return max(archive.files(), key=lambda page: archive.facts(page.versions[-1]).width)


def test_sizes_are_rounded_up_to_the_standard_steps() -> None:
    assert [step_for(width) for width in (1, 20, 21, 800, 1281, 5000)] == [20, 20, 40, 960, 1920, 3840]


def test_a_box_limits_width_and_height_and_the_reported_size_is_the_one_asked_for() -> None:
    portrait = thumbnail("File:A.jpg", facts(2000, 4000), 800, 800)
    assert (portrait.width, portrait.height) == (400, 800)
    assert portrait.path is not None and portrait.path.endswith("/500px-A.jpg")
    small = thumbnail("File:A.jpg", facts(900, 600), 1280, None)
    assert (small.width, small.path) == (1280, None)


def test_long_names_and_documents_have_names_of_their_own() -> None:
    assert thumbnail_name("x" * 200 + ".jpg", "image/jpeg", 250) == "250px-thumbnail.jpg"
    assert thumbnail_name("A.pdf", "application/pdf", 120) == "page1-120px-A.pdf.jpg"
    assert width_of("page1-120px-A.pdf.jpg") == 120
    assert width_of("A.jpg") is None


def test_a_thumbnail_has_the_step_width_not_the_one_asked_for(reading: Asker, large: Page) -> None:
    info = reading.page(large.title, prop="imageinfo", iiprop="url|size", iiurlwidth=200)["imageinfo"][0]
    assert info["thumbwidth"] == 200 and "/250px-" in info["thumburl"]
    with Image.open(io.BytesIO(reading.get(info["thumburl"]).content)) as picture:
        assert picture.width == 250
        assert abs(picture.height - info["height"] * 250 / info["width"]) <= 1


@pytest.mark.parametrize("width", STEPS_PX[:5])
def test_every_standard_width_below_the_original_is_served(reading: Asker, large: Page, width: int) -> None:
    info = reading.page(large.title, prop="imageinfo", iiprop="url", iiurlwidth=width)["imageinfo"][0]
    answer = reading.get(info["thumburl"])
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "image/jpeg"


def test_other_widths_are_refused_with_a_page_of_html(reading: Asker, large: Page) -> None:
    info = reading.page(large.title, prop="imageinfo", iiprop="url", iiurlwidth=250)["imageinfo"][0]
    refused = reading.get(info["thumburl"].replace("/250px-", "/251px-"))
    assert refused.status_code == 400 and refused.headers["Content-Type"].startswith("text/html")
    assert reading.get(info["thumburl"].replace("/250px-", "/3840px-")).status_code == 404


def test_the_original_serves_where_it_is_smaller_than_asked(reading: Asker) -> None:
    page = next(page for page in reading.server.archive.files() if page.truth and page.truth.trap == "")
    info = reading.page(page.title, prop="imageinfo", iiprop="url", iiurlwidth=1280, iiurlheight=1280)["imageinfo"][0]
    assert info["thumburl"].partition("?")[0] == info["url"].partition("?")[0]
    assert info["thumburl"].endswith("utm_content=thumbnail_unscaled")


def test_a_cut_off_file_has_a_whole_thumbnail_so_only_the_original_tells(reading: Asker) -> None:
    page = next(page for page in reading.server.archive.files() if page.truth and page.truth.trap == "truncated")
    info = reading.page(page.title, prop="imageinfo", iiprop="url", iiurlwidth=120)["imageinfo"][0]
    with Image.open(io.BytesIO(reading.get(info["thumburl"]).content)) as picture:
        picture.load()
        assert picture.width == 120
    with Image.open(io.BytesIO(reading.get(info["url"]).content)) as picture, pytest.raises(OSError):
        picture.load()
