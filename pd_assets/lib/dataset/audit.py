"""What is wrong with a finished dataset as it lies on the disk, read anew and held against the catalogue."""

from collections.abc import Iterator

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import LICENSED
from pd_assets.lib.dataset.exported import pictures_of
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_ml.data import shards
from pd_ml.data.shards import Manifest, ShardError


def find_faults(home: Home, *, name: str) -> list[str]:
    """Shards that are not as the manifest says, wrong counts, pictures that are not licensed; empty if all is well."""
    folder = home.latest("dataset", name)
    if folder is None:
        return [f"dataset {name} has no finished version; materialise dataset/manifest"]
    home.fetched(folder)
    try:
        manifest = shards.verify(folder)
        licensed = _licensed(home)
        return [*_counts(home, manifest), *_unlicensed(home, manifest, licensed)]
    except (ShardError, ConfigError) as error:
        return [str(error)]


def _licensed(home: Home) -> set[tuple[str, str]]:
    rows = tables.rows(tables.read_or_empty(home, LICENSED, ["item_id", "sha256"]))
    return {(str(row["item_id"]), str(row["sha256"])) for row in rows}


def _counts(home: Home, manifest: Manifest) -> Iterator[str]:
    folder = home.dataset(manifest.name, manifest.version)
    for info in manifest.shards:
        rows = sum(batch.num_rows for batch in shards.shard_batches(folder / info.path, ["item_id"]))
        if rows != info.rows:
            yield f"{info.path} has {rows} rows, expected {info.rows}"
    for split, count in manifest.counts.items():
        rows = sum(info.rows for info in manifest.shards if info.split == split)
        if rows != count:
            yield f"split {split} has {rows} rows, expected {count}"


def _unlicensed(home: Home, manifest: Manifest, licensed: set[tuple[str, str]]) -> Iterator[str]:
    """Rows of the shards themselves, and what the list of their pictures says they were made from."""
    folder = home.dataset(manifest.name, manifest.version)
    listed = {row["item_id"]: row["stored_sha256"] for batch in pictures_of(folder) for row in batch.to_pylist()}
    for info in manifest.shards:
        for batch in shards.shard_batches(folder / info.path, ["item_id"], batch_rows=8192):
            for item_id in batch["item_id"].to_pylist():
                if (item_id, listed.get(item_id)) not in licensed:
                    yield f"{info.path}: {item_id} is not in catalog/licensed_images"
