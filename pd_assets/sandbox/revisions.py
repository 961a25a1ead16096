"""`prop=revisions`: texts and structured data of pages, slot by slot."""

import hashlib
import json
from collections.abc import Sequence

from pd_assets.sandbox.records import Page, Revision
from pd_assets.sandbox.request import MULTI_LIMIT, Additions, ApiError, Call, Row, bad_continue

REVISION_PROPS = (
    *("ids", "flags", "timestamp", "user", "userid", "size", "slotsize", "sha1", "slotsha1", "contentmodel"),
    *("comment", "parsedcomment", "content", "tags", "roles"),
)


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
