"""Datasets that are none of ours: whatever the library `datasets` can load, written as shards and marked unproven.

A model that saw one says so in its `run.json`, and is not released. Nothing is downloaded. Errors: DataError.
"""

import fcntl
import hashlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import datasets
from datasets import Dataset
from datasets import Image as Picture
from PIL import Image

from pd_ml.data import shards
from pd_ml.data.shards import Manifest
from pd_ml.disk import is_full
from pd_ml.errors import DataError
from pd_ml.provenance import PROVEN
from pd_ml.seeding import seed_of

_CAPTION_COLUMNS = ("captions", "caption", "text", "title", "label_text", "prompt")
# The names under which people know our splits.
_SPLIT_OF = {"train": "train", **dict.fromkeys(("validation", "valid", "val", "dev"), "validation")}
_HELD_OUT_ONE_IN = 20


def dataset_folder(name: str, cache: Path) -> Path:
    """The folder called `name`, where it is an exported dataset; else its pictures as unproven shards below `cache`.

    `name` may be a folder of pictures or of Parquet files, a Parquet file, what `save_to_disk` wrote, or a dataset that
    `datasets` has in its own cache.
    """
    folder = Path(name)
    if shards.is_exported(folder):
        return folder
    datasets.disable_progress_bars()
    loaded = _loaded(name, cache)
    fingerprint = " ".join(f"{split} {rows._fingerprint}" for split, rows in sorted(loaded.items()))
    imported = cache / "unproven" / hashlib.sha256(f"{name} {fingerprint}".encode()).hexdigest()[:16]
    imported.mkdir(parents=True, exist_ok=True)
    # Of several processes that start together one writes, and the others find it written.
    with (imported / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (imported / shards.MANIFEST).is_file():
            _import(name, loaded, imported)
    return imported


def _loaded(name: str, cache: Path) -> Mapping[str, Dataset]:
    """Every split of a foreign dataset, its pictures not decoded."""
    path = Path(name)
    try:
        if (path / "dataset_dict.json").is_file() or (path / "state.json").is_file():
            found = datasets.load_from_disk(name)
        elif path.is_file():
            kind = path.suffix.removeprefix(".")
            found = datasets.load_dataset(kind, data_files=name, cache_dir=str(cache / "datasets"))
        elif path.is_dir():
            found = datasets.load_dataset(name, cache_dir=str(cache / "datasets"))
        else:
            found = datasets.load_dataset(name)
    # What `datasets` raises for what it cannot read has no common root.
    except Exception as error:
        if is_full(error):
            raise
        reason = " ".join(str(error).split())[:200]
        raise DataError(
            f"{name}: neither an exported dataset (no {shards.MANIFEST}) nor anything that `datasets` can load offline "
            f"({type(error).__name__}: {reason}); give a finished dataset folder"
        ) from error
    splits = {"train": found} if isinstance(found, Dataset) else dict(found)
    return {split: rows.cast_column(_image_column(name, rows), Picture(decode=False)) for split, rows in splits.items()}


def _image_column(name: str, rows: Dataset) -> str:
    found = [column for column, feature in rows.features.items() if isinstance(feature, Picture)]
    if len(found) != 1:
        raise DataError(f"{name}: {len(found)} columns of pictures among {', '.join(rows.features)}, expected one")
    return found[0]


def _import(name: str, loaded: Mapping[str, Dataset], folder: Path) -> None:
    infos = []
    for split in shards.SPLITS:
        rows = (row for source, table in sorted(loaded.items()) for row in _rows(name, source, table, loaded))
        infos += shards.write_shards((row for belongs, row in rows if belongs == split), folder, split)
    digest = shards.digest_of(infos)
    counts = {split: sum(info.rows for info in infos if info.split == split) for split in shards.SPLITS}
    manifest = Manifest(
        name=Path(name).name,
        version=digest[:16],
        digest=digest,
        shards=tuple(infos),
        counts=counts,
        facts={PROVEN: False, "source": name},
    )
    shards.write_manifest(folder, manifest)


def _rows(
    name: str, source: str, table: Dataset, loaded: Mapping[str, Dataset]
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The split that each picture belongs to, and its row. Without splits of its own, one in twenty is held out."""
    image_column = _image_column(name, table)
    caption_column = next((column for column in _CAPTION_COLUMNS if column in table.column_names), None)
    for number, found in enumerate(table):
        item_id = f"{source}:{number}"
        encoded = _encoded(found[image_column], item_id)
        digest = hashlib.sha256(encoded).hexdigest()
        split = _SPLIT_OF.get(source, "test")
        if len(loaded) == 1:
            split = "train" if seed_of(0, "held out", digest) % _HELD_OUT_ONE_IN else "validation"
        yield split, _row(encoded, digest, item_id, _captions(found.get(caption_column)))


def _encoded(picture: Mapping[str, object] | None, item_id: str) -> bytes:
    encoded = picture.get("bytes") if picture else None
    path = picture.get("path") if picture else None
    if isinstance(encoded, bytes):
        return encoded
    if isinstance(path, str) and Path(path).is_file():
        return Path(path).read_bytes()
    raise DataError(f"{item_id}: no picture in this row; take it out of the dataset")


def _captions(value: object) -> list[str]:
    several = value if isinstance(value, list) else [value]
    return [text for text in several if isinstance(text, str) and text.strip()]


def _row(encoded: bytes, digest: str, item_id: str, captions: list[str]) -> Mapping[str, object]:
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            width, height = image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{item_id}: picture cannot be decoded ({error}); take it out of the dataset") from error
    return {
        "image": encoded,
        "caption": captions[0] if captions else None,
        "captions": captions,
        "item_id": item_id,
        "sha256": digest,
        "rule_id": "unproven",
        "page_url": "",
        "label_licence": None,
        "width": width,
        "height": height,
    }
