"""What is drawn on: a size, and perhaps a picture to start from and a mask of what is drawn anew. No torch in here.

White in a mask is drawn anew, black is kept, grey is mixed. Errors: PictureError.
Shapes: H height, W width, C channels.
"""

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from pd_ml.errors import PictureError
from pd_ml.marks.formats import decoding, rgb_or_rgba

Pixels = npt.NDArray[np.uint8]

# A start is scaled to the few pixels that a model draws: larger files only take time.
MAX_START_PIXELS = 40_000_000


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """The size of what is drawn. `strength`: the share of the noise that is put on the start, 1 where there is none.

    `anew_HW`: 1 where the picture is drawn anew, 0 where it is the start's; None draws everything anew.
    """

    width: int
    height: int
    start_HWC: Pixels | None = None
    strength: float = 1.0
    anew_HW: npt.NDArray[np.float32] | None = None


def read_start(body: bytes, name: str) -> Image.Image:
    """The picture of a file upright, RGB, what is transparent on white; PictureError where that cannot be had."""
    with decoding(name), Image.open(io.BytesIO(body)) as opened:
        width, height = opened.size
        if width * height > MAX_START_PIXELS:
            raise PictureError(
                f"{name}: {width} x {height} pixels, expected at most {MAX_START_PIXELS:,} in all to start from; make "
                "it smaller first"
            )
        picture = rgb_or_rgba(ImageOps.exif_transpose(opened), name)
        return _on(picture, "white")


def read_mask(body: bytes, name: str, picture: Image.Image) -> Image.Image:
    """The grey values of a mask for `picture`, what is transparent as black; PictureError where it does not fit."""
    with decoding(name), Image.open(io.BytesIO(body)) as opened:
        if (opened.size != picture.size) and (opened.size[::-1] != picture.size):
            raise _other_size(opened.size, name, picture)
        mask = _on(rgb_or_rgba(ImageOps.exif_transpose(opened), name), "black").convert("L")
    if mask.size != picture.size:
        raise _other_size(mask.size, name, picture)
    if mask.getextrema()[1] == 0:
        raise PictureError(f"{name}: all black, so that nothing would be drawn anew; paint white what is to change")
    return mask


def start_pixels(picture: Image.Image, width: int, height: int) -> Pixels:
    """The largest part around the centre that has the canvas' shape, at its size, HWC."""
    part = picture.crop(_centre(picture, width, height))
    return np.asarray(part.resize((width, height), Image.Resampling.LANCZOS), dtype=np.uint8)


def anew_weights(mask: Image.Image, width: int, height: int) -> npt.NDArray[np.float32]:
    """The same part of a mask, HW from 0 to 1: a pixel is kept where all that it covers is black."""
    part = mask.crop(_centre(mask, width, height))
    if (part.width, part.height) != (width, height):
        part = part.convert("F").resize((width, height), Image.Resampling.BOX)
    weights_HW: npt.NDArray[np.float32] = np.asarray(part, dtype=np.float32) / np.float32(255)
    if not weights_HW.any():
        raise PictureError(
            f"the mask has its white outside of the part of {width} x {height} that is drawn: the centre; cut the "
            "picture to that shape first"
        )
    return weights_HW.clip(0, 1)


def is_cut(picture: Image.Image, width: int, height: int) -> bool:
    """Whether more than a row or column of pixels is left out for the canvas' shape."""
    left, top, right, bottom = _centre(picture, width, height)
    return picture.width - (right - left) > 1 or picture.height - (bottom - top) > 1


def _centre(picture: Image.Image, width: int, height: int) -> tuple[int, int, int, int]:
    """As the pictures of a dataset are cut (data/decode.py)."""
    kept_width = max(1, min(picture.width, round(picture.height * width / height)))
    kept_height = max(1, min(picture.height, round(picture.width * height / width)))
    left, top = (picture.width - kept_width) // 2, (picture.height - kept_height) // 2
    return left, top, left + kept_width, top + kept_height


def _on(picture: Image.Image, colour: str) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    return Image.alpha_composite(Image.new("RGBA", picture.size, colour), picture).convert("RGB")


def _other_size(size: tuple[int, int], name: str, picture: Image.Image) -> PictureError:
    found, expected = ("{} x {}".format(*one) for one in (size, picture.size))
    return PictureError(f"{name}: a mask of {found} pixels, expected {expected} as the picture has; make it that large")
