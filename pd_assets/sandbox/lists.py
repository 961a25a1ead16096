"""`list=` modules of action=query: category members (also as a generator), the logs and the recent changes."""

from collections.abc import Sequence
from dataclasses import dataclass

from pd_assets.sandbox.archive import member_type, sort_key
from pd_assets.sandbox.records import Change, LogEvent, Member, Page
from pd_assets.sandbox.request import ApiError, Call, Row, bad_continue, digits
from pd_assets.sandbox.titles import CATEGORY, InvalidTitle, bare, namespace, normalised

TYPE_ORDER = ("page", "subcat", "file")


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Some rows of a list, and the continuation that leads to the rest (None: this was the last)."""

    rows: list[Row]
    next: str | None


@dataclass(frozen=True, kw_only=True)
class _Entry:
    page: Page
    member: Member
    type: str
    key: str


def category_members(call: Call, prefix: str = "cm") -> tuple[list[Page], Chunk]:
    """Pages of a category in order; `prefix` is `gcm` when it generates pages for the props."""
    category = _category(call, prefix)
    by_time = call.choice(f"{prefix}sort", ("sortkey", "timestamp"), "sortkey") == "timestamp"
    direction = call.choice(f"{prefix}dir", ("asc", "ascending", "newer", "desc", "descending", "older"), "asc")
    types = call.choices("categorymembers", f"{prefix}type", TYPE_ORDER, "page|subcat|file")
    entries = [] if category is None else _entries(call, category)
    entries = _by_time(call, prefix, entries) if by_time else [entry for entry in entries if entry.type in types]
    ranked = {entry.page.pageid: _rank(entry, by_time=by_time) for entry in entries}
    backwards = direction in ("desc", "descending", "older")
    entries.sort(key=lambda entry: ranked[entry.page.pageid], reverse=backwards)
    given = call.given(f"{prefix}continue")
    if given is not None:
        start = _parsed(given, by_time=by_time)
        entries = [
            entry
            for entry in entries
            if (ranked[entry.page.pageid] <= start if backwards else ranked[entry.page.pageid] >= start)
        ]
    limit = call.limit("categorymembers", f"{prefix}limit")
    shown, rest = entries[:limit], entries[limit:]
    wanted = call.choices(
        "categorymembers",
        f"{prefix}prop",
        ("ids", "title", "type", "timestamp", "sortkey", "sortkeyprefix"),
        "ids|title",
    )
    spaces = call.several(f"{prefix}namespace")
    shown = [entry for entry in shown if not spaces or str(namespace(entry.page.title)) in spaces]
    rows = [_member_row(entry, wanted) for entry in shown]
    after = _continuation(rest[0], by_time=by_time) if rest else None
    return [entry.page for entry in shown], Chunk(rows=rows, next=after)


def _category(call: Call, prefix: str) -> str | None:
    """The category's bare name; None where the page id is unknown."""
    title, pageid = call.given(f"{prefix}title"), call.given(f"{prefix}pageid")
    if (title is None) == (pageid is None):
        code = "missingparam" if title is None else "invalidparammix"
        raise ApiError(code, f'One of the parameters "{prefix}title" and "{prefix}pageid" is required.')
    if title is not None:
        try:
            name = normalised(title)
        except InvalidTitle:
            name = ""
        if namespace(name) != CATEGORY:
            raise ApiError("invalidcategory", "The category name you entered is not valid.")
        return bare(name)
    page = call.archive.page_by_id(call.number(f"{prefix}pageid", 0))
    if page is None:
        raise ApiError("nosuchpageid", f"There is no page with ID {pageid}.")
    return bare(page.title) if namespace(page.title) == CATEGORY else None


def _entries(call: Call, category: str) -> list[_Entry]:
    found = []
    for member in call.archive.members(category):
        page = call.archive.page_by_id(member.pageid)
        if page is not None:
            found.append(_Entry(page=page, member=member, type=member_type(page), key=sort_key(page, member)))
    return found


def _by_time(call: Call, prefix: str, entries: list[_Entry]) -> list[_Entry]:
    """The time window. The type is not looked at when sorting by time: MediaWiki ignores it there."""
    start, end = call.timestamp(f"{prefix}start"), call.timestamp(f"{prefix}end")
    if call.text(f"{prefix}dir", "asc") in ("desc", "descending", "older"):
        start, end = end, start
    return [
        entry
        for entry in entries
        if (start is None or entry.member.timestamp >= start) and (end is None or entry.member.timestamp <= end)
    ]


_Rank = tuple[int, str, int]


def _rank(entry: _Entry, *, by_time: bool) -> _Rank:
    if by_time:
        return 0, digits(entry.member.timestamp), entry.page.pageid
    return TYPE_ORDER.index(entry.type), entry.key.encode().hex(), entry.page.pageid


def _continuation(entry: _Entry, *, by_time: bool) -> str:
    kind, key, pageid = _rank(entry, by_time=by_time)
    return f"{key}|{pageid}" if by_time else f"{TYPE_ORDER[kind]}|{key}|{pageid}"


def _parsed(text: str, *, by_time: bool) -> _Rank:
    parts = text.split("|")
    try:
        if by_time:
            key, pageid = parts
            return 0, key, int(pageid)
        kind, key, pageid = parts
        return TYPE_ORDER.index(kind), key, int(pageid)
    except ValueError:
        raise bad_continue() from None


