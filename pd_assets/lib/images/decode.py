"""From a file's bytes to a normalised picture: sRGB, upright, bounded, without metadata. Errors: UnusableImage.

A pure function; lib/images/pool.py runs it in processes of their own, with bounds on memory and time. A large picture
is converted and scaled in strips, so that beside its decoded pixels only little memory is taken.
"""

import hashlib
import io
import math
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from pd_assets.lib.images.colours import RAW_MODE, as_8_bits, in_strips, tag_of
from pd_assets.lib.images.damage import (
    UnusableImage,
    errors_of_libtiff,
    reproducible,
    require_whole_jpeg,
    require_whole_png,
    truncation_is_an_error,
)
from pd_assets.lib.images.hashes import HASH_SIDE, perceptual_bits
from pd_assets.lib.images.quality import Quality, measure

__all__ = ["ENDINGS", "MOST_PIXELS", "Picture", "UnusableImage", "normalise", "perceptual_hash", "sniff"]

MAGIC = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
    b"RIFF": "image/webp",
}
FORMATS = ("JPEG", "PNG", "GIF", "TIFF", "WEBP")
ENDINGS = {"image/jpeg": "jpg", "image/png": "png"}
# Pillow's own guard stands at 179 megapixels; a process that is to reach ours must lift it.
MOST_PIXELS = 300_000_000
LARGE_PIXELS = 40_000_000
# How many times the wanted size a JPEG is decoded at, at least.
DRAFT_GAP = 1.5
JPEG_QUALITY = 95
# A bilevel or palette picture of no more colours is a drawing: JPEG would fringe its edges, and PNG is as small.
LOSSLESS_COLOURS = 16
# A TIFF's tag whose bits say that a page is a smaller version of another, or a mask of it; pages that are looked at.
NEW_SUBFILE_TYPE = 254
LESSER_PAGES = frozenset({1, 3, 4, 5, 6, 7})
MOST_PAGES = 20

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A normalised picture: JPEG or PNG bytes, pixels, a 64-bit perceptual hash in hexadecimal, and measurements.

    `sizes` are what the file may call its size: that of the picture before it was scaled, that of its first page.
    """

    body: bytes
    sha256: str
    mime: str
    width: int
    height: int
    phash: str
    quality: Quality
    sizes: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class _Decoded:
    """Pixels in sRGB, whether they were a drawing's, and the sizes as in Picture."""

    image: Image.Image
    is_drawing: bool
    sizes: tuple[tuple[int, int], ...]


def sniff(body: bytes) -> str | None:
    """The media type that the first bytes show, or None for none that we read (an HTML error page, say)."""
    return next((mime for magic, mime in MAGIC.items() if body.startswith(magic)), None)


