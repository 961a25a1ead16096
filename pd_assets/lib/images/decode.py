"""From a file's bytes to a normalised picture: sRGB, upright, bounded, without metadata. Errors: UnusableImage.

A pure function; lib/images/pool.py runs it in processes of their own, with bounds on memory and time. A large picture
is converted and scaled in strips, so that beside its decoded pixels only little memory is taken.
"""

import hashlib
import io
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageFile

from pd_assets.lib.images.quality import Quality, measure

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
STRIP_PIXELS = 4_000_000
# How many times the wanted size a JPEG is decoded at, at least.
DRAFT_GAP = 1.5
JPEG_QUALITY = 95
# A bilevel or palette picture of no more colours is a drawing: JPEG would fringe its edges, and PNG is as small.
LOSSLESS_COLOURS = 16
HASH_SIDE = 32
HASH_BITS = 8

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UnusableImage(Exception):
    """The bytes are no picture that we can use; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A normalised picture: JPEG or PNG bytes, pixels, a 64-bit perceptual hash in hexadecimal, and measurements."""

    body: bytes
    sha256: str
    mime: str
    width: int
    height: int
    phash: str
    quality: Quality


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
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            upright, is_drawing = _decode(body, max_side, when_large)
            upright.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
            lossless = is_drawing and upright.getcolors(LOSSLESS_COLOURS) is not None
            kept, mime = (_png(upright), "image/png") if lossless else (_jpeg(upright), "image/jpeg")
    except UnusableImage:
        raise
    except MemoryError as error:
        raise UnusableImage("cannot be decoded: it needs more memory than decoding may take") from error
    # Whatever it is: on damaged files Pillow's decoders raise nearly every error (struct.error, KeyError, ...).
    except Exception as error:
        raise UnusableImage(f"cannot be decoded: {type(error).__name__}: {error}") from error
    return Picture(
        body=kept,
        sha256=hashlib.sha256(kept).hexdigest(),
        mime=mime,
        width=upright.width,
        height=upright.height,
        phash=perceptual_hash(upright),
        quality=measure(upright),
    )


def _jpeg(image: Image.Image) -> bytes:
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return encoded.getvalue()


def _png(image: Image.Image) -> bytes:
    encoded = io.BytesIO()
    image.save(encoded, "PNG", compress_level=9)
    return encoded.getvalue()


def _decode(body: bytes, max_side: int, when_large: Callable[[], None]) -> tuple[Image.Image, bool]:
    """The picture, upright, in sRGB, of DRAFT_GAP times the wanted size or more; and whether it is a drawing."""
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    with Image.open(io.BytesIO(body), formats=FORMATS) as opened:
        pixels = opened.width * opened.height
        if pixels > MOST_PIXELS:
            raise UnusableImage(f"{opened.width} x {opened.height} pixels, more than {MOST_PIXELS}")
        is_drawing = opened.mode in ("1", "P")
        # The decoder halves a JPEG while it reads it; what is left to scale down keeps the result sharp.
        wanted = DRAFT_GAP * max_side / max(opened.size)
        opened.draft(None, (math.ceil(wanted * opened.width), math.ceil(wanted * opened.height)))
        # A progressive JPEG is held whole all the same: its coefficients come in several passes.
        if (pixels if opened.info.get("progressive") else opened.width * opened.height) > LARGE_PIXELS:
            when_large()
        opened.load()
        shrink = max(1, max(opened.size) // (2 * max_side))
        turn = TURNS.get(opened.getexif().get(ExifTags.Base.Orientation, 1))
        small = _in_strips(opened, shrink)
    return small if turn is None else small.transpose(turn), is_drawing


def _in_strips(image: Image.Image, shrink: int) -> Image.Image:
    """The picture as RGB in sRGB, each side `shrink` times shorter; a strip at a time."""
    to_srgb = _colours_of(image)
    small = Image.new("RGB", (-(-image.width // shrink), -(-image.height // shrink)))
    rows = max(1, STRIP_PIXELS // (image.width * shrink)) * shrink
    for top in range(0, image.height, rows):
        strip = to_srgb(image.crop((0, top, image.width, min(top + rows, image.height))))
        small.paste(strip.reduce(shrink) if shrink > 1 else strip, (0, top // shrink))
    return small


def _colours_of(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """What turns strips of `image` into RGB in sRGB."""
    transform = _transform(image)
    highest = image.getextrema()[1] if image.mode == "I" else None
    depth = 1.0 if isinstance(highest, int | float) and highest <= 255 else 257.0

    def to_srgb(strip: Image.Image) -> Image.Image:
        flat = _flat(strip, depth)
        if transform is not None:
            converted = ImageCms.applyTransform(flat, transform)
            flat = converted if converted is not None else flat
        return flat.convert("RGB")

    return to_srgb


def _flat(image: Image.Image, depth: float) -> Image.Image:
    """8 bits a channel, without palette or alpha: transparent pixels on white, 16-bit grey divided by `depth`."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image) / depth).clip(0, 255).astype(np.uint8), "L")
    if _has_alpha(image):
        solid = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(solid, mask=solid.getchannel("A"))
        return white
    return image.convert("RGB") if image.mode == "P" else image


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info


def _transform(image: Image.Image) -> ImageCms.ImageCmsTransform | None:
    """From the picture's own profile to sRGB, or None where it has none that can be used."""
    profile = image.info.get("icc_profile")
    mode = "RGB" if _has_alpha(image) or image.mode == "P" else image.mode
    if not profile or mode not in ("RGB", "CMYK", "L"):
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError):
        # A damaged profile loses the profile, not the picture.
        return None


def perceptual_hash(image: Image.Image) -> str:
    """64 bits of the picture's low frequencies (DCT of 32x32 grey, sign against the median), hexadecimal."""
    grey = np.asarray(image.convert("L").resize((HASH_SIDE, HASH_SIDE), Image.Resampling.BOX), dtype=np.float64)
    low = (_DCT @ grey @ _DCT.T)[:HASH_BITS, :HASH_BITS].flatten()
    bits = low > np.median(low[1:])
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):016x}"


def _dct_matrix(side: int) -> np.ndarray:
    """DCT-II of `side` samples (Ahmed, Natarajan and Rao 1974), unscaled."""
    k, n = np.mgrid[0:side, 0:side]
    return np.cos(np.pi * k * (2 * n + 1) / (2 * side))


_DCT = _dct_matrix(HASH_SIDE)
