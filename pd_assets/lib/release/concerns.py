"""What was withdrawn since of the pictures that models learnt from or were measured with; kept while nothing changes.

What cannot be told counts as a concern: it is said why, and no sheet that may show such a picture is shown.
"""

from dataclasses import dataclass

from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, ITEMS, MEMBERS, TAKEDOWNS
from pd_assets.lib.catalog.while_unchanged import Place, WhileUnchanged
from pd_assets.lib.errors import PdError
from pd_assets.lib.release.lineage import Model
from pd_assets.lib.release.withdrawals import Exposure, Withdrawn, exposures, find_withdrawn

TABLES = (CLUSTERS, DECISIONS, ITEMS, MEMBERS, TAKEDOWNS)


@dataclass(frozen=True, kw_only=True)
class Concerns:
    """Of all models of a home. `unknown` says why nothing can be told."""

    withdrawn: tuple[Withdrawn, ...] = ()
    exposed: tuple[Exposure, ...] = ()
    unknown: str = ""

    def of(self, model: Model) -> Exposure | None:
        key = (model.stage, model.version)
        return next((one for one in self.exposed if (one.model.stage, one.model.version) == key), None)

    def may_show_pictures_of(self, dataset_version: str) -> bool:
        """Whether no picture of a dataset version was withdrawn."""
        return not self.unknown and not any(dataset_version in one.versions for one in self.withdrawn)


def concerns(kept: WhileUnchanged, *, profile: str) -> Concerns:
    """Found again once a table or a model is another."""
    home = kept.home
    places: list[Place] = [*TABLES, home.root / "models", *sorted((home.root / "models").glob("[!.]*"))]
    places += [home.root / "rights" / "takedowns" / "noted", home.root / "evaluation" / "report"]

    def find() -> Concerns:
        try:
            withdrawn = find_withdrawn(home, profile=profile)
            return Concerns(withdrawn=withdrawn, exposed=tuple(exposures(home, withdrawn)))
        except (PdError, OSError) as error:
            return Concerns(unknown=" ".join(str(error).split()))

    return kept.answer(f"concerns {profile}", places, find)
