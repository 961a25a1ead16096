"""How many licensed pictures are new since the dataset that the current model was trained on."""

import hashlib
from dataclasses import dataclass

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import LICENSED
from pd_assets.lib.home import Home
from pd_assets.lib.release import members
from pd_assets.lib.release.lineage import models_and_members, newest
from pd_ml.provenance import RUN


@dataclass(frozen=True, kw_only=True)
class News:
    """`licensed` pictures now, `new` of them unseen by the model, which saw `trained_on`; `key` names this set.

    `unknown`: why nobody can tell what the model saw. All is taken as seen then, and nothing is new.
    """

    licensed: int
    new: int
    trained_on: int
    key: str
    unknown: str | None = None


def news_since_training(home: Home, *, model: str) -> News:
    """Compare catalog/licensed_images with the dataset that the model was trained on last; without one all are new.

    A model that was trained and not promoted counts: else each further picture would start a training.
    """
    content = tables.read_or_empty(home, LICENSED, ["item_id", "sha256"])
    pictures = {(str(row["item_id"]), str(row["sha256"])) for row in tables.rows(content)}
    key = hashlib.sha256("\n".join(f"{item} {sha}" for item, sha in sorted(pictures)).encode()).hexdigest()[:16]
    trained = newest(home, model)
    if trained is None:
        return News(licensed=len(pictures), new=len(pictures), trained_on=0, key=key)
    found, known = models_and_members(home)
    run = next((one.run for one in found if one.folder == trained and one.is_recorded), None)
    unknown = f"{trained}: its {RUN} cannot be read" if run is None else known.unknown.get(run.dataset_version)
    if run is None or unknown:
        return News(licensed=len(pictures), new=0, trained_on=len(pictures), key=key, unknown=unknown)
    seen = members.pairs(known.parts[run.dataset_version])
    return News(licensed=len(pictures), new=len(pictures - seen), trained_on=len(seen), key=key)
