"""A table of several part files that is switched as a whole: `catalog/items` is a link to the current generation.

`catalog/.items/<number>/` holds one generation. What did not change is hard-linked from the one before, which stays
until the next switch, so that whoever began to read it may end. No schemas and no Parquet in here.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def current(folder: Path) -> Path | None:
    """The generation that a table's link names, or None where there is none."""
    return folder.resolve() if folder.is_symlink() and folder.is_dir() else None


@contextmanager
def next_generation(folder: Path) -> Iterator[Path]:
    """An empty folder that takes the table's place when the block ends well. For one writer at a time."""
    kept = folder.with_name(f".{folder.name}")
    kept.mkdir(parents=True, exist_ok=True)
    before = current(folder)
    for path in kept.iterdir():
        if path != before and path.is_dir():
            shutil.rmtree(path)
    number = int(before.name) + 1 if before is not None and before.name.isdecimal() else 1
    new = kept / str(number)
    new.mkdir()
    yield new
    link = kept / "next"
    link.unlink(missing_ok=True)
    link.symlink_to(new.relative_to(folder.parent))
    if folder.is_dir() and not folder.is_symlink():
        # Somebody wrote the table as a plain folder; a link cannot replace one at once.
        os.replace(folder, kept / "plain")
    os.replace(link, folder)


def share(path: Path, folder: Path) -> None:
    """The same file in another generation: linked, or copied where the file system knows no links."""
    try:
        os.link(path, folder / path.name)
    except OSError:
        shutil.copy2(path, folder / path.name)
