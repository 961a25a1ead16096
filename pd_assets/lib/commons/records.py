"""What the Action API says about a file page, as one frozen record: parse(JSON) -> record, no requests in here.

Shapes: `formatversion=2` answers of action=query with prop=info|imageinfo|categories|revisions|templates.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from pd_assets.lib.commons.values import MOST_OF_32_BITS, Json, Values, as_whole

# How the problem of a page begins that has a value which cannot be read or kept.
UNREADABLE = "unreadable"

# Positions and people have no place in what we keep of the summary.
DROPPED_METADATA = ("GPSLatitude", "GPSLongitude", "GPSMapDatum", "User", "UserComment")


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file in a category's listing. `revid` changes with every edit, overwrite and rename; `touched` also when a
    template that the page uses was edited, which can change its licence categories."""

    pageid: int
    title: str
    revid: int
    touched: str
    is_redirect: bool


@dataclass(frozen=True, kw_only=True)
class Page:
    """A file page with all its evidence at one revision. Sizes in pixels and bytes; see schemas.PAGES."""

    pageid: int
    title: str
    status: str = "live"
    problem: str | None = None
    revid: int | None = None
    touched: str | None = None
    sha1: str | None = None
    mime: str | None = None
    mediatype: str | None = None
    width: int | None = None
    height: int | None = None
    size_bytes: int | None = None
    file_url: str | None = None
    thumb_url: str | None = None
    thumb_side: int
    page_url: str | None = None
    uploaded_at: datetime | None = None
    wikitext: str | None = None
    mediainfo: str | None = None
    extmetadata: str | None = None
    categories: tuple[str, ...] = ()
    hidden_categories: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    fetched_at: datetime

    @property
    def is_unreadable(self) -> bool:
        """Whether a value of its answer could not be read or kept; `problem` says which."""
        return self.problem is not None and self.problem.startswith(UNREADABLE)

    def in_category(self, category: str, status: str | None = None) -> dict[str, object]:
        """The row of commons/pages for one partition."""
        page = self if status is None else replace(self, status=status)
        return {**vars(page), "category": category, **{k: list(getattr(page, k)) for k in _LISTS}}


_LISTS = ("categories", "hidden_categories", "templates")


def parse_member(page: Json) -> Member:
    """A page of `generator=categorymembers&prop=info`; `pageid` is 0 where it names none that a page can have."""
    values = Values()
    return Member(
        pageid=values.whole(page.get("pageid"), "pageid") or 0,
        title=values.text(page.get("title"), "title") or "",
        revid=values.whole(page.get("lastrevid"), "lastrevid") or 0,
        touched=values.text(page.get("touched"), "touched") or "",
        is_redirect=bool(page.get("redirect", False)),
    )


def parse_page(page: Json, *, thumb_side: int, fetched_at: datetime) -> Page:
    """A page of the combined details query, merged over all its continuations.

    Where a value is otherwise than it must be, nothing is kept but which page it is, and `problem` names the values:
    `unreadable: width (whole number from 0 to 2147483647 expected)`.
    """
    values = Values()
    pageid, title = values.whole(page.get("pageid"), "pageid") or 0, values.text(page.get("title"), "title") or ""
    if page.get("missing") or page.get("invalid"):
        return Page(pageid=pageid, title=title, status="deleted", thumb_side=thumb_side, fetched_at=fetched_at)
    read = _read(page, values, Page(pageid=pageid, title=title, thumb_side=thumb_side, fetched_at=fetched_at))
    if not values.odd:
        return read
    odd = "; ".join(f"{name} ({expected} expected)" for name, expected in sorted(values.odd.items()))
    return Page(
        pageid=pageid,
        title=title,
        status=read.status,
        problem=f"{UNREADABLE}: {odd}",
        revid=read.revid,
        touched=read.touched,
        thumb_side=thumb_side,
        fetched_at=fetched_at,
    )


def _read(page: Json, values: Values, blank: Page) -> Page:
    """All that a page says, over a page that says nothing."""
    info = next(iter(values.objects(page.get("imageinfo"), "imageinfo")), {})
    revision = next(iter(values.objects(page.get("revisions"), "revisions")), {})
    slots = values.mapping(revision.get("slots"), "slots")
    main, mediainfo = (values.mapping(slots.get(name), f"slots.{name}") for name in ("main", "mediainfo"))
    wikitext = values.text(main.get("content"), "wikitext")
    categories = values.objects(page.get("categories"), "categories")
    metadata = values.mapping(info.get("extmetadata"), "extmetadata")
    return replace(
        blank,
        status="moved" if page.get("redirect") else "live",
        problem=_problem(page, info, wikitext),
        revid=values.whole(revision.get("revid"), "revid") or values.whole(page.get("lastrevid"), "lastrevid"),
        touched=values.text(page.get("touched"), "touched"),
        sha1=values.text(info.get("sha1"), "sha1"),
        mime=values.text(info.get("mime"), "mime"),
        mediatype=values.text(info.get("mediatype"), "mediatype"),
        width=values.whole(info.get("width"), "width", MOST_OF_32_BITS),
        height=values.whole(info.get("height"), "height", MOST_OF_32_BITS),
        size_bytes=values.whole(info.get("size"), "size"),
        file_url=without_query(values.address(info.get("url"), "url")),
        thumb_url=without_query(values.address(info.get("thumburl"), "thumburl")),
        page_url=values.address(info.get("descriptionurl"), "descriptionurl"),
        uploaded_at=values.instant(info.get("timestamp"), "timestamp"),
        wikitext=wikitext,
        mediainfo=values.text(mediainfo.get("content"), "mediainfo"),
        extmetadata=values.as_json(
            {key: entry for key, entry in metadata.items() if key not in DROPPED_METADATA}, "extmetadata"
        ),
        categories=values.titles(categories, "categories"),
        hidden_categories=values.titles([entry for entry in categories if entry.get("hidden")], "categories"),
        templates=values.titles(values.objects(page.get("templates"), "templates"), "templates"),
    )


def _problem(page: Json, info: Json, wikitext: str | None) -> str | None:
    if page.get("ns") not in (6, None):
        return "not_a_file"
    if info.get("filehidden"):
        return "hidden"
    if not info.get("url") or not info.get("sha1"):
        return "no_file"
    if wikitext is None:
        return "no_wikitext"
    if info.get("mediatype") != "BITMAP":
        return "not_bitmap"
    if 0 in (as_whole(info.get("width")), as_whole(info.get("height"))):
        return "no_size"
    return None


def merge_chunks(pages: dict[int, dict[str, object]], chunk: list[Json]) -> None:
    """Merge one answer's pages into `pages` by pageid: lists append what is new, scalars overwrite."""
    for entry in chunk:
        merged = pages.setdefault(as_whole(entry.get("pageid")) or 0, {})
        for key, value in entry.items():
            have = merged.get(key)
            if isinstance(value, list) and isinstance(have, list):
                merged[key] = have + [item for item in value if item not in have]
            else:
                merged[key] = value


def without_query(url: str | None) -> str | None:
    """An address without query and fragment: they carry campaign marks, never identity."""
    return None if url is None else urlunsplit(urlsplit(url)._replace(query="", fragment=""))
