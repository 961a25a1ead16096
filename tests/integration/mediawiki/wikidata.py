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


def death_years(pictures: Iterable[Picture]) -> dict[str, int | None]:
    """When each artist died, as far as the set of pictures says it of any work."""
    died: dict[str, int | None] = {}
    for row in (picture.row for picture in pictures):
        died[row.artist] = row.artist_death_year or died.get(row.artist)
    return died


@contextmanager
def wikidata_beside(pictures: Iterable[Picture]) -> Iterator[SandboxServer]:
    """A server of the items of these pictures' artists."""
    archive = Archive()
    for artist, died in death_years(pictures).items():
        archive.items[item_of_artist(artist)] = Item(name=artist, died=died)
    with SandboxServer(archive) as server:
        yield server