def normalise(body: bytes, *, max_side: int, when_large: Callable[[], None] = lambda: None) -> Picture:
    """Decode whole, turn upright, convert to sRGB, bound the longest side, encode without metadata.

    JPEG 95 4:4:4; PNG for drawings of a few colours that need no scaling. Of several frames or pages the first.
    `when_large` is called before more than LARGE_PIXELS are decoded: whoever counts memory may wait in it.
    """
    if sniff(body) is None:
        raise UnusableImage(f"not a picture: the first bytes are {body[:12]!r}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            decoded = _decode(body, max_side, when_large)
            upright = decoded.image
            upright.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
            lossless = decoded.is_drawing and upright.getcolors(LOSSLESS_COLOURS) is not None
            kept, mime = (_png(upright), "image/png") if lossless else (_jpeg(upright), "image/jpeg")
    except UnusableImage:
        raise
    except MemoryError as error:
        raise UnusableImage("cannot be decoded: it needs more memory than decoding may take") from error
    # Whatever it is: on damaged files Pillow's decoders raise nearly every error (struct.error, KeyError, ...).
    except Exception as error:
        raise UnusableImage(f"cannot be decoded: {reproducible(error)}") from error
    return Picture(
        body=kept,
        sha256=hashlib.sha256(kept).hexdigest(),
        mime=mime,
        width=upright.width,
        height=upright.height,
        phash=perceptual_hash(upright),
        quality=measure(upright),
        sizes=decoded.sizes,
    )


def _jpeg(image: Image.Image) -> bytes:
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return encoded.getvalue()


def _png(image: Image.Image) -> bytes:
    encoded = io.BytesIO()
    image.save(encoded, "PNG", compress_level=9)
    return encoded.getvalue()


def _decode(body: bytes, max_side: int, when_large: Callable[[], None]) -> _Decoded:
    """The picture, upright, in sRGB, of DRAFT_GAP times the wanted size or more."""
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    opened, first_page = _opened(body)
    with opened:
        pixels = opened.width * opened.height
        if pixels > MOST_PIXELS:
            raise UnusableImage(f"{opened.width} x {opened.height} pixels, more than {MOST_PIXELS}")
        is_drawing, sizes = opened.mode in ("1", "P"), (opened.size, *first_page)
        # The decoder halves a JPEG while it reads it; what is left to scale down keeps the result sharp.
        wanted = DRAFT_GAP * max_side / max(opened.size)
        opened.draft(None, (math.ceil(wanted * opened.width), math.ceil(wanted * opened.height)))
        # A progressive JPEG is held whole all the same: its coefficients come in several passes.
        if (pixels if opened.info.get("progressive") else opened.width * opened.height) > LARGE_PIXELS:
            when_large()
        _load_whole(opened, body)
        shrink = max(1, max(opened.size) // (2 * max_side))
        turn = TURNS.get(_orientation(opened))
        small = in_strips(opened, shrink)
    return _Decoded(image=small if turn is None else small.transpose(turn), is_drawing=is_drawing, sizes=sizes)


def _opened(body: bytes) -> tuple[ImageFile.ImageFile, list[tuple[int, int]]]:
    """The picture before its pixels are read; of a TIFF the first page that is no lesser version of another.

    Where that is not the first page of all: the size of that one too, which an archive may give.
    """
    try:
        with truncation_is_an_error() if sniff(body) == "image/tiff" else nullcontext():
            opened = Image.open(io.BytesIO(body), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise UnusableImage("cannot be decoded: a kind of picture that is not read, or a damaged header") from error
    first, page = opened.size, 0
    while tag_of(opened, NEW_SUBFILE_TYPE) in LESSER_PAGES and page < MOST_PAGES:
        page += 1
        try:
            opened.seek(page)
        except EOFError:
            opened.seek(0)
            return opened, []
    return opened, [first] if page else []


def _load_whole(opened: ImageFile.ImageFile, body: bytes) -> None:
    """Read the pixels, and refuse what the libraries warn of."""
    if opened.format in ("JPEG", "MPO"):
        require_whole_jpeg(body)
    elif opened.format == "PNG":
        require_whole_png(body)
        opened.info[RAW_MODE] = raw_mode = str(opened.tile[0].args)
        if "transparency" in opened.info:
            opened.info["transparency"] = as_8_bits(opened.info["transparency"], raw_mode)
    with errors_of_libtiff() if opened.format == "TIFF" else nullcontext():
        opened.load()


def _orientation(opened: Image.Image) -> int:
    """How the camera was held, 1 where its data are damaged: that costs no picture."""
    try:
        found = opened.getexif().get(ExifTags.Base.Orientation)
        return found if isinstance(found, int) else 1
    except Exception:
        return 1


def perceptual_hash(image: Image.Image) -> str:
    """64 bits of the picture's low frequencies (DCT of 32x32 grey, sign against the median), hexadecimal."""
    grey = image.convert("L").resize((HASH_SIDE, HASH_SIDE), Image.Resampling.BOX)
    return perceptual_bits(np.asarray(grey, dtype=np.float64))
