"""From the encoded bytes of a shard to pixels of a given size: the centre of the picture, scaled down.

Shapes: H height, W width, C channels.
"""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from pd_ml.errors import DataError

Pixels = npt.NDArray[np.uint8]


def decode_square(encoded: bytes, image_size: int, *, name: str) -> Pixels:
    """The centre square of a picture at `image_size` pixels, HWC; JPEGs are decoded at a reduced scale first."""
    return decode_centre(encoded, image_size, image_size, name=name)


def decode_centre(encoded: bytes, width: int, height: int, *, name: str) -> Pixels:
    """The largest part around the centre that has the shape of `width` x `height`, at that size, HWC."""
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            # Twice the size is kept before the last resize, as Pillow's draft cuts corners below that.
            image.draft("RGB", (2 * width, 2 * height))
            picture = image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{name}: picture cannot be decoded ({error}); take it out and export again") from error
    kept_width = max(1, min(picture.width, round(picture.height * width / height)))
    kept_height = max(1, min(picture.height, round(picture.width * height / width)))
    left, top = (picture.width - kept_width) // 2, (picture.height - kept_height) // 2
    part = picture.crop((left, top, left + kept_width, top + kept_height))
    return np.asarray(part.resize((width, height), Image.Resampling.LANCZOS), dtype=np.uint8)
