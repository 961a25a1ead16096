"""The code location: `build_defs` puts the parts together, and the module-level `defs` is its one call.

Nothing happens at import: no environment is read, no client built, no torch imported.
"""

import dagster as dg

from pd_assets.assets import (
    catalog,
    cleveland,
    commons,
    dataset,
    evaluation,
    images,
    models,
    rights,
    smithsonian,
    templates,
)
from pd_assets.checks import catalog as catalog_checks
from pd_assets.checks import cleveland as cleveland_checks
from pd_assets.checks import commons as commons_checks
from pd_assets.checks import dataset as dataset_checks
from pd_assets.checks import models as models_checks
from pd_assets.checks import rights as rights_checks
from pd_assets.checks import smithsonian as smithsonian_checks
from pd_assets.jobs import jobs
from pd_assets.resources import Platform
from pd_assets.schedules import schedules
from pd_assets.sensors import sensors

GROUPS = (commons, templates, smithsonian, cleveland, catalog, rights, images, dataset, models, evaluation)

CHECKS = (
    catalog_checks,
    cleveland_checks,
    commons_checks,
    dataset_checks,
    models_checks,
    rights_checks,
    smithsonian_checks,
)


def build_defs(**resource_overrides: object) -> dg.Definitions:
    """The whole code location; tests pass resources of their own."""
    return dg.Definitions(
        assets=[asset for group in GROUPS for asset in group.assets],
        asset_checks=[check for group in CHECKS for check in group.checks],
        jobs=jobs,
        schedules=schedules,
        sensors=sensors,
        resources={"platform": Platform(), **resource_overrides},
        executor=dg.in_process_executor,
    )


defs = build_defs()
