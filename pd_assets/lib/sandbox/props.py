"""`prop=` modules of action=query: what is told of each page.

Each takes the pages in order and where an earlier answer stopped, and gives additions by page id with the point to go
on from, or None when it has told everything.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from pd_assets.lib.sandbox.archive import member_type
from pd_assets.lib.sandbox.extmetadata import extmetadata
from pd_assets.lib.sandbox.records import FileVersion, Page, Revision
from pd_assets.lib.sandbox.request import MULTI_LIMIT, ApiError, Call, Row, bad_continue, digits
from pd_assets.lib.sandbox.thumbs import thumbnail
from pd_assets.lib.sandbox.titles import CATEGORY, FILE, bare, db_key, file_path, namespace, page_path

Additions = dict[int, Row]
Prop = Callable[[Call, Sequence[Page], str | None], tuple[Additions, str | None]]
REPOSITORY = "wikipedia/commons"
IMAGEINFO_PROPS = (
    *("timestamp", "user", "userid", "comment", "parsedcomment", "canonicaltitle", "url", "size", "dimensions"),
    *("sha1", "mime", "thumbmime", "mediatype", "metadata", "commonmetadata", "extmetadata", "archivename"),
    *("bitdepth", "uploadwarning", "badfile"),
)
REVISION_PROPS = (
    *("ids", "flags", "timestamp", "user", "userid", "size", "slotsize", "sha1", "slotsha1", "contentmodel"),
    *("comment", "parsedcomment", "content", "tags", "roles"),
)


def info(call: Call, pages: Sequence[Page], after: str | None) -> tuple[Additions, str | None]:
    """`prop=info`."""
    call.several("inprop")
    return {page.pageid: _info_row(call, page) for page in pages}, None


def _info_row(call: Call, page: Page) -> Row:
    row: Row = {
        "contentmodel": "wikitext",
        "pagelanguage": "en",
        "pagelanguagehtmlcode": "en",
        "pagelanguagedir": "ltr",
        "touched": page.touched,
        "lastrevid": page.latest.revid,
        "length": len(page.latest.text.encode()),
    }
    if call.archive.rendering(page).redirect is not None:
        row["redirect"] = True
    if len(page.revisions) == 1:
        row["new"] = True
    return row


def image_info(call: Call, pages: Sequence[Page], after: str | None) -> tuple[Additions, str | None]:
    """`prop=imageinfo`; at most 50 scaled files an answer. A redirect answers with the file it leads to."""
    asked = _asked(call)
    rows: Additions = {}
    scaled = 0
    waiting = after is not None
    for page in pages:
        if waiting and f"{db_key(page.title)}|" != (after or "").rpartition("|")[0] + "|":
            continue
        waiting = False
        if namespace(page.title) != FILE:
            continue
        holder = page if page.versions else call.archive.redirect_target(page)
        if holder is None or not holder.versions:
            rows[page.pageid] = {"imagerepository": ""}
            continue
        if asked.width is not None and scaled == MULTI_LIMIT:
            return rows, f"{db_key(page.title)}|{digits(holder.versions[-1].timestamp)}"
        scaled += 1
        rows[page.pageid] = {"imagerepository": "local", "imageinfo": _versions(call, holder, asked)}
        if "badfile" in asked.props:
            rows[page.pageid]["badfile"] = False
    if waiting:
        raise bad_continue()
    return rows, None


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What a call wants of imageinfo."""

    props: Sequence[str]
    limit: int
    width: int | None
    height: int | None
    multilingual: bool
    keys: Sequence[str]


def _asked(call: Call) -> _Asked:
    width, height = call.number("iiurlwidth", -1), call.number("iiurlheight", -1)
    call.several("iiextmetadatalanguage")
    if height > 0 and width <= 0:
        raise ApiError("iiurlwidth", "iiurlheight cannot be used without iiurlwidth.")
    return _Asked(
        props=call.choices("imageinfo", "iiprop", IMAGEINFO_PROPS, "timestamp|user"),
        limit=call.limit("imageinfo", "iilimit", 1),
        width=width if width > 0 else None,
        height=height if height > 0 else None,
        multilingual=call.flag("iiextmetadatamultilang"),
        keys=call.several("iiextmetadatafilter"),
    )


