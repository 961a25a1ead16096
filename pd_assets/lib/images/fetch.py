"""Fetch the accepted items' pictures, a file at a time, and keep every outcome as a row of images/files.

The table is written every so often while it goes on, so an interruption costs little; a failure is a row with its
reason and is tried again on later runs, ever less often, and at once where the file or its address has changed. The
Smithsonian gives no SHA-1: there a picture is fetched again where its address or what is said of the medium changed.

A thumbnail is made by the archive, and there is no SHA-1 of it. Of a truncated original the archive makes a whole
thumbnail with a grey rest (MediaWiki 1.39 with ImageMagick does): that shows only where originals are asked for.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, RECORDS, TAKEDOWNS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import FetchFailed
from pd_assets.lib.home import Home, alone, replacing
from pd_assets.lib.http import MEDIA, Answer, PoliteSession
from pd_assets.lib.images.decode import ENDINGS, MOST_PIXELS, UnusableImage, sniff
from pd_assets.lib.images.pool import Decoders
from pd_assets.lib.pacing import MUSEUM_MEDIA
from pd_assets.lib.progress import track

Row = dict[str, object]
WRITE_EVERY = 500
RETRY_AFTER_DAYS = (0, 0, 1, 7, 30)
ORIGINAL, THUMBNAIL = "original", "thumbnail"
# One file of more bytes is held in memory at a time.
LARGE_BYTES = 20_000_000
UNTYPED = frozenset({"", "application/octet-stream", "binary/octet-stream"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FetchCounts:
    """What a run did: pictures wanted by the decisions, fetched now, failed now; the table's digest."""

    wanted: int
    fetched: int
    failed: int
    digest: str


def fetch_accepted(
    home: Home,
    session: PoliteSession,
    *,
    profile: str,
    max_side: int,
    originals: bool = False,
    decoders: Decoders | None = None,
) -> FetchCounts:
    """Bring images/files in step with the decisions. Rows of items that are wanted no longer are dropped.

    With `originals` the originals are fetched, and what was made from thumbnails is made anew.
    """
    with alone(home.images, "fetches pictures"), nullcontext(decoders) if decoders else Decoders() as running:
        _sweep(home)
        now = datetime.now(UTC).replace(microsecond=0)
        fetcher = _Fetcher(
            home=home, session=session, decoders=running, max_side=max_side, originals=originals, now=now
        )
        wanted = tables.query(
            home,
            load("wanted"),
            {"items": ITEMS, "decisions": DECISIONS, "files": FILES, "records": RECORDS, "takedowns": TAKEDOWNS},
            {"profile": profile},
        )
        is_current = pa.array([fetcher.is_current(row) for row in tables.rows(wanted)], pa.bool_())
        have = tables.read_or_empty(home, FILES)
        kept = have.filter(pc.is_in(have["item_id"], wanted["item_id"].filter(is_current).combine_chunks()))
        return fetcher.bring_in_step(kept, wanted.filter(pc.invert(is_current)))


def _sweep(home: Home) -> None:
    """Remove what a killed run left half-written. Only under `alone`: nobody is writing now."""
    for partial in home.images.glob("*/.*.partial"):
        partial.unlink(missing_ok=True)


