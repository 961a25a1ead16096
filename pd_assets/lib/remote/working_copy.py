"""The working copy of a remote home: brought up to date before work, published after it.

A published state is what `.pd/manifest` lists. New files go to their own names, which no reader knows yet; files that
replace others wait in `.pd/incoming` until the manifest names them. So every reader gets one whole state, and a writer
that dies leaves the old one, or the new one with moves that the next writer ends (`.pd/journal` says which).
"""

import fcntl
import hashlib
import json
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import IO, BinaryIO

import duckdb

from pd_assets.lib.catalog import views
from pd_assets.lib.catalog.generations import next_generation, share
from pd_assets.lib.errors import ConfigError, HomeBusy, LeaseLost, ObjectAltered, PdError, RemoteError
from pd_assets.lib.home import Home, remove_caches, replacing
from pd_assets.lib.remote import manifest
from pd_assets.lib.remote.address import RemoteAddress
from pd_assets.lib.remote.bucket import Bucket, Conflict
from pd_assets.lib.remote.files import is_fetched_when_read, order, version_folder, walk
from pd_assets.lib.remote.lease import Lease
from pd_assets.lib.remote.manifest import Entry, Files
from pd_ml.data import shards

MANIFEST, JOURNAL, INCOMING = ".pd/manifest.parquet", ".pd/journal.json", ".pd/incoming/"
THREADS = 8
READ_BYTES = 2**20
TRIES = 5
TOLD = 5

log = logging.getLogger(__name__)


class _ChangedMeanwhile(Exception):
    """What is published is another state than the one that was being read."""


@dataclass(frozen=True, kw_only=True)
class State:
    """What a working copy knows: the published files, the ETag of their list, and what it holds itself.

    An entry of `held` tells a local file's content where its size and time are still those.
    """

    files: Files
    etag: str | None
    held: Files


