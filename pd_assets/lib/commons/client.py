"""The Action API of Wikimedia Commons, or of any MediaWiki: listings, category facts, details by page id.

How a question is put is in action_api.py. One page that the archive cannot tell of costs its own details and nothing
else: its batch is halved down to it, at a bounded price.
Errors: ArchiveError, FetchFailed.
"""

import logging
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar
from urllib.parse import quote

from pd_assets.lib.commons.action_api import ActionApi, ApiError, EndlessQuery, pages_of
from pd_assets.lib.commons.index import is_untold
from pd_assets.lib.commons.records import Json, Member, Page, merge_chunks, parse_member, parse_page
from pd_assets.lib.commons.values import at
from pd_assets.lib.errors import AccessDenied, ArchiveError, ArchiveResting
from pd_assets.lib.http import PoliteSession

T = TypeVar("T")

LIST_LIMIT = 500
TITLES_PER_REQUEST = 50
# Servers refuse addresses from about 8 KB on; titles in other scripts triple in length when they are encoded.
LONGEST_TITLES_BYTES = 6000
SMALLEST_BATCH = 10
# Questions about pages that fail: so many one after the other, and it is not the pages; so many in a run, and what
# fails from then on is not looked into before the next one.
MOST_FAILURES_IN_A_ROW = 50
MOST_FAILURES_IN_A_RUN = 500
TRIES_OF_A_HALF = 2
MOST_COUNTED = 2**31 - 1
METADATA_FIELDS = (
    "License|LicenseShortName|LicenseUrl|UsageTerms|AttributionRequired|Attribution|Copyrighted|Restrictions|NonFree|"
    "DeletionReason|Permission|Artist|Credit|ObjectName|ImageDescription|DateTimeOriginal|Categories"
)

# What is asked of pages: everything, without a thumbnail (there is none of a file of 0 x 0), and without the rest that
# may be the cause where that fails too.
EVERYTHING = "info|imageinfo|categories|revisions|templates"
WITHOUT_TEMPLATES = EVERYTHING.removesuffix("|templates")
BARE = "info"
EPOCH = "1970-01-01T00:00:00Z"

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class LogEvent:
    """One line of the archive's log; `pageid` is that of the page at the time of the event."""

    logid: int
    pageid: int
    timestamp: str


@dataclass(frozen=True, kw_only=True)
class CategoryFacts:
    """What the archive says of a category; `exists` is False where it has neither a page nor members."""

    title: str
    pageid: int | None
    files: int
    subcategories: int
    exists: bool


