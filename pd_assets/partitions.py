"""Partitions of the assets, and nothing else."""

import dagster as dg

commons_category = dg.DynamicPartitionsDefinition(name="commons_category")
