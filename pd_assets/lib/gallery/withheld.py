"""What is taken down as of now: from the notes of takedowns, which come first, and from their table.

An index of the gallery may be older than a takedown of a second ago; this is not.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import TAKEDOWNS
from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home
from pd_assets.lib.release import notes
from pd_assets.lib.release.pictures import as_named

Seen = tuple[tuple[str, int, int, int], ...]


@dataclass
class Withheld:
    """The takedowns of a home; read again whenever a file of theirs changed."""

    home: Home
    _seen: Seen | None = None
    _by: dict[str, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def why(self, *known_by: str | None) -> str | None:
        """Why a picture is withheld that is known by an item id, a SHA-256 or a SHA-1; None where it is not."""
        by = self._now()
        return next((by[one] for one in known_by if one is not None and one in by), None)

    def _now(self) -> dict[str, str]:
        seen = tuple(self._files())
        with self._lock:
            if seen != self._seen:
                self._by, self._seen = dict(self._read()), seen
            return self._by

    def _files(self) -> Iterator[tuple[str, int, int, int]]:
        folder = self.home.table(TAKEDOWNS.key)
        for path in [*sorted((folder / notes.NOTED).glob("*.json")), *tables.files_of(self.home, TAKEDOWNS)]:
            with suppress(FileNotFoundError):
                stat = Path(path).stat()
                yield str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino

    def _read(self) -> Iterator[tuple[str, str]]:
        undone = notes.undone(self.home)
        for path in tables.files_of(self.home, TAKEDOWNS):
            # A damaged table is told by its notes; `pdd doctor` names it.
            with suppress(TableError, FileNotFoundError):
                content = tables.read_part(TAKEDOWNS, path, ["item_id", "sha256", "sha1", "number", "undone_at"])
                for row in content.to_pylist():
                    if row["undone_at"] is not None or row["number"] in undone:
                        continue
                    yield from (
                        (key, _said(row["number"])) for key in _keys(row["item_id"], row["sha256"], row["sha1"])
                    )
        for note in notes.standing(self.home):
            for one in (*note.meant, *(() if note.is_pattern else as_named(self.home, note.named))):
                yield from ((key, _said(note.number)) for key in _keys(one.item_id, one.sha256, one.sha1))


def _keys(*known_by: object) -> Iterator[str]:
    return (one for one in known_by if isinstance(one, str) and one)


def _said(number: object) -> str:
    return f"it was taken down ({number})" if number else "it was taken down"
