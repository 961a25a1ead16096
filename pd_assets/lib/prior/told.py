"""What a home says of what was imported into it, for a person."""

from pd_assets.lib.commons.index import load_partition
from pd_assets.lib.home import Home
from pd_assets.lib.prior.kept import IMPORTED, titles


def in_short(home: Home) -> str:
    """How many titles were imported, and of how many the archive has a file; TableError where that cannot be read."""
    count = len(titles(home))
    if not count:
        return "nothing of a prior system (pdd import-prior)"
    synced = load_partition(home, IMPORTED)
    if not synced.parts:
        return f"{count} titles of a prior system, not read yet: pdd run nightly"
    return f"{count} titles of a prior system; the archive has {synced.live} files of them"
