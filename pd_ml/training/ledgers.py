"""From what a stage used of its dataset to the ledger in its export."""

import json
from dataclasses import replace

from pd_ml.data.shards import verify_once
from pd_ml.ledger import write_ledger
from pd_ml.provenance import JOB
from pd_ml.training.loop import Outcome
from pd_ml.training.workshop import Job


def keep_ledger(job: Job, outcome: Outcome) -> Outcome:
    """Write what the training used of its dataset into the export, and count the pictures that were learnt from.

    A stage that does not say what it used leaves no ledger: whoever asks takes everything for seen.
    """
    used = outcome.used
    if used is None:
        return outcome
    version = str(json.loads((job.partial / JOB).read_text())["version"])
    verify_once(job.dataset, cache=job.cache)
    scratch = job.partial / "ledger"
    write_ledger(job.export, job.dataset, stage=job.stage, version=version, used=used, scratch=scratch)
    return replace(outcome, counts={**outcome.counts, "pictures_trained_on": len(used.rows)})
