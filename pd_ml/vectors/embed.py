"""Vectors of all pictures of a dataset, in one stream: a batch is in memory at a time, whatever the dataset holds.

Errors: EvaluationError, ProvenanceError, ShardError, DataError (a picture that cannot be decoded).
Shapes: N pictures, D width of the space.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pd_ml.data.cache import decoded
from pd_ml.data.decode import Encoded, decode_square
from pd_ml.data.shards import SPLITS, Manifest, read_batches
from pd_ml.device import prepare_device
from pd_ml.errors import EvaluationError
from pd_ml.evaluation.clip_space import ClipSpace
from pd_ml.vectors.folder import ITEMS, TOLD, VECTORS, Subject, held_out_told, made_whole

_BATCH, _DECODERS = 256, 2
_SCHEMA = pa.schema([("item_id", pa.string()), ("sha256", pa.string()), ("split", pa.string())])
# Told of how many pictures are done, and how many there are.
OnDone = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class _Row:
    item_id: str
    sha256: str
    split: str
    image: bytes


def embed_dataset(clip: Path, dataset: Path, manifest: Manifest, subject: Subject, out: Path, on_done: OnDone) -> None:
    """Write the folder of vectors of a dataset whose CLIP was verified; pictures of a split in their written order."""
    space = ClipSpace(clip, prepare_device("cpu", threads=0))
    total = sum(manifest.counts.get(split, 0) for split in SPLITS)
    with made_whole(out) as folder:
        splits = _written(space, dataset, total, folder, on_done)
        vectors_ND = np.load(folder / VECTORS, mmap_mode="r")
        told = {
            **subject.as_json,
            "dimensions": int(vectors_ND.shape[1]),
            "examples": len(splits),
            "held_out": held_out_told(vectors_ND, splits),
        }
        (folder / TOLD).write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")


def _written(space: ClipSpace, dataset: Path, total: int, folder: Path, on_done: OnDone) -> np.ndarray:
    """Write vectors and items; the split of each."""
    rows, done, splits = _rows(dataset), 0, [np.empty(0, "U10")]
    header = {"descr": "<f2", "fortran_order": False, "shape": (total, space.dimensions)}
    with (folder / VECTORS).open("wb") as file, pq.ParquetWriter(folder / ITEMS, _SCHEMA) as items:
        np.lib.format.write_array_header_1_0(file, header)
        while batch := list(islice(rows, _BATCH)):
            file.write(_vectors(space, batch).tobytes())
            columns = {name: [getattr(row, name) for row in batch] for name in _SCHEMA.names}
            items.write_table(pa.table(columns, schema=_SCHEMA))
            splits.append(np.array(columns["split"], "U10"))
            done += len(batch)
            on_done(done, total)
    if done != total:
        raise EvaluationError(f"{dataset}: {done} pictures, its manifest says {total}; export the dataset again")
    return np.concatenate(splits)


def _vectors(space: ClipSpace, batch: list[_Row]) -> np.ndarray:
    encoded = (Encoded(image=row.image, name=row.item_id) for row in batch)
    side = space.image_size
    squares = decoded(encoded, lambda one: decode_square(one.image, side, name=one.name), _DECODERS)
    vectors_ND: np.ndarray = space.images(np.stack(list(squares))).float().cpu().numpy()
    return vectors_ND.astype("<f2")


def _rows(dataset: Path) -> Iterator[_Row]:
    for split in SPLITS:
        for batch in read_batches(dataset, split, ("image", "item_id", "sha256")):
            for row in batch.to_pylist():
                yield _Row(item_id=row["item_id"], sha256=row["sha256"], split=split, image=row["image"])
