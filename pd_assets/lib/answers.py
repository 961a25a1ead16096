"""What an archive answers, read within bounds: counted as it unpacks, and whole or not at all.

Errors: BadAnswer for what came broken and may come better, FetchFailed for what is too large.
"""

import io
import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests

from pd_assets.lib.connections import BadAnswer, reason
from pd_assets.lib.errors import FetchFailed

MOST_BYTES = 400_000_000
# For the answers of an API, and for all that comes packed into memory: pictures are not asked for so.
MOST_UNPACKED_BYTES = 64 << 20
# Of a page that tells of an error.
MOST_ERROR_BYTES = 1 << 20
BLOCK_BYTES = 1 << 16
GZIP = 16 + zlib.MAX_WBITS
# What a firewall before an archive says, with status 200 or 403, to whoever came too often or asked oddly.
REJECTED_MARK = b"request rejected"
SECONDS = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?")
LENGTH = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer with status 200, read whole; one that was downloaded has only the start of its body in here.

    The status is 304 where a download was asked for on a condition and nothing has changed.
    """

    url: str
    body: bytes
    headers: Mapping[str, str]
    status: int = 200

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def is_html(self) -> bool:
        """Whether this is a web page, whatever it calls itself: neither an API nor a picture answers with one."""
        start = self.body[:200].lstrip().lower()
        return self.content_type == "text/html" or start.startswith((b"<!doctype html", b"<html"))

    @property
    def is_rejection(self) -> bool:
        """Whether this is the page of a firewall that rejects the request."""
        return self.is_html and REJECTED_MARK in self.body[:5000].lower()


@dataclass(kw_only=True)
class Reading:
    """The reading of one answer, and what it costs. `pace` is told of bytes, and waits where they come too fast."""

    pace: Callable[[int], float]
    read_timeout_s: float
    deadline_s: float
    size_bytes: int = 0
    waited_s: float = 0.0
    errors: list[str] = field(default_factory=list)

    def body(self, response: requests.Response, most_bytes: int) -> bytes:
        """The whole body."""
        is_packed = bool(_packing(response))
        body = io.BytesIO()
        for block in self.blocks(response, min(most_bytes, MOST_UNPACKED_BYTES) if is_packed else most_bytes):
            body.write(block)
        return body.getvalue()

    def into(self, path: Path, response: requests.Response, most_bytes: int) -> bytes:
        """The whole body into a file; its start."""
        start = b""
        with path.open("wb") as file:
            for block in self.blocks(response, most_bytes):
                file.write(block)
                start = start or block
        return start

    def start(self, response: requests.Response) -> bytes:
        """What can be had of the page that tells of an error."""
        body = b""
        try:
            for block in self.blocks(response, MOST_ERROR_BYTES):
                body += block
        except (BadAnswer, FetchFailed):
            self.errors.clear()
        return body

    def blocks(self, response: requests.Response, most_bytes: int) -> Iterator[bytes]:
        """The body piece by piece, unpacked, no faster than the bandwidth allows."""
        length = response.headers.get("content-length")
        if length is not None and not LENGTH.fullmatch(length):
            raise BadAnswer(f"its Content-Length is {length[:40]!r}")
        if length and int(length) > most_bytes:
            self._too_large(response, f"{length} bytes, more than {most_bytes}")
        packed = self._on_the_line(response)
        size = 0
        for block in unpacked(packed) if _packing(response) else packed:
            size += len(block)
            if size > most_bytes:
                self._too_large(response, f"more than {most_bytes} bytes")
            yield block

    def _on_the_line(self, response: requests.Response) -> Iterator[bytes]:
        started = time.monotonic()
        while block := self._next(response):
            self.size_bytes += len(block)
            if time.monotonic() - started - self.waited_s > self.deadline_s:
                raise BadAnswer(f"the answer was not whole after {self.deadline_s:g} s")
            yield block
            self.waited_s += self.pace(len(block))

    def _next(self, response: requests.Response) -> bytes:
        # `read1` returns with whatever came; reading full blocks, a body that trickles would never be looked at.
        try:
            block: bytes = response.raw.read1(BLOCK_BYTES, decode_content=False)
        except MemoryError:
            raise
        except Exception as error:
            raise BadAnswer(reason(error, self.read_timeout_s)) from error
        return block

    def _too_large(self, response: requests.Response, found: str) -> None:
        self.errors.append("too large")
        raise FetchFailed(f"{response.url}: {found}", permanent=True)


def unpacked(packed: Iterable[bytes]) -> Iterator[bytes]:
    """Undo gzip, a piece of bounded size at a time; BadAnswer where it is damaged or ends too soon."""
    unpacker = zlib.decompressobj(GZIP)
    is_whole = True
    for block in packed:
        is_whole, rest, piece = False, block, b""
        while rest or len(piece) == BLOCK_BYTES:
            try:
                piece = unpacker.decompress(rest, BLOCK_BYTES)
            except zlib.error:
                raise BadAnswer("its gzip is damaged") from None
            yield piece
            rest = unpacker.unconsumed_tail
            if unpacker.eof:
                # Another one may follow.
                rest, is_whole, piece = unpacker.unused_data, True, b""
                unpacker = zlib.decompressobj(GZIP)
            else:
                is_whole = False
    if not is_whole:
        raise BadAnswer("its gzip ends too soon")


def _packing(response: requests.Response) -> str:
    """`gzip` or nothing; BadAnswer for what nobody asked for."""
    named = response.headers.get("content-encoding", "").strip().lower()
    if named not in ("", "identity", "gzip", "x-gzip"):
        raise BadAnswer(f"it is packed as {named[:40]!r}, which was not asked for")
    return named.removeprefix("x-").removeprefix("identity")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The seconds that a `Retry-After` header asks for (a number or a date), or None where it is absent or neither."""
    value = (headers.get("Retry-After") or headers.get("retry-after") or "").strip()
    if SECONDS.fullmatch(value):
        return max(0.0, float(value))
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
