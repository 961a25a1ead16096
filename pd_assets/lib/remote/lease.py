"""One machine at a time writes a remote home: an object that a conditional write takes, renews and hands on.

The processes of one machine share its lease through a file beside the working copy. Whether it has run out is told by
the store's clock alone.
"""

import fcntl
import json
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from pd_assets.lib.errors import HomeBusy, LeaseLost, RemoteError
from pd_assets.lib.remote.bucket import Bucket, Conflict, Stored

NAME = ".pd/lease.json"
LOOK_EVERY_S = 2.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The lease of a bucket as this machine sees it; `folder` is where its processes meet."""

    bucket: Bucket
    folder: Path

    @property
    def term_s(self) -> float:
        return self.bucket.address.lease_s

    def take(self) -> None:
        """Hold the lease, waiting for another machine's to end or run out. HomeBusy where that takes too long."""
        deadline = time.monotonic() + self.bucket.address.wait_s
        with self._alone():
            while not self._try(deadline):
                time.sleep(min(LOOK_EVERY_S, self.term_s / 4))

    def renew(self, *, within_s: float | None = None) -> None:
        """Hold it for another term; nothing to do where that was done in the last `within_s`. LeaseLost if gone."""
        with self._alone():
            etag, renewed_at = self._known()
            if within_s is not None and etag and 0 <= time.time() - renewed_at < within_s:
                return
            if not etag or not self._put(over=etag):
                self._forget()
                raise LeaseLost(
                    f"{self.bucket.address} was taken over by {_holder(self.bucket.read(NAME))}, as this machine did "
                    "not renew its lease in time; nothing was published from here; run again"
                )

    def release(self) -> None:
        """Let another machine have it."""
        with self._alone():
            etag, _ = self._known()
            if etag and self.bucket.etag(NAME) == etag:
                self.bucket.delete([NAME])
            self._forget()

    def _try(self, deadline: float) -> bool:
        etag, _ = self._known()
        if etag and self._put(over=etag):
            return True
        found = self.bucket.read(NAME)
        if found is None:
            return self._put(over=None) and self._is_exclusive()
        if _told(found).get("owner") == self._owner or found.age_s > self.term_s:
            return self._put(over=found.etag)
        if time.monotonic() > deadline:
            raise HomeBusy(
                f"{self.bucket.address} is being written by {_holder(found)}; wait for it to end and run again. "
                f"If that machine is dead, its lease runs out {max(0.0, self.term_s - found.age_s):.0f} s from now"
            )
        log.warning("%s is being written by %s; waiting", self.bucket.address, _holder(found))
        return False

    def _put(self, *, over: str | None) -> bool:
        body = {
            "owner": self._owner,
            "host": socket.gethostname(),
            "process": os.getpid(),
            "renewed_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "term_s": self.term_s,
            # Two renewals in one second are two states.
            "mark": uuid4().hex,
        }
        try:
            etag = self.bucket.put(NAME, json.dumps(body).encode(), over=over)
        except Conflict:
            return False
        self._note.write_text(json.dumps({"etag": etag, "at": time.time()}))
        return True

    def _is_exclusive(self) -> bool:
        """RemoteError where the store takes no notice of conditions: two machines would both hold the lease."""
        if self._put(over=None):
            raise RemoteError(
                f"{self.bucket.address}: the store ignores If-None-Match, so that nothing keeps two machines from "
                "writing at once; use one that knows conditional writes, as Amazon S3, MinIO, Ceph and R2 do"
            )
        return True

    @property
    def _note(self) -> Path:
        return self.folder / "lease.json"

    def _known(self) -> tuple[str | None, float]:
        """ETag and time of this machine's last renewal."""
        try:
            told = json.loads(self._note.read_text())
            return str(told["etag"]), float(told["at"])
        except (OSError, ValueError, KeyError, TypeError):
            return None, 0.0

    def _forget(self) -> None:
        self._note.unlink(missing_ok=True)

    @property
    def _owner(self) -> str:
        """Names this working copy. A restart of the machine takes up its own lease."""
        path = self.folder / "owner"
        if not path.is_file():
            path.write_text(uuid4().hex)
        return path.read_text()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.folder / "lease.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _told(found: Stored) -> dict[str, object]:
    try:
        told = json.loads(found.body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _holder(found: Stored | None) -> str:
    if found is None:
        return "another machine, which is done"
    told = _told(found)
    return f"{told.get('host')} (process {told.get('process')}, lease renewed {found.age_s:.0f} s ago)"
