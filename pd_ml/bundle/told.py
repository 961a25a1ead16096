"""What was told beside the ledgers, held against what is known: `release.json` and the evaluation's report.

No torch in here. Errors: BundleError (a report that cannot be read).
"""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pd_ml.bundle import layout
from pd_ml.bundle.chain import Chain
from pd_ml.bundle.distrust import Problem, is_day, read_json, shown
from pd_ml.bundle.facts import Facts, Release
from pd_ml.bundle.trainings import DATASET
from pd_ml.data.shards import Manifest
from pd_ml.provenance import RunRecord

_VERSION = re.compile(r"[0-9a-f]{16}")
_FREE = "cc0"
_POLICIES = (_FREE, "all")
# More items than any archive has, and more computing than any training took.
_MOST_ITEMS, _MOST_FLOP = 10**12, 1e40

_UPSCALER = "super_resolution"
_UNPROMPTED = ("unet", "latent_unet")
_AUDIT, _AUDIT_OF_CAPTIONS, _ENLARGEMENT = "memorisation", "memorisation_training_captions", "enlargement"
# What an audit drew and looked at beside it, without which it says nothing.
_AUDITED = ("generated", "control_held_out", "control_copies")
# What an evaluation reads beside its dataset and the model.
_JUDGES = ("clip", "attributes", "fid_weights")


def problems_of_release(release: Release) -> list[Problem]:
    """Days that are none, counts below nothing, versions and policies that there are not."""
    texts = [
        *(f"{name} is {shown(repr(told))}, expected 16 hexadecimal digits" for name, told in _versions(release)),
        *(f"{name} is {shown(repr(day))}, expected a day as 2026-11-30" for name, day in _days(release)),
        *(f"{name} is {_few(number)}, expected a number from 0 to {most:g}" for name, number, most in _sums(release)),
    ]
    if release.labels not in _POLICIES:
        texts.append(f"labels is {shown(repr(release.labels))}, expected one of {', '.join(_POLICIES)}")
    return [Problem(file=layout.RELEASE, text=text) for text in texts]


def _versions(release: Release) -> Iterator[tuple[str, str]]:
    named = {"bundle": release.bundle, "version": release.version}
    return ((name, told) for name, told in named.items() if not _VERSION.fullmatch(told))


def _days(release: Release) -> Iterator[tuple[str, str]]:
    if not is_day(release.released_on):
        yield "released_on", release.released_on


def _sums(release: Release) -> Iterator[tuple[str, float, float]]:
    counted = {"taken_down": release.taken_down}
    for name in ("languages", "label_origins", "label_credits", "refused"):
        counted |= {f"{name} {shown(key)}": number for key, number in getattr(release, name).items()}
    for name, number in counted.items():
        if not 0 <= number <= _MOST_ITEMS:
            yield name, number, _MOST_ITEMS
    for name, flop in release.training_flop.items():
        if flop is not None and not 0 <= flop <= _MOST_FLOP:
            yield f"training_flop {shown(name)}", flop, _MOST_FLOP


def _few(number: float) -> str:
    return str(number) if abs(number) < _MOST_FLOP else "a number of many digits"


def problems_of_labels(facts: Facts) -> list[Problem]:
    """The policy of label texts against what datasets say, and both against the captions that were shown."""
    release, problems = facts.release, []
    own = _policy(facts.datasets.get(facts.model.run.dataset_version))
    if own is not None and own != release.labels:
        text = f"labels is {release.labels!r}, the manifest of the model's dataset says {own!r}"
        problems.append(Problem(file=layout.RELEASE, text=text))
    for link in facts.chain:
        of_dataset = _policy(facts.datasets.get(link.run.dataset_version))
        policy = release.labels if link is facts.model else of_dataset
        if _FREE in (policy, of_dataset) and link.captions.keys() - layout.FREE_LABELS:
            told = ", ".join(sorted(link.captions.keys() - layout.FREE_LABELS))
            text = f"{link.name} was shown captions under {told}, by the policy of labels {_FREE!r}"
            problems.append(Problem(file=layout.LEDGER, text=text))
    return problems


def _policy(manifest: Manifest | None) -> str | None:
    told = manifest.facts.get("labels") if manifest is not None else None
    return told if isinstance(told, str) else None


def problems_of_report(folder: Path, chain: Chain) -> list[Problem]:
    """The report against the records: what was measured by what, and that copies were looked for."""
    report = read_json(folder / layout.EVALUATION)
    if chain.own is None or len(chain.evaluations) != 1:
        return []
    model = chain.own[1]
    ((name, run),) = chain.evaluations.items()
    texts = [*_of_measuring(report, model, run), *_of_audits(report, model)]
    problems = [Problem(file=layout.EVALUATION, text=text) for text in texts]
    record = f"{layout.CHAIN}/{name}/run.json"
    for one in (DATASET, "clip"):
        if one not in run.inputs:
            problems.append(Problem(file=record, text=f"names no {one} that it measured with"))
    for one in sorted(run.inputs.keys() - {DATASET, model.stage, *_JUDGES}):
        problems.append(Problem(file=record, text=f"measured with {one}, which no evaluation reads"))
    return problems


def _of_measuring(report: Mapping[str, Any], model: RunRecord, run: RunRecord) -> Iterator[str]:
    expected: dict[str, object] = {
        "inputs": dict(run.inputs),
        "model_stage": model.stage,
        "model_version": model.version,
        "trained_on_this_dataset": model.inputs.get(DATASET) == run.inputs.get(DATASET),
    }
    if "conditioned_on_this_clip" in report:
        expected["conditioned_on_this_clip"] = model.inputs.get("clip") == run.inputs.get("clip")
    for name, value in expected.items():
        if report.get(name) != value:
            yield f"{name} is {shown(repr(report.get(name)))[:120]}, the records give {shown(repr(value))[:120]}"
    for judge in _judges(report):
        if judge != run.inputs.get("clip"):
            yield f"measured by the CLIP {shown(str(judge))[:16]}, which its record does not name"


def _judges(node: object) -> Iterator[object]:
    """The CLIP of each measure that has one."""
    if isinstance(node, Mapping):
        judge = node.get("measured_by")
        if isinstance(judge, Mapping) and "clip" in judge:
            yield judge["clip"]
        for inner in node.values():
            yield from _judges(inner)


def _of_audits(report: Mapping[str, Any], model: RunRecord) -> Iterator[str]:
    if model.stage == _UPSCALER:
        if not isinstance(report.get(_ENLARGEMENT), Mapping):
            yield f"has no {_ENLARGEMENT}, which an evaluation of {model.stage} measures"
        return
    for name in (_AUDIT,) if model.stage in _UNPROMPTED else (_AUDIT, _AUDIT_OF_CAPTIONS):
        audit = report.get(name)
        if not isinstance(audit, Mapping):
            yield f"has no audit of copies ({name}), which every evaluation of {model.stage} makes"
            continue
        for part in _AUDITED:
            told = audit.get(part)
            share = told.get("share") if isinstance(told, Mapping) else None
            if isinstance(share, bool) or not isinstance(share, int | float) or not math.isfinite(share):
                yield f"{name}.{part} tells no share of copies"
