"""The takedowns as they were noted: a small file for each, `rights/takedowns/noted/`, written before anything is read.

`rights/takedowns` has the same in rows, for queries. Each proves the other: a file of the table that is damaged is made
anew from the notes where these are all there, and a note from its rows. What cannot be proven stays as it is and is
named, and what is new lies beside it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import TAKEDOWNS
from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home, write_text
from pd_assets.lib.release.pictures import Picture

NOTED = "noted"
# The notes that the table held when it was written last, all of them, and which of them ask for a purge.
HELD = "table.json"
# Rows of the table that no note is behind yet, since another file of it is damaged.
BESIDE = "beside-{}.parquet"


@dataclass(frozen=True, kw_only=True)
class Note:
    """What an operator takes down, in their words, and what came of it.

    `is_resolved`: every table could be asked which `pictures` are meant. `is_purge`: they are to be removed from the
    disk; `purged_at` says when nothing was left of them, and `left` until then what was.
    """

    named: str
    reason: str
    taken_down_at: datetime
    is_purge: bool = False
    is_resolved: bool = False
    pictures: tuple[Picture, ...] = ()
    purged_at: datetime | None = None
    left: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its file: the moment, and a digest of what was said."""
        said = hashlib.sha256(f"{self.named}\0{self.reason}".encode()).hexdigest()[:16]
        return f"{self.taken_down_at:%Y%m%dT%H%M%SZ}-{said}"

    @property
    def is_pending(self) -> bool:
        """Whether something of it is still to be done."""
        return not self.is_resolved or (self.is_purge and self.purged_at is None)

    def rows(self) -> list[dict[str, object]]:
        """Its rows in the table: one for each picture, or one by the name alone."""
        return [
            {
                "item_id": (one.item_id or None) if one else None,
                "sha256": one.sha256 if one else None,
                "sha1": one.sha1 if one else None,
                "named": self.named,
                "reason": self.reason,
                "taken_down_at": self.taken_down_at,
                "purged_at": self.purged_at,
            }
            for one in self.pictures or (None,)
        ]


def write(home: Home, note: Note) -> None:
    """Write a note, or what became of it."""
    write_into(_folder(home), note)


def write_into(folder: Path, note: Note) -> Path:
    """The same in another folder; where it lies."""
    content = _plain(note)
    path = folder / f"{note.key}.json"
    write_text(path, json.dumps({**content, "seal": _seal(content)}, indent=1) + "\n")
    return path


def remove(home: Home, note: Note) -> None:
    """Forget a note that named nothing."""
    _path(home, note.key).unlink(missing_ok=True)


def read_all(home: Home) -> tuple[list[Note], list[str]]:
    """Every note, the oldest first, and those that are damaged."""
    return _read_in(_folder(home))


def taken_from(folder: Path) -> Iterator[Note]:
    """The notes of another folder, each gone from there once it was dealt with."""
    for note in _read_in(folder)[0]:
        yield note
        (folder / f"{note.key}.json").unlink(missing_ok=True)


def _read_in(folder: Path) -> tuple[list[Note], list[str]]:
    found, damaged = [], []
    for path in sorted(folder.glob("[0-9]*.json")):
        try:
            found.append(_read(path))
        except (OSError, ValueError, KeyError, TypeError) as error:
            damaged.append(f"{path}: not a note of a takedown ({error!r})")
    return found, damaged


def bring_table_in_step(home: Home) -> list[str]:
    """Make rows and notes tell the same; what of either is damaged and cannot be proven by the other. Call it alone."""
    notes, _ = read_all(home)
    before, damaged = _table(home)
    by_key = {note.key: note for note in notes}
    held = _held(home)
    for note in _notes_of(before):
        if note.key not in by_key:
            by_key[note.key] = replace(note, is_purge=note.is_purge or held.get(note.key, False))
            write(home, by_key[note.key])
    lost = {key: is_purge for key, is_purge in held.items() if key not in by_key}
    if damaged and (lost or not held):
        seen = {(row["named"], row["reason"], row["taken_down_at"]) for row in before}
        for note in notes:
            beside = home.table(TAKEDOWNS.key) / BESIDE.format(note.key)
            if (note.named, note.reason, note.taken_down_at) not in seen or beside.is_file():
                tables.write_part(TAKEDOWNS, beside, tables.as_table(TAKEDOWNS, note.rows()))
        return damaged
    rows = [row for note in by_key.values() for row in note.rows()]
    if rows:
        tables.write(home, TAKEDOWNS, tables.as_table(TAKEDOWNS, rows))
        write_text(
            _folder(home) / HELD, json.dumps({**lost, **{key: note.is_purge for key, note in by_key.items()}}) + "\n"
        )
    _, still = read_all(home)
    return [*still, *(f"{_path(home, key)}: missing, and in no table either; restore it from a copy" for key in lost)]


def _table(home: Home) -> tuple[list[dict[str, object]], list[str]]:
    """The rows that can be read, and why others cannot."""
    rows: list[dict[str, object]] = []
    damaged = []
    for path in tables.files_of(home, TAKEDOWNS):
        try:
            rows += tables.read_part(TAKEDOWNS, path).to_pylist()
        except (TableError, OSError, pa.ArrowException, ValueError) as error:
            damaged.append(f"{path}: {' '.join(str(error).split())}")
    return rows, damaged


def _notes_of(rows: Iterable[Mapping[str, object]]) -> Iterator[Note]:
    """The notes that rows of the table were made of."""
    found: dict[str, Note] = {}
    for row in rows:
        moment, purged = row["taken_down_at"], row["purged_at"]
        assert isinstance(moment, datetime) and (purged is None or isinstance(purged, datetime))
        note = Note(
            named=str(row["named"]),
            reason=str(row["reason"]),
            taken_down_at=moment,
            is_resolved=True,
            is_purge=purged is not None,
            purged_at=purged,
        )
        known = found.setdefault(note.key, note)
        item_id, sha256, sha1 = (
            None if row[name] is None else str(row[name]) for name in ("item_id", "sha256", "sha1")
        )
        if item_id or sha256 or sha1:
            one = Picture(item_id=item_id or "", sha256=sha256, sha1=sha1, is_meant=item_id == note.named)
            found[note.key] = replace(known, pictures=(*known.pictures, one))
        else:
            found[note.key] = replace(known, is_resolved=False)
    yield from found.values()


def _held(home: Home) -> dict[str, bool]:
    """What HELD says; nothing where that is not known."""
    try:
        found = json.loads((_folder(home) / HELD).read_text())
        return {key: is_purge is True for key, is_purge in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _plain(note: Note) -> dict[str, object]:
    """A note as JSON has it."""
    told = asdict(note)
    moments = {name: value.isoformat() for name, value in told.items() if isinstance(value, datetime)}
    return {**told, **moments, "pictures": list(map(asdict, note.pictures)), "left": list(note.left)}


def _read(path: Path) -> Note:
    raw = json.loads(path.read_text())
    if raw.pop("seal") != _seal(raw):
        raise ValueError("altered since it was written")
    purged = raw["purged_at"]
    moments = {
        "taken_down_at": datetime.fromisoformat(raw["taken_down_at"]),
        "purged_at": datetime.fromisoformat(purged) if purged else None,
    }
    pictures = tuple(Picture(**one) for one in raw["pictures"])
    return Note(**{**raw, **moments, "pictures": pictures, "left": tuple(raw["left"])})


def _seal(content: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _folder(home: Home) -> Path:
    return home.table(TAKEDOWNS.key) / NOTED


def _path(home: Home, key: str) -> Path:
    return _folder(home) / f"{key}.json"
