"""Where everything lies under PD_HOME, and how it is written: beside its place, then renamed into it.

No table schemas in here (lib/catalog/schemas has them) and no Parquet.
"""

import atexit
import fcntl
import filecmp
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote

from pd_assets.lib.catalog.buckets import is_number
from pd_assets.lib.errors import ConfigError, PdError, WorkUnderWay
from pd_assets.lib.remote.address import RemoteAddress
from pd_ml.disk import is_full

SAFE_IN_NAMES = " ()',;=+&@!"
# File systems take 255 bytes a name. A longer one goes on in a folder below; no percent-encoded name ends in `%_`.
LONGEST_NAME = 240
GOES_ON = "%_"
# It counts what it may spill from the room that the disk has.
DUCKDB_IS_FULL = ("max_temp_directory_size",)
BUCKETS = "buckets.json"
# The tables that are cut into buckets, as lib/catalog/schemas says.
BY_BUCKET = ("rights/decisions", "images/files", "dataset/captions", "dataset/splits")
# A change to another number that is under way: lib/catalog/rebucket.py.
REBUCKET = "rebucket.json"
# Held by all that work on a home on this disk, and by one alone that changes its buckets.
WORK_LOCK = ".at_work"
# The checksum of a small JSON file, in itself.
CHECK = "check"

log = logging.getLogger(__name__)


class Copy(Protocol):
    """What a home that is the working copy of a bucket knows (lib/remote); paths as below its root."""

    def at_work(self) -> AbstractContextManager[None]: ...

    def fetch(self, places: Iterable[str]) -> None: ...

    def matching(self, pattern: str) -> list[str]: ...

    def size_bytes(self, path: str) -> int | None: ...


