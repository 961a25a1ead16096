"""Pictures that were taken down and come back changed: what the tests of `again.py` plant and change."""

from collections.abc import Callable, Mapping

from PIL import Image

from pd_assets.lib.home import Home
from pd_assets.lib.images.decode import ENDINGS, normalise
from tests.pd_assets.lib.pictures import encoded
from tests.pd_assets.lib.planting import Row, file


def smaller(picture: Image.Image, share: float = 0.6) -> Image.Image:
    return picture.resize((round(picture.width * share), round(picture.height * share)))


def cropped(picture: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    wide, high = picture.size
    return picture.crop(
        (round(left * wide), round(top * high), wide - round(right * wide), high - round(bottom * high))
    )


# JPEG quality 70 at 60% of the size, whole and with 2% cut off.
CHANGES: Mapping[str, Callable[[Image.Image], bytes]] = {
    "another encoding": lambda picture: encoded(picture, quality=70),
    "60% of the size": lambda picture: encoded(smaller(picture), quality=70),
    "2% cut off at one corner": lambda picture: encoded(smaller(cropped(picture, 0.02, 0.02, 0, 0)), quality=70),
    "2% cut off at the other corner": lambda picture: encoded(smaller(cropped(picture, 0, 0, 0.02, 0.02)), quality=70),
    "1% cut off at each side": lambda picture: encoded(smaller(cropped(picture, *[0.01] * 4)), quality=70),
    "a PNG of it": lambda picture: encoded(smaller(picture), "PNG"),
}


def put(home: Home, number: int, body: bytes, **changes: object) -> Row:
    """Put a picture into the store as a fetch does; its row of images/files."""
    picture = normalise(body, max_side=512)
    path = home.images / picture.sha256[:2] / f"{picture.sha256}.{ENDINGS[picture.mime]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture.body)
    return file(
        number,
        sha256=picture.sha256,
        path=str(path.relative_to(home.root)),
        width=picture.width,
        height=picture.height,
        mime=picture.mime,
        size_bytes=len(picture.body),
        phash=picture.phash,
        detail_hash=picture.quality.detail_hash,
        **changes,
    )
