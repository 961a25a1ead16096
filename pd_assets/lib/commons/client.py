"""The Action API of Wikimedia Commons, or of any MediaWiki: listings, category facts, details by page id.

One request at a time, `maxlag` on every one, continuations followed to their end. One page that the archive cannot
tell of costs its own details and nothing else. Errors: ArchiveError, FetchFailed.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar
from urllib.parse import quote

from pd_assets.lib.commons.records import Json, Member, Page, merge_chunks, parse_member, parse_page
from pd_assets.lib.errors import ArchiveError, FetchFailed
from pd_assets.lib.http import Answer, PoliteSession, naming_the_archive, retry_after_s
from pd_assets.lib.json_answers import UnreadableJson, parse_json
from pd_assets.lib.pacing import action_api

T = TypeVar("T")

LIST_LIMIT = 500
TITLES_PER_REQUEST = 50
# Servers refuse addresses from about 8 KB on; titles in other scripts triple in length when they are encoded.
LONGEST_TITLES_BYTES = 6000
SMALLEST_BATCH = 10
# Fifty ordinary pages take two answers. What goes on for longer is read in smaller pieces, so that one is found.
MOST_ANSWERS_FOR_PAGES = 100
SMALLER_PIECES = {50: 10, 10: 1}
MOST_ANSWERS_FOR_A_LISTING = 100_000
MOST_RESTARTS = 2
MAXLAG_S = 5
HTML_WAIT_S = 5.0
WAITING_ERRORS = ("maxlag", "ratelimited", "readonly")
# What the archive says of single pages and categories that it cannot find or read: the others go on.
DATA_ERRORS = frozenset(
    {"missingtitle", "invalidtitle", "nosuchpageid", "badcontinue", "invalidcategory", "no-such-entity",
     "no-such-entity-link"}
)  # fmt: skip
METADATA_FIELDS = (
    "License|LicenseShortName|LicenseUrl|UsageTerms|AttributionRequired|Attribution|Copyrighted|Restrictions|NonFree|"
    "DeletionReason|Permission|Artist|Credit|ObjectName|ImageDescription|DateTimeOriginal|Categories"
)

PROPERTIES = "info|imageinfo|categories|revisions|templates"
PROPERTIES_WITHOUT_TEMPLATES = PROPERTIES.removesuffix("|templates")
EPOCH = "1970-01-01T00:00:00Z"

log = logging.getLogger(__name__)


class ApiError(ArchiveError):
    """The Action API answered with an error; `code` is its name for it."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def is_about_data(self) -> bool:
        """Whether the pages or the category asked for are the cause, and not the archive or the way of asking."""
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
        self._warned: set[str] = set()

    def probe(self) -> None:
        """Make sure that `api` is an Action API; ArchiveError names what is there instead."""
        with naming_the_archive(self.api, "PD_COMMONS_API"):
            answer = self._ask({"meta": "siteinfo", "siprop": "general"}, tries=2, is_known=False)
        general = _at(answer, "query", "general")
        if not isinstance(general, dict) or not str(general.get("generator", "")).startswith("MediaWiki"):
            raise ArchiveError(f"PD_COMMONS_API={self.api} is no MediaWiki Action API; expected an address of api.php")

    def category_facts(self, titles: Sequence[str]) -> dict[str, CategoryFacts]:
        """Page id and member counts of categories, by title without namespace."""
        facts: dict[str, CategoryFacts] = {}
        for names in _title_batches(f"Category:{title}" for title in titles):
            for answer in self._answers({"titles": names, "prop": "categoryinfo"}):
                facts.update({fact.title: fact for fact in map(_category_facts, _pages(answer))})
        return facts

    def subcategories(self, category: str) -> list[CategoryFacts]:
        """The direct subcategories with their own counts, by title: one request for 500 of them."""
        wanted = {"generator": "categorymembers", "gcmtitle": f"Category:{category}", "gcmtype": "subcat"}
        answers = self._answers({**wanted, "gcmlimit": LIST_LIMIT, "prop": "categoryinfo"})
        found = [_category_facts(page) for answer in answers for page in _pages(answer) if page.get("ns") == 14]
        return sorted({fact.title: fact for fact in found}.values(), key=lambda fact: fact.title)

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
        return str(found[0]["timestamp"]) if found else EPOCH

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
            if (logid := _whole(entry.get("logid"))) is not None
        ]

    def details(self, pageids: Iterable[int]) -> Iterator[Page]:
        """Every file page asked for, in that order, with all its evidence, up to 50 a request; deleted ones say so.

        An answer lists 500 templates: pages that have more than ten each are asked for in batches that fit into one,
        where fifty would take two.
        """
        rest, size = iter(pageids), TITLES_PER_REQUEST
        while batch := tuple(islice(rest, size)):
            pages = list(self._details(batch, TITLES_PER_REQUEST))
            yield from pages
            links = max(1, sum(len(page.templates) for page in pages), sum(len(page.categories) for page in pages))
            size = max(SMALLEST_BATCH, min(TITLES_PER_REQUEST, int(0.97 * LIST_LIMIT * len(batch) / links)))

    def _details(self, pageids: tuple[int, ...], size: int) -> Iterator[Page]:
        """A batch of pages; where the archive cannot tell of all of them at once, of fewer at a time."""
        fetched_at = _now()
        pages: dict[int, dict[str, object]] = {}
        try:
            self._read(pages, pageids, PROPERTIES)
        except ArchiveError as error:
            self._raise_unless_of_these_pages(error)
            log.warning("%s; reading these %d pages in smaller pieces", error, len(pageids))
        else:
            yield from (self._page(pages, pageid, fetched_at) for pageid in pageids)
            return
        if size in SMALLER_PIECES and len(pageids) > 1:
            for piece in _batches(pageids, SMALLER_PIECES[size]):
                yield from self._details(piece, SMALLER_PIECES[size])
        else:
            yield from (self._incomplete(pageid) for pageid in pageids)

    def _incomplete(self, pageid: int) -> Page:
        """What can be had of a page that the archive cannot tell everything of."""
        fetched_at = _now()
        pages: dict[int, dict[str, object]] = {}
        for properties in (PROPERTIES_WITHOUT_TEMPLATES, "info"):
            try:
                self._read(pages, (pageid,), properties)
                break
            except ArchiveError as error:
                self._raise_unless_of_these_pages(error)
        log.warning("%s: page %d is stored as incomplete and asked for again in the next run", self.api, pageid)
        if pageid not in pages:
            return Page(
                pageid=pageid, title="", problem="incomplete", thumb_side=self.thumb_side, fetched_at=fetched_at
            )
        page = self._page(pages, pageid, fetched_at)
        return page if page.status == "deleted" else replace(page, problem="incomplete")

    def _page(self, pages: Mapping[int, dict[str, object]], pageid: int, fetched_at: datetime) -> Page:
        raw = pages.get(pageid, {"pageid": pageid, "missing": True})
        return parse_page(raw, thumb_side=self.thumb_side, fetched_at=fetched_at)

    def _read(self, pages: dict[int, dict[str, object]], pageids: tuple[int, ...], properties: str) -> None:
        """Merge what the archive says of some pages into `pages`, answer by answer."""
        wanted: dict[str, str | int] = {"pageids": "|".join(map(str, pageids)), "prop": properties}
        if properties != "info":
            wanted |= {
                "iiprop": "timestamp|url|size|sha1|mime|mediatype|extmetadata",
                "iiextmetadatafilter": METADATA_FIELDS,
                "iiextmetadatalanguage": "en",
                "iiurlwidth": self.thumb_side,
                "iiurlheight": self.thumb_side,
                "clprop": "hidden",
                "cllimit": "max",
                "rvprop": "ids|timestamp|content",
                "rvslots": "main|mediainfo",
            }
        if properties == PROPERTIES:
            wanted |= {"tlnamespace": 10, "tllimit": "max"}
        for answer in self._answers(wanted, most=min(MOST_ANSWERS_FOR_PAGES, 10 + 2 * len(pageids))):
            merge_chunks(pages, _pages(answer))

    def _raise_unless_of_these_pages(self, error: ArchiveError) -> None:
        """Go on only where the pages asked for are the cause: the archive answers other questions."""
        if isinstance(error, EndlessQuery) or (isinstance(error, ApiError) and error.is_about_data):
            return
        if not isinstance(error, FetchFailed):
            raise error
        try:
            self._ask({"meta": "siteinfo", "siprop": "general"}, tries=2)
        except ArchiveError:
            raise error from None

    def _answers(self, params: Mapping[str, str | int], most: int = MOST_ANSWERS_FOR_A_LISTING) -> Iterator[Json]:
        """All answers to one query: the same parameters again with every `continue` until there is none.

        A continuation that the archive does not take any more starts the query anew: what was said comes again.
        """
        resume: Mapping[str, str | int] = {}
        restarts = 0
        for _ in range(most):
            try:
                answer = self._ask({**params, **resume})
            except ApiError as error:
                if error.code != "badcontinue" or not resume or restarts == MOST_RESTARTS:
                    raise
                log.warning("%s; asking from the beginning", error)
                resume, restarts = {}, restarts + 1
                continue
            yield answer
            following = answer.get("continue")
            if not isinstance(following, dict):
                return
            if following == resume:
                raise EndlessQuery(f"{self.api}: a query goes on with the same continuation again and again")
            resume = following
        raise EndlessQuery(f"{self.api}: a query was still not complete after {most} answers")

    def _ask(self, params: Mapping[str, str | int], *, tries: int | None = None, is_known: bool = True) -> Json:
        """One answer. Of an archive that `is_known` to be one, a page of HTML is a fault of its edge and passes."""
        fixed: dict[str, str | int] = {"action": "query", "format": "json", "formatversion": 2, "maxlag": MAXLAG_S}
        seen: list[Answer] = []

        def check(answer: Answer) -> float | None:
            seen[:] = [answer]
            if is_known and answer.is_html:
                return retry_after_s(answer.headers) or HTML_WAIT_S
            return _wait_if_asked(answer)

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


