"""The bytes of the pictures that go into shards: read from the store, proved by their digest, scaled down if asked.

Errors: PictureLost, which costs that picture.
"""

import hashlib
import io
import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from PIL import Image

from pd_assets.lib.home import Home
from pd_assets.lib.images.decode import DRAFT_GAP, JPEG_QUALITY
from pd_assets.lib.images.stored import discard
from pd_ml.data import shards

Row = Mapping[str, object]
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class PictureLost(Exception):
    """A picture that was there when it was chosen and cannot be exported; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A picture as the shard holds it."""

    body: bytes
    sha256: str
    width: int
    height: int

    def example(self, row: Row) -> Row:
        """The row of a shard for the item of `row`, which this is the picture of."""
        captions = row["captions"]
        assert isinstance(captions, list), row["item_id"]
        return {
            **{name: value for name, value in row.items() if name in shards.COLUMNS},
            "image": self.body,
            "sha256": self.sha256,
            "width": self.width,
            "height": self.height,
            "caption": captions[0] if captions else None,
        }


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Reads the pictures of examples, a few at a time and in their order. `max_side` in pixels; 0 leaves them as is."""

    home: Home
    max_side: int

    def fetch(self, examples: Iterable[Row]) -> None:
        """Have the pictures on this disk, all at once, where they are only in a bucket yet."""
        if self.home.copy is not None:
            self.home.fetched(*(self.home.root / str(row["path"]) for row in examples if row["path"] is not None))

    def read(self, examples: Iterable[Row]) -> Iterator[tuple[Row, Kept | PictureLost]]:
        with ThreadPoolExecutor(CORES, thread_name_prefix="export") as pool:
            yield from _in_order(pool, self._one, examples, ahead=2 * CORES)

    def _one(self, example: Row) -> tuple[Row, Kept | PictureLost]:
        try:
            return example, self._kept(example)
        except PictureLost as lost:
            return example, lost

    def _kept(self, example: Row) -> Kept:
        if example["path"] is None:
            raise PictureLost("images/files knows no picture of it")
        path = self.home.root / str(example["path"])
        try:
            body = path.read_bytes()
        except OSError as error:
            raise PictureLost(error.strerror or str(error)) from error
        if hashlib.sha256(body).hexdigest() != example["stored_sha256"]:
            # Without it the next run fetches the picture again.
            discard([path])
            raise PictureLost("the stored picture was altered")
        width, height = example["width"], example["height"]
        assert isinstance(width, int) and isinstance(height, int), example["item_id"]
        if not 0 < self.max_side < max(width, height):
            return Kept(body=body, sha256=str(example["stored_sha256"]), width=width, height=height)
        return scaled(body, self.max_side)


def scaled(body: bytes, max_side: int) -> Kept:
    """A picture of the store, its longest side `max_side` pixels, as JPEG; one that is a JPEG is not decoded whole."""
    try:
        with Image.open(io.BytesIO(body), formats=("JPEG", "PNG")) as opened:
            scale = max_side / max(opened.size)
            width, height = (max(1, round(side * scale)) for side in opened.size)
            opened.draft("RGB", (math.ceil(DRAFT_GAP * width), math.ceil(DRAFT_GAP * height)))
            small = opened.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PictureLost(f"cannot be decoded: {error}") from error
    encoded = io.BytesIO()
    small.save(encoded, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    kept = encoded.getvalue()
    return Kept(body=kept, sha256=hashlib.sha256(kept).hexdigest(), width=width, height=height)


def _in_order(
    pool: ThreadPoolExecutor,
    work: Callable[[Row], tuple[Row, Kept | PictureLost]],
    examples: Iterable[Row],
    *,
    ahead: int,
) -> Iterator[tuple[Row, Kept | PictureLost]]:
    """`work` of each example, in their order; no more than `ahead` of them are begun and not yet taken."""
    begun: deque[Future[tuple[Row, Kept | PictureLost]]] = deque()
    for example in examples:
        begun.append(pool.submit(work, example))
        if len(begun) == ahead:
            yield begun.popleft().result()
    while begun:
        yield begun.popleft().result()
