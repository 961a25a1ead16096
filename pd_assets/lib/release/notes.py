"""The takedowns as they were noted: a small file for each, `rights/takedowns/noted/`, written before anything is read.

`rights/takedowns` has the same in rows, for queries. Each proves the other: a file of the table that is damaged is made
anew from the notes where these are all there, and a note from its rows. What cannot be proven stays as it is and is
named, and what is new lies beside it. That a takedown was undone is a note of its own beside those of the takedown,
which stay as they are: whoever is at work on them meanwhile does not lose it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
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
# The note of an undoing, by the number of the receipt.
UNDONE = "undone-{}.json"


# How a row of the table was known.
NAME, PATTERN, COPY, LOOK = "name", "pattern", "copy", "look"
BY_NAME = (NAME, PATTERN, COPY)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What stays of how a picture looks once it is gone: its hashes as in images/files, and what `look` compares."""

    sha256: str
    phash: str | None
    detail_hash: str | None
    look: str | None = None


@dataclass(frozen=True, kw_only=True)
class Again:
    """A picture that was taken down and came back under another item; `matched_by`: `sha1`, `sha256` or `look`."""

    item_id: str
    sha256: str | None
    sha1: str | None
    matched_by: str


@dataclass(frozen=True, kw_only=True)
class Undoing:
    """That the takedown with this number keeps nothing out any more: when that was said, and why."""

    number: str
    undone_at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class Note:
    """What an operator takes down, in their words, and what came of it.

    `is_resolved`: every table could be asked which `pictures` are meant. `is_purge`: they are to be removed from the
    disk; `purged_at` says when nothing was left of them, and `left` until then what was. `given`: the number of the
    receipt where several notes share one. `ground` and `public_reason` are what others may be told of the reason.
    `undone` is told by a note of its own.
    """

    named: str
    reason: str
    taken_down_at: datetime
    is_purge: bool = False
    is_resolved: bool = False
    pictures: tuple[Picture, ...] = ()
    purged_at: datetime | None = None
    left: tuple[str, ...] = ()
    given: str = ""
    is_pattern: bool = False
    again: tuple[Again, ...] = ()
    kept: tuple[Kept, ...] = ()
    ground: str = ""
    public_reason: str = ""
    undone: Undoing | None = None

    @property
    def key(self) -> str:
        """Its file: the moment, and a digest of what was said."""
        said = hashlib.sha256(f"{self.named}\0{self.reason}".encode()).hexdigest()[:16]
        return f"{self.taken_down_at:%Y%m%dT%H%M%SZ}-{said}"

    @property
    def number(self) -> str:
        """The number of its receipt; one of before there were numbers has that of its key."""
        return self.given or number_of(self.taken_down_at, self.key)

    @property
    def meant(self) -> tuple[Picture | Again, ...]:
        """What it names, copies with it, and what came back."""
        return (*self.pictures, *self.again)

    @property
    def items(self) -> set[str]:
        """The items of all these."""
        return {one.item_id for one in self.meant if one.item_id}

    @property
    def digests(self) -> set[str]:
        """Their pictures by their SHA-256 in the store."""
        return {one.sha256 for one in self.meant if one.sha256}

    @property
    def is_pending(self) -> bool:
        """Whether something of it is still to be done."""
        return self.undone is None and (not self.is_resolved or (self.is_purge and self.purged_at is None))

    def rows(self) -> list[dict[str, object]]:
        """Its rows in the table: one for each picture, or one by the name alone."""
        by_name = PATTERN if self.is_pattern else NAME
        found: list[tuple[Picture | Again | None, str]] = [
            (one, by_name if one is None or one.is_meant else COPY) for one in self.pictures or (None,)
        ]
        found += [(one, one.matched_by) for one in self.again]
        return [
            {
                "item_id": (one.item_id or None) if one else None,
                "sha256": one.sha256 if one else None,
                "sha1": one.sha1 if one else None,
                "named": self.named,
                "reason": self.reason,
                "taken_down_at": self.taken_down_at,
                "purged_at": self.purged_at,
                "number": self.number,
                "matched_by": matched_by,
                "undone_at": self.undone.undone_at if self.undone else None,
                "undone_reason": self.undone.reason if self.undone else None,
            }
            for one, matched_by in found
        ]


