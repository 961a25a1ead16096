"""Runs that a command of ours makes, as the UI's front page and the pages of jobs look for them: by code location.

A run of `dagster job execute` names none, and would be in the list of all runs alone.
"""

from pathlib import Path

import dagster as dg

from pd_assets.running.private import (
    REPOSITORY_LABEL_TAG,
    LoadableTargetOrigin,
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteRepositoryOrigin,
)

# As workspace.yaml and pyproject.toml name it.
LOCATION, MODULE, REPOSITORY = "pd", "pd_assets.definitions", "__repository__"
# With it a run is on the page of its job from its start.
TAGS = {REPOSITORY_LABEL_TAG: f"{REPOSITORY}@{LOCATION}"}


def place(instance: dg.DagsterInstance, run_id: str | None) -> None:
    """Have an ended run on the front page too. Not one under way: its next event could be lost."""
    run = instance.get_run_by_id(run_id) if run_id is not None else None
    if run is None or not run.is_finished or run.remote_job_origin is not None:
        return
    module = LoadableTargetOrigin(module_name=MODULE, working_directory=str(Path.cwd()))
    of = ManagedGrpcPythonEnvCodeLocationOrigin(loadable_target_origin=module, location_name=LOCATION)
    origin = RemoteRepositoryOrigin(code_location_origin=of, repository_name=REPOSITORY).get_job_origin(run.job_name)
    instance.run_storage.replace_job_origin(run, origin)
