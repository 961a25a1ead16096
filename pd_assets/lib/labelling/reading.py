"""The archive asked for the page of a picture that a person has just labelled: that page alone, once."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pd_assets.lib.addresses import archives_of
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.reread import reread_page
from pd_assets.lib.home import Home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.labelling.queue import Unlabelled
from pd_assets.lib.ledger import recording
from pd_assets.lib.settings import Settings, require_contact


def reread(settings: Settings, home: Home, picture: Unlabelled) -> Mapping[str, object]:
    """The page of a picture as the archive has it now, which is stored; ConfigError where no contact is set."""
    with _client(settings, home) as client:
        return reread_page(client, home, picture.pageid, picture.categories)


@contextmanager
def _client(settings: Settings, home: Home) -> Iterator[CommonsClient]:
    contact = require_contact(settings)
    home.claim(settings.commons_api)
    polite = PoliteSession(contact, archives=archives_of(settings))
    with recording(home, "label", polite) as session:
        yield CommonsClient(settings.commons_api, session, thumb_side=settings.max_side, token=settings.commons_token)
