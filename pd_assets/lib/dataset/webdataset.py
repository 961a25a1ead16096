"""A shard as a WebDataset archive: a tar where the files of one example share their name. Equal rows, equal bytes."""

import io
import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from pd_ml.data import shards
from pd_ml.data.shards import ShardInfo

FOLDER = "webdataset"
NOT_IN_JSON = ("image", "caption")


def write_tar(shard: Path, info: ShardInfo, folder: Path) -> ShardInfo:
    """Write the examples of one Parquet shard as a tar below `folder`.

    Each has a picture (`.jpg` or `.png`), a caption (`.txt`, empty where there is none) and all else (`.json`).
    """
    place = folder / FOLDER / Path(info.path).with_suffix(".tar").name
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(f".{place.name}.partial")
    try:
        with tarfile.open(partial, "w", format=tarfile.PAX_FORMAT) as archive:
            for batch in shards.shard_batches(shard):
                for row in batch.to_pylist():
                    _add(archive, row)
        written = ShardInfo(
            path=f"{FOLDER}/{place.name}",
            split=info.split,
            rows=info.rows,
            size_bytes=partial.stat().st_size,
            sha256=shards.sha256_of(partial),
        )
        os.replace(partial, place)
    finally:
        partial.unlink(missing_ok=True)
    return written


def _add(archive: tarfile.TarFile, row: Mapping[str, object]) -> None:
    image = row["image"]
    assert isinstance(image, bytes)
    facts = {name: value for name, value in row.items() if name not in NOT_IN_JSON}
    ending = "png" if image.startswith(b"\x89PNG") else "jpg"
    # Readers take what follows the first dot for the kind of the file.
    key = quote(str(row["item_id"]), safe="").replace(".", "%2E")
    files = {
        ending: image,
        "txt": str(row["caption"] or "").encode(),
        "json": json.dumps(facts, sort_keys=True, ensure_ascii=False).encode(),
    }
    for name, content in files.items():
        # A header without owner, time or mode of this machine.
        header = tarfile.TarInfo(f"{key}.{name}")
        header.size = len(content)
        archive.addfile(header, io.BytesIO(content))
