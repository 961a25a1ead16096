"""Where a remote home lies, and where its working copy on this machine does. No network in here."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
LEASE_S = 90.0
PUSH_EVERY_S = 600
WAIT_S = 120


@dataclass(frozen=True, kw_only=True)
class RemoteAddress:
    """`s3://bucket/prefix`, and how this machine works with it.

    `endpoint` is the URL of the S3 API where AWS_ENDPOINT_URL and Amazon's own do not do; `wait_s` how long another
    machine's lease is waited for; `push_every_s` how often a long step's work goes up before it ends.
    """

    bucket: str
    prefix: str
    cache: Path
    endpoint: str | None = None
    wait_s: float = WAIT_S
    push_every_s: float = PUSH_EVERY_S
    lease_s: float = LEASE_S

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def working_copy(self) -> Path:
        """The folder of the working copy and of what is known about it."""
        named = f"{self.endpoint or ''} {self}"
        return self.cache / f"{self.bucket}-{hashlib.sha256(named.encode()).hexdigest()[:16]}"


def default_cache() -> Path:
    """A folder below the user's cache directory."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base) / "public-domain-diffusion"


def split(url: str) -> tuple[str, str] | None:
    """Bucket and prefix of `s3://bucket/prefix`; None for any other URL."""
    scheme, _, rest = url.partition("://")
    bucket, _, prefix = rest.partition("/")
    names = prefix.strip("/").split("/")
    if scheme != "s3" or not BUCKET.fullmatch(bucket) or {".", ".."}.intersection(names) or "" in names[1:]:
        return None
    return bucket, "/".join(names)
