"""The records of a bundle against one another and against its files: each model's `run.json`, the evaluation's, and the
manifests of the datasets. No torch in here. Errors: BundleError.

A record is sealed: it names by digest what came out, and what it was made of. So the weights lead to the records of all
models behind them, and these to the ledgers that their trainings wrote.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pd_ml.bundle import layout
from pd_ml.bundle.distrust import Problem
from pd_ml.bundle.facts import read_release
from pd_ml.bundle.records import read_dataset, read_record
from pd_ml.bundle.sealing import Sealed
from pd_ml.bundle.trainings import problems_of_training
from pd_ml.data.shards import Manifest, digest_of
from pd_ml.errors import BundleError
from pd_ml.provenance import (
    LEDGER,
    RUN,
    RunRecord,
    digest_of_outputs,
    is_decisive,
    is_proven,
    sealed_members,
)
from pd_ml.room.levels import CONTAINER, KERNEL

EVALUATE = "evaluate"
# What an evaluation calls its report.
_REPORT = "report.json"
_ENFORCED = (KERNEL, CONTAINER)
# The files at the top of a bundle, all of which it has.
REQUIRED = (
    *(layout.RELEASE, layout.LEDGER, layout.EVALUATION, layout.SAMPLES, layout.RUN),
    *layout.PAPERS,
    *(layout.MANIFEST, layout.SIGNATURE, layout.PUBLIC_KEY),
)


@dataclass(frozen=True, kw_only=True)
class Chain:
    """What could be read: records of models by their folder, the model itself, the evaluation's, and the datasets."""

    models: Mapping[str, RunRecord]
    own: tuple[str, RunRecord] | None
    evaluations: Mapping[str, RunRecord]
    datasets: Mapping[str, Manifest]


def read_chain(folder: Path) -> tuple[Chain, list[Problem]]:
    """The records and manifests of a bundle, and those that cannot be read."""
    problems: list[Problem] = []
    runs: dict[str, RunRecord] = {}
    datasets: dict[str, Manifest] = {}
    for place in sorted((folder / layout.CHAIN).iterdir()):
        is_dataset = (place / layout.DATASET_MANIFEST).is_file()
        name = f"{layout.CHAIN}/{place.name}/{layout.DATASET_MANIFEST if is_dataset else RUN}"
        try:
            if is_dataset:
                datasets[place.name] = read_dataset(folder / name)
            else:
                runs[place.name] = read_record(folder / name)
        except BundleError as error:
            problems.append(Problem(file=name, text=str(error)))
    models = {name: run for name, run in runs.items() if run.stage != EVALUATE}
    own: tuple[str, RunRecord] | None = None
    try:
        release = read_release(folder)
        own = next(
            (one for one in models.items() if (one[1].stage, one[1].version) == (release.stage, release.version)), None
        )
    except (BundleError, TypeError, KeyError):
        # Told where release.json is read.
        pass
    evaluations = {name: run for name, run in runs.items() if run.stage == EVALUATE}
    return Chain(models=models, own=own, evaluations=evaluations, datasets=datasets), problems


def problems_of_chain(chain: Chain, found: Mapping[str, Sealed]) -> list[Problem]:
    """What does not fit together of records, datasets and files; `found` has the files' own digests."""
    if chain.own is None:
        text = "no record of the model that release.json names; this is half a bundle, fetch it again"
        return [Problem(file=layout.CHAIN, text=text)]
    problems = [
        Problem(file=f"{layout.CHAIN}/{name}/{RUN}", text=text)
        for name, run in (*chain.models.items(), *chain.evaluations.items())
        for text in (*_of_record(name, run), *_of_dataset(run, chain), *_of_inputs(run, chain))
    ]
    for name, run in (*chain.models.items(), *chain.evaluations.items()):
        problems += _of_output(f"{layout.CHAIN}/{name}/{layout.CHAIN_LEDGER}", run, LEDGER, found)
    for name, manifest in chain.datasets.items():
        problems += [
            Problem(file=f"{layout.CHAIN}/{name}/{layout.DATASET_MANIFEST}", text=text)
            for text in _of_manifest(name, manifest, chain)
        ]
    return [*problems, *_of_own(*chain.own, found), *_of_evaluation(chain, found), *_of_strangers(chain, found)]


def _of_record(name: str, run: RunRecord) -> Iterator[str]:
    if name != f"{run.stage}-{run.version}":
        yield f"the record of {run.stage} {run.version} in the folder {name}"
    if not run.seal:
        yield "without a seal, so that nothing proves it; expected a record of this version of the project"
    if not run.proven:
        yield "unproven: pictures without proof of their rights were in it, or in what it was made of"
    # An evaluation trains nothing, and needs no clean room.
    expected = (*_ENFORCED, "") if run.stage == EVALUATE else _ENFORCED
    if run.level not in expected:
        told = run.level or "nothing told"
        yield f"clean room: {told!r}, expected {KERNEL!r}; nothing kept foreign inputs out"
    if run.digest != digest_of_outputs(run.outputs):
        yield f"its digest {run.digest[:16]} is not that of its outputs"


