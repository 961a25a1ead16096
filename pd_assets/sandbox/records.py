"""What the archive is made of: pages with their revisions and files, events, and the truth about a picture's rights."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from PIL import Image, UnidentifiedImageError

from pd_assets.sandbox.rendering import CategoryLink
from pd_assets.sandbox.scenes import Scene

_MIME = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "TIFF": "image/tiff", "GIF": "image/gif"}


class Content(Protocol):
    """The bytes of a file, made or read when asked for. Equal contents have equal bytes, so it must be hashable."""

    def read(self) -> bytes: ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """A file on disk."""

    path: Path

    def read(self) -> bytes:
        return self.path.read_bytes()


@dataclass(frozen=True, kw_only=True)
class Blob:
    """Bytes in memory."""

    data: bytes = field(repr=False)

    def read(self) -> bytes:
        return self.data


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is known of a page's picture because the sandbox made it.

    `free`: its rights are clear under the strictest reading (public domain in the US and at its source, or dedicated).
    `trap`: what makes the page hard, or "" for a plain page; see kinds.py. A free picture may still be undecodable.
    """

    free: bool
    trap: str = ""
    scene: Scene | None = None


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """What imageinfo reports of a file's bytes."""

    sha1: str
    size_bytes: int
    width: int
    height: int
    mime: str
    mediatype: str


@dataclass(frozen=True, kw_only=True)
class FileVersion:
    """One upload."""

    timestamp: str
    user: str
    comment: str
    content: Content


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One revision of a page: its text and its structured data (`statements` are pairs of property and item)."""

    revid: int
    parentid: int
    timestamp: str
    user: str
    comment: str
    text: str
    caption: str | None = None
    statements: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page with its history, oldest first; `versions` is empty unless it holds a file."""

    pageid: int
    title: str
    revisions: tuple[Revision, ...]
    touched: str
    versions: tuple[FileVersion, ...] = ()
    truth: Truth | None = None

    @property
    def latest(self) -> Revision:
        return self.revisions[-1]


@dataclass(frozen=True, kw_only=True)
class Member:
    """A page's membership of one category, since `timestamp`."""

    pageid: int
    link: CategoryLink
    timestamp: str


@dataclass(frozen=True, kw_only=True)
class LogEvent:
    """One line of the logs; `page_id` is the page's id when it happened."""

    logid: int
    timestamp: str
    type: str
    action: str
    title: str
    page_id: int
    user: str
    comment: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One line of the recent changes: an edit, a new page, a log event, or a page that joined or left a category."""

    rcid: int
    timestamp: str
    type: str
    title: str
    page_id: int
    user: str
    comment: str
    revid: int = 0
    old_revid: int = 0
    event: LogEvent | None = None


@dataclass(frozen=True, kw_only=True)
class NewPage:
    """A page that the archive starts with; a file page when `content` is given."""

    title: str
    text: str
    created: datetime
    user: str = "Archivist"
    content: Content | None = None
    caption: str | None = None
    statements: tuple[tuple[str, str], ...] = ()
    truth: Truth | None = None
    moved_to: str | None = None


def facts_of(data: bytes) -> FileFacts:
    """Reads a file's header, as an upload does: cut-off pictures pass, only decoding them fails."""
    sha1 = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    width, height, mime, mediatype = _kind_of(data)
    return FileFacts(sha1=sha1, size_bytes=len(data), width=width, height=height, mime=mime, mediatype=mediatype)


def _kind_of(data: bytes) -> tuple[int, int, str, str]:
    if data.startswith(b"%PDF"):
        return 595, 842, "application/pdf", "OFFICE"
    if b"<svg" in data[:500]:
        return 512, 512, "image/svg+xml", "DRAWING"
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            return width, height, _MIME.get(image.format or "", "application/octet-stream"), "BITMAP"
    except UnidentifiedImageError:
        return 0, 0, "unknown/unknown", "UNKNOWN"
