"""The archive: its pages, categories, logs and recent changes, and everything that can happen to them.

Holds state and nothing of the API. Every change writes what Commons would write: a revision, log events, recent
changes, touched times, category memberships. All methods may be called from several threads.
"""

import random
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from pd_assets.lib.errors import SandboxError
from pd_assets.sandbox.contents import Contents
from pd_assets.sandbox.folder import folder_pages
from pd_assets.sandbox.items import Item, painted_items
from pd_assets.sandbox.journal import Journal
from pd_assets.sandbox.painting import Painting
from pd_assets.sandbox.population import new_pages, painted_pages
from pd_assets.sandbox.records import (
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
    Truth,
)
from pd_assets.sandbox.rendering import Rendering, rendered
from pd_assets.sandbox.scenes import Scene, scene
from pd_assets.sandbox.templates import template_pages
from pd_assets.sandbox.titles import CATEGORY, FILE, bare, namespace, normalised

ISO = "%Y-%m-%dT%H:%M:%SZ"
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Oddities:
    """What real archives hold and nobody would make: files stored as 0 x 0, by title; pages at whose file the archive
    breaks, by title, with the code of its error; and what the counters of categories say."""

    cut_off: set[str] = field(default_factory=set)
    broken: dict[str, str] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)


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
        self._contents = Contents()
        self._journal = Journal()
        self._last_page_id, self._last_revid, self._last_time = 999, 5000, ""
        self._painted = 0
        # Labels of Wikidata items, id -> language -> text, for `action=wbgetentities`.
        self.things: dict[str, dict[str, str]] = {}
        # Persons and works, with their claims.
        self.items: dict[str, Item] = {}
        self.oddities = Oddities()
        for page in sorted(pages, key=lambda page: page.created):
            self._found(page)

    @classmethod
    def painted(cls, count: int = 2600, seed: int = 0, *, clock: Clock = utc_now) -> Self:
        """An archive of `count` pictures drawn by the project itself, with the licences and traps of Commons."""
        archive = cls([*painted_pages(count, seed), *template_pages()], clock=clock)
        archive._painted = count
        archive.items |= painted_items()
        return archive

    @classmethod
    def from_folder(cls, folder: Path | str, *, clock: Clock = utc_now) -> Self:
        """An archive of the pictures in a folder with `metadata.jsonl`; see folder.py. Errors: SandboxError."""
        return cls([*folder_pages(Path(folder), clock().year), *template_pages()], clock=clock)

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
        """All pages, oldest first."""
        with self.lock:
            return list(self._pages.values())

    def files(self) -> list[Page]:
        """All pages that hold a file, oldest first."""
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
        return self._journal.events

    def changes(self) -> Sequence[Change]:
        """Recent changes, oldest first: what has happened since the archive was made."""
        return self._journal.changes

    def facts(self, version: FileVersion) -> FileFacts:
        """Size, digest and type of a file; draws it if nobody has looked yet."""
        with self.lock:
            return self._contents.facts(version.content)

    def read(self, version: FileVersion) -> bytes:
        """The bytes of a file. Errors: SandboxError, when a picture on disk has gone."""
        with self.lock:
            return self._contents.read(version.content)

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
                self._journal.changed("new", page)
            return page

    def paint_more(self, count: int, kind: str = "pd_old_100_expired") -> list[Page]:
        """Uploads `count` further painted pictures of a kind (see kinds.py). Errors: SandboxError."""
        with self.lock:
            try:
                pages = new_pages(count, kind, self._painted, self._clock())
            except KeyError as error:
                raise SandboxError(f"No kind of page is called {error}; see pd_assets/sandbox/kinds.py.") from None
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
            self._journal.changed("edit", page)
            return page

    def set_caption(self, title: str, caption: str | None, *, user: str = "Editor") -> Page:
        """Sets or removes the English caption in the page's structured data."""
        with self.lock:
            page = self._existing(title)
            latest = replace(page.latest, caption=caption)
            page = self._revised(replace(page, revisions=(*page.revisions[:-1], latest)), user, "caption")
            self._journal.changed("edit", page)
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
            redirect_id = 0
            if leave_redirect:
                redirect = self._create(old_title, f"#REDIRECT [[{new_title}]]", "Tidy", reason, moved.touched)
                redirect_id = redirect.pageid
            self._journal.log(
                "move/move",
                old_title,
                page.pageid,
                timestamp=self.now(),
                user="Tidy",
                comment=reason,
                params=_move_params(new_title, leave_redirect=leave_redirect),
                page_id_now=redirect_id,
            )
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
            self._log("delete/delete", page, user="Admin", comment=reason)

    def touch(self, title: str) -> Page:
        """As when a template on the page was edited: it shows something else, and its own text is as it was."""
        with self.lock:
            page = replace(self._existing(title), touched=self.now())
            self._put(page)
            return page

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
            self._log("delete/restore", page, user="Admin", comment=reason)
            return page

    def edit_item(self, item: str, **changes: object) -> Item:
        """Changes what Wikidata says of an item: `died=1961`, `merged_into="Q1"`; now, or when `modified` says."""
        with self.lock:
            if item not in self.items:
                raise SandboxError(f"The sandbox has no item {item}; it knows {', '.join(sorted(self.items)[:20])}.")
            before = self.items[item]
            edited = {"revid": before.revid + 1, "modified": self.now(), **changes}
            self.items[item] = replace(before, **edited)  # type: ignore[arg-type]
            return self.items[item]

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
            self._log_found("upload/upload", new, page, page.pageid, {})
        elif new.moved_to is not None:
            target = self.page(normalised(new.moved_to))
            params = _move_params(new.moved_to, leave_redirect=True)
            self._log_found("move/move", new, page, target.pageid if target else page.pageid, params)

    def _log_found(self, kind: str, new: NewPage, page: Page, page_id: int, params: Mapping[str, object]) -> None:
        self._journal.log(
            kind,
            page.title,
            page_id,
            timestamp=page.touched,
            user=new.user,
            comment="",
            params=params,
            is_recent=False,
        )

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
            self._categorised(page, name, joined=False)
        for name, link in links.items():
            known = self._members.setdefault(name, {}).get(page.pageid)
            joined = known.timestamp if known else since or page.touched
            self._members[name][page.pageid] = Member(pageid=page.pageid, link=link, timestamp=joined)
            if known is None and not first:
                self._categorised(page, name, joined=True)

    def _categorised(self, page: Page, category: str, *, joined: bool) -> None:
        holder = self.page(f"Category:{category}")
        self._journal.categorised(page, f"Category:{category}", holder.pageid if holder else 0, joined=joined)

    def _log_upload(self, action: str, page: Page) -> None:
        version = page.versions[-1]
        params: dict[str, object] = {
            "img_sha1": _base36(self.facts(version).sha1),
            "img_timestamp": version.timestamp,
        }
        self._log(f"upload/{action}", page, user=version.user, comment=version.comment, params=params)

    def _log(
        self, kind: str, page: Page, *, user: str, comment: str, params: Mapping[str, object] | None = None
    ) -> None:
        self._journal.log(
            kind, page.title, page.pageid, timestamp=self.now(), user=user, comment=comment, params=params or {}
        )

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


def _move_params(new_title: str, *, leave_redirect: bool) -> dict[str, object]:
    return {
        "target_ns": namespace(new_title),
        "target_title": new_title,
        "suppressredirect": not leave_redirect,
    }


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
