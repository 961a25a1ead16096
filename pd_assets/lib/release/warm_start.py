"""Which model a training starts from, where PD_WARM_START asks for it: the one in use, if its weights still fit.

They fit where the architecture is the same and what the model reads means what it meant: the same inputs, or inputs
that themselves started from those. A tokenizer has no weights to start from: the one in use is kept, since other tokens
would make those of CLIP meaningless. Nothing starts from what saw a picture that is no longer free.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home
from pd_assets.lib.release.lineage import Model
from pd_assets.lib.release.withdrawals import exposures, find_withdrawn
from pd_ml.config import StageConfig, to_json
from pd_ml.provenance import INIT_FROM, RunRecord, version_of

# What a model is trained and shown with, in its config, and not what it is.
_NOT_ARCHITECTURE = frozenset({"training", "sampling", "previews", "preview_prompts", "flips", "buckets"})
_DATASET, _TOKENIZER, _LATENTS = "dataset", "tokenizer", "latents"


@dataclass(frozen=True, kw_only=True)
class Start:
    """`finished`: a model that is there already and is all that is asked for; `ancestor`: whose weights to start from.

    `why` says it in words. `inputs` is what the ancestor adds to the inputs of the new model, by digest.
    """

    finished: Path | None = None
    ancestor: Path | None = None
    why: str = "from scratch"
    inputs: Mapping[str, str] = field(default_factory=dict)


def find_start(home: Home, stage: str, config: StageConfig, inputs: Mapping[str, str], *, profile: str) -> Start:
    """How a training of `stage` begins; `inputs` are the digests of its dataset and models."""
    try:
        known = exposures(home, find_withdrawn(home, profile=profile))
    except TableError as error:
        return Start(why=f"from scratch: not known which pictures are still free ({error})")
    clean = [one.model for one in known if not one.may_have_seen and one.model.run.proven]
    for model in clean:
        if model.stage == stage and _is_asked_for(model.run, stage, config, inputs):
            return Start(finished=model.folder, why="was trained before")
    used = next((one for one in clean if one.stage == stage and one.is_latest), None)
    if used is None:
        return Start(why="from scratch: no model in use that saw nothing but free pictures")
    if problem := _problem(used, stage, config, inputs, [one.model for one in known]):
        return Start(why=f"from scratch, not from {used.version}: {problem}")
    if stage == _TOKENIZER:
        return Start(finished=used.folder, why="kept, so that models go on from those in use")
    return Start(ancestor=used.folder, why=f"from {used.version}", inputs={INIT_FROM: used.run.digest})


def _is_asked_for(run: RunRecord, stage: str, config: StageConfig, inputs: Mapping[str, str]) -> bool:
    """Whether a model was trained so, whatever it started from: the same work is not done twice."""
    theirs = {name: digest for name, digest in run.inputs.items() if name != INIT_FROM}
    return theirs == dict(inputs) and run.version == version_of(stage, config, run.inputs)


def _problem(
    used: Model, stage: str, config: StageConfig, inputs: Mapping[str, str], known: Sequence[Model]
) -> str | None:
    """Why a training cannot go on from a model, or None."""
    if stage == _LATENTS:
        return "nothing is learnt in this stage"
    mine, theirs = _architecture(json.loads(to_json(config))), _architecture(used.run.config)
    if changed := sorted(name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)):
        return f"another {', '.join(changed)}"
    by_digest = {one.run.digest: one.run for one in known}
    other = [
        name
        for name, digest in inputs.items()
        if name != _DATASET and not _means_the_same(digest, used.run.inputs.get(name, ""), by_digest)
    ]
    return f"another {', '.join(other)}" if other else None


def _architecture(config: Mapping[str, object]) -> Mapping[str, object]:
    return {name: value for name, value in config.items() if name not in _NOT_ARCHITECTURE}


def _means_the_same(new: str, old: str, by_digest: Mapping[str, RunRecord]) -> bool:
    """Whether one model gives what another one gave: it is that one, went on from it, or is data made by such ones."""
    if new == old:
        return True
    mine, theirs = by_digest.get(new), by_digest.get(old)
    if mine is None:
        return False
    if INIT_FROM in mine.inputs:
        return _means_the_same(mine.inputs[INIT_FROM], old, by_digest)
    if mine.stage != _LATENTS or theirs is None:
        return False
    makers = mine.inputs.keys() - {_DATASET}
    return all(_means_the_same(mine.inputs[name], theirs.inputs.get(name, ""), by_digest) for name in makers)
