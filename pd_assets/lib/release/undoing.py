"""Undoing a takedown: what it kept out is judged as any other picture again, and both stay in the log.

What a purge removed stays removed until a run fetches and exports it anew. Other takedowns of the same picture stand.
Errors: ConfigError.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.release import notes, notices
from pd_assets.lib.release.notes import Undoing
from pd_assets.lib.release.pictures import require_text
from pd_assets.lib.release.receipts import as_written, unknown_number
from pd_assets.lib.release.takedowns import aside, table_in_step, views_in_step


@dataclass(frozen=True, kw_only=True)
class Undone:
    """A takedown that was undone: its number and names, how many items it meant, and whether it had removed something.
    `others`: the receipts that keep one of these out all the same. `left`: what the next run goes on with.
    """

    number: str
    named: tuple[str, ...]
    items: int
    was_purged: bool
    others: tuple[str, ...]
    left: tuple[str, ...]


def undo(home: Home, number: str, *, reason: str) -> Undone:
    """Have a takedown keep nothing out any more; ConfigError for a number that none has, and for one that is undone."""
    require_text(reason)
    if not (why := " ".join(reason.split())):
        raise ConfigError(
            "undoing a takedown needs a reason, found none; say why with --reason, for whoever asks later"
        )
    for note in notes.taken_from(aside(home)) if home.copy is not None else ():
        notes.write(home, note)
    # A note that is damaged may be proven by the table.
    table_in_step(home)
    known, damaged = notes.read_all(home)
    wanted = as_written(number)
    of = [note for note in known if note.number == wanted]
    if not of:
        raise ConfigError(unknown_number(home, number, sorted({note.number for note in known}), damaged))
    if (before := of[0].undone) is not None:
        raise ConfigError(
            f"{wanted} was undone already, on {before.undone_at:%Y-%m-%d %H:%M} UTC: {before.reason}; to take it down "
            "once more: pdd takedown NAME --reason TEXT, which has a number of its own"
        )
    notes.write_undoing(home, Undoing(number=wanted, undone_at=datetime.now(UTC).replace(microsecond=0), reason=why))
    left = table_in_step(home)
    return Undone(
        number=wanted,
        named=tuple(note.named for note in of),
        items=len(set().union(*(note.items for note in of))),
        was_purged=any(note.is_purge for note in of),
        others=_others(home, of),
        left=(*left, *views_in_step(home), *notices.bring_in_step(home)),
    )


def _others(home: Home, of: list[notes.Note]) -> tuple[str, ...]:
    """The receipts that stand and mean one of the same items or pictures."""
    items = set().union(*(note.items for note in of))
    digests = set().union(*(note.digests for note in of))
    found = [note.number for note in notes.standing(home) if note.items & items or note.digests & digests]
    return tuple(dict.fromkeys(found))
