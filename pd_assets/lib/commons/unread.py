"""Pages that could not be read or kept: which, why, since when, and when to ask for them again, ever less often.

One small file of the home, `commons/unread.json`, replaced as a whole. What is in it was never a reason to drop good
evidence: a page that was read before stays as it was read. A page that was read again is forgotten in here.
"""

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pd_assets.lib.home import Home, write_text

RETRY_AFTER_DAYS = (0, 0, 1, 7, 30)
LONGEST_REASON = 300
LAST_YEAR = 9_000
# An object without a name of its own is shown with where it lies in memory: another place in every run.
MEMORY_ADDRESS = re.compile(r" ?\b(?:at )?0x[0-9a-fA-F]{4,}\b")

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class UnreadPage:
    """One page that could not be read, `tries` times in a row; `revid` is the revision that was listed, if known."""

    pageid: int
    title: str
    revid: int | None
    reason: str
    first_at: datetime
    last_at: datetime
    tries: int

    @property
    def due_at(self) -> datetime:
        """When it is to be asked for again."""
        wait_days = RETRY_AFTER_DAYS[min(self.tries, len(RETRY_AFTER_DAYS) - 1)]
        return self.last_at + timedelta(days=wait_days)


@dataclass(kw_only=True)
class UnreadPages:
    """All of them, by page id."""

    by_pageid: dict[int, UnreadPage] = field(default_factory=dict)

    def __iter__(self) -> Iterator[UnreadPage]:
        return iter(sorted(self.by_pageid.values(), key=lambda page: page.pageid))

    def __len__(self) -> int:
        return len(self.by_pageid)

    def is_due(self, pageid: int, *, now: datetime, revid: int | None = None) -> bool:
        """Whether to ask for a page: it is not in here, or long enough, or the listing shows another revision."""
        page = self.by_pageid.get(pageid)
        return page is None or now >= page.due_at or (None not in (revid, page.revid) and revid != page.revid)

    def failed(
        self, pageid: int, reason: str, *, now: datetime, title: str = "", revid: int | None = None
    ) -> UnreadPage:
        """Note that a page could not be read now. Another revision is another page: its tries begin anew."""
        before = self.by_pageid.get(pageid)
        goes_on = before is not None and (None in (revid, before.revid) or revid == before.revid)
        page = UnreadPage(
            pageid=pageid,
            title=_legible(title) or (before.title if before else ""),
            revid=before.revid if before is not None and revid is None else revid,
            reason=reproducible(reason),
            first_at=before.first_at if before else now,
            last_at=now,
            tries=before.tries + 1 if before is not None and goes_on else 1,
        )
        self.by_pageid[pageid] = page
        return page

    def read(self, pageid: int) -> None:
        """Forget a page: it was read, or is gone."""
        self.by_pageid.pop(pageid, None)

    def save(self, home: Home) -> None:
        """Write them down."""
        pages = [{**asdict(page), **{name: _told(getattr(page, name)) for name in _MOMENTS}} for page in self]
        if pages or _path(home).is_file():
            write_text(_path(home), json.dumps({"pages": pages}, indent=1) + "\n")


def load_unread(home: Home) -> UnreadPages:
    """The pages that could not be read; none where the file is damaged, and then all are asked for again at once."""
    path = _path(home)
    try:
        found = json.loads(path.read_text())["pages"] if path.is_file() else []
        pages = [_page(value) for value in found]
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        log.warning("%s: damaged (%s); it is begun anew, and the pages in it are asked for at once", path, error)
        pages = []
    return UnreadPages(by_pageid={page.pageid: page for page in pages})


def reproducible(reason: str) -> str:
    """A reason as the next run would give it too: one line, of bounded length, without places in memory."""
    return " ".join(MEMORY_ADDRESS.sub("", _legible(reason)).split())[:LONGEST_REASON]


def _legible(text: str) -> str:
    return text.encode(errors="replace").decode()


_MOMENTS = ("first_at", "last_at")


def _page(value: dict[str, object]) -> UnreadPage:
    pageid, revid, tries = value["pageid"], value["revid"], value["tries"]
    if type(pageid) is not int or type(tries) is not int or tries < 1 or not (revid is None or type(revid) is int):
        raise TypeError(f"page id {pageid!r}, revision {revid!r} and tries {tries!r}, which should be numbers")
    moments = {name: datetime.fromisoformat(str(value[name])).astimezone(UTC) for name in _MOMENTS}
    title, reason = str(value["title"]), str(value["reason"])
    if moments["last_at"].year > LAST_YEAR:
        raise ValueError(f"last_at {moments['last_at']} lies too far ahead")
    return UnreadPage(pageid=pageid, revid=revid, tries=tries, title=title, reason=reason, **moments)


def _told(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _path(home: Home) -> Path:
    return home.root / "commons" / "unread.json"
