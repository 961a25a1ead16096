"""The files of a bundle as they lie on the disk, and `manifest.json`, which has the digest of each. No torch in here.

A bundle holds plain files and folders only: no links, no hidden files, nothing that a model's signature leaves out.
Errors: BundleError.
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pd_ml.bundle import layout
from pd_ml.bundle.distrust import Problem, read_json
from pd_ml.bundle.facts import read_release
from pd_ml.bundle.papers import write_papers
from pd_ml.data.shards import sha256_of
from pd_ml.errors import BundleError

# What a model's signature leaves out by default, so that a bundle may hold none of them.
GIT_NAMES = frozenset({".git", ".github", ".gitignore", ".gitattributes"})
# What a hub adds to every copy of a repository: no part of the bundle, and no reader takes it for one.
ADDED_BY_HUBS = ".gitattributes"
# The files that `manifest.json` does not list.
NOT_LISTED = frozenset({layout.MANIFEST, layout.SIGNATURE})

_FILE, _FOLDER, _EMPTY, _GIT = "a file", "a folder", "an empty folder", "a folder of git"


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """One file: its SHA-256 and its size."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The plain files below a folder by relative path, and what is there beside plain files.

    `unsafe`: links, and what is neither file nor folder or cannot be looked at; nothing is read where there is one.
    """

    files: Mapping[str, Path]
    problems: tuple[Problem, ...]
    unsafe: tuple[Problem, ...]


def list_files(folder: Path, *, is_copy: bool = False) -> Listing:
    """What lies in a bundle's folder; no link is followed. BundleError where there is no such folder.

    `is_copy`: it may come from a hub, which puts ADDED_BY_HUBS beside it.
    """
    if not folder.is_dir():
        raise BundleError(f"{folder}: no folder; expected that of a bundle")
    files: dict[str, Path] = {}
    problems: list[Problem] = []
    unsafe: list[Problem] = []
    for name, path, kind in _entries(folder, unsafe):
        parts = PurePosixPath(name).parts
        if is_copy and name == ADDED_BY_HUBS and kind == _FILE:
            continue
        if kind == _EMPTY:
            problems.append(Problem(file=name, text="an empty folder, no part of a bundle; remove it"))
        elif kind == _FILE:
            files[name] = path
        elif kind not in (_FOLDER, _GIT):
            unsafe.append(Problem(file=name, text=f"{kind}, expected plain files and folders; nothing is read"))
        if parts[-1] in GIT_NAMES:
            text = "no part of a bundle, and no signature covers it (a hub or git adds it to its copies); remove it"
            problems.append(Problem(file=name, text=text))
        elif any(part.startswith(".") for part in parts):
            problems.append(Problem(file=name, text="a hidden file, no part of a bundle; remove it"))
        elif not _is_plain(parts[-1]):
            problems.append(Problem(file=name, text="a name that is not plain UTF-8, no part of a bundle; remove it"))
    return Listing(files=files, problems=tuple(problems), unsafe=tuple(unsafe))


def _entries(folder: Path, unsafe: list[Problem]) -> Iterator[tuple[str, Path, str]]:
    """Relative name, path and kind of all below `folder`; git's folders stay shut."""

    def cannot(error: OSError) -> None:
        name = Path(os.fsdecode(error.filename or folder)).relative_to(folder).as_posix()
        unsafe.append(Problem(file=name, text=f"cannot be looked at ({error.strerror})"))

    for here, folders, names in os.walk(folder, onerror=cannot):
        for name in sorted([*folders, *names]):
            path = Path(here, name)
            try:
                kind = _kind(path)
            except OSError as error:
                # Its path may be longer than any that can be asked for.
                kind = f"cannot be looked at ({error.strerror})"
            yield path.relative_to(folder).as_posix(), path, kind
        folders[:] = sorted(name for name in folders if name not in GIT_NAMES)


