"""The Action API of Wikimedia Commons, or of any MediaWiki: listings, category facts, details by page id.

One request at a time, `maxlag` on every one, continuations followed to the end of what was asked for. One page that the
archive cannot tell of costs its own details and nothing else: its batch is halved down to it, at a bounded price.
Errors: ArchiveError, FetchFailed.
"""

import logging
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import quote

from pd_assets.lib.commons.index import is_untold
from pd_assets.lib.commons.records import Json, Member, Page, merge_chunks, parse_member, parse_page
from pd_assets.lib.errors import AccessDenied, ArchiveError, ArchiveResting, FetchFailed
from pd_assets.lib.http import Answer, PoliteSession, naming_the_archive, retry_after_s
from pd_assets.lib.json_answers import UnreadableJson, parse_json
from pd_assets.lib.pacing import action_api

T = TypeVar("T")

LIST_LIMIT = 500
TITLES_PER_REQUEST = 50
# Servers refuse addresses from about 8 KB on; titles in other scripts triple in length when they are encoded.
LONGEST_TITLES_BYTES = 6000
SMALLEST_BATCH = 10
MOST_ANSWERS_FOR_A_LISTING = 100_000
# Questions about pages that fail: so many one after the other, and it is not the pages; so many in a run, and what
# fails from then on is not looked into before the next one.
MOST_FAILURES_IN_A_ROW = 50
MOST_FAILURES_IN_A_RUN = 500
TRIES_OF_A_HALF = 2
MOST_RESTARTS = 2
MOST_COUNTED = 2**31 - 1
MAXLAG_S = 5
HTML_WAIT_S = 5.0
WAITING_ERRORS = ("maxlag", "ratelimited", "readonly")
# What may pass, and may as well be the fault of one page: waited for once.
INTERNAL_ERROR = "internal_api_error"
# What the archive says of categories that it cannot find or read.
DATA_ERRORS = frozenset(
    {"missingtitle", "invalidtitle", "nosuchpageid", "badcontinue", "invalidcategory", "no-such-entity",
     "no-such-entity-link"}
)  # fmt: skip
METADATA_FIELDS = (
    "License|LicenseShortName|LicenseUrl|UsageTerms|AttributionRequired|Attribution|Copyrighted|Restrictions|NonFree|"
    "DeletionReason|Permission|Artist|Credit|ObjectName|ImageDescription|DateTimeOriginal|Categories"
)

# What is asked of pages: everything, without a thumbnail (there is none of a file of 0 x 0), and without the rest that
# may be the cause where that fails too.
EVERYTHING = "info|imageinfo|categories|revisions|templates"
WITHOUT_TEMPLATES = EVERYTHING.removesuffix("|templates")
BARE = "info"
# How an answer goes on -> what was asked for: once that is told, older versions would follow.
GOES_ON_WITH = {"iistart": "imageinfo", "iicontinue": "imageinfo", "rvcontinue": "revisions"}
EPOCH = "1970-01-01T00:00:00Z"
NOTHING_TOLD: Mapping[int, Json] = MappingProxyType({})

log = logging.getLogger(__name__)


