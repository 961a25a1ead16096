"""Looks up a picture file that somebody has: by its bytes, by those that the store would make of it, then by its look.

The file may be anybody's: it is decoded in a process of its own, with bounds on memory and time and without files and
network (images/pool.py). Errors: ConfigError.
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.images.decode import MOST_PIXELS, Picture, UnusableImage
from pd_assets.lib.images.pool import Bounds, Decoders
from pd_assets.lib.release.look import look_of
from pd_assets.lib.release.lookup import Lookup
from pd_assets.lib.release.nearest import nearest
from pd_assets.lib.release.pictures import Found, Match, items_of, with_copies

# As large as any file of an archive.
MOST_BYTES = 2_000_000_000


def find_by_file(home: Home, path: Path, *, max_side: int, lookup: Lookup | None = None) -> Found:
    """The items whose picture a file shows, and their copies; nothing in it where there is none."""
    return find_by_bytes(home, _read(path), called=str(path), max_side=max_side, lookup=lookup)


def find_by_bytes(
    home: Home,
    body: bytes,
    *,
    called: str,
    max_side: int,
    lookup: Lookup | None = None,
    bounds: Bounds | None = None,
) -> Found:
    """The same of the bytes of a file; `called` is what the error names it."""
    lookup = lookup or Lookup(home=home)
    # The decoder starts while the bytes are looked up.
    with Decoders(workers=1, bounds=bounds) as decoders, ThreadPoolExecutor(1) as beside:
        decoded = beside.submit(decoders.normalise, body, max_side=max_side)
        digests = {"sha256": hashlib.sha256(body).hexdigest(), "sha1": hashlib.sha1(body).hexdigest()}
        exact = [item for kind, digest in digests.items() for item in items_of(lookup, kind, digest)]
        if exact:
            return with_copies(lookup, dict.fromkeys(exact, "picture"))
        try:
            picture = decoded.result()
        except UnusableImage as error:
            raise ConfigError(
                f"{called}: found no picture that can be read ({error}); expected a whole JPEG, PNG, GIF, TIFF or WebP "
                f"of at most {MOST_PIXELS // 1_000_000} megapixels; its bytes are those of no picture here either"
            ) from error
    if stored := items_of(lookup, "sha256", picture.sha256):
        return with_copies(lookup, dict.fromkeys(stored, "picture"))
    matches = by_look(home, picture, lookup=lookup)
    found = with_copies(lookup, {one.item_id: "look" for one in matches})
    return replace(found, alike={one.item_id: one for one in matches})


def by_look(home: Home, picture: Picture, *, lookup: Lookup | None = None) -> list[Match]:
    """The items whose picture looks the same as a normalised one."""
    look = look_of(picture.body, phash=picture.phash, detail_hash=picture.quality.detail_hash)
    return nearest(home, look, lookup=lookup)


def _read(path: Path) -> bytes:
    size_bytes = path.stat().st_size
    if size_bytes > MOST_BYTES:
        raise ConfigError(f"{path}: {size_bytes} bytes, expected a picture of at most {MOST_BYTES}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error}); expected a picture file") from error
