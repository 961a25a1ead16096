"""How many licensed pictures are new since the dataset that the current model was trained on."""

import hashlib
from dataclasses import dataclass

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import LICENSED
from pd_assets.lib.dataset.export import pictures_of
from pd_assets.lib.home import Home
from pd_ml.data import shards
from pd_ml.provenance import read_run


@dataclass(frozen=True, kw_only=True)
class News:
    """`licensed` pictures now, `new` of them unseen by the model; `key` names exactly this set of pictures."""

    licensed: int
    new: int
    key: str


def news_since_training(home: Home, *, model: str, dataset: str = "main") -> News:
    """Compare catalog/licensed_images with the dataset of the model's latest version; without a model all are new."""
    content = tables.read_or_empty(home, LICENSED, ["item_id", "sha256"])
    pictures = {(str(row["item_id"]), str(row["sha256"])) for row in tables.rows(content)}
    key = hashlib.sha256("\n".join(f"{item} {sha}" for item, sha in sorted(pictures)).encode()).hexdigest()[:16]
    return News(licensed=len(pictures), new=len(pictures - _seen(home, model, dataset)), key=key)


def _seen(home: Home, model: str, dataset: str) -> set[tuple[str, str]]:
    trained = home.latest("models", model)
    if trained is None:
        return set()
    folder = home.dataset(dataset, read_run(trained).dataset_version)
    shards.read_manifest(folder)
    return {
        (str(row["item_id"]), str(row["stored_sha256"])) for batch in pictures_of(folder) for row in batch.to_pylist()
    }
