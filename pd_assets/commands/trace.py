"""`pdd trace`: which datasets and models saw a picture, and how its verdict changed."""

from collections.abc import Iterator

from pd_assets.lib.home import open_home
from pd_assets.lib.release.trace import trace
from pd_assets.lib.settings import Settings


def tell(called: str) -> Iterator[str]:
    """Lines for a person; ConfigError where nothing is called so."""
    yield from trace(open_home(Settings.from_env().home), called).in_words()