class CommonsClient(ActionApi):
    """Reads one MediaWiki. `thumb_side` is the longest side that thumbnails must cover, pixels."""

    def __init__(self, api: str, session: PoliteSession, *, thumb_side: int, token: str | None = None) -> None:
        super().__init__(api, session, token=token)
        self.thumb_side = thumb_side
        # Why pages could not be told, by page id; who stores them empties it.
        self.unread: dict[int, str] = {}
        self._failures = 0
        self._failures_in_a_row = 0

    def category_facts(self, titles: Sequence[str]) -> dict[str, CategoryFacts]:
        """Page id and member counts of categories, by title without namespace."""
        facts: dict[str, CategoryFacts] = {}
        for names in title_batches(f"Category:{title}" for title in titles):
            for answer in self.answers_to({"titles": names, "prop": "categoryinfo"}):
                facts.update({fact.title: fact for fact in map(_category_facts, pages_of(answer)) if fact.title})
        return facts

    def pages_titled(
        self, titles: Iterable[str], wanted: Mapping[str, str | int]
    ) -> Iterator[tuple[list[str], list[Json]]]:
        """Everything that was `wanted` about pages, up to 50 a request: their titles, and all answers about them."""
        for names in title_batches(titles):
            yield names.split("|"), list(self.answers_to({"titles": names, **wanted}))

    def subcategories(self, category: str) -> list[CategoryFacts]:
        """The direct subcategories with their own counts, by title: one request for 500 of them."""
        wanted = {"generator": "categorymembers", "gcmtitle": f"Category:{category}", "gcmtype": "subcat"}
        answers = self.answers_to({**wanted, "gcmlimit": LIST_LIMIT, "prop": "categoryinfo"})
        found = [_category_facts(page) for answer in answers for page in pages_of(answer) if page.get("ns") == 14]
        return sorted({fact.title: fact for fact in found if fact.title}.values(), key=lambda fact: fact.title)

    def listing(self, category: str) -> Iterator[list[Member]]:
        """Every file directly in a category with its latest revision, up to 500 a request.

        One that is sorted anew while it is listed may come twice.
        """
        wanted = {"generator": "categorymembers", "gcmtitle": f"Category:{category}", "gcmtype": "file"}
        for answer in self.answers_to({**wanted, "gcmlimit": LIST_LIMIT, "prop": "info"}):
            members = [parse_member(page) for page in pages_of(answer) if page.get("ns") == 6]
            yield [member for member in members if member.pageid]

    def listing_titled(self, titles: Iterable[str]) -> Iterator[list[Member]]:
        """The files of these titles in the same way, up to 50 a request; redirects lead on to where a file is now."""
        for _, answers in self.pages_titled(titles, {"redirects": 1, "prop": "info"}):
            members = [parse_member(page) for answer in answers for page in pages_of(answer) if page.get("ns") == 6]
            yield [member for member in members if member.pageid]

    def entity_labels(self, ids: Iterable[str], languages: Sequence[str]) -> Iterator[dict[str, dict[str, str]]]:
        """Names of Wikibase items, id -> language -> name, up to 50 a request; an item that does not exist has none."""
        for batch in _batches(ids, TITLES_PER_REQUEST):
            wanted: dict[str, str | int] = {"action": "wbgetentities", "ids": "|".join(batch), "props": "labels"}
            answer = self.ask({**wanted, "languages": "|".join(languages)})
            yield {name: _labels(at(answer, "entities", name, "labels")) for name in batch}

    def members(self, category: str) -> Iterator[Member]:
        """The members of `listing` one by one."""
        for listed in self.listing(category):
            yield from listed

    def newest_event(self, action: str) -> str:
        """When a log action such as `delete/revision` was last done to a file; EPOCH where it never was."""
        wanted: dict[str, str | int] = {
            "list": "logevents",
            "leaction": action,
            "lenamespace": 6,
            "leprop": "ids|timestamp",
        }
        found = _entries(self.ask({**wanted, "ledir": "older", "lelimit": 1}), "logevents")
        return next((str(entry["timestamp"]) for entry in found if _has_moment(entry)), EPOCH)

    def events(self, action: str, *, since: str, most_requests: int) -> list[LogEvent]:
        """What was done to files since then, oldest first; what takes more requests is cut off at the newer end."""
        wanted: dict[str, str | int] = {
            "list": "logevents",
            "leaction": action,
            "lenamespace": 6,
            "leprop": "ids|timestamp",
        }
        answers = self.answers_to({**wanted, "ledir": "newer", "lestart": since, "lelimit": LIST_LIMIT})
        found = [entry for answer in islice(answers, most_requests) for entry in _entries(answer, "logevents")]
        return [
            LogEvent(logid=logid, pageid=_whole(entry.get("logpage")) or 0, timestamp=str(entry["timestamp"]))
            for entry in found
            if (logid := _whole(entry.get("logid"))) is not None and _has_moment(entry)
        ]

    def details(self, pageids: Iterable[int], *, suspects: Container[int] = ()) -> Iterator[Page]:
        """Every file page asked for, in that order, with all its evidence, up to 50 a request; deleted ones say so.

        An answer lists 500 templates: pages that have more than ten each are asked for in batches that fit into one,
        where fifty would take two. What could not be told has the problem `incomplete`, and `unread` says why. Each
        of the `suspects`, which could not be told before, is asked for alone.
        """
        rest, size = iter(pageids), TITLES_PER_REQUEST
        while batch := tuple(islice(rest, size)):
            sound = tuple(pageid for pageid in batch if pageid not in suspects)
            told = dict(zip(sound, self._details(sound), strict=True))
            told |= {pageid: self._suspect(pageid) for pageid in batch if pageid in suspects}
            pages = [told[pageid] for pageid in batch]
            yield from pages
            links = max(1, sum(len(page.templates) for page in pages), sum(len(page.categories) for page in pages))
            size = max(SMALLEST_BATCH, min(TITLES_PER_REQUEST, int(0.97 * LIST_LIMIT * len(batch) / links)))

    def _details(self, pageids: tuple[int, ...], *, is_half: bool = False) -> list[Page]:
        """A batch of pages; where the archive cannot tell of all of them at once, of each half."""
        if not pageids:
            return []
        try:
            return self._read(pageids, EVERYTHING, tries=TRIES_OF_A_HALF if is_half else None)
        except ArchiveError as error:
            self._raise_unless_of_these_pages(error)
            reason = str(error)
        if self._failures >= MOST_FAILURES_IN_A_RUN:
            return [self._incomplete(pageid, reason) for pageid in pageids]
        if len(pageids) == 1:
            return [self._simpler(pageids[0], reason)]
        log.warning("%s; reading these %d pages in halves", reason, len(pageids))
        middle = len(pageids) // 2
        return [*self._details(pageids[:middle], is_half=True), *self._details(pageids[middle:], is_half=True)]

    def _simpler(self, pageid: int, reason: str) -> Page:
        """What can be had of a page that the archive cannot tell everything of. All but a thumbnail is enough."""
        for properties in (EVERYTHING, WITHOUT_TEMPLATES, BARE):
            try:
                (page,) = self._read((pageid,), properties, tries=TRIES_OF_A_HALF, has_thumb=False)
            except ArchiveError as error:
                self._raise_unless_of_these_pages(error)
                continue
            is_told = properties == EVERYTHING or page.status == "deleted"
            return page if is_told else self._incomplete(pageid, reason, page)
        return self._incomplete(pageid, reason)

    def _suspect(self, pageid: int) -> Page:
        """A page that could not be told before: one question, and another one where that is answered."""
        try:
            (page,) = self._read((pageid,), EVERYTHING, tries=1, has_thumb=False)
        except (AccessDenied, ArchiveResting):
            raise
        except ArchiveError as error:
            return self._incomplete(pageid, str(error))
        return self._details((pageid,), is_half=True)[0] if page.width and page.height else page

    def _incomplete(self, pageid: int, reason: str, page: Page | None = None) -> Page:
        """A page of which not everything was told, with what was."""
        log.warning("%s: page %d could not be read: %s", self.api, pageid, reason)
        self.unread[pageid] = reason
        nothing = Page(pageid=pageid, title="", thumb_side=self.thumb_side, fetched_at=_now())
        return replace(page or nothing, problem="incomplete")

    def _read(
        self, pageids: tuple[int, ...], properties: str, *, tries: int | None, has_thumb: bool = True
    ) -> list[Page]:
        """What the archive says of some pages."""
        fetched_at = _now()
        wanted: dict[str, str | int] = {"pageids": "|".join(map(str, pageids)), "prop": properties}
        if properties != BARE:
            wanted |= {
                "iiprop": "timestamp|url|size|sha1|mime|mediatype|extmetadata",
                "iiextmetadatafilter": METADATA_FIELDS,
                "iiextmetadatalanguage": "en",
                "clprop": "hidden",
                "cllimit": "max",
                "rvprop": "ids|timestamp|content",
                "rvslots": "main|mediainfo",
            }
            if has_thumb:
                wanted |= {"iiurlwidth": self.thumb_side, "iiurlheight": self.thumb_side}
        if properties == EVERYTHING:
            wanted |= {"tlnamespace": 10, "tllimit": "max"}
        pages: dict[int, dict[str, object]] = {}
        # Fifty ordinary pages take two answers.
        waits = 1 if tries is None else 0
        for answer in self.answers_to(
            wanted, most=6 + len(pageids) // 5, tries=tries, internal_waits=waits, told=pages
        ):
            merge_chunks(pages, pages_of(answer))
        self._failures_in_a_row = 0
        return [self._page(pages.get(pageid), pageid, fetched_at) for pageid in pageids]

    def _page(self, raw: Json | None, pageid: int, fetched_at: datetime) -> Page:
        """One page of an answer. Who is not spoken of is not gone: that would be said."""
        if raw is None:
            return self._incomplete(pageid, f"{self.api}: the answer does not speak of it")
        page = parse_page(raw, thumb_side=self.thumb_side, fetched_at=fetched_at)
        if is_untold(page.problem):
            self.unread[pageid] = str(page.problem)
        return page

    def _raise_unless_of_these_pages(self, error: ArchiveError) -> None:
        """Go on only where the pages asked for may be the cause: the archive answers other questions."""
        if isinstance(error, AccessDenied | ArchiveResting):
            raise error
        self._failures += 1
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= MOST_FAILURES_IN_A_ROW:
            raise ArchiveError(
                f"{self._failures_in_a_row} questions about pages failed one after the other; the last: {error}"
            ) from error
        if isinstance(error, EndlessQuery | ApiError):
            return
        if not self.answers():
            raise error


