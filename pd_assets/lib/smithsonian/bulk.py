"""The bulk metadata: an index of units, each with an index of shards, on the web or copied to a folder.

A copy keeps the addresses of the bucket in its indexes; only their last parts count there. Only the indexes are parsed
in here. Errors: ArchiveError, ConfigError, and those of the session.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from pd_assets.lib.errors import ArchiveError, ConfigError, FetchFailed
from pd_assets.lib.http import HostPolicy, PoliteSession
from pd_assets.lib.pacing import API
from pd_assets.lib.smithsonian.units import known_unit

VARIABLE = "PD_SMITHSONIAN_INDEX"
INDEX = "index.txt"
# Where the indexes lie in the bucket: a copy of the whole bucket has them there too.
BELOW_THE_BUCKET = f"metadata/edan/{INDEX}"
SHARD_ENDINGS = (".txt", ".json", ".jsonl", ".ndjson")
PACKED = (".bz2", ".gz")
MOST_SHARD_BYTES = 20_000_000_000
# A public bucket has no stated limit; a whole unit is 256 requests, mostly for what has not changed.
BUCKET = HostPolicy(kind=API, concurrency=1, start_per_s=5.0, most_per_s=10.0, bits_per_s=80e6)

Validator = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Shard:
    """One shard of a unit: two hexadecimal digits in the archive, and where it is."""

    name: str
    location: str


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A shard that can be read, and by what to ask next time whether it has changed."""

    path: Path
    validator: Validator

    def digest(self) -> str:
        """BLAKE2b-128 of the file."""
        told = blake2b(digest_size=16)
        with self.path.open("rb") as file:
            while block := file.read(1 << 20):
                told.update(block)
        return told.hexdigest()


class Bulk(Protocol):
    """The bulk metadata, wherever it is."""

    def units(self) -> dict[str, str]:
        """Unit code -> where its index is. A unit that nobody knows has the index's own name for it."""

    def shards(self, unit_index: str) -> list[Shard]:
        """The shards of a unit, in the order of their names."""

    def copy(self, shard: Shard, known: Validator, into: Path) -> Copy | None:
        """The shard, at `into` where it must be fetched; None where it is as it was when `known` was noted."""


def open_bulk(index: str, session: PoliteSession) -> Bulk:
    """The bulk metadata at PD_SMITHSONIAN_INDEX: a URL, or a folder."""
    return BulkOnTheWeb(index, session) if "://" in index else BulkFolder(Path(index))


class BulkOnTheWeb:
    """Bulk metadata served over HTTP: the public bucket, or a copy of it."""

    def __init__(self, index: str, session: PoliteSession) -> None:
        self.index = index
        self.session = session

    def units(self) -> dict[str, str]:
        url, lines = self._root()
        return {unit_of(line): _address(url, line, parts=2) for line in lines}

    def shards(self, unit_index: str) -> list[Shard]:
        lines = _entries(self._text(unit_index), unit_index)
        return _named(_address(unit_index, line, parts=1) for line in lines)

    def copy(self, shard: Shard, known: Validator, into: Path) -> Copy | None:
        headers = {"etag": "If-None-Match", "last_modified": "If-Modified-Since"}
        conditions = {headers[name]: value for name, value in known.items() if name in headers}
        answer = self.session.download(
            shard.location, into, policy=BUCKET, headers=conditions, most_bytes=MOST_SHARD_BYTES
        )
        if answer.status == 304:
            return None
        names = {"etag": "etag", "last-modified": "last_modified"}
        told = {key: answer.headers[name] for name, key in names.items() if answer.headers.get(name)}
        return Copy(path=into, validator=told)

    def _root(self) -> tuple[str, list[str]]:
        base = self.index if self.index.endswith("/") else f"{self.index}/"
        is_file = self.index.endswith(".txt")
        tried = [self.index] if is_file else [urljoin(base, INDEX), urljoin(base, BELOW_THE_BUCKET)]
        for number, url in enumerate(tried, start=1):
            try:
                return url, _entries(self._text(url), url)
            except FetchFailed as error:
                if number == len(tried) or not error.permanent:
                    raise ArchiveError(
                        f"{VARIABLE}={self.index} cannot be used: {error}; expected the index of the bulk metadata"
                    ) from error
        raise AssertionError("one address at least is tried")

    def _text(self, url: str) -> str:
        return self.session.get(url, policy=BUCKET).body.decode(errors="replace")


