"""Where pictures are asked for: bounded at the delivery service, as they are elsewhere, a TIFF only where it is all."""

import pytest

from pd_assets.lib.smithsonian.delivery import JPEG, TIFF, address, deliver
from tests.material import WRITTEN
from tests.pd_assets.lib.smithsonian.rows import rows_in

IDS = "https://ids.si.edu/ids"
ELSEWHERE = "https://collections.nmnh.si.edu/media/?irn=15814382"


def resource(label: str, url: str, **more: object) -> dict[str, object]:
    return {"label": label, "url": url, **more}


@pytest.mark.parametrize(
    ("content", "bounded"),
    [
        ("http://ids.si.edu/ids/deliveryService?id=X-1", f"{IDS}/deliveryService?id=X-1&max=512"),
        (f"{IDS}/deliveryService?max=150&id=X-1", f"{IDS}/deliveryService?id=X-1&max=512"),
        (f"{IDS}/download?id=X-1.tif", f"{IDS}/deliveryService?id=X-1&max=512"),
        (f"{IDS}/download?id=X-1_screen", f"{IDS}/deliveryService?id=X-1&max=512"),
        (f"{IDS}/deliveryService/id/ark:/65665/ab12/90", f"{IDS}/deliveryService/id/ark:/65665/ab12/512"),
        (f"{IDS}/iiif/X-1/full/720,/0/default.jpg", f"{IDS}/iiif/X-1/full/!512,512/0/default.jpg"),
        (f"{IDS}/deliveryService?id=A%20b%26c", f"{IDS}/deliveryService?id=A%20b%26c&max=512"),
        ("http://127.0.0.1:80/ids/deliveryService?id=X", "http://127.0.0.1:80/ids/deliveryService?id=X&max=512"),
    ],
)
def test_every_form_of_a_delivery_address_is_bounded(content: str, bounded: str) -> None:
    found = deliver({"content": content}, side=512)
    assert found is not None and (found.thumb_url, found.mime) == (bounded, JPEG)


def test_the_whole_picture_is_the_jpeg_not_the_tiff_and_its_size_is_told() -> None:
    medium = {
        "content": f"{IDS}/deliveryService?id=X",
        "resources": [
            resource("High-resolution TIFF", f"{IDS}/download?id=X.tif", dimensions="3506x9833"),
            resource("High-resolution JPEG", f"{IDS}/download?id=X.jpg", width="3506", height=9833),
            resource("Screen Image", f"{IDS}/download?id=X_screen"),
        ],
    }
    found = deliver(medium, side=512)
    assert found is not None and found.file_url == f"{IDS}/download?id=X.jpg"
    assert (found.width, found.height, found.mime) == (3506, 9833, JPEG)


def test_media_elsewhere_come_by_their_own_smallest_file_that_covers() -> None:
    host = "https://museum.test"
    medium = {
        "content": f"{host}/1",
        "resources": [
            resource("JPEG (400x300)", f"{host}/s.jpg"),
            resource("JPEG (900x600)", f"{host}/m.jpg"),
            resource("JPEG (4000x3000)", f"{host}/l.jpg"),
            resource("TIFF (4000x3000)", f"{host}/l.tif"),
        ],
    }
    found = deliver(medium, side=512)
    assert found is not None and (found.thumb_url, found.file_url) == (f"{host}/m.jpg", f"{host}/l.jpg")
    large = deliver(medium, side=5000)
    assert large is not None and large.thumb_url == large.file_url == f"{host}/l.jpg"


def test_a_medium_elsewhere_without_files_is_asked_for_by_its_address() -> None:
    found = deliver({"content": ELSEWHERE, "idsId": ELSEWHERE, "thumbnail": f"{IDS}/deliveryService?id=Y"}, side=512)
    assert found is not None and found.thumb_url == found.file_url == ELSEWHERE


def test_a_tiff_is_asked_for_where_nothing_else_is_listed() -> None:
    found = deliver({"resources": [resource("TIFF", "https://museum.test/1.tif")]}, side=512)
    assert found is not None and (found.file_url, found.mime) == ("https://museum.test/1.tif", TIFF)


def test_an_id_alone_is_enough_and_nothing_at_all_is_none() -> None:
    found = deliver({"idsId": "X-1"}, side=512)
    assert found is not None and found.thumb_url == f"{IDS}/deliveryService?id=X-1&max=512"
    for medium in ({}, {"content": 3, "idsId": " "}, {"content": "javascript:alert(1)"}, {"resources": "none"}):
        assert deliver(medium, side=512) is None


@pytest.mark.parametrize("value", [None, 3, "", "ftp://si.edu/x", "http://", "http://[", "x", "http://a\nb"])
def test_what_is_no_web_address_is_none(value: object) -> None:
    assert address(value) is None


def test_no_written_medium_is_asked_for_as_a_tiff() -> None:
    rows = [row for row in rows_in(WRITTEN / "smithsonian" / "lines.txt") if row["file_url"]]
    assert len(rows) == 9
    assert not [row for row in rows if str(row["file_url"]).endswith(".tif")]
    assert all(str(row["file_url"]).startswith("https://") for row in rows)
