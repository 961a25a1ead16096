"""The archive: its pages, categories, logs and recent changes, and everything that can happen to them.

Holds state and nothing of the API. Every change writes what Commons would write: a revision, log events, recent
changes, touched times, category memberships. All methods may be called from several threads.
"""

import random
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from pd_assets.lib.errors import SandboxError
from pd_assets.lib.sandbox.folder import folder_pages
from pd_assets.lib.sandbox.painting import Painting
from pd_assets.lib.sandbox.population import new_pages, painted_pages
from pd_assets.lib.sandbox.records import (
    Blob,
    Change,
    Content,
    FileFacts,
    FileVersion,
    LogEvent,
    Member,
    NewPage,
    Page,
    Revision,
    StoredFile,
    Truth,
    facts_of,
)
from pd_assets.lib.sandbox.rendering import Rendering, rendered
from pd_assets.lib.sandbox.scenes import Scene, scene
from pd_assets.lib.sandbox.titles import CATEGORY, FILE, bare, namespace, normalised

KEPT_BYTES = 192 * 1024 * 1024
ISO = "%Y-%m-%dT%H:%M:%SZ"
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Archive:
    """Pages by id and title; see `painted` and `from_folder` for how one comes to be."""

    def __init__(self, pages: Iterable[NewPage] = (), *, clock: Clock = utc_now) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self._pages: dict[int, Page] = {}
        self._ids: dict[str, int] = {}
        self._deleted: list[Page] = []
        self._renderings: dict[int, tuple[int, Rendering]] = {}
        self._members: dict[str, dict[int, Member]] = {}
        self._facts: dict[Content, FileFacts] = {}
        self._kept: OrderedDict[Content, bytes] = OrderedDict()
        self._kept_bytes = 0
        self._events: list[LogEvent] = []
        self._changes: list[Change] = []
        self._last_page_id, self._last_revid, self._last_time = 999, 5000, ""
        self._painted = 0
        for page in sorted(pages, key=lambda page: page.created):
            self._found(page)

    @classmethod
    def painted(cls, count: int = 2600, seed: int = 0, *, clock: Clock = utc_now) -> Self:
        """An archive of `count` pictures drawn by the project itself, with the licences and traps of Commons."""
        archive = cls(painted_pages(count, seed), clock=clock)
        archive._painted = count
        return archive

    @classmethod
    def from_folder(cls, folder: Path | str, *, clock: Clock = utc_now) -> Self:
        """An archive of the pictures in a folder with `metadata.jsonl`; see folder.py. Errors: SandboxError."""
        return cls(folder_pages(Path(folder), clock().year), clock=clock)

    # Looking things up.

    def now(self) -> str:
        """The time by the archive's clock, ISO 8601; it never goes back."""
        with self.lock:
            self._last_time = max(self._last_time, self._clock().astimezone(UTC).strftime(ISO))
            return self._last_time

    def page(self, title: str) -> Page | None:
        """The page with this title in normal form, or None."""
        with self.lock:
            number = self._ids.get(title)
            return None if number is None else self._pages[number]

    def page_by_id(self, pageid: int) -> Page | None:
        return self._pages.get(pageid)

    def pages(self) -> list[Page]:
        """All pages by id."""
        with self.lock:
            return list(self._pages.values())

    def files(self) -> list[Page]:
        """All pages that hold a file, by id."""
        return [page for page in self.pages() if page.versions]

    def truth(self) -> dict[str, Truth]:
        """Title -> what the sandbox knows of the page's rights, for every file page it made."""
        return {page.title: page.truth for page in self.files() if page.truth is not None}

    def rendering(self, page: Page) -> Rendering:
        """What the page's current text shows."""
        with self.lock:
            known = self._renderings.get(page.pageid)
            if known is None or known[0] != page.latest.revid:
                known = (page.latest.revid, rendered(page.latest.text))
                self._renderings[page.pageid] = known
            return known[1]

    def redirect_target(self, page: Page) -> Page | None:
        """The page that a redirect leads to; None where the page is no redirect, or leads nowhere."""
        target = self.rendering(page).redirect
        return None if target is None else self.page(normalised(target))

    def members(self, category: str) -> list[Member]:
        """The members of a category (bare name), in no order."""
        with self.lock:
            return list(self._members.get(category, {}).values())

    def member(self, category: str, pageid: int) -> Member | None:
        return self._members.get(category, {}).get(pageid)

    def is_hidden(self, category: str) -> bool:
        """Whether the category's page says that it is hidden on its members' pages."""
        page = self.page(f"Category:{category}")
        return page is not None and self.rendering(page).hides_category

    def events(self) -> Sequence[LogEvent]:
        """The logs, oldest first."""
        return self._events

    def changes(self) -> Sequence[Change]:
        """Recent changes, oldest first: what has happened since the archive was made."""
        return self._changes

    def facts(self, version: FileVersion) -> FileFacts:
        """Size, digest and type of a file; draws it if nobody has looked yet."""
        with self.lock:
            known = self._facts.get(version.content)
            if known is None:
                known = self._facts[version.content] = facts_of(self.read(version))
            return known

    def read(self, version: FileVersion) -> bytes:
        """The bytes of a file. Errors: SandboxError, when a picture on disk has gone."""
        content = version.content
        if isinstance(content, Blob):
            return content.data
        with self.lock:
            data = self._kept.get(content)
            if data is not None:
                self._kept.move_to_end(content)
                return data
            try:
                data = content.read()
            except OSError as error:
                raise SandboxError(f"A picture of the folder cannot be read any more: {error}") from error
            if not isinstance(content, StoredFile):
                self._keep(content, data)
            return data

    # Changing things. Titles may be given in any form; errors are SandboxError.

    def add(
        self,
        title: str,
        *,
        wikitext: str,
        content: Content | bytes | None = None,
        caption: str | None = None,
        statements: tuple[tuple[str, str], ...] = (),
        user: str = "Uploader",
        truth: Truth | None = None,
    ) -> Page:
        """A new page; a file page gets a picture of its own where no content is given."""
        with self.lock:
            title = self._free_title(title)
            stored = _content(content) if content is not None else None
            if stored is None and namespace(title) == FILE:
                stored = Painting(scene=_scene_for(self._last_page_id + 1))
            page = self._create(title, wikitext, user, "new page", self.now(), caption=caption, statements=statements)
            page = replace(page, truth=truth)
            if stored is not None:
                version = FileVersion(timestamp=page.touched, user=user, comment="new file", content=stored)
                page = replace(page, versions=(version,))
            self._put(page)
            if stored is not None:
                self._log_upload("upload", page)
            else:
                self._change("new", page)
            return page

    def paint_more(self, count: int, kind: str = "pd_old_100_expired") -> list[Page]:
        """Uploads `count` further painted pictures of a kind (see kinds.py). Errors: SandboxError."""
        with self.lock:
            try:
                pages = new_pages(count, kind, self._painted, self._clock())
            except KeyError as error:
                raise SandboxError(f"No kind of page is called {error}; see pd_assets/lib/sandbox/kinds.py.") from None
            self._painted += count
            return [
                self.add(
                    page.title,
                    wikitext=page.text,
                    content=page.content,
                    caption=page.caption,
                    statements=page.statements,
                    user=page.user,
                    truth=page.truth,
                )
                for page in pages
            ]

    def edit(self, title: str, wikitext: str, *, summary: str = "", user: str = "Editor") -> Page:
        """Replaces a page's text."""
        with self.lock:
            page = self._revised(self._existing(title), user, summary, text=wikitext)
            self._change("edit", page)
            return page

    def set_caption(self, title: str, caption: str | None, *, user: str = "Editor") -> Page:
        """Sets or removes the English caption in the page's structured data."""
        with self.lock:
            page = self._existing(title)
            latest = replace(page.latest, caption=caption)
            page = self._revised(replace(page, revisions=(*page.revisions[:-1], latest)), user, "caption")
            self._change("edit", page)
            return page

    def recategorise(self, title: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Page:
        """Edits the category links in a page's text."""
        text = self._existing(title).latest.text
        for name in remove:
            text = text.replace(f"[[Category:{name}]]", "")
        text += "".join(f"\n[[Category:{name}]]" for name in add)
        return self.edit(title, text, summary="categories")

    def overwrite(self, title: str, content: Content | bytes | None = None, *, user: str = "Uploader") -> Page:
        """A new version of a file; a new picture where no content is given."""
        with self.lock:
            page = self._existing(title)
            if not page.versions:
                raise SandboxError(f"{page.title} holds no file, so it cannot be overwritten.")
            stored = _content(content) if content is not None else Painting(scene=_scene_for(self._last_revid))
            page = self._revised(page, user, "new version of the file")
            version = FileVersion(timestamp=page.touched, user=user, comment="better scan", content=stored)
            page = replace(page, versions=(*page.versions, version))
            self._put(page)
            self._log_upload("overwrite", page)
            return page

    def move(self, title: str, new_title: str, *, leave_redirect: bool = True, reason: str = "better name") -> Page:
        """Renames a page; it keeps its id."""
        with self.lock:
            page, new_title = self._existing(title), self._free_title(new_title)
            old_title = page.title
            del self._ids[old_title]
            moved = self._revised(replace(page, title=new_title), "Tidy", f"moved from {old_title}")
            params = {
                "target_ns": namespace(new_title),
                "target_title": new_title,
                "suppressredirect": not leave_redirect,
            }
            redirect_id = 0
            if leave_redirect:
                redirect = self._create(old_title, f"#REDIRECT [[{new_title}]]", "Tidy", reason, moved.touched)
                redirect_id = redirect.pageid
            self._log("move", "move", old_title, page.pageid, "Tidy", reason, params, shown_id=redirect_id)
            return moved

    def delete(self, title: str, reason: str = "Copyright violation") -> None:
        """Removes a page from view; `restore` brings it back."""
        with self.lock:
            page = self._existing(title)
            del self._ids[page.title], self._pages[page.pageid]
            for members in self._members.values():
                members.pop(page.pageid, None)
            self._renderings.pop(page.pageid, None)
            self._deleted.append(page)
            self._log("delete", "delete", page.title, page.pageid, "Admin", reason, {})

    def restore(self, title: str, reason: str = "deleted by mistake") -> Page:
        """Brings the page last deleted under this title back, with its old id and history."""
        with self.lock:
            title = self._free_title(title)
            found = [page for page in self._deleted if page.title == title]
            if not found:
                raise SandboxError(f"No deleted page is called {title}, so nothing can be restored.")
            self._deleted.remove(found[-1])
            # The revision stays the same and touched goes back, but the memberships begin anew: as on MediaWiki.
            page = replace(found[-1], touched=found[-1].latest.timestamp)
            self._put(page)
            self._join_categories(page, since=self.now())
            self._log("delete", "restore", page.title, page.pageid, "Admin", reason, {})
            return page

    # How it is done.

    def _found(self, new: NewPage) -> None:
        """Enters a page that was there before the archive's first change: no recent change is written."""
        timestamp = new.created.strftime(ISO)
        page = self._create(
            normalised(new.title), new.text, new.user, "", timestamp, caption=new.caption, statements=new.statements
        )
        if new.content is not None:
            version = FileVersion(timestamp=timestamp, user=new.user, comment="uploaded", content=new.content)
            page = replace(page, versions=(version,), truth=new.truth)
            self._put(page)
            self._log("upload", "upload", page.title, page.pageid, new.user, "", {}, at=timestamp)
        elif new.moved_to is not None:
            target = self.page(normalised(new.moved_to))
            params: dict[str, object] = {"target_ns": FILE, "target_title": new.moved_to, "suppressredirect": False}
            moved_id = target.pageid if target else page.pageid
            self._log("move", "move", page.title, moved_id, new.user, "better name", params, at=timestamp)

    def _create(
        self,
        title: str,
        text: str,
        user: str,
        comment: str,
        timestamp: str,
        *,
        caption: str | None = None,
        statements: tuple[tuple[str, str], ...] = (),
    ) -> Page:
        self._last_page_id += 1
        revision = Revision(
            revid=self._next_revid(),
            parentid=0,
            timestamp=timestamp,
            user=user,
            comment=comment,
            text=text,
            caption=caption,
            statements=statements,
        )
        page = Page(pageid=self._last_page_id, title=title, revisions=(revision,), touched=timestamp)
        self._put(page)
        self._join_categories(page)
        return page

    def _revised(self, page: Page, user: str, comment: str, *, text: str | None = None) -> Page:
        """Adds a revision (with the same text where none is given) and brings the categories up to date."""
        latest = page.latest
        revision = replace(
            latest,
            revid=self._next_revid(),
            parentid=latest.revid,
            timestamp=self.now(),
            user=user,
            comment=comment,
            text=latest.text if text is None else text,
        )
        page = replace(page, revisions=(*page.revisions, revision), touched=revision.timestamp)
        self._put(page)
        self._join_categories(page)
        return page

    def _put(self, page: Page) -> None:
        self._pages[page.pageid] = page
        self._ids[page.title] = page.pageid

    def _join_categories(self, page: Page, since: str | None = None) -> None:
        """Brings memberships in line with the page's text; new ones begin at `since`, or when it was touched."""
        links = {link.name: link for link in self.rendering(page).categories}
        held = {name for name, members in self._members.items() if page.pageid in members}
        first = len(page.revisions) == 1
        for name in held - links.keys():
            del self._members[name][page.pageid]
            self._categorised(page, name, "removed from category")
        for name, link in links.items():
            known = self._members.setdefault(name, {}).get(page.pageid)
            joined = known.timestamp if known else since or page.touched
            self._members[name][page.pageid] = Member(pageid=page.pageid, link=link, timestamp=joined)
            if known is None and not first:
                self._categorised(page, name, "added to category")

    def _categorised(self, page: Page, category: str, what: str) -> None:
        holder = self.page(f"Category:{category}")
        self._changes.append(
            Change(
                rcid=len(self._changes) + 1,
                timestamp=page.touched,
                type="categorize",
                title=f"Category:{category}",
                page_id=holder.pageid if holder else 0,
                user=page.latest.user,
                comment=f"[[:{page.title}]] {what}",
                revid=page.latest.revid,
                old_revid=page.latest.parentid,
            )
        )

    def _change(self, type: str, page: Page, event: LogEvent | None = None) -> None:
        self._changes.append(
            Change(
                rcid=len(self._changes) + 1,
                timestamp=page.touched,
                type=type,
                title=page.title,
                page_id=page.pageid,
                user=page.latest.user,
                comment=page.latest.comment,
                revid=page.latest.revid,
                old_revid=page.latest.parentid,
                event=event,
            )
        )

    def _log_upload(self, action: str, page: Page) -> None:
        version = page.versions[-1]
        params: dict[str, object] = {
            "img_sha1": _base36(self.facts(version).sha1),
            "img_timestamp": version.timestamp,
        }
        self._log("upload", action, page.title, page.pageid, version.user, version.comment, params)

    def _log(
        self,
        type: str,
        action: str,
        title: str,
        page_id: int,
        user: str,
        comment: str,
        params: dict[str, object],
        *,
        at: str | None = None,
        shown_id: int | None = None,
    ) -> None:
        event = LogEvent(
            logid=len(self._events) + 1,
            timestamp=at or self.now(),
            type=type,
            action=action,
            title=title,
            page_id=page_id,
            user=user,
            comment=comment,
            params=params,
        )
        self._events.append(event)
        if at is not None:
            return
        self._changes.append(
            Change(
                rcid=len(self._changes) + 1,
                timestamp=event.timestamp,
                type="log",
                title=title,
                page_id=page_id if shown_id is None else shown_id,
                user=user,
                comment=comment,
                event=event,
            )
        )

    def _keep(self, content: Content, data: bytes) -> None:
        self._kept[content] = data
        self._kept_bytes += len(data)
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._kept_bytes -= len(dropped)

    def _existing(self, title: str) -> Page:
        page = self.page(normalised(title))
        if page is None:
            raise SandboxError(f"The sandbox has no page {normalised(title)}; see its list of files.")
        return page

    def _free_title(self, title: str) -> str:
        title = normalised(title)
        if title in self._ids:
            raise SandboxError(f"The sandbox already has a page {title}; choose another title.")
        return title

    def _next_revid(self) -> int:
        self._last_revid += 1
        return self._last_revid


def sort_key(page: Page, member: Member) -> str:
    """Where a member stands in its category."""
    name = bare(page.title).upper()
    prefix = member.link.sort_prefix
    return f"{prefix.upper()}\n{name}" if prefix else name


def member_type(page: Page) -> str:
    """`page`, `subcat` or `file`."""
    return {CATEGORY: "subcat", FILE: "file"}.get(namespace(page.title), "page")


def _content(content: Content | bytes) -> Content:
    return Blob(data=content) if isinstance(content, bytes) else content


def _scene_for(number: int) -> Scene:
    return scene(random.Random(f"replacement/{number}"))


def _base36(sha1: str) -> str:
    """The upload log's form of a SHA-1: base 36, 31 digits."""
    digits, number = "", int(sha1, 16)
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits.rjust(31, "0")
