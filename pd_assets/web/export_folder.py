"""The folder that an export is written to: whole or not at all, by one export at a time, and nothing of others' in it
is touched. What an export wrote is listed in its `export.json`, and that alone is replaced by the next one.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pd_assets.lib.errors import ConfigError

MARK = "export.json"
WRITER = "pdd open --export"
MOST_NAMED = 5


@contextmanager
def written(asked: Path) -> Iterator[Path]:
    """An empty folder to write in, which takes the place of `asked` when the block ends well and `finished` was said.

    ConfigError, before anything is done, where `asked` can be no folder, holds what no export wrote, or another export
    writes there.
    """
    folder = _place(asked)
    _require_own(folder)
    with _alone(folder) as work:
        new, before = work / "new", work / "before"
        if before.exists() and not folder.exists():
            # Of an export that was killed between two steps.
            before.rename(folder)
        _remove_listed(before)
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        try:
            yield new
            # Somebody may have put something there meanwhile.
            _require_own(folder)
            if folder.exists():
                folder.rename(before)
            new.rename(folder)
            _remove_listed(before)
        finally:
            shutil.rmtree(new, ignore_errors=True)


def finished(new: Path, pages: int) -> None:
    """List what was written."""
    files = sorted(str(path.relative_to(new)) for path in new.rglob("*") if path.is_file())
    told = {"by": WRITER, "written": datetime.now(UTC).isoformat(timespec="seconds"), "pages": pages, "files": files}
    (new / MARK).write_text(json.dumps(told, indent=1) + "\n")


def _place(asked: Path) -> Path:
    """Where the folder is or will be, behind links."""
    try:
        folder = asked.resolve()
        if asked.is_symlink() and not folder.exists():
            raise ConfigError(f"{asked} is a link that leads nowhere; expected a folder, or a place for a new one")
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"{asked} is a file; expected a folder, which is made where it is missing")
    except (OSError, RuntimeError, ValueError) as error:
        raise ConfigError(f"{asked} cannot be a folder ({getattr(error, 'strerror', None) or error})") from error
    if folder.parent == folder or os.path.ismount(folder):
        raise ConfigError(f"{asked} cannot be replaced as a whole; choose a folder in it")
    return folder


@contextmanager
def _alone(folder: Path) -> Iterator[Path]:
    """A folder beside it for one export at a time, on the same disk; the kernel takes the lock from one that dies."""
    work = folder.with_name(f".{folder.name[:200]}.pdd-export")
    try:
        work.mkdir(parents=True, exist_ok=True)
        lock = os.open(work, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written ({error.strerror}: {work.parent}); choose another") from error
    try:
        if not _is_ours(lock, work):
            raise ConfigError(f"another export writes {folder} at this time; wait for it, or choose another folder")
        try:
            yield work
        finally:
            if not any(work.iterdir()):
                work.rmdir()
    finally:
        os.close(lock)


def _is_ours(lock: int, work: Path) -> bool:
    """Whether the lock is had, and of the folder that is there: the export before takes its own along."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(lock), work.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def _require_own(folder: Path) -> None:
    if not folder.is_dir():
        return
    others = sorted(_others(folder, _listed(folder)))
    if others:
        named = ", ".join(others[:MOST_NAMED]) + (f" and {len(others) - MOST_NAMED} more" * (len(others) > MOST_NAMED))
        raise ConfigError(
            f"{folder} has other things in it, which no export wrote: {named}; expected a new folder, an empty one, or "
            "an earlier export alone"
        )


def _listed(folder: Path) -> set[str]:
    """What an earlier export wrote there; nothing where none did."""
    try:
        told = json.loads((folder / MARK).read_text())
        files = told["files"] if told["by"] == WRITER else ()
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    return {MARK, *files} if isinstance(files, list) and all(isinstance(one, str) for one in files) else set()


def _others(folder: Path, listed: Iterable[str]) -> Iterator[str]:
    """What lies there beside the listed: of a folder of others its name alone."""
    files = set(listed)
    ours = {str(parent) for one in files for parent in Path(one).parents}
    for at, folders, names in os.walk(folder):
        here = Path(at).relative_to(folder)
        yield from (str(here / name) for name in names if str(here / name) not in files)
        foreign = [name for name in folders if str(here / name) not in ours or (Path(at) / name).is_symlink()]
        yield from (f"{here / name}/" for name in foreign)
        folders[:] = [name for name in folders if name not in foreign]


def _remove_listed(before: Path) -> None:
    """Remove an earlier export. What somebody put in since it was looked at stays, and is named."""
    listed = _listed(before)
    for at, _, names in os.walk(before, topdown=False):
        for name in names:
            if str((Path(at) / name).relative_to(before)) in listed:
                (Path(at) / name).unlink()
        if not any(Path(at).iterdir()):
            Path(at).rmdir()
    if before.exists():
        raise ConfigError(f"{before} holds what somebody put into an earlier export; move it away")
