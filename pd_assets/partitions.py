"""Partitions of the assets, and nothing else."""

from collections.abc import Iterable

import dagster as dg

from pd_assets.lib.catalog import buckets as item_buckets
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import BY_BUCKET, Home
from pd_assets.lib.remote.address import RemoteAddress
from pd_assets.lib.settings import Settings
from pd_assets.lib.smithsonian.units import UNITS
from pd_assets.running.private import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

smithsonian_unit = dg.StaticPartitionsDefinition(sorted(UNITS))
commons_category = dg.DynamicPartitionsDefinition(name="commons_category")


def number_of_buckets(settings: Settings) -> int:
    """How many item buckets the home has, as this machine knows it, or will be made with; nothing is made or asked.

    Where nobody can tell it is 1: the code location loads, and its steps say what is wrong.
    """
    place = settings.home
    root = place.working_copy / "home" if isinstance(place, RemoteAddress) else place
    try:
        home = Home(root=root)
        return home.buckets if home.is_made else max(1, settings.buckets)
    except (ConfigError, OSError):
        return 1


def by_bucket(assets: Iterable[dg.AssetsDefinition], number: int) -> list[dg.AssetsDefinition]:
    """The assets, those of tables by bucket with a partition for each bucket; as they are where there is but one."""
    if number == 1:
        return list(assets)
    partitions = dg.StaticPartitionsDefinition(item_buckets.names(number))
    return [
        asset.map_asset_specs(lambda spec: spec.replace_attributes(partitions_def=partitions))
        if asset.key.to_user_string() in BY_BUCKET
        else asset
        for asset in assets
    ]


def all_buckets(number: int) -> dict[str, str]:
    """The tags of a run over all buckets: Dagster wants to know the partitions of a run that has assets with some."""
    names = item_buckets.names(number)
    return {ASSET_PARTITION_RANGE_START_TAG: names[0], ASSET_PARTITION_RANGE_END_TAG: names[-1]} if number > 1 else {}
