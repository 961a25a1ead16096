"""Pictures as vectors of our own CLIP: which pictures look like one, or like words.

A folder `.index/vectors/<clip version>-<dataset version>/` is made whole or not at all by `python -m pd_ml embed`
(`vectors.npy` float16 N x D of unit length, `items.parquet` with item_id, sha256 and split, `told.json`), and is
derived. Vectors of a dataset that is gone, as after a purge, are not read, and go when others are made.
"""

import json
import logging
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock, Thread

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.child import run_pd_ml
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home, alone

FOLDER = ".index/vectors"
TOLD = "told.json"
DATASET = "main"
# Rows that are multiplied at once: 2 MB of float32 at 256 dimensions, which stay in a core's cache.
CHUNK = 2_048
# A float16 moved to where a float32 has its bits is that number divided by this.
_SCALE = np.float32(2.0**112)
_SIGN_AND_REST = np.int32(-0x70000001)
Vector = npt.NDArray[np.float32]
# Given the process that makes them.
Started = Callable[[subprocess.Popen[str]], None]
# One that is ended has so long to end.
ENDS_S = 3.0

log = logging.getLogger(__name__)


class DamagedVectors(PdError):
    """A folder of vectors that is not what was written."""


@dataclass(frozen=True, eq=False)
class Vectors:
    """The pictures of a dataset as vectors; `told` as their maker wrote it."""

    vectors: npt.NDArray[np.float16]
    item_ids: pa.ChunkedArray | pa.Array
    splits: npt.NDArray[np.str_]
    told: Mapping[str, object]

    @property
    def clip_version(self) -> str:
        return str(self.told.get("clip_version", ""))

    @property
    def held_out(self) -> Mapping[str, object]:
        """How far held-out pictures are from the nearest one that was trained on: `count`, `nearest_train_distance`."""
        found = self.told.get("held_out")
        return found if isinstance(found, dict) else {}

    def of(self, item_id: str) -> Vector | None:
        """The vector of an item; None where the dataset has none."""
        at = self.item_ids.index(pa.scalar(item_id, self.item_ids.type)).as_py()
        return None if at < 0 else self.vectors[at].astype(np.float32)

    def nearest(
        self, vector: Sequence[float] | npt.NDArray[np.floating], k: int, *, split: str | None = "train"
    ) -> list[tuple[str, float]]:
        """The k nearest items, each with its distance, which is 1 - cosine; of one split, or of all."""
        asked = np.asarray(vector, np.float32).ravel()
        length = float(np.linalg.norm(asked))
        if len(asked) != self.vectors.shape[1] or not np.isfinite(length) or length == 0.0:
            raise PdError(
                f"found a vector of {len(asked)} numbers and length {length:g}, expected one of "
                f"{self.vectors.shape[1]} of this CLIP ({self.clip_version})"
            )
        cosines = _products(self.vectors, asked / length)
        if split is not None:
            cosines[self.splits != split] = -np.inf
        k = min(k, int(np.isfinite(cosines).sum()))
        if k <= 0:
            return []
        best = np.argpartition(-cosines, k - 1)[:k]
        best = best[np.lexsort((best, -cosines[best]))]
        return [(self.item_ids[int(at)].as_py(), float(max(0.0, 1.0 - cosines[at]))) for at in best]


def _products(vectors: npt.NDArray[np.float16], asked: Vector) -> Vector:
    """The product of each row with a vector, as float32.

    numpy converts a float16 in 2 ns; moving its bits takes a tenth of that, and is exact for what is finite.
    """
    found = np.empty(len(vectors), np.float32)
    scaled = asked * _SCALE
    bits = np.ascontiguousarray(vectors).view(np.int16) if not vectors.flags.c_contiguous else vectors.view(np.int16)
    held = np.empty((min(CHUNK, len(vectors)), len(asked)), np.int32)
    for first in range(0, len(vectors), CHUNK):
        part = held[: min(CHUNK, len(vectors) - first)]
        # With its sign in front of it.
        np.copyto(part, bits[first : first + CHUNK])
        np.left_shift(part, 13, out=part)
        np.bitwise_and(part, _SIGN_AND_REST, out=part)
        np.matmul(part.view(np.float32), scaled, out=found[first : first + len(part)])
    return found


def place(home: Home) -> Path:
    """Where the folders of a home lie; of one that must not be written, elsewhere."""
    return home.root / FOLDER if home.may_write else home.scratch / "vectors"


def load_vectors(home: Home) -> Vectors | None:
    """The vectors of the latest CLIP and dataset; of another dataset that is still here where these are not made yet.

    None where there are none.
    """
    for folder in _folders(home):
        try:
            return _load(folder, (folder / TOLD).stat().st_mtime_ns)
        except (DamagedVectors, OSError) as damage:
            log.warning("%s; they are made anew", damage)
            if place(home) in folder.parents and home.may_write:
                shutil.rmtree(folder, ignore_errors=True)
    return None


