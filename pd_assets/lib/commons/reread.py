"""Read one page anew, now, and put it wherever it is stored: for a person who has just edited it.

The next synchronisation finds it as it would have left it. Errors: ArchiveError, FetchFailed, TableError.
"""

from collections.abc import Mapping, Sequence

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.index import DELETED, LEFT, load_partition
from pd_assets.lib.commons.parts import PartitionWriter
from pd_assets.lib.home import Home, alone


def reread_page(client: CommonsClient, home: Home, pageid: int, categories: Sequence[str]) -> Mapping[str, object]:
    """Ask the archive for one page, replace its row in these categories, and return the row.

    A category that the page left stays as it is: the synchronisation notes that. Waits for a running one to end.
    """
    with alone(home.root / "commons", "reads the archive"):
        page = next(iter(client.details([pageid])))
        for category in categories:
            stored = load_partition(home, category)
            at = stored.find(pageid)
            if at is not None and int(stored.statuses[at]) not in (DELETED, LEFT):
                number = int(stored.part_numbers[at])
                tables.sweep(home.partition(PAGES.key, category))
                PartitionWriter(home, category, stored.parts).mend(number, [page.in_category(category)])
        return page.in_category(categories[0] if categories else "")
