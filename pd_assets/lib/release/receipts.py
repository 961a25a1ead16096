"""The receipt of a takedown: what of it is done, what waits, what stays, and what cannot be undone.

All of it is told from the home as it is now. That something was removed once is never believed: it is looked for.
Errors: ConfigError for a number that no takedown has.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.release import notes
from pd_assets.lib.release.notes import DIGITS, Note, Undoing
from pd_assets.lib.release.takedown_facts import LEARNT, Facts, SeenBy, gather
from pd_assets.lib.release.takedowns import aside

# What is meant by what looks like it, in Crockford's base 32.
_READ_AS = str.maketrans("OIL", "011")
NEAR, SHOWN = 5, 10


@dataclass(frozen=True, kw_only=True)
class Point:
    """One thing about a takedown. `what`: `noted`, `looked_up`, `pattern`, `table`, `catalogue`, `dataset`, `store`,
    `latents`, `sheets`, `purge` or `undone`.
    """

    what: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """A takedown as it stands. `stays`: what is there still since nobody asked for a purge; `models` every model that
    saw one of its pictures, or of which nobody can tell; `unknown` what could not be told, and why. Of one that was
    undone (`undone`) only that is told.
    """

    number: str
    taken_down_at: datetime
    reason: str
    named: tuple[str, ...]
    is_purge: bool
    pictures: tuple[Mapping[str, object], ...]
    done: tuple[Point, ...]
    waits: tuple[Point, ...]
    stays: tuple[Point, ...]
    models: tuple[SeenBy, ...]
    unknown: tuple[str, ...] = ()
    undone: Undoing | None = None

    @property
    def state(self) -> str:
        """`undone` where it was; `done` where nothing waits, else `waits`."""
        return "undone" if self.undone else "waits" if self.waits else "done"

    @property
    def learnt(self) -> list[SeenBy]:
        """The models that learnt from it, or may have: they stay as they are until they are trained again."""
        return [one for one in self.models if one.relation in LEARNT]

    def as_json(self) -> dict[str, object]:
        """The same for a program."""
        models = [one.as_json() for one in self.models]
        return {
            "number": self.number,
            "state": self.state,
            "taken_down_at": self.taken_down_at.isoformat(),
            "reason": self.reason,
            "named": list(self.named),
            "purge": self.is_purge,
            "pictures": [dict(one) for one in self.pictures],
            "done": list(map(asdict, self.done)),
            "waits": list(map(asdict, self.waits)),
            "stays": list(map(asdict, self.stays)),
            "cannot_be_undone": [one for one in models if one["relation"] in LEARNT],
            "models": models,
            "unknown": list(self.unknown),
            "undone": self.undone and {"undone_at": self.undone.undone_at.isoformat(), "reason": self.undone.reason},
        }

    def in_words(self) -> Iterator[str]:
        """Lines for a person."""
        yield f"{self.number}  {self.taken_down_at:%Y-%m-%d %H:%M} UTC  {self.state}"
        yield f"  taken down: {_few(self.named)}: {self.reason}"
        for one in self.pictures[:SHOWN]:
            yield f"  {one['item_id'] or 'no item yet'}  {one['sha256'] or 'never fetched'}  (by {one['matched_by']})"
        if len(self.pictures) > SHOWN:
            yield f"  and {len(self.pictures) - SHOWN} more pictures: --json lists all"
        yield from _listed("done", self.done)
        yield from _listed("waits", self.waits)
        if self.undone:
            return
        yield from _listed("stays, as no purge was asked for", self.stays)
        yield f"cannot be undone: {len(self.learnt) or 'nothing'}"
        for model in self.learnt:
            yield f"  {model}"
        others = [one for one in self.models if one.relation not in LEARNT]
        if others:
            yield f"models that did not learn from it: {len(others)}"
            yield from (f"  {model}" for model in others)
        if self.unknown:
            yield f"not known: {len(self.unknown)}"
            yield from (f"  {one}" for one in self.unknown)

    def in_a_line(self) -> str:
        """The same in a line of a list."""
        waiting = f"{len(self.waits)} wait: {self.waits[0].text}" if self.waits else "done"
        if self.undone:
            waiting = f"undone on {self.undone.undone_at:%Y-%m-%d}: {self.undone.reason}"
        pictures = f"{len(self.pictures)} picture{'s' if len(self.pictures) != 1 else ''}"
        what = f"{_few(self.named)}: {self.reason}"
        return f"{self.number}  {self.taken_down_at:%Y-%m-%d}  {pictures}  {what}  ({waiting})"


def receipt(home: Home, number: str) -> Receipt:
    """The receipt of a number, however it is written; ConfigError for one that no takedown has."""
    by_number, damaged = _by_number(home)
    wanted = as_written(number)
    if wanted not in by_number:
        raise ConfigError(unknown_number(home, number, sorted(by_number), damaged))
    return _of(wanted, by_number[wanted], gather(home, [one for one, _ in by_number[wanted]]))


def receipts(home: Home) -> tuple[list[Receipt], list[str]]:
    """All of them, the oldest first; and which notes are damaged."""
    by_number, damaged = _by_number(home)
    facts = gather(home, [one for several in by_number.values() for one, _ in several])
    found = [_of(number, several, facts) for number, several in by_number.items()]
    return sorted(found, key=lambda one: (one.taken_down_at, one.number)), damaged


def as_written(number: str) -> str:
    """A number as receipts have it: small letters and letters that look like digits are meant well."""
    found = "".join(number.split()).upper()
    head, dash, digits = found.rpartition("-")
    return head + dash + "".join(one if one in DIGITS else one.translate(_READ_AS) for one in digits)


def _by_number(home: Home) -> tuple[dict[str, list[tuple[Note, bool]]], list[str]]:
    """The notes of each receipt, and whether they are in the home; and those that are damaged."""
    found, damaged = notes.read_all(home)
    here = {one.key for one in found}
    waiting = notes.read_in(aside(home))[0] if home.copy is not None else []
    by_number: dict[str, list[tuple[Note, bool]]] = {}
    for note in [*found, *(one for one in waiting if one.key not in here)]:
        by_number.setdefault(note.number, []).append((note, note.key in here))
    return by_number, damaged


def unknown_number(home: Home, number: str, known: Sequence[str], damaged: Sequence[str]) -> str:
    """What a person is told of a number that no takedown has, and which it may be."""
    near = difflib.get_close_matches(as_written(number), known, n=NEAR, cutoff=0.5)
    has = f"near ones are {', '.join(near)}" if near else f"there are {len(known)}" if known else "there are none"
    more = f"; {len(damaged)} notes are damaged ({damaged[0]})" if damaged else ""
    return (
        f"no takedown in {home.root} has the number {number.strip()!r}; {has}; expected one like T-20261130-7Q4ZK2MX: "
        f"pdd takedown --list lists all{more}"
    )


def _of(number: str, several: Sequence[tuple[Note, bool]], facts: Facts) -> Receipt:
    found = _Points(facts=facts, of=[note for note, _ in several])
    first = found.of[0]
    found.noted(all(is_here for _, is_here in several))
    if first.undone is not None:
        found.undone(first.undone)
    else:
        found.catalogue()
        found.datasets()
        found.store()
        found.made_of_it()
    return Receipt(
        number=number,
        taken_down_at=first.taken_down_at,
        reason=first.reason,
        named=tuple(note.named for note in found.of),
        is_purge=found.is_purge,
        pictures=tuple(_pictures(found.of)),
        done=tuple(found.done),
        waits=tuple(found.waits),
        stays=tuple(found.stays),
        models=() if first.undone else tuple(facts.seen_by(found.of)),
        unknown=tuple(found.unknown),
        undone=first.undone,
    )


def _pictures(of: Iterable[Note]) -> Iterator[Mapping[str, object]]:
    """Each once: two names of a list may mean the same."""
    seen = set()
    for row in (row for note in of for row in note.rows()):
        state = (row["item_id"], row["sha256"], row["sha1"])
        if any(state) and state not in seen:
            seen.add(state)
            yield {name: row[name] for name in ("item_id", "sha256", "sha1", "matched_by")}


@dataclass(kw_only=True)
class _Points:
    """The points of one receipt, being gathered."""

    facts: Facts
    of: Sequence[Note]
    done: list[Point] = field(default_factory=list)
    waits: list[Point] = field(default_factory=list)
    stays: list[Point] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def is_purge(self) -> bool:
        return any(note.is_purge for note in self.of)

    def add(self, is_done: bool, what: str, text: str) -> None:
        (self.done if is_done else self.waits).append(Point(what=what, text=text))

    def kept(self, what: str, text: str) -> None:
        """What is there still: a purge waits for it, or it stays."""
        (self.waits if self.is_purge else self.stays).append(Point(what=what, text=text))

    def undone(self, undoing: Undoing) -> None:
        """It keeps nothing out any more; nothing that it waited for is done."""
        self.add(True, "undone", f"undone on {undoing.undone_at:%Y-%m-%d %H:%M} UTC: {undoing.reason}")
        text = "what was removed of it stays removed until a run fetches and exports it anew, where it is accepted"
        if self.is_purge:
            self.add(True, "purge", text)

    def noted(self, is_here: bool) -> None:
        self.add(is_here, "noted", "noted" if is_here else "noted on this machine; not in the home's bucket yet")
        unresolved = [note.named for note in self.of if not note.is_resolved and note.undone is None]
        if unresolved:
            self.add(False, "looked_up", f"not every table could be asked which pictures {_few(unresolved)} are")
        elif any(note.pictures for note in self.of):
            several = len(self.facts.items(self.of))
            known = f"{several} items are" if several != 1 else "1 item is"
            self.add(True, "looked_up", f"{known} known of it, copies with them")
        for note in self.of:
            if note.is_pattern and note.undone is None:
                self.add(True, "pattern", f"{note.named} is remembered: later items that match are taken down as well")
        lacking = self.facts.lacking_rows(self.of)
        self.add(not lacking, "table", lacking or "rights/takedowns tells the same")
        self.unknown += self.facts.unread

    def catalogue(self) -> None:
        if self.facts.licensed_problem:
            self.add(False, "catalogue", f"catalog/licensed_images cannot be read ({self.facts.licensed_problem})")
            return
        listed = self.facts.licensed(self.of)
        text = f"catalog/licensed_images still lists {_few(listed)}: the next run leaves it out"
        self.add(not listed, "catalogue", text if listed else "out of catalog/licensed_images")

    def datasets(self) -> None:
        for one in self.facts.held(self.of):
            if one.is_current:
                self.add(False, "dataset", f"{one} holds it: the next run makes one without it")
            elif one.is_there:
                self.kept("dataset", f"{one} holds it")
            else:
                self.add(True, "dataset", f"{one} held it and is removed")
        for current in self.facts.current_without(self.of):
            self.add(True, "dataset", f"{current} does not hold it")
        for one, why in self.facts.untold(self.of):
            if one.is_there:
                self.add(False, "dataset", f"{one}: not known whether it holds it ({why})")
            else:
                self.unknown.append(f"{one}: whether it held it ({why})")

    def store(self) -> None:
        found = self.facts.in_store(self.of)
        if found:
            several = f"{len(found)} of its pictures are" if len(found) != 1 else "1 of its pictures is"
            self.kept("store", f"{several} in the store ({_few(found)})")
        else:
            self.add(True, "store", "no picture of it is in the store")

    def made_of_it(self) -> None:
        for version in self.facts.latents(self.of):
            self.kept("latents", f"models/latents {version} was made of a dataset that held it, or may have been")
        if self.is_purge and (sheets := self.facts.sheets(self.of)):
            self.add(False, "sheets", f"{len(sheets)} sheets and pages may show it ({_few(sheets)})")
        if waiting := [note for note in self.of if note.is_purge and note.purged_at is None]:
            left = next((note.left[0] for note in waiting if note.left), "it was not ended")
            self.add(False, "purge", f"the purge is gone on with by the next run: {left}")


def _listed(title: str, points: Iterable[Point]) -> Iterator[str]:
    points = list(points)
    if points or title in ("done", "waits"):
        yield f"{title}: {len(points) or 'nothing'}"
        yield from (f"  {one.text}" for one in points)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
