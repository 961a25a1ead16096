"""Decoded pictures that trainings share: lent to a room to read, and taken over from it when it made new ones.

A room writes its own folder only. What it decoded there goes to the cache with its SHA-256, and is lent to the next
one; an array that no room made is lent to none, and decoded again.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from pd_ml.data.shards import sha256_of
from pd_ml.room.given import Stamp, stamp_of

_NOTE = "decoded-inside.json"


def lend(cache: Path, own: Path, dataset_digest: str) -> dict[str, tuple[Path, str]]:
    """Links in `own` to what rooms decoded of a dataset: path in the cache -> file, SHA-256."""
    own.mkdir(parents=True, exist_ok=True)
    beginning = dataset_digest[:16]
    lent: dict[str, tuple[Path, str]] = {}
    for name, (stamp, digest) in _noted(cache).items():
        path = cache / name
        if name.startswith(beginning) and path.is_file() and stamp_of(path.stat()) == stamp:
            lent[name] = (path.resolve(), digest)
    for name, (path, _) in lent.items():
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).symlink_to(path)
    # Which shards were read through; another training may write it anew at any time.
    verified = cache / f"{beginning}-verified.json"
    if verified.is_file():
        shutil.copyfile(verified, own / verified.name)
    return lent


def take_over(own: Path, cache: Path, *, made_inside: bool) -> None:
    """Move new arrays from `own` to the cache, and note those that a room made."""
    new = [path for path in sorted(own.rglob("*.npy")) if path.is_file() and not path.is_symlink()]
    new = [path for path in new if not path.name.startswith(".") and path.stat().st_nlink == 1]
    if not new:
        return
    with _alone(cache):
        noted = _noted(cache)
        for path in new:
            name = path.relative_to(own).as_posix()
            if name in noted and (cache / name).is_file():
                # Another training was first, and may be lent to a third one.
                continue
            digest = sha256_of(path) if made_inside else ""
            (cache / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, cache / name)
            noted.pop(name, None)
            if made_inside:
                noted[name] = (stamp_of((cache / name).stat()), digest)
        _note(cache, noted)


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f".{_NOTE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _noted(cache: Path) -> dict[str, tuple[Stamp, str]]:
    try:
        raw = json.loads((cache / _NOTE).read_text())
        return {
            name: (Stamp(**{key: value for key, value in entry.items() if key != "sha256"}), str(entry["sha256"]))
            for name, entry in raw.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _note(cache: Path, noted: Mapping[str, tuple[Stamp, str]]) -> None:
    there = {name: entry for name, entry in noted.items() if (cache / name).is_file()}
    text = json.dumps({name: {**asdict(stamp), "sha256": digest} for name, (stamp, digest) in there.items()}, indent=1)
    partial = cache / f".{_NOTE}.partial"
    partial.write_text(text + "\n")
    os.replace(partial, cache / _NOTE)