@dataclass(frozen=True, kw_only=True)
class Home:
    """The folder PD_HOME and the places in it. `copy` where it is the working copy of a bucket."""

    root: Path
    copy: Copy | None = field(default=None, compare=False, repr=False)
    # Of one that is only asked (`open_home(to_ask=True)`): what a question spills goes here, and nothing in it changes.
    elsewhere: Path | None = field(default=None, compare=False, repr=False)

    @property
    def may_write(self) -> bool:
        return self.elsewhere is None

    @property
    def scratch(self) -> Path:
        """Where joins spill what exceeds the memory."""
        return self.elsewhere or self.root / ".tmp"

    def table(self, key: str) -> Path:
        """The folder of a table, `key` as in Dagster: `rights/decisions`."""
        return self.root / key

    def partition(self, key: str, partition: str) -> Path:
        """The subfolder of one partition, its name percent-encoded; a folder in a folder where that is too long."""
        assert partition, f"{key}: a partition has a name"
        return self.table(key).joinpath(*_folder_names(partition))

    def partitions(self, key: str) -> dict[str, Path]:
        """The partitions that a table holds, name -> folder, in the order of their names."""
        found = {unquote(encoded): path for encoded, path in _encoded_partitions(self.table(key))}
        return dict(sorted(found.items()))

    @property
    def buckets(self) -> int:
        """How many item buckets the home was made with (lib/catalog/buckets.py); ConfigError where nobody can tell."""
        path = self.root / BUCKETS
        try:
            if not path.is_file():
                return self._without_note
            found = read_checked(path)["buckets"]
            if type(found) is not int or not is_number(found):
                raise ValueError(f"buckets {found!r}")
            return found
        except (OSError, ValueError, KeyError) as error:
            raise ConfigError(
                f'{path}: damaged ({error}); expected {{"buckets": 16}}, the number that this home was made with; '
                "run `pdd doctor --repair`"
            ) from error

    @property
    def _without_note(self) -> int:
        """The number of a home that notes none: 1; ValueError where files of several buckets say that it did."""
        for key in BY_BUCKET:
            if any(self.table(key).glob("part-[1-9]*.parquet")):
                raise ValueError(f"it is gone, and {key} has files of several buckets")
        return 1

    def settle_buckets(self, wanted: int) -> None:
        """Keep to the number that the home was made with; a new one is made with `wanted`, 0 being whatever it is.

        ConfigError where it was made with another.
        """
        if wanted > 1 and not self.is_made:
            self.fix_buckets(wanted)
        elif wanted and (found := self.buckets) != wanted:
            raise ConfigError(
                f"PD_BUCKETS={wanted}, and PD_HOME={self.root} was made with {found}: run `pdd rebucket {wanted}`, "
                "which fetches and decides nothing anew, or unset PD_BUCKETS"
            )

    @property
    def is_made(self) -> bool:
        """Whether the number of its buckets is settled: it is noted, or something is cut into them."""
        cut = (self.table(key).glob("*.parquet") for key in BY_BUCKET)
        return (self.root / BUCKETS).is_file() or any(next(files, None) is not None for files in cut)

    def fix_buckets(self, buckets: int) -> None:
        """Note the number of item buckets that what is per item is cut into from now on."""
        write_checked(self.root / BUCKETS, {"buckets": buckets})

    @property
    def images(self) -> Path:
        return self.root / "images"

    def fetched(self, *places: Path) -> None:
        """Have the bytes of files, and of all files in folders, on this disk: a working copy lacks what is large."""
        if self.copy is not None:
            self.copy.fetch([self._name(place) for place in places])

    def matching(self, pattern: str) -> list[Path]:
        """The files whose path below the root matches a pattern, on this disk."""
        if self.copy is not None:
            self.copy.fetch(self.copy.matching(pattern))
        return sorted(self.root.glob(pattern))

    def size_bytes(self, path: Path) -> int:
        """The size of a file, here or in the bucket. FileNotFoundError where there is none."""
        size_bytes = self.copy.size_bytes(self._name(path)) if self.copy is not None and not path.is_file() else None
        return path.stat().st_size if size_bytes is None else size_bytes

    def holds(self, path: Path) -> bool:
        """Whether there is a file, here or in the bucket."""
        return path.is_file() or (self.copy is not None and self.copy.size_bytes(self._name(path)) is not None)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    @property
    def catalog(self) -> Path:
        return self.root / "catalog.duckdb"

    def dataset(self, name: str, version: str) -> Path:
        return self.root / "dataset" / name / version

    def model(self, name: str, version: str) -> Path:
        return self.root / "models" / name / version

    def latest(self, kind: str, name: str) -> Path | None:
        """The folder that `latest` names for a dataset (`kind` = "dataset") or a model ("models"), or None."""
        version = self.pointed(kind, name, "latest")
        folder = self.root / kind / name / (version or "")
        return folder if version and folder.is_dir() else None

    def pointed(self, kind: str, name: str, pointer: str) -> str | None:
        """The version that a pointer file names, or None where there is none."""
        path = self.root / kind / name / pointer
        return path.read_text().strip() if path.is_file() else None

    def point(self, kind: str, name: str, pointer: str, version: str) -> None:
        """Make a pointer (`latest`, or `exported`: shards that wait for their manifest) name a version."""
        write_text(self.root / kind / name / pointer, version + "\n")

    def claim(self, archive: str) -> None:
        """Note twice which archive fills this home. ConfigError where another one did: page ids would be mixed up."""
        if (found := self.archive) not in (None, archive):
            raise ConfigError(
                f"PD_HOME={self.root} holds pictures of {found}, and PD_COMMONS_API is {archive}; "
                "set PD_HOME to another folder, or PD_COMMONS_API to the archive of this one"
            )
        self.claim_anew(archive)

    def claim_anew(self, archive: str) -> None:
        """Note it whatever was noted before."""
        for path in self._archive_markers:
            write_checked(path, {"api": archive})

    @property
    def archive(self) -> str | None:
        """The archive that filled this home, or None while it is empty."""
        problem: Exception | None = None
        for marker in self._archive_markers:
            try:
                if marker.is_file():
                    return str(read_checked(marker)["api"])
            except (OSError, ValueError, KeyError) as error:
                problem = problem or error
        if problem is not None:
            raise ConfigError(
                f'{self._archive_markers[0]}: damaged ({problem}), and so is its second copy; expected {{"api": '
                '"https://..."}, the archive that filled this folder; run `pdd doctor --repair`'
            ) from problem
        return None

    @property
    def _archive_markers(self) -> tuple[Path, Path]:
        return self.root / "commons" / "archive.json", self.root / "commons" / ".archive.json.second"


