"""Small copies of pictures, made when they are asked for and kept in memory alone, up to a number of bytes."""

import io
from collections import OrderedDict
from collections.abc import Callable
from threading import BoundedSemaphore, Lock

from PIL import Image

SIDE = 320
QUALITY = 80
KEPT_BYTES = 64_000_000
# At a time: a decoder takes memory, and the machine has few cores.
AT_ONCE = 2
MOST_PIXELS = 60_000_000


class Unreadable(Exception):
    """Bytes that are no picture that can be made smaller."""


class Thumbs:
    """Those that were asked for last, by the SHA-256 of the picture."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self.kept_bytes, self.held_bytes = kept_bytes, 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock, self._making = Lock(), BoundedSemaphore(AT_ONCE)

    def of(self, sha256: str, body: Callable[[], bytes]) -> bytes:
        """The small copy of a picture whose bytes `body` gives; Unreadable."""
        if (found := self._held(sha256)) is not None:
            return found
        with self._making:
            if (found := self._held(sha256)) is not None:
                return found
            made = small(body())
        with self._lock:
            if sha256 not in self._kept:
                self._kept[sha256] = made
                self.held_bytes += len(made)
            while self.held_bytes > self.kept_bytes and self._kept:
                self.held_bytes -= len(self._kept.popitem(last=False)[1])
        return made

    def _held(self, sha256: str) -> bytes | None:
        with self._lock:
            if sha256 in self._kept:
                self._kept.move_to_end(sha256)
            return self._kept.get(sha256)


def small(body: bytes) -> bytes:
    """A picture as a WebP of at most SIDE pixels a side."""
    try:
        with Image.open(io.BytesIO(body)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise Unreadable(f"{picture.width} x {picture.height} pixels")
            picture.draft("RGB", (SIDE, SIDE))
            picture.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
            kept = io.BytesIO()
            picture.convert("RGB").save(kept, "WEBP", quality=QUALITY, method=2)
            return kept.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable(str(error)) from error
