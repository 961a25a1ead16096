"""From decoded pixels to sRGB: profiles, PNG's gamma, alpha, and greys of more than 8 bits. A strip at a time."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageCms

STRIP_PIXELS = 4_000_000
LEVELS, WIDE_LEVELS = 256, 65_536
# Tags of a TIFF (TIFF 6.0, section 8), and what they say of it.
BITS, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339
MIN_IS_WHITE, UNSIGNED = 0, 1
# The gamma that sRGB is nearest to; libpng, too, leaves alone what is within a twentieth of it.
SRGB_GAMMA, GAMMA_TOLERANCE = 1 / 2.2, 0.05
# What PNG's transparent grey is multiplied by, as Pillow widens samples of few bits and does not widen that.
WIDENED = {"L;2": 85, "L;4": 17}
# In a picture's `info`: how a PNG's samples lie in the file. Grey with alpha of 16 bits becomes RGBA.
RAW_MODE = "raw_mode"
GREYS_WITH_ALPHA = ("LA", "La", "LA;16B")


def in_strips(image: Image.Image, shrink: int) -> Image.Image:
    """The picture as RGB in sRGB, each side `shrink` times shorter."""
    to_srgb = _colours_of(image)
    small = Image.new("RGB", (-(-image.width // shrink), -(-image.height // shrink)))
    rows = max(1, STRIP_PIXELS // (image.width * shrink)) * shrink
    for top in range(0, image.height, rows):
        strip = to_srgb(image.crop((0, top, image.width, min(top + rows, image.height))))
        small.paste(strip.reduce(shrink) if shrink > 1 else strip, (0, top // shrink))
    return small


def as_8_bits(transparent: object, raw_mode: str) -> object:
    """PNG's transparent colour in the samples that Pillow makes of the file's."""
    if isinstance(transparent, int) and raw_mode in WIDENED:
        return transparent * WIDENED[raw_mode]
    if isinstance(transparent, tuple) and ";16" in raw_mode:
        return tuple(sample >> 8 for sample in transparent)
    return transparent


def _colours_of(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """What turns strips of `image` into RGB in sRGB."""
    profile = _profile(image)
    is_grey = profile is not None and profile.profile.xcolor_space.strip() == "GRAY"
    curve = _gamma_curve(image) if profile is None else None
    if _is_wide(image):
        return _wide_grey(image, _grey_curve(profile) if profile is not None and is_grey else curve)
    transform = _transform(image, profile, is_grey=is_grey)

    def to_srgb(strip: Image.Image) -> Image.Image:
        flat = _flat(strip)
        if transform is not None:
            # Grey that was laid on white is grey still.
            converted = ImageCms.applyTransform(flat.convert("L") if is_grey else flat, transform)
            flat = converted if converted is not None else flat
        flat = flat.convert("RGB")
        return flat if curve is None else flat.point(curve[:: WIDE_LEVELS // LEVELS + 1].tolist() * 3)

    return to_srgb


def _is_wide(image: Image.Image) -> bool:
    return image.mode.startswith(("I", "F"))


def _wide_grey(image: Image.Image, curve: np.ndarray | None) -> Callable[[Image.Image], Image.Image]:
    """What turns strips of 16- and 32-bit greys into RGB; `curve` is a level of 8 bits for each of 16."""
    to_levels = _levels(image)
    is_negative = tag_of(image, PHOTOMETRIC) == MIN_IS_WHITE
    transparent = image.info.get("transparency")

    def to_srgb(strip: Image.Image) -> Image.Image:
        samples = np.asarray(strip)
        levels = to_levels(samples)
        levels = (LEVELS - 1 - levels if is_negative else levels).clip(0, LEVELS - 1)
        grey = levels.astype(np.uint8) if curve is None else curve[(levels * 257).astype(np.uint16)]
        if isinstance(transparent, int):
            grey[samples == transparent] = LEVELS - 1
        return Image.fromarray(grey, "L").convert("RGB")

    return to_srgb


def _levels(image: Image.Image) -> Callable[[np.ndarray], np.ndarray]:
    """What makes of samples levels from 0 to 255: by their bits, and where those are not used by the highest sample."""
    if image.mode not in ("I", "F"):
        return lambda samples: samples / 257.0
    lowest, highest = (float(bound) for bound in image.getextrema())  # type: ignore[arg-type]
    if image.mode == "F":
        unit = 1 / 255 if highest <= 1 else 1.0
        return lambda samples: np.nan_to_num(samples, posinf=highest, neginf=lowest) / unit
    has_32_bits = tag_of(image, BITS) == 32
    if has_32_bits and tag_of(image, SAMPLE_FORMAT, UNSIGNED) == UNSIGNED and (lowest < 0 or highest > 65_535):
        # Pillow keeps them in signed numbers.
        return lambda samples: samples.view(np.uint32) / 16_843_009.0
    if has_32_bits and highest > 65_535:
        return lambda samples: samples / 8_421_504.5
    depth = 1.0 if highest <= 255 else 257.0
    return lambda samples: samples / depth


def tag_of(image: Image.Image, tag: int, otherwise: int | None = None) -> object:
    """The (first) value of a TIFF's tag."""
    found = getattr(image, "tag_v2", {}).get(tag, otherwise)
    return found[0] if isinstance(found, tuple) and found else found


def _flat(image: Image.Image) -> Image.Image:
    """8 bits a channel, without palette or alpha: transparent pixels on white."""
    if _has_alpha(image):
        solid = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(solid, mask=solid.getchannel("A"))
        return white
    return image.convert("RGB") if image.mode == "P" else image


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "La", "PA") or "transparency" in image.info


def _profile(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """The picture's own profile. A damaged one loses the profile, not the picture."""
    stored = image.info.get("icc_profile")
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(stored)) if stored else None
    except (ImageCms.PyCMSError, OSError):
        return None


def _transform(
    image: Image.Image, profile: ImageCms.ImageCmsProfile | None, *, is_grey: bool
) -> ImageCms.ImageCmsTransform | None:
    """From the picture's own profile to sRGB, or None where it has none that can be used."""
    mode = "RGB" if _has_alpha(image) or image.mode == "P" else image.mode
    if is_grey and (image.mode in ("L", *GREYS_WITH_ALPHA) or image.info.get(RAW_MODE) in GREYS_WITH_ALPHA):
        mode = "L"
    if profile is None or mode not in ("RGB", "CMYK", "L"):
        return None
    try:
        return ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError):
        return None


def _grey_curve(profile: ImageCms.ImageCmsProfile) -> np.ndarray | None:
    """What a grey profile makes of every level of 16 bits."""
    ramp = Image.fromarray(np.arange(WIDE_LEVELS, dtype=np.uint16).reshape(LEVELS, -1))
    try:
        converted = ImageCms.profileToProfile(ramp, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return None
    return None if converted is None else np.asarray(converted)[:, :, 1].ravel().copy()


def _gamma_curve(image: Image.Image) -> np.ndarray | None:
    """What PNG's gAMA makes of every level of 16 bits (PNG, third edition, 13.13); None where it says sRGB."""
    gamma = image.info.get("gamma")
    if not gamma or "srgb" in image.info or abs(gamma / SRGB_GAMMA - 1) <= GAMMA_TOLERANCE:
        return None
    light = np.linspace(0, 1, WIDE_LEVELS) ** (1 / gamma)
    srgb = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(srgb * (LEVELS - 1)).astype(np.uint8)
