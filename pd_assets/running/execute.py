"""One run of a job, executed in this process, and noted as one of the code location that Dagster's UI shows.

`dagster job execute` notes no code location: the front page and the pages of the jobs leave such runs out.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from pd_assets.running.private import (
    MAX_RETRIES_TAG,
    ReconstructableRepository,
    RegisteredCodeLocationOrigin,
    RemoteRepositoryOrigin,
    execute_run,
)

MODULE = "pd_assets.definitions"
# As workspace.yaml calls it, and as Dagster calls the definitions of a module.
LOCATION, REPOSITORY = "pd", "__repository__"
# Whoever started it sees it fail; a daemon that is there would start it again.
NEVER_AGAIN = {MAX_RETRIES_TAG: "0"}


def execute_here(instance: dg.DagsterInstance, job: str, config: Path, tags: Mapping[str, str]) -> bool:
    """Run a job with the configuration in a JSON file; whether it succeeded."""
    reconstructable = ReconstructableRepository.for_module(MODULE, "defs").get_reconstructable_job(job)
    definition = reconstructable.get_definition()
    run = instance.create_run_for_job(
        job_def=definition,
        run_config=json.loads(config.read_text()),
        tags={**definition.run_tags, **NEVER_AGAIN, **tags},
        job_code_origin=reconstructable.get_python_origin(),
        remote_job_origin=RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(LOCATION), REPOSITORY).get_job_origin(
            job
        ),
    )
    return execute_run(reconstructable, run, instance, raise_on_error=False).success
