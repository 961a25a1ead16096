"""When each source was last looked at with success: evidence that could not be read anew for long leaves the dataset.

A look that finds nothing changed counts. Two small files of the home, one an archive, replaced as a whole; a source
that is not in them was looked at when its newest part was written. Nothing here reads an archive.
"""

import json
import logging
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zlib import crc32

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CATEGORIES, PAGES
from pd_assets.lib.home import Home, write_text
from pd_assets.lib.museums.contract import MUSEUMS

COMMONS = "commons"
# Counters drift: what they call empty is looked at all the same when it was not for so many days; which of them, the
# name decides, so that what was met in one night comes spread over several.
EMPTY_FOR_DAYS = (4, 5, 6, 7)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Look:
    """The last look at a source that succeeded, and how many files it found."""

    at: str
    files: int


@dataclass(kw_only=True)
class Looks:
    """Of one archive: `sources` are categories or shards (`unit/shard`), `walked` when the subcategories of those were
    listed that were said to have none; `failed` has what could not be read when it was last tried (pages by their id,
    shards), and when it was read before."""

    sources: dict[str, Look] = field(default_factory=dict)
    walked: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def saw(self, source: str, *, now: datetime, files: int) -> None:
        """Note a look at the whole of a source."""
        self.sources[source] = Look(at=now.isoformat(), files=files)

    def looked_at(self, source: str) -> datetime | None:
        """When a source was looked at, where that is noted."""
        look = self.sources.get(source)
        return datetime.fromisoformat(look.at) if look else None

    def has_no_files(self, category: str, *, now: datetime) -> bool:
        """Whether a category was found without files lately."""
        look = self.sources.get(category)
        return look is not None and look.files == 0 and _is_lately(category, look.at, now)

    def has_no_subcategories(self, category: str, *, now: datetime) -> bool:
        """Whether a category was found without subcategories lately."""
        return category in self.walked and _is_lately(category, self.walked[category], now)

    def read(self, name: object) -> None:
        """Note that something could be read."""
        self.failed.pop(str(name), None)

    def could_not_read(self, name: object, *, read_before: datetime) -> None:
        """Note that something could not be read, and when it was read before; the first failure says that for all."""
        self.failed.setdefault(str(name), read_before.isoformat())

    def failed_since(self, limit: datetime) -> list[str]:
        """What could not be read, and was read the last time before `limit`."""
        return sorted(name for name, at in self.failed.items() if datetime.fromisoformat(at) < limit)

    def save(self, home: Home, archive: str) -> None:
        """Write them down, where there is anything."""
        if self.sources or self.walked or self.failed or _path(home, archive).is_file():
            sources = {name: asdict(look) for name, look in sorted(self.sources.items())}
            told = {"sources": sources, "walked": self.walked, "failed": self.failed}
            write_text(_path(home, archive), json.dumps(told, indent=0, sort_keys=True) + "\n")


def load_looks(home: Home, archive: str) -> Looks:
    """What is noted; nothing where the file is damaged, and then the parts themselves say when they were written."""
    path = _path(home, archive)
    try:
        told = json.loads(path.read_text()) if path.is_file() else {"sources": {}, "walked": {}, "failed": {}}
        sources = {name: Look(at=_moment(one["at"]), files=int(one["files"])) for name, one in told["sources"].items()}
        walked, failed = ({name: _moment(at) for name, at in told[kind].items()} for kind in ("walked", "failed"))
        return Looks(sources=sources, walked=walked, failed=failed)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        log.warning("%s: damaged (%s); it is begun anew", path, error)
        return Looks()


@dataclass(frozen=True, kw_only=True)
class Stale:
    """What could not be read anew for too long: categories, pages by id, and shards as `unit/shard`."""

    categories: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    shards: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.categories or self.pages or self.shards)

    def __str__(self) -> str:
        kinds = {"categories": self.categories, "single pages": self.pages, "shards": self.shards}
        return "; ".join(f"{len(names)} {kind} ({_some(names)})" for kind, names in kinds.items() if names) or "nothing"


def stale(home: Home, *, days: int, now: datetime | None = None) -> Stale:
    """What was last looked at with success more than `days` ago: of Commons whatever the reason, since every night
    looks at all of it; of museums, which are read when somebody asks, only what failed."""
    limit = (now or datetime.now(UTC)) - timedelta(days=days)
    commons = load_looks(home, COMMONS)
    live = _live(home)
    return Stale(
        categories=tuple(
            category
            for category in sorted(home.partitions(PAGES.key))
            if (live is None or category in live) and _looked_at(home, commons, category) < limit
        ),
        pages=tuple(commons.failed_since(limit)),
        shards=tuple(shard for museum in MUSEUMS for shard in load_looks(home, museum).failed_since(limit)),
    )


def _live(home: Home) -> set[str] | None:
    """The categories of the last walk; None where there was none."""
    rows = tables.rows(tables.read_or_empty(home, CATEGORIES, ["category", "status"]))
    return {str(row["category"]) for row in rows if row["status"] == "live"} or None


def _looked_at(home: Home, looks: Looks, category: str) -> datetime:
    if found := looks.looked_at(category):
        return found
    written = [part.stat().st_mtime for part in tables.partition_parts(home, PAGES, category)]
    return datetime.fromtimestamp(max(written, default=0), UTC)


def _is_lately(name: str, at: str, now: datetime) -> bool:
    days = EMPTY_FOR_DAYS[crc32(name.encode()) % len(EMPTY_FOR_DAYS)]
    return now - datetime.fromisoformat(at) < timedelta(days=days)


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def _moment(value: object) -> str:
    """A time as it is noted, with its zone; ValueError where it is none."""
    return datetime.fromisoformat(str(value)).astimezone(UTC).isoformat()


def _path(home: Home, archive: str) -> Path:
    return home.root / archive / "looks.json"
