"""What the record of a training has to say by itself: what it was made of, what it counted, in which room it was.

No torch in here.
"""

from collections.abc import Iterator, Mapping

from pd_ml.provenance import INIT_FROM, RunRecord
from pd_ml.recipes import STAGE_INPUTS
from pd_ml.room.levels import least, level_of

DATASET = "dataset"
# What every training counts.
COUNTED = ("images_seen", "pictures_trained_on")


def problems_of_training(run: RunRecord, models: Mapping[str, RunRecord]) -> Iterator[str]:
    """What is wrong with the record of a model; `models` of the bundle by their digests."""
    if run.stage not in STAGE_INPUTS:
        yield f"stage {run.stage!r}, expected one of {', '.join(STAGE_INPUTS)}"
        return
    expected = (DATASET, *STAGE_INPUTS[run.stage])
    for name in expected:
        if name not in run.inputs:
            yield f"names no {name} that it was made of, which every {run.stage} is"
    for name, digest in run.inputs.items():
        if name not in (*expected, INIT_FROM):
            yield f"made of {name}, which no {run.stage} is"
        elif name != DATASET and digest in models:
            stage = run.stage if name == INIT_FROM else name
            if models[digest].stage != stage:
                yield f"made of {name} {digest[:16]}, which is a model of {models[digest].stage}, expected {stage}"
    for name in COUNTED:
        if run.counts.get(name, -1) < 0:
            yield f"does not count {name}, so that nothing proves its ledger"
    if least(run.level, level_of(run.room)) != run.level:
        yield f"clean room: {run.level!r}, its own facts give {level_of(run.room)!r}"
