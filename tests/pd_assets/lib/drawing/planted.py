"""A home with a model that draws, as far as a page looks at it: its records and configs, and no weights."""

import io
import json
from pathlib import Path

from PIL import Image

from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS
from pd_assets.lib.home import Home
from pd_ml.config import to_json, with_overrides
from pd_ml.provenance import TRAIN_CONFIG, RunRecord, write_run
from pd_ml.recipes import recipe
from tests.pd_assets.lib.planting import decision, file, item, plant
from tests.pd_ml.paintings import write_dataset

VERSION = "0123456789abcdef"
DATASET = "fedcba9876543210"
SIZE_PX = 16


def plant_model(home: Home, stage: str = "unet_text", *, version: str = VERSION, is_latest: bool = True) -> Path:
    """A finished folder of a stage."""
    folder = home.model(stage, version)
    folder.mkdir(parents=True)
    sizes = ["channels=[8,16]", "attention=[false,true]", "heads=2", "norm_groups=4", f"image_size={SIZE_PX}"]
    config = with_overrides(recipe(stage, "debug"), sizes if stage == "unet_text" else [])
    (folder / TRAIN_CONFIG).write_text(to_json(config))
    (folder / "unet").mkdir()
    (folder / "unet" / "config.json").write_text(json.dumps({"sample_size": SIZE_PX}))
    record = RunRecord(
        stage=stage, version=version, config={}, inputs={}, dataset_version=DATASET, item_count=4,
        counts={"pictures_trained_on": 4, "images_seen": 1200},
    )  # fmt: skip
    write_run(folder, record)
    if is_latest:
        home.point("models", stage, "latest", version)
    return folder


def plant_dataset(home: Home) -> Path:
    """The dataset that it learnt from: four paintings with captions."""
    folder = home.dataset("main", DATASET)
    write_dataset(folder, {"train": 4})
    return folder


def plant_pictures(home: Home, *numbers: int) -> None:
    """Accepted pictures of the catalogue, in the store; twice as wide as high, the left half red, the other blue."""
    bodies = {number: picture((128, 64), bytes_seed=number) for number in numbers}
    plant(home, ITEMS, [item(number) for number in numbers])
    plant(home, DECISIONS, [decision(number) for number in numbers])
    files = []
    for number, body in bodies.items():
        path = home.root / "images" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body)
        files.append(file(number, path=f"images/{number}.png", mime="image/png", detail_hash=f"{number:064x}"))
    plant(home, FILES, files)


def picture(size: tuple[int, int], *, bytes_seed: int = 0, kind: str = "PNG") -> bytes:
    """The left half red, the right half blue."""
    image = Image.new("RGB", size, (255, 0, bytes_seed % 256))
    image.paste((0, 0, 255), (size[0] // 2, 0, size[0], size[1]))
    encoded = io.BytesIO()
    image.save(encoded, kind)
    return encoded.getvalue()