class BulkFolder:
    """A copy of the bulk metadata on this machine; without indexes, its folders are units and their files shards."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def units(self) -> dict[str, str]:
        for index in (self.root, self.root / INDEX, self.root / BELOW_THE_BUCKET):
            if index.is_file():
                lines = _entries(_read(index), str(index))
                return {unit_of(line): str(index.parent.joinpath(*_last(line, parts=2))) for line in lines}
        if not self.root.is_dir():
            raise ConfigError(f"{VARIABLE}={self.root} is no folder; expected a copy of the bulk metadata, or a URL")
        folders = sorted(path for path in self.root.iterdir() if path.is_dir() and any(_shard_files(path)))
        if not folders:
            raise ConfigError(f"{VARIABLE}={self.root} holds neither {INDEX} nor folders of shards")
        return {unit_of(f"{path.name}/{INDEX}"): str(path / INDEX) for path in folders}

    def shards(self, unit_index: str) -> list[Shard]:
        index = Path(unit_index)
        if not index.is_file():
            return _named(str(path) for path in _shard_files(index.parent))
        lines = _entries(_read(index), unit_index)
        return _named(str(index.parent.joinpath(*_last(line, parts=1))) for line in lines)

    def copy(self, shard: Shard, known: Validator, into: Path) -> Copy | None:
        tried = [Path(shard.location), *(Path(shard.location + ending) for ending in PACKED)]
        path = next((path for path in tried if path.is_file()), None)
        if path is None:
            raise FetchFailed(f"{shard.location}: the index lists it, and there is no such file", permanent=True)
        found = path.stat()
        validator = {"file": path.name, "size_bytes": str(found.st_size), "changed_ns": str(found.st_mtime_ns)}
        return None if validator == known else Copy(path=path, validator=validator)


def unit_of(line: str) -> str:
    """The unit that an entry of the index is about: `.../chndm/index.txt` or `.../chndm.txt`."""
    path = PurePosixPath(urlsplit(line).path)
    name = path.parent.name if path.name == INDEX else path.name.split(".")[0]
    return known_unit(name) or name


def _entries(content: str, where: str) -> list[str]:
    """The entries of an index, one a line; ArchiveError where it is something else."""
    lines = [line.strip() for line in content.removeprefix("\ufeff").splitlines()]
    entries = [line for line in lines if line and not line.startswith("#")]
    wrong = next((line for line in entries if any(mark in line for mark in '<>{}" ')), None)
    if wrong is not None or not entries:
        raise ArchiveError(f"{where}: found {(wrong or 'nothing')[:80]!r}, expected addresses, one a line")
    return entries


def _address(index: str, line: str, *, parts: int) -> str:
    """The address of an entry. One on another host is that of the bucket from which this copy was made."""
    url = urljoin(index, line)
    return url if urlsplit(url).netloc == urlsplit(index).netloc else urljoin(index, "/".join(_last(line, parts=parts)))


def _last(line: str, *, parts: int) -> list[str]:
    """The last parts of an entry's path: a unit's index is a folder deeper, unless it is a file `<unit>.txt`."""
    path = PurePosixPath(urlsplit(line).path)
    names = [name for name in path.parts if name not in ("/", "..", ".")]
    return names[-(parts if path.name == INDEX else 1) :]


def _named(locations: Iterable[str]) -> list[Shard]:
    """Shards by their file's name without endings, each once."""
    found = {PurePosixPath(urlsplit(one).path).name.split(".")[0]: one for one in locations}
    return [Shard(name=name, location=location) for name, location in sorted(found.items())]


def _shard_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        name = path.name
        for ending in PACKED:
            name = name.removesuffix(ending)
        if path.is_file() and name != INDEX and not name.startswith(".") and name.endswith(SHARD_ENDINGS):
            yield path


def _read(path: Path) -> str:
    return path.read_text(errors="replace")
