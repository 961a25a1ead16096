"""What the Action API says about a file page, as one frozen record: parse(JSON) -> record, no requests in here.

Shapes: `formatversion=2` answers of action=query with prop=info|imageinfo|categories|revisions|templates.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit, urlunsplit

Json = Mapping[str, object]

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

    def in_category(self, category: str, status: str | None = None) -> dict[str, object]:
        """The row of commons/pages for one partition."""
        page = self if status is None else replace(self, status=status)
        return {**vars(page), "category": category, **{k: list(getattr(page, k)) for k in _LISTS}}


_LISTS = ("categories", "hidden_categories", "templates")


def parse_member(page: Json) -> Member:
    """A page of `generator=categorymembers&prop=info`."""
    return Member(
        pageid=_whole(page.get("pageid")) or 0,
        title=str(page.get("title", "")),
        revid=_whole(page.get("lastrevid")) or 0,
        touched=str(page.get("touched", "")),
        is_redirect=bool(page.get("redirect", False)),
    )


def parse_page(page: Json, *, thumb_side: int, fetched_at: datetime) -> Page:
    """A page of the combined details query, merged over all its continuations."""
    pageid, title = _whole(page.get("pageid")) or 0, str(page.get("title", ""))
    if page.get("missing") or page.get("invalid"):
        return Page(pageid=pageid, title=title, status="deleted", thumb_side=thumb_side, fetched_at=fetched_at)
    info = _first(page.get("imageinfo"))
    revision = _first(page.get("revisions"))
    slots = _object(revision.get("slots"))
    categories = [_object(entry) for entry in _list(page.get("categories"))]
    return Page(
        pageid=pageid,
        title=title,
        status="moved" if page.get("redirect") else "live",
        problem=_problem(page, info, revision),
        revid=_whole(revision.get("revid")) or _whole(page.get("lastrevid")),
        touched=_text(page.get("touched")),
        sha1=_text(info.get("sha1")),
        mime=_text(info.get("mime")),
        mediatype=_text(info.get("mediatype")),
        width=_whole(info.get("width")),
        height=_whole(info.get("height")),
        size_bytes=_whole(info.get("size")),
        file_url=without_query(_text(info.get("url"))),
        thumb_url=without_query(_text(info.get("thumburl"))),
        thumb_side=thumb_side,
        page_url=_text(info.get("descriptionurl")),
        uploaded_at=_instant(info.get("timestamp")),
        wikitext=_slot(slots, "main"),
        mediainfo=_slot(slots, "mediainfo"),
        extmetadata=_metadata(info.get("extmetadata")),
        categories=tuple(sorted(_plain(entry.get("title")) for entry in categories)),
        hidden_categories=tuple(sorted(_plain(entry.get("title")) for entry in categories if entry.get("hidden"))),
        templates=tuple(sorted(_plain(_object(entry).get("title")) for entry in _list(page.get("templates")))),
        fetched_at=fetched_at,
    )


def _problem(page: Json, info: Json, revision: Json) -> str | None:
    if page.get("ns") not in (6, None):
        return "not_a_file"
    if info.get("filehidden"):
        return "hidden"
    if not info.get("url") or not info.get("sha1"):
        return "no_file"
    if _slot(_object(revision.get("slots")), "main") is None:
        return "no_wikitext"
    if info.get("mediatype") != "BITMAP":
        return "not_bitmap"
    if 0 in (info.get("width"), info.get("height")):
        return "no_size"
    return None


def merge_chunks(pages: dict[int, dict[str, object]], chunk: list[Json]) -> None:
    """Merge one answer's pages into `pages` by pageid: lists append what is new, scalars overwrite."""
    for entry in chunk:
        merged = pages.setdefault(_whole(entry.get("pageid")) or 0, {})
        for key, value in entry.items():
            have = merged.get(key)
            if isinstance(value, list) and isinstance(have, list):
                merged[key] = have + [item for item in value if item not in have]
            else:
                merged[key] = value


def without_query(url: str | None) -> str | None:
    """An address without query and fragment: they carry campaign marks, never identity."""
    return None if url is None else urlunsplit(urlsplit(url)._replace(query="", fragment=""))


def _metadata(value: object) -> str | None:
    metadata = {key: entry for key, entry in _object(value).items() if key not in DROPPED_METADATA}
    return json.dumps(metadata, sort_keys=True, ensure_ascii=False) if metadata else None


def _slot(slots: Json, name: str) -> str | None:
    return _text(_object(slots.get(name)).get("content"))


def _plain(title: object) -> str:
    return str(title).split(":", 1)[-1]


def _first(value: object) -> Json:
    entries = _list(value)
    return _object(entries[0]) if entries else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _instant(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC) if isinstance(value, str) else None
    except ValueError:
        return None
