"""Small paintings with truthful captions, drawn for the tests, and datasets of them in the shard format."""

import hashlib
import io
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from pd_ml.data import shards

SKIES = {"blue": (96, 160, 230), "orange": (236, 148, 64), "grey": (150, 150, 155), "black": (24, 22, 48)}
GROUNDS = {"green": (60, 140, 50), "yellow": (214, 190, 70), "white": (236, 238, 242), "brown": (110, 70, 36)}
THINGS = ("tree", "house", "mountain", "boat")
SIDES = ("left", "right")
SEASONS = {"spring": (245, 180, 205), "summer": (255, 240, 90), "autumn": (200, 80, 20), "winter": (250, 250, 255)}

TEMPLATES = (
    "A painting of a {thing} on the {side}, {ground} ground under a {sky} sky, in {season}",
    "In {season}: a {thing} on the {side} side, {sky} sky above {ground} ground",
    "{sky} sky, {ground} ground and a {thing} on the {side}; {season} scene, oil on canvas",
)

ATTRIBUTES = {
    "attributes": {
        "sky": {"region": "top", "values": {n: {"phrase": f"{n} sky", "rgb": list(c)} for n, c in SKIES.items()}},
        "ground": {
            "region": "bottom",
            "values": {n: {"phrase": f"{n} ground", "rgb": list(c)} for n, c in GROUNDS.items()},
        },
    }
}


@dataclass(frozen=True, kw_only=True)
class Painting:
    """What is in it, and the bytes of a 64 px JPEG."""

    captions: tuple[str, ...]
    jpeg: bytes


def paint(number: int, seed: int = 0) -> Painting:
    """Painting `number`: attributes run through all combinations in a random order, details vary."""
    rng = np.random.default_rng([seed, number])
    combinations = list(itertools.product(SKIES, GROUNDS, THINGS, SIDES, SEASONS))
    order = np.random.default_rng([seed, 999, number // len(combinations)]).permutation(len(combinations))
    sky, ground, thing, side, season = combinations[order[number % len(combinations)]]
    words = {"sky": sky, "ground": ground, "thing": thing, "side": side, "season": season}
    captions = [template.format(**words) for template in TEMPLATES]
    first = int(rng.integers(len(captions)))
    return Painting(
        captions=tuple(captions[first:] + captions[:first]), jpeg=_drawn(rng, sky, ground, thing, side, season)
    )


def _drawn(rng: np.random.Generator, sky: str, ground: str, thing: str, side: str, season: str) -> bytes:
    size = 64
    horizon = int(rng.integers(34, 44))
    image = Image.new("RGB", (size, size), _jittered(rng, SKIES[sky]))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, horizon, size, size), fill=_jittered(rng, GROUNDS[ground]))
    centre = (16 if side == "left" else 48) + int(rng.integers(-4, 5))
    _draw_thing(pen, thing, centre, horizon, int(rng.integers(9, 14)))
    for _ in range(14):
        x, y = rng.integers(0, size), rng.integers(20, 44)
        pen.ellipse((x - 1, y - 1, x + 1, y + 1), fill=SEASONS[season])
    noise = rng.normal(0, 9, (size, size, 3))
    pixels = np.clip(np.asarray(image.filter(ImageFilter.GaussianBlur(0.8)), dtype=float) + noise, 0, 255)
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _draw_thing(pen: ImageDraw.ImageDraw, thing: str, x: int, y: int, r: int) -> None:
    if thing == "tree":
        pen.rectangle((x - 2, y - r, x + 2, y + 4), fill=(90, 50, 20))
        pen.ellipse((x - r, y - 2 * r, x + r, y - r // 2), fill=(20, 90, 30))
    elif thing == "house":
        pen.rectangle((x - r, y - r, x + r, y + 3), fill=(200, 60, 50))
        pen.polygon((x - r - 2, y - r, x + r + 2, y - r, x, y - 2 * r), fill=(90, 20, 20))
    elif thing == "mountain":
        pen.polygon((x - 2 * r, y, x + 2 * r, y, x, y - 2 * r), fill=(110, 100, 120))
    else:
        pen.polygon((x - r, y, x + r, y, x + r // 2, y + r // 2, x - r // 2, y + r // 2), fill=(120, 40, 90))
        pen.polygon((x, y, x, y - 2 * r, x + r, y), fill=(255, 255, 240))


def _jittered(rng: np.random.Generator, colour: Sequence[int]) -> tuple[int, int, int]:
    red, green, blue = (int(np.clip(value + rng.normal(0, 8), 0, 255)) for value in colour)
    return red, green, blue


def write_dataset(
    folder: Path,
    counts: Mapping[str, int],
    *,
    seed: int = 0,
    shuffled_captions: bool = False,
    without_caption: int = 0,
) -> Path:
    """A finished dataset of `counts` paintings by split. `shuffled_captions` deals the captions out at random."""
    paintings = [paint(number, seed) for number in range(sum(counts.values()))]
    captions = [painting.captions for painting in paintings]
    if shuffled_captions:
        captions = [captions[at] for at in np.random.default_rng(seed + 1).permutation(len(captions))]
    infos: list[shards.ShardInfo] = []
    start = 0
    for split, count in counts.items():
        rows = [
            _row(n, paintings[n].jpeg, captions[n], n - start >= without_caption) for n in range(start, start + count)
        ]
        infos += shards.write_shards(rows, folder, split)
        start += count
    digest = shards.digest_of(infos)
    manifest = shards.Manifest(
        name="paintings", version=digest[:16], digest=digest, shards=tuple(infos), counts=dict(counts)
    )
    shards.write_manifest(folder, manifest)
    return folder


def altered(dataset: Path, folder: Path, change: Callable[[int, dict[str, object]], Mapping[str, object]]) -> Path:
    """A finished dataset like `dataset`, each of its rows changed, by its number in the split."""
    infos: list[shards.ShardInfo] = []
    for split in shards.SPLITS:
        batches = shards.read_batches(dataset, split)
        rows = [row for batch in batches for row in batch.to_pylist()]
        infos += shards.write_shards([change(number, row) for number, row in enumerate(rows)], folder, split)
    manifest = shards.read_manifest(dataset)
    digest = shards.digest_of(infos)
    shards.write_manifest(
        folder,
        shards.Manifest(
            name="altered", version=digest[:16], digest=digest, shards=tuple(infos), counts=manifest.counts
        ),
    )
    return folder


def _row(number: int, jpeg: bytes, captions: Sequence[str], captioned: bool) -> dict[str, object]:
    return {
        "image": jpeg,
        "caption": captions[0] if captioned else None,
        "captions": list(captions) if captioned else [],
        "item_id": f"commons:M{number}",
        "sha256": hashlib.sha256(jpeg).hexdigest(),
        "rule_id": "test",
        "page_url": f"https://archive.example/{number}",
        "label_licence": "CC0-1.0" if captioned else None,
        "width": 64,
        "height": 64,
    }
