"""The code location: `build_defs` puts the parts together, and the module-level `defs` is its one call.

Nothing happens at import: no client is built, no torch imported, no home made. Of the environment it is read where the
home lies, since the number of its buckets is that of partitions.
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
    release,
    rights,
    smithsonian,
    templates,
)
from pd_assets.checks.every import every_check
from pd_assets.jobs import jobs, over_all_buckets
from pd_assets.lib.errors import ConfigError
from pd_assets.partitions import by_bucket, number_of_buckets
from pd_assets.resources import Platform
from pd_assets.schedules import schedules
from pd_assets.sensors import sensors
from pd_assets.sensors.watch import Watch

GROUPS = (commons, templates, smithsonian, cleveland, catalog, rights, images, dataset, models, evaluation, release)


def build_defs(**resource_overrides: object) -> dg.Definitions:
    """The whole code location; tests pass resources of their own."""
    resources = {"platform": Platform(), **resource_overrides}
    number = _number_of_buckets(resources["platform"])
    chosen = over_all_buckets(jobs, number)
    return dg.Definitions(
        assets=by_bucket([asset for group in GROUPS for asset in group.assets], number),
        asset_checks=list(every_check()),
        jobs=list(chosen.values()),
        schedules=schedules,
        sensors=[sensor.asking_for(chosen) if isinstance(sensor, Watch) else sensor for sensor in sensors],
        resources=resources,
        executor=dg.in_process_executor,
    )


def _number_of_buckets(platform: object) -> int:
    """That of the home; 1 where the settings are wrong, as the steps will say."""
    try:
        return number_of_buckets(platform.settings()) if isinstance(platform, Platform) else 1
    except ConfigError:
        return 1


defs = build_defs()
