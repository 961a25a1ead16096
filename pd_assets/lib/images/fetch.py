"""Fetch the accepted items' pictures, a file at a time, and keep every outcome as a row of images/files.

The table is written every so often while it goes on, so an interruption costs little; a failure is a row with its
reason and is tried again on later runs, ever less often, and at once where the file or its address has changed. The
museums give no SHA-1: there a picture is fetched again where its address or what is said of the medium changed.

A thumbnail is made by the archive, and there is no SHA-1 of it. Of a truncated original the archive makes a whole
thumbnail with a grey rest (MediaWiki 1.39 with ImageMagick does): that shows only where originals are asked for.
Where the thumbnail cannot be had, the original is asked for at once. One file that fails is never waited for.
"""

import hashlib
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, TAKEDOWNS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import AccessDenied, ArchiveResting, FetchFailed, PdError, RequestRejected
from pd_assets.lib.home import Home, alone
from pd_assets.lib.http import MEDIA, Answer, PoliteSession
from pd_assets.lib.images import generation, placeholders
from pd_assets.lib.images.decode import ENDINGS, UnusableImage
from pd_assets.lib.images.pool import Decoders
from pd_assets.lib.images.proof import Etags, is_scaled, refuse_bomb, require_picture, require_size
from pd_assets.lib.images.stored import has_size, keep
from pd_assets.lib.museums.contract import ALL_RECORDS, MUSEUMS
from pd_assets.lib.pacing import HostPolicy
from pd_assets.lib.progress import track

