"""A training's record and a dataset's manifest as they lie in a bundle: what they say, or why they are none.

How they fit together is told by `chain`. No torch in here. Errors: BundleError, which names no path.
"""

from pathlib import Path

from pd_ml.bundle.distrust import misfits, read_json
from pd_ml.data.shards import Manifest, ShardError, parse_manifest
from pd_ml.errors import BundleError, ProvenanceError
from pd_ml.provenance import RunRecord, parse_run


def read_record(path: Path) -> RunRecord:
    """The record in `run.json`; BundleError where it is damaged, altered or has fields of another kind."""
    read_json(path)
    try:
        found = parse_run(path)
    except (ProvenanceError, AttributeError, RecursionError) as error:
        raise BundleError(str(error).removeprefix(f"{path}: ")) from error
    if wrong := misfits(found):
        raise BundleError(f"not a run record: {'; '.join(wrong)}")
    return found


def read_dataset(path: Path) -> Manifest:
    """The manifest of a dataset version; BundleError where it is damaged or has fields of another kind."""
    read_json(path)
    try:
        found = parse_manifest(path)
    except (ShardError, AttributeError, RecursionError) as error:
        raise BundleError(str(error).removeprefix(f"{path}: ")) from error
    if wrong := misfits(found):
        raise BundleError(f"not a dataset manifest: {'; '.join(wrong)}")
    return found
