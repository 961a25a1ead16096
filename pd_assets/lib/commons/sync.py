"""Bring the stored pages of a category up to date: one cheap listing, details only for what is new or changed.

A page's latest revision changes with every edit, overwrite and rename, and its touch date when a template on it does,
so comparing both finds all of them (by inequality: a restored page's touch date goes back). A page that the listing no
longer holds is asked for once more: it was deleted or left. Writes commons/pages, one partition each, part by part:
the memory does not grow with what the pages hold, and an interruption costs at most the part in the making.
"""

import logging
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.looks import COMMONS, Looks, load_looks
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.commons.action_api import ApiError
from pd_assets.lib.commons.client import LIST_LIMIT, CommonsClient
from pd_assets.lib.commons.index import (
    DELETED,
    LEFT,
    LIVE,
    MOVED,
    STATUSES,
    UNKNOWN,
    PartitionIndex,
    Place,
    Places,
    load_partition,
    load_places,
    state_of,
)
from pd_assets.lib.commons.parts import PartitionWriter
from pd_assets.lib.commons.records import Member, Page
from pd_assets.lib.commons.unread import UnreadPages, load_unread
from pd_assets.lib.home import Home
from pd_assets.lib.prior.kept import IMPORTED
from pd_assets.lib.prior.kept import titles as imported_titles

log = logging.getLogger(__name__)

# What is due a day after one night is due in the next one, although that may begin a little earlier.
A_NIGHT_IS_EARLY = timedelta(hours=3)

T = TypeVar("T")
Row = dict[str, object]


class Progress(Protocol):
    """Shows how far `items` is, as lib/progress.py does."""

    def __call__(self, items: Iterable[T], title: str, *, total: int | None = ..., unit: str = ...) -> Iterable[T]: ...


def silent(items: Iterable[T], title: str, *, total: int | None = None, unit: str = "") -> Iterable[T]:
    """Shows nothing."""
    return items


@dataclass(frozen=True, kw_only=True)
class CategorySync:
    """What the sync of one category did. `digest` is that of its listed rows; equal ones had equal rows, however they
    came about. `is_complete` is False where the run's limit was reached before the category's end. Of the files that
    were `listed`, those that are `missing` could not be read as they are now."""

    category: str
    files: int
    listed: int
    missing: int
    details_asked: int
    new: int
    changed: int
    gone: int
    digest: str
    is_changed: bool
    is_complete: bool


@dataclass(kw_only=True)
class KnownPages:
    """What one run knows across categories, so that a file in several of them is asked for once.

    `suppressed` are read again whatever the listing says; `limit` is how many details the run may ask for. `unread`
    and `looks` are what earlier runs could not read, and when they looked.
    """

    home: Home
    thumb_side: int
    suppressed: frozenset[int] = frozenset()
    limit: int | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    unread: UnreadPages = field(init=False)
    looks: Looks = field(init=False)
    _failed_now: set[int] = field(default_factory=set)
    _is_noted: bool = True
    _read_now: Places = field(default_factory=Places)
    _stored: Places | None = None

    def __post_init__(self) -> None:
        self.unread = load_unread(self.home)
        self.looks = load_looks(self.home, COMMONS)

    @property
    def is_exhausted(self) -> bool:
        """Whether the run has asked for as many details as it may."""
        return self.limit is not None and self.limit <= 0

    def spend(self, details: int) -> None:
        """Take what was asked for off the limit."""
        if self.limit is not None:
            self.limit -= details

    def state(self, member: Member) -> int:
        """The state in which the listing shows a page."""
        return state_of(revid=member.revid, touched=member.touched, title=member.title, thumb_side=self.thumb_side)

    def place(self, pageid: int, state: int) -> Place | None:
        """A row of the same page in the same state, in whichever category; one that was read in this run if any.

        What the archive did not tell completely in this run is not asked for again before the next one.
        """
        if read_now := list(self._read_now.find(pageid)):
            told = [one for one in read_now if one.status != DELETED]
            return next((one for one in told if one.state in (state, UNKNOWN) or pageid in self._failed_now), None)
        if pageid in self.suppressed:
            return None
        if self._stored is None:
            self._stored = load_places(self.home)
        return next((one for one in self._stored.find(pageid) if one.state == state), None)

    def waits(self, member: Member) -> bool:
        """Whether a page is not asked for now: it could not be read in this run, or lately and is not due."""
        if member.pageid in self.suppressed:
            return member.pageid in self._failed_now
        is_due = self.unread.is_due(member.pageid, now=self.now + A_NIGHT_IS_EARLY, revid=member.revid)
        return not is_due or member.pageid in self._failed_now

    def note(self, page: Page, category: str, unread: dict[int, str]) -> None:
        """Note whether a page that was asked for could be read; `unread` says why not, and is emptied of it."""
        reason = unread.pop(page.pageid, None)
        if reason is None:
            self.note_read(page.pageid)
            return
        self._failed_now.add(page.pageid)
        self.unread.failed(page.pageid, reason, now=self.now, title=page.title, revid=page.revid)
        self.looks.could_not_read(page.pageid, read_before=self.looks.looked_at(category) or self.now)
        self._is_noted = False

    def note_read(self, pageid: int) -> None:
        """Note that a page could be read, or is known to be as it was read."""
        if pageid in self.unread.by_pageid or str(pageid) in self.looks.failed:
            self.unread.read(pageid)
            self.looks.read(pageid)
            self._is_noted = False

    def save(self) -> None:
        """Write down which pages could not be read, where that changed."""
        if not self._is_noted:
            self.unread.save(self.home)
            self.looks.save(self.home, COMMONS)
            self._is_noted = True

    def read_now(self, pageid: int) -> Place | None:
        """Where the page lies if this run asked for it, for whichever category, be it deleted."""
        return next(self._read_now.find(pageid), None)

    def remember(self, stored: PartitionIndex, pageids: Iterable[int]) -> None:
        """Note pages that were asked for just now, and where they are stored."""
        for pageid in pageids:
            at = stored.find(pageid)
            assert at is not None, f"page {pageid} was asked for and not stored"
            path = stored.parts[int(stored.part_numbers[at])].path
            self._read_now.add(pageid, int(stored.states[at]), int(stored.statuses[at]), path)


