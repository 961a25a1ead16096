"""What papers say of each file of a bundle: its licence first, one answer for every paper and for the rules on them."""

from collections.abc import Iterator, Mapping

from pd_ml.bundle import layout, terms
from pd_ml.bundle.facts import Facts
from pd_ml.bundle.kinds import kind_of
from pd_ml.data.shards import sha256_of
from pd_ml.provenance import RunRecord

PIPELINE_CODE = f"{layout.PIPELINE}/pipeline.py"
# What a pipeline may bring that runs: its own class, and that of its transformer.
CODE = (PIPELINE_CODE, f"{layout.PIPELINE}/transformer/pd_transformer.py")


def licence_of_file(facts: Facts, path: str) -> str:
    """The licence of a file by its path in the bundle; `public-domain` where none is claimed."""
    if path in CODE:
        return terms.APACHE
    if path == layout.LEDGER or (path.startswith(f"{layout.CHAIN}/") and path.endswith(f"/{layout.CHAIN_LEDGER}")):
        return terms.PUBLIC_DOMAIN
    if path == layout.ATTRIBUTION and facts.counts.attributed:
        return layout.BY_SA
    if path == layout.SAMPLES and sheet_prints_labels(facts):
        return layout.BY_SA
    if path == layout.SAMPLES and shows_real_pictures(facts):
        return terms.PUBLIC_DOMAIN
    return facts.licence


def code_of(facts: Facts) -> list[str]:
    """The files of the pipeline that run."""
    return [path for path in CODE if path in facts.files]


def other_licences(facts: Facts) -> Mapping[str, str]:
    """The files whose licence is another than that of the weights, by path."""
    found = {path: licence_of_file(facts, path) for path in paths(facts)}
    return {path: licence for path, licence in found.items() if licence != facts.licence}


def paths(facts: Facts) -> Iterator[str]:
    """The files that papers name by themselves: weights, facts beside them, and papers."""
    yield from facts.files
    yield from (layout.LEDGER, layout.ATTRIBUTION, layout.SAMPLES, layout.EVALUATION, layout.RUN, layout.RELEASE)
    yield from (f"{layout.CHAIN}/{run.stage}-{run.version}/{layout.CHAIN_LEDGER}" for run in _runs(facts))
    yield from (manifest_path(version) for version in facts.datasets)
    yield from (name for name in layout.PAPERS if name != layout.ATTRIBUTION)


def manifest_path(version: str) -> str:
    """Where the manifest of a dataset version lies."""
    return f"{layout.CHAIN}/dataset-{version}/{layout.DATASET_MANIFEST}"


def digest_of_fact(facts: Facts, path: str) -> str:
    """SHA-256 of a fact: of the sheet as the evaluation's record has it, of others as they lie there."""
    sealed = facts.evaluated.outputs.get(path) if path == layout.SAMPLES else None
    return sealed or sha256_of(facts.folder / path)


def sheet_prints_labels(facts: Facts) -> bool:
    """Whether the sheet of samples prints captions of held-out pictures that may be made of texts under CC BY-SA."""
    measured_on = facts.datasets.get(facts.evaluated.dataset_version)
    policy = facts.release.labels if measured_on is None else measured_on.facts.get("labels", facts.release.labels)
    is_drawn_for_texts = kind_of(facts.release.stage).task == "text-to-image"
    return is_drawn_for_texts and (policy, facts.release.labels) != ("cc0", "cc0")


def shows_real_pictures(facts: Facts) -> bool:
    """Whether the sheet of samples has real pictures beside drawn ones, as that of an upscaler does."""
    return kind_of(facts.release.stage).task == "image-super-resolution"


def _runs(facts: Facts) -> Iterator[RunRecord]:
    yield from (link.run for link in facts.chain)
    yield facts.evaluated
