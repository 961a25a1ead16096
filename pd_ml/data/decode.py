"""From the encoded bytes of a shard to pixels of a given size: the centre of the picture, scaled down.

Shapes: H height, W width, C channels.
"""

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from pd_ml.errors import DataError

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """A picture as a row of a shard holds it. `size_px`: the width and height that the row tells, where it does."""

    image: bytes
    name: str
    size_px: tuple[int, int] | None = None


def decode_row(row: Encoded, width: int, height: int) -> Pixels:
    """As `decode_centre`; DataError too where the picture has another size than its row says."""
    return decode_centre(row.image, width, height, name=row.name, size_px=row.size_px)


def decode_square(encoded: bytes, image_size: int, *, name: str) -> Pixels:
    """The centre square of a picture at `image_size` pixels, HWC; JPEGs are decoded at a reduced scale first."""
    return decode_centre(encoded, image_size, image_size, name=name)


def decode_centre(
    encoded: bytes, width: int, height: int, *, name: str, size_px: tuple[int, int] | None = None
) -> Pixels:
    """The largest part around the centre that has the shape of `width` x `height`, at that size, HWC."""
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            found_px = image.size
            # Twice the size is kept before the last resize, as Pillow's draft cuts corners below that.
            image.draft("RGB", (2 * width, 2 * height))
            picture = image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{name}: picture cannot be decoded ({error}); take it out and export again") from error
    if size_px is not None and size_px != found_px:
        found, told = ("x".join(map(str, one)) for one in (found_px, size_px))
        raise DataError(f"{name}: a picture of {found} pixels, and its row says {told}; export the dataset again")
    kept_width = max(1, min(picture.width, round(picture.height * width / height)))
    kept_height = max(1, min(picture.height, round(picture.width * height / width)))
    left, top = (picture.width - kept_width) // 2, (picture.height - kept_height) // 2
    part = picture.crop((left, top, left + kept_width, top + kept_height))
    return np.asarray(part.resize((width, height), Image.Resampling.LANCZOS), dtype=np.uint8)
