"""What is remembered of stored pages while a category is synchronised: some fifty bytes a page, whatever it holds.

No requests in here, and no rows: those are read from their part when they are needed.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home

log = logging.getLogger(__name__)

Kind = TypeVar("Kind", bound=np.generic)
Row = Mapping[str, object]
Integers = npt.NDArray[np.int64]
States = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]

STATUSES = ("live", "moved", "deleted", "left")
LIVE, MOVED, DELETED, LEFT = range(4)
# The state of a page that must be read again: none that is listed has it.
UNKNOWN = 0
# How the problem of a page begins of which not everything was told, or could be kept.
UNTOLD = ("incomplete", "unreadable")
INDEXED = ("pageid", "title", "status", "problem", "revid", "touched", "thumb_side", "digest")
DIGEST_BYTES = 16
UNDIGESTED = ("category", "status", "fetched_at", "digest")
MOST_PENDING = 20_000


def state_of(*, revid: object, touched: object, title: object, thumb_side: object) -> int:
    """64 bits that change when the page, its rendering or its title does; never UNKNOWN."""
    said = f"{revid}|{touched}|{thumb_side}|{title}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), "little") or 1


def is_untold(problem: object) -> bool:
    """Whether a page with this problem could not be read."""
    return isinstance(problem, str) and problem.startswith(UNTOLD)


def state_of_row(row: Row) -> int:
    """The state in which a stored page was read; UNKNOWN where not all of it was told."""
    if is_untold(row["problem"]):
        return UNKNOWN
    return state_of(**{name: row[name] for name in ("revid", "touched", "title", "thumb_side")})


def digest_of_row(row: Row) -> str:
    """What the `digest` column of a row says: the same for a copy of the row in another category."""
    lasting = [row.get(name) for name in PAGES.columns if name not in UNDIGESTED]
    said = json.dumps(lasting, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).hexdigest()


@dataclass(frozen=True, kw_only=True)
class PartIndex:
    """The pages of one part file, in its order. `digests` has 16 bytes a row."""

    path: Path
    pageids: Integers
    states: States
    statuses: Bytes
    digests: Bytes


def index_part(path: Path, content: pa.Table | None = None) -> PartIndex:
    """The index of one part as it lies on the disk, or of `content` that was just written to it."""
    told = tables.read_part(PAGES, path, INDEXED) if content is None else content.select(INDEXED)
    if told["digest"].null_count:
        told = _digested(path)
    rows = list(tables.rows(told.drop_columns(["digest"])))
    digests = b"".join(bytes.fromhex(digest) for digest in told["digest"].to_pylist())
    return PartIndex(
        path=path,
        pageids=np.array(told["pageid"].to_numpy(), dtype=np.int64),
        states=np.fromiter((state_of_row(row) for row in rows), dtype=np.uint64, count=len(rows)),
        statuses=np.fromiter((STATUSES.index(str(row["status"])) for row in rows), dtype=np.uint8, count=len(rows)),
        digests=np.frombuffer(digests, dtype=np.uint8).reshape(len(rows), DIGEST_BYTES),
    )


def _digested(path: Path) -> pa.Table:
    """The indexed columns of a part whose rows were stored without their digest."""
    rows = tables.rows(tables.read_part(PAGES, path))
    kept = [{**{name: row[name] for name in INDEXED}, "digest": digest_of_row(row)} for row in rows]
    schema = pa.schema([PAGES.schema.field(name) for name in INDEXED])
    return pa.Table.from_pylist(kept, schema=schema)


@dataclass(kw_only=True)
class PartitionIndex:
    """The pages of one category. `seen` marks those that the listing named."""

    parts: list[PartIndex]
    pageids: Integers = field(init=False)
    states: States = field(init=False)
    statuses: Bytes = field(init=False)
    part_numbers: npt.NDArray[np.int32] = field(init=False)
    seen: npt.NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        pageids = _joined([part.pageids for part in self.parts], np.int64)
        order = np.argsort(pageids, kind="stable")
        self.pageids = pageids[order]
        self.states = _joined([part.states for part in self.parts], np.uint64)[order]
        self.statuses = _joined([part.statuses for part in self.parts], np.uint8)[order]
        sizes = [len(part.pageids) for part in self.parts]
        self.part_numbers = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)[order]
        self.seen = np.zeros(len(self.pageids), dtype=np.bool_)

    def find(self, pageid: int) -> int | None:
        """Where in the arrays a page is."""
        at = int(np.searchsorted(self.pageids, pageid))
        return at if at < len(self.pageids) and self.pageids[at] == pageid else None

    def is_listed(self, at: int) -> bool:
        """Whether the category listed the page when it was last looked at."""
        return int(self.statuses[at]) in (LIVE, MOVED)

    def not_seen(self) -> list[int]:
        """The pages that were listed before and are not now."""
        found: list[int] = self.pageids[~self.seen & (self.statuses <= MOVED)].tolist()
        return found

    @property
    def digest(self) -> str:
        """SHA-256 over the listed pages in the order of their ids: the same however they are spread over parts."""
        listed = [part.statuses <= MOVED for part in self.parts]
        pageids = _joined([part.pageids[keep] for part, keep in zip(self.parts, listed, strict=True)], np.int64)
        statuses = _joined([part.statuses[keep] for part, keep in zip(self.parts, listed, strict=True)], np.uint8)
        blocks = [part.digests[keep] for part, keep in zip(self.parts, listed, strict=True)]
        digests = np.concatenate(blocks) if blocks else np.empty((0, DIGEST_BYTES), dtype=np.uint8)
        order = np.argsort(pageids, kind="stable")
        told = hashlib.sha256(pageids[order].astype("<i8").tobytes())
        told.update(statuses[order].tobytes())
        told.update(digests[order].tobytes())
        return told.hexdigest()

    @property
    def live(self) -> int:
        return int(sum(np.count_nonzero(part.statuses == LIVE) for part in self.parts))


def load_partition(home: Home, category: str) -> PartitionIndex:
    """The index of one category as it lies on the disk."""
    return PartitionIndex(parts=[index_part(path) for path in _parts(home, category)])


def _joined(arrays: Sequence[npt.NDArray[Kind]], kind: type[Kind]) -> npt.NDArray[Kind]:
    return np.concatenate(arrays) if arrays else np.empty(0, dtype=kind)


@dataclass(frozen=True, kw_only=True)
class Place:
    """One stored row of a page: its state and status code, and the part file that holds it."""

    state: int
    status: int
    path: Path


class Places:
    """Where pages are stored, in whichever category. What is added counts from then on beside what was there."""

    def __init__(self) -> None:
        self._paths: list[Path] = []
        self._numbers: dict[Path, int] = {}
        self._pending: dict[int, tuple[int, int, int]] = {}
        self._pageids = np.empty(0, dtype=np.int64)
        self._states = np.empty(0, dtype=np.uint64)
        self._statuses = np.empty(0, dtype=np.uint8)
        self._places = np.empty(0, dtype=np.int32)

    def add(self, pageid: int, state: int, status: int, path: Path) -> None:
        """Note one row; a few bytes of memory in the end."""
        self._pending[pageid] = (state, status, self._number(path))
        if len(self._pending) >= MOST_PENDING:
            rows = list(self._pending.values())
            self._fold(
                np.fromiter(self._pending, dtype=np.int64),
                np.array([row[0] for row in rows], dtype=np.uint64),
                np.array([row[1] for row in rows], dtype=np.uint8),
                np.array([row[2] for row in rows], dtype=np.int32),
            )
            self._pending.clear()

    def add_parts(self, parts: Sequence[PartIndex]) -> None:
        """Note the rows of whole parts that a category lists."""
        keep = [part.statuses <= MOVED for part in parts]
        sizes = [int(np.count_nonzero(kept)) for kept in keep]
        numbers = np.array([self._number(part.path) for part in parts], dtype=np.int32)
        self._fold(
            _joined([part.pageids[kept] for part, kept in zip(parts, keep, strict=True)], np.int64),
            _joined([part.states[kept] for part, kept in zip(parts, keep, strict=True)], np.uint64),
            _joined([part.statuses[kept] for part, kept in zip(parts, keep, strict=True)], np.uint8),
            np.repeat(numbers, sizes),
        )

    def find(self, pageid: int) -> Iterator[Place]:
        """Every row of a page, the one that was added last first."""
        if pending := self._pending.get(pageid):
            state, status, number = pending
            yield Place(state=state, status=status, path=self._paths[number])
        first, end = np.searchsorted(self._pageids, [pageid, pageid + 1])
        for at in range(int(end) - 1, int(first) - 1, -1):
            path = self._paths[int(self._places[at])]
            yield Place(state=int(self._states[at]), status=int(self._statuses[at]), path=path)

    def _number(self, path: Path) -> int:
        if path not in self._numbers:
            self._numbers[path] = len(self._paths)
            self._paths.append(path)
        return self._numbers[path]

    def _fold(self, pageids: Integers, states: States, statuses: Bytes, places: npt.NDArray[np.int32]) -> None:
        pageids = np.concatenate([self._pageids, pageids])
        order = np.argsort(pageids, kind="stable")
        self._pageids = pageids[order]
        self._states = np.concatenate([self._states, states])[order]
        self._statuses = np.concatenate([self._statuses, statuses])[order]
        self._places = np.concatenate([self._places, places])[order]


def load_places(home: Home) -> Places:
    """Where every listed page of every category is stored; what cannot be read is its own category's fault alone."""
    places = Places()
    found = []
    for path in (path for category in home.partitions(PAGES.key) for path in _parts(home, category)):
        try:
            found.append(index_part(path))
        except TableError as error:
            log.warning("%s", error)
    places.add_parts(found)
    return places


def _parts(home: Home, category: str) -> list[Path]:
    return tables.partition_parts(home, PAGES, category)
