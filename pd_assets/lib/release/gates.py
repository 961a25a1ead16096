"""What keeps a model from being released: all of it at once, each with what was found and what to do.

Only what is known to be right passes: what cannot be told is a reason against. The rules that a bundle has to keep for
whoever receives it are those of `python -m pd_ml verify`; here is what only the house can know, as of today.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pd_assets.lib.catalog.schemas import MODEL_LEDGER
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import ConfigError, PdError
from pd_assets.lib.home import Home
from pd_assets.lib.release import ledger_proof, members
from pd_assets.lib.release.asking import Parts, looking_at
from pd_assets.lib.release.lineage import Model, all_models, models
from pd_assets.lib.release.promotion import JUDGED
from pd_assets.lib.release.withdrawals import judged
from pd_ml.data.shards import MANIFEST
from pd_ml.errors import ProvenanceError
from pd_ml.provenance import LEDGER, RunRecord, read_ledger, read_run, verify_outputs, what_is_told

# So many pictures are told by name.
TOLD = 20
KEPT_BY_KERNEL = "kernel"
# Of the stages the one in which no weights learn.
UNTRAINED = "latents"
# Parts of an evaluation that say whether training pictures are handed out.
AUDITS = ("memorisation", "memorisation_training_captions")
REPORT, SAMPLES = "report.json", "samples.png"
FREE_LABELS, COPYLEFT_LABELS = ("CC0-1.0",), ("CC-BY-SA-4.0",)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a model may not be released: which gate, and what was found there."""

    gate: str
    says: str

    def __str__(self) -> str:
        return f"{self.gate}: {self.says}"


def reasons(home: Home, stage: str, version: str, *, profile: str) -> list[str]:
    """All that keeps a model from being released today, a sentence each; empty where it may be."""
    return [str(one) for one in found(home, stage, version, profile=profile)]


def found(home: Home, stage: str, version: str, *, profile: str) -> list[Reason]:
    """The same by gate; ConfigError where there is no such model."""
    model = released_model(home, stage, version)
    chain = chain_of(home, model)
    gates: tuple[tuple[str, Callable[[], Iterator[str]]], ...] = (
        ("chain", lambda: _chain(model, chain)),
        ("weights", lambda: _weights(home, chain)),
        ("clean room", lambda: _rooms(chain)),
        ("ledger", lambda: _ledgers(chain)),
        ("evidence", lambda: _evidence(home, model)),
        ("rights", lambda: _withdrawn(home, model, profile)),
        ("labels", lambda: _labels(home, model)),
        ("dataset", lambda: _datasets(home, model, chain)),
        ("evaluation", lambda: _evaluation(home, model)),
    )
    return [Reason(gate=gate, says=says) for gate, look in gates for says in _answers(look)]


def _answers(look: Callable[[], Iterator[str]]) -> Iterator[str]:
    """What a gate says; a gate that cannot look is a reason, and the others are still asked."""
    try:
        yield from look()
    except (PdError, ProvenanceError) as error:
        yield f"cannot be told: {error}"


def chain_of(home: Home, model: Model) -> list[Model]:
    """A model, itself first, and all that it was made of or started from; also those whose folder is gone."""
    by_name = {(one.stage, one.version): one for one in all_models(home)}
    return [by_name[one.key] for one in model.sources]


def released_model(home: Home, stage: str, version: str) -> Model:
    """The model of that name; ConfigError with those that there are."""
    known = [one for one in models(home) if one.stage == stage]
    for one in known:
        if one.version == version:
            if stage not in JUDGED:
                raise ConfigError(f"models/{stage} is not evaluated by itself; expected one of {', '.join(JUDGED)}")
            return one
    there = ", ".join(one.version for one in known) or "none"
    raise ConfigError(f"no models/{stage}/{version} in {home.root}; of this stage there are: {there}")


def evaluation_of(home: Home, model: Model) -> Path | None:
    """The folder of the newest evaluation of this very model; None where there is none."""
    there = []
    for folder in sorted((home.root / "evaluation" / "report").glob("[!.]*")):
        if not (folder / REPORT).is_file():
            continue
        told = what_is_told(folder, stage="evaluate")
        if told.problem is None and told.run.inputs.get(model.stage) == model.run.digest:
            there.append((_is_by_its_own_clip(model, told.run), (folder / REPORT).stat().st_mtime_ns, folder))
    return max(there)[2] if there else None


def _is_by_its_own_clip(model: Model, run: RunRecord) -> bool:
    """Measured by the CLIP that it was made with, not by that of the model that it was compared with."""
    return "clip" not in model.run.inputs or run.inputs.get("clip") == model.run.inputs["clip"]


def _chain(model: Model, chain: list[Model]) -> Iterator[str]:
    yield from sorted(model.unknown)
    for one in chain:
        if one.is_recorded and not one.run.proven:
            yield (
                f"{one.stage} {one.version} was trained on pictures without the proof of their rights; train it on "
                "dataset/manifest"
            )


def _weights(home: Home, chain: list[Model]) -> Iterator[str]:
    for one in chain:
        if one.is_there and one.is_recorded:
            home.fetched(one.folder)
            try:
                verify_outputs(one.folder)
            except ProvenanceError as error:
                yield str(error)


def _rooms(chain: list[Model]) -> Iterator[str]:
    for one in chain:
        if one.is_recorded and not one.run.level.startswith(KEPT_BY_KERNEL):
            found = one.run.level or "nothing tells of a clean room"
            yield (
                f"{one.stage} {one.version} was not trained in a clean room that the kernel keeps ({found}); train it "
                "again with PD_CLEAN_ROOM=require"
            )


