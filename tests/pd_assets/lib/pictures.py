"""Picture files made on the spot, whole and broken."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms


def scene(width: int = 120, height: int = 80) -> Image.Image:
    """A picture whose four quarters differ, so that turning and mirroring show."""
    picture = Image.new("RGB", (width, height), "white")
    half = (width // 2, height // 2)
    for corner, colour in (((0, 0), "red"), ((half[0], 0), "green"), ((0, half[1]), "blue"), (half, "yellow")):
        picture.paste(Image.new("RGB", half, colour), corner)
    return picture


def painting(seed: int, width: int = 256, height: int = 192) -> Image.Image:
    """A picture of soft blobs, different for every seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse, "RGB").resize((width, height), Image.Resampling.BICUBIC)


def encoded(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """An ICC profile in which red and green change places: a picture that carries it shows whether it was heeded."""
    profile = bytearray(srgb_profile())
    count = struct.unpack(">I", profile[128:132])[0]
    entries = {bytes(profile[p : p + 4]): p for p in range(132, 132 + 12 * count, 12)}
    red, green = entries[b"rXYZ"], entries[b"gXYZ"]
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


def with_everything_attached() -> bytes:
    """A JPEG with EXIF (camera, GPS), XMP, an ICC profile, IPTC and a comment."""
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x013B] = "Secret Photographer"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)})
    plain = encoded(
        scene(),
        exif=exif,
        icc_profile=srgb_profile(),
        comment=b"secret comment",
        xmp=b'<x:xmpmeta xmlns:x="adobe:ns:meta/">secret</x:xmpmeta>',
    )
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x0csecret iptc!"
    return plain[:2] + b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc + plain[2:]


def png_header_only(width: int, height: int) -> bytes:
    """A PNG of a few bytes that announces any size: what a decompression bomb looks like."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"")) + _chunk(b"IEND", b"")


def flat_png(width: int, height: int) -> bytes:
    """A white RGB PNG of any size, made without ever having its pixels in memory."""
    row = b"\x00" + b"\xff" * (3 * width)
    squeeze = zlib.compressobj(1)
    data = b"".join([squeeze.compress(row) for _ in range(height)] + [squeeze.flush()])
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
