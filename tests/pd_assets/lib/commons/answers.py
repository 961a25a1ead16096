"""Answers of the live archive over ten years, brought into the shape that the client asks for today.

They are of `formatversion=1`, some are XML, some are one part of an answer; what they say is left as it is.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import TypeAlias
from xml.etree import ElementTree

from pd_assets.lib.commons.records import Page, merge_chunks, parse_page
from tests.material import json_of

Json: TypeAlias = "dict[str, object]"

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WRONG: tuple[object, ...] = (None, 7, -1.5, "text", [], [None], {}, {"value": 1}, True)
# With `formatversion=1` a flag is true where its key is there, with an empty text.
FLAGS = ("missing", "invalid", "hidden", "redirect", "new", "filehidden", "userhidden", "commenthidden")
PARTS_OF_A_PAGE = ("imageinfo", "title", "pageid")
PARTS_OF_AN_IMAGEINFO = ("extmetadata", "url")


def parsed(paths: Sequence[Path]) -> list[Page]:
    """The records that the client makes of the pages of some answers."""
    pages = [page for path in paths for page in pages_of(json_of(path))]
    return [parse_page(completed(page), thumb_side=1280, fetched_at=NOW) for page in pages]


def parsed_chunks(chunks: Sequence[Path]) -> list[Page]:
    """The same of one batch's consecutive answers."""
    return [parse_page(completed(page), thumb_side=1280, fetched_at=NOW) for page in merged(chunks).values()]


def outcomes(pages: Sequence[Page]) -> Counter[tuple[str, str | None]]:
    return Counter((page.status, page.problem) for page in pages)


def damaged_rows(pages: Sequence[Json]) -> list[dict[str, object]]:
    """Rows of commons/pages of every page with each of its parts in turn replaced by something of another kind."""
    whole = [damaged for page in pages for damaged in _damages(completed(page))]
    return [parse_page(page, thumb_side=1280, fetched_at=NOW).in_category("Damaged") for page in whole]


def _damages(page: Json) -> Iterator[Json]:
    for name, wrong in product(page, WRONG):
        yield {**page, name: wrong}
    info = page.get("imageinfo")
    if isinstance(info, list) and info and isinstance(info[0], dict):
        for name, wrong in product(info[0], WRONG):
            yield {**page, "imageinfo": [{**info[0], name: wrong}]}


def is_empty_log(answer: object) -> bool:
    return isinstance(answer, str) and "<logevents />" in answer


def pages_of(answer: object) -> Iterator[Json]:
    """Every page that an answer speaks of, in the shape of `formatversion=2`; raises ValueError where it knows none."""
    if isinstance(answer, str):
        yield from _pages_of_xml(answer)
    elif not isinstance(answer, dict):
        raise ValueError(f"an answer of another kind: {type(answer).__name__}")
    elif "query" in answer:
        yield from _pages_of_query(answer["query"])
    elif "entities" in answer:
        for identifier, entity in answer["entities"].items():
            yield _page_of_entity(identifier, entity)
    elif "parse" in answer:
        yield {"pageid": answer["parse"]["pageid"], "ns": 6, "title": answer["parse"]["title"]}
    elif "error" in answer:
        yield _page_of_error(answer["error"]["code"])
    elif set(PARTS_OF_A_PAGE) & set(answer):
        yield modern(answer)
    elif set(PARTS_OF_AN_IMAGEINFO) & set(answer):
        yield {"pageid": 1, "ns": 6, "title": "File:Part of an answer.jpg", "imageinfo": [modern(answer)]}
    else:
        raise ValueError(f"an answer with unknown parts: {', '.join(answer)}")


def modern(value: object) -> Json:
    """An object of `formatversion=1` in the shape of version 2."""
    converted = _modern(value)
    assert isinstance(converted, dict)
    return converted


def merged(chunks: Sequence[Path]) -> dict[int, dict[str, object]]:
    """The pages of consecutive answers, merged as the client does it, by page id."""
    pages: dict[int, dict[str, object]] = {}
    for chunk in chunks:
        merge_chunks(pages, list(pages_of(json.loads(chunk.read_text()))))
    return pages


def _pages_of_query(query: Json) -> Iterator[Json]:
    pages = query.get("pages", {})
    assert isinstance(pages, dict)
    for page in pages.values():
        yield modern(page)


def members_of(answer: object) -> list[Json]:
    """The entries of a category's listing, if the answer is one."""
    query = answer.get("query") if isinstance(answer, dict) else None
    entries = query.get("categorymembers") if isinstance(query, dict) else None
    return [modern(entry) for entry in entries] if isinstance(entries, list) else []


def _pages_of_xml(text: str) -> Iterator[Json]:
    for entry in ElementTree.fromstring(text).iter():
        if entry.tag == "page":
            yield modern({name: _number(value) for name, value in entry.attrib.items()})
        elif entry.tag == "item" and "logid" in entry.attrib:
            yield _page_of_event({name: _number(value) for name, value in entry.attrib.items()})


def _page_of_event(event: Json) -> Json:
    """A deletion in the log: the page had the id `logpage`."""
    return {"pageid": event["logpage"], "ns": event["ns"], "title": event["title"], "missing": True}


def _page_of_entity(identifier: str, entity: Json) -> Json:
    """Structured data of a file, as it stands in the slot `mediainfo` of the page's revision."""
    if "missing" in entity:
        pageid = identifier.removeprefix("M") if identifier.startswith("M") else "0"
        return {"pageid": int(pageid), "ns": 6, "title": entity.get("title", ""), "missing": True}
    revision = {"revid": entity["lastrevid"], "slots": {"mediainfo": {"content": json.dumps(entity)}}}
    return {"pageid": entity["pageid"], "ns": 6, "title": entity["title"], "revisions": [revision]}


def _page_of_error(code: object) -> Json:
    """Of the recorded errors: a title that cannot be, and one that is not."""
    return {"title": "", {"invalidtitle": "invalid", "missingtitle": "missing"}[str(code)]: True}


def _modern(value: object) -> object:
    if isinstance(value, list):
        return [_modern(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    return {name: True if name in FLAGS and entry == "" else _modern(entry) for name, entry in value.items()}


def _number(text: str) -> object:
    return int(text) if text.lstrip("-").isdecimal() else text


def completed(page: Json) -> Json:
    """The page with what the recordings did not ask for and the client asks for: digest, kind of medium, text."""
    info = page.get("imageinfo")
    if not isinstance(info, list) or not info or "url" not in info[0]:
        return page
    ending = str(info[0]["url"]).rsplit(".", 1)[-1].lower()
    kind = KINDS_OF_MEDIUM.get(ending, "UNKNOWN")
    revision = {"revid": 1, "slots": {"main": {"content": "{{Information}}"}}}
    return {**page, "imageinfo": [{"sha1": "0" * 40, "mediatype": kind, **info[0]}], "revisions": [revision]}


KINDS_OF_MEDIUM = {
    **dict.fromkeys(("jpg", "jpeg", "png", "gif", "tif", "tiff", "webp"), "BITMAP"),
    **dict.fromkeys(("ogg", "oga", "wav", "mp3", "flac"), "AUDIO"),
    **dict.fromkeys(("pdf", "djvu"), "OFFICE"),
    **dict.fromkeys(("webm", "ogv"), "VIDEO"),
    "svg": "DRAWING",
}
