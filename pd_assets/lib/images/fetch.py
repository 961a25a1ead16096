"""Fetch the accepted items' pictures, a file at a time, and keep every outcome as a row of images/files.

The table is written every so often while it goes on, so an interruption costs little; a failure is a row with its
reason and is tried again on later runs, ever less often.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import FetchFailed
from pd_assets.lib.home import Home, replacing
from pd_assets.lib.http import MEDIA, PoliteSession
from pd_assets.lib.images.decode import UnusableImage, normalise, sniff
from pd_assets.lib.progress import track

Row = dict[str, object]
WRITE_EVERY = 500
AT_ONCE = 2
RETRY_AFTER_DAYS = (0, 0, 1, 7, 30)


@dataclass(frozen=True, kw_only=True)
class FetchCounts:
    """What a run did: pictures wanted by the decisions, fetched now, failed now; the table's digest."""

    wanted: int
    fetched: int
    failed: int
    digest: str


def fetch_accepted(
    home: Home, session: PoliteSession, *, profile: str, max_side: int, headers: Mapping[str, str] | None = None
) -> FetchCounts:
    """Bring images/files in step with the decisions. Rows of items that are wanted no longer are dropped."""
    wanted = tables.query(home, load("wanted"), {"items": ITEMS, "decisions": DECISIONS}, {"profile": profile})
    have = {str(row["item_id"]): row for row in tables.rows(tables.read_or_empty(home, FILES))}
    items = {str(row["item_id"]): row for row in tables.rows(wanted)}
    now = datetime.now(UTC).replace(microsecond=0)
    kept = {key: row for key, row in have.items() if key in items and _is_current(home, row, items[key], max_side, now)}
    todo = [item for key, item in items.items() if key not in kept]

    fetcher = _Fetcher(home=home, session=session, max_side=max_side, now=now)
    fetched = 0
    try:
        for row in track(fetcher.fetch_all(todo, have), "fetching pictures", total=len(todo)):
            kept[str(row["item_id"])] = row
            fetched += row["status"] == "ok"
            if len(kept) % WRITE_EVERY == 0:
                tables.write(home, FILES, tables.as_table(FILES, kept.values()))
    finally:
        # Also when the archive refuses us half-way, or somebody interrupts: what was fetched is kept.
        digest = tables.write(home, FILES, tables.as_table(FILES, kept.values()))
    return FetchCounts(wanted=len(items), fetched=fetched, failed=len(todo) - fetched, digest=digest)


def _is_current(home: Home, row: Row, item: Row, max_side: int, now: datetime) -> bool:
    """Whether a stored row still answers for its item: the same file, still on the disk, or a failure not yet due."""
    if row["sha1"] != item["sha1"] or row["max_side"] != max_side:
        return False
    if row["status"] == "ok":
        return (home.root / str(row["path"])).is_file()
    tries, fetched_at = row["tries"], row["fetched_at"]
    assert isinstance(tries, int) and isinstance(fetched_at, datetime)
    wait_days = RETRY_AFTER_DAYS[min(tries, len(RETRY_AFTER_DAYS) - 1)]
    return now < fetched_at + timedelta(days=wait_days)


@dataclass(frozen=True, kw_only=True)
class _Fetcher:
    home: Home
    session: PoliteSession
    max_side: int
    now: datetime

    def fetch_all(self, items: list[Row], have: Mapping[str, Row]) -> Iterator[Row]:
        """The rows of `items` in their order; two downloads run at a time, as media hosts allow."""
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="media") as pool:
            yield from _in_order(pool, lambda item: self.fetch(item, have.get(str(item["item_id"]))), items)

    def fetch(self, item: Row, before: Row | None) -> Row:
        """Fetch, verify, normalise and store one picture; the row says how it went."""
        asked: Row = {"item_id": item["item_id"], "sha1": item["sha1"], "max_side": self.max_side}
        base = {**asked, "fetched_at": self.now}
        try:
            return {**base, **self._stored(item), "status": "ok", "tries": 1}
        except (FetchFailed, UnusableImage) as error:
            same_file = before is not None and before["sha1"] == item["sha1"]
            tries = before["tries"] if before is not None and same_file else 0
            assert isinstance(tries, int)
            return {**base, "status": "failed", "error": str(error), "tries": tries + 1}

    def _stored(self, item: Row) -> Row:
        file_url, thumb_url = str(item["file_url"]), item["thumb_url"]
        use_original = thumb_url is None or thumb_url == file_url or item["thumb_side"] != self.max_side
        url = file_url if use_original else str(thumb_url)
        answer = self.session.get(url, policy=MEDIA)
        if sniff(answer.body) is None:
            raise UnusableImage(f"{url} answered {answer.content_type or 'no media type'}, which is no picture")
        if use_original and hashlib.sha1(answer.body, usedforsecurity=False).hexdigest() != item["sha1"]:
            raise UnusableImage(f"{url}: the bytes do not have the SHA-1 that the page gives")
        picture = normalise(answer.body, max_side=self.max_side)
        path = self.home.images / picture.sha256[:2] / f"{picture.sha256}.jpg"
        if not path.is_file():
            with replacing(path) as partial:
                partial.write_bytes(picture.body)
        return {
            "sha256": picture.sha256,
            "path": str(path.relative_to(self.home.root)),
            "width": picture.width,
            "height": picture.height,
            "mime": picture.mime,
            "size_bytes": len(picture.body),
            "phash": picture.phash,
        }


def _in_order(pool: ThreadPoolExecutor, work: Callable[[Row], Row], items: Iterable[Row]) -> Iterator[Row]:
    """Results in the order of `items`, with a few ahead of the reader and never all of them."""
    waiting: list[Future[Row]] = []
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > 4 * AT_ONCE:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()
    finally:
        for future in waiting:
            future.cancel()