def _versions(call: Call, page: Page, asked: _Asked) -> list[Row]:
    newest_first = list(reversed(page.versions))[: asked.limit]
    return [_version_row(call, page, version, asked) for version in newest_first]


def _version_row(call: Call, page: Page, version: FileVersion, asked: _Asked) -> Row:
    facts = call.archive.facts(version)
    current = version is page.versions[-1]
    wanted = asked.props
    row: Row = {}
    for name in ("timestamp", "user", "comment"):
        if name in wanted:
            row[name] = getattr(version, name)
    if "canonicaltitle" in wanted:
        row["canonicaltitle"] = page.title
    if "size" in wanted or "dimensions" in wanted:
        row |= {"size": facts.size_bytes, "width": facts.width, "height": facts.height}
    if "url" in wanted:
        row |= _addresses(call, page, version, asked)
    if "sha1" in wanted:
        row["sha1"] = facts.sha1
    if "extmetadata" in wanted and current:
        row["extmetadata"] = _extmetadata(call, page, version, asked)
    for name in ("mime", "mediatype"):
        if name in wanted:
            row[name] = getattr(facts, name)
    if "archivename" in wanted and not current:
        row["archivename"] = archive_name(page, version)
    return row


def archive_name(page: Page, version: FileVersion) -> str:
    return f"{digits(version.timestamp)}!{db_key(page.title)}"


def _addresses(call: Call, page: Page, version: FileVersion, asked: _Asked) -> Row:
    """url, page addresses and, when a size is asked for, the thumbnail; with the tracking query Commons adds."""
    current = version is page.versions[-1]
    original = f"{call.base_url}/{REPOSITORY}/{file_path(page.title)}"
    if not current:
        folder = file_path(page.title).rpartition("/")[0]
        original = f"{call.base_url}/{REPOSITORY}/archive/{folder}/{digits(version.timestamp)}%21{db_key(page.title)}"
    row: Row = {}
    if asked.width is not None and current:
        thumb = thumbnail(page.title, call.archive.facts(version), asked.width, asked.height)
        if thumb.path is None:
            address = _tracked(call, original, "thumbnail_unscaled")
        else:
            address = _tracked(call, f"{call.base_url}/{REPOSITORY}/{thumb.path}", "thumbnail")
        row |= {"thumburl": address, "thumbwidth": thumb.width, "thumbheight": thumb.height}
    row["url"] = _tracked(call, original, "original")
    row["descriptionurl"] = f"{call.base_url}/wiki/{page_path(page.title)}"
    row["descriptionshorturl"] = f"{call.base_url}/w/index.php?curid={page.pageid}"
    return row


def _tracked(call: Call, address: str, what: str) -> str:
    host = call.base_url.partition("://")[2]
    return f"{address}?utm_source={host}&utm_campaign=imageinfo&utm_content={what}"


def _extmetadata(call: Call, page: Page, version: FileVersion, asked: _Asked) -> Row | list[Row]:
    """The keys that were asked for; an empty list where nothing is left, as on MediaWiki."""
    entries = extmetadata(
        call.archive.rendering(page),
        name=bare(page.title),
        uploaded=version.timestamp,
        multilingual=asked.multilingual,
    )
    kept: Row = {name: entry for name, entry in entries.items() if not asked.keys or name in asked.keys}
    return kept or []


