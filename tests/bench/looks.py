"""How many pictures that were passed on find themselves, and how many strangers find something, among real paintings.

`python -m tests.bench.looks ART`; the bounds in release/look.py were chosen on all that we have: try it with others.
"""

import argparse
import random
from pathlib import Path

import numpy as np
from PIL import Image

from pd_assets.lib.images.decode import normalise
from pd_assets.lib.release.alike import likeness
from pd_assets.lib.release.look import MOST_CANDIDATES, SAME, SAME_BY_HASHES, Known, Look, look_of
from tests.pd_assets.lib.pictures import encoded

FOREIGN = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("art", type=Path, help="a folder with images/")
    parser.add_argument("--half", choices=("choose", "test"), default="test")
    parser.add_argument("--million", type=int, default=0, help="looks of made-up pictures beside them")
    parser.add_argument("--asked", type=int, default=1_000_000, help="so many of them are passed on")
    options = parser.parse_args()
    names = sorted((options.art / "images").iterdir())
    random.Random(1).shuffle(names)
    half = names[: len(names) // 2] if options.half == "choose" else names[len(names) // 2 :]
    pictures = [Image.open(path).convert("RGB") for path in half]
    foreign, kept = pictures[:FOREIGN], pictures[FOREIGN:]
    looks = [look(encoded(one, quality=95)) for one in kept]
    words = [known(looks), *([made_up(looks, options.million)] if options.million else [])]
    everything = Known(
        phash=np.concatenate([one.phash for one in words]), detail=np.concatenate([one.detail for one in words])
    )
    print(f"{options.half}: {len(kept)} pictures, {len(everything.phash):,} looks")
    chance = random.Random(2)
    print("| passed on as JPEG q70, 60% size | among the candidates | found | by hashes alone | strangers |")
    print("|---|---|---|---|---|")
    for what, crop in (
        ("not cropped", 0.0),
        ("2% at each side", 0.02),
        ("up to 5% at each", -0.05),
        ("5% at each", 0.05),
    ):
        candidates = found = alone = strangers = 0
        for number, picture in list(enumerate(kept))[: options.asked]:
            cuts = [chance.uniform(0, -crop) for _ in range(4)] if crop < 0 else [crop] * 4
            asked = look(passed_on(picture, cuts))
            near = everything.near(asked)
            here = [one for one in near if one.place == number]
            candidates += bool(here)
            alone += bool(here) and here[0].score <= SAME_BY_HASHES
            same = [one.place for one in near if is_alike(asked, looks, one.place)]
            found += number in same
            strangers += any(place != number for place in same)
        shares = [f"{one / min(len(kept), options.asked):.1%}" for one in (candidates, found, alone)]
        print(f"| {what} | {' | '.join(shares)} | {strangers} |", flush=True)
    false = by_hashes = 0
    for picture in foreign:
        asked = look(encoded(picture, quality=95))
        near = everything.near(asked)
        false += any(is_alike(asked, looks, one.place) for one in near)
        by_hashes += any(one.score <= SAME_BY_HASHES for one in near)
    print(f"of {FOREIGN} that are not among them {false} find something, {by_hashes} by hashes alone")
    print(f"likeness of at least {SAME}, {MOST_CANDIDATES} candidates")


def is_alike(asked: Look, looks: list[Look], place: int) -> bool:
    if place >= len(looks):
        return False
    other = looks[place]
    return asked.grey is not None and other.grey is not None and likeness(asked.grey, other.grey) >= SAME


def look(body: bytes) -> Look:
    found = normalise(body, max_side=1280)
    return look_of(found.body, phash=found.phash, detail_hash=found.quality.detail_hash)


def known(looks: list[Look]) -> Known:
    return Known.of([one.phash for one in looks], [one.detail_hash for one in looks])


def made_up(looks: list[Look], count: int) -> Known:
    """Looks of two paintings laid over one another: as near to each other as paintings are."""
    from pd_assets.lib.release.look import _before_a_crop

    chance = np.random.default_rng(3)
    greys = [one.grey for one in looks if one.grey is not None]
    phashes, details = [], []
    for _ in range(count):
        one, other = (greys[number] for number in chance.integers(0, len(greys), 2))
        turned = other[:: chance.choice([1, -1]), :: chance.choice([1, -1])]
        mixed = (one[:, :: chance.choice([1, -1])].astype(np.float64) * 0.5 + turned * 0.5).astype(np.uint8)
        phash, detail = _before_a_crop(mixed, 0.0, 0.0, 0.0, 0.0)
        phashes.append(phash)
        details.append(detail)
    return Known.of(phashes, details)


def passed_on(picture: Image.Image, cuts: list[float]) -> bytes:
    width, height = picture.size
    box = (cuts[0] * width, cuts[1] * height, (1 - cuts[2]) * width, (1 - cuts[3]) * height)
    cut = picture.crop(tuple(map(round, box)))  # type: ignore[arg-type]
    small = cut.resize((round(cut.width * 0.6), round(cut.height * 0.6)), Image.Resampling.LANCZOS)
    return encoded(small, quality=70)


if __name__ == "__main__":
    main()