def is_missing(home: Home) -> bool:
    """Whether there could be vectors of the latest CLIP and dataset, and are none yet."""
    wanted = _wanted(home)
    return wanted is not None and not any((base / wanted[2] / TOLD).is_file() for base in _bases(home))


def make(home: Home, in_background: Started | None = None) -> Path | None:
    """Make those of the latest CLIP and dataset, in a process of its own; None where one of the two is missing."""
    if (wanted := _wanted(home)) is None:
        return None
    clip, dataset, name = wanted
    folder = place(home) / name
    with alone(place(home), "makes vectors of the pictures"):
        if not (folder / TOLD).is_file():
            shutil.rmtree(folder, ignore_errors=True)
            home.fetched(clip, dataset)
            arguments = ["embed", "--clip", str(clip), "--dataset", str(dataset), "--out", str(folder)]
            run_pd_ml(arguments, lambda event: None, in_background=in_background)
        for other in place(home).iterdir():
            if other.is_dir() and other != folder:
                shutil.rmtree(other, ignore_errors=True)
    return folder


class Maker:
    """Makes the vectors of a home in the background, one try for each CLIP and dataset, until it is closed."""

    def __init__(self, home: Home, *, making: Callable[[Home, Started], object] = make) -> None:
        self.home, self._make = home, making
        self.problem = ""
        self._tried = ""
        self._lock = Lock()
        self._at_work: Thread | None = None
        self._process: subprocess.Popen[str] | None = None
        self._is_closed = False

    @property
    def is_making(self) -> bool:
        return self._at_work is not None and self._at_work.is_alive()

    def begin(self) -> None:
        """Begin, unless they are there, are being made, or failed."""
        wanted = _wanted(self.home)
        with self._lock:
            if wanted is None or self._is_closed or self.is_making or wanted[2] == self._tried:
                return
            if not is_missing(self.home):
                return
            self._tried, self.problem = wanted[2], ""
            self._at_work = Thread(target=self._work, daemon=True, name="vectors")
            self._at_work.start()

    def close(self) -> None:
        """End what is at work, and begin nothing more."""
        with self._lock:
            self._is_closed = True
            process = self._process
        if process is not None and self._at_work is not None:
            process.terminate()
            self._at_work.join(ENDS_S)

    def _started(self, process: subprocess.Popen[str]) -> None:
        with self._lock:
            self._process = process
            if self._is_closed:
                process.terminate()

    def _work(self) -> None:
        try:
            self._make(self.home, self._started)
        except (PdError, OSError) as error:
            if self._is_closed:
                return
            self.problem = " ".join(str(error).split())
            log.warning("the vectors of the pictures could not be made: %s", self.problem)


def _wanted(home: Home) -> tuple[Path, Path, str] | None:
    """The CLIP, the dataset, and the name of the folder of both."""
    clip, dataset = home.latest("models", "clip"), home.latest("dataset", DATASET)
    return None if clip is None or dataset is None else (clip, dataset, f"{clip.name}-{dataset.name}")


def _bases(home: Home) -> tuple[Path, ...]:
    """Where folders may lie: one that must not be written may have brought its own."""
    return (place(home),) if home.may_write else (place(home), home.root / FOLDER)


def _folders(home: Home) -> list[Path]:
    """Finished ones whose dataset is still here, the best first."""
    wanted, clip = _wanted(home), home.latest("models", "clip")
    if clip is None:
        return []
    found = [told.parent for base in _bases(home) for told in sorted(base.glob(f"{clip.name}-*/{TOLD}"))]
    here = [one for one in found if (home.dataset(DATASET, one.name.removeprefix(f"{clip.name}-"))).is_dir()]
    return sorted(here, key=lambda one: wanted is None or one.name != wanted[2])


@lru_cache(maxsize=2)
def _load(folder: Path, written: int) -> Vectors:
    try:
        told = json.loads((folder / TOLD).read_text())
        vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        items = pq.read_table(folder / "items.parquet", columns=["item_id", "split"])
        if not isinstance(told, dict) or vectors.ndim != 2 or vectors.dtype != np.float16:
            raise ValueError(f"expected float16 in two dimensions, found {vectors.dtype} in {vectors.ndim}")
        if len(vectors) != items.num_rows:
            raise ValueError(f"{len(vectors)} vectors and {items.num_rows} items")
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise DamagedVectors(f"{folder}: damaged ({' '.join(str(error).split())[:200]})") from error
    splits = np.asarray(items["split"].combine_chunks().to_pylist(), dtype=np.str_)
    return Vectors(vectors=vectors, item_ids=items["item_id"].combine_chunks(), splits=splits, told=told)