def _ledgers(chain: list[Model]) -> Iterator[str]:
    for one in chain:
        if one.sources[0].ledger is None:
            yield one.sources[0].why
        elif one.stage != UNTRAINED and ledger_proof.IMAGES_SEEN not in one.run.counts:
            yield f"{one.stage} {one.version}: its record does not say how many pictures it was shown; train it again"
        elif (why := ledger_proof.wrong_sum(one)) is not None:
            yield why


def _evidence(home: Home, model: Model) -> Iterator[str]:
    yield from _few(ledger_proof.unaccepted(home, [model]))


def _few(problems: ledger_proof.Problems) -> Iterator[str]:
    yield from problems.first
    if (more := problems.count - len(problems.first)) > 0:
        yield f"and {more} more like these"


def _withdrawn(home: Home, model: Model, profile: str) -> Iterator[str]:
    """Pictures of its ledgers that lack an accepting decision today, or were taken down.

    Each is judged by itself, whether or not a list of a dataset that held it can be read.
    """
    ledgers = tuple(ledgers_of(home, model))
    if not ledgers:
        return
    lists = tuple(members.known(home).parts.values())
    with judged(home, "gate_held", lists=lists, ledgers=ledgers, profile=profile) as connection:
        rows = connection.sql(load("gate_withdrawn"), params={"most": TOLD}).to_arrow_table().to_pylist()
    for row in rows:
        yield f"{row['item_id']} was {'trained on' if row['is_learnt'] else 'measured with'}: {row['reason']}"
    if rows and (more := rows[0]["problems"] - len(rows)) > 0:
        yield f"and {more} more pictures like these"


def ledgers_of(home: Home, model: Model) -> list[Path]:
    """The proven ledgers of a model, of all that it was made of, and of its evaluation."""
    there = [one.ledger for one in model.sources if one.ledger is not None]
    evaluation = evaluation_of(home, model)
    return sorted({*there, *([evaluation / LEDGER] if evaluation and (evaluation / LEDGER).is_file() else [])})


def _datasets(home: Home, model: Model, chain: list[Model]) -> Iterator[str]:
    """The manifests that a bundle brings."""
    for version in dataset_versions(home, model, chain):
        if dataset_folder(home, version) is None:
            yield (
                f"no dataset version {version} in {home.root}, which the model was trained on or measured with; its "
                "manifest is part of a bundle: restore the folder, or train again"
            )


def dataset_versions(home: Home, model: Model, chain: list[Model]) -> list[str]:
    """The dataset versions of a chain and of the evaluation."""
    evaluation = evaluation_of(home, model)
    of_evaluation = {read_run(evaluation).dataset_version} if evaluation is not None else set()
    return sorted({*(one.run.dataset_version for one in chain if one.is_recorded), *of_evaluation})


def dataset_folder(home: Home, version: str) -> Path | None:
    """The folder of a finished dataset version, under whatever name; None where there is none."""
    there = sorted((home.root / "dataset").glob(f"[!.]*/{version}"))
    return next((folder for folder in there if (folder / MANIFEST).is_file()), None)


def _labels(home: Home, model: Model) -> Iterator[str]:
    """Licences of shown label texts from which no licence of the weights follows."""
    for licence in sorted(shown_licences(home, model)):
        if licence not in (*FREE_LABELS, *COPYLEFT_LABELS):
            yield f"label texts under {licence} were shown, and no licence of the weights follows from that"


def shown_licences(home: Home, model: Model) -> Mapping[str, int]:
    """How often label texts of which licence were shown in the trainings of a model and of what it was made of.

    A licence that a ledger names is there, whatever its count.
    """
    paths = tuple(one.ledger for one in model.sources if one.ledger is not None)
    sql = """
        select licence, coalesce(sum(times), 0)::bigint as times from (
            select caption.licence as licence, caption.times_shown as times
            from (select unnest(captions) as caption from ledgers where relation = 'trained_on')
        ) group by licence
    """
    with looking_at(home, {"ledgers": Parts(table=MODEL_LEDGER, paths=paths)}) as connection:
        return {str(licence): int(times) for licence, times in connection.sql(sql).fetchall()}


def _evaluation(home: Home, model: Model) -> Iterator[str]:
    if not model.is_recorded:
        yield "cannot be told, as nothing proves which weights these are"
        return
    folder = evaluation_of(home, model)
    if folder is None:
        yield f"{model.stage} {model.version} was not evaluated; materialise evaluation/report"
        return
    verify_outputs(folder)
    if not (folder / SAMPLES).is_file():
        yield f"{folder} has no {SAMPLES} any more, as a picture on it was purged; evaluate it again"
    if not read_ledger(folder).is_known:
        yield f"{folder} has no ledger of what it was measured with; evaluate it again"
    report = json.loads((folder / REPORT).read_text())
    for name in AUDITS:
        if (audit := report.get(name)) is not None:
            yield from _audited(name, audit)
    if "enlargement" not in report and AUDITS[0] not in report:
        yield f"{folder} has no audit of copies; evaluate it again"


def _audited(name: str, audit: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """What an audit of copies says against a release, against the floor of pictures that were held out."""
    drawn, floor, known = (audit.get(one, {}) for one in ("generated", "control_held_out", "control_copies"))
    if not known.get("flagged"):
        yield f"{name}: the audit did not tell known copies ({known.get('copies')} of {known.get('n')}); draw more"
    if "exceeds_floor" not in audit:
        yield f"{name}: an older version of this project made the audit, which told less; evaluate it again"
    elif audit["exceeds_floor"] or drawn.get("flagged"):
        yield (
            f"{name}: {drawn.get('copies')} of {drawn.get('n')} drawn pictures are copies of training pictures, of "
            f"held-out ones {floor.get('copies')} of {floor.get('n')}; train longer on more pictures, or smaller"
        )