def _wait_if_asked(answer: Answer) -> float | None:
    """Seconds to wait where the API asks for it with status 200 (Manual:Maxlag parameter), else None."""
    if "mediawiki-api-error" not in answer.headers and b'"error' not in answer.body[:300]:
        return _wait_if_broken(answer)
    error = _error(_decode(answer) or {})
    code = "" if error is None else str(error.get("code", ""))
    if code in WAITING_ERRORS or code.startswith("internal_api_error"):
        return max(1.0, retry_after_s(answer.headers) or 5.0)
    return None


def _wait_if_broken(answer: Answer) -> float | None:
    """JSON that was cut off on its way is worth another try; HTML is no API and will stay none."""
    is_whole = answer.body.rstrip().endswith((b"}", b"]"))
    return 1.0 if answer.content_type == "application/json" and not is_whole else None


def _error(decoded: Json) -> Json | None:
    """The error in an answer: `error`, or the first of `errors` where a wiki uses the newer error formats."""
    errors = decoded.get("errors")
    found = errors[0] if isinstance(errors, list) and errors else decoded.get("error")
    return found if isinstance(found, dict) else None


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
        files=_whole(counts.get("files")) or 0,
        subcategories=_whole(counts.get("subcats")) or 0,
        exists=is_page or bool(counts.get("size")),
    )


def _pages(answer: Json) -> list[Json]:
    pages = _at(answer, "query", "pages")
    return [page for page in pages if isinstance(page, dict)] if isinstance(pages, list) else []


def _entries(answer: Json, name: str) -> list[Json]:
    entries = _at(answer, "query", name)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
