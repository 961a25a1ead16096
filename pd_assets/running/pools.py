"""Concurrency pools by name; each admits one run at a time.

Dagster looks at them when it takes a run from its queue (`granularity: run`), so none can be kept by a run that died.
The guarantee is the kernel's lock (`home.alone`), which also holds for runs that no queue has seen.
"""

import dagster as dg

COMMONS_API = "commons_api"
SMITHSONIAN = "smithsonian"
CLEVELAND = "cleveland"
MEDIA = "media"
WIKIDATA = "wikidata"
GPU = "gpu"
POOLS = (COMMONS_API, SMITHSONIAN, CLEVELAND, MEDIA, WIKIDATA, GPU)


def set_limits(instance: dg.DagsterInstance) -> None:
    """Note the limit of every pool that has none: Dagster lets the first runs of an unknown pool overlap.

    What somebody set in the UI stays. https://github.com/dagster-io/dagster/issues/31936
    """
    known = {pool.name for pool in instance.event_log_storage.get_pool_limits()}
    for pool in set(POOLS) - known:
        instance.event_log_storage.initialize_concurrency_limit_to_default(pool)
