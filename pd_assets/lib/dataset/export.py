"""Export the licensed pictures as shards: a folder per version, the version a digest of everything that goes in.

Errors: ConfigError where there is nothing to export.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS, FILES, LICENSED, SPLITS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, remove_folder, write_text
from pd_assets.lib.progress import track
from pd_ml.data import shards
from pd_ml.data.shards import ShardInfo

INDEX = "shards.json"


@dataclass(frozen=True, kw_only=True)
class Export:
    """An exported folder that waits for its manifest. `skipped` says which pictures could not be read, and why."""

    name: str
    version: str
    folder: Path
    shards: tuple[ShardInfo, ...]
    skipped: tuple[str, ...]


def export_shards(home: Home, *, name: str, shard_bytes: int = 256_000_000) -> Export:
    """Write the shards of the current tables. The same tables give the same version; a finished one is left alone."""
    examples = tables.query(
        home,
        load("examples"),
        {"licensed": LICENSED, "captions": CAPTIONS, "splits": SPLITS, "files": FILES},
    )
    if examples.num_rows == 0:
        raise ConfigError(
            "catalog/licensed_images holds no picture, so there is nothing to export; "
            "look at rights/decisions for why pictures were not accepted, or widen PD_COMMONS_ROOTS"
        )
    version = _version(examples, name, shard_bytes)
    folder = home.dataset(name, version)
    if (finished := _finished(folder)) is not None:
        return Export(name=name, version=version, folder=folder, shards=finished, skipped=())
    remove_folder(folder)
    skipped: list[str] = []
    written: list[ShardInfo] = []
    for split in shards.SPLITS:
        rows = examples.filter(pc.equal(examples["split"], split))
        written += shards.write_shards(_readable(home, rows, split, skipped), folder, split, shard_bytes=shard_bytes)
    if not written:
        raise ConfigError(
            f"none of the {examples.num_rows} licensed pictures could be read ({skipped[0]}); expected them under "
            f"{home.images}; materialise images/files again"
        )
    write_text(folder / INDEX, json.dumps({"shards": [vars(info) for info in written], "skipped": skipped}, indent=1))
    return Export(name=name, version=version, folder=folder, shards=tuple(written), skipped=tuple(skipped))


def read_export(home: Home, *, name: str) -> Export:
    """The export that dataset/shards left for its manifest; ConfigError where there is none."""
    version = home.pointed("dataset", name, "exported") or "none"
    folder = home.dataset(name, version)
    index = folder / INDEX
    if not index.is_file():
        raise ConfigError(f"{folder}: no {INDEX}; expected exported shards; materialise dataset/shards first")
    raw = json.loads(index.read_text())
    infos = tuple(ShardInfo(**info) for info in raw["shards"])
    return Export(name=name, version=version, folder=folder, shards=infos, skipped=tuple(raw["skipped"]))


def _finished(folder: Path) -> tuple[ShardInfo, ...] | None:
    if not (folder / shards.MANIFEST).is_file():
        return None
    return shards.read_manifest(folder).shards


def _version(examples: pa.Table, name: str, shard_bytes: int) -> str:
    """16 hexadecimal digits of everything that decides the shards' bytes."""
    digest = hashlib.sha256(json.dumps([shards.FORMAT_VERSION, name, shard_bytes]).encode())
    for row in tables.rows(examples):
        digest.update(json.dumps(row, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def _readable(home: Home, rows: pa.Table, split: str, skipped: list[str]) -> Iterator[Mapping[str, object]]:
    """Examples whose picture is still there and still has its SHA-256; the others are counted and listed."""
    for row in track(tables.rows(rows), f"writing {split} shards", total=rows.num_rows):
        path = home.root / str(row["path"])
        try:
            body = path.read_bytes()
        except OSError as error:
            skipped.append(f"{row['item_id']}: {error.strerror or error}")
            continue
        if hashlib.sha256(body).hexdigest() != row["sha256"]:
            skipped.append(f"{row['item_id']}: the stored picture was altered")
            continue
        captions = row["captions"]
        assert isinstance(captions, list)
        columns = {key: value for key, value in row.items() if key in shards.COLUMNS}
        yield {**columns, "image": body, "caption": captions[0] if captions else None}
