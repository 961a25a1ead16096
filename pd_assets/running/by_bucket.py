"""How an asset by item bucket reports what a run made: a materialisation for each bucket that changed, whose version is
the digest of its file, and an observation that tells of the run as a whole.

A result of Dagster's own would report all buckets of the run, as one and the same version (docs/decisions/0023).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

import dagster as dg

from pd_assets.lib.catalog import buckets as item_buckets
from pd_assets.lib.catalog import damage, table_files, tables
from pd_assets.lib.catalog.schemas import Table
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import BY_BUCKET, Home
from pd_assets.resources import Platform
from pd_assets.running.private import REPORTS_ITSELF
from pd_assets.running.step import column_lineage, step

# Metadata of an observation: bucket -> the version that it has, and what it was made of (skip.py).
BUCKETS = "buckets"
VERSION, MADE_OF = "version", "made_of"
# As many runs as may have made a bucket each since a bucket was made last.
MOST_LOOKED_AT = 1000

P = ParamSpec("P")
Make = Callable[Concatenate[dg.AssetExecutionContext, Platform, P], dg.MaterializeResult]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a run told of one bucket. `run` is all that it told."""

    version: str
    made_of: str | None
    run: Mapping[str, dg.MetadataValue]


def chosen(context: dg.AssetExecutionContext, home: Home) -> list[int] | None:
    """The buckets that this run makes; None for all. ConfigError where they are not those of the home."""
    names = names_of(context)
    if names is None:
        return None
    known = item_buckets.names(home.buckets)
    if wrong := [name for name in names if name not in known] or len(partitions(context)) != len(known):
        raise ConfigError(
            f"{home.root} has {len(known)} buckets, and the code location was loaded for {len(partitions(context))} "
            f"({wrong}): reload the definitions in the Dagster UI, or restart pdd up, and run again"
        )
    return None if len(names) == len(known) else [known.index(name) for name in names]


def names_of(context: dg.AssetExecutionContext) -> list[str] | None:
    """The names of the buckets of this run; None where the asset has no partitions, as in a home of one bucket."""
    is_by_bucket = context.asset_key.to_user_string() in BY_BUCKET and context.assets_def.partitions_def is not None
    return list(context.partition_keys) if is_by_bucket else None


def partitions(context: dg.AssetExecutionContext) -> list[str]:
    """The names of all buckets."""
    found = context.assets_def.partitions_def
    return [] if found is None else list(found.get_partition_keys())


def told(context: dg.AssetExecutionContext, names: Iterable[str]) -> dict[str, Told]:
    """What was told last of each of these buckets, of those of which anything was."""
    wanted, found = set(names), dict[str, Told]()
    most = min(MOST_LOOKED_AT, 2 * len(partitions(context)))
    for record in context.instance.fetch_observations(context.asset_key, limit=most).records:
        event = record.event_log_entry.asset_observation
        if event is None or BUCKETS not in event.metadata:
            continue
        value = event.metadata[BUCKETS].value
        of = value if isinstance(value, Mapping) else {}
        for name in wanted & of.keys() - found.keys():
            one = of[name]
            found[name] = Told(version=one[VERSION], made_of=one[MADE_OF], run=event.metadata)
        if len(found) == len(wanted):
            break
    return found


def reports_buckets(table: Table) -> Callable[[Make[P]], Make[P]]:
    """Report an asset by bucket; as it is where it has no partitions. What it was made of comes in `skip.MADE_OF`."""

    def decorate(make: Make[P]) -> Make[P]:
        @wraps(make)
        def made(
            context: dg.AssetExecutionContext, platform: Platform, *args: P.args, **kwargs: P.kwargs
        ) -> dg.MaterializeResult:
            names = names_of(context)
            if names is None:
                return make(context, platform, *args, **kwargs)
            with step():
                home = platform.home()
                chosen(context, home)
            before = told(context, names)
            result = make(context, platform, *args, **kwargs)
            metadata = dict(result.metadata or {})
            made_of = getattr(metadata.pop(MADE_OF, None), "value", {})
            with step():
                versions = _report(context, home, table, names, before)
            buckets = {name: {VERSION: versions[name], MADE_OF: made_of.get(name)} for name in names}
            metadata |= {BUCKETS: dg.MetadataValue.json(buckets)}
            context.log_event(dg.AssetObservation(asset_key=context.asset_key, metadata=metadata))
            return dg.MaterializeResult(metadata=dict(REPORTS_ITSELF))

        return made

    return decorate


def _report(
    context: dg.AssetExecutionContext, home: Home, table: Table, names: list[str], before: Mapping[str, Told]
) -> dict[str, str]:
    """Report each of these buckets that is another than it was when it was told of last; the versions of all."""
    known = item_buckets.names(home.buckets)
    versions = {}
    for name in names:
        path = tables.bucket_file(home, table, known.index(name))
        versions[name] = table_files.file_digest(table, path) if path.is_file() else ""
        if path.is_file() and (name not in before or before[name].version != versions[name]):
            context.log_event(
                dg.AssetMaterialization(
                    asset_key=context.asset_key,
                    partition=name,
                    metadata={
                        "dagster/row_count": damage.row_count(table, path),
                        "size_bytes": path.stat().st_size,
                        **column_lineage(table.key),
                    },
                    tags={"dagster/data_version": versions[name]},
                )
            )
    return versions
