"""What was withdrawn since of the pictures that models learnt from or were measured with; kept while nothing changes. A
takedown counts from its note on, before any table has it.

What cannot be told counts as a concern: it is said why, and no sheet that may show such a picture is shown.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, ITEMS, MEMBERS, TAKEDOWNS
from pd_assets.lib.catalog.while_unchanged import Place, WhileUnchanged
from pd_assets.lib.errors import PdError, TableError
from pd_assets.lib.home import Home
from pd_assets.lib.release import members
from pd_assets.lib.release.lineage import Model
from pd_assets.lib.release.notes import NOTED
from pd_assets.lib.release.taken import taken
from pd_assets.lib.release.withdrawals import Exposure, Withdrawn, exposures, find_withdrawn

TABLES = (CLUSTERS, DECISIONS, ITEMS, MEMBERS, TAKEDOWNS)


@dataclass(frozen=True, kw_only=True)
class Concerns:
    """Of all models of a home. `unknown` says why nothing can be told; `told` are the dataset versions of which it is
    known what they held.
    """

    withdrawn: tuple[Withdrawn, ...] = ()
    exposed: tuple[Exposure, ...] = ()
    unknown: str = ""
    told: frozenset[str] = frozenset()

    def of(self, model: Model) -> Exposure | None:
        key = (model.stage, model.version)
        return next((one for one in self.exposed if (one.model.stage, one.model.version) == key), None)

    def may_show_pictures_of(self, dataset_version: str) -> bool:
        """Whether it is known what a dataset version held, and no picture of it was withdrawn."""
        return dataset_version in self.told and not any(dataset_version in one.versions for one in self.withdrawn)


def concerns(kept: WhileUnchanged, *, profile: str) -> Concerns:
    """Found again once a table or a model is another."""
    home = kept.home
    places: list[Place] = [*TABLES, home.root / "models", *sorted((home.root / "models").glob("[!.]*"))]
    places += [home.table(TAKEDOWNS.key) / NOTED, home.root / "evaluation" / "report"]
    places += [home.root / "dataset", *sorted((home.root / "dataset").glob("[!.]*"))]

    def find() -> Concerns:
        try:
            held = members.known(home)
            withdrawn = find_withdrawn(home, profile=profile)
            withdrawn = (*withdrawn, *_noted(home, held, {one.item_id for one in withdrawn}))
            told = frozenset(held.parts.keys() - held.unknown.keys())
            return Concerns(withdrawn=withdrawn, exposed=tuple(exposures(home, withdrawn)), told=told)
        except (PdError, OSError) as error:
            return Concerns(unknown=" ".join(str(error).split()))

    return kept.answer(f"concerns {profile}", places, find)


def _noted(home: Home, held: members.Members, known: Collection[str]) -> Iterator[Withdrawn]:
    """What else is taken down as of now, of what datasets held. TableError where nobody can tell."""
    down = taken(home)
    if down.unread:
        raise TableError("; ".join(down.unread))
    versions: dict[tuple[str, str], list[str]] = {}
    for version, path in held.parts.items() if down.by else ():
        for item_id, sha256 in members.pairs(path):
            if item_id not in known and (item_id in down.by or sha256 in down.by):
                versions.setdefault((item_id, sha256), []).append(version)
    for (item_id, sha256), found in sorted(versions.items()):
        numbers = ", ".join(one.number for one in down.downs(item_id, sha256))
        yield Withdrawn(item_id=item_id, sha256=sha256, reason=f"taken down: {numbers}", versions=tuple(sorted(found)))
