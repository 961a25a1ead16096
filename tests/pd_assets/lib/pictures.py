"""Picture files made on the spot, whole and broken."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms

FLAT_BYTES = 1 << 20


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
    """A white RGB PNG of any size, made without ever having its pixels in memory: a few of its rows again and again."""
    row = b"\x00" + b"\xff" * (3 * width)
    at_once = max(1, FLAT_BYTES // len(row))
    block = row * at_once
    blocks = [block] * (height // at_once) + [block[: len(row) * (height % at_once)]]
    squeezed = {len(block): _squeezed(block) for block in set(blocks)}
    sums = {len(block): zlib.adler32(block) for block in set(blocks)}
    checksum = 1
    for block in blocks:
        checksum = _joined(checksum, sums[len(block)], len(block))
    end = zlib.compressobj(1, wbits=-zlib.MAX_WBITS).flush()
    data = b"\x78\x01" + b"".join(squeezed[len(block)] for block in blocks) + end + checksum.to_bytes(4, "big")
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _squeezed(block: bytes) -> bytes:
    """Raw deflate that refers to nothing before it, and may stand anywhere in a stream."""
    squeeze = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    return squeeze.compress(block) + squeeze.flush(zlib.Z_FULL_FLUSH)


def _joined(one: int, other: int, other_bytes: int) -> int:
    """The Adler-32 of two pieces after each other, of that of each (zlib's adler32_combine)."""
    low, high = one & 0xFFFF, one >> 16
    return (high + (other >> 16) + other_bytes * (low - 1)) % 65521 << 16 | (low + (other & 0xFFFF) - 1) % 65521


def png_of(samples: np.ndarray, *, bits: int = 8, kind: int = 0, chunks: tuple[tuple[bytes, bytes], ...] = ()) -> bytes:
    """A PNG with these samples (height x width x channels; of fewer than 8 bits several a byte).

    PNG's kinds are 0 for grey, 2 for RGB, 4 for grey with alpha.
    """
    rows = samples.astype(">u2" if bits == 16 else np.uint8).reshape(len(samples), -1)
    data = zlib.compress(b"".join(b"\x00" + row.tobytes() for row in rows))
    width = samples.shape[1] * 8 // bits if bits < 8 else samples.shape[1]
    header = struct.pack(">IIBBBBB", width, len(samples), bits, kind, 0, 0, 0)
    between = b"".join(_chunk(*one) for one in chunks)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + between + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def tiff_of(samples: np.ndarray, *, bits: int, photometric: int) -> bytes:
    """A grey TIFF of one strip, unpacked; photometric 0 says that white is the least sample."""
    data = samples.astype(f"<u{bits // 8}").tobytes()
    height, width = samples.shape
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: photometric, 273: 0, 277: 1, 278: height, 279: len(data)}
    tags[273] = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\x00" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0) + data


def linear_grey_profile() -> bytes:
    """An ICC profile of greys that are proportional to light."""
    white = struct.pack(">4s4xiii", b"XYZ ", 63190, 65536, 54061)
    parts = {
        b"desc": struct.pack(">4s4xI2s78x", b"desc", 2, b"g\x00"),
        b"cprt": struct.pack(">4s4x4s", b"text", b"x"),
        b"wtpt": white,
        b"kTRC": struct.pack(">4s4xIH2x", b"curv", 1, 256),
    }
    place, table = 128 + 4 + 12 * len(parts), struct.pack(">I", len(parts))
    for name, part in parts.items():
        table += struct.pack(">4sII", name, place, len(part))
        place += len(part)
    names = (b"lcms", b"\x02\x40\x00\x00", b"mntr", b"GRAY", b"XYZ ", b"acsp")
    head = struct.pack(">I4s4s4s4s4s12x4s28xiii", place, *names, 63190, 65536, 54061)
    return head.ljust(128, b"\x00") + table + b"".join(parts.values())


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
