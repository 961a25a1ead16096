"""What shows that a file is damaged: the warnings of the libraries that read it, which Pillow drops.

libjpeg fills what it cannot read with grey and only warns; libtiff tells of damage on standard error alone. WebP and
GIF have no checksum: there only the transfer can be proven. Errors: UnusableImage, its text the same on every machine.
"""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import simplejpeg

# Some writers describe a scan oddly; its pixels are whole.
HARMLESS = ("invalid sos parameters",)
# The strict reader knows fewer kinds of JPEG than Pillow; of the others it cannot tell whether they are whole.
UNKNOWN_TO_IT = ("could not determine subsampling", "unsupported", "not supported", "not implemented", "arithmetic")
TRUNCATED = ("truncated file read", "corrupt exif data", "image file is truncated")
# Markers of a JPEG (ITU T.81, table B.1): frames of sequential coding, scans, and what is of no account for the pixels.
SEQUENTIAL, SCAN, FILL = (0xC0, 0xC1), 0xDA, 0xFF
ASIDE = frozenset({*range(0xE0, 0xF0), 0xFE})
WHOLE_SPECTRUM = b"\x00\x3f\x00"
PNG_END = b"IEND\xae\x42\x60\x82"
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class UnusableImage(Exception):
    """The bytes are no picture that we can use; the message says why."""


def reproducible(error: Exception) -> str:
    """What an error says, without the addresses in memory that differ from run to run."""
    return f"{type(error).__name__}: {ADDRESS.sub('', str(error))}"


def require_whole_jpeg(body: bytes) -> None:
    """Read every coefficient, and refuse what libjpeg warns of: data that ends early, bad codes, bytes left over."""
    try:
        # An eighth of the size and grey: all of the data is read, and hardly anything made of it.
        simplejpeg.decode_jpeg(_bare(body), colorspace="GRAY", min_factor=8, strict=True)
    except ValueError as error:
        said = str(error).lower()
        if "insufficient memory" in said:
            raise MemoryError from error
        if not any(words in said for words in HARMLESS + UNKNOWN_TO_IT):
            raise UnusableImage(f"cannot be decoded: damaged ({error})") from error


def _bare(body: bytes) -> bytes:
    """A JPEG without its profile, camera data and comments, and with the scan described as it must be.

    The strict reader tells of the first oddity alone, and behind a harmless one there may be damage.
    """
    kept, place, is_sequential = [body[:2]], 2, False
    while place + 4 <= len(body) and body[place] == 0xFF:
        marker, end = body[place + 1], place + 2 + int.from_bytes(body[place + 2 : place + 4])
        if marker == FILL:
            place += 1
            continue
        is_sequential |= marker in SEQUENTIAL
        if marker == SCAN:
            if is_sequential:
                kept.append(body[place : end - len(WHOLE_SPECTRUM)] + WHOLE_SPECTRUM)
                place = end
            break
        if marker not in ASIDE:
            kept.append(body[place:end])
        place = end
    return b"".join([*kept, body[place:]])


def require_whole_png(body: bytes) -> None:
    """The last chunk is there; the others have checksums, which Pillow looks at."""
    if PNG_END not in body:
        raise UnusableImage("cannot be decoded: damaged (the PNG ends before its last chunk)")


@contextmanager
def truncation_is_an_error() -> Iterator[None]:
    """Pillow only warns where the directory of a TIFF goes on beyond the end of the file."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        yield
    for warning in told:
        if any(words in str(warning.message).lower() for words in TRUNCATED):
            raise UnusableImage(f"cannot be decoded: damaged ({warning.message})")


@contextmanager
def errors_of_libtiff() -> Iterator[None]:
    """Refuse a picture whose library complains on standard error in the block. One thread of a process at a time."""
    reader, writer = os.pipe()
    # Whoever says more than a pipe holds has said enough.
    os.set_blocking(writer, False)
    kept = os.dup(2)
    os.dup2(writer, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(writer)
        with os.fdopen(reader, "rb") as file:
            said = file.read().decode(errors="replace").splitlines()
    if said:
        raise UnusableImage(f"cannot be decoded: damaged ({said[0]})")
