"""Where everything lies under PD_HOME, and how it is written: beside its place, then renamed into it.

No table schemas in here (lib/catalog/schemas.py has them) and no Parquet.
"""

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from pd_assets.lib.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Home:
    """The folder PD_HOME and the places in it."""

    root: Path

    def table(self, key: str) -> Path:
        """The folder of a table, `key` as in Dagster: `rights/decisions`."""
        return self.root / key

    def partition(self, key: str, partition: str) -> Path:
        """The subfolder of one partition, its name percent-encoded."""
        return self.table(key) / quote(partition, safe=" ()',;=+&@!")

    def partitions(self, key: str) -> dict[str, Path]:
        """The partitions that a table holds, name -> folder, in the order of their names."""
        folder = self.table(key)
        found = (path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else iter(())
        return {unquote(path.name): path for path in sorted(found) if not path.name.startswith(".")}

    @property
    def images(self) -> Path:
        return self.root / "images"

    @property
    def catalog(self) -> Path:
        return self.root / "catalog.duckdb"

    def dataset(self, name: str, version: str) -> Path:
        return self.root / "dataset" / name / version

    def model(self, name: str, version: str) -> Path:
        return self.root / "models" / name / version

    def latest(self, kind: str, name: str) -> Path | None:
        """The folder that `latest` names for a dataset (`kind` = "dataset") or a model ("models"), or None."""
        version = self.pointed(kind, name, "latest")
        folder = self.root / kind / name / (version or "")
        return folder if version and folder.is_dir() else None

    def pointed(self, kind: str, name: str, pointer: str) -> str | None:
        """The version that a pointer file names, or None where there is none."""
        path = self.root / kind / name / pointer
        return path.read_text().strip() if path.is_file() else None

    def point(self, kind: str, name: str, pointer: str, version: str) -> None:
        """Make a pointer (`latest`, or `exported`: shards that wait for their manifest) name a version."""
        write_text(self.root / kind / name / pointer, version + "\n")

    def claim(self, archive: str) -> None:
        """Note which archive fills this home. ConfigError where another one did: their page ids would be mixed up."""
        marker = self.root / "commons" / "archive.json"
        if marker.is_file():
            found = json.loads(marker.read_text())["api"]
            if found != archive:
                raise ConfigError(
                    f"PD_HOME={self.root} holds pictures of {found}, and PD_COMMONS_API is {archive}; "
                    "set PD_HOME to another folder, or PD_COMMONS_API to the archive of this one"
                )
            return
        write_text(marker, json.dumps({"api": archive}) + "\n")

    @property
    def archive(self) -> str | None:
        """The archive that filled this home, or None while it is empty."""
        marker = self.root / "commons" / "archive.json"
        return str(json.loads(marker.read_text())["api"]) if marker.is_file() else None


def open_home(root: Path) -> Home:
    """The home at `root`, made where it is missing; ConfigError where it cannot be written."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        raise ConfigError(
            f"PD_HOME={root} cannot be written ({error.strerror or error}); set PD_HOME to a folder that you may write"
        ) from error
    return Home(root=root.resolve())


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path`; renamed to it when the block ends well, removed when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".partial")
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o644)
        os.replace(partial, path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ConfigError(f"{path.parent}: no space left on the disk; free some and run again") from error
        raise
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a small text file atomically."""
    with replacing(path) as partial:
        partial.write_text(text)


def remove_folder(folder: Path) -> None:
    """Remove a folder so that no reader sees half of it: rename away, then delete."""
    if folder.is_dir():
        doomed = folder.with_name(f".{folder.name[:80]}.removed")
        shutil.rmtree(doomed, ignore_errors=True)
        os.replace(folder, doomed)
        shutil.rmtree(doomed)
