"""The marks of a drawn picture, in their order: watermark, XMP, content credentials last. They cannot be left out.

Whoever draws asks for `marks` before drawing starts, so that a key that cannot sign stops him then. Within the clean
room of a training no key can be read: `preview_marks` has watermark and XMP alone. Errors: MarkError, PictureError.
"""

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pd_ml.errors import MarkError
from pd_ml.marks import watermark
from pd_ml.marks.credentials import Given, Statement, signed
from pd_ml.marks.formats import MIME, rgb_or_rgba
from pd_ml.marks.keys import SigningKey, signing_key
from pd_ml.marks.origin import SYSTEM, Origin
from pd_ml.marks.xmp import PNG_KEYWORD, packet

PROVIDER_VARIABLE = "PD_PROVIDER"
MAX_PROVIDER = 200
WRITTEN = ("PNG", "JPEG", "WEBP")
# What credentials without an input take: 4 KB with a chain of two certificates, and room for longer ones.
CREDENTIALS_BYTES = 12_000
_QUALITY = 95


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What is put on pictures of one origin; without a key they are not signed."""

    origin: Origin
    key: SigningKey | None
    provider: str = ""

    @property
    def reserved_bytes(self) -> int:
        """How much signing adds at most to a picture that had no input."""
        return CREDENTIALS_BYTES if self.key else 0

    def of_mixed(self) -> "Marks":
        """For a sheet that shows real pictures beside drawn ones."""
        return replace(self, origin=self.origin.as_mixed())

    def with_watermark(self, image: Image.Image) -> Image.Image:
        """The picture with the watermark in its colours, where it is large enough; transparency stays."""
        if not watermark.is_large_enough(image.height, image.width):
            return image
        marked = Image.fromarray(watermark.embed(np.asarray(image.convert("RGB"))))
        if "A" in image.getbands():
            marked.putalpha(image.getchannel("A"))
        return marked

    def encode(
        self,
        image: Image.Image,
        *,
        kind: str = "PNG",
        texts: Mapping[str, str],
        icc_profile: bytes | None = None,
        compress_level: int = 6,
    ) -> bytes:
        """The file with its XMP, not signed yet. `texts`: of a PNG. `kind`: one of WRITTEN."""
        if kind not in WRITTEN:
            raise MarkError(f"{kind}: a format that carries no marks, expected one of {', '.join(WRITTEN)}")
        buffer = io.BytesIO()
        told = packet(self.origin)
        if kind == "PNG":
            # `xmp=` writes nothing into a PNG, and says nothing (Pillow 13).
            info = PngInfo()
            for name, text in {**texts, PNG_KEYWORD: told}.items():
                info.add_itxt(name, text)
            image.save(buffer, kind, compress_level=compress_level, pnginfo=info, icc_profile=icc_profile)
        else:
            subsampling = {"subsampling": 0} if kind == "JPEG" else {}
            image.save(buffer, kind, quality=_QUALITY, xmp=told.encode(), icc_profile=icc_profile, **subsampling)
        return buffer.getvalue()

    def sign(self, encoded: bytes, size: tuple[int, int], *, kind: str = "PNG", given: Given | None = None) -> bytes:
        """The encoded picture of this size (width, height) with credentials: the last step."""
        if self.key is None:
            return encoded
        width, height = size
        is_watermarked = watermark.is_large_enough(height, width)
        statement = Statement(
            origin=self.origin,
            watermark=f"{SYSTEM} {watermark.VERSION}" if is_watermarked else f"none: smaller than {_LEAST}",
            is_watermarked=is_watermarked,
            provider=self.provider,
            given=given,
        )
        return signed(encoded, MIME[kind], statement, self.key)

    def mark(
        self,
        image: Image.Image,
        *,
        kind: str = "PNG",
        texts: Mapping[str, str],
        icc_profile: bytes | None = None,
        given: Given | None = None,
        compress_level: int = 6,
    ) -> bytes:
        """A picture of any mode with all of its marks, as the bytes of a file. `given`: what it was made of.

        A JPEG cannot be transparent: what shines through lies on white there. PictureError where the picture has no
        colours that can be had.
        """
        image = rgb_or_rgba(image, "the picture to be marked")
        if kind == "JPEG" and image.mode == "RGBA":
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
        marks = replace(self, origin=replace(self.origin, source_type=given.source_type)) if given else self
        encoded = marks.encode(
            marks.with_watermark(image),
            kind=kind,
            texts=texts,
            icc_profile=icc_profile,
            compress_level=compress_level,
        )
        return marks.sign(encoded, image.size, kind=kind, given=given)


_LEAST = f"{watermark.MIN_SIDE_PX} x {watermark.MIN_SIDE_PX} pixels"


def marks(origin: Origin, environment: Mapping[str, str] = os.environ) -> Marks:
    """For pictures of this origin, by the key of the operator or of this machine, which signs a trial picture first.

    MarkError where that key, its certificates, their dates or the provider's name do not serve.
    """
    provider = " ".join(environment.get(PROVIDER_VARIABLE, "").split())
    if len(provider) > MAX_PROVIDER or not provider.isprintable():
        raise MarkError(
            f"{PROVIDER_VARIABLE}: {len(provider)} characters, expected a name of at most {MAX_PROVIDER}, all printable"
        )
    ready = Marks(origin=origin, key=signing_key(environment), provider=provider)
    ready.mark(Image.new("RGB", (8, 8)), texts={})
    return ready


def write_marked(path: Path, encoded: bytes) -> None:
    """The file under its name when it is complete."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(encoded)
    os.replace(partial, path)


def preview_marks(stage: str) -> Marks:
    """For the previews of a training, which are drawn where no key of this machine can be read."""
    return Marks(origin=Origin(system=f"{SYSTEM} {stage}, in training"), key=None)