@dataclass(kw_only=True)
class _Copies:
    """Pages whose rows another part holds already: ids, part and the status code that they have here; 13 bytes each."""

    pageids: "array[int]" = field(default_factory=lambda: array("q"))
    places: "array[int]" = field(default_factory=lambda: array("l"))
    statuses: "array[int]" = field(default_factory=lambda: array("B"))
    paths: dict[Path, int] = field(default_factory=dict)

    def add(self, pageid: int, path: Path, status: int) -> None:
        self.pageids.append(pageid)
        self.places.append(self.paths.setdefault(path, len(self.paths)))
        self.statuses.append(status)

    def by_path(self) -> Iterator[tuple[Path, dict[int, int]]]:
        """Each part with the pages to copy from it and their status codes."""
        places = np.asarray(self.places, dtype=np.int64)
        order = np.argsort(places, kind="stable")
        starts = np.searchsorted(places[order], np.arange(len(self.paths) + 1))
        for number, path in enumerate(self.paths):
            chosen = order[starts[number] : starts[number + 1]].tolist()
            yield path, {self.pageids[at]: self.statuses[at] for at in chosen}


@dataclass(kw_only=True)
class _Work:
    """The pages of one part, or the new ones, that are asked for or copied from another part."""

    asked: "array[int]" = field(default_factory=lambda: array("q"))
    copies: _Copies = field(default_factory=_Copies)


