"""Is my picture in it? What is known of a picture that somebody has as a file, or by whatever it is called.

Nothing is asked of the network, and nothing of a file is kept. What nobody can tell is said to be unknown.
Errors: ConfigError for what is no picture, or no name.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from pd_assets.lib.errors import ConfigError, WorkUnderWay
from pd_assets.lib.home import Home
from pd_assets.lib.images.pool import Bounds
from pd_assets.lib.release.asked_picture import LEARNT, SEEN, seeing_in_words, sentence_of
from pd_assets.lib.release.asked_standing import stands
from pd_assets.lib.release.ledger import Seen
from pd_assets.lib.release.lineage import models_and_members
from pd_assets.lib.release.lookup import Lookup
from pd_assets.lib.release.near_titles import near_items
from pd_assets.lib.release.picture_file import find_by_bytes
from pd_assets.lib.release.pictures import Found, as_named, find_pictures
from pd_assets.lib.release.trace import trace_found
from pd_assets.lib.release.traced import Trace
from pd_assets.lib.rights.why import Why
from pd_assets.lib.settings import STALE_DAYS

MOST_BYTES = 50_000_000
LONGEST_NAME = 2_000
# More would be a page that nobody reads to its end.
SHOWN = 24
# A whole picture of 200 megapixels takes a few seconds; somebody waits before a page.
BOUNDS = Bounds(time_s=60.0)
MOST_WAITING = 4
HOW: Mapping[str, str] = {
    "item_id": "it has this id",
    "page": "it is the page of this number",
    "title": "it has this title",
    "page_url": "this is the address of its page",
    "file_url": "this is the address of its file",
    "sha1": "its original has this SHA-1",
    "sha256": "its picture has this SHA-256",
    "picture": "the very same picture, byte for byte or after our normalising",
    "look": "it looks the same",
    "copy": "a copy of what was asked for",
}


@dataclass(frozen=True, kw_only=True)
class Model:
    """How one model stands to a picture, in words; `times` None where nobody knows."""

    stage: str
    version: str
    times: int | None
    how: str


@dataclass(frozen=True, kw_only=True)
class Match:
    """One picture that is known here. `why` is None where nobody has decided about it; `likeness` is of 1."""

    item_id: str
    title: str
    how: str
    likeness: float | None
    may_be_shown: bool
    is_gone: bool
    why: Why | None
    datasets: tuple[tuple[str, str, str], ...]
    learnt: tuple[Model, ...]
    looked_at: tuple[Model, ...]
    may_have: tuple[Model, ...]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is known. `unknown`: of which dataset versions nobody can tell what they held; `unread`: what could not be
    asked; `near`: where nothing is called so, what is called nearly so.
    """

    asked: str
    is_file: bool
    matches: tuple[Match, ...] = ()
    more: int = 0
    near: tuple[tuple[str, str], ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether all could be asked that there is."""
        return not self.unknown and not self.unread


class Turns:
    """One file is decoded at a time, and a few wait: decoding one may take the memory of a small machine."""

    def __init__(self, *, most_waiting: int = MOST_WAITING) -> None:
        self.most_waiting = most_waiting
        self._one, self._count = threading.Lock(), threading.Lock()
        self._here = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for one's turn; WorkUnderWay where too many do."""
        with self._count:
            if self._here > self.most_waiting:
                raise WorkUnderWay(f"{self._here} files are being looked at or wait; ask again in a minute")
            self._here += 1
        try:
            with self._one:
                yield
        finally:
            with self._count:
                self._here -= 1


def by_name(home: Home, called: str, *, profile: str, fresh_days: int, stale_days: int = STALE_DAYS) -> Answer:
    """What is called so: an id, a title, a digest or an address, which is read as a name and never asked for."""
    called = called.strip()
    if not called or len(called) > LONGEST_NAME:
        raise ConfigError(
            f"found a name of {len(called):,} characters; expected 1 to {LONGEST_NAME:,}: an id such as M1124, a "
            "title, or the address of a page or file"
        )
    lookup = Lookup(home=home)
    found = find_pictures(home, called, lookup=lookup)
    if not found.pictures and not as_named(home, called):
        return _nothing(home, called, found, is_file=False)
    try:
        traced = trace_found(home, found, called, lookup)
    except ConfigError:
        return _nothing(home, called, found, is_file=False)
    return _answer(home, called, traced, is_file=False, profile=profile, fresh_days=fresh_days, stale_days=stale_days)


def by_file(
    home: Home, body: bytes, name: str, *, max_side: int, profile: str, fresh_days: int, stale_days: int = STALE_DAYS
) -> Answer:
    """What the bytes of a file show: the same bytes first, then the same look. ConfigError for what is no picture."""
    lookup = Lookup(home=home)
    found = find_by_bytes(home, body, called=name, max_side=max_side, lookup=lookup, bounds=BOUNDS)
    if not found.pictures:
        return _nothing(home, name, found, is_file=True)
    traced = trace_found(home, found, name, lookup)
    return _answer(home, name, traced, is_file=True, profile=profile, fresh_days=fresh_days, stale_days=stale_days)


def _nothing(home: Home, called: str, found: Found, *, is_file: bool) -> Answer:
    _, known = models_and_members(home)
    return Answer(
        asked=called,
        is_file=is_file,
        near=() if is_file else tuple(near_items(home, called)),
        unknown=known.unknown,
        unread=found.unread,
    )


def _answer(
    home: Home, asked: str, traced: Trace, *, is_file: bool, profile: str, fresh_days: int, stale_days: int
) -> Answer:
    meant = [(item, how) for item, how in traced.items_meant.items() if item]
    alike = traced.found.alike
    meant.sort(key=lambda one: (one[1] == "copy", -(alike[one[0]].likeness or 0) if one[0] in alike else 0))
    matches = tuple(
        _match(home, traced, item, how, profile=profile, fresh_days=fresh_days, stale_days=stale_days)
        for item, how in meant[:SHOWN]
    )
    return Answer(
        asked=asked,
        is_file=is_file,
        matches=matches,
        more=max(0, len(meant) - SHOWN),
        unknown=traced.unknown,
        unread=traced.unread,
    )


def _match(
    home: Home, traced: Trace, item_id: str, how: str, *, profile: str, fresh_days: int, stale_days: int
) -> Match:
    row = next((one for one in traced.items if one["item_id"] == item_id), {})
    title = str(row.get("title") or "no longer in the catalogue")
    standing = stands(home, item_id, stale_days=stale_days)
    of_it = [one for one in traced.decisions if (one["item_id"], one["profile"]) == (item_id, profile)]
    seen = traced.seen.get(item_id, ())
    match = traced.found.alike.get(item_id)
    return Match(
        item_id=item_id,
        title=title,
        how=HOW.get(how, how),
        likeness=None if match is None else match.likeness,
        may_be_shown=standing.may_be_shown,
        is_gone=bool(standing.downs),
        why=sentence_of(home, of_it[0], fresh_days=fresh_days, standing=standing.standing()) if of_it else None,
        datasets=tuple(
            (one.dataset.name, one.dataset.version, one.split) for one in traced.sightings if one.item_id == item_id
        ),
        learnt=_models(seen, LEARNT),
        looked_at=_models(seen, SEEN),
        may_have=_models(seen, ("unknown",)),
    )


def _models(seen: Sequence[Seen], relations: Sequence[str]) -> tuple[Model, ...]:
    return tuple(
        Model(stage=one.model.stage, version=one.model.version, times=one.times_shown, how=seeing_in_words(one))
        for one in seen
        if one.relation in relations
    )
