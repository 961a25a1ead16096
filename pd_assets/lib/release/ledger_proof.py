"""What speaks against the ledgers of models: read anew from the files, and judged by queries of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pd_assets.lib.catalog.schemas import EVIDENCE, MODEL_LEDGER, TAKEDOWNS, Table
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home
from pd_assets.lib.release.asking import Parts, ask
from pd_assets.lib.release.lineage import Model, models
from pd_ml.provenance import TRAINED_ON

# Of `run.json`: how many pictures the loop counted that it showed.
IMAGES_SEEN = "images_seen"
# So many problems are told in words: where evidence is lost, there may be one for each picture.
TOLD = 20


@dataclass(frozen=True, kw_only=True)
class Problems:
    """How many there are, and the first of them."""

    count: int
    first: tuple[str, ...]


def untold(home: Home) -> Problems:
    """The models that have no proven ledger, each with why: what they saw is unknown, and treated as seen."""
    without = [one for one in models(home) if one.sources[0].ledger is None]
    return _few([f"{one.stage} {one.version}: {one.sources[0].why}" for one in without])


def wrong_sums(home: Home) -> Problems:
    """The models whose ledger does not add up to what their run counted."""
    found = []
    for model in models(home):
        if (why := wrong_sum(model)) is not None:
            found.append(why)
    return _few(found)


def wrong_sum(model: Model) -> str | None:
    """What does not add up between a model's own ledger and what its run counted."""
    counted, ledger = model.run.counts.get(IMAGES_SEEN), model.sources[0].ledger
    if ledger is None or counted is None or (told := showings(ledger)) == counted:
        return None
    return f"{model.stage} {model.version}: the ledger has {told} showings, the run counted {counted}"


def showings(ledger: Path) -> int:
    """How often a ledger says that pictures were shown, all together."""
    total = 0
    with pq.ParquetFile(ledger) as file:
        for batch in file.iter_batches(columns=["relation", "times_shown"]):
            learnt = batch.filter(pc.equal(batch["relation"], pa.scalar(TRAINED_ON)))
            total += pc.sum(learnt["times_shown"]).as_py() or 0
    return total


def unaccepted(home: Home, of: Sequence[Model] | None = None) -> Problems:
    """Pictures that models (all of them) were trained on without accepting evidence of that time, each with why."""
    return _asked(home, "ledger_unaccepted", {"evidence": EVIDENCE}, models(home) if of is None else of)


def taken_down(home: Home) -> Problems:
    """Pictures that a model in use, or one that it was made of, was trained on and that were taken down since."""
    used = [one for one in models(home) if one.is_in_use]
    return _asked(home, "ledger_taken_down", {"takedowns": TAKEDOWNS}, used)


def _asked(home: Home, sql: str, inputs: dict[str, Table], of: Sequence[Model]) -> Problems:
    ledgers = tuple(sorted({source.ledger for one in of for source in one.sources if source.ledger is not None}))
    if not ledgers:
        return Problems(count=0, first=())
    shown: dict[str, Table | Parts] = {"ledgers": Parts(table=MODEL_LEDGER, paths=ledgers), **inputs}
    found = ask(home, load(sql), shown, {"most": TOLD}).to_pylist()
    told = [f"{row['stage']} {row['version']}: {row['item_id']}: {row['problem']}" for row in found]
    return Problems(count=found[0]["problems"] if found else 0, first=tuple(told))


def _few(told: Sequence[str]) -> Problems:
    return Problems(count=len(told), first=tuple(told[:TOLD]))
