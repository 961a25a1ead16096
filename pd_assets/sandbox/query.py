"""`action=query` and its answer: which pages are meant, what is told of them, and how the rest is fetched.

Continuation works as on MediaWiki: a client repeats its parameters with every key of `continue`; an answer with
`batchcomplete` has told everything of the pages at hand, and a generator goes on only after that.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pd_assets.sandbox.archive import Archive
from pd_assets.sandbox.items import entity
from pd_assets.sandbox.lists import Chunk, category_members, log_events, recent_changes
from pd_assets.sandbox.props import PROPS, member_counts
from pd_assets.sandbox.records import Page
from pd_assets.sandbox.request import ApiError, Call, Row
from pd_assets.sandbox.titles import CATEGORY, FILE, NAMESPACES, InvalidTitle, bare, namespace, normalised

LISTS = ("categorymembers", "logevents", "recentchanges")
LIST_CONTINUES = {"categorymembers": "cmcontinue", "logevents": "lecontinue", "recentchanges": "rccontinue"}
MAX_REDIRECTS = 3
# Parameters that MediaWiki knows and that change nothing here.
NEUTRAL = {
    *("action", "format", "formatversion", "utf8", "maxlag", "errorformat", "errorlang", "assert", "assertuser"),
    *("origin", "requestid", "servedby", "curtimestamp", "uselang", "smaxage", "maxage", "rawcontinue", "ascii"),
    *("indexpageids", "converttitles", "iwurl", "errorsuselocal", "responselanginfo", "variant", "callback"),
}


@dataclass(kw_only=True)
class PageSet:
    """The pages of a query: found ones, rows for the others, and how titles were read."""

    pages: dict[int, Page] = field(default_factory=dict)
    others: list[Row] = field(default_factory=list)
    normalized: list[Row] = field(default_factory=list)
    redirects: list[Row] = field(default_factory=list)


def answer(params: Mapping[str, str], archive: Archive, base_url: str) -> Row:
    """The body of one API call, errors included."""
    call = Call(params, archive, base_url)
    plain_errors = params.get("errorformat", "bc") == "bc"
    try:
        body = _answered(call)
    except ApiError as error:
        return error_body(error.code, error.info, base_url=base_url, legacy=plain_errors)
    if call.limits:
        body["limits"] = call.limits
    if call.warnings:
        body["warnings"] = _warnings(call, legacy=plain_errors)
    return body


def error_body(code: str, info: str, *, base_url: str, legacy: bool, data: Row | None = None) -> Row:
    """An error in the legacy form or, for any other `errorformat`, as a list."""
    reference = f"See {base_url}/w/api.php for API usage."
    if legacy:
        return {"error": {"code": code, "info": info, **(data or {}), "docref": reference}}
    row: Row = {"code": code, "text": info, "module": "main"}
    if data:
        row["data"] = data
    return {"errors": [row], "docref": reference}


def _warnings(call: Call, *, legacy: bool) -> object:
    if not legacy:
        return [{"code": "sandbox", "text": text, "module": module} for module, text in call.warnings]
    return {
        module: {"warnings": "\n".join(text for name, text in call.warnings if name == module)}
        for module in dict(call.warnings)
    }


# As Wikibase has it for anonymous callers.
MOST_ENTITIES = 50


def _answered(call: Call) -> Row:
    action = call.text("action", "help")
    if call.text("format", "jsonfm") != "json" or call.text("formatversion", "1") != "2":
        raise ApiError("badvalue", "The sandbox answers only format=json&formatversion=2; ask for these.")
    if action == "wbgetentities":
        return _entities(call)
    if action != "query":
        raise ApiError("badvalue", f'Unrecognized value for parameter "action": {action}.')
    body = _query(call)
    unknown = sorted(call.params.keys() - call.used - NEUTRAL)
    if unknown and call.given("continue") is None:
        plural = "s" if len(unknown) > 1 else ""
        call.warn("main", f"Unrecognized parameter{plural}: {', '.join(unknown)}.")
    return body


def _entities(call: Call) -> Row:
    """Items as Wikidata has them: those of `Archive.items`, and of `Archive.things` the labels alone."""
    ids = call.several("ids")
    if len(ids) > MOST_ENTITIES:
        raise ApiError("toomanyvalues", f'Too many values supplied for parameter "ids". The limit is {MOST_ENTITIES}.')
    if wrong := [name for name in ids if not re.fullmatch(r"Q[1-9][0-9]*", name)]:
        raise ApiError("no-such-entity", f'Could not find an entity with the ID "{wrong[0]}".')
    if broken := next((code for name in ids if (code := call.archive.oddities.broken.get(name))), None):
        raise ApiError(broken, "Caught exception of type Sandbox")
    languages, props = set(call.several("languages")), call.several("props", "labels")
    entities: Row = {}
    for name in ids:
        labels = call.archive.things.get(name)
        if name in call.archive.items:
            entities[name] = entity(call.archive.items, name, props, languages)
        elif labels is None:
            entities[name] = {"id": name, "missing": ""}
        else:
            told = {code: {"language": code, "value": text} for code, text in labels.items() if code in languages}
            entities[name] = {"type": "item", "id": name, "labels": told or []}
    return {"entities": entities, "success": 1}


def _query(call: Call) -> Row:
    paged, finished = _continue_state(call)
    onward: Row = {}
    query: Row = {}
    generator_next: str | None = None
    done: list[str] = []
    if paged:
        pageset, generator_next = _page_set(call)
        told, onward, done = _props(call, pageset, finished)
        query |= told
    for name in call.choices("query", "list", LISTS, ""):
        if name in finished:
            continue
        chunk = _list(call, name)
        query[name] = chunk.rows
        if chunk.next is not None:
            onward[LIST_CONTINUES[name]] = chunk.next
    if "siteinfo" in call.choices("query", "meta", ("siteinfo",), ""):
        query |= _site_info(call)
    return _finished_body(call, query, onward, generator_next, done, paged=paged)


def _continue_state(call: Call) -> tuple[bool, list[str]]:
    """Whether pages are still told of, and the modules that have told everything of this batch."""
    given = call.given("continue")
    if not given:
        return True, []
    generator, _, modules = given.partition("||")
    return generator != "-", [name for name in modules.split("|") if name]


def _finished_body(
    call: Call, query: Row, onward: Row, generator_next: str | None, done: Sequence[str], *, paged: bool
) -> Row:
    body: Row = {}
    props_go_on = any(PROPS[name][1] in onward for name in call.several("prop") if name in PROPS)
    if props_go_on:
        current = call.given("gcmcontinue")
        if current is not None:
            onward["gcmcontinue"] = current
        onward["continue"] = f"{'gcmcontinue' if current is not None else ''}||{'|'.join(done)}"
    else:
        body["batchcomplete"] = True
        if generator_next is not None:
            onward |= {"gcmcontinue": generator_next, "continue": "gcmcontinue||"}
        elif onward:
            onward["continue"] = "-||"
    if onward:
        body["continue"] = onward
    if query:
        body["query"] = query
    return body


def _list(call: Call, name: str) -> Chunk:
    if name == "categorymembers":
        return category_members(call)[1]
    return log_events(call) if name == "logevents" else recent_changes(call)


def _page_set(call: Call) -> tuple[PageSet, str | None]:
    pageset = PageSet()
    generator = call.given("generator")
    titles, pageids = call.batch("titles"), call.batch("pageids")
    if titles and pageids:
        raise ApiError("multisource", 'The parameters "titles" and "pageids" can not be used together.')
    follow = call.flag("redirects")
    if generator is not None:
        if generator != "categorymembers":
            raise ApiError("badvalue", f'Unrecognized value for parameter "generator": {generator}.')
        pages, chunk = category_members(call, "gcm")
        for page in pages:
            _enter(call, pageset, page, follow=follow)
        return pageset, chunk.next
    for title in titles:
        _enter_title(call, pageset, title, follow=follow)
    for pageid in pageids:
        _enter_id(call, pageset, pageid, follow=follow)
    return pageset, None


def _enter_title(call: Call, pageset: PageSet, title: str, *, follow: bool) -> None:
    try:
        normal = normalised(title)
    except InvalidTitle as error:
        pageset.others.append({"title": title, "invalidreason": str(error), "invalid": True})
        return
    if normal != title:
        pageset.normalized.append({"fromencoded": False, "from": title, "to": normal})
    page = call.archive.page(normal)
    if page is None:
        pageset.others.append({"ns": namespace(normal), "title": normal, "missing": True})
    else:
        _enter(call, pageset, page, follow=follow)


def _enter_id(call: Call, pageset: PageSet, pageid: str, *, follow: bool) -> None:
    if not pageid.isascii() or not pageid.isdigit():
        raise ApiError("badinteger", f'Invalid value "{pageid}" for integer parameter "pageids".')
    page = call.archive.page_by_id(int(pageid))
    if page is None:
        pageset.others.append({"pageid": int(pageid), "missing": True})
    else:
        _enter(call, pageset, page, follow=follow)


def _enter(call: Call, pageset: PageSet, page: Page, *, follow: bool) -> None:
    for _ in range(MAX_REDIRECTS if follow else 0):
        target = call.archive.redirect_target(page)
        if target is None:
            break
        pageset.redirects.append({"from": page.title, "to": target.title})
        page = target
    pageset.pages[page.pageid] = page


def _props(call: Call, pageset: PageSet, finished: Sequence[str]) -> tuple[Row, Row, list[str]]:
    """Rows of all pages, the continuations of the modules that have more to tell, and the modules that have not."""
    pages = sorted(pageset.pages.values(), key=lambda page: page.pageid)
    rows: dict[int, Row] = {
        page.pageid: {"pageid": page.pageid, "ns": namespace(page.title), "title": page.title} for page in pages
    }
    onward: Row = {}
    done: list[str] = []
    asked = call.choices("query", "prop", tuple(PROPS), "")
    for name in asked:
        function, continuation = PROPS[name]
        after = call.given(continuation)
        if name in finished:
            done.append(name)
            continue
        additions, rest = function(call, pages, after)
        for pageid, row in additions.items():
            rows[pageid].update(row)
        if rest is None:
            done.append(name)
        else:
            onward[continuation] = rest
    others = [_told_of_missing(call, row, asked) for row in pageset.others]
    told: Row = {}
    if pageset.normalized:
        told["normalized"] = pageset.normalized
    if pageset.redirects:
        told["redirects"] = pageset.redirects
    if rows or others:
        told["pages"] = [*others, *rows.values()]
    return told, onward, done


def _told_of_missing(call: Call, row: Row, asked: Sequence[str]) -> Row:
    """A missing file has no repository; a category may have members without having a page."""
    if "imageinfo" in asked and row.get("ns") == FILE:
        return {**row, "imagerepository": ""}
    if "categoryinfo" in asked and row.get("ns") == CATEGORY:
        counts = member_counts(call, bare(str(row["title"])))
        return {**row, "categoryinfo": counts} if counts else row
    return row


def _site_info(call: Call) -> Row:
    wanted = call.several("siprop", "general")
    told: Row = {}
    if "general" in wanted:
        told["general"] = {
            "mainpage": "Main Page",
            "base": f"{call.base_url}/wiki/Main_Page",
            "sitename": "Sandbox Commons",
            "generator": "MediaWiki 1.46.0-sandbox",
            "case": "first-letter",
            "lang": "en",
            "timezone": "UTC",
            "time": call.archive.now(),
            "server": call.base_url,
            "servername": call.base_url.partition("://")[2],
            "articlepath": "/wiki/$1",
            "scriptpath": "/w",
            "wikiid": "sandbox",
        }
    if "namespaces" in wanted:
        told["namespaces"] = {
            str(number): {"id": number, "case": "first-letter", "name": name, "canonical": name}
            for number, name in NAMESPACES.items()
        }
    if "statistics" in wanted:
        told["statistics"] = {"pages": len(call.archive.pages()), "images": len(call.archive.files())}
    return told
