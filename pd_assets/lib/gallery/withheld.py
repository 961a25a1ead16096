"""What may not be shown as of now, whatever an index of the gallery says that is older than a takedown of a second ago:
what is taken down (release/taken.py), and what waits since its evidence is stale.
"""

from dataclasses import dataclass

from pd_assets.lib.catalog.left_out import STALE
from pd_assets.lib.catalog.stale_now import stale_now
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home
from pd_assets.lib.release.taken import Taken, taken
from pd_assets.lib.settings import STALE_DAYS


@dataclass(frozen=True, kw_only=True)
class AsOfNow:
    """Both at a moment, for who asks of many pictures. `unknown`: why nobody can tell what is stale."""

    taken: Taken
    stale: frozenset[str]
    unknown: str = ""

    def now(self) -> "AsOfNow":
        return self

    def why(self, item_id: str | None, *known_by: str | None) -> str | None:
        """Why a picture is withheld that is known by these; None where it is not."""
        return self.taken.why(item_id, *known_by)

    def left_out(self, item_id: str) -> str:
        """Why an item waits, since its evidence is stale or nobody can tell; "" where it does not."""
        return self.unknown or (STALE if item_id in self.stale else "")


@dataclass(frozen=True)
class Withheld:
    """The same of a home, looked at again each time."""

    home: Home
    stale_days: int = STALE_DAYS

    def now(self) -> AsOfNow:
        """All of it as of now."""
        known = taken(self.home)
        try:
            return AsOfNow(taken=known, stale=stale_now(self.home, self.stale_days))
        except (PdError, OSError) as error:
            return AsOfNow(taken=known, stale=frozenset(), unknown=" ".join(str(error).split()))

    def why(self, item_id: str | None, *known_by: str | None) -> str | None:
        """The same as of now."""
        return taken(self.home).why(item_id, *known_by)
