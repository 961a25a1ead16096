"""Fetch the accepted items' pictures, a file at a time, and keep every outcome as a row of images/files.

Every so often what was fetched is told to a journal (journal.py), so that an interruption costs little; each bucket of
the table is written once, when it is done with. All buckets' pictures are in one queue. A failure is a row with its
reason, and is tried again on later runs, ever less often, and at once where the file or its address has changed. The
museums give no SHA-1: there a picture is fetched again where its address or what is said of the medium changed.

A thumbnail is made by the archive, and there is no SHA-1 of it. Of a truncated original the archive makes a whole
thumbnail with a grey rest (MediaWiki 1.39 with ImageMagick does): that shows only where originals are asked for.
Where the thumbnail cannot be had, the original is asked for at once. One file that fails is never waited for.
"""

import hashlib
import logging
import os
import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pd_assets.lib.catalog import damage, table_files, tables
from pd_assets.lib.catalog.buckets import bucket_of
from pd_assets.lib.catalog.schemas import FILES
from pd_assets.lib.errors import AccessDenied, ArchiveResting, FetchFailed, PdError, RequestRejected
from pd_assets.lib.home import Home, alone
from pd_assets.lib.http import MEDIA, Answer, PoliteSession
from pd_assets.lib.images import generation, journal, placeholders
from pd_assets.lib.images.decode import ENDINGS, UnusableImage
from pd_assets.lib.images.journal import WRITE_EVERY, Journal, Told
from pd_assets.lib.images.plan import Plan, Wishes, planned
from pd_assets.lib.images.pool import Decoders
from pd_assets.lib.images.proof import Etags, refuse_bomb, require_picture, require_size
from pd_assets.lib.images.stored import keep
from pd_assets.lib.museums.contract import MUSEUMS
from pd_assets.lib.pacing import HostPolicy
from pd_assets.lib.progress import track

Row = dict[str, object]
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
    """What a run did in its buckets: pictures wanted by the decisions, fetched now, failed now. The digest is that of
    the whole table."""

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
    buckets: Collection[int] | None = None,
) -> FetchCounts:
    """Bring some item buckets of images/files in step with the decisions, all if None. Rows of items that are wanted no
    longer are dropped. A placeholder that shows now fails the rows of every bucket.

    With `originals` the originals are fetched, and what was made from thumbnails is made anew.
    """
    with alone(home.images, "fetches pictures"), nullcontext(decoders) if decoders else Decoders() as running:
        _sweep(home)
        journal.settle(home)
        now = datetime.now(UTC).replace(microsecond=0)
        wishes = Wishes(
            profile=profile,
            max_side=max_side,
            originals=originals,
            now=now,
            decoder_began=generation.began(home, now),
        )
        with planned(home, wishes, buckets) as plan:
            fetcher = _Fetcher(
                home=home,
                session=session,
                decoders=running,
                wishes=wishes,
                etags=Etags(home.images / "etags.json"),
                placeholders=placeholders.known(home) if plan.wanted else frozenset(),
            )
            chosen = range(home.buckets) if buckets is None else buckets
            told = fetcher.carry_out(plan, chosen)
        return FetchCounts(
            wanted=sum(damage.row_count(FILES, tables.bucket_file(home, FILES, bucket)) for bucket in chosen),
            fetched=told.ok,
            failed=told.rows - told.ok,
            digest=tables.stored_digest(home, FILES),
        )