def _member_row(entry: _Entry, wanted: Sequence[str]) -> Row:
    row: Row = {}
    if "ids" in wanted:
        row["pageid"] = entry.page.pageid
    if "title" in wanted:
        row |= {"ns": namespace(entry.page.title), "title": entry.page.title}
    if "sortkey" in wanted:
        row["sortkey"] = entry.key.encode().hex()
    if "sortkeyprefix" in wanted:
        row["sortkeyprefix"] = entry.member.link.sort_prefix
    if "type" in wanted:
        row["type"] = entry.type
    if "timestamp" in wanted:
        row["timestamp"] = entry.member.timestamp
    return row


def log_events(call: Call) -> Chunk:
    """`list=logevents`, newest first unless `ledir=newer`."""
    action, type_, title = call.given("leaction"), call.given("letype"), call.given("letitle")
    space = call.given("lenamespace")
    events = [
        event
        for event in call.archive.events()
        if (action is None or action in (f"{event.type}/{event.action}", f"{event.type}/*"))
        and (type_ is None or event.type == type_)
        and (title is None or event.title == normalised(title))
        and (space is None or namespace(event.title) == int(space))
    ]
    stamps = [(event.timestamp, event.logid) for event in events]
    shown, after = _window(call, "le", "logevents", stamps)
    wanted = call.choices(
        "logevents",
        "leprop",
        ("ids", "title", "type", "user", "userid", "timestamp", "comment", "parsedcomment", "details", "tags"),
        "ids|title|type|user|timestamp|comment|details",
    )
    by_id = {event.logid: event for event in events}
    return Chunk(rows=[_event_row(call, by_id[logid], wanted) for _, logid in shown], next=after)


def _event_row(call: Call, event: LogEvent, wanted: Sequence[str]) -> Row:
    row: Row = {}
    if "ids" in wanted:
        row["logid"] = event.logid
    if "title" in wanted:
        row |= {"ns": namespace(event.title), "title": event.title}
    if "ids" in wanted:
        page = call.archive.page(event.title)
        row |= {"pageid": page.pageid if page else 0, "logpage": event.page_id}
    if "details" in wanted:
        row["params"] = dict(event.params)
    if "type" in wanted:
        row |= {"type": event.type, "action": event.action}
    for name in ("user", "timestamp", "comment"):
        if name in wanted:
            row[name] = getattr(event, name)
    return row


def recent_changes(call: Call) -> Chunk:
    """`list=recentchanges`: what happened since the archive was made, newest first unless `rcdir=newer`."""
    types = call.several("rctype", "edit|new|log|categorize|external")
    spaces = call.several("rcnamespace")
    changes = [
        change
        for change in call.archive.changes()
        if change.type in types and (not spaces or str(namespace(change.title)) in spaces)
    ]
    shown, after = _window(call, "rc", "recentchanges", [(change.timestamp, change.rcid) for change in changes])
    wanted = call.choices(
        "recentchanges",
        "rcprop",
        ("ids", "title", "timestamp", "user", "comment", "loginfo", "flags", "sizes", "tags", "sha1"),
        "title|timestamp|ids",
    )
    by_id = {change.rcid: change for change in changes}
    return Chunk(rows=[_change_row(by_id[rcid], wanted) for _, rcid in shown], next=after)


def _change_row(change: Change, wanted: Sequence[str]) -> Row:
    row: Row = {"type": change.type}
    if "title" in wanted:
        row |= {"ns": namespace(change.title), "title": change.title}
    if "ids" in wanted:
        row |= {
            "pageid": change.page_id,
            "revid": change.revid,
            "old_revid": change.old_revid,
            "rcid": change.rcid,
        }
    for name in ("user", "timestamp", "comment"):
        if name in wanted:
            row[name] = getattr(change, name)
    if "loginfo" in wanted and change.event is not None:
        event = change.event
        row |= {
            "logid": event.logid,
            "logtype": event.type,
            "logaction": event.action,
            "logparams": dict(event.params),
        }
    return row


def _window(
    call: Call, prefix: str, module: str, stamps: list[tuple[str, int]]
) -> tuple[list[tuple[str, int]], str | None]:
    """Cuts (time, id) pairs to the asked window, direction and limit."""
    newer = call.choice(f"{prefix}dir", ("newer", "older"), "older") == "newer"
    start, end = call.timestamp(f"{prefix}start"), call.timestamp(f"{prefix}end")
    if not newer:
        start, end = end, start
    kept = [stamp for stamp in stamps if (start is None or stamp[0] >= start) and (end is None or stamp[0] <= end)]
    kept.sort(reverse=not newer)
    given = call.given(f"{prefix}continue")
    if given is not None:
        time, bar, number = given.partition("|")
        if not bar or not number.isdigit():
            raise bad_continue()
        first = (time, int(number))
        kept = [
            stamp
            for stamp in kept
            if ((digits(stamp[0]), stamp[1]) >= first if newer else (digits(stamp[0]), stamp[1]) <= first)
        ]
    limit = call.limit(module, f"{prefix}limit")
    after = f"{digits(kept[limit][0])}|{kept[limit][1]}" if len(kept) > limit else None
    return kept[:limit], after
