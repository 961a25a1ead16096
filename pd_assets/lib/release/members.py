"""Which pictures each dataset version holds: `dataset/members`, a part per version that outlives the dataset's folder.

It is there before the dataset's manifest is, so that no finished dataset lacks it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import MEMBERS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.dataset.export import Export, pictures_of
from pd_assets.lib.home import Home, replacing


@dataclass(frozen=True, kw_only=True)
class DatasetVersion:
    """A dataset version that was finished once; `folder` may have been removed since."""

    name: str
    version: str
    folder: Path
    is_latest: bool

    @property
    def is_there(self) -> bool:
        return self.folder.is_dir()


def record(home: Home, export: Export) -> None:
    """Note which pictures an export holds, unless it is noted already."""
    path = _part(home, export.name, export.version)
    if path.is_file():
        return
    listed = pa.Table.from_batches(pictures_of(export.folder))
    splits = pa.Table.from_pylist([{"shard": info.path, "split": info.split} for info in export.shards])
    with tables.engine(home) as connection:
        connection.from_arrow(listed).create_view("listed")
        connection.from_arrow(splits).create_view("splits")
        files = [str(export.folder / info.path) for info in export.shards]
        connection.read_parquet(files, hive_partitioning=False).create_view("shards")
        answer = connection.sql(load("dataset_members"), params={"dataset": export.name, "version": export.version})
        with replacing(path) as partial:
            tables.stream(MEMBERS, answer.to_arrow_reader(tables.BATCH_ROWS), partial)


def versions(home: Home) -> list[DatasetVersion]:
    """Every dataset version that was ever finished."""
    found = []
    for path in tables.parts(home, MEMBERS):
        name, version = path.parent.name, path.stem
        latest = home.pointed("dataset", name, "latest")
        found.append(
            DatasetVersion(name=name, version=version, folder=home.dataset(name, version), is_latest=version == latest)
        )
    return found


def pictures(home: Home, version: str) -> set[tuple[str, str]]:
    """The pictures of a dataset version: item and SHA-256 in the store; empty where the version is not known."""
    paths = [path for path in tables.parts(home, MEMBERS) if path.stem == version]
    return {pair for path in paths for pair in _pairs(tables.read_part(MEMBERS, path, ["item_id", "sha256"]))}


def _pairs(content: pa.Table) -> Iterable[tuple[str, str]]:
    return zip(content["item_id"].to_pylist(), content["sha256"].to_pylist(), strict=True)


def _part(home: Home, name: str, version: str) -> Path:
    return home.table(MEMBERS.key) / name / f"{version}.parquet"
