"""A folder of picture vectors: `vectors.npy`, `items.parquet`, `told.json`, there only when whole. No torch in here.

`vectors.npy` is float16, N x D in C order, of unit length; a row of `items.parquet` is the picture of the row of the
same number. A distance is 1 - cosine. Errors: EvaluationError.
Shapes: N pictures, H held-out pictures, T training pictures, D width of the space.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pd_ml.errors import EvaluationError

VECTORS, ITEMS, TOLD = "vectors.npy", "items.parquet", "told.json"
TRAIN, HELD_OUT = "train", ("validation", "test")
QUANTILES: Mapping[str, float] = {"p01": 0.01, "p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75}
# So many numbers of the product of held-out and training pictures are in memory at a time: 64 MiB.
_PRODUCTS = 16_000_000
_HELD_AT_A_TIME = 1024
_LOCK = "lock"

Vectors = npt.NDArray[np.float16]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whose vectors they are: a CLIP and a dataset, by version and digest."""

    clip_version: str
    clip_digest: str
    dataset_version: str
    dataset_digest: str

    @property
    def as_json(self) -> dict[str, object]:
        return dict(vars(self))


def is_complete(out: Path, subject: Subject) -> bool:
    """Whether `out` holds these vectors; EvaluationError where it holds something else."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    try:
        told = json.loads((out / TOLD).read_text())
        found = {name: told[name] for name in subject.as_json}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvaluationError(
            f"{out}: no finished folder of vectors ({error!r}); delete it or choose another"
        ) from error
    if found != subject.as_json:
        raise EvaluationError(
            f"{out}: the vectors of clip {found['clip_version']} and dataset {found['dataset_version']}, this command "
            f"makes those of {subject.clip_version} and {subject.dataset_version}; choose another --out"
        )
    return True


@contextmanager
def made_whole(out: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `out` at the end. One process at a time; a killed one leaves nothing."""
    partial = out.with_name(f"{out.name}.partial")
    partial.mkdir(parents=True, exist_ok=True)
    with (partial / _LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise EvaluationError(f"{partial}: another process is working here; wait for it or stop it") from error
        work = partial / "made"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        yield work
        if out.is_dir():
            out.rmdir()
        os.replace(work, out)
        shutil.rmtree(partial, ignore_errors=True)


def nearest_train_distances(
    vectors_ND: Vectors, is_train_N: npt.NDArray[np.bool_], held_N: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """Of each of the held-out rows, the distance of its nearest training picture; a part of the vectors at a time."""
    nearest = [np.empty(0, np.float32)]
    for at in range(0, len(held_N), _HELD_AT_A_TIME):
        held_HD = np.asarray(vectors_ND[held_N[at : at + _HELD_AT_A_TIME]], dtype=np.float32)
        cosine_H = np.full(len(held_HD), -np.inf, dtype=np.float32)
        rows = max(1, _PRODUCTS // max(len(held_HD), vectors_ND.shape[1]))
        for first in range(0, len(vectors_ND), rows):
            some_TD = np.asarray(vectors_ND[first : first + rows], dtype=np.float32)[is_train_N[first : first + rows]]
            if len(some_TD):
                cosine_H = np.maximum(cosine_H, (held_HD @ some_TD.T).max(axis=1))
        nearest.append((1 - cosine_H).clip(0, 2))
    return np.concatenate(nearest)


def held_out_told(vectors_ND: Vectors, splits: npt.NDArray[np.str_]) -> dict[str, object]:
    """How near held-out pictures come to training pictures: what a drawn one's distance is to be read beside."""
    is_train_N = splits == TRAIN
    held_N = np.flatnonzero(np.isin(splits, HELD_OUT)).astype(np.int64)
    told: dict[str, object] = {"splits": list(HELD_OUT), "count": len(held_N), "nearest_train_distance": None}
    if len(held_N) and is_train_N.any():
        distance_H = nearest_train_distances(vectors_ND, is_train_N, held_N)
        told["nearest_train_distance"] = {
            name: round(float(np.quantile(distance_H, share)), 6) for name, share in QUANTILES.items()
        }
    return told
