"""Bring the stored pages of a category up to date: one cheap listing, details only for what is new or changed.

A page's latest revision changes with every edit, overwrite and rename, and its touch date when a template on it does,
so comparing both finds all of them (by inequality: a restored page's touch date goes back). A page that the listing no
longer holds is asked for once more: it was deleted or left. Writes commons/pages, one partition each.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain

import pyarrow.compute as pc

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.records import Member, Page
from pd_assets.lib.home import Home

Row = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class CategorySync:
    """What the sync of one category did. `digest` is that of its stored partition."""

    category: str
    files: int
    details_asked: int
    new: int
    changed: int
    gone: int
    digest: str
    is_changed: bool


@dataclass(kw_only=True)
class KnownPages:
    """The rows that any partition already holds, so that a file in several categories is asked for once a run."""

    home: Home
    thumb_side: int
    _where: dict[int, str] = field(default_factory=dict)
    _read: dict[str, dict[int, Row]] = field(default_factory=dict)
    _answered: dict[int, Page] = field(default_factory=dict)

    def __post_init__(self) -> None:
        stored = tables.read_or_empty(self.home, PAGES, ["pageid", "status", "fetched_at", "category"])
        usable = stored.filter(pc.equal(stored["status"], "live")).sort_by("fetched_at")
        self._where = dict(zip(usable["pageid"].to_pylist(), usable["category"].to_pylist(), strict=True))

    def find(self, member: Member) -> Row | None:
        """The stored row of the same page in the same state, from whichever partition."""
        category = self._where.get(member.pageid)
        return None if category is None else self.same(self.partition(category).get(member.pageid), member)

    def answer(self, pageid: int) -> Page | None:
        """What the archive said of a page when this run asked for it, for whichever category."""
        return self._answered.get(pageid)

    def remember_answer(self, page: Page) -> None:
        """Take a page that was just read: other categories that hold it, or lost it, need not ask again."""
        self._answered[page.pageid] = page

    def same(self, row: Row | None, member: Member) -> Row | None:
        """`row` if it still says what the listing says, else None."""
        if row is None or row["status"] not in ("live", "moved") or row["thumb_side"] != self.thumb_side:
            return None
        listed = (member.revid, member.touched, member.title)
        return row if (row["revid"], row["touched"], row["title"]) == listed else None

    def partition(self, category: str) -> dict[int, Row]:
        """The stored rows of one category, by page id."""
        if category not in self._read:
            content = tables.read_partition(self.home, PAGES, category)
            self._read[category] = {row["pageid"]: row for row in content.to_pylist()}
        return self._read[category]

    def remember(self, category: str, rows: Iterable[Row]) -> None:
        """Take the rows of a category that was just written."""
        self._read[category] = {}
        for row in rows:
            pageid = row["pageid"]
            assert isinstance(pageid, int)
            self._read[category][pageid] = row
            if row["status"] == "live":
                self._where[pageid] = category


def sync_category(
    client: CommonsClient,
    home: Home,
    category: str,
    known: KnownPages,
    progress: Callable[[Iterable[Page], int], Iterable[Page]] = lambda pages, total: pages,
) -> CategorySync:
    """Synchronise one category and write its partition, which is replaced as a whole or left as it was."""
    before = known.partition(category)
    is_first = not tables.has_partition(home, PAGES, category)
    before_digest = None if is_first else tables.digest(PAGES, tables.as_table(PAGES, before.values()))
    members = {member.pageid: member for member in client.members(category)}
    kept = {pageid: row for pageid, member in members.items() if (row := _unchanged(known, before, member))}
    gone = [pageid for pageid, row in before.items() if pageid not in members and row["status"] in ("live", "moved")]
    answered = [page for pageid in gone if (page := known.answer(pageid))]
    asked = [pageid for pageid in members if pageid not in kept]
    unanswered = [pageid for pageid in gone if known.answer(pageid) is None]

    after: dict[int, Row] = {pageid: row for pageid, row in before.items() if pageid not in members}
    after |= {pageid: {**row, "category": category} for pageid, row in kept.items()}
    details = progress(client.details([*asked, *unanswered]), len(asked) + len(unanswered))
    for page in chain(answered, details):
        # A page that exists but is not listed any more left the category; so did a listed one that vanished since.
        known.remember_answer(page)
        left = page.pageid not in members and page.status != "deleted"
        previous = before.get(page.pageid)
        after[page.pageid] = _after(page, previous, category, "left" if left else None)

    content = tables.as_table(PAGES, after.values())
    digest = tables.digest(PAGES, content)
    is_changed = digest != before_digest
    if is_changed:
        tables.write(home, PAGES, content, partition=category)
    known.remember(category, after.values())
    return CategorySync(
        category=category,
        files=sum(row["status"] == "live" for row in after.values()),
        details_asked=len(asked) + len(unanswered),
        new=sum(pageid not in before for pageid in members),
        changed=sum(pageid in before for pageid in asked),
        gone=len(gone),
        digest=digest,
        is_changed=is_changed,
    )


def _unchanged(known: KnownPages, before: dict[int, Row], member: Member) -> Row | None:
    row = known.same(before.get(member.pageid), member) or known.find(member)
    page = None if row is not None else known.answer(member.pageid)
    return row if page is None else known.same(page.in_category(""), member)


def _after(page: Page, previous: Row | None, category: str, status: str | None) -> Row:
    """The row to store. A deleted page says nothing any more: its last known evidence stays beside the status."""
    if page.status == "deleted" and previous is not None:
        return {**previous, "status": "deleted", "fetched_at": page.fetched_at}
    return page.in_category(category, status)