def fetch_listed(store: Home, session: PoliteSession, items: Iterable[Row], *, max_side: int) -> Iterator[Row]:
    """Fetch the pictures of some items, each as a plan names it, into the store of a home; how each went is told as a
    row of images/files, and no table is written. Raises at the end what a host said that is asked no more.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    wishes = Wishes(profile="", max_side=max_side, originals=False, now=now, decoder_began=now)
    with alone(store.images, "fetches pictures"), Decoders() as decoders:
        _sweep(store)
        fetcher = _Fetcher(
            home=store,
            session=session,
            decoders=decoders,
            wishes=wishes,
            etags=Etags(store.images / "etags.json"),
            placeholders=frozenset(),
        )
        yield from (row for row in fetcher.fetch_all(items) if row is not None)
    if fetcher.refusals:
        raise fetcher.refusals[0]


def _sweep(home: Home) -> None:
    """Remove what a killed run left half-written. Only under `alone`: nobody is writing now."""
    for folder in home.images.glob("*/"):
        with os.scandir(folder) as found:
            for one in found:
                if one.name.startswith(".") and one.name.endswith(".partial"):
                    Path(one.path).unlink(missing_ok=True)


@dataclass(frozen=True, kw_only=True)
class _Fetcher:
    home: Home
    session: PoliteSession
    decoders: Decoders
    wishes: Wishes
    etags: Etags
    placeholders: frozenset[str]
    is_touchy: threading.Event = field(default_factory=threading.Event)
    # What hosts said that are asked no more in this run. Pictures of others are fetched all the same.
    refusals: list[PdError] = field(default_factory=list)
    large: threading.Lock = field(default_factory=threading.Lock)

    def carry_out(self, plan: Plan, buckets: Collection[int]) -> Told:
        """Fetch what is wanted in one queue, and write each bucket that changes when it is done with."""
        number = self.home.buckets
        told = _Telling(journal=Journal(self.home), plan=plan, etags=self.etags)
        try:
            for row in track(self.fetch_all(plan.todo()), "fetching pictures", total=plan.wanted):
                if row is not None:
                    told.add(row, bucket_of(str(row["item_id"]), number))
        finally:
            # Also when the archive refuses us half-way, or somebody interrupts: what was fetched is kept.
            told.end({*plan.buckets, *(bucket for bucket in buckets if not _is_told(self.home, bucket))})
            counts = told.journal.settle()
        if self.refusals:
            raise self.refusals[0]
        return counts

    def fetch_all(self, todo: Iterable[Row]) -> Iterator[Row | None]:
        """A row for each picture, in their order; None for one whose host is asked no more."""
        # The session lets two of them download at a time; the others wait for a decoder meanwhile.
        threads = MEDIA.concurrency + self.decoders.workers
        with ThreadPoolExecutor(threads, thread_name_prefix="media") as pool:
            yield from _in_order(pool, self._unless_refused, todo, ahead=4 * threads)

    def _unless_refused(self, item: Row) -> Row | None:
        """The row of one picture; None where its host is asked no more. The session knows that without a request."""
        try:
            return self._fetch(item)
        except (AccessDenied, ArchiveResting) as error:
            self.refusals.append(error)
            return None

    def _fetch(self, item: Row) -> Row:
        """Fetch, verify, normalise and store one picture; the row says how it went."""
        base: Row = {"item_id": item["item_id"], "sha1": item["sha1"], "max_side": self.wishes.max_side}
        base |= {"signature": item["signature"], "fetched_at": self.wishes.now}
        # The smallest standard thumbnail that covers, where it will do, and then the original.
        sources = [(ORIGINAL, str(item["file_url"]))]
        if item["thumbnail"] is not None:
            sources.insert(0, (THUMBNAIL, str(item["thumbnail"])))
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

    def _stored(self, item: Row, made_from: str, url: str) -> Row:
        with self.large if made_from == ORIGINAL and _whole(item["size_bytes"]) > LARGE_BYTES else nullcontext():
            if made_from == ORIGINAL:
                refuse_bomb(item)
            museum = MUSEUMS.get(str(item["source"]))
            answer = self._answer(url, museum.media if museum else MEDIA)
            sha1 = item["sha1"]
            require_picture(answer, str(sha1) if sha1 is not None and made_from == ORIGINAL else None)
            self.etags.require_md5(answer, str(item["item_id"]))
            picture = self.decoders.normalise(answer.body, max_side=self.wishes.max_side)
        # A museum's whole picture may be a version of the file whose size its record gives.
        is_exact = made_from == ORIGINAL and museum is None
        require_size(item, picture, is_exact=is_exact, least_side=self.wishes.max_side if made_from == THUMBNAIL else 1)
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


@dataclass(kw_only=True)
class _Telling:
    """Rows on their way into the table, in the order of buckets."""

    journal: Journal
    plan: Plan
    etags: Etags
    fresh: list[Row] = field(default_factory=list)
    bucket: int | None = None
    folded: set[int] = field(default_factory=set)
    belied: set[str] = field(default_factory=set)

    def add(self, row: Row, bucket: int) -> None:
        if self.bucket not in (None, bucket):
            self._end_bucket()
        self.bucket = bucket
        self.fresh.append(row)
        if len(self.fresh) == WRITE_EVERY:
            self._flush()

    def end(self, buckets: Iterable[int]) -> None:
        """Write what was not yet, of all `buckets`."""
        self._flush()
        for bucket in sorted(set(buckets) - self.folded):
            self._fold(bucket)

    def _end_bucket(self) -> None:
        self._flush()
        assert self.bucket is not None
        self._fold(self.bucket)

    def _fold(self, bucket: int) -> None:
        self.journal.fold(bucket, self.plan.gone(bucket))
        self.folded.add(bucket)

    def _flush(self) -> None:
        self.journal.add(tables.as_table(FILES, self.fresh))
        self.fresh = []
        # Of what a host sent before it was known to give the MD5.
        belied = {item: why for item, why in self.etags.belied().items() if item not in self.belied}
        if belied:
            self.belied |= self.journal.fail(belied)


def _is_told(home: Home, bucket: int) -> bool:
    """Whether a bucket has its file, with the digests in its footer that an older version left out."""
    path = tables.bucket_file(home, FILES, bucket)
    return path.is_file() and table_files.tells_digests(FILES, path)


def _is_of_the_host(error: Exception) -> bool:
    """Whether the next address would fare no better."""
    return isinstance(error, RequestRejected) or OF_THE_HOST.search(str(error)) is not None


def _sha1(body: bytes) -> str:
    return hashlib.sha1(body, usedforsecurity=False).hexdigest()


def _is_same_file(item: Row) -> bool:
    """Whether the stored row is about the file that the item is about now."""
    return item["had_sha1"] == item["sha1"] and item["had_signature"] == item["signature"]


def _told(error: Exception) -> str:
    gone = str(error).endswith(("HTTP 404", "HTTP 410"))
    return f"{error}: renamed or deleted since the last sync, which the next sync will see" if gone else str(error)


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