def _batches(values: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    rest = iter(values)
    while batch := tuple(islice(rest, size)):
        yield batch


def _labels(labels: object) -> dict[str, str]:
    entries = labels.items() if isinstance(labels, dict) else ()
    return {code: str(entry["value"]) for code, entry in entries if isinstance(entry, dict) and entry.get("value")}


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def title_batches(titles: Iterable[str]) -> Iterator[str]:
    """Titles joined by `|`, so few in each that the address stays short."""
    batch: list[str] = []
    size = 0
    for title in titles:
        length = len(quote(title)) + 3
        if batch and (len(batch) == TITLES_PER_REQUEST or size + length > LONGEST_TITLES_BYTES):
            yield "|".join(batch)
            batch, size = [], 0
        batch.append(title)
        size += length
    if batch:
        yield "|".join(batch)


def _category_facts(page: Json) -> CategoryFacts:
    info = page.get("categoryinfo")
    counts = info if isinstance(info, dict) else {}
    is_page = not page.get("missing") and not page.get("invalid")
    return CategoryFacts(
        title=str(page.get("title", "")).split(":", 1)[-1],
        pageid=_whole(page.get("pageid")) if is_page else None,
        files=_count(counts.get("files")),
        subcategories=_count(counts.get("subcats")),
        exists=is_page or bool(counts.get("size")),
    )


def _count(value: object) -> int:
    """A count that a table can hold, whatever the archive says."""
    return max(-MOST_COUNTED, min(_whole(value) or 0, MOST_COUNTED))


def _entries(answer: Json, name: str) -> list[Json]:
    entries = at(answer, "query", name)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _has_moment(entry: Json) -> bool:
    """Whether a line of the log says when it was."""
    try:
        return datetime.fromisoformat(str(entry.get("timestamp"))).tzinfo is not None
    except ValueError:
        return False


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