Row = dict[str, object]
WRITE_EVERY = 500
RETRY_AFTER_DAYS = (0, 0, 1, 7, 30)
ORIGINAL, THUMBNAIL = "original", "thumbnail"
# One file of more bytes is held in memory at a time.
LARGE_BYTES = 20_000_000
# How often a file is asked for that fails while its host is well; the next run asks again.
TRIES_OF_A_FILE = 4
# What a host says of us, and not of one file. After a 503 it is waited for where it says how long.
OF_THE_HOST = re.compile(r": HTTP 429, \d+ times")

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
        have = tables.read_or_empty(home, FILES)
        fetcher = _Fetcher(
            home=home,
            session=session,
            decoders=running,
            max_side=max_side,
            originals=originals,
            now=now,
            decoder_began=generation.began(home, now),
            etags=Etags(home.images / "etags.json"),
            placeholders=placeholders.known(have),
        )
        wanted = tables.query(
            home,
            load("wanted"),
            {"items": ITEMS, "decisions": DECISIONS, "files": FILES, "records": ALL_RECORDS, "takedowns": TAKEDOWNS},
            {"profile": profile},
        )
        is_current = pa.array([fetcher.is_current(row) for row in tables.rows(wanted)], pa.bool_())
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
    decoder_began: datetime
    etags: Etags
    placeholders: frozenset[str]
    is_touchy: threading.Event = field(default_factory=threading.Event)
    # What hosts said that are asked no more in this run. Pictures of others are fetched all the same.
    refusals: list[PdError] = field(default_factory=list)
    large: threading.Lock = field(default_factory=threading.Lock)

    def is_current(self, item: Row) -> bool:
        """Whether the stored row still answers for its item: the same file, on the disk, or a failure not yet due."""
        if not _is_same_file(item) or item["had_max_side"] != self.max_side:
            return False
        if self.originals and item["had_made_from"] != ORIGINAL:
            return False
        sources = [url for _, url in self._sources(item)]
        if item["had_status"] == "ok":
            if item["sha1"] is None and item["had_url"] not in sources:
                return False
            if generation.may_differ(item, began=self.decoder_began):
                return False
            whole, had = _size(item, "width", "height"), _size(item, "had_width", "had_height")
            if all(whole) and all(had) and not is_scaled(had, of=whole):
                return False
            return has_size(self.home, self.home.root / str(item["had_path"]), item["had_size_bytes"])
        if item["had_url"] != sources[0]:
            return False
        tries, tried_at = item["had_tries"], item["had_at"]
        assert isinstance(tries, int) and isinstance(tried_at, datetime)
        wait_days = RETRY_AFTER_DAYS[min(tries, len(RETRY_AFTER_DAYS) - 1)]
        return self.now < tried_at + timedelta(days=wait_days)

    def bring_in_step(self, kept: pa.Table, todo: pa.Table) -> FetchCounts:
        """Fetch all of `todo`, writing the table now and then, and at the end with `kept`."""
        fresh: list[Row] = []
        done: list[str] = []
        try:
            for row in track(self._fetch_all(todo), "fetching pictures", total=todo.num_rows):
                if row is None:
                    continue
                fresh.append(row)
                done.append(str(row["item_id"]))
                if len(fresh) == WRITE_EVERY:
                    kept = pa.concat_tables([kept, tables.as_table(FILES, fresh)])
                    fresh = []
                    tables.write(self.home, FILES, self._judged(kept))
        finally:
            # Also when the archive refuses us half-way, or somebody interrupts: what was fetched is kept.
            files = self._judged(pa.concat_tables([kept, tables.as_table(FILES, fresh)]))
            digest = tables.write(self.home, FILES, files)
        if self.refusals:
            raise self.refusals[0]
        tried = files.filter(pc.is_in(files["item_id"], pa.array(done, pa.string())))
        fetched = int(pc.sum(pc.equal(tried["status"], "ok"), min_count=0).as_py())
        return FetchCounts(wanted=files.num_rows, fetched=fetched, failed=len(done) - fetched, digest=digest)

    def _judged(self, files: pa.Table) -> pa.Table:
        """The rows as they are once all others are known: placeholders, and bytes that their host belies, fail."""
        if belied := self.etags.belied():
            reasons = pa.array([belied.get(item_id) for item_id in files["item_id"].to_pylist()], pa.string())
            files = placeholders.failed(files, reasons)
        return placeholders.named(files)

    def _fetch_all(self, todo: pa.Table) -> Iterator[Row | None]:
        # The session lets two of them download at a time; the others wait for a decoder meanwhile.
        threads = MEDIA.concurrency + self.decoders.workers
        with ThreadPoolExecutor(threads, thread_name_prefix="media") as pool:
            yield from _in_order(pool, self._unless_refused, tables.rows(todo), ahead=4 * threads)

    def _unless_refused(self, item: Row) -> Row | None:
        """The row of one picture; None where its host is asked no more. The session knows that without a request."""
        try:
            return self._fetch(item)
        except (AccessDenied, ArchiveResting) as error:
            self.refusals.append(error)
            return None

    def _fetch(self, item: Row) -> Row:
        """Fetch, verify, normalise and store one picture; the row says how it went."""
        base: Row = {"item_id": item["item_id"], "sha1": item["sha1"], "max_side": self.max_side}
        base |= {"signature": _signature(item), "fetched_at": self.now}
        sources = self._sources(item)
        reasons: list[str] = []
        shown: Row = {}
        for made_from, url in sources:
            asked: Row = {"made_from": made_from, "url": url}
            try:
                return {**base, **asked, **self._stored(item, made_from, url), "status": "ok", "tries": 1}
            except (FetchFailed, UnusableImage) as error:
                reasons.append(_told(error))
                if isinstance(error, placeholders.Placeholder):
                    shown = {"sha256": error.sha256}
                if _is_of_the_host(error):
                    break
        made_from, url = sources[0]
        goes_on = item["had_status"] == "failed" and _is_same_file(item) and item["had_url"] == url
        tries = _whole(item["had_tries"]) + 1 if goes_on else 1
        failure: Row = {"status": "failed", "error": "; then the original: ".join(reasons), "tries": tries}
        return {**base, "made_from": made_from, "url": url, **shown, **failure}

    def _sources(self, item: Row) -> list[tuple[str, str]]:
        """What to ask for, the best first: the smallest standard thumbnail that covers, then the original.

        The original alone where it is smaller or wanted, or where the thumbnail is but an icon of the kind of file.
        """
        file_url, thumb_url, covers_px = item["file_url"], item["thumb_url"], item["thumb_side"]
        covers = isinstance(covers_px, int) and covers_px >= self.max_side
        original = (ORIGINAL, str(file_url))
        if self.originals or thumb_url in (None, file_url) or not covers or placeholders.is_icon(str(thumb_url)):
            return [original]
        return [(THUMBNAIL, str(thumb_url)), original]

    def _stored(self, item: Row, made_from: str, url: str) -> Row:
        with self.large if made_from == ORIGINAL and _whole(item["size_bytes"]) > LARGE_BYTES else nullcontext():
            if made_from == ORIGINAL:
                refuse_bomb(item)
            museum = MUSEUMS.get(str(item["source"]))
            answer = self._answer(url, museum.media if museum else MEDIA)
            sha1 = item["sha1"]
            require_picture(answer, str(sha1) if sha1 is not None and made_from == ORIGINAL else None)
            self.etags.require_md5(answer, str(item["item_id"]))
            picture = self.decoders.normalise(answer.body, max_side=self.max_side)
        # A museum's whole picture may be a version of the file whose size its record gives.
        is_exact = made_from == ORIGINAL and museum is None
        require_size(item, picture, is_exact=is_exact, least_side=self.max_side if made_from == THUMBNAIL else 1)
        if picture.sha256 in self.placeholders:
            raise placeholders.Placeholder(picture.sha256)
        path = self.home.images / picture.sha256[:2] / f"{picture.sha256}.{ENDINGS[picture.mime]}"
        keep(self.home, path, picture.body)
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

    def _answer(self, url: str, policy: HostPolicy) -> Answer:
        """What a file's address answers. It is asked a few times at once: others wait only where the host asks for it.

        A host that once said that we ask too much is asked with all pauses for the rest of the run.
        """
        for tries_left in () if self.is_touchy.is_set() else reversed(range(TRIES_OF_A_FILE)):
            try:
                return self.session.get(url, policy=policy, tries=1)
            except FetchFailed as error:
                if _is_of_the_host(error):
                    self.is_touchy.set()
                    break
                if error.permanent or not tries_left or "HTTP 403" in str(error):
                    raise
                log.warning("%s; asked again, %d times at most", error, tries_left)
        return self.session.get(url, policy=policy)


def _is_of_the_host(error: Exception) -> bool:
    """Whether the next address would fare no better."""
    return isinstance(error, RequestRejected) or OF_THE_HOST.search(str(error)) is not None


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


def _size(item: Row, width: str, height: str) -> tuple[int, int]:
    return _whole(item[width]), _whole(item[height])


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _in_order(
    pool: ThreadPoolExecutor, work: Callable[[Row], Row | None], items: Iterable[Row], *, ahead: int
) -> Iterator[Row | None]:
    """Results in the order of `items`, with a few ahead of the reader and never all of them."""
    waiting: list[Future[Row | None]] = []
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
