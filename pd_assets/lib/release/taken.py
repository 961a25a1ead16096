"""What is taken down as of now, of the table and of the notes, which come first: the one source for every page.

An index may be older than a takedown of a second ago; this is not. What cannot be read and may name any picture is in
`unread`, and then nobody can tell of any picture whether it is taken down.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CLUSTERS, FILES, ITEMS, TAKEDOWNS
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home
from pd_assets.lib.release import notes, patterns
from pd_assets.lib.release.kept_out import MATCHED, UNNUMBERED
from pd_assets.lib.release.notes import Again, Note
from pd_assets.lib.release.pictures import Picture, as_named, find_pictures
from pd_assets.lib.release.segments import Row
from pd_assets.lib.rights.plain_words import day

Stamp = tuple[tuple[str, int, int, int], ...]
# What leads from a name to its pictures.
CATALOGUE = (ITEMS, FILES, CLUSTERS)


@dataclass(frozen=True, kw_only=True)
class Down:
    """One takedown that keeps a picture out. `reason` is the operator's own: not for the public."""

    number: str
    taken_down_at: datetime
    reason: str
    how: str
    purged_at: datetime | None = None
    is_purge: bool = False

    @property
    def in_words(self) -> str:
        """What anybody may read."""
        return f"{self.number}, {day(self.taken_down_at.astimezone(UTC).date().isoformat())}"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """By item id, SHA-256 or SHA-1 what keeps it out, by the number of its receipt. `unread`: why there may be more."""

    by: Mapping[str, Mapping[str, Down]]
    unread: tuple[str, ...] = ()

    def downs(self, item_id: str | None, *known_by: str | None) -> list[Down]:
        """What keeps out an item whose picture, or a copy of it, is known by all these; the oldest first."""
        own = self.by.get(item_id or "", {})
        found = {
            number: down if number in own else replace(down, how=MATCHED["copy"])
            for key in known_by
            for number, down in self.by.get(key or "", {}).items()
        }
        return sorted({**found, **own}.values(), key=lambda one: one.taken_down_at)

    def why(self, item_id: str | None, *known_by: str | None) -> str | None:
        """Why its picture is withheld; None where it is not."""
        if downs := self.downs(item_id, *known_by):
            return f"it was taken down ({downs[0].number})" if downs[0].number != UNNUMBERED else "it was taken down"
        return f"nobody can tell whether it was taken down ({'; '.join(self.unread)})" if self.unread else None


def taken(home: Home) -> Taken:
    """All of it; read again whenever a file of takedowns changed."""
    folder = home.table(TAKEDOWNS.key) / notes.NOTED
    found = _read(home, _stamp([*sorted(folder.glob("*.json")), *tables.files_of(home, TAKEDOWNS)]))
    if not found.unresolved:
        return found.taken
    return _looked_up(home, found, _stamp(path for table in CATALOGUE for path in tables.files_of(home, table)))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Read:
    """`unresolved` are notes of which not every table was asked yet."""

    taken: Taken
    unresolved: tuple[Note, ...]


def _stamp(paths: Iterable[Path]) -> Stamp:
    found = []
    for path in paths:
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue
        found.append((str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino))
    return tuple(found)


@lru_cache(maxsize=4)
def _read(home: Home, stamp: Stamp) -> _Read:
    del stamp
    by: dict[str, dict[str, Down]] = {}
    undone, damaged = notes.undone(home), []
    for path in tables.files_of(home, TAKEDOWNS):
        try:
            rows: list[Row] = tables.read_part(TAKEDOWNS, path).to_pylist()
        except (PdError, OSError) as error:
            damaged.append(f"{TAKEDOWNS.key}: {path.name} cannot be read ({type(error).__name__})")
            continue
        for row in rows:
            if row["undone_at"] is None and row["number"] not in undone:
                _put(by, _of_row(row), (row["item_id"], row["sha256"], row["sha1"]))
    standing = notes.standing(home)
    for note in standing:
        named = () if note.is_pattern else as_named(home, note.named)
        _put(by, _of_note(note), _keys((*note.meant, *named)))
    unresolved = tuple(note for note in standing if not note.is_resolved)
    return _Read(taken=Taken(by=by, unread=(*damaged, *notes.unread(home))), unresolved=unresolved)


@lru_cache(maxsize=4)
def _looked_up(home: Home, read: _Read, stamp: Stamp) -> Taken:
    """With what the names of notes mean that nobody could look up when they were written."""
    del stamp
    by = {key: dict(downs) for key, downs in read.taken.by.items()}
    unread = list(read.taken.unread)
    for note in read.unresolved:
        try:
            found = (
                patterns.find_matching(home, patterns.parse(note.named))
                if note.is_pattern
                else find_pictures(home, note.named)
            )
            pictures, why = found.pictures, found.unread
        except (PdError, OSError) as error:
            pictures, why = (), (type(error).__name__,)
        _put(by, _of_note(note), _keys(pictures))
        # Of an id or a digest it is known which picture is meant, if not all of its copies.
        if why and (note.is_pattern or not (note.meant or pictures or as_named(home, note.named))):
            unread.append(f"takedown {note.number}: not yet known which picture it names ({'; '.join(why)})")
    return Taken(by=by, unread=tuple(unread))


def _put(by: dict[str, dict[str, Down]], down: Down, keys: Iterable[object]) -> None:
    for key in keys:
        if isinstance(key, str) and key:
            by.setdefault(key, {}).setdefault(down.number, down)


def _keys(pictures: Iterable[Picture | Again]) -> Iterator[object]:
    for one in pictures:
        yield from (one.item_id, one.sha256, one.sha1)


def _of_row(row: Row) -> Down:
    moment, purged = row["taken_down_at"], row["purged_at"]
    assert isinstance(moment, datetime) and (purged is None or isinstance(purged, datetime))
    return Down(
        number=str(row["number"] or UNNUMBERED),
        taken_down_at=moment,
        reason=str(row["reason"]),
        how=MATCHED.get(str(row["matched_by"]), ""),
        purged_at=purged,
        is_purge=purged is not None,
    )


def _of_note(note: Note) -> Down:
    return Down(
        number=note.number,
        taken_down_at=note.taken_down_at,
        reason=note.reason,
        how=MATCHED["pattern" if note.is_pattern else "name"],
        purged_at=note.purged_at,
        is_purge=note.is_purge,
    )
