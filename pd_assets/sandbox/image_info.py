"""`prop=imageinfo`: what is told of a page's file, its addresses, thumbnail and extmetadata."""

from collections.abc import Sequence
from dataclasses import dataclass

from pd_assets.sandbox.extmetadata import extmetadata
from pd_assets.sandbox.records import FileVersion, Page
from pd_assets.sandbox.request import MULTI_LIMIT, Additions, ApiError, Call, Row, bad_continue, digits
from pd_assets.sandbox.thumbs import thumbnail
from pd_assets.sandbox.titles import FILE, bare, db_key, file_path, namespace, page_path

REPOSITORY = "wikipedia/commons"
IMAGEINFO_PROPS = (
    *("timestamp", "user", "userid", "comment", "parsedcomment", "canonicaltitle", "url", "size", "dimensions"),
    *("sha1", "mime", "thumbmime", "mediatype", "metadata", "commonmetadata", "extmetadata", "archivename"),
    *("bitdepth", "uploadwarning", "badfile"),
)


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
        if code := call.archive.oddities.broken.get(page.title):
            raise ApiError(code, f"Caught an exception while reading {page.title}.")
        if page.title in call.archive.oddities.cut_off and asked.width is not None:
            raise ApiError("urlparamnormal", f"Could not normalize image parameters for {bare(page.title)}.")
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
        is_cut_off = page.title in call.archive.oddities.cut_off
        row |= {"size": facts.size_bytes, "width": facts.width, "height": facts.height}
        row |= {"width": 0, "height": 0} if is_cut_off else {}
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
