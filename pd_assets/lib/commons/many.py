"""Bring many categories up to date, one after the other: one that fails costs no other, and is told with its reason.

Where several in a row fail and the archive answers no other question either, or very many do, it is not the categories:
the run stops. What the sync of one category is, sync.py says.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pd_assets.lib.catalog.looks import COMMONS
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.index import load_partition
from pd_assets.lib.commons.patience import FailuresInARow
from pd_assets.lib.commons.sync import CategorySync, KnownPages, sync_category
from pd_assets.lib.errors import AccessDenied, ArchiveError, ArchiveResting, FetchFailed, TableError
from pd_assets.lib.home import Home
from pd_assets.lib.progress import track

log = logging.getLogger(__name__)

CANNOT_BE_LISTED = "the archive cannot list it"


@dataclass(kw_only=True)
class ManySync:
    """One run over many categories. `files`: how many the archive counts in each; `failed`: why a category failed.

    `may_pass` is one of the failures that may be gone at the next try.
    """

    client: CommonsClient
    home: Home
    known: KnownPages
    files: Mapping[str, int]
    failed: dict[str, str] = field(default_factory=dict)
    may_pass: FetchFailed | None = None
    _damaged: set[str] = field(default_factory=set)

    def synchronise(self, categories: Sequence[str], *, again: bool = False) -> Iterator[CategorySync]:
        """Synchronise them, as far as the run's limit goes; with `again` what failed is tried once more at the end.

        ArchiveError where so many in a row fail that it is the archive, or all do.
        """
        done = 0
        try:
            for one in self._each(categories):
                done += one.is_complete
                yield one
            if again and self.failed:
                self.may_pass = None
                for one in self._again(sorted(self.failed), is_fatal=not done):
                    done += one.is_complete
                    yield one
        finally:
            self.known.looks.save(self.home, COMMONS)
        if self.failed and not done:
            raise ArchiveError(
                f"none of {len(categories)} categories could be brought up to date; {self._last}"
            ) from self.may_pass

    def _again(self, categories: Sequence[str], *, is_fatal: bool) -> Iterator[CategorySync]:
        """Try these once more; where others were done, an archive that fails for all of them ends nothing but this."""
        try:
            yield from self._each(categories)
        except (AccessDenied, ArchiveResting):
            raise
        except ArchiveError as error:
            if is_fatal:
                raise
            log.warning("%s; the rest of what failed is left to the next run", error)

    @property
    def _last(self) -> str:
        category = list(self.failed)[-1]
        return f"{category}: {self.failed[category]}"

    def _each(self, categories: Sequence[str]) -> Iterator[CategorySync]:
        in_a_row = FailuresInARow(client=self.client)
        for category in track(categories, "synchronising categories", total=len(categories), unit="categories"):
            if self.known.is_exhausted:
                return
            if one := self._one(category):
                in_a_row.went_well()
                yield one
            # A damaged table says nothing of the archive.
            elif category not in self._damaged and in_a_row.are_the_archives():
                raise ArchiveError(f"{in_a_row.count} categories in a row failed; {self._last}") from self.may_pass

    def _one(self, category: str) -> CategorySync | None:
        """The sync of one category, or None where an error ended it."""
        self._damaged.discard(category)
        self.failed.pop(category, None)
        try:
            files = self.files.get(category)
            one = sync_category(self.client, self.home, category, self.known, track, expected_files=files)
        except (AccessDenied, ArchiveResting):
            raise
        except (ArchiveError, TableError) as error:
            log.warning("Category:%s is left as it is until the next run: %s", category, error)
            self.failed[category] = str(error)
            if isinstance(error, TableError):
                self._damaged.add(category)
            if isinstance(error, FetchFailed) and not error.permanent:
                self.may_pass = error
            return None
        if not one.is_complete and not self.known.is_exhausted:
            self.failed[category] = CANNOT_BE_LISTED
        return one


def digest_of_all(home: Home, categories: Iterable[str], synced: Iterable[CategorySync]) -> str:
    """SHA-256 over what is stored of all these categories; of those that were synchronised now it is known."""
    known = {one.category: one.digest for one in synced}
    told = hashlib.sha256()
    for category in sorted(categories):
        told.update(f"{category}\0{known.get(category) or _stored_digest(home, category)}\n".encode())
    return told.hexdigest()


def _stored_digest(home: Home, category: str) -> str:
    try:
        return load_partition(home, category).digest
    except TableError:
        return "damaged"
