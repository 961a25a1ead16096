"""Partitions of the assets, and nothing else."""

import dagster as dg

from pd_assets.lib.smithsonian.units import UNITS

smithsonian_unit = dg.StaticPartitionsDefinition(sorted(UNITS))
commons_category = dg.DynamicPartitionsDefinition(name="commons_category")
