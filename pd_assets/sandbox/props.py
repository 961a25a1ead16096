"""`prop=` modules of action=query but for the large ones (image_info.py, revisions.py), and the table of all.

Each takes the pages in order and where an earlier answer stopped, and gives additions by page id with the point to go
on from, or None when it has told everything.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from pd_assets.sandbox.archive import member_type
from pd_assets.sandbox.image_info import image_info
from pd_assets.sandbox.records import Page
from pd_assets.sandbox.request import Additions, Call, Row, bad_continue
from pd_assets.sandbox.revisions import revisions
from pd_assets.sandbox.titles import CATEGORY, bare, db_key, namespace

Prop = Callable[[Call, Sequence[Page], str | None], tuple[Additions, str | None]]


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
    if (drifted := call.archive.oddities.counters.get(category)) is not None:
        return {"size": drifted, "pages": 0, "files": drifted, "subcats": drifted, "hidden": False}
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