@dataclass(frozen=True, kw_only=True)
class WorkingCopy:
    """A local home that follows a bucket."""

    bucket: Bucket

    @classmethod
    def of(cls, address: RemoteAddress) -> "WorkingCopy":
        return cls(bucket=Bucket(address))

    @property
    def address(self) -> RemoteAddress:
        return self.bucket.address

    @property
    def folder(self) -> Path:
        return self.address.working_copy

    @property
    def root(self) -> Path:
        return self.folder / "home"

    @property
    def home(self) -> Home:
        return Home(root=self.root.resolve(), copy=self)

    @cached_property
    def lease(self) -> Lease:
        return Lease(bucket=self.bucket, folder=self.folder)

    def bring_up_to_date(self) -> None:
        """Have what is published. Work that is going on here is not disturbed: it began with what was published."""
        with self._turn(wait=not self._list.is_file()) as is_ours:
            if is_ours and self._is_idle():
                self._pull()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The only machine that writes, for as long as the block; what it changed is published when it ends.

        Also when it ends with an error: what is there then is whole, as after a killed run, and the next one goes on.
        """
        with (self.folder / "work.lock").open("w") as at_work:
            try:
                with self._turn():
                    is_first = self._is_idle()
                    fcntl.flock(at_work, fcntl.LOCK_SH)
                    self.lease.take()
                    self._pull(beside_work=not is_first)
                    self._end_moves()
                with self._kept_alive():
                    try:
                        yield
                    except BaseException:
                        self._try_to_publish()
                        raise
                    self.publish()
            finally:
                with self._turn():
                    fcntl.flock(at_work, fcntl.LOCK_UN)
                    if self._is_idle():
                        self._let_go()

    def fetch(self, places: Iterable[str]) -> None:
        """Bring files, and all files of folders, that are only in the bucket so far."""
        with self._turn():
            state = self._load()
            wanted = {path for place in places for path in _at(state.files, place)} - state.held.keys()
            self._bring(state, [path for path in wanted if not (self.root / path).is_file()])

    def matching(self, pattern: str) -> list[str]:
        """The published files whose path matches a pattern."""
        return [path for path in self._load().files if fnmatchcase(path, pattern)]

    def size_bytes(self, path: str) -> int | None:
        """The size of a published file that never was here; one that was here and is not was removed."""
        entry = self._read_once.files.get(path)
        return entry.size_bytes if entry and path not in self._read_once.held else None

    @cached_property
    def _read_once(self) -> State:
        return self._load()

    def publish(self) -> None:
        """Make what is here what everybody sees. LeaseLost where another machine took over."""
        with self._turn():
            self.lease.renew(within_s=self.lease.term_s / 3)
            state = self._load()
            self._require_whole(state)
            change = _changes(self.root, state)
            if not change:
                return
            journal = {"new": change.new, "changed": change.replaced, "gone": change.gone}
            self._write_journal(journal)
            staged = self._staged(state, change)
            gone = set(change.gone)
            altered = {path: one for path, one in staged.items() if not _is_same(one, state.files.get(path))}
            files = {path: one for path, one in state.files.items() if path not in gone} | altered
            held = {path: one for path, one in {**state.held, **staged}.items() if path not in gone}
            if files != state.files:
                self.lease.renew(within_s=self.lease.term_s / 3)
                state = State(files=files, etag=self._commit(files, over=state.etag), held=held)
            self._save(State(files=state.files, etag=state.etag, held=held))
            self._end_moves()

    def _require_whole(self, state: State) -> None:
        """No step removes all of images or rights: whoever made room on the disk did not mean the bucket."""
        known = {path.split("/")[0] for path in state.held}
        if lost := sorted(name for name in known if not (self.root / name).exists()):
            raise ConfigError(
                f"{', '.join(lost)} went from the working copy {self.root} as a whole; nothing was published, as that "
                f"would go from {self.address} too; remove {self.folder} itself, and it is made anew from the bucket"
            )

    def _commit(self, files: Files, *, over: str | None) -> str:
        try:
            return self.bucket.put(MANIFEST, manifest.to_bytes(files), over=over)
        except Conflict as error:
            raise LeaseLost(
                f"{self.address} was written by another machine since this one read it; nothing was published from "
                "here; run again"
            ) from error

    def _staged(self, state: State, change: "Change") -> dict[str, Entry]:
        """Upload what changed; the entries of what is new or another now."""
        known = self._immutable(state)
        stored = {entry.sha256: path for path, entry in state.files.items() if version_folder(path) is not None}
        with ThreadPoolExecutor(THREADS, thread_name_prefix="upload") as pool:
            paths = [*change.new, *change.replaced]
            found = pool.map(lambda path: self._upload(path, state.files.get(path), known, stored), paths)
            return {path: entry for path, entry in zip(paths, found, strict=True) if entry is not None}

    def _immutable(self, state: State) -> dict[int, Entry]:
        """What the files of dataset and model versions here hold, by inode: a link to one is not read again."""
        found = {}
        for path, entry in state.held.items():
            if version_folder(path) is not None:
                with suppress(FileNotFoundError):
                    stat = (self.root / path).stat()
                    if stat.st_nlink > 1 and _is_held(entry, stat):
                        found[stat.st_ino] = entry
        return found

    def _upload(
        self, path: str, published: Entry | None, known: Mapping[int, Entry], stored: Mapping[bytes, str]
    ) -> Entry | None:
        """One file as it is now, from one open file: a rename beside us does not mix two states. None where it went.

        What another version has in the bucket already (`stored`, by SHA-256) is copied there.
        """
        try:
            file = (self.root / path).open("rb")
        except FileNotFoundError:
            return published
        with file:
            stat = os.fstat(file.fileno())
            one = known.get(stat.st_ino)
            sha256 = one.sha256 if one and _is_held(one, stat) else _digest(file, stat.st_size)
            entry = Entry(sha256=sha256, size_bytes=stat.st_size, changed_ns=stat.st_mtime_ns)
            if published is not None and published.sha256 == entry.sha256:
                return entry
            twin = stored.get(sha256) if published is None else None
            if twin is None or not self.bucket.copy(twin, path, stat.st_size):
                file.seek(0)
                self.bucket.upload(path if published is None else _incoming(entry), file, stat.st_size)
            return entry

    def _end_moves(self) -> None:
        """Move what waits to its place, and delete what is published no longer, as the journal says."""
        stored = self.bucket.read(JOURNAL)
        if stored is None:
            return
        journal = json.loads(stored.body)
        files = self._load().files
        waiting = set(self.bucket.names(INCOMING))
        moves = [path for path in journal["changed"] if path in files and _incoming(files[path]) in waiting]
        with ThreadPoolExecutor(THREADS, thread_name_prefix="move") as pool:
            list(pool.map(lambda path: self.bucket.copy(_incoming(files[path]), path, files[path].size_bytes), moves))
        doomed = [path for path in (*journal["new"], *journal["gone"]) if path not in files]
        self.bucket.delete([*doomed, *waiting])
        self.bucket.delete([JOURNAL])

    def _write_journal(self, journal: Mapping[str, Iterable[str]]) -> None:
        body = json.dumps({name: sorted(paths) for name, paths in journal.items()}).encode()
        try:
            self.bucket.put(JOURNAL, body, over=None)
        except Conflict:
            # The last publication was interrupted.
            self._end_moves()
            self.bucket.put(JOURNAL, body, over=None)

    def _pull(self, *, beside_work: bool = False) -> None:
        """Make the files here those that are published, pictures and the like only where they are here already.

        `beside_work`: others on this machine are at work on what was published when they began.
        """
        for _ in range(TRIES):
            etag, state = self.bucket.etag(MANIFEST), self._load()
            if etag == state.etag:
                if etag is None:
                    self.bucket.require()
                return
            if beside_work:
                raise HomeBusy(
                    f"{self.address} was written by another machine while a run on this one was at work, which will "
                    "fail; run again when it has ended"
                )
            stored = self.bucket.read(MANIFEST) if etag else None
            if stored is None:
                raise ObjectAltered(
                    f"{self.address}/{MANIFEST} is gone, and the working copy {self.folder} knows of "
                    f"{len(state.files)} files; restore the object, or delete that folder to begin anew from what is "
                    "in the bucket"
                )
            files, _ = manifest.from_bytes(stored.body, f"{self.address}/{MANIFEST}")
            try:
                self._become(State(files=files, etag=stored.etag, held=state.held), state)
                return
            except _ChangedMeanwhile:
                continue
        raise RemoteError(f"{self.address} changed {TRIES} times while it was being read; run again")

    def _become(self, new: State, old: State) -> None:
        """Replace, add and remove files until they are those of `new`. _ChangedMeanwhile where that was replaced."""
        local = dict(walk(self.root))
        same = {path for path, stat in local.items() if self._is(path, stat, new)}
        unwanted = [path for path in local if path not in new.files and (path in old.files or not _is_trained(path))]
        lost = [path for path in unwanted if path not in old.files]
        if lost:
            log.warning(
                "%s was written by another machine; %d files that were never published from here go: %s",
                self.address, len(lost), ", ".join(lost[:TOLD]),
            )  # fmt: skip
        wanted = [path for path in new.files if path not in same and (path in local or not is_fetched_when_read(path))]
        changed = [*wanted, *unwanted]
        with ExitStack() as switched:
            places = self._generations(switched, changed, same)
            kept = {path: new.files[path] for path in same}
            if not self._download_all(new.files, wanted, places):
                if self.bucket.etag(MANIFEST) != new.etag:
                    raise _ChangedMeanwhile
                self._complain(new.files, wanted)
        for path in sorted(unwanted, key=order, reverse=True):
            self._remove(path)
        self._save(State(files=new.files, etag=new.etag, held={**kept, **{path: new.files[path] for path in wanted}}))
        if any(path.endswith(".parquet") for path in changed) or not self.home.catalog.is_file():
            self._rebuild_views()

    def _rebuild_views(self) -> None:
        try:
            views.rebuild(self.home)
        except duckdb.Error as error:
            # A damaged table: whoever reads it will say so.
            log.warning("%s is as it was: %s", self.home.catalog, " ".join(str(error).split()))

    def _is(self, path: str, stat: os.stat_result, new: State) -> bool:
        """Whether a local file is as published; its time is made so."""
        entry, held = new.files.get(path), new.held.get(path)
        if entry is None or stat.st_size != entry.size_bytes:
            return False
        known = held is not None and (stat.st_size, stat.st_mtime_ns) == (held.size_bytes, held.changed_ns)
        if known and held is not None:
            found = held.sha256
        else:
            with (self.root / path).open("rb") as file:
                found = _digest(file, stat.st_size)
        if found != entry.sha256:
            return False
        if stat.st_mtime_ns != entry.changed_ns:
            os.utime(self.root / path, ns=(entry.changed_ns, entry.changed_ns))
        return True

    def _generations(self, switched: ExitStack, changed: Iterable[str], same: Iterable[str]) -> dict[str, Path]:
        """New generations of the tables that are links, with what stays of them: folder -> where its files go."""
        folders = {path.rpartition("/")[0] for path in changed}
        places = {}
        for folder in sorted(folders):
            if (self.root / folder).is_symlink():
                places[folder] = switched.enter_context(next_generation(self.root / folder))
                for path in same:
                    if path.rpartition("/")[0] == folder:
                        share((self.root / path).resolve(), places[folder])
        return places

    def _bring(self, state: State, paths: list[str]) -> None:
        if not paths:
            return
        if not self._download_all(state.files, paths, {}):
            self._complain(state.files, paths)
        self._save(
            State(
                files=state.files,
                etag=state.etag,
                held={**state.held, **{path: state.files[path] for path in paths}},
            )
        )

    def _download_all(self, files: Files, paths: list[str], places: Mapping[str, Path]) -> bool:
        """Download files, those that others refer to first; False where one is not as listed."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="download") as pool:
            groups: dict[int, list[str]] = {}
            for path in paths:
                groups.setdefault(order(path)[0], []).append(path)
            for _, group in sorted(groups.items()):
                if not all(pool.map(lambda path: self._download(path, files[path], places), group)):
                    return False
        return True

    def _download(self, path: str, entry: Entry, places: Mapping[str, Path]) -> bool:
        folder, _, name = path.rpartition("/")
        target = places.get(folder, self.root / folder) / name
        # While a publication ends, a file is in one place or the other.
        for source in (path, _incoming(entry), path):
            with _beside(target) as partial:
                if not self.bucket.download(source, partial) or partial.stat().st_size != entry.size_bytes:
                    continue
                with partial.open("rb") as file:
                    if _digest(file, entry.size_bytes) != entry.sha256:
                        continue
                os.utime(partial, ns=(entry.changed_ns, entry.changed_ns))
                os.replace(partial, target)
                return True
        return False

    def _complain(self, files: Files, paths: Iterable[str]) -> None:
        """ObjectAltered with the names of what is not as listed."""
        wrong = [path for path in paths if not self._is_here(path, files[path])]
        if wrong:
            raise ObjectAltered(
                f"{self.address}: {len(wrong)} objects are missing or are not what was published, among them "
                f"{', '.join(wrong[:TOLD])}; if another machine was writing, run again; else restore them, or run the "
                "step that made them on a machine that still has them"
            )

    def _is_here(self, path: str, entry: Entry) -> bool:
        try:
            stat = (self.root / path).stat()
        except FileNotFoundError:
            return False
        return (stat.st_size, stat.st_mtime_ns) == (entry.size_bytes, entry.changed_ns)

    def _remove(self, path: str) -> None:
        """Remove a file with the folders that it leaves empty, and what training made of a dataset that goes."""
        target = self.root / path
        if target.name == shards.MANIFEST and version_folder(path):
            with suppress(shards.ShardError):
                remove_caches(self.root, shards.read_manifest(target.parent).digest)
        if not target.parent.is_symlink():
            target.unlink(missing_ok=True)
        for folder in target.parents:
            if folder == self.root or folder.is_symlink() or any(folder.iterdir()):
                return
            folder.rmdir()

    @contextmanager
    def _kept_alive(self) -> Iterator[None]:
        """Renew the lease and push what long work has done so far, beside the block."""
        done = threading.Event()
        beat = threading.Thread(target=self._renew_until, args=(done,), name="lease", daemon=True)
        push = threading.Thread(target=self._push_until, args=(done,), name="push", daemon=True)
        beat.start()
        push.start()
        try:
            yield
        finally:
            done.set()
            beat.join()
            push.join()

    def _renew_until(self, done: threading.Event) -> None:
        while not done.wait(self.lease.term_s / 6):
            try:
                self.lease.renew(within_s=self.lease.term_s / 3)
            except PdError as error:
                log.warning("%s", error)

    def _push_until(self, done: threading.Event) -> None:
        while not done.wait(self.address.push_every_s):
            self._try_to_publish()

    def _try_to_publish(self) -> None:
        try:
            self.publish()
        except (PdError, OSError) as error:
            log.warning("not published: %s", error)

    def _let_go(self) -> None:
        try:
            self.lease.release()
        except PdError as error:
            log.warning("the lease runs out by itself: %s", error)

    @contextmanager
    def _turn(self, *, wait: bool = True) -> Iterator[bool]:
        """One process or thread of this machine at a time changes what the working copy knows."""
        with (self.folder / "sync.lock").open("w") as lock:
            yield _locked(lock, wait=wait)

    def _is_idle(self) -> bool:
        """Whether nobody on this machine is at work."""
        with (self.folder / "work.lock").open("w") as lock:
            return _locked(lock, wait=False)

    @property
    def _list(self) -> Path:
        return self.root / ".pd" / "published.parquet"

    def _load(self) -> State:
        files, etag = _read_list(self._list)
        held, _ = _read_list(self._list.with_name("held.parquet"))
        return State(files=files, etag=etag or None, held=held)

    def _save(self, state: State) -> None:
        """`held` first: it tells of local files whatever is published."""
        for path, files, note in (
            (self._list.with_name("held.parquet"), state.held, ""),
            (self._list, state.files, state.etag or ""),
        ):
            with replacing(path) as partial:
                partial.write_bytes(manifest.to_bytes(files, note))


