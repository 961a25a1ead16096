"""The picture formats that carry all marks, and a picture file opened as one of them. Errors: PictureError."""

import io
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from PIL import Image

from pd_ml.errors import PictureError

# Pillow's names. MPO is a JPEG with further pictures after it.
MIME: Mapping[str, str] = MappingProxyType(
    {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "WEBP": "image/webp"}
)


def read_file(path: Path) -> bytes:
    """All of a file; PictureError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise PictureError(f"{path}: cannot be read ({error.strerror}); expected a picture") from error


def opened(body: bytes, name: str) -> Image.Image:
    """A picture of any format with its pixels loaded; PictureError where that cannot be had."""
    try:
        image = Image.open(io.BytesIO(body))
        # XMP and text of a PNG are known only when all of it is read.
        image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = " ".join(str(error).split())[:200].replace("<_io.BytesIO object", "<the file")
        raise PictureError(f"{name}: cannot be read as a picture ({reason}); expected a whole one") from error
    return image


def rgb(image: Image.Image) -> Image.Image:
    """Without transparency, as it lies in the file."""
    return image.convert("RGB")
