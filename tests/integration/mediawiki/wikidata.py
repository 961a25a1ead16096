"""The items behind the wiki's Creator pages, and who answers for them.

The test wiki has no Wikibase: Debian has no package of it. Beside it the sandbox answers `action=wbgetentities` for the
artists of its pictures, over HTTP, as Wikidata does beside Commons.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pd_assets.sandbox import Archive, SandboxServer
from pd_assets.sandbox.items import Item
from tests.integration.mediawiki.pages import item_of_artist
from tests.integration.mediawiki.pictures import Picture


@contextmanager
def wikidata_beside(pictures: Iterable[Picture]) -> Iterator[SandboxServer]:
    """A server of the items of these pictures' artists."""
    archive = Archive()
    for picture in pictures:
        row = picture.row
        archive.items[item_of_artist(row.artist)] = Item(name=row.artist, died=row.artist_death_year)
    with SandboxServer(archive) as server:
        yield server