class ApiError(ArchiveError):
    """The Action API answered with an error; `code` is its name for it."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def is_about_data(self) -> bool:
        """Whether the category asked for is the cause, and not the archive or the way of asking."""
        return self.code in DATA_ERRORS


class EndlessQuery(ArchiveError):
    """A query whose continuations do not come to an end."""


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


class CommonsClient:
    """Reads one MediaWiki. `thumb_side` is the longest side that thumbnails must cover, pixels."""

    def __init__(self, api: str, session: PoliteSession, *, thumb_side: int, token: str | None = None) -> None:
        self.api = api
        self.session = session
        self.thumb_side = thumb_side
        self._policy = action_api(token)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        # Why pages could not be told, by page id; who stores them empties it.
        self.unread: dict[int, str] = {}
        self._failures = 0
        self._failures_in_a_row = 0
        self._warned: set[str] = set()

    def probe(self) -> None:
        """Make sure that `api` is an Action API; ArchiveError names what is there instead."""
        with naming_the_archive(self.api, "PD_COMMONS_API"):
            answer = self._ask({"meta": "siteinfo", "siprop": "general"}, tries=2, is_known=False)
        general = _at(answer, "query", "general")
        if not isinstance(general, dict) or not str(general.get("generator", "")).startswith("MediaWiki"):
            raise ArchiveError(f"PD_COMMONS_API={self.api} is no MediaWiki Action API; expected an address of api.php")

    def answers(self) -> bool:
        """Whether the archive answers anything at all. AccessDenied or ArchiveResting where it does not want to."""
        try:
            self._ask({"meta": "siteinfo", "siprop": "general"}, tries=2)
        except (AccessDenied, ArchiveResting):
            raise
        except ArchiveError:
            return False
        return True

    def category_facts(self, titles: Sequence[str]) -> dict[str, CategoryFacts]:
        """Page id and member counts of categories, by title without namespace."""
        facts: dict[str, CategoryFacts] = {}
        for names in _title_batches(f"Category:{title}" for title in titles):
            for answer in self._answers({"titles": names, "prop": "categoryinfo"}):
                facts.update({fact.title: fact for fact in map(_category_facts, _pages(answer)) if fact.title})
        return facts

    def pages_titled(
        self, titles: Iterable[str], wanted: Mapping[str, str | int]
    ) -> Iterator[tuple[list[str], list[Json]]]:
        """Everything that was `wanted` about pages, up to 50 a request: their titles, and all answers about them."""
        for names in _title_batches(titles):
            yield names.split("|"), list(self._answers({"titles": names, **wanted}))

    def subcategories(self, category: str) -> list[CategoryFacts]:
        """The direct subcategories with their own counts, by title: one request for 500 of them."""
        wanted = {"generator": "categorymembers", "gcmtitle": f"Category:{category}", "gcmtype": "subcat"}
        answers = self._answers({**wanted, "gcmlimit": LIST_LIMIT, "prop": "categoryinfo"})
        found = [_category_facts(page) for answer in answers for page in _pages(answer) if page.get("ns") == 14]
        return sorted({fact.title: fact for fact in found if fact.title}.values(), key=lambda fact: fact.title)

    def listing(self, category: str) -> Iterator[list[Member]]:
        """Every file directly in a category with its latest revision, up to 500 a request.

        One that is sorted anew while it is listed may come twice.
        """
        wanted = {"generator": "categorymembers", "gcmtitle": f"Category:{category}", "gcmtype": "file"}
        for answer in self._answers({**wanted, "gcmlimit": LIST_LIMIT, "prop": "info"}):
            members = [parse_member(page) for page in _pages(answer) if page.get("ns") == 6]
            yield [member for member in members if member.pageid]

    def entity_labels(self, ids: Iterable[str], languages: Sequence[str]) -> Iterator[dict[str, dict[str, str]]]:
        """Names of Wikibase items, id -> language -> name, up to 50 a request; an item that does not exist has none."""
        for batch in _batches(ids, TITLES_PER_REQUEST):
            wanted: dict[str, str | int] = {"action": "wbgetentities", "ids": "|".join(batch), "props": "labels"}
            answer = self._ask({**wanted, "languages": "|".join(languages)})
            yield {name: _labels(_at(answer, "entities", name, "labels")) for name in batch}

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
        found = _entries(self._ask({**wanted, "ledir": "older", "lelimit": 1}), "logevents")
        return next((str(entry["timestamp"]) for entry in found if _has_moment(entry)), EPOCH)

    def events(self, action: str, *, since: str, most_requests: int) -> list[LogEvent]:
        """What was done to files since then, oldest first; what takes more requests is cut off at the newer end."""
        wanted: dict[str, str | int] = {
            "list": "logevents",
            "leaction": action,
            "lenamespace": 6,
            "leprop": "ids|timestamp",
        }
        answers = self._answers({**wanted, "ledir": "newer", "lestart": since, "lelimit": LIST_LIMIT})
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
        for answer in self._answers(wanted, most=6 + len(pageids) // 5, tries=tries, internal_waits=waits, told=pages):
            merge_chunks(pages, _pages(answer))
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

    def _answers(
        self,
        params: Mapping[str, str | int],
        most: int = MOST_ANSWERS_FOR_A_LISTING,
        *,
        tries: int | None = None,
        internal_waits: int | None = None,
        told: Mapping[int, Json] = NOTHING_TOLD,
    ) -> Iterator[Json]:
        """All answers to one query: the same parameters again with every `continue` that is wanted until there is none.

        A continuation that the archive does not take any more starts the query anew: what was said comes again.
        `told` are the pages as the answers so far tell them.
        """
        resume: Mapping[str, str | int] = {}
        restarts = 0
        for _ in range(most):
            try:
                answer = self._ask({**params, **resume}, tries=tries, internal_waits=internal_waits)
            except ApiError as error:
                if error.code != "badcontinue" or not resume or restarts == MOST_RESTARTS:
                    raise
                log.warning("%s; asking from the beginning", error)
                resume, restarts = {}, restarts + 1
                continue
            yield answer
            following = _wanted(answer.get("continue"), told)
            if not following:
                return
            if following == resume:
                raise EndlessQuery(f"{self.api}: a query goes on with the same continuation again and again")
            resume = following
        raise EndlessQuery(f"{self.api}: a query was still not complete after {most} answers")

    def _ask(
        self,
        params: Mapping[str, str | int],
        *,
        tries: int | None = None,
        internal_waits: int | None = None,
        is_known: bool = True,
    ) -> Json:
        """One answer. Of an archive that `is_known` to be one, a page of HTML is a fault of its edge and passes.

        An internal error is waited for as often as `internal_waits`, or as others are: where a question is about many
        pages, one of them may be its cause.
        """
        fixed: dict[str, str | int] = {"action": "query", "format": "json", "formatversion": 2, "maxlag": MAXLAG_S}
        seen: list[Answer] = []
        internal_errors = 0

        def check(answer: Answer) -> float | None:
            nonlocal internal_errors
            seen[:] = [answer]
            if is_known and answer.is_html:
                return retry_after_s(answer.headers) or HTML_WAIT_S
            code = _error_code(answer)
            internal_errors += code.startswith(INTERNAL_ERROR)
            may_pass = code.startswith(INTERNAL_ERROR) and (internal_waits is None or internal_errors <= internal_waits)
            if code in WAITING_ERRORS or may_pass:
                return max(1.0, retry_after_s(answer.headers) or 5.0)
            return None if code else _wait_if_broken(answer)

        try:
            answer = self.session.get(
                self.api,
                policy=self._policy,
                params={**fixed, **params},
                headers=self._headers,
                check=check,
                tries=tries,
            )
        except FetchFailed as error:
            if seen and seen[0].is_html:
                raise FetchFailed(f"{self._no_json(seen[0])} ({error})") from error
            raise
        decoded = _decode(answer)
        if decoded is None:
            raise ArchiveError(self._no_json(answer))
        if told := _error(decoded):
            code = str(told.get("code"))
            raise ApiError(f"{self.api}: {code}: {told.get('info') or told.get('text')}", code=code)
        self._note_warnings(decoded)
        return decoded

    def _no_json(self, answer: Answer) -> str:
        return (
            f"PD_COMMONS_API={self.api} answered {answer.content_type or 'something'}, expected JSON; "
            "set PD_COMMONS_API to the address of a MediaWiki api.php"
        )

    def _note_warnings(self, decoded: Json) -> None:
        """Log what the archive warns of, once; a wiki without structured data has no slot of that name."""
        for text in _warnings(decoded):
            if text not in self._warned and "mediainfo" not in text:
                self._warned.add(text)
                log.warning("%s warns: %s", self.api, text)


def _warnings(decoded: Json) -> list[str]:
    """The warnings in an answer, in the older or the newer format."""
    found = decoded.get("warnings")
    entries = list(found.values()) if isinstance(found, dict) else found if isinstance(found, list) else []
    told = [entry for entry in entries if isinstance(entry, dict)]
    return [str(entry.get("warnings") or entry.get("text")) for entry in told]


def _error_code(answer: Answer) -> str:
    """The archive's name for the error in an answer, or nothing."""
    if "mediawiki-api-error" not in answer.headers and b'"error' not in answer.body[:300]:
        return ""
    error = _error(_decode(answer) or {})
    return "" if error is None else str(error.get("code", ""))


