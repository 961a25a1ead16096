"""An operator's own takedowns: `rights/takedowns`.

A picture is taken down with all its copies, those too that come later (`again.py`). It is noted first, by itself and by
the name that was given (`notes.py`); no damaged table and no run that is under way keeps it from that. What cannot be
done at once is listed, and done by the next run. A list and its patterns are one takedown with one receipt. Errors:
ConfigError.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from pd_assets.lib.catalog import table_files, tables, views
from pd_assets.lib.catalog.schemas import TAKEDOWNS
from pd_assets.lib.dataset.export import SCRATCH
from pd_assets.lib.errors import ConfigError, PdError, WorkUnderWay
from pd_assets.lib.home import Home, alone, remove_folder
from pd_assets.lib.images import journal
from pd_assets.lib.release import again, notes, notices, patterns
from pd_assets.lib.release.near_titles import near
from pd_assets.lib.release.notes import Again, Note
from pd_assets.lib.release.pictures import Found, Picture, as_named, find_pictures, require_text
from pd_assets.lib.release.purge import Purged, purge_pictures

# Where a run may be at work that makes something of pictures, and at what.
_AT_WORK = {"images": "fetches pictures", "dataset": "exports a dataset"}
# A pattern of more items is taken at its word only where somebody says so.
MANY = 20
EXPECTED = (
    "expected an item id such as commons:M123, a page id, a title, the address of a page, the SHA-1 of an original or "
    "the SHA-256 of a picture"
)
# What others may be told of a reason without a word of the operator's.
GROUNDS = ("copyright", "licence", "privacy", "law", "other")

log = logging.getLogger(__name__)


class NobodyKnows(ConfigError):
    """What is to be taken down is an id or a digest that no table has: perhaps a slip of the pen. Nothing was noted."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be taken down, by names and by patterns, and why. `ground` and `public_reason` may be told to others.

    `is_list`: what nothing is called is listed, and the rest is done. `is_sure`: a pattern may match many, and an id or
    a digest may be one that nobody knows. `number`: that of the receipt, where it is settled already.
    """

    reason: str
    names: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    purge: bool = False
    ground: str = ""
    public_reason: str = ""
    is_list: bool = False
    is_sure: bool = False
    number: str = ""


@dataclass(frozen=True, kw_only=True)
class Takedown:
    """What was taken down, what a purge removed from the disk, and what is `left` to do, which the next run goes on
    with; `told`: what else was found damaged; `unknown`: names of a list that nothing is called, and of which nothing
    was noted. `again`: what looks like it under other items; `matched`: how many items each pattern matches now.
    """

    number: str
    pictures: tuple[Picture, ...]
    purged: Purged = field(default_factory=Purged)
    left: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    again: tuple[Again, ...] = ()
    unknown: tuple[str, ...] = ()
    matched: Mapping[str, int] = field(default_factory=dict)


def take_down(home: Home, called: str, *, reason: str, purge: bool = False) -> Takedown:
    """Keep a picture and its copies out of the tables from the next run on; ConfigError where nothing is called so.

    With `purge` what is on the disk of it is removed now (`purge.py`), and what an earlier takedown left.
    """
    return take_down_all(home, Asked(names=(called,), reason=reason, purge=purge, is_sure=True))


def take_down_all(home: Home, asked: Asked) -> Takedown:
    """The same of all that is asked for, under one receipt; ConfigError where nothing of it is known.

    Whatever fails once it is noted says the number of the receipt.
    """
    written = _never_undone(home, asked)
    _require_few(home, asked)
    _require_known(home, asked)
    here: list[Note] = []
    try:
        for note in written:
            notes.write(home, note)
            here.append(note)
        done = _carried_out(home, written)
    except (PdError, duckdb.Error, OSError) as error:
        if not here:
            raise
        told = f"{' '.join(str(error).split())}; the takedown is noted as {here[0].number}"
        lacking = f", but for {len(written) - len(here)} of its names" if len(here) < len(written) else ""
        raise ConfigError(f"{told}{lacking}, and the next run goes on with it") from error
    if done.unknown and not (asked.is_list and len(done.unknown) < len(written)):
        few = ", ".join(map(repr, done.unknown[:5])) + (", ..." if len(done.unknown) > 5 else "")
        raise ConfigError(f"nothing in {home.root} is called {few}; {EXPECTED}")
    return done


def _carried_out(home: Home, written: Sequence[Note]) -> Takedown:
    kept: list[Note] = []
    unknown: list[str] = []
    matched: dict[str, int] = {}
    left: dict[str, list[str]] = {}
    is_in_step = False
    for note, found in _find_all(home, written):
        if not is_in_step and any(why.startswith(TAKEDOWNS.key) for why in found.unread):
            # The notes may prove what the table had.
            table_in_step(home)
            is_in_step, found = True, _find(home, note)
        if not found.pictures and not found.unread and not note.is_pattern and not as_named(home, note.named):
            notes.remove(home, note)
            unknown.append(note.named)
            continue
        note = _resolved(home, note, found)
        kept.append(note)
        left[note.key] = _unresolved(note, found)
        if note.is_pattern:
            matched[note.named] = len({one.item_id for one in note.pictures if one.is_meant})
    kept = again.remembering(home, kept)
    for note in kept:
        notes.write(home, note)
    back, unknown_back = again.came_back(home, kept)
    for note in back:
        notes.write(home, note)
    by_key = {note.key: note for note in [*kept, *back]}
    kept = list(by_key.values())
    undone = [*(why for of_one in left.values() for why in of_one), *unknown_back, *table_in_step(home)]
    purged = Purged()
    if kept and kept[0].is_purge:
        kept, purged = _purge(home, kept, left)
        undone = [*(why for note in kept for why in note.left), *resume(home, but=by_key)]
    told = views_in_step(home)
    told += notices.bring_in_step(home)
    return Takedown(
        number=written[0].number,
        pictures=tuple(dict.fromkeys(one for note in kept for one in note.pictures)),
        purged=purged,
        left=tuple(dict.fromkeys(undone)),
        told=told,
        again=tuple(dict.fromkeys(one for note in kept for one in note.again)),
        unknown=tuple(unknown),
        matched=matched,
    )


def _never_undone(home: Home, asked: Asked) -> tuple[Note, ...]:
    """What is to be noted, under a number that was not undone within this second."""
    written = noted(asked)
    while not asked.number and notes.is_undone(home, written[0].number):
        written = noted(asked, written[0].taken_down_at + timedelta(seconds=1))
    return written


def noted(asked: Asked, moment: datetime | None = None) -> tuple[Note, ...]:
    """What is to be noted, under one number; ConfigError where it says nothing."""
    for told in (asked.reason, asked.public_reason, *asked.names, *asked.patterns):
        require_text(told)
    reason = " ".join(asked.reason.split())
    if not reason:
        raise ConfigError("a takedown needs a reason, found none; say why with --reason, for whoever asks later")
    if asked.ground and asked.ground not in GROUNDS:
        raise ConfigError(f"ground {asked.ground!r}: expected one of {', '.join(GROUNDS)}")
    names = [(name, False) for name in dict.fromkeys(name.strip() for name in asked.names)]
    names += [(str(one), True) for one in dict.fromkeys(map(patterns.parse, asked.patterns))]
    if not names:
        raise ConfigError(f"a takedown needs a name or a pattern, found none; {EXPECTED}")
    moment = moment or _now()
    found = [
        Note(
            named=name,
            reason=reason,
            taken_down_at=moment,
            is_purge=asked.purge,
            is_pattern=is_pattern,
            ground=asked.ground,
            public_reason=" ".join(asked.public_reason.split()),
        )
        for name, is_pattern in names
    ]
    number = asked.number or notes.number_of(moment, "\0".join(note.key for note in found))
    return tuple(replace(note, given=number) for note in found)


def keep_aside(home: Home, asked: Asked) -> tuple[str, tuple[Path, ...]]:
    """Note a takedown on this machine where the bucket of its home cannot be written; `resume` brings it in. The number
    of its receipt, and where it is noted.
    """
    written = noted(asked)
    return written[0].number, tuple(notes.write_into(aside(home), note) for note in written)


def resume(home: Home, *, but: Collection[str] = (), purges: bool = True) -> list[str]:
    """Go on with what earlier takedowns left, but those of some keys, and with what came back meanwhile. What is still
    left: names that could not be looked up, and purges.
    """
    for note in notes.taken_from(aside(home)) if home.copy is not None else ():
        notes.write(home, note)
    known, damaged = notes.read_all(home)
    if not known and not damaged and not tables.files_of(home, TAKEDOWNS):
        return []
    table_in_step(home)
    left = _see_what_came_back(home)
    # A name that no table knew may be that of something new.
    waiting = [one for one in notes.standing(home) if one.key not in but and (one.is_pending or not one.pictures)]
    unresolved: dict[str, list[str]] = {}
    purging: dict[str, list[Note]] = {}
    for note, found in _find_all(home, waiting):
        (note,) = again.remembering(home, [_resolved(home, note, found)])
        unresolved[note.key] = _unresolved(note, found)
        if note.is_purge and purges and (note.pictures or note.purged_at is None):
            purging.setdefault(note.number, []).append(note)
        else:
            notes.write(home, note)
            left += unresolved[note.key]
    for several in purging.values():
        left += [f"{note.named}: {one}" for note in _purge(home, several, unresolved)[0] for one in note.left]
    left += table_in_step(home)
    for why in notices.bring_in_step(home):
        log.warning("%s", why)
    return list(dict.fromkeys(left))


def _see_what_came_back(home: Home) -> list[str]:
    """Note what matches a pattern since, and what came back under other items; purges of it are pending then. Why that
    is not known.
    """
    known = notes.standing(home)
    more = again.remembering(home, [_resolved(home, one, _find(home, one)) if one.is_pattern else one for one in known])
    back, unknown = again.came_back(home, more)
    by_key = {note.key: note for note in [*more, *back]}
    for before, note in zip(known, again.remembering(home, list(by_key.values())), strict=True):
        if note != before:
            notes.write(home, note)
    return unknown


def pending(home: Home) -> list[str]:
    """The names of the takedowns of which something is still to be done, and what is damaged of the others."""
    known, damaged = notes.read_all(home)
    return [*(note.named for note in known if note.is_pending), *damaged]


def purged(home: Home) -> set[str]:
    """The SHA-256 of the pictures that purges remove from the store: tables may name them until the next run."""
    return {digest for note in notes.standing(home) if note.is_purge for digest in note.digests}


def digest_of_all(home: Home) -> str:
    """Names the content of rights/takedowns."""
    return table_files.digest(TAKEDOWNS, tables.read_or_empty(home, TAKEDOWNS))


def aside(home: Home) -> Path:
    """Beside a working copy, where nothing is published nor replaced: what could not be noted in the home."""
    return home.root.parent / "takedowns"


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _require_few(home: Home, asked: Asked) -> None:
    """ConfigError where a pattern matches many, or nobody can tell how many, and nobody said that this is meant."""
    for one in () if asked.is_sure else map(patterns.parse, asked.patterns):
        items, unread = patterns.matching(home, one)
        if len(items) > MANY or unread:
            how = f"cannot be counted now ({unread[0]})" if unread else f"matches {len(items)} items"
            few = f" ({', '.join(items[:5])}, ...)" if items else ""
            raise ConfigError(f"pattern {one} {how}{few}; say --yes where they are all meant, or make it narrower")


def _require_known(home: Home, asked: Asked) -> None:
    """NobodyKnows where all that is named are ids and digests that no table has; of a list they are noted all the same,
    and so they are where a table cannot be asked.
    """
    if asked.is_sure or asked.is_list or asked.patterns or not all(as_named(home, name) for name in asked.names):
        return
    for name in asked.names:
        try:
            found = find_pictures(home, name)
        except (PdError, duckdb.Error, OSError):
            return
        if found.matched_by or found.unread:
            return
    called = ", ".join(asked.names)
    raise NobodyKnows(
        f"nobody here knows {called}: no table of {home.root} has it; what would be noted is that it is kept out "
        f"should it ever come{near(home, called)}; say --yes where that is meant"
    )


def _find(home: Home, note: Note) -> Found:
    """What is called so; where not even the disk can be asked, what the name says by itself."""
    try:
        journal.settle_left(home)
        if note.is_pattern:
            return patterns.find_matching(home, patterns.parse(note.named), but=note.items if note.is_resolved else ())
        return find_pictures(home, note.named)
    except (PdError, duckdb.Error, OSError) as error:
        return Found(pictures=as_named(home, note.named), unread=(" ".join(str(error).split()),))


def _find_all(home: Home, written: Sequence[Note]) -> Iterator[tuple[Note, Found]]:
    """The same of many, each in its turn: ids and digests are asked for at once."""
    several = {
        note.named: known[0]
        for note in written
        if not note.is_pattern and not note.named.isdecimal() and (known := as_named(home, note.named))
    }
    found: dict[str, Found] = {}
    if len(several) > 1:
        with suppress(PdError, duckdb.Error, OSError):
            journal.settle_left(home)
            by_name, unread = patterns.pictures_of(home, several)
            # Where a table is damaged each is asked for by itself, which reads what can be read of it.
            found = {} if unread else {name: Found(pictures=tuple(one)) for name, one in by_name.items()}
    for note in written:
        yield note, found.get(note.named) or _find(home, note)


def _resolved(home: Home, note: Note, found: Found) -> Note:
    """The note with what was found, and all that was known of it before."""
    pictures = dict.fromkeys([*note.pictures, *(found.pictures or as_named(home, note.named))])
    more = replace(note, pictures=tuple(pictures), is_resolved=not found.unread)
    # A purge has more to remove.
    return more if more.digests <= note.digests else replace(more, purged_at=None)


def _unresolved(note: Note, found: Found) -> list[str]:
    """What may be called so, and was not found."""
    if note.is_resolved:
        return []
    what = "copies of it may not be known" if note.pictures else "not yet known which picture it is"
    return [f"{note.named}: {what}: {'; '.join(found.unread)}"]


def table_in_step(home: Home) -> list[str]:
    """Make rights/takedowns say what is noted; why it does not, where that is so."""
    try:
        with alone(home.table(TAKEDOWNS.key), "notes a takedown", waits=False):
            return notes.bring_table_in_step(home)
    except (PdError, OSError) as error:
        return [f"{TAKEDOWNS.key} lacks what was noted last ({' '.join(str(error).split())})"]


def views_in_step(home: Home) -> tuple[str, ...]:
    """Make the views those of the tables; a table that is damaged hinders no takedown, and is named."""
    try:
        views.rebuild(home)
    except (PdError, duckdb.Error, OSError) as error:
        return (f"{home.catalog} is as it was ({' '.join(str(error).split())})",)
    return ()


def _purge(home: Home, of: Sequence[Note], unresolved: Mapping[str, list[str]]) -> tuple[list[Note], Purged]:
    """Remove what is there of the pictures of some notes, and note what is left. Nobody is waited for: what a run that
    is under way writes meanwhile, the next one removes.
    """
    with ExitStack() as locks:
        busy = [why for place, work in _AT_WORK.items() if (why := _entered(locks, home, place, work))]
        if not busy:
            # Of an export that was killed: nobody is at one.
            remove_folder(home.root / "dataset" / SCRATCH)
        items, digests = (set().union(*found) for found in ([one.items for one in of], [one.digests for one in of]))
        purged = purge_pictures(home, items, digests)
    done = []
    for note in of:
        left = [*unresolved.get(note.key, ()), *busy, *purged.left]
        note = replace(note, left=tuple(left), purged_at=None if left else _now())
        notes.write(home, note)
        done.append(note)
    gone = {note.named: note.purged_at for note in done if note.purged_at is not None}
    for other in notes.read_all(home)[0] if gone else ():
        if other.named in gone:
            notes.write(home, replace(other, purged_at=gone[other.named], left=()))
    return done, purged


def _entered(locks: ExitStack, home: Home, place: str, work: str) -> str | None:
    """Be the only one at some work in a place; in words where another run is, which may make more of the picture."""
    try:
        locks.enter_context(alone(home.root / place, work, waits=False))
    except (WorkUnderWay, OSError) as error:
        return f"{error}: what it makes of the picture is removed by the next run"
    return None