def _kind(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    if stat.S_ISREG(mode):
        return _FILE
    if not stat.S_ISDIR(mode):
        return "neither a file nor a folder"
    if path.name in GIT_NAMES:
        return _GIT
    # One that cannot be listed is told of by the walk.
    return _EMPTY if os.access(path, os.R_OK | os.X_OK) and not any(path.iterdir()) else _FOLDER


def _is_plain(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return name.isprintable() and "\\" not in name


def digests_of(listing: Listing, problems: list[Problem] | None = None) -> dict[str, Sealed]:
    """SHA-256 and size of each file, read once; where `problems` are given, a file that cannot be read is one."""
    found: dict[str, Sealed] = {}
    for name, path in listing.files.items():
        try:
            found[name] = Sealed(sha256=sha256_of(path), size_bytes=path.stat().st_size)
        except OSError as error:
            if problems is None:
                raise
            problems.append(Problem(file=name, text=f"cannot be read ({error.strerror})"))
    return found


def make_papers(folder: Path) -> int:
    """Write the papers of a bundle in the making, and then its manifest; how many files it lists. BundleError."""
    write_papers(folder)
    return write_manifest(folder)


def write_manifest(folder: Path) -> int:
    """Write `manifest.json` over all that lies in the folder; BundleError lists what may not be in a bundle."""
    listing = list_files(folder)
    require_plain(folder, listing)
    release = read_release(folder)
    files = {name: one for name, one in digests_of(listing).items() if name not in NOT_LISTED}
    content = {
        "format_version": layout.FORMAT_VERSION,
        "bundle": release.bundle,
        "stage": release.stage,
        "version": release.version,
        "files": {name: {"sha256": one.sha256, "size_bytes": one.size_bytes} for name, one in sorted(files.items())},
    }
    partial = folder / f".{layout.MANIFEST}.partial"
    partial.write_bytes((json.dumps(content, indent=1, sort_keys=True) + "\n").encode())
    os.replace(partial, folder / layout.MANIFEST)
    return len(files)


def require_plain(folder: Path, listing: Listing) -> None:
    """BundleError where a folder holds what may not be in a bundle."""
    if found := [*listing.unsafe, *listing.problems]:
        raise BundleError(f"{folder}: {'; '.join(str(problem) for problem in found)}")


def newer_format(path: Path) -> Problem | None:
    """Where a file says that it is of a newer format than this program knows, nothing else of it can be judged."""
    try:
        found = read_json(path).get("format_version")
    except BundleError:
        return None
    if not isinstance(found, int) or isinstance(found, bool) or found <= layout.FORMAT_VERSION:
        return None
    text = (
        f"a bundle of format {shown_number(found)}, this program reads up to {layout.FORMAT_VERSION}; verify it with "
        "a newer version"
    )
    return Problem(file=path.name, text=text)


def shown_number(number: int) -> str:
    """A number of any length in few characters."""
    return str(number) if abs(number) < 10**9 else "of more than nine digits"


def problems_of_manifest(folder: Path, found: Mapping[str, Sealed]) -> list[Problem]:
    """How `manifest.json` and the files that were found differ, file by file."""
    try:
        raw = read_json(folder / layout.MANIFEST)
    except BundleError as error:
        return [Problem(file=layout.MANIFEST, text=str(error))]
    problems = _problems_of_head(folder, raw)
    listed = raw.get("files")
    if not isinstance(listed, dict):
        return [*problems, Problem(file=layout.MANIFEST, text="`files` is no object of paths with their digests")]
    for name in sorted(set(found) - NOT_LISTED - set(listed)):
        problems.append(Problem(file=name, text=f"{layout.MANIFEST} does not list it; remove it"))
    for name in sorted(listed):
        if fault := _fault(name, listed[name], found):
            problems.append(Problem(file=name, text=fault))
    return problems


def _problems_of_head(folder: Path, raw: Mapping[str, Any]) -> list[Problem]:
    expected: dict[str, object] = {"format_version": layout.FORMAT_VERSION}
    try:
        release = read_json(folder / layout.RELEASE)
        expected |= {name: release.get(name) for name in ("bundle", "stage", "version")}
    except BundleError:
        # Told where release.json is read.
        pass
    return [
        Problem(file=layout.MANIFEST, text=f"{name} is {raw.get(name)!r}, expected {value!r} as {layout.RELEASE} says")
        for name, value in expected.items()
        if raw.get(name) != value or type(raw.get(name)) is not type(value)
    ]


def _fault(name: str, entry: object, found: Mapping[str, Sealed]) -> str | None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or path.as_posix() != name or name in NOT_LISTED:
        return f"{layout.MANIFEST} lists it, which is no path within a bundle"
    if name not in found:
        return f"is missing, and {layout.MANIFEST} lists it; this is half a bundle, fetch it again"
    there = found[name]
    if entry != {"sha256": there.sha256, "size_bytes": there.size_bytes}:
        told = entry if isinstance(entry, dict) else {}
        return (
            f"altered: {there.size_bytes} bytes with SHA-256 {there.sha256[:16]}, {layout.MANIFEST} says "
            f"{told.get('size_bytes')!r} with {str(told.get('sha256'))[:16]}; fetch the bundle again"
        )
    return None
