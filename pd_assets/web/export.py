"""The pages that only show, as files that any web server serves, or a browser from a disk: `pdd open --export`.

It is the site itself that is asked, link by link. What is not written (drawing, judging, a choice of facets) is no link
there. Of pictures only small copies are written, and only of those that are accepted and not taken down.
"""

import asyncio
import json
import re
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from html.parser import HTMLParser
from mimetypes import guess_extension
from os.path import relpath
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

from anyio.from_thread import start_blocking_portal
from starlette.types import ASGIApp, Message

from pd_assets.lib.errors import ConfigError, PdError
from pd_assets.lib.progress import track
from pd_assets.web.images import standing
from pd_assets.web.served import Served

# What is followed. Of the gallery only what is accepted, page by page; of models and reports everything that is a page,
# a picture or a text.
START = ("/", "/pictures?verdict=accept", "/models", "/reports")
BELOW = ("/pictures", "/models", "/reports", "/static", "/thumb")
PAGING = frozenset({"verdict", "page"})
READ = ("text/", "image/", "application/json", "application/javascript")
LARGEST = 32 * 1024 * 1024
AT_ONCE = 4
# In a folder that an export wrote, which the next one may replace.
MARK = "export.json"
IN_THE_BAR = re.compile(r"<li>\s*<a href=\"([^\"]+)\"[^>]*>[^<]*</a>\s*</li>\s*")
IN_STYLES = re.compile(r"url\(\s*['\"]?(/[^)'\"]+)['\"]?\s*\)")
DROPPED = frozenset({"script", "form", "button", "dialog", "iframe", "template"})
UNWRAPPED = frozenset({"noscript"})
LINKS = frozenset({"href", "src", "poster"})


class ExportFailed(PdError):
    """A page could not be written; the message says which."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """How much was written."""

    pages: int
    files: int


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the site answers."""

    status: int
    kind: str = ""
    location: str = ""
    content: bytes = b""


@dataclass(kw_only=True)
class _Found:
    """What was followed: address -> file below the folder; where an address leads to another; what is no page."""

    places: MutableMapping[str, str] = field(default_factory=dict)
    leads: MutableMapping[str, str] = field(default_factory=dict)
    is_page: MutableMapping[str, bool] = field(default_factory=dict)

    def place_of(self, address: str) -> str | None:
        """The file of an address that was written."""
        return self.places.get(self.leads.get(address, address))


def export(app: ASGIApp, folder: Path, may_show: Callable[[str], bool], *, most: int = 0) -> Written:
    """Write the pages of a site into a folder, whole or not at all. `may_show`: whether a picture may be shown; the
    first `most` of them have a page of their own, 0 is all.

    ConfigError where the folder has other things in it.
    """
    folder = folder.absolute()
    _require_own(folder)
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        # In a thread of its own: whoever calls may be in a loop of events already.
        with start_blocking_portal() as portal:
            found = portal.call(_follow, app, partial, may_show, most)
        for address in track(list(found.places), "writing pages", unit="files"):
            _rewrite(partial, address, found)
        pages = sum(found.is_page.values())
        told = {"written": datetime.now(UTC).isoformat(timespec="seconds"), "pages": pages}
        (partial / MARK).write_text(json.dumps(told) + "\n")
        if folder.exists():
            shutil.rmtree(folder)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return Written(pages=pages, files=len(found.places) - pages)


def accepted(served: Served) -> set[str]:
    """The items that may be shown to everybody: what may be used now, under the profile of the settings."""
    return set(standing(served).every_shown())


