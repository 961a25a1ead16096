"""What a training is given to read: every file by name, size and SHA-256, and whether it stayed what it was.

Names begin with what a folder is to the training (`dataset/train-00000.parquet`, `clip/config.json`): the list goes out
with the weights, and says nothing of a machine. Errors: CleanRoomError.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pd_ml.data.shards import sha256_of
from pd_ml.errors import CleanRoomError

_BYTECODE = "__pycache__"
_KINDS = {
    stat.S_IFSOCK: "a socket",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What tells that a file is the one that was looked at before."""

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    links: int


@dataclass(frozen=True, kw_only=True)
class Given:
    """Folders and files by what they are to the training, and the stamp of every file in them."""

    roots: Mapping[str, Path]
    stamps: Mapping[str, Stamp]

    def path(self, name: str) -> Path:
        role, _, rest = name.partition("/")
        return self.roots[role] / rest if rest else self.roots[role]


def stamp_of(found: os.stat_result) -> Stamp:
    """Of a file's status."""
    return Stamp(
        device=found.st_dev,
        inode=found.st_ino,
        size_bytes=found.st_size,
        mtime_ns=found.st_mtime_ns,
        ctime_ns=found.st_ctime_ns,
        links=found.st_nlink,
    )


def look(roots: Mapping[str, Path]) -> Given:
    """Every file below `roots`, which lead through no link; CleanRoomError names all that may not be given.

    A socket, a FIFO or a device lets somebody outside answer, and a link leads to what was not given.
    """
    stamps: dict[str, Stamp] = {}
    problems: list[str] = []
    for role, root in roots.items():
        for name, path in _below(role, root):
            found = path.lstat()
            kind = _KINDS.get(stat.S_IFMT(found.st_mode))
            if kind is not None:
                problems.append(f"{path} is {kind}")
                continue
            if stat.S_ISLNK(found.st_mode):
                target = Path(os.path.realpath(path))
                if not any(target.is_relative_to(one) for one in roots.values()):
                    problems.append(f"{path} is a link to {target}, which is not given")
                    continue
                if target.is_dir():
                    continue
                found = path.stat()
            stamps[name] = stamp_of(found)
    if problems:
        raise CleanRoomError(
            f"{'; '.join(problems)}; a training is given ordinary files: take these away, or copy what they lead to"
        )
    return Given(roots=roots, stamps=stamps)


def _below(role: str, root: Path) -> list[tuple[str, Path]]:
    if not root.is_dir():
        return [(role, root)]
    found = []
    for folder, folders, names in os.walk(root):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in sorted([*names, *links]):
            path = Path(folder, name)
            found.append((f"{role}/{path.relative_to(root).as_posix()}", path))
    return sorted(found)


def digests(given: Given, known: Mapping[str, str]) -> dict[str, str]:
    """SHA-256 of every file by name; those that `known` tells were read and compared already."""
    return {name: known.get(name) or sha256_of(given.path(name)) for name in given.stamps}


def differences(before: Given, read: Mapping[str, str]) -> list[str]:
    """What is not as it was: in words, by name.

    A file that only got another hard link (another version of a dataset shares its shards so) is read again, and so is
    compiled code.
    """
    try:
        after = look(before.roots).stamps
    except (CleanRoomError, OSError) as error:
        return [str(error)]
    told = [f"{name} is gone" for name in before.stamps if name not in after]
    told += [f"{name} came" for name in after if name not in before.stamps and _BYTECODE not in name]
    for name, stamp in before.stamps.items():
        now = after.get(name, stamp)
        if now != stamp and not _is_harmless(name, stamp, now, before.path(name), read[name]):
            told.append(f"{name} was changed")
    return told


def _is_harmless(name: str, before: Stamp, now: Stamp, path: Path, digest: str) -> bool:
    """Another training may have compiled the same code at the same time."""
    same = all(getattr(before, part) == getattr(now, part) for part in ("device", "inode", "size_bytes", "mtime_ns"))
    is_linked = same and before.links != now.links
    return (is_linked or _BYTECODE in name) and sha256_of(path) == digest
