"""The import: read what the prior system left, keep what may be kept, and say what became of all of it.

The same again changes nothing; one that was interrupted before its end kept nothing, and is run again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.prior.database import is_sqlite, read_database
from pd_assets.lib.prior.folder import read_folder
from pd_assets.lib.prior.found import Found
from pd_assets.lib.prior.kept import Kept, KeptLabel, keep
from pd_assets.lib.prior.labels import Labels


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What was read, what became of its labels, and what is different in the home (or would be)."""

    titles: int
    found: Found
    labels: Labels
    kept: Kept
    is_dry: bool

    @property
    def lines(self) -> list[str]:
        """What a person wants to know, a line each."""
        found, kept = self.found, self.kept
        told = [
            f"titles      {self.titles}: {kept.new} new, {kept.changed} with other labels than before, "
            f"{kept.same} as they were",
            *(f"captions    kept: {line}" for line in self.labels.kept.lines()),
            *(f"captions    refused: {line}" for line in self.labels.refused.lines()),
            f"unreadable  {found.unreadable.total} rows and files",
            *(f"            {line}" for line in found.unreadable.lines()),
            *(f"elsewhere   of another archive, not taken over: {line}" for line in found.elsewhere.lines()),
            *(f"note        {line}" for line in found.notes),
            "pictures    none is taken over, whether they are there or not: each is fetched anew once it is accepted",
            "rights      what it says of them is not read: every title goes through the whole line",
        ]
        if found.banned:
            told.insert(1, f"            {found.banned} that it had given up (banned) are asked for all the same")
        end = "nothing was written (--dry-run)" if self.is_dry else "next: pdd run nightly reads and decides them"
        return [f"PD-Diffusion, {found.what}", *told, end]


def import_prior(home: Home, path: Path, *, api: str, labels: Labels, dry_run: bool = False) -> Imported:
    """Read a database or folder into the home. ConfigError where it is neither, or says nothing usable."""
    found = _read(path, api=api, scratch=home.scratch)
    if not found.by_title:
        why = "; ".join([*found.unreadable.lines(), *(f"{one} of another archive" for one in found.elsewhere.lines())])
        raise ConfigError(
            f"{path}: no title of a file of {api} in it ({why or 'it has no rows'}); give the database or folder of "
            "that archive, or set PD_COMMONS_API"
        )
    count = len(found.by_title)
    kept = keep(home, _judged(found, labels), dry_run=dry_run)
    return Imported(titles=count, found=found, labels=labels, kept=kept, is_dry=dry_run)


def _judged(found: Found, labels: Labels) -> Iterator[tuple[str, list[KeptLabel]]]:
    """Each title with the labels that are kept; what was read of it is forgotten, for there may be very many."""
    while found.by_title:
        title, told = found.by_title.popitem()
        yield title, labels.kept_of(told)


def _read(path: Path, *, api: str, scratch: Path) -> Found:
    try:
        if path.is_dir():
            return read_folder(path, api=api)
        if not path.exists():
            raise ConfigError(f"{path}: there is no such file or folder; give PD-Diffusion's database or flat folder")
        if not path.is_file() or not is_sqlite(path):
            raise ConfigError(
                f"{path}: no SQLite database; expected the file that DATABASE_CONNECTION in PD-Diffusion's .env names, "
                "or its flat folder"
            )
        return read_database(path, api=api, scratch=scratch)
    except PermissionError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); expected something that you may read") from error
