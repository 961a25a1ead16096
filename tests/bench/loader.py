"""Pictures a second that a training reads, per core: our cache beside `datasets` + DataLoader and streaming formats.

All read the same pictures in the same run, as batches of uint8 squares. Peers that are not installed are named.

`python -m tests.bench.loader --pictures 400 --size 128`
"""

import argparse
import io
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import datasets
import numpy as np
import torch
from PIL import Image

from pd_assets.lib.dataset.webdataset import write_tar
from pd_ml.data import shards
from pd_ml.data.loader import batch_indices, open_split
from pd_ml.data.shards import Manifest
from tests.bench.decode import photograph
from tests.bench.export import cpu_s
from tests.pd_assets.lib.pictures import encoded

BATCH = 32
READ_S = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=400, help="how many pictures of 683 x 512")
    parser.add_argument("--size", type=int, default=128, help="the side of the squares, pixels")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dataset = write(folder / "dataset", options.pictures)
        build = built(dataset, folder, options.size)
        rates = {
            "datasets + DataLoader": rate(hugging_face(dataset, options.size, folder)),
            "webdataset": rate_or_none(lambda: tars(dataset, options.size)),
            "mosaicml-streaming": rate_or_none(lambda: mosaic(dataset, options.size, folder)),
            "our cache": rate(ours(dataset, options.size, folder / "cache1")),
        }
    first = rates["datasets + DataLoader"]
    assert first is not None
    print(f"{options.pictures} pictures, squares of {options.size} px, batches of {BATCH}, one process")
    for name, found in rates.items():
        print(f"  {name:<24} " + (f"{found:10.0f} pictures/CPU-s {found / first:8.1f} x" if found else "not installed"))
    for workers, found in build.items():
        print(f"  building the cache, {workers} threads: {found:.0f} pictures/s (wall clock)")


def write(folder: Path, count: int) -> Path:
    """A dataset of photographs, as Parquet and as tars."""
    rows = [row(number) for number in range(count)]
    infos = shards.write_shards(rows, folder, "train", shard_bytes=20_000_000)
    tars = tuple(write_tar(folder / info.path, info, folder) for info in infos)
    counts = {"train": count, "validation": 0, "test": 0}
    digest = shards.digest_of(infos)
    shards.write_manifest(
        folder, Manifest(name="bench", version="1", digest=digest, shards=tuple(infos), counts=counts, tars=tars)
    )
    return folder


def row(number: int) -> Mapping[str, object]:
    return {
        "image": encoded(photograph(number, 683, 512), quality=90),
        "caption": "a picture",
        "captions": ["a picture"],
        "item_id": f"commons:M{number}",
        "sha256": f"{number:064x}",
        "width": 683,
        "height": 512,
    }


def built(dataset: Path, folder: Path, size: int) -> Mapping[int, float]:
    """Pictures a second of the decoding that is done once, by the number of threads."""
    found = {}
    for workers in (1, 2):
        started = time.monotonic()
        examples = open_split(dataset, "train", image_size=size, cache=folder / f"cache{workers}", workers=workers)
        found[workers] = len(examples) / (time.monotonic() - started)
    return found


def ours(dataset: Path, size: int, cache: Path) -> Iterator[torch.Tensor]:
    examples = open_split(dataset, "train", image_size=size, cache=cache)
    step = 0
    while True:
        yield torch.from_numpy(examples.pixels(batch_indices(0, step, BATCH, len(examples))))
        step += 1


def square(image: Image.Image, size: int) -> np.ndarray:
    """What a usual transform does: the centre square, scaled."""
    picture = image.convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    part = picture.crop((left, top, left + side, top + side))
    return np.asarray(part.resize((size, size), Image.Resampling.BILINEAR), dtype=np.uint8)


def hugging_face(dataset: Path, size: int, folder: Path) -> Iterator[torch.Tensor]:
    files = sorted(map(str, dataset.glob("train-*.parquet")))
    loaded = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=str(folder / "hf"))

    def collate(rows: list[dict[str, Image.Image]]) -> torch.Tensor:
        return torch.from_numpy(np.stack([square(row["image"], size) for row in rows]))

    loader = torch.utils.data.DataLoader(loaded, batch_size=BATCH, shuffle=True, collate_fn=collate)
    while True:
        yield from loader


def tars(dataset: Path, size: int) -> Iterator[torch.Tensor]:
    import webdataset

    files = sorted(map(str, (dataset / "webdataset").glob("*.tar")))

    def decode(sample: dict[str, bytes]) -> np.ndarray:
        return square(Image.open(io.BytesIO(sample["jpg"])), size)

    while True:
        read = webdataset.WebDataset(files, shardshuffle=False, empty_check=False).shuffle(200).map(decode)
        for batch in read.batched(BATCH, collation_fn=np.stack):
            yield torch.from_numpy(batch)


def mosaic(dataset: Path, size: int, folder: Path) -> Iterator[torch.Tensor]:
    import streaming

    place = folder / "mds"
    with streaming.MDSWriter(out=str(place), columns={"image": "bytes"}) as writer:
        for batch in shards.read_batches(dataset, "train", ["image"]):
            for body in batch["image"].to_pylist():
                writer.write({"image": body})
    read = streaming.StreamingDataset(local=str(place), shuffle=True, batch_size=BATCH)

    def collate(rows: list[dict[str, bytes]]) -> torch.Tensor:
        return torch.from_numpy(np.stack([square(Image.open(io.BytesIO(row["image"])), size) for row in rows]))

    loader = torch.utils.data.DataLoader(read, batch_size=BATCH, collate_fn=collate)
    while True:
        yield from loader


def rate_or_none(make: Callable[[], Iterator[torch.Tensor]]) -> float | None:
    try:
        return rate(make())
    except ImportError:
        return None


def rate(batches: Iterator[torch.Tensor]) -> float:
    """Pictures for each second of a core, after two batches that are not counted."""
    next(batches)
    next(batches)
    seen = 0
    started = cpu_s()
    while cpu_s() - started < READ_S:
        seen += len(next(batches))
    return seen / (cpu_s() - started)


if __name__ == "__main__":
    main()