def _of_dataset(run: RunRecord, chain: Chain) -> Iterator[str]:
    manifest = next((one for one in chain.datasets.values() if one.version == run.dataset_version), None)
    if manifest is None:
        yield f"its dataset {run.dataset_version} is not in the bundle"
        return
    if run.inputs.get("dataset", manifest.digest) != manifest.digest:
        yield f"made of the dataset {run.inputs['dataset'][:16]}, the manifest is that of {manifest.digest[:16]}"
    if run.members != sealed_members(manifest):
        yield f"its list of pictures {run.members[:16]} is not the one that the dataset sealed"
    if run.item_count != sum(manifest.counts.values()):
        yield f"{run.item_count} pictures in its dataset, the manifest says {sum(manifest.counts.values())}"


def _of_inputs(run: RunRecord, chain: Chain) -> Iterator[str]:
    if run.stage == EVALUATE:
        return
    digests = {one.digest: one for one in chain.models.values()}
    yield from problems_of_training(run, digests)
    for name, digest in run.inputs.items():
        if name != "dataset" and digest not in digests:
            yield f"made of {name} {digest[:16]}, of which the bundle has no record"


def _of_manifest(name: str, manifest: Manifest, chain: Chain) -> Iterator[str]:
    if name != f"dataset-{manifest.version}":
        yield f"the manifest of {manifest.version} in the folder {name}"
    if manifest.digest != digest_of(manifest.shards):
        yield f"its digest {manifest.digest[:16]} is not that of its shards"
    if not is_proven(manifest):
        yield "unproven: it has pictures without proof of their rights"
    if all(run.dataset_version != manifest.version for run in (*chain.models.values(), *chain.evaluations.values())):
        yield "no record names it; it is no part of the chain"


def _of_output(file: str, run: RunRecord, output: str, found: Mapping[str, Sealed]) -> list[Problem]:
    """Whether a file of the bundle is the output of a record."""
    expected = run.outputs.get(output)
    of = f"{run.stage} {run.version}"
    if expected is None:
        return [Problem(file=file, text=f"the record of {of} names no {output}, so that nothing proves it")]
    if file not in found:
        return [Problem(file=file, text=f"is missing, and the record of {of} names it; fetch the bundle again")]
    if found[file].sha256 != expected:
        text = (
            f"SHA-256 {found[file].sha256[:16]}, the record of {of} seals {expected[:16]}; it is not what was written"
        )
        return [Problem(file=file, text=text)]
    return []


def _of_own(name: str, run: RunRecord, found: Mapping[str, Sealed]) -> Iterator[Problem]:
    """The weights, and the record at the top."""
    within = f"{layout.CHAIN}/{name}/{RUN}"
    if layout.RUN in found and found[layout.RUN] != found.get(within):
        yield Problem(file=layout.RUN, text=f"is not the same as {within}; fetch the bundle again")
    there = {path.removeprefix(f"{layout.PIPELINE}/") for path in found if path.startswith(f"{layout.PIPELINE}/")}
    decisive = {output for output in run.outputs if is_decisive(output)}
    for output in sorted(there | decisive):
        if output not in run.outputs:
            text = f"the record of {run.stage} {run.version} does not name it; remove it"
            yield Problem(file=f"{layout.PIPELINE}/{output}", text=text)
        else:
            yield from _of_output(f"{layout.PIPELINE}/{output}", run, output, found)


def _of_evaluation(chain: Chain, found: Mapping[str, Sealed]) -> Iterator[Problem]:
    assert chain.own is not None
    if len(chain.evaluations) != 1:
        told = ", ".join(chain.evaluations) or "none"
        yield Problem(file=layout.CHAIN, text=f"expected the record of one evaluation, found {told}")
    model = chain.own[1]
    for name, run in chain.evaluations.items():
        if run.inputs.get(model.stage) != model.digest:
            text = f"measured {run.inputs.get(model.stage, 'none')[:16]}, not this {model.stage} {model.digest[:16]}"
            yield Problem(file=f"{layout.CHAIN}/{name}/{RUN}", text=text)
        yield from _of_output(layout.EVALUATION, run, _REPORT, found)
        yield from _of_output(layout.SAMPLES, run, layout.SAMPLES, found)


def _is_read_as_record(file: str, found: Mapping[str, Sealed]) -> bool:
    """A record that cannot be read is told of where it is read; beside the manifest of a dataset none is."""
    folder, _, name = file.rpartition("/")
    is_record = name == RUN and folder.count("/") == 1 and folder.startswith(f"{layout.CHAIN}/")
    return is_record and f"{folder}/{layout.DATASET_MANIFEST}" not in found


def _of_strangers(chain: Chain, found: Mapping[str, Sealed]) -> Iterator[Problem]:
    """Files that no bundle has: a digest and a signature alone do not make them part of one."""
    runs = {f"{layout.CHAIN}/{name}/{file}" for name in (*chain.models, *chain.evaluations) for file in (RUN, LEDGER)}
    datasets = {f"{layout.CHAIN}/{name}/{layout.DATASET_MANIFEST}" for name in chain.datasets}
    for file in sorted(found):
        is_known = file in REQUIRED or file in runs or file in datasets or _is_read_as_record(file, found)
        if not is_known and not file.startswith(f"{layout.PIPELINE}/"):
            yield Problem(file=file, text="no file of a bundle; remove it")
