"""Pictures a second of an export that scales large JPEGs down, beside others on the same originals, per core.

Ours is the whole export (join, read, SHA-256, scale, shards, digests); PD-Diffusion's way decodes whole, makes a
thumbnail and saves; img2dataset's is its Resizer. Also the peak memory of an export, whatever its size.

`python -m tests.bench.export --pictures 48 --megapixels 12 --max-side 512`
"""

import argparse
import hashlib
import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pd_assets.lib.catalog.schemas import CAPTIONS, FILES, LICENSED, SPLITS
from pd_assets.lib.dataset.export import export_shards
from pd_assets.lib.dataset.selection import Selection
from pd_assets.lib.home import Home, open_home
from tests.bench.decode import photograph
from tests.pd_assets.lib.pictures import encoded
from tests.pd_assets.lib.planting import file, licensed, plant

QUALITY = 95


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=48, help="how many originals, every eighth alike")
    parser.add_argument("--megapixels", type=float, default=12.0, help="the size of each")
    parser.add_argument("--max-side", type=int, default=512, help="the longest side that is kept, pixels")
    parser.add_argument("--memory", type=int, metavar="PICTURES", help="measure the memory of an export of so many")
    options = parser.parse_args()
    if options.memory:
        show_memory(options.memory)
        return
    width = round((options.megapixels * 4e6 / 3) ** 0.5)
    drawn = [encoded(photograph(seed, width, width * 3 // 4), quality=90) for seed in range(8)]
    # What stands behind the end of a JPEG is read by nobody, and makes another file of it.
    bodies = [drawn[number % 8] + number.to_bytes(8, "big") for number in range(options.pictures)]
    with tempfile.TemporaryDirectory() as folder:
        home = open_home(Path(folder))
        fill(home, bodies, width)
        rates = {
            "PD-Diffusion's way": of_each(bodies, lambda body: thumbnail(body, options.max_side)),
            "img2dataset": of_each(bodies, resizer(options.max_side)),
            "export_shards": per_cpu_second(
                len(bodies),
                lambda: export_shards(home, name="bench", selection=Selection(max_side=options.max_side)),
            ),
        }
    print(f"{len(bodies)} JPEGs of {options.megapixels:g} megapixels to {options.max_side} px")
    for name, found in rates.items():
        print(f"  {name:<22} {found:8.2f} pictures/CPU-second {found / rates[next(iter(rates))]:6.2f} x")


def fill(home: Home, bodies: Iterable[bytes], width: int) -> None:
    """Tables and store of a home that holds the originals as they are."""
    home.images.mkdir(exist_ok=True)
    digests: list[str] = []
    for number, body in enumerate(bodies):
        (home.images / f"{number}.jpg").write_bytes(body)
        digests.append(hashlib.sha256(body).hexdigest())
    size = {"width": width, "height": width * 3 // 4}
    plant(home, LICENSED, [licensed(n, sha256=digest, **size) for n, digest in enumerate(digests)])
    plant(home, FILES, [file(n, sha256=digest, **size) for n, digest in enumerate(digests)])
    plant(home, SPLITS, [{"item_id": f"commons:M{n}", "split": "train"} for n in range(len(digests))])
    plant(home, CAPTIONS, [{"item_id": f"commons:M{n}", "captions": ["a"]} for n in range(len(digests))])


def thumbnail(body: bytes, max_side: int) -> None:
    """PD-Diffusion's `image_is_valid` decodes whole; then it opens again, makes a thumbnail and saves."""
    with Image.open(io.BytesIO(body)) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((max_side, max_side), Image.Resampling.BICUBIC, reducing_gap=None)
    picture.save(io.BytesIO(), "JPEG", quality=QUALITY, subsampling=0)


def resizer(max_side: int) -> Callable[[bytes], None]:
    """img2dataset's Resizer where it is installed, else what it does: OpenCV, decoded whole, scaled by area."""
    try:
        from img2dataset.resizer import Resizer
    except ImportError:
        print("img2dataset is not installed: its steps are done with OpenCV here", file=sys.stderr)
        return lambda body: opencv(body, max_side)
    made = Resizer(image_size=max_side, resize_mode="keep_ratio_largest", resize_only_if_bigger=True)

    def resize(body: bytes) -> None:
        assert made(io.BytesIO(body))[-1] is None

    return resize


def opencv(body: bytes, max_side: int) -> None:
    import cv2

    pixels = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_UNCHANGED)
    scale = max_side / max(pixels.shape[:2])
    size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    cv2.imencode(".jpg", small, [int(cv2.IMWRITE_JPEG_QUALITY), QUALITY])


def of_each(bodies: Sequence[bytes], work: Callable[[bytes], None]) -> float:
    work(bodies[0])

    def all_of_them() -> None:
        for body in bodies:
            work(body)

    return per_cpu_second(len(bodies), all_of_them)


def per_cpu_second(count: int, work: Callable[[], object]) -> float:
    """Pictures for each second of a core, those of child processes counted too."""
    started = cpu_s()
    work()
    return count / (cpu_s() - started)


def cpu_s() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def show_memory(count: int) -> None:
    """Export `count` pictures in a process of its own and print its peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        home = open_home(Path(folder))
        noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
        body = encoded(Image.fromarray(noise), quality=95)
        fill(home, (body + number.to_bytes(8, "big") for number in range(count)), 400)
        size_bytes = count * (len(body) + 8)
        code = (
            "import sys, resource; from pathlib import Path; from pd_assets.lib.dataset.export import export_shards; "
            "from pd_assets.lib.home import open_home; export_shards(open_home(Path(sys.argv[1])), name='bench'); "
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
        )
        started = time.monotonic()
        done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
        seconds = time.monotonic() - started
    print(f"{count} pictures, {size_bytes / 1e6:.0f} MB: peak {float(done.stdout):.0f} MiB in {seconds:.1f} s")


if __name__ == "__main__":
    main()
