"""All checks of the platform, and those of them that keep a model from being released while they fail."""

from collections.abc import Collection, Iterator

import dagster as dg

from pd_assets.checks import catalog, cleveland, commons, dataset, models, release, rights, smithsonian
from pd_assets.lib.home import Home
from pd_assets.lib.release.gates import chain_of, released_model
from pd_assets.running.history import has_failed, last_evaluation

# What a released model rests on in any case, beside the models that it was made of.
NEEDED = ("catalog/licensed_images", "dataset/manifest", "evaluation/report")
CHECKS = (catalog, cleveland, commons, dataset, models, release, rights, smithsonian)


def every_check() -> Iterator[dg.AssetChecksDefinition]:
    """Of all groups."""
    for group in CHECKS:
        yield from group.checks


def against_release(instance: dg.DagsterInstance, home: Home, stage: str, version: str) -> list[str]:
    """The checks that failed last as an error, or that are needed and were never made.

    None of models that have no part in this one, and none of release/: what those look at the gates look at themselves.
    """
    stages = {one.stage for one in chain_of(home, released_model(home, stage, version))}
    keys = [key for check in every_check() for key in check.check_keys if _is_about(key, stages)]
    last = {key: last_evaluation(instance, key) for key in keys}
    return [
        *(f"{_name(key)} failed the last time; `pdd up` shows why" for key, found in last.items() if has_failed(found)),
        *(
            f"{_name(key)} was never made; materialise its asset"
            for key, found in last.items()
            if found is None and _is_needed(key)
        ),
    ]


def _is_about(key: dg.AssetCheckKey, stages: Collection[str]) -> bool:
    group, *_, last = key.asset_key.path
    return group != "release" and (group != "models" or last in stages)


def _is_needed(key: dg.AssetCheckKey) -> bool:
    return key.asset_key.path[0] == "models" or key.asset_key.to_user_string() in NEEDED


def _name(key: dg.AssetCheckKey) -> str:
    return f"{key.asset_key.to_user_string()}:{key.name}"
