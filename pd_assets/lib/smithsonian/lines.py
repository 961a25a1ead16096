"""The lines of a shard, one by one, in bounded memory however long one of them is. Plain, gzip or bzip2.

Every line that is not blank comes out, as its text or as the reason why it has none.
"""

import bz2
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, cast

# The longest record is far below that; it is what one line may cost in memory, and its JSON some times as much.
LONGEST_LINE_BYTES = 8_000_000
BLOCK_BYTES = 1 << 20
KEPT_OF_A_LONG_LINE = 20_000
BOM = b"\xef\xbb\xbf"
TOO_LONG, NOT_UTF8, BROKEN_STREAM = "too_long", "not_utf8", "broken_compression"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: its digest (BLAKE2b-128) and its text. With a `problem` the text is what is legible of its start."""

    signature: str
    text: str
    problem: str | None = None


def read_lines(path: Path, *, longest_bytes: int = LONGEST_LINE_BYTES) -> Iterator[Line]:
    """The lines that are not blank. Where the compression breaks off, a last line says so."""
    with _opened(path) as file:
        try:
            is_first = True
            while line := file.readline(longest_bytes + 1):
                if is_first and line.startswith(BOM):
                    line = line[len(BOM) :]
                is_first = False
                if len(line) > longest_bytes and not line.endswith(b"\n"):
                    yield _long_line(line, file)
                elif stripped := line.strip():
                    yield _line(stripped)
        except (EOFError, OSError, zlib.error) as error:
            if not _is_damage(error):
                raise
            yield Line(signature=_digest(b"").hexdigest(), text="", problem=BROKEN_STREAM)


def _line(content: bytes) -> Line:
    signature = _digest(content).hexdigest()
    try:
        return Line(signature=signature, text=content.decode())
    except UnicodeDecodeError:
        return Line(signature=signature, text=content.decode(errors="replace"), problem=NOT_UTF8)


def _long_line(start: bytes, file: BinaryIO) -> Line:
    """Run over the rest of a line that is too long; its digest is that of the whole."""
    digest = _digest(start)
    while block := file.readline(BLOCK_BYTES):
        digest.update(block)
        if block.endswith(b"\n"):
            break
    text = start[:KEPT_OF_A_LONG_LINE].decode(errors="replace")
    return Line(signature=digest.hexdigest(), text=text, problem=TOO_LONG)


def _digest(content: bytes) -> "blake2b":
    return blake2b(content, digest_size=16)


def _opened(path: Path) -> BinaryIO:
    """The file, decompressed by what it begins with, whatever it is called."""
    with path.open("rb") as file:
        start = file.read(3)
    if start.startswith(b"\x1f\x8b"):
        return cast(BinaryIO, gzip.open(path, "rb"))
    if start == b"BZh":
        return cast(BinaryIO, bz2.open(path, "rb"))
    return path.open("rb")


def _is_damage(error: Exception) -> bool:
    """Whether the data is to blame; an error of the disk carries a number."""
    return not isinstance(error, OSError) or error.errno is None
