"""An operator's own takedowns: `rights/takedowns`.

A picture is taken down with all its copies, those too that come later. It is noted first, by itself and by the name
that was given (`notes.py`); no damaged table and no run that is under way keeps it from that. What cannot be done at
once is listed, and done by the next run. Errors: ConfigError.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pd_assets.lib.catalog import table_files, tables, views
from pd_assets.lib.catalog.schemas import TAKEDOWNS
from pd_assets.lib.dataset.export import SCRATCH
from pd_assets.lib.errors import ConfigError, PdError, WorkUnderWay
from pd_assets.lib.home import Home, alone, remove_folder
from pd_assets.lib.images import journal
from pd_assets.lib.release import notes
from pd_assets.lib.release.notes import Note
from pd_assets.lib.release.pictures import Found, Picture, as_named, find_pictures
from pd_assets.lib.release.purge import Purged, purge_pictures

# Where a run may be at work that makes something of pictures, and at what.
_AT_WORK = {"images": "fetches pictures", "dataset": "exports a dataset"}


@dataclass(frozen=True, kw_only=True)
class Takedown:
    """What was taken down, what a purge removed from the disk, and what is `left` to do, which the next run goes on
    with; `told`: what else was found damaged.
    """

    pictures: tuple[Picture, ...]
    purged: Purged = field(default_factory=Purged)
    left: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def take_down(home: Home, called: str, *, reason: str, purge: bool = False) -> Takedown:
    """Keep a picture and its copies out of the tables from the next run on; ConfigError where nothing is called so.

    With `purge` what is on the disk of it is removed now (`purge.py`), and what an earlier takedown left.
    """
    note = noted(called, reason=reason, purge=purge)
    notes.write(home, note)
    found = _find(home, note.named)
    if any(why.startswith(TAKEDOWNS.key) for why in found.unread):
        # The notes may prove what the table had.
        _table_in_step(home)
        found = _find(home, note.named)
    if not found.pictures and not found.unread and not as_named(called):
        notes.remove(home, note)
        raise ConfigError(
            f"nothing in {home.root} is called {called.strip()!r}; expected an item id such as commons:M123, a page "
            "id, a title, the address of a page, the SHA-1 of an original or the SHA-256 of a picture"
        )
    note = _resolved(note, found)
    notes.write(home, note)
    left = [*_unresolved(note, found), *_table_in_step(home)]
    purged = Purged()
    if purge:
        note, purged = _purge(home, note, found)
        left = [*note.left, *resume(home, but=note)]
    told = _views_in_step(home)
    return Takedown(pictures=note.pictures, purged=purged, left=tuple(dict.fromkeys(left)), told=told)


def noted(called: str, *, reason: str, purge: bool) -> Note:
    """What is to be noted; ConfigError where it says nothing."""
    called, reason = called.strip(), " ".join(reason.split())
    if not reason:
        raise ConfigError("a takedown needs a reason, found none; say why with --reason, for whoever asks later")
    return Note(named=called, reason=reason, taken_down_at=_now(), is_purge=purge)


def keep_aside(home: Home, called: str, *, reason: str, purge: bool) -> Path:
    """Note a takedown on this machine where the bucket of its home cannot be written; `resume` brings it in."""
    note = noted(called, reason=reason, purge=purge)
    return notes.write_into(_aside(home), note)


def resume(home: Home, *, but: Note | None = None, purges: bool = True) -> list[str]:
    """Go on with what earlier takedowns left, and what is still left: names that could not be looked up, and purges."""
    for note in notes.taken_from(_aside(home)) if home.copy is not None else ():
        notes.write(home, note)
    known, damaged = notes.read_all(home)
    if not known and not damaged and not tables.files_of(home, TAKEDOWNS):
        return []
    _table_in_step(home)
    left: list[str] = []
    for note in notes.read_all(home)[0]:
        # A name that no table knew may be that of something new.
        is_open = note.is_pending or not note.pictures
        if not is_open or (but is not None and note.key == but.key):
            continue
        found = _find(home, note.named)
        note = _resolved(note, found)
        if note.is_purge and purges and (note.pictures or note.purged_at is None):
            note, _ = _purge(home, note, found)
            left += [f"{note.named}: {one}" for one in note.left]
        else:
            notes.write(home, note)
            left += _unresolved(note, found)
    return list(dict.fromkeys([*left, *_table_in_step(home)]))


def pending(home: Home) -> list[str]:
    """The names of the takedowns of which something is still to be done, and what is damaged of the others."""
    known, damaged = notes.read_all(home)
    return [*(note.named for note in known if note.is_pending), *damaged]


def digest_of_all(home: Home) -> str:
    """Names the content of rights/takedowns."""
    return table_files.digest(TAKEDOWNS, tables.read_or_empty(home, TAKEDOWNS))


def _aside(home: Home) -> Path:
    """Beside a working copy, where nothing is published nor replaced."""
    return home.root.parent / "takedowns"


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _find(home: Home, called: str) -> Found:
    """What is called so; where not even the disk can be asked, what the name says by itself."""
    try:
        journal.settle_left(home)
        return find_pictures(home, called)
    except (PdError, duckdb.Error, OSError) as error:
        return Found(pictures=as_named(called), unread=(" ".join(str(error).split()),))


def _resolved(note: Note, found: Found) -> Note:
    """The note with what was found, and all that was known of it before."""
    pictures = dict.fromkeys([*note.pictures, *(found.pictures or as_named(note.named))])
    return replace(note, pictures=tuple(pictures), is_resolved=not found.unread)


def _unresolved(note: Note, found: Found) -> list[str]:
    """What may be called so, and was not found."""
    if note.is_resolved:
        return []
    what = "copies of it may not be known" if note.pictures else "not yet known which picture it is"
    return [f"{note.named}: {what}: {'; '.join(found.unread)}"]


def _table_in_step(home: Home) -> list[str]:
    """Make rights/takedowns say what is noted; why it does not, where that is so."""
    try:
        with alone(home.table(TAKEDOWNS.key), "notes a takedown", waits=False):
            return notes.bring_table_in_step(home)
    except (PdError, OSError) as error:
        return [f"{TAKEDOWNS.key} lacks what was noted last ({' '.join(str(error).split())})"]


def _views_in_step(home: Home) -> tuple[str, ...]:
    """Make the views those of the tables; a table that is damaged hinders no takedown, and is named."""
    try:
        views.rebuild(home)
    except (PdError, duckdb.Error, OSError) as error:
        return (f"{home.catalog} is as it was ({' '.join(str(error).split())})",)
    return ()


def _purge(home: Home, note: Note, found: Found) -> tuple[Note, Purged]:
    """Remove what is there of a note's pictures, and note what is left. Nobody is waited for: what a run that is under
    way writes meanwhile, the next one removes.
    """
    left = _unresolved(note, found)
    with ExitStack() as locks:
        busy = [why for place, work in _AT_WORK.items() if (why := _entered(locks, home, place, work))]
        if not busy:
            # Of an export that was killed: nobody is at one.
            remove_folder(home.root / "dataset" / SCRATCH)
        digests = {one.sha256 for one in note.pictures if one.sha256}
        purged = purge_pictures(home, {one.item_id for one in note.pictures if one.item_id}, digests)
    left += busy
    left += purged.left
    purged_at = None if left else _now()
    note = replace(note, left=tuple(left), purged_at=purged_at)
    notes.write(home, note)
    if purged_at is not None:
        for other in notes.read_all(home)[0]:
            if other.named == note.named:
                notes.write(home, replace(other, purged_at=purged_at, left=()))
    return note, purged


def _entered(locks: ExitStack, home: Home, place: str, work: str) -> str | None:
    """Be the only one at some work in a place; in words where another run is, which may make more of the picture."""
    try:
        locks.enter_context(alone(home.root / place, work, waits=False))
    except (WorkUnderWay, OSError) as error:
        return f"{error}: what it makes of the picture is removed by the next run"
    return None