def categories(call: Call, pages: Sequence[Page], after: str | None) -> tuple[Additions, str | None]:
    """`prop=categories`: visible and hidden ones alike unless `clshow` says otherwise."""
    wanted = call.choices("categories", "clprop", ("sortkey", "timestamp", "hidden"), "")
    show = call.several("clshow")

    def rows(page: Page) -> Iterator[tuple[str, Row]]:
        for link in call.archive.rendering(page).categories:
            hidden = call.archive.is_hidden(link.name)
            if ("hidden" in show and not hidden) or ("!hidden" in show and hidden):
                continue
            row: Row = {"ns": CATEGORY, "title": f"Category:{link.name}"}
            member = call.archive.member(link.name, page.pageid)
            if "sortkey" in wanted:
                row |= {"sortkey": bare(page.title).upper().encode().hex(), "sortkeyprefix": link.sort_prefix}
            if "timestamp" in wanted and member is not None:
                row["timestamp"] = member.timestamp
            if "hidden" in wanted:
                row["hidden"] = hidden
            yield link.name.replace(" ", "_"), row

    return _paged(pages, after, call.limit("categories", "cllimit"), "categories", rows)


def templates(call: Call, pages: Sequence[Page], after: str | None) -> tuple[Additions, str | None]:
    """`prop=templates`: every template used, however deep."""
    spaces = call.several("tlnamespace")

    def rows(page: Page) -> Iterator[tuple[str, Row]]:
        for title in call.archive.rendering(page).templates:
            space = namespace(title)
            if not spaces or str(space) in spaces:
                yield f"{space}|{db_key(title)}", {"ns": space, "title": title}

    return _paged(pages, after, call.limit("templates", "tllimit"), "templates", rows)


def _paged(
    pages: Sequence[Page],
    after: str | None,
    limit: int,
    name: str,
    rows: Callable[[Page], Iterator[tuple[str, Row]]],
) -> tuple[Additions, str | None]:
    """Rows of all pages in the order of their ids, `limit` at a time; `after` is `pageid|key` of the next one."""
    everything: Iterator[tuple[int, str, Row]] = (
        (page.pageid, key, row) for page in sorted(pages, key=lambda page: page.pageid) for key, row in rows(page)
    )
    if after is not None:
        start, bar, _ = after.partition("|")
        if not bar or not start.isdigit():
            raise bad_continue()
        everything = _from(everything, after)
    additions: Additions = {}
    for pageid, _, row in islice(everything, limit):
        listed = additions.setdefault(pageid, {name: []})[name]
        assert isinstance(listed, list)
        listed.append(row)
    rest = next(everything, None)
    return additions, None if rest is None else f"{rest[0]}|{rest[1]}"


def _from(rows: Iterator[tuple[int, str, Row]], after: str) -> Iterator[tuple[int, str, Row]]:
    found = False
    for pageid, key, row in rows:
        found = found or f"{pageid}|{key}" == after
        if found:
            yield pageid, key, row


def revisions(call: Call, pages: Sequence[Page], after: str | None) -> tuple[Additions, str | None]:
    """`prop=revisions`: the latest revision of each page, or with `rvlimit` the last ones of a single page."""
    wanted = call.choices("revisions", "rvprop", REVISION_PROPS, "ids|timestamp|flags|comment|user")
    slots = call.choices("revisions", "rvslots", ("main", "mediainfo"), "")
    if call.given("rvlimit") is not None and len(pages) > 1:
        raise ApiError("rvmultpages", '"rvlimit" may only be used with a single page.')
    if "content" in wanted and not slots:
        call.warn("revisions", 'Because "rvslots" was not specified, a legacy format has been used for the output.')
        slots = ["main"]
    limit = call.limit("revisions", "rvlimit", 1)
    start = 0
    if after is not None:
        start = next((n for n, page in enumerate(pages) if str(page.pageid) == after.partition("|")[0]), -1)
        if start < 0:
            raise bad_continue()
    batch = pages[start : start + MULTI_LIMIT] if "content" in wanted else pages[start:]
    rest = pages[start + len(batch) :]
    additions: Additions = {
        page.pageid: {
            "revisions": [
                _revision_row(page, revision, wanted, slots) for revision in list(reversed(page.revisions))[:limit]
            ]
        }
        for page in batch
    }
    return additions, f"{rest[0].pageid}|{rest[0].latest.revid}" if rest else None