def _require_own(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise ConfigError(f"{folder} has other things in it; expected a new folder, an empty one, or an earlier export")
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file; expected a folder, which is made where it is missing")


async def _follow(app: ASGIApp, partial: Path, may_show: Callable[[str], bool], most: int) -> _Found:
    """Ask for every page that a link leads to, and keep what is answered as it is."""
    found = _Found()
    seen, waiting, pictures = set(START), deque(START), 0
    while waiting:
        batch = [waiting.popleft() for _ in range(min(AT_ONCE, len(waiting)))]
        for address, answer in zip(batch, await asyncio.gather(*(ask(app, one) for one in batch)), strict=True):
            for link in _kept(partial, address, answer, found):
                if link not in seen and _is_followed(link, may_show):
                    is_picture = link.startswith("/pictures/")
                    if is_picture and most and pictures == most:
                        continue
                    pictures += is_picture
                    seen.add(link)
                    waiting.append(link)
    if "/" not in found.places:
        raise ExportFailed("the first page of the site cannot be had; `pdd open` shows what is wrong with it")
    return found


def _kept(partial: Path, address: str, answer: Answer, found: _Found) -> Iterator[str]:
    """Keep an answer as a file, and return the addresses that it leads to."""
    if answer.location:
        found.leads[address] = goal = canonical(urljoin(address, answer.location)) or ""
        yield goal
        return
    if answer.status != 200:
        return
    is_page = answer.kind.startswith("text/html")
    found.places[address] = place = file_of(address, answer.kind)
    found.is_page[address] = is_page
    path = partial / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(answer.content)
    if is_page:
        yield from links_in(answer.content.decode(), address)
    elif answer.kind.startswith("text/css"):
        yield from (canonical(urljoin(address, one)) or "" for one in IN_STYLES.findall(answer.content.decode()))


def _is_followed(address: str, may_show: Callable[[str], bool]) -> bool:
    path, _, query = address.partition("?")
    if path == "/pictures":
        asked = parse_qsl(query)
        return [value for name, value in asked if name == "verdict"] == ["accept"] and dict(asked).keys() <= PAGING
    if path.startswith(("/pictures/", "/thumb/")):
        return may_show(unquote(path.split("/")[2])) and path.count("/") == 2
    return path == "/" or any(path == one or path.startswith(f"{one}/") for one in BELOW)


def canonical(url: str) -> str | None:
    """The address of a page of ours: without fragment, the gallery as what is accepted, a picture as its small copy.

    None of what is on another host.
    """
    parts = urlsplit(url)
    if parts.scheme or parts.netloc or not parts.path.startswith("/"):
        return None
    path = parts.path.rstrip("/") or "/"
    if path.startswith("/image/"):
        path = path.replace("/image/", "/thumb/", 1)
    if path.startswith(("/static/", "/thumb/", "/pictures/")):
        return path
    query = sorted(parse_qsl(parts.query, keep_blank_values=True))
    if path == "/pictures":
        asked = [one for one in query if one != ("page", "1")]
        query = sorted(asked if any(name == "verdict" for name, _ in asked) else [*asked, ("verdict", "accept")])
        # So that one can tell it from a choice of facets by its beginning.
        query.sort(key=lambda one: (one != ("verdict", "accept"), one))
    return f"{path}?{urlencode(query)}" if query else path


def file_of(address: str, kind: str) -> str:
    """The file of an address: a name of plain characters that no two addresses share."""
    path, _, query = address.partition("?")
    if address == START[1]:
        query = ""
    parts = [_plain(unquote(part)) for part in path.strip("/").split("/")]
    name = "/".join(parts) or "index"
    if query:
        name += f"_q{_plain(query.removeprefix('verdict=accept&'))}"
    if path.startswith("/static/"):
        return path.strip("/")
    ending = ".html" if kind.startswith("text/html") else guess_extension(kind.partition(";")[0].strip()) or ""
    return name if ending and name.endswith(ending) else name + ending


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", lambda sign: f"_{ord(sign[0]):02x}", text).replace("..", "._2e")


async def ask(app: ASGIApp, address: str) -> Answer:
    """Ask an application for an address, as a browser on this machine does. What is no page, picture or text, or is
    very large, is not read: status 0.
    """
    path, _, query = address.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    start: dict[str, Any] = {}
    content, is_unread = bytearray(), [False]

    asked = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not asked:
            # Whoever waits for us to go away is ended when the answer is whole.
            await asyncio.Event().wait()
        return asked.pop()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            is_unread[0] = not _kind(start).startswith(READ) and start["status"] == 200
        elif message["type"] == "http.response.body":
            content.extend(message.get("body", b""))
            is_unread[0] |= len(content) > LARGEST
        if is_unread[0]:
            raise _NotRead

    try:
        await app(scope, receive, send)
    except Exception:
        # A stream wraps what ends it.
        if is_unread[0]:
            return Answer(status=0)
        raise
    headers = _headers(start)
    is_elsewhere = start["status"] in (301, 302, 303, 307, 308)
    return Answer(
        status=start["status"],
        kind=_kind(start),
        location=headers.get("location", "") if is_elsewhere else "",
        content=bytes(content),
    )


class _NotRead(Exception):
    """The rest of an answer is not wanted."""


def _headers(start: Mapping[str, Any]) -> Mapping[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start.get("headers", ())}


def _kind(start: Mapping[str, Any]) -> str:
    return _headers(start).get("content-type", "")


def links_in(page: str, address: str) -> list[str]:
    """The addresses of this site that a page leads to."""
    reader = _Rewriter(lambda url: None)
    reader.feed(page)
    return list(filter(None, (canonical(urljoin(address, url)) for url in reader.links)))


def _rewrite(partial: Path, address: str, found: _Found) -> None:
    """Make the links of a file relative, and take away those that lead nowhere."""
    place = found.places[address]
    path = partial / place

    def relative(url: str) -> str | None:
        if not _is_ours(url):
            return url
        goal, _, fragment = urljoin(address, url).partition("#")
        to = found.place_of(canonical(goal) or "")
        if to is None:
            return None
        return relpath(to, Path(place).parent) + (f"#{fragment}" if fragment else "")

    if found.is_page[address]:
        bar, nav, rest = path.read_text().partition("</nav>")
        bar = IN_THE_BAR.sub(lambda item: item[0] if relative(item[1]) else "", bar)
        writer = _Rewriter(relative)
        writer.feed(bar + nav + rest)
        path.write_text(writer.text)
    elif path.suffix == ".css":
        path.write_text(IN_STYLES.sub(lambda one: f"url({relative(one[1]) or ''})", path.read_text()))


def _is_ours(url: str) -> bool:
    """Whether a link leads to a page of this site, and not into the same page, to another host, or to nothing."""
    parts = urlsplit(url)
    return not (parts.scheme or parts.netloc) and bool(parts.path or parts.query)


class _Rewriter(HTMLParser):
    """Writes a page again with other links, without what needs a server. `relative` gives a link, or None for none."""

    def __init__(self, relative: Callable[[str], str | None]) -> None:
        super().__init__(convert_charrefs=False)
        self._relative = relative
        self._written: list[str] = []
        # The element that is left out, and how many of its kind are open in it.
        self._without, self._depth = "", 0
        self.links: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self._written)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._without:
            self._depth += tag == self._without
            return
        if tag in DROPPED:
            self._without, self._depth = tag, 1
        elif tag not in UNWRAPPED:
            self._write_start(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._without and tag not in DROPPED:
            self._write_start(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._without:
            self._depth -= tag == self._without
            if not self._depth:
                self._without = ""
        elif tag not in UNWRAPPED:
            self._written.append(f"</{tag}>")

    def _write_start(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = [one for name, value in attrs for one in self._attribute(name, value)]
        if kept == attrs or tag == "meta":
            self._written.append(self.get_starttag_text() or "")
            return
        if tag == "img" and not any(name == "src" for name, _ in kept):
            # Its words say what it showed.
            self._written.append(escape(dict(attrs).get("alt") or ""))
            return
        if tag == "link" and not any(name == "href" for name, _ in kept):
            return
        words = "".join(f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in kept)
        self._written.append(f"<{tag}{words}>")

    def _attribute(self, name: str, value: str | None) -> Iterator[tuple[str, str | None]]:
        if name.startswith(("hx-", "data-hx-")):
            return
        if name not in LINKS or value is None:
            if name not in ("srcset", "ping"):
                yield name, value
            return
        self.links.append(value)
        if (other := self._relative(value)) is not None:
            yield name, other

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_entityref(self, name: str) -> None:
        self._keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._keep(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self._keep(f"<!{decl}>")

    def _keep(self, text: str) -> None:
        if not self._without:
            self._written.append(text)
