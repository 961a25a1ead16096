"""Copies of the real pictures, changed as copies are, are found, and different pictures are kept apart."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from pd_assets.lib.home import open_home
from pd_assets.lib.images.decode import normalise
from tests.material import recorded
from tests.pd_assets.lib.catalog.lookalikes import clusters_of, looking
from tests.pd_assets.lib.pictures import encoded


def recompressed(picture: Image.Image) -> Image.Image:
    return Image.open(io.BytesIO(encoded(picture, quality=30))).convert("RGB")


def cropped(picture: Image.Image) -> Image.Image:
    x, y = round(0.015 * picture.width), round(0.015 * picture.height)
    return picture.crop((x, y, picture.width - x, picture.height - y))


CHANGES: dict[str, tuple[Callable[[Image.Image], Image.Image], float]] = {
    "half the size": (lambda picture: picture.resize((picture.width // 2, picture.height // 2)), 0.97),
    "JPEG at quality 30": (recompressed, 0.97),
    "3% of width and height cropped": (cropped, 0.9),
    "15% brighter": (lambda picture: ImageEnhance.Brightness(picture).enhance(1.15), 0.97),
    "15% darker": (lambda picture: ImageEnhance.Brightness(picture).enhance(0.85), 0.97),
    "without colour": (lambda picture: picture.convert("L").convert("RGB"), 0.97),
}


def hashed(picture: Image.Image) -> tuple[int, int]:
    kept = normalise(encoded(picture, quality=90), max_side=512)
    return int(kept.phash, 16), int(kept.quality.detail_hash, 16)


@pytest.mark.extended
@pytest.mark.slow
def test_changed_copies_of_real_pictures_are_found_and_different_pictures_are_not(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    paths = sorted((recorded("art") / "images").glob("*.jpg"))[::40]
    originals = []
    for path in paths:
        with Image.open(path) as opened:
            opened.draft("RGB", (640, 640))
            originals.append(opened.convert("RGB"))
    count = len(originals)
    kinds = ["original", *CHANGES]
    pictures = [originals, *([change(picture) for picture in originals] for change, _ in CHANGES.values())]
    rows = [
        looking(kind * count + number + 1, *hashed(picture))
        for kind, some in enumerate(pictures)
        for number, picture in enumerate(some)
    ]
    cluster_of = {name: row["cluster"] for name, row in clusters_of(home, rows).items()}

    def cluster(kind: int, number: int) -> object:
        return cluster_of[f"commons:M{kind * count + number + 1}"]

    assert len({cluster(0, number) for number in range(count)}) == count, "two different pictures in one cluster"
    for kind, name in enumerate(kinds[1:], 1):
        found = sum(cluster(kind, number) == cluster(0, number) for number in range(count)) / count
        assert found >= CHANGES[name][1], f"{name}: {found:.3f} found"