def sync_category(
    client: CommonsClient,
    home: Home,
    category: str,
    known: KnownPages,
    progress: Progress = silent,
    *,
    expected_files: int | None = None,
) -> CategorySync:
    """Synchronise one category. `expected_files` is what the archive counts in it, for the progress."""
    tables.sweep(home.partition(PAGES.key, category))
    index = load_partition(home, category)
    plan = _Plan(index=index, known=known)
    answers = None if expected_files is None else max(1, -(-expected_files // LIST_LIMIT))
    listing = progress(_listed(client, home, category), f"listing {category[:40]}", total=answers, unit="requests")
    is_complete = _saw_all(plan, listing, category)
    gone = plan.miss() if is_complete else 0
    asked = plan.asked()
    known.spend(len(asked))

    told = _noted(client, category, known, client.details(asked, suspects=known.unread.by_pageid.copy()))
    pages = iter(progress(told, "reading pages", total=len(asked), unit="pages"))
    writer = PartitionWriter(home, category, index.parts)
    try:
        for number, work in sorted(plan.parts.items()):
            writer.mend(number, _rows(client, category, work, pages, index))
        writer.add(_rows(client, category, plan.added, pages, index))
    finally:
        known.save()
    stored = writer.finish()
    known.remember(stored, asked)
    if is_complete:
        known.looks.saw(category, now=known.now, files=plan.listed)
    return CategorySync(
        category=category,
        files=stored.live,
        listed=plan.listed,
        missing=len(plan.waiting) + sum(pageid in known.unread.by_pageid for pageid in asked),
        details_asked=len(asked),
        new=plan.new,
        changed=plan.changed,
        gone=gone,
        digest=stored.digest,
        is_changed=writer.is_changed,
        is_complete=is_complete,
    )


def _listed(client: CommonsClient, home: Home, category: str) -> Iterator[list[Member]]:
    """The files of a category, or those that were imported by their titles."""
    return client.listing_titled(imported_titles(home)) if category == IMPORTED else client.listing(category)


def _noted(client: CommonsClient, category: str, known: KnownPages, pages: Iterable[Page]) -> Iterator[Page]:
    """The pages as they come; which of them could not be read is noted."""
    for page in pages:
        known.note(page, category, client.unread)
        yield page


def _saw_all(plan: "_Plan", listing: Iterable[list[Member]], category: str) -> bool:
    """Compare the whole listing; False where the run's limit ends it, or the archive cannot list this category."""
    try:
        return all(plan.compare(members) for members in listing)
    except ApiError as error:
        if not error.is_about_data:
            raise
        log.warning("Category:%s is left as it is until the next run: %s", category, error)
        return False


@dataclass(kw_only=True)
class _Plan:
    """What the listing means for the stored rows: which to read again, to copy, to add, and which were missed."""

    index: PartitionIndex
    known: KnownPages
    parts: dict[int, _Work] = field(default_factory=dict)
    added: _Work = field(default_factory=_Work)
    waiting: set[int] = field(default_factory=set)
    changed: int = 0
    listed: int = 0
    _asked: int = 0

    def compare(self, members: list[Member]) -> bool:
        """Take one answer of the listing; False where the run's limit is reached, and the rest stays unseen."""
        for member in members:
            at = self.index.find(member.pageid)
            if at is not None and self.index.seen[at]:
                continue
            state = self.known.state(member)
            if at is not None and self._is_same(at, state):
                self.known.note_read(member.pageid)
            elif at is not None and self.index.is_listed(at) and self.known.waits(member):
                self.waiting.add(member.pageid)
            else:
                place = self.known.place(member.pageid, state)
                if place is None and self.known.limit is not None and self._asked >= self.known.limit:
                    return False
                if place is not None and self.known.waits(member):
                    self.waiting.add(member.pageid)
                self._take(member, at, place)
            self.listed += 1
            if at is not None:
                self.index.seen[at] = True
        return True

    def miss(self) -> int:
        """Look after the pages that are listed no more; how many there are."""
        missed = self.index.not_seen()
        for pageid in missed:
            at = self.index.find(pageid)
            assert at is not None
            work = self._work(at)
            if place := self.known.read_now(pageid):
                work.copies.add(pageid, place.path, DELETED if place.status == DELETED else LEFT)
            else:
                work.asked.append(pageid)
        return len(missed)

    def asked(self) -> "array[int]":
        """The pages to ask for, in the order in which their rows are written."""
        self.added.asked = _once(self.added.asked, self.added.copies.pageids)
        wanted = array("q")
        for _, work in sorted(self.parts.items()):
            wanted.extend(work.asked)
        wanted.extend(self.added.asked)
        return wanted

    @property
    def new(self) -> int:
        return len(self.added.asked) + len(set(self.added.copies.pageids))

    def _is_same(self, at: int, state: int) -> bool:
        is_suppressed = int(self.index.pageids[at]) in self.known.suppressed
        return self.index.is_listed(at) and int(self.index.states[at]) == state and not is_suppressed

    def _take(self, member: Member, at: int | None, place: Place | None) -> None:
        work = self.added if at is None else self._work(at)
        if place is not None:
            work.copies.add(member.pageid, place.path, MOVED if member.is_redirect else LIVE)
        else:
            work.asked.append(member.pageid)
            self._asked += 1
            self.changed += at is not None

    def _work(self, at: int) -> _Work:
        return self.parts.setdefault(int(self.index.part_numbers[at]), _Work())


def _rows(
    client: CommonsClient, category: str, work: _Work, pages: Iterator[Page], index: PartitionIndex
) -> Iterator[Row]:
    """The rows of one piece of work: those of its pages that come next in `pages`, then the copies."""
    for page in islice(pages, len(work.asked)):
        yield _row(page, category, index)
    for path, statuses in work.copies.by_path():
        for row in tables.rows(tables.read_rows(PAGES, path, "pageid", statuses)):
            pageid = row["pageid"]
            assert isinstance(pageid, int)
            yield {**row, "category": category, "status": STATUSES[statuses.pop(pageid)]}
        # Only where somebody took parts away: what was there is read again.
        yield from (_row(page, category, index) for page in client.details(statuses))


def _row(page: Page, category: str, index: PartitionIndex) -> Row:
    """The row of a page that was read. One that exists but is not listed any more left the category."""
    at = index.find(page.pageid)
    is_gone = at is not None and not index.seen[at] and page.status != "deleted"
    return page.in_category(category, "left" if is_gone else None)


def _once(asked: "array[int]", copied: "array[int]") -> "array[int]":
    """Each page once, in the order of the listing, and none that is copied: one may be listed twice."""
    ids = np.asarray(asked, dtype=np.int64)
    _, first = np.unique(ids, return_index=True)
    kept = ids[np.sort(first)]
    return array("q", kept[~np.isin(kept, np.asarray(copied, dtype=np.int64))].tolist())
