"""Thumbnails: the standard widths, which address a requested size gets, and scaling with a bounded memory.

Sizes and addresses follow Commons' "Common thumbnail sizes": other widths are refused, and where the next step is
not smaller than the original, the original itself is the thumbnail.
"""

import io
import threading
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import quote

from PIL import Image

from pd_assets.lib.errors import SandboxError
from pd_assets.sandbox.painting import Painting, draw
from pd_assets.sandbox.records import Content, FileFacts
from pd_assets.sandbox.titles import db_key, file_path

STEPS_PX = (20, 40, 60, 120, 250, 330, 500, 960, 1280, 1920, 3840)
KEPT_BYTES = 64 * 1024 * 1024
LONG_NAME_BYTES = 160
JPEG_END = b"\xff\xd9"


@dataclass(frozen=True, kw_only=True)
class Thumbnail:
    """What imageinfo reports for a requested size. `path` is below the repository; None: the original serves."""

    width: int
    height: int
    path: str | None


def step_for(width: int) -> int:
    """The smallest standard width that covers `width`; the largest one beyond that."""
    return next((step for step in STEPS_PX if step >= width), STEPS_PX[-1])


def thumbnail(title: str, facts: FileFacts, max_width: int, max_height: int | None) -> Thumbnail:
    """The thumbnail for a bounding box. Width and height are those asked for, even where a larger step is served."""
    width = max_width
    if max_height is not None:
        width = min(width, max(1, max_height * facts.width // max(facts.height, 1)))
    height = max(1, round(facts.height * width / max(facts.width, 1)))
    step = step_for(width)
    scalable = facts.mime == "image/svg+xml"
    if step >= facts.width and not scalable and facts.mediatype == "BITMAP":
        return Thumbnail(width=width, height=height, path=None)
    name = quote(thumbnail_name(db_key(title), facts.mime, step), safe="-_.~")
    return Thumbnail(width=width, height=height, path=f"thumb/{file_path(title)}/{name}")


def thumbnail_name(name: str, mime: str, step_px: int) -> str:
    """`250px-Name.jpg`, with the page number and the extra extension that some types have."""
    page = "page1-" if mime == "application/pdf" else ""
    extension = {"application/pdf": ".jpg", "image/svg+xml": ".png"}.get(mime, "")
    if len(name.encode()) > LONG_NAME_BYTES:
        name = "thumbnail." + name.rpartition(".")[2]
    return f"{page}{step_px}px-{name}{extension}"


def width_of(name: str) -> int | None:
    """The width that a thumbnail's name asks for; None where it has none."""
    head = name.removeprefix("page1-").partition("px-")[0]
    return int(head) if head.isascii() and head.isdigit() else None


class Scaler:
    """Scales pictures and remembers the last of them, KEPT_BYTES in all."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Content, int], bytes] = OrderedDict()
        self._size_bytes = 0
        self._lock = threading.Lock()

    def scaled(self, content: Content, data: bytes, facts: FileFacts, width: int) -> bytes:
        """The thumbnail's bytes, JPEG or PNG as the original. Errors: SandboxError, for a damaged picture."""
        with self._lock:
            known = self._kept.get((content, width))
            if known is not None:
                self._kept.move_to_end((content, width))
                return known
            made = _scaled(content, data, facts, width)
            self._kept[content, width] = made
            self._size_bytes += len(made)
            while self._size_bytes > KEPT_BYTES and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._size_bytes -= len(dropped)
            return made


def _scaled(content: Content, data: bytes, facts: FileFacts, width: int) -> bytes:
    height = max(1, round(facts.height * width / max(facts.width, 1)))
    if isinstance(content, Painting) and facts.mediatype != "BITMAP":
        source = draw(content)
    else:
        source = _decoded(data, width)
    small = source.convert("RGB").resize((width, height), Image.Resampling.BOX)
    buffer = io.BytesIO()
    if facts.mime in ("image/png", "image/svg+xml"):
        small.save(buffer, "PNG", compress_level=1)
    else:
        small.save(buffer, "JPEG", quality=87)
    return buffer.getvalue()


def _decoded(data: bytes, width: int) -> Image.Image:
    """The picture; what is missing of a cut-off JPEG becomes grey, as on Commons, so that only the original tells."""
    ended = data if data.endswith(JPEG_END) or not data.startswith(b"\xff\xd8") else data + JPEG_END
    try:
        with Image.open(io.BytesIO(ended)) as image:
            image.draft("RGB", (width, width))
            return image.convert("RGB")
    except OSError as error:
        raise SandboxError(f"Error generating thumbnail: {error}") from error