# Crockford's base 32: no letter that is read as a digit or as another letter.
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DIGITS_IN_A_NUMBER = 8


def number_of(moment: datetime, said: str) -> str:
    """The number of a receipt: the day, and 40 bits of a digest of the moment and of what was said, so that nobody has
    to be asked which numbers are taken.
    """
    digest = int.from_bytes(hashlib.sha256(f"{moment.isoformat()}\0{said}".encode()).digest()[:5])
    digits = "".join(DIGITS[digest >> 5 * place & 31] for place in reversed(range(DIGITS_IN_A_NUMBER)))
    return f"T-{moment:%Y%m%d}-{digits}"


def write(home: Home, note: Note) -> None:
    """Write a note, or what became of it."""
    write_into(_folder(home), note)


def write_into(folder: Path, note: Note) -> Path:
    """The same in another folder; where it lies."""
    content = _plain(note)
    path = folder / f"{note.key}.json"
    write_text(path, json.dumps({**content, "seal": _seal(content)}, indent=1) + "\n")
    return path


def write_undoing(home: Home, undoing: Undoing) -> None:
    """Note that a takedown is undone."""
    content = {**asdict(undoing), "undone_at": undoing.undone_at.isoformat()}
    path = _folder(home) / UNDONE.format(undoing.number)
    write_text(path, json.dumps({**content, "seal": _seal(content)}, indent=1) + "\n")


def remove(home: Home, note: Note) -> None:
    """Forget a note that named nothing."""
    _path(home, note.key).unlink(missing_ok=True)


def read_all(home: Home) -> tuple[list[Note], list[str]]:
    """Every note, the oldest first, and those that are damaged."""
    return read_in(_folder(home))


def is_undone(home: Home, number: str) -> bool:
    """Whether there is a note that this takedown was undone."""
    return (_folder(home) / UNDONE.format(number)).is_file()


def standing(home: Home) -> list[Note]:
    """The notes of the takedowns that were not undone, the oldest first: what is kept out."""
    return [note for note in read_all(home)[0] if note.undone is None]


def undone(home: Home) -> set[str]:
    """The numbers of the takedowns that were undone, by sound notes of it."""
    return set(_undoings(_folder(home))[0])


def unread(home: Home) -> list[str]:
    """The notes that are damaged, and that the table does not hold either: nobody knows what they keep out."""
    held = _held(home) if tables.files_of(home, TAKEDOWNS) else {}
    there = {path.stem for path in _folder(home).glob("[0-9]*.json")}
    damaged = there - {note.key for note in read_all(home)[0]} - held.keys()
    return [f"{TAKEDOWNS.key}: the note of a takedown, {key}.json, cannot be read" for key in sorted(damaged)]


def taken_from(folder: Path) -> Iterator[Note]:
    """The notes of another folder, each gone from there once it was dealt with."""
    for note in read_in(folder)[0]:
        yield note
        (folder / f"{note.key}.json").unlink(missing_ok=True)


def read_in(folder: Path) -> tuple[list[Note], list[str]]:
    """The same of another folder."""
    found, damaged = [], []
    for path in sorted(folder.glob("[0-9]*.json")):
        try:
            found.append(_read(path))
        except (OSError, ValueError, KeyError, TypeError) as error:
            damaged.append(f"{path}: not a note of a takedown ({error!r})")
    undone, damaged_too = _undoings(folder)
    return [replace(note, undone=undone.get(note.number)) for note in found], [*damaged, *damaged_too]


def _undoings(folder: Path) -> tuple[dict[str, Undoing], list[str]]:
    """What was undone, by its number, and the notes of it that are damaged: until they are healed that stands."""
    found, damaged = {}, []
    for path in sorted(folder.glob(UNDONE.format("*"))):
        try:
            raw = json.loads(path.read_text())
            if raw.pop("seal") != _seal(raw):
                raise ValueError("altered since it was written")
            one = Undoing(**{**raw, "undone_at": datetime.fromisoformat(raw["undone_at"])})
            found[one.number] = one
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            damaged.append(f"{path}: not a note of an undone takedown ({error!r})")
    return found, damaged


