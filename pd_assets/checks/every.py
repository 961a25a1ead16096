"""All checks of the platform, and those of them that keep a model from being released while they fail."""

from collections.abc import Iterator

import dagster as dg

from pd_assets.checks import catalog, cleveland, commons, dataset, models, release, rights, smithsonian
from pd_assets.lib.home import Home
from pd_assets.lib.release.gates import chain_of, released_model
from pd_assets.running.history import failed_checks

CHECKS = (catalog, cleveland, commons, dataset, models, release, rights, smithsonian)


def every_check() -> Iterator[dg.AssetChecksDefinition]:
    """Of all groups."""
    for group in CHECKS:
        yield from group.checks


def against_release(instance: dg.DagsterInstance, home: Home, stage: str, version: str) -> list[str]:
    """The checks that failed last as an error; not those of bundles, nor of models that have no part in this one."""
    stages = {one.stage for one in chain_of(home, released_model(home, stage, version))}
    keys = [
        key
        for check in every_check()
        for key in check.check_keys
        if key.asset_key != release.BUNDLE and (key.asset_key.path[0] != "models" or key.asset_key.path[-1] in stages)
    ]
    return [f"{key.asset_key.to_user_string()}:{key.name}" for key in failed_checks(instance, keys)]