def _wait_if_broken(answer: Answer) -> float | None:
    """JSON that was cut off on its way is worth another try; HTML is no API and will stay none."""
    is_whole = answer.body.rstrip().endswith((b"}", b"]"))
    return 1.0 if answer.content_type == "application/json" and not is_whole else None


def _error(decoded: Json) -> Json | None:
    """The error in an answer: `error`, or the first of `errors` where a wiki uses the newer error formats."""
    errors = decoded.get("errors")
    found = errors[0] if isinstance(errors, list) and errors else decoded.get("error")
    return found if isinstance(found, dict) else None


def _wanted(following: object, told: Mapping[int, Json]) -> dict[str, str | int]:
    """What of a continuation was asked for: none of a file's older versions once its present one is told."""
    if not isinstance(following, dict):
        return {}
    kept = {key: value for key, value in following.items() if not _is_told(told, GOES_ON_WITH.get(key))}
    return kept if kept.keys() - {"continue"} or kept == following else {}


def _is_told(told: Mapping[int, Json], name: str | None) -> bool:
    """Whether this was told of every page that there is."""
    return bool(told) and name is not None and all(name in page or page.get("missing") for page in told.values())


def _decode(answer: Answer) -> Json | None:
    try:
        decoded = parse_json(answer.body)
    except UnreadableJson:
        return None
    return decoded if isinstance(decoded, dict) else None


def _batches(values: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    rest = iter(values)
    while batch := tuple(islice(rest, size)):
        yield batch


def _labels(labels: object) -> dict[str, str]:
    entries = labels.items() if isinstance(labels, dict) else ()
    return {code: str(entry["value"]) for code, entry in entries if isinstance(entry, dict) and entry.get("value")}


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _title_batches(titles: Iterable[str]) -> Iterator[str]:
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


def _at(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


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


def _pages(answer: Json) -> list[Json]:
    pages = _at(answer, "query", "pages")
    return [page for page in pages if isinstance(page, dict)] if isinstance(pages, list) else []


def _entries(answer: Json, name: str) -> list[Json]:
    entries = _at(answer, "query", name)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _has_moment(entry: Json) -> bool:
    """Whether a line of the log says when it was."""
    try:
        return datetime.fromisoformat(str(entry.get("timestamp"))).tzinfo is not None
    except ValueError:
        return False


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
