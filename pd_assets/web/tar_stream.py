"""A folder as one tar archive (POSIX 2001), streamed: its size is known before, and nothing is written to a disk."""

import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

Files = Sequence[tuple[str, int]]
BLOCK, PIECE = tarfile.BLOCKSIZE, 1 << 20


def size_of(top: str, files: Files) -> int:
    """The bytes of the archive."""
    inner = sum(len(_head(top, name, size)) + _padded(size) for name, size in files)
    return _rounded(inner + 2 * BLOCK, tarfile.RECORDSIZE)


def stream(folder: Path, top: str, files: Files) -> Iterator[bytes]:
    """The archive, each file below `top`. A file that is not of the size that was said ends it: it is never whole."""
    sent = 0
    for name, size in files:
        head = _head(top, name, size)
        yield head
        left = size
        with (folder / name).open("rb") as content:
            while left and (piece := content.read(min(PIECE, left))):
                left -= len(piece)
                yield piece
        if left:
            raise OSError(f"{folder / name}: {left} bytes less than when the archive was begun")
        yield b"\0" * (_padded(size) - size)
        sent += len(head) + _padded(size)
    yield b"\0" * (_rounded(sent + 2 * BLOCK, tarfile.RECORDSIZE) - sent)


def _head(top: str, name: str, size: int) -> bytes:
    """The same for the same file, whoever packs it."""
    info = tarfile.TarInfo(f"{top}/{name}")
    info.size, info.mode, info.mtime = size, 0o644, 0
    return info.tobuf(tarfile.PAX_FORMAT)


def _padded(size: int) -> int:
    return _rounded(size, BLOCK)


def _rounded(size: int, unit: int) -> int:
    return -(-size // unit) * unit
