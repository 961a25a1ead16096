"""Writers that are killed, each at another request of a publication: PREFIX OF BUCKETS, ENDPOINT, FOLDER, MOST DEATHS.

Writer n has a home of its own, publishes one state, begins a second one, and is killed before its n-th write.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from pd_assets.lib.remote.address import RemoteAddress
from pd_assets.lib.remote.bucket import Bucket
from pd_assets.lib.remote.working_copy import WorkingCopy

OLD = {
    "images/aa/aa00.jpg": "a picture",
    "images/bb/bb00.jpg": "one that will be taken down",
    "rights/decisions/part-0.parquet.txt": "both accepted",
    "models/clip/one/run.json": "what it was made of",
    "models/clip/one/model.safetensors": "weights",
    "models/clip/latest": "one",
}
NEW = {
    "images/aa/aa00.jpg": "a picture",
    "images/cc/cc00.jpg": "a new picture",
    "rights/decisions/part-0.parquet.txt": "one accepted, one new",
    "models/clip/one/run.json": "what it was made of",
    "models/clip/one/model.safetensors": "weights",
    "models/clip/two/model.safetensors": "other weights",
    "models/clip/latest": "two",
}


class Dying(Bucket):
    """A bucket whose writer is killed before a write. 0 lets it live."""

    def __init__(self, address: RemoteAddress) -> None:
        super().__init__(address)
        self.dies_before = 0
        self._writes = 0
        self._counting = threading.Lock()

    def put(self, name: str, body: bytes, *, over: str | None) -> str:
        self._count()
        return super().put(name, body, over=over)

    def upload(self, name: str, file: BinaryIO, size_bytes: int) -> None:
        self._count()
        super().upload(name, file, size_bytes)

    def copy(self, name: str, to: str, size_bytes: int) -> bool:
        self._count()
        return super().copy(name, to, size_bytes)

    def delete(self, names: list[str]) -> None:  # type: ignore[override]
        self._count()
        super().delete(names)

    def _count(self) -> None:
        with self._counting:
            self._writes += self.dies_before > 0
            if self.dies_before and self._writes == self.dies_before:
                os.kill(os.getpid(), signal.SIGKILL)


def fill(root: Path, files: dict[str, str], before: dict[str, str]) -> None:
    """Make the files below a root those that are given."""
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        if before.get(path) != content:
            (root / path).write_text(content)
    for path in before.keys() - files.keys():
        (root / path).unlink()


def write(bucket: str, prefix: str, endpoint: str, folder: Path, dies_before: int) -> None:
    """Publish OLD, then NEW, being killed on the way."""
    address = RemoteAddress(bucket=bucket, prefix=prefix, cache=folder, endpoint=endpoint)
    dying = Dying(address)
    copy = WorkingCopy(bucket=dying)
    copy.root.mkdir(parents=True)
    with copy.at_work():
        fill(copy.root, OLD, {})
        copy.publish()
        fill(copy.root, NEW, OLD)
        dying.dies_before = dies_before


def main() -> None:
    bucket, endpoint, folder, most = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
    for number in range(1, most + 1):
        child = os.fork()
        if child == 0:
            write(bucket, f"killed-{number}", endpoint, folder / str(number), number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        told = f"killed by {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"
        sys.stdout.write(f"{number} {told}\n")


if __name__ == "__main__":
    main()