def bring_table_in_step(home: Home) -> list[str]:
    """Make rows and notes tell the same; what of either is damaged and cannot be proven by the other. Call it alone."""
    before, damaged = _table(home)
    _heal_undoings(home, before)
    notes, _ = read_all(home)
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


def _heal_undoings(home: Home, rows: Iterable[Mapping[str, object]]) -> None:
    """Write the notes of undone takedowns anew that rows prove, and that are gone or damaged."""
    known, _ = _undoings(_folder(home))
    for row in rows:
        number, moment = str(row["number"] or ""), row["undone_at"]
        if isinstance(moment, datetime) and number and number not in known:
            known[number] = Undoing(number=number, undone_at=moment, reason=str(row["undone_reason"] or ""))
            write_undoing(home, known[number])


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
            given=str(row["number"] or ""),
        )
        known = found.setdefault(note.key, note)
        item_id, sha256, sha1, matched_by = (
            None if row[name] is None else str(row[name]) for name in ("item_id", "sha256", "sha1", "matched_by")
        )
        known = replace(known, is_pattern=known.is_pattern or matched_by == PATTERN)
        if matched_by is not None and matched_by not in BY_NAME:
            again = Again(item_id=item_id or "", sha256=sha256, sha1=sha1, matched_by=matched_by)
            found[note.key] = replace(known, again=(*known.again, again))
        elif item_id or sha256 or sha1:
            # Of before it was said how a row was known.
            is_meant = item_id == note.named if matched_by is None else matched_by != COPY
            one = Picture(item_id=item_id or "", sha256=sha256, sha1=sha1, is_meant=is_meant)
            found[note.key] = replace(known, pictures=(*known.pictures, one))
        else:
            found[note.key] = replace(known, is_resolved=False)
    yield from found.values()


_LISTED: Mapping[str, type] = {"pictures": Picture, "again": Again, "kept": Kept}


def _held(home: Home) -> dict[str, bool]:
    """What HELD says; nothing where that is not known."""
    try:
        found = json.loads((_folder(home) / HELD).read_text())
        return {key: is_purge is True for key, is_purge in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _plain(note: Note) -> dict[str, object]:
    """A note as JSON has it."""
    told = {**asdict(note), "number": note.number}
    del told["given"], told["undone"]
    moments = {name: value.isoformat() for name, value in told.items() if isinstance(value, datetime)}
    listed = {name: list(map(asdict, getattr(note, name))) for name in _LISTED}
    return {**told, **moments, **listed, "left": list(note.left)}


def _read(path: Path) -> Note:
    raw = json.loads(path.read_text())
    if not isinstance(raw, dict):
        raise ValueError("no JSON object")
    if raw.pop("seal") != _seal(raw):
        raise ValueError("altered since it was written")
    purged = raw["purged_at"]
    moments = {
        "taken_down_at": datetime.fromisoformat(raw["taken_down_at"]),
        "purged_at": datetime.fromisoformat(purged) if purged else None,
    }
    # One of before there were numbers lacks what came later.
    listed = {name: tuple(kind(**_known(kind, one)) for one in raw.get(name, ())) for name, kind in _LISTED.items()}
    raw["given"] = raw.pop("number", "")
    return Note(**{**raw, **moments, **listed, "left": tuple(raw["left"])})


def _known(kind: type, raw: Mapping[str, object]) -> dict[str, object]:
    """What a note says of one; what another version says besides is left out."""
    return {one.name: raw[one.name] for one in fields(kind) if one.name in raw}


def _seal(content: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _folder(home: Home) -> Path:
    return home.table(TAKEDOWNS.key) / NOTED


def _path(home: Home, key: str) -> Path:
    return _folder(home) / f"{key}.json"