@dataclass(frozen=True, kw_only=True)
class Change:
    """Paths that were added, seem to have been replaced, or were removed since the last publication."""

    new: list[str]
    replaced: list[str]
    gone: list[str]

    def __bool__(self) -> bool:
        return bool(self.new or self.replaced or self.gone)


def _changes(root: Path, state: State) -> Change:
    local = dict(walk(root))
    touched = [path for path, stat in local.items() if not _is_held(state.held.get(path), stat)]
    known = [path for path in local if path not in state.files and path not in touched]
    return Change(
        new=[path for path in (*touched, *known) if path not in state.files],
        replaced=[path for path in touched if path in state.files],
        gone=[path for path in state.files if path not in local and _was_removed(root, path, state.held)],
    )


def _is_same(entry: Entry, published: Entry | None) -> bool:
    return published is not None and entry.sha256 == published.sha256


def _is_held(held: Entry | None, stat: os.stat_result) -> bool:
    return held is not None and (stat.st_size, stat.st_mtime_ns) == (held.size_bytes, held.changed_ns)


def _was_removed(root: Path, path: str, held: Files) -> bool:
    """A file that was here is not; or the folder is gone whose large files were never fetched."""
    if path in held:
        return True
    folder = version_folder(path)
    return folder is not None and not (root / folder).is_dir() and any(_at(held, folder))


def _at(files: Files, place: str) -> Iterator[str]:
    """The paths that a place means: the file itself, or those in the folder."""
    if place in files:
        yield place
    else:
        yield from (path for path in files if path.startswith(f"{place}/"))


def _is_trained(path: str) -> bool:
    """Whether a file belongs to a training, done or not: hours of work, named by all that it was made of."""
    folder = version_folder(path)
    return folder is not None and folder.startswith("models/")


def _incoming(entry: Entry) -> str:
    return INCOMING + entry.sha256.hex()


def _digest(file: BinaryIO, size_bytes: int) -> bytes:
    found = hashlib.sha256()
    while size_bytes and (chunk := file.read(min(READ_BYTES, size_bytes))):
        found.update(chunk)
        size_bytes -= len(chunk)
    return found.digest()


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A name beside a file that no walk shows, removed at the end."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name[:80]}.{threading.get_native_id()}.partial")
    try:
        yield partial
    finally:
        partial.unlink(missing_ok=True)


def _locked(lock: IO[str], *, wait: bool) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def _read_list(path: Path) -> tuple[dict[str, Entry], str]:
    return manifest.from_bytes(path.read_bytes(), path) if path.is_file() else ({}, "")
