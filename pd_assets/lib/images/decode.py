"""From a file's bytes to a normalised picture: sRGB, upright, bounded, without metadata. Errors: UnusableImage."""

import hashlib
import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms, ImageFile, ImageOps

MAGIC = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
    b"RIFF": "image/webp",
}
# Below the size at which Pillow itself takes a picture for a decompression bomb.
MOST_PIXELS = 170_000_000
JPEG_QUALITY = 95
HASH_SIDE = 32
HASH_BITS = 8


class UnusableImage(Exception):
    """The bytes are no picture that we can use; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A normalised picture: JPEG bytes, pixels, and a 64-bit perceptual hash in hexadecimal."""

    body: bytes
    sha256: str
    mime: str
    width: int
    height: int
    phash: str


def sniff(body: bytes) -> str | None:
    """The media type that the first bytes show, or None for none that we read (an HTML error page, say)."""
    return next((mime for magic, mime in MAGIC.items() if body.startswith(magic)), None)


def normalise(body: bytes, *, max_side: int) -> Picture:
    """Decode whole, turn upright, convert to sRGB, bound the longest side, encode as JPEG 95 4:4:4 without metadata."""
    if sniff(body) is None:
        raise UnusableImage(f"not a picture: the first bytes are {body[:12]!r}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            upright = _decode(body, max_side)
            upright.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
            kept = _encode(upright)
    except UnusableImage:
        raise
    # Whatever it is: on damaged files Pillow's decoders raise nearly every error (struct.error, KeyError, ...).
    except Exception as error:
        raise UnusableImage(f"cannot be decoded: {type(error).__name__}: {error}") from error
    return Picture(
        body=kept,
        sha256=hashlib.sha256(kept).hexdigest(),
        mime="image/jpeg",
        width=upright.width,
        height=upright.height,
        phash=perceptual_hash(upright),
    )


def _encode(image: Image.Image) -> bytes:
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return encoded.getvalue()


def _decode(body: bytes, max_side: int) -> Image.Image:
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    with Image.open(io.BytesIO(body)) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise UnusableImage(f"{opened.width} x {opened.height} pixels, more than {MOST_PIXELS}")
        # The decoder halves a JPEG while it reads it; twice the wanted size keeps the result sharp.
        opened.draft(None, (2 * max_side, 2 * max_side))
        opened.load()
        profile = opened.info.get("icc_profile")
        return _to_srgb(ImageOps.exif_transpose(opened), profile)


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB in sRGB; transparent pixels on white, 16-bit grey scaled down."""
    if image.mode.startswith("I"):
        values = np.asarray(image, dtype=np.float64)
        deep = image.mode != "I" or values.max(initial=0) > 255
        image = Image.fromarray((values / (257.0 if deep else 1.0)).clip(0, 255).astype(np.uint8), "L")
        profile = None
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        solid = image.convert("RGBA")
        image = Image.new("RGB", image.size, "white")
        image.paste(solid, mask=solid.getchannel("A"))
    if image.mode == "P":
        image = image.convert("RGB")
    if profile and image.mode in ("RGB", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            image = converted if converted is not None else image
        except (ImageCms.PyCMSError, OSError):
            # A damaged profile loses the profile, not the picture.
            pass
    plain = Image.new("RGB", image.size)
    plain.paste(image.convert("RGB"))
    return plain


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
