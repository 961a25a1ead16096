"""What is wrong with a finished dataset as it lies on the disk, read anew and held against the catalogue."""

from collections.abc import Iterator

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import LICENSED
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.dataset.exported import as_dataset
from pd_assets.lib.errors import ConfigError, TableError
from pd_assets.lib.home import Home
from pd_ml.data import shards
from pd_ml.data.shards import PICTURES, Manifest, ShardError


def find_faults(home: Home, *, name: str) -> list[str]:
    """Shards that are not as the manifest says, wrong counts, pictures that are not licensed; empty if all is well."""
    folder = home.latest("dataset", name)
    if folder is None:
        return [f"dataset {name} has no finished version; materialise dataset/manifest"]
    home.fetched(folder)
    try:
        manifest = shards.verify(folder)
        return [*_counts(home, manifest), *_unlicensed(home, manifest)]
    except (ShardError, ConfigError, TableError) as error:
        return [str(error)]


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


def _unlicensed(home: Home, manifest: Manifest) -> list[str]:
    """Rows of the shards themselves, and what the list of their pictures says they were made from."""
    folder = home.dataset(manifest.name, manifest.version)
    if not (folder / PICTURES).is_file():
        raise ConfigError(f"{folder}: no {PICTURES}; expected an exported dataset; materialise dataset/shards again")
    with tables.engine(home) as connection:
        tables.relation(connection, home, LICENSED).create_view("licensed")
        connection.from_arrow(as_dataset(folder / PICTURES)).create_view("listed")
        files = [str(folder / info.path) for info in manifest.shards]
        connection.read_parquet(files, hive_partitioning=False, filename=True).create_view("written")
        found = connection.sql(load("dataset_unlicensed")).fetchall()
    return [f"{shard}: {item_id} is not in catalog/licensed_images" for shard, item_id in found]
