"""Tables of pictures whose files lie in the store: what an export begins with."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from pd_assets.lib.catalog.schemas import CAPTIONS, FILES, LICENSED, SPLITS
from pd_assets.lib.home import Home
from tests.pd_assets.lib.pictures import encoded, painting
from tests.pd_assets.lib.planting import file, licensed, plant

Row = Mapping[str, object]


def split_name(number: int) -> str:
    return {0: "test", 1: "validation"}.get(number % 6, "train")


def store(home: Home, number: int, size: tuple[int, int] = (48, 32)) -> str:
    """Put picture `number` into the store and return its SHA-256."""
    path = home.root / f"images/{number}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file():
        path.write_bytes(encoded(painting(number, *size)))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fill(
    home: Home, numbers: Sequence[int], *, facts: Mapping[int, Row] | None = None, size: tuple[int, int] = (48, 32)
) -> None:
    """Tables of the licensed pictures `numbers`; `facts` are further columns of catalog/licensed_images."""
    digests = {number: store(home, number, size) for number in numbers}
    width, height = size
    rows = [licensed(n, sha256=digests[n], width=width, height=height, **(facts or {}).get(n, {})) for n in numbers]
    plant(home, LICENSED, rows)
    plant(home, FILES, [file(n, sha256=digests[n]) for n in numbers])
    plant(home, SPLITS, [{"item_id": f"commons:M{n}", "cluster": str(n), "split": split_name(n)} for n in numbers])
    plant(
        home,
        CAPTIONS,
        [
            {"item_id": f"commons:M{n}", "captions": [f"picture {n}", f"painting {n}"], "label_licence": "CC0-1.0"}
            for n in numbers
        ],
    )


def contents(folder: Path) -> dict[str, str]:
    """SHA-256 of every shard by its name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.parquet"))}
