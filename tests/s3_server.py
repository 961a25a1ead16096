"""An S3 API on loopback, kept in memory by a process of its own, and a home in it as several machines see it."""

import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from pd_assets.lib.home import Home
from pd_assets.lib.remote.address import RemoteAddress
from pd_assets.lib.remote.bucket import Bucket
from pd_assets.lib.remote.working_copy import WorkingCopy
from tests import last_words
from tests.patience import PATIENCE_S, until

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
PREFIX = "a/home"


@contextmanager
def serving() -> Iterator[str]:
    """The URL of a fresh server, which ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (
        tempfile.NamedTemporaryFile(prefix="s3-", suffix=".log") as log,
        last_words.of("the S3 server", Path(log.name)),
        subprocess.Popen(command, stdout=log, stderr=log) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(process, url)
            yield url
        finally:
            process.kill()


def _wait(process: "subprocess.Popen[bytes]", url: str) -> None:
    def answers() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"no S3 API at {url}; exit code {process.poll()}")
        try:
            with urllib.request.urlopen(f"{url}/moto-api/data.json", timeout=PATIENCE_S):
                return True
        except OSError:
            return False

    until(answers)


@dataclass(frozen=True, kw_only=True)
class Store:
    """One bucket of the server, and a folder for the working copies of machines."""

    endpoint: str
    bucket: str
    folder: Path

    @classmethod
    def new(cls, endpoint: str, folder: Path) -> "Store":
        store = cls(endpoint=endpoint, bucket=f"b-{uuid4().hex[:12]}", folder=folder)
        store.objects._fs.call_s3("create_bucket", Bucket=store.bucket)
        return store

    def address(self, machine: str, *, wait_s: float = 0.0, lease_s: float = PATIENCE_S) -> RemoteAddress:
        """The home as a machine of this name reaches it."""
        return RemoteAddress(
            bucket=self.bucket,
            prefix=PREFIX,
            cache=self.folder / machine,
            endpoint=self.endpoint,
            wait_s=wait_s,
            lease_s=lease_s,
        )

    def copy(self, machine: str, *, wait_s: float = 0.0, lease_s: float = PATIENCE_S) -> WorkingCopy:
        """The working copy of a machine, not yet brought up to date."""
        found = WorkingCopy.of(self.address(machine, wait_s=wait_s, lease_s=lease_s))
        found.root.mkdir(parents=True, exist_ok=True)
        return found

    def home(self, machine: str) -> Home:
        """The home as a machine sees it now."""
        copy = self.copy(machine)
        copy.bring_up_to_date()
        return copy.home

    @property
    def objects(self) -> Bucket:
        return Bucket(self.address("nobody"))

    @property
    def names(self) -> set[str]:
        """The files of the home that are in the bucket, under their own names."""
        return {name for name in self.objects.names() if not name.startswith(".pd/")}

    def settings(self, machine: str) -> dict[str, str]:
        """The environment of a command on a machine."""
        return {
            **CREDENTIALS,
            "PD_HOME": f"s3://{self.bucket}/{PREFIX}",
            "PD_HOME_CACHE": str(self.folder / machine),
            "PD_S3_ENDPOINT": self.endpoint,
        }
