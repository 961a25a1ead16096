"""The seal of a run's folder: what the process outside found in it, kept beside it, out of the room's reach.

A training that goes on reads its own checkpoints. At each exit, and at each checkpoint, the files are digested. What a
run that was killed wrote after its last seal is taken away again; what is otherwise than it was sealed at an exit makes
the training unenforced. Errors: CleanRoomError.
"""

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pd_ml.data.shards import sha256_of
from pd_ml.errors import CleanRoomError
from pd_ml.provenance import LOCK
from pd_ml.room.given import Stamp, stamp_of
from pd_ml.room.levels import KERNEL

# What is made anew at each start: links to decoded pictures, and a place for temporary files.
CACHE, SCRATCH = ".cache", ".scratch"
_SUFFIX = ".seal"
_FORMAT_VERSION = 1
_BLOCK = 1 << 20


@dataclass(kw_only=True)
class Seal:
    """Files by relative path: stamp and SHA-256. `ended`: the run was at rest, nothing else may be there.

    `level`: what the run was until then; a training is as enforced as its least enforced part.
    """

    level: str
    ended: bool
    files: dict[str, tuple[Stamp, str]] = field(default_factory=dict)


def seal_path(partial: Path) -> Path:
    """Beside the folder."""
    return partial.with_name(f".{partial.name}{_SUFFIX}")


def plain_files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The files below a folder that the room wrote; CleanRoomError where one is anything but a file of its own.

    Outside, a link would be followed to what nothing inside could read.
    """
    for here, folders, names in os.walk(folder):
        if Path(here) == folder:
            folders[:] = [name for name in folders if name not in (CACHE, SCRATCH)]
        for name in [*folders, *names]:
            path = Path(here, name)
            found = path.lstat()
            if stat.S_ISDIR(found.st_mode):
                continue
            if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
                raise CleanRoomError(
                    f"{path}: a link or a special file, which a training makes none of; take it away and train again"
                )
            relative = path.relative_to(folder).as_posix()
            if relative != LOCK:
                yield relative, found


def write_seal(partial: Path, *, level: str, ended: bool) -> None:
    """Digest what is there, and note it; what has the stamp that the last seal names is not read again."""
    before = _read(partial)
    known = before.files if before else {}
    now = Seal(level=level, ended=ended)
    for name, found in plain_files(partial):
        stamp = stamp_of(found)
        try:
            digest = known[name][1] if name in known and known[name][0] == stamp else sha256_of(partial / name)
        except FileNotFoundError:
            # An old checkpoint that is removed meanwhile.
            continue
        now.files[name] = (stamp, digest)
    path = seal_path(partial)
    written = path.with_name(f"{path.name}.partial")
    files = {name: {**asdict(stamp), "sha256": digest} for name, (stamp, digest) in now.files.items()}
    told = {"format_version": _FORMAT_VERSION, "level": level, "ended": ended, "files": files}
    written.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")
    os.replace(written, path)


def remove_seal(partial: Path) -> None:
    """When the folder is gone."""
    seal_path(partial).unlink(missing_ok=True)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a training goes on from: its level so far, why that cannot be told (None: it can), what was taken away."""

    level: str = KERNEL
    problem: str | None = None
    taken: Sequence[str] = ()


def open_again(partial: Path) -> Found:
    """Look at a run's folder before it is gone on with; of a run that was killed, what no seal names is taken away."""
    for name in (CACHE, SCRATCH):
        shutil.rmtree(partial / name, ignore_errors=True)
    try:
        found = dict(plain_files(partial))
    except CleanRoomError as error:
        return Found(problem=str(error))
    if not found:
        return Found()
    seal = _read(partial)
    if seal is None:
        return Found(problem="the run's folder was begun without a seal")
    if not seal.ended:
        return Found(level=seal.level, taken=_restore(partial, seal, found))
    changed = [name for name in found if name not in seal.files or not _is_same(partial, name, seal, found[name])]
    changed += [name for name in seal.files if name not in found]
    if changed:
        told = ", ".join(sorted(changed)[:4])
        return Found(level=seal.level, problem=f"the run's folder is not as it was sealed: {told}")
    return Found(level=seal.level)


def _is_same(partial: Path, name: str, seal: Seal, found: os.stat_result) -> bool:
    stamp, digest = seal.files[name]
    return stamp == stamp_of(found) or (stamp.size_bytes == found.st_size and sha256_of(partial / name) == digest)


def _restore(partial: Path, seal: Seal, found: Mapping[str, os.stat_result]) -> list[str]:
    """Take away what was written after the seal: whole files, and what was added to those that only grow."""
    taken = []
    for name, state in found.items():
        path = partial / name
        if name not in seal.files:
            path.unlink()
            taken.append(name)
        elif not _is_same(partial, name, seal, state):
            stamp, digest = seal.files[name]
            if state.st_size > stamp.size_bytes and _begins_with(path, stamp.size_bytes, digest):
                os.truncate(path, stamp.size_bytes)
            else:
                path.unlink()
            taken.append(name)
    return taken


def _begins_with(path: Path, size_bytes: int, digest: str) -> bool:
    hashed, left = hashlib.sha256(), size_bytes
    with path.open("rb") as file:
        while left and (block := file.read(min(_BLOCK, left))):
            hashed.update(block)
            left -= len(block)
    return not left and hashed.hexdigest() == digest


def _read(partial: Path) -> Seal | None:
    try:
        raw = json.loads(seal_path(partial).read_text())
        if raw["format_version"] != _FORMAT_VERSION:
            return None
        files = {
            name: (Stamp(**{key: value for key, value in entry.items() if key != "sha256"}), str(entry["sha256"]))
            for name, entry in raw["files"].items()
        }
        return Seal(level=str(raw["level"]), ended=bool(raw["ended"]), files=files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
