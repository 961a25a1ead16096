"""What the archive's log says of pages that no listing shows as changed: hidden versions, pages restored in part.

A cursor for each kind of event lies in `commons/cursor.json`; it is moved on only after those pages were read again.
"""

import json
import logging
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pd_assets.lib.commons.action_api import ApiError
from pd_assets.lib.commons.client import EPOCH, CommonsClient
from pd_assets.lib.errors import FetchFailed
from pd_assets.lib.home import Home, write_text

ACTIONS = ("delete/revision", "delete/restore")
# Together at most ten requests a run. What they do not reach is left to the next run.
MOST_REQUESTS_EACH = 5
# An event may become visible after a later one: look back, and remember what was seen there.
OVERLAP = timedelta(minutes=10)
# Where nobody knows any more what was seen.
LOOK_BACK = timedelta(days=60)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """The time of the newest event seen, and the ids of those seen within the overlap before it."""

    since: str
    seen: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Suppressions:
    """Pages to be read again whatever the listing says, and the cursors for when that is done."""

    pageids: frozenset[int]
    cursors: dict[str, Cursor]

    def done(self, home: Home) -> None:
        """Move the cursors on; to be called once all of the pages were read again."""
        path = _path(home)
        text = json.dumps({action: asdict(cursor) for action, cursor in self.cursors.items()}, indent=1) + "\n"
        if self.cursors and not (path.is_file() and path.read_bytes() == text.encode()):
            write_text(path, text)


def look_up(client: CommonsClient, home: Home) -> Suppressions:
    """The pages that were suppressed or restored since the last run; none where there was no run before."""
    said = _said(_path(home))
    pageids: set[int] = set()
    cursors: dict[str, Cursor] = {}
    for action in ACTIONS:
        try:
            if action in said:
                found, cursors[action] = _since(client, action, said[action])
                pageids |= found
            else:
                cursors[action] = Cursor(since=client.newest_event(action))
        except (ApiError, FetchFailed) as error:
            if not client.answers():
                raise
            log.warning("the log of %s cannot be read, and is read from there in the next run: %s", action, error)
            cursors |= {action: said[action]} if action in said else {}
    return Suppressions(pageids=frozenset(pageids - {0}), cursors=cursors)


def _since(client: CommonsClient, action: str, cursor: Cursor) -> tuple[set[int], Cursor]:
    events = client.events(action, since=_before(cursor.since), most_requests=MOST_REQUESTS_EACH)
    newest = max((event.timestamp for event in events), default=cursor.since)
    overlap = tuple(event.logid for event in events if event.timestamp >= _before(newest))
    new = {event.pageid for event in events if event.logid not in cursor.seen}
    return new, Cursor(since=newest, seen=overlap)


def _before(timestamp: str) -> str:
    earlier = datetime.fromisoformat(timestamp).astimezone(UTC) - OVERLAP if timestamp > EPOCH else None
    return earlier.strftime("%Y-%m-%dT%H:%M:%SZ") if earlier else EPOCH


def _path(home: Home) -> Path:
    return home.root / "commons" / "cursor.json"


def _said(path: Path) -> dict[str, Cursor]:
    try:
        said = json.loads(path.read_text()) if path.is_file() else {}
        return {
            str(action): Cursor(since=str(one["since"]), seen=tuple(map(int, one["seen"])))
            for action, one in said.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        since = (datetime.now(UTC) - LOOK_BACK).strftime("%Y-%m-%dT%H:%M:%SZ")
        log.warning("%s was damaged (%s); what was suppressed since %s is looked up again", path, error, since)
        return dict.fromkeys(ACTIONS, Cursor(since=since))
