"""The arithmetic that finished trainings took, counted from their records on models that have shapes and no weights.

Forward and backward of every picture that was shown (`images_seen`), as `estimate` counts them before a training: not
of validation, previews and evaluation, nor of a VAE's critic and its distance in CLIP.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pd_ml.config import config_from_json
from pd_ml.provenance import INIT_FROM, RunRecord, read_run
from pd_ml.recipes import STAGE_INPUTS
from pd_ml.training.estimate import estimate


def training_flop(folders: Sequence[Path]) -> Mapping[str, float | None]:
    """FLOP of each model in these folders, which hold what they were made of, by `<stage> <version>`; None where it is
    not known.
    """
    runs = {folder: read_run(folder) for folder in folders}
    by_digest = {run.digest: folder for folder, run in runs.items()}
    return dict(sorted((f"{run.stage} {run.version}", _flop(run, by_digest)) for run in runs.values()))


def _flop(run: RunRecord, by_digest: Mapping[str, Path]) -> float | None:
    wanted = {*STAGE_INPUTS.get(run.stage, ()), *({INIT_FROM} & run.inputs.keys())}
    inputs = {name: by_digest[run.inputs[name]] for name in wanted if run.inputs.get(name) in by_digest}
    if len(inputs) < len(wanted) or "images_seen" not in run.counts:
        return None
    found = estimate(config_from_json(run.stage, json.dumps(run.config)), inputs)
    # Without a model to train by gradients there is next to nothing to count.
    return 0.0 if found is None else float(found.flops_per_image * run.counts["images_seen"])