def _folder_names(partition: str) -> list[str]:
    """The names of the folders, one in the other, that stand for a partition. None begins with a dot."""
    rest = quote(partition, safe=SAFE_IN_NAMES)
    names: list[str] = []
    while len(rest) > LONGEST_NAME:
        names.append(_without_leading_dot(rest[:LONGEST_NAME]) + GOES_ON)
        rest = rest[LONGEST_NAME:]
    return [*names, _without_leading_dot(rest)]


def _without_leading_dot(name: str) -> str:
    return "%2E" + name[1:] if name.startswith(".") else name


def _encoded_partitions(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name.startswith(".") or not path.is_dir():
            continue
        if path.name.endswith(GOES_ON):
            for rest, below in _encoded_partitions(path):
                yield path.name.removesuffix(GOES_ON) + rest, below
        else:
            yield path.name, path


def open_home(
    place: Path | RemoteAddress, *, as_it_is: bool = False, to_ask: bool = False, any_format: bool = False
) -> Home:
    """The home at `place`, made where it is missing; ConfigError where it cannot be written, or is of another format.

    With `to_ask` nothing is made and nothing in it is written, so that it may be read-only.

    For one in a bucket, its working copy as up to date as can be: RemoteError where the bucket cannot be used. With
    `as_it_is` nobody is asked.
    """
    if isinstance(place, RemoteAddress):
        return _open_remote(place, as_it_is=as_it_is)
    # Imported here: migrations imports this module.
    from pd_assets.lib import migrations

    if to_ask:
        if not place.is_dir():
            raise ConfigError(f"PD_HOME={place}: there is no such folder; set PD_HOME to a home, or run pdd demo first")
        asked = Home(root=place.resolve(), elsewhere=_for_a_while())
        migrations.refuse_newer(asked)
        require_settled(asked, to_ask=True)
        return asked
    _require_writable(place, "PD_HOME")
    home = Home(root=place.resolve())
    if not any_format:
        migrations.require_current(home)
        require_settled(home, to_ask=True)
    return home


def is_read_only(place: Path | RemoteAddress) -> bool:
    """Whether a folder is there and must not be written: its file system says so, or nobody has the right to."""
    if isinstance(place, RemoteAddress) or not place.is_dir():
        return False
    return not os.access(place, os.W_OK) or not place.stat().st_mode & 0o222


@cache
def _for_a_while() -> Path:
    """A folder that goes when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="pdd-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _open_remote(address: RemoteAddress, *, as_it_is: bool) -> Home:
    # Imported here: working_copy imports this module.
    from pd_assets.lib.remote.working_copy import WorkingCopy

    copy = WorkingCopy.of(address)
    _require_writable(copy.root, "PD_HOME_CACHE")
    if not as_it_is:
        copy.bring_up_to_date()
    return copy.home


def _require_writable(folder: Path, setting: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(
            f"{setting}={folder} cannot be written ({error.strerror or error}); set {setting} to a folder that you "
            "may write"
        ) from error


@contextmanager
def at_work(home: Home, *, alone: bool = False) -> Iterator[Home]:
    """Write the home in the block, which is noted to be of this version's format.

    One in a bucket is written by one machine at a time, and published at the end. `alone`: WorkUnderWay where another
    process on this machine writes it. ConfigError while its buckets are being changed.
    """
    # Imported here: migrations imports this module.
    from pd_assets.lib import migrations

    with home.copy.at_work() if home.copy is not None else nullcontext(), _beside_others(home, alone=alone):
        if not alone:
            require_settled(home)
        # Of one in a bucket its list is the mark.
        if home.may_write and home.copy is None:
            migrations.note(home)
        yield home


@contextmanager
def _beside_others(home: Home, *, alone: bool) -> Iterator[None]:
    if not home.may_write:
        yield
        return
    with (home.root / WORK_LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            told = "another process works on it; wait for it to end" if alone else "its buckets are being changed"
            raise WorkUnderWay(f"PD_HOME={home.root}: {told}, and run again") from busy
        yield


def require_settled(home: Home, *, to_ask: bool = False) -> None:
    """ConfigError where a change of its buckets was begun and not ended; who only asks may, until tables change."""
    path = home.root / REBUCKET
    try:
        told = read_checked(path)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        told = {"buckets": "N", "damaged": str(error), "switches": True}
    if told.get("switches") or not to_ask:
        undo = "" if told.get("switches") else f", or `pdd rebucket {told.get('before')}`, which leaves it as it was"
        raise ConfigError(
            f"PD_HOME={home.root}: a change to {told['buckets']} buckets is under way ({path.name}): run "
            f"`pdd rebucket {told['buckets']}`, which ends it{undo}"
        )


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path`; renamed to it when the block ends well, removed when it does not.

    Where `path` holds the same bytes it stays as it is, with its time: nothing that was made of it is out of date.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".partial")
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        if not (path.is_file() and filecmp.cmp(partial, path, shallow=False)):
            partial.chmod(0o644)
            os.replace(partial, path)
    except Exception as error:
        if (full := named_if_full(error, path.parent)) is not None:
            raise full from error
        raise
    finally:
        partial.unlink(missing_ok=True)


def named_if_full(error: BaseException, place: Path) -> ConfigError | None:
    """What a writer failed with, by name where it is for want of room: libraries say so in words of their own."""
    if isinstance(error, PdError) or not (is_full(error) or any(words in str(error) for words in DUCKDB_IS_FULL)):
        return None
    where = getattr(error, "filename", None) or place
    told = " ".join(str(error).split())[:200]
    return ConfigError(f"{where}: no space left on the disk ({told}); free some and run again")


def write_checked(path: Path, value: Mapping[str, object]) -> None:
    """Write a small JSON object with a checksum of itself."""
    write_text(path, json.dumps({**value, CHECK: _check(value)}) + "\n")


def read_checked(path: Path) -> dict[str, object]:
    """The object in such a file, or in one of before there were checksums; ValueError where it is damaged."""
    found = json.loads(path.read_text())
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    check = found.pop(CHECK, None)
    if check is not None and check != _check(found):
        raise ValueError("not what was written")
    return found


def _check(value: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def write_text(path: Path, text: str) -> None:
    """Write a small text file atomically."""
    with replacing(path) as partial:
        partial.write_text(text)


@contextmanager
def alone(folder: Path, work: str, *, waits: bool = True, beside: bool = False) -> Iterator[None]:
    """One process at a time does this work in a folder; another waits for it to end, or has WorkUnderWay at once. Those
    that work `beside` others of their kind wait only for one that does not.

    A lock of the kernel's, so a killed run leaves none behind: Dagster's pools would keep its slot for ever.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        kind = fcntl.LOCK_SH if beside else fcntl.LOCK_EX
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            if not waits:
                raise WorkUnderWay(f"another run {work} in {folder}") from busy
            log.warning("another run %s in %s; waiting for it to end", work, folder)
            fcntl.flock(lock, kind)
        yield


def remove_caches(root: Path, dataset_digest: str) -> None:
    """Remove what trainings decoded of a dataset: it lies beside the models, in folders named after its digest."""
    for path in root.glob(f"*/*/.cache/{dataset_digest[:16]}-*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def remove_folder(folder: Path) -> None:
    """Remove a folder so that no reader sees half of it: rename away, then delete."""
    if folder.is_dir():
        doomed = folder.with_name(f".{folder.name[:80]}.removed")
        shutil.rmtree(doomed, ignore_errors=True)
        os.replace(folder, doomed)
        shutil.rmtree(doomed)
