"""The Action API of Wikimedia Commons, or of any MediaWiki: listings, category facts, details by page id.

One request at a time, `maxlag` on every one, continuations followed to their end. Errors: ArchiveError, FetchFailed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar
from urllib.parse import quote

from pd_assets.lib.commons.records import Json, Member, Page, merge_chunks, parse_member, parse_page
from pd_assets.lib.errors import ArchiveError
from pd_assets.lib.http import ACTION_API, Answer, PoliteSession, naming_the_archive, retry_after_s

T = TypeVar("T")

LIST_LIMIT = 500
TITLES_PER_REQUEST = 50
# Servers refuse addresses from about 8 KB on; titles in other scripts triple in length when they are encoded.
LONGEST_TITLES_BYTES = 6000
MOST_ANSWERS_FOR_PAGES = 100
MOST_ANSWERS_FOR_A_LISTING = 100_000
MAXLAG_S = 5
WAITING_ERRORS = ("maxlag", "ratelimited", "readonly")
METADATA_FIELDS = (
    "License|LicenseShortName|LicenseUrl|UsageTerms|AttributionRequired|Attribution|Copyrighted|Restrictions|NonFree|"
    "DeletionReason|Permission|Artist|Credit|ObjectName|ImageDescription|DateTimeOriginal|Categories"
)


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
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def probe(self) -> None:
        """Make sure that `api` is an Action API; ArchiveError names what is there instead."""
        with naming_the_archive(self.api, "PD_COMMONS_API"):
            answer = self._ask({"meta": "siteinfo", "siprop": "general"}, tries=2)
        general = _at(answer, "query", "general")
        if not isinstance(general, dict) or not str(general.get("generator", "")).startswith("MediaWiki"):
            raise ArchiveError(f"PD_COMMONS_API={self.api} is no MediaWiki Action API; expected an address of api.php")

    def category_facts(self, titles: Sequence[str]) -> dict[str, CategoryFacts]:
        """Page id and member counts of categories, by title without namespace."""
        facts: dict[str, CategoryFacts] = {}
        for names in _title_batches(f"Category:{title}" for title in titles):
            for answer in self._answers({"titles": names, "prop": "categoryinfo"}):
                for page in _pages(answer):
                    title = str(page.get("title", "")).split(":", 1)[-1]
                    info = page.get("categoryinfo")
                    counts = info if isinstance(info, dict) else {}
                    is_page = not page.get("missing") and not page.get("invalid")
                    facts[title] = CategoryFacts(
                        title=title,
                        pageid=_whole(page.get("pageid")) if is_page else None,
                        files=_whole(counts.get("files")) or 0,
                        subcategories=_whole(counts.get("subcats")) or 0,
                        exists=is_page or bool(counts.get("size")),
                    )
        return facts

    def subcategories(self, category: str) -> list[str]:
        """Titles of the direct subcategories, without namespace."""
        wanted = {"list": "categorymembers", "cmtitle": f"Category:{category}", "cmtype": "subcat"}
        answers = self._answers({**wanted, "cmprop": "title|type", "cmlimit": LIST_LIMIT})
        found = [entry for answer in answers for entry in _entries(answer, "categorymembers")]
        return sorted(str(entry["title"]).split(":", 1)[-1] for entry in found if entry.get("ns") == 14)

    def members(self, category: str) -> Iterator[Member]:
        """Every file directly in a category with its latest revision: one request for 500 of them."""
        wanted = {"generator": "categorymembers", "gcmtitle": f"Category:{category}", "gcmtype": "file"}
        seen: set[int] = set()
        for answer in self._answers({**wanted, "gcmlimit": LIST_LIMIT, "prop": "info"}):
            for page in _pages(answer):
                member = parse_member(page)
                if page.get("ns") == 6 and member.pageid and member.pageid not in seen:
                    seen.add(member.pageid)
                    yield member

    def details(self, pageids: Iterable[int]) -> Iterator[Page]:
        """Every file page asked for, with all its evidence, 50 a request; deleted ones say so."""
        for batch in _batches(pageids):
            yield from self._details(batch)

    def _details(self, pageids: tuple[int, ...]) -> Iterator[Page]:
        fetched_at = datetime.now(UTC).replace(microsecond=0)
        pages: dict[int, dict[str, object]] = {}
        for answer in self._answers(
            {
                "pageids": "|".join(map(str, pageids)),
                "prop": "info|imageinfo|categories|revisions|templates",
                "iiprop": "timestamp|url|size|sha1|mime|mediatype|extmetadata",
                "iiextmetadatafilter": METADATA_FIELDS,
                "iiextmetadatalanguage": "en",
                "iiurlwidth": self.thumb_side,
                "iiurlheight": self.thumb_side,
                "clprop": "hidden",
                "cllimit": "max",
                "rvprop": "ids|timestamp|content",
                "rvslots": "main|mediainfo",
                "tlnamespace": 10,
                "tllimit": "max",
            },
            most=MOST_ANSWERS_FOR_PAGES,
        ):
            merge_chunks(pages, _pages(answer))
        for pageid in pageids:
            raw = pages.get(pageid, {"pageid": pageid, "missing": True})
            yield parse_page(raw, thumb_side=self.thumb_side, fetched_at=fetched_at)

    def _answers(self, params: Mapping[str, str | int], most: int = MOST_ANSWERS_FOR_A_LISTING) -> Iterator[Json]:
        """All answers to one query: the same parameters again with every `continue` until there is none."""
        resume: Mapping[str, str | int] = {}
        for _ in range(most):
            answer = self._ask({**params, **resume})
            yield answer
            following = answer.get("continue")
            if not isinstance(following, dict):
                return
            resume = following
        raise ArchiveError(f"{self.api}: a query was still not complete after {most} answers")

    def _ask(self, params: Mapping[str, str | int], *, tries: int | None = None) -> Json:
        fixed: dict[str, str | int] = {"action": "query", "format": "json", "formatversion": 2, "maxlag": MAXLAG_S}
        answer = self.session.get(
            self.api,
            policy=ACTION_API,
            params={**fixed, **params},
            headers=self._headers,
            check=_wait_if_asked,
            tries=tries,
        )
        decoded = _decode(answer)
        if decoded is None:
            raise ArchiveError(
                f"PD_COMMONS_API={self.api} answered {answer.content_type or 'something'}, expected JSON; "
                "set PD_COMMONS_API to the address of a MediaWiki api.php"
            )
        error = _error(decoded)
        if error is not None:
            raise ArchiveError(f"{self.api}: {error.get('code')}: {error.get('info') or error.get('text')}")
        return decoded


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
        decoded = json.loads(answer.body)
    except ValueError:
        return None
    return decoded if isinstance(decoded, dict) else None


def _batches(values: Iterable[T]) -> Iterator[tuple[T, ...]]:
    rest = iter(values)
    while batch := tuple(islice(rest, TITLES_PER_REQUEST)):
        yield batch


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


def _pages(answer: Json) -> list[Json]:
    pages = _at(answer, "query", "pages")
    return [page for page in pages if isinstance(page, dict)] if isinstance(pages, list) else []


def _entries(answer: Json, name: str) -> list[Json]:
    entries = _at(answer, "query", name)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
