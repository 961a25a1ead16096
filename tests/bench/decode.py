"""Pictures a second of `normalise` on large JPEGs: decoded whole as a plain decoder does it, with draft scaling, and in
decoder processes; then what a decoder process costs on thumbnails, and whether decoding keeps up with the download.

`python -m tests.bench.decode --pictures 6 --megapixels 12`
"""

import argparse
import io
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from pd_assets.lib.images.decode import JPEG_QUALITY, normalise
from pd_assets.lib.images.pool import Decoders
from tests.pd_assets.lib.pictures import encoded

MAX_SIDE = 1280
MEDIA_BITS_PER_S = 25e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=6, help="how many large JPEGs are decoded each way")
    parser.add_argument("--megapixels", type=float, default=12.0, help="the size of each")
    options = parser.parse_args()
    width = round((options.megapixels * 4e6 / 3) ** 0.5)
    large = [encoded(photograph(seed, width, width * 3 // 4), quality=90) for seed in range(options.pictures)]
    thumbs = [encoded(photograph(seed, 256, 192), quality=90) for seed in range(200)]
    with Decoders() as decoders:
        in_processes = f"{decoders.workers} decoder processes"
        show(
            f"{options.megapixels:g} megapixels to {MAX_SIDE} px, {len(large)} pictures",
            {
                "decoded whole": rate(large, whole),
                "draft scaling": rate(large, draft),
                f"draft scaling, {in_processes}": rate_in(decoders, large),
            },
        )
        show(
            f"256 px, {len(thumbs)} pictures",
            {"in this process": rate(thumbs, draft), in_processes: rate_in(decoders, thumbs)},
        )
        usual = [encoded(photograph(seed, MAX_SIDE, MAX_SIDE * 3 // 4), quality=90) for seed in range(60)]
        found = rate_in(decoders, usual) * sum(map(len, usual)) / len(usual) * 8
        print(f"{MAX_SIDE} px, {len(usual)} pictures, as they are usually fetched")
        print(f"  {in_processes:<40} {found / 1e6:8.1f} Mbit/s {found / MEDIA_BITS_PER_S:9.2f} x the limit")


def photograph(seed: int, width: int, height: int) -> Image.Image:
    """Soft blobs with grain, so that the JPEG is about as large as a photograph's."""
    random = np.random.default_rng(seed)
    blobs = Image.fromarray(random.integers(0, 256, (60, 80, 3), dtype=np.uint8)).resize((width, height))
    grain = random.integers(-12, 13, (height, width, 1), dtype=np.int16)
    return Image.fromarray((np.asarray(blobs) + grain).clip(0, 255).astype(np.uint8))


def whole(body: bytes) -> None:
    """What most people write: every pixel decoded, then scaled and encoded alike."""
    with Image.open(io.BytesIO(body)) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS, reducing_gap=None)
    picture.save(io.BytesIO(), "JPEG", quality=JPEG_QUALITY, subsampling=0)


def draft(body: bytes) -> None:
    normalise(body, max_side=MAX_SIDE)


def rate(bodies: Sequence[bytes], work: Callable[[bytes], None]) -> float:
    """Pictures a second, after one that is not counted."""
    work(bodies[0])
    started = time.monotonic()
    for body in bodies:
        work(body)
    return len(bodies) / (time.monotonic() - started)


def rate_in(decoders: Decoders, bodies: Sequence[bytes]) -> float:
    def work(body: bytes) -> None:
        decoders.normalise(body, max_side=MAX_SIDE)

    with ThreadPoolExecutor(2 * decoders.workers) as threads:
        list(threads.map(work, bodies[: 2 * decoders.workers]))
        started = time.monotonic()
        list(threads.map(work, bodies))
        return len(bodies) / (time.monotonic() - started)


def show(title: str, rates: dict[str, float]) -> None:
    print(title)
    first = next(iter(rates.values()))
    for name, found in rates.items():
        print(f"  {name:<40} {found:8.1f} pictures/s {found / first:6.2f} x")


if __name__ == "__main__":
    main()
