"""How many licensed pictures are new since the dataset that the current model was trained on."""

import hashlib
from dataclasses import dataclass

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import LICENSED, MEMBERS
from pd_assets.lib.home import Home
from pd_assets.lib.release.asking import ROWS, Parts, ask
from pd_assets.lib.release.lineage import models_and_members, newest
from pd_ml.provenance import RUN

# Licensed pictures that a model did not see, and how many it saw.
COMPARED = """
with had as (select distinct item_id, sha256 from seen)
select
    (select count(*) from licensed anti join had using (item_id, sha256)) as new,
    (select count(*) from had) as trained_on
"""


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
    licensed, key = _licensed(home)
    trained = newest(home, model)
    if trained is None:
        return News(licensed=licensed, new=licensed, trained_on=0, key=key)
    found, known = models_and_members(home)
    run = next((one.run for one in found if one.folder == trained and one.is_recorded), None)
    unknown = f"{trained}: its {RUN} cannot be read" if run is None else known.unknown.get(run.dataset_version)
    if run is None or unknown:
        return News(licensed=licensed, new=0, trained_on=licensed, key=key, unknown=unknown)
    seen = Parts(table=MEMBERS, paths=(known.parts[run.dataset_version],))
    told = ask(home, COMPARED, {"licensed": LICENSED, "seen": seen}).to_pylist()[0]
    return News(licensed=licensed, key=key, **told)


def _licensed(home: Home) -> tuple[int, str]:
    """How many pictures are licensed, and what names this set of them; in bounded memory."""
    count, told = 0, hashlib.sha256()
    with tables.engine(home) as connection:
        pairs = tables.relation(connection, home, LICENSED).project("item_id || ' ' || sha256 as pair, item_id, sha256")
        for batch in pairs.order("item_id, sha256").project("pair").to_arrow_reader(ROWS):
            told.update(("\n" * bool(count) + "\n".join(batch["pair"].to_pylist())).encode())
            count += batch.num_rows
    return count, told.hexdigest()[:16]
