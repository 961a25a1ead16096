"""What vouches for the bytes of a picture: the SHA-1 that the archive gives, the host's ETag, the size on the page.

Errors: UnusableImage, which says what was found and what was expected.
"""

import hashlib
import json
import logging
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pd_assets.lib.home import write_text
from pd_assets.lib.http import Answer
from pd_assets.lib.images.decode import MOST_PIXELS, Picture, UnusableImage, sniff

UNTYPED = frozenset({"", "application/octet-stream", "binary/octet-stream"})
MD5 = re.compile("[0-9a-f]{32}")
# Pixels that scaling may round a side by, and one more.
ROUNDED_PX = 2

log = logging.getLogger(__name__)


def refuse_bomb(item: Mapping[str, object]) -> None:
    """Nothing is downloaded that will not be decoded; the decoder looks again at what the bytes say."""
    width, height = _size_of(item)
    if width * height > MOST_PIXELS:
        raise UnusableImage(f"the page gives {width} x {height} pixels, more than {MOST_PIXELS}")


def require_picture(answer: Answer, sha1: str | None) -> None:
    """The answer calls itself a picture, begins like one, and has the SHA-1 if there is one."""
    kind = answer.content_type
    if sniff(answer.body) is None or not (kind in UNTYPED or kind.startswith("image/")):
        raise UnusableImage(
            f"{answer.url} answered {kind or 'no media type'} that begins {answer.body[:12]!r}, which is no picture"
        )
    if sha1 is not None and hashlib.sha1(answer.body, usedforsecurity=False).hexdigest() != sha1:
        raise UnusableImage(f"{answer.url}: the bytes do not have the SHA-1 that the page gives")


def require_size(item: Mapping[str, object], picture: Picture, *, is_exact: bool, least_side: int) -> None:
    """The picture has the size on the page (`is_exact`), or is a smaller version that still has `least_side` pixels.

    Sides may change places, as a camera may have been held upright. Nothing is asked where the page gives no size.
    """
    whole, found = _size_of(item), picture.sizes[0]
    if not all(whole):
        return
    if is_exact:
        fits = any(size in (whole, whole[::-1]) for size in picture.sizes)
    else:
        fits = max(found) >= min(least_side, max(whole)) - ROUNDED_PX
    if not fits or not is_scaled(found, of=whole):
        raise UnusableImage(
            f"the page gives {whole[0]} x {whole[1]} pixels, and what came has {found[0]} x {found[1]}"
            + ("" if is_exact else f": no smaller version of that with {least_side} pixels")
        )


def is_scaled(size: tuple[int, int], *, of: tuple[int, int]) -> bool:
    """Whether a size is another one scaled down, within rounding, its sides in any order."""
    width, height = size
    return any(
        width < whole_width + ROUNDED_PX
        and height < whole_height + ROUNDED_PX
        and abs(width * whole_height - height * whole_width) < ROUNDED_PX * max(of)
        for whole_width, whole_height in (of, of[::-1])
    )


def _size_of(item: Mapping[str, object]) -> tuple[int, int]:
    """The size that the page gives, 0 for what it does not say."""
    width, height = item["width"], item["height"]
    return width if isinstance(width, int) else 0, height if isinstance(height, int) else 0


class Etags:
    """The hosts that give the MD5 of a file as its ETag: known once one was seen to, and for later runs in a file.

    Other hosts' ETags mean something else. Thread-safe.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._hosts = _read(path)
        # What came from a host that was not known then: item -> host, reason.
        self._doubtful: dict[str, tuple[str, str]] = {}

    def require_md5(self, answer: Answer, item_id: str) -> None:
        """Compare, where the ETag looks like an MD5 and the host is known to mean that."""
        etag = answer.headers.get("etag", "").removeprefix("W/").strip('"').lower()
        host = urlsplit(answer.url).netloc
        with self._lock:
            self._doubtful.pop(item_id, None)
            if not MD5.fullmatch(etag):
                return
            if etag == hashlib.md5(answer.body, usedforsecurity=False).hexdigest():
                self._note(host)
                return
            reason = f"{answer.url}: the bytes do not have the MD5 that the host gives as their ETag"
            if host in self._hosts:
                raise UnusableImage(reason)
            self._doubtful[item_id] = host, reason

    def belied(self) -> dict[str, str]:
        """Items whose bytes came before their host was known, and do not have its MD5; the reason of each."""
        with self._lock:
            return {item: reason for item, (host, reason) in self._doubtful.items() if host in self._hosts}

    def _note(self, host: str) -> None:
        if host not in self._hosts:
            self._hosts.add(host)
            write_text(self._path, json.dumps({"md5_as_etag": sorted(self._hosts)}) + "\n")


def _read(path: Path) -> set[str]:
    try:
        return {str(host) for host in json.loads(path.read_text())["md5_as_etag"]}
    except FileNotFoundError:
        return set()
    except (ValueError, KeyError, TypeError) as error:
        log.warning("%s: damaged (%s), made anew: which hosts give an MD5 is seen again", path, error)
        return set()
