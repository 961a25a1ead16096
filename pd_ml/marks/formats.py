"""The picture formats that carry all marks, and a picture file opened as one of them. Errors: PictureError."""

import io
import os
import re
import stat
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image

from pd_ml.errors import PictureError

# Pillow's names. MPO is a JPEG with further pictures after it.
MIME: Mapping[str, str] = MappingProxyType(
    {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "WEBP": "image/webp"}
)


# Larger files and pictures are refused by name: they would take all memory.
MAX_BYTES = 256_000_000
MAX_PIXELS = 120_000_000
_OBJECT = re.compile(r"<_io\.BytesIO[^>]*>")
_USUAL = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


def read_file(path: Path) -> bytes:
    """All of a regular file; PictureError where it is none, cannot be read, or is larger than MAX_BYTES."""
    try:
        # Without waiting: to open a pipe would wait for who writes into it.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise PictureError(f"{path}: a folder, pipe or device, expected the file of a picture")
            # Some tell a size of 0 and have more.
            body = file.read(MAX_BYTES + 1) if status.st_size <= MAX_BYTES else b""
    except FileNotFoundError as error:
        raise PictureError(f"{path}: no such file; expected a picture") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{path}: cannot be read ({reason}); expected a picture") from error
    if max(len(body), status.st_size) > MAX_BYTES:
        raise PictureError(f"{path}: a file of more than {MAX_BYTES:,} bytes, expected a smaller one; save it anew")
    return body


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """Within this, whatever a decoder comes upon in a file is a PictureError with its name."""
    try:
        with warnings.catch_warnings():
            # Ours are the bound and what is told.
            warnings.simplefilter("ignore")
            yield
    except PictureError:
        raise
    except Exception as error:  # damaged files lead decoders to errors of any kind
        reason = _OBJECT.sub("the file", " ".join(str(error).split()))[:200]
        kind = "" if isinstance(error, _USUAL) and reason else f"{type(error).__name__}: "
        raise PictureError(f"{name}: cannot be read as a picture ({kind}{reason}); expected a whole one") from error


def opened(body: bytes, name: str) -> Image.Image:
    """A picture of any format with its pixels loaded; PictureError where that cannot be had, or it is too large."""
    with decoding(name):
        image = Image.open(io.BytesIO(body))
        if image.width * image.height > MAX_PIXELS:
            raise PictureError(
                f"{name}: {image.width} x {image.height} pixels, expected at most {MAX_PIXELS:,} in all; make it "
                "smaller"
            )
        # XMP and text of a PNG are known only when all of it is read.
        image.load()
        return image


def mime_of(body: bytes) -> str:
    """By its first bytes, whole or damaged; empty for a file of another kind."""
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if body.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/webp" if body[:4] == b"RIFF" and body[8:12] == b"WEBP" else ""


def rgb(image: Image.Image, name: str) -> Image.Image:
    """Without transparency, as it lies in the file; PictureError where its colours cannot be had."""
    with decoding(name):
        return _eight_bit(image).convert("RGB")


def rgb_or_rgba(image: Image.Image, name: str) -> Image.Image:
    """RGBA where parts of it are transparent, else RGB; PictureError where its colours cannot be had."""
    with decoding(name):
        return _eight_bit(image).convert("RGBA" if image.has_transparency_data else "RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """Grey of wider numbers scaled down: Pillow's own conversion cuts everything above 255 off.

    Integers are of 16 bits; the white of a floating one is the least of 1, 255 and 65,535 that nothing in it exceeds.
    """
    if not image.mode.startswith(("I", "F")):
        return image
    grey_HW = np.asarray(image).astype(np.float32)
    white = 65535 if image.mode != "F" else next((top for top in (1, 255) if (grey_HW <= top).all()), 65535)
    grey_HW *= 255 / white
    return Image.fromarray(np.nan_to_num(grey_HW.clip(0, 255, out=grey_HW)).round().astype(np.uint8))


def has_credentials_box(body: bytes, mime: str) -> bool:
    """Whether a file of this kind has the place where content credentials lie, whatever is in it."""
    if mime == "image/png":
        return any(kind == b"caBX" for kind in _png_chunks(body))
    if mime == "image/webp":
        return any(kind == b"C2PA" for kind in _webp_chunks(body))
    return any(told[:2] == b"JP" and told[12:16] == b"jumb" for told in _jpeg_app11(body))


def _png_chunks(body: bytes) -> Iterator[bytes]:
    place = 8
    while place + 8 <= len(body):
        yield body[place + 4 : place + 8]
        place += 12 + int.from_bytes(body[place : place + 4])


def _webp_chunks(body: bytes) -> Iterator[bytes]:
    place = 12
    while place + 8 <= len(body):
        yield body[place : place + 4]
        size = int.from_bytes(body[place + 4 : place + 8], "little")
        place += 8 + size + size % 2


def _jpeg_app11(body: bytes) -> Iterator[bytes]:
    place = 2
    while body[place : place + 1] == b"\xff" and place + 4 <= len(body):
        marker = body[place + 1]
        if marker == 0xFF:  # filling
            place += 1
            continue
        if marker in (0xD9, 0xDA):  # the end, or the pixels
            return
        size = int.from_bytes(body[place + 2 : place + 4])
        if marker == 0xEB:
            yield body[place + 4 : place + 2 + size]
        place += 2 + max(size, 2)