@dataclass(frozen=True, kw_only=True)
class _Fetcher:
    home: Home
    session: PoliteSession
    decoders: Decoders
    max_side: int
    originals: bool
    now: datetime
    large: threading.Lock = field(default_factory=threading.Lock)

    def is_current(self, item: Row) -> bool:
        """Whether the stored row still answers for its item: the same file, on the disk, or a failure not yet due."""
        if not _is_same_file(item) or item["had_max_side"] != self.max_side:
            return False
        if self.originals and item["had_made_from"] != ORIGINAL:
            return False
        if item["had_status"] == "ok" and (item["sha1"] is not None or item["had_url"] == self._source(item)[1]):
            return self.home.holds(self.home.root / str(item["had_path"]))
        if item["had_url"] != self._source(item)[1]:
            return False
        tries, tried_at = item["had_tries"], item["had_at"]
        assert isinstance(tries, int) and isinstance(tried_at, datetime)
        wait_days = RETRY_AFTER_DAYS[min(tries, len(RETRY_AFTER_DAYS) - 1)]
        return self.now < tried_at + timedelta(days=wait_days)

    def bring_in_step(self, kept: pa.Table, todo: pa.Table) -> FetchCounts:
        """Fetch all of `todo`, writing the table now and then, and at the end with `kept`."""
        fetched = done = 0
        fresh: list[Row] = []
        digest = ""
        try:
            for row in track(self._fetch_all(todo), "fetching pictures", total=todo.num_rows):
                fresh.append(row)
                done += 1
                fetched += row["status"] == "ok"
                if len(fresh) == WRITE_EVERY:
                    kept = pa.concat_tables([kept, tables.as_table(FILES, fresh)])
                    fresh = []
                    tables.write(self.home, FILES, kept)
        finally:
            # Also when the archive refuses us half-way, or somebody interrupts: what was fetched is kept.
            digest = tables.write(self.home, FILES, pa.concat_tables([kept, tables.as_table(FILES, fresh)]))
        return FetchCounts(wanted=kept.num_rows + len(fresh), fetched=fetched, failed=done - fetched, digest=digest)

    def _fetch_all(self, todo: pa.Table) -> Iterator[Row]:
        # The session lets two of them download at a time; the others wait for a decoder meanwhile.
        threads = MEDIA.concurrency + self.decoders.workers
        with ThreadPoolExecutor(threads, thread_name_prefix="media") as pool:
            yield from _in_order(pool, self._fetch, tables.rows(todo), ahead=4 * threads)

    def _fetch(self, item: Row) -> Row:
        """Fetch, verify, normalise and store one picture; the row says how it went."""
        made_from, url = self._source(item)
        base: Row = {"item_id": item["item_id"], "sha1": item["sha1"], "max_side": self.max_side}
        base |= {"signature": _signature(item)}
        base |= {"made_from": made_from, "url": url, "fetched_at": self.now}
        try:
            return {**base, **self._stored(item, made_from, url), "status": "ok", "tries": 1}
        except (FetchFailed, UnusableImage) as error:
            goes_on = item["had_status"] == "failed" and _is_same_file(item) and item["had_url"] == url
            tries = _whole(item["had_tries"]) + 1 if goes_on else 1
            return {**base, "status": "failed", "error": _told(error), "tries": tries}

    def _source(self, item: Row) -> tuple[str, str]:
        """What to ask for: the smallest standard thumbnail that covers, unless the original is smaller or wanted."""
        file_url, thumb_url, covers_px = item["file_url"], item["thumb_url"], item["thumb_side"]
        covers = isinstance(covers_px, int) and covers_px >= self.max_side
        if self.originals or thumb_url is None or thumb_url == file_url or not covers:
            return ORIGINAL, str(file_url)
        return THUMBNAIL, str(thumb_url)

    def _stored(self, item: Row, made_from: str, url: str) -> Row:
        with self.large if made_from == ORIGINAL and _whole(item["size_bytes"]) > LARGE_BYTES else nullcontext():
            if made_from == ORIGINAL:
                _refuse_bomb(item)
            answer = self.session.get(url, policy=MUSEUM_MEDIA if item["source"] == "smithsonian" else MEDIA)
            sha1 = item["sha1"]
            _verify(answer, str(sha1) if sha1 is not None and made_from == ORIGINAL else None)
            picture = self.decoders.normalise(answer.body, max_side=self.max_side)
        path = self.home.images / picture.sha256[:2] / f"{picture.sha256}.{ENDINGS[picture.mime]}"
        if not self.home.holds(path):
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
            **vars(picture.quality),
            "received_sha1": _sha1(answer.body) if sha1 is None else None,
        }


def _refuse_bomb(item: Row) -> None:
    """Nothing is downloaded that will not be decoded; the decoder looks again at what the bytes say."""
    width, height = _whole(item["width"]), _whole(item["height"])
    if width * height > MOST_PIXELS:
        raise UnusableImage(f"the page gives {width} x {height} pixels, more than {MOST_PIXELS}")


def _verify(answer: Answer, sha1: str | None) -> None:
    """The answer calls itself a picture, begins like one, and has the SHA-1 if there is one."""
    kind = answer.content_type
    if sniff(answer.body) is None or not (kind in UNTYPED or kind.startswith("image/")):
        raise UnusableImage(
            f"{answer.url} answered {kind or 'no media type'} that begins {answer.body[:12]!r}, which is no picture"
        )
    if sha1 is not None and _sha1(answer.body) != sha1:
        raise UnusableImage(f"{answer.url}: the bytes do not have the SHA-1 that the page gives")


def _sha1(body: bytes) -> str:
    return hashlib.sha1(body, usedforsecurity=False).hexdigest()


def _signature(item: Row) -> object:
    """What stands for the file's version where the archive gives no SHA-1 of it."""
    return item["signature"] if item["sha1"] is None else None


def _is_same_file(item: Row) -> bool:
    """Whether the stored row is about the file that the item is about now."""
    return item["had_sha1"] == item["sha1"] and item["had_signature"] == _signature(item)


def _told(error: Exception) -> str:
    gone = str(error).endswith(("HTTP 404", "HTTP 410"))
    return f"{error}: renamed or deleted since the last sync, which the next sync will see" if gone else str(error)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _in_order(
    pool: ThreadPoolExecutor, work: Callable[[Row], Row], items: Iterable[Row], *, ahead: int
) -> Iterator[Row]:
    """Results in the order of `items`, with a few ahead of the reader and never all of them."""
    waiting: list[Future[Row]] = []
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > ahead:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()
    finally:
        for future in waiting:
            future.cancel()