def _revision_row(page: Page, revision: Revision, wanted: Sequence[str], slots: Sequence[str]) -> Row:
    row: Row = {}
    if "ids" in wanted:
        row |= {"revid": revision.revid, "parentid": revision.parentid}
    if "flags" in wanted:
        row["minor"] = False
    for name in ("user", "timestamp", "comment"):
        if name in wanted:
            row[name] = getattr(revision, name)
    if "size" in wanted:
        row["size"] = len(revision.text.encode())
    if "sha1" in wanted:
        row["sha1"] = _sha1(revision.text)
    if slots:
        row["slots"] = _slots(page, revision, wanted, slots)
    return row


def _slots(page: Page, revision: Revision, wanted: Sequence[str], slots: Sequence[str]) -> Row:
    given: Row = {}
    if "main" in slots:
        given["main"] = _slot(revision.text, "wikitext", "text/x-wiki", wanted)
    if "mediainfo" in slots and (revision.caption is not None or revision.statements):
        given["mediainfo"] = _slot(media_info(page, revision), "wikibase-mediainfo", "application/json", wanted)
    return given


def _slot(content: str, model: str, format_: str, wanted: Sequence[str]) -> Row:
    slot: Row = {"sha1": _sha1(content)} if "slotsha1" in wanted else {}
    if "content" in wanted:
        return {**slot, "contentmodel": model, "contentformat": format_, "content": content}
    return {**slot, "contentmodel": model} if "contentmodel" in wanted else slot


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def media_info(page: Page, revision: Revision) -> str:
    """The structured data of a file as it stands in its slot; empty maps are written as lists."""
    label = {"en": {"language": "en", "value": revision.caption}} if revision.caption is not None else []
    statements = {name: [_statement(page, name, item)] for name, item in revision.statements}
    entity = {
        "type": "mediainfo",
        "id": f"M{page.pageid}",
        "labels": label,
        "descriptions": [],
        "statements": statements or [],
    }
    return json.dumps(entity, ensure_ascii=False)


def _statement(page: Page, property_: str, item: str) -> Row:
    value = {"entity-type": "item", "numeric-id": int(item[1:]), "id": item}
    return {
        "mainsnak": {
            "snaktype": "value",
            "property": property_,
            "hash": _sha1(f"{property_}/{item}"),
            "datavalue": {"value": value, "type": "wikibase-entityid"},
        },
        "type": "statement",
        "id": f"M{page.pageid}${_sha1(f'{page.pageid}/{property_}').upper()[:36]}",
        "rank": "normal",
    }


def category_info(call: Call, pages: Sequence[Page], after: str | None) -> tuple[Additions, str | None]:
    """`prop=categoryinfo`: how many members of which type; nothing for a category without members."""
    counted = {
        page.pageid: member_counts(call, bare(page.title)) for page in pages if namespace(page.title) == CATEGORY
    }
    return {pageid: {"categoryinfo": counts} for pageid, counts in counted.items() if counts}, None


def member_counts(call: Call, category: str) -> Row:
    """The counts of a category with or without a page; empty where it has no members."""
    members = [call.archive.page_by_id(member.pageid) for member in call.archive.members(category)]
    types = [member_type(member) for member in members if member is not None]
    if not types:
        return {}
    return {
        "size": len(types),
        "pages": types.count("page"),
        "files": types.count("file"),
        "subcats": types.count("subcat"),
        "hidden": call.archive.is_hidden(category),
    }


# Module name -> (function, its continuation parameter).
PROPS: Mapping[str, tuple[Prop, str]] = {
    "categories": (categories, "clcontinue"),
    "categoryinfo": (category_info, "cicontinue"),
    "imageinfo": (image_info, "iicontinue"),
    "info": (info, "incontinue"),
    "revisions": (revisions, "rvcontinue"),
    "templates": (templates, "tlcontinue"),
}
