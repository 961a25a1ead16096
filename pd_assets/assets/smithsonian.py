"""The Smithsonian Open Access as an asset: the records of each unit."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import dagster as dg
from pydantic import Field

from pd_assets.lib.catalog.mending import set_aside
from pd_assets.lib.catalog.schemas import RECORDS
from pd_assets.lib.errors import ArchiveError
from pd_assets.lib.home import Home, alone
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.museums.parts import Reading
from pd_assets.lib.progress import track
from pd_assets.lib.smithsonian.bulk import Bulk, open_bulk
from pd_assets.lib.smithsonian.search import SEARCH, SearchClient, pull, require_key
from pd_assets.lib.smithsonian.sync import UnitSync, list_units, note_unread, sync_unit
from pd_assets.partitions import smithsonian_unit
from pd_assets.resources import Platform
from pd_assets.running.pools import SMITHSONIAN
from pd_assets.running.step import asked_of_hosts, counted, step, stored, table_metadata

OWNERS = ["team:curation"]
LISTED = 20
# The schedule comes every week.
WEEKLY = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=16), warn_window=timedelta(days=9))


class Pull(dg.Config):
    """Where the records of this run come from: the bulk metadata, unless the search API is asked for."""

    search: str | None = Field(
        default=None,
        description="a query of the search API in place of the bulk metadata, such as topic:Birds; an empty one finds "
        "every free image. Wants PD_SMITHSONIAN_KEY",
    )
    most_records: int = Field(default=5000, ge=1, description="most records of a unit taken from the search API")


@dg.asset(
    key=["smithsonian", "records"],
    group_name="smithsonian",
    kinds={"parquet"},
    owners=OWNERS,
    partitions_def=smithsonian_unit,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool=SMITHSONIAN,
    freshness_policy=WEEKLY,
    metadata=table_metadata(RECORDS),
    description="Every medium of a unit's Open Access records with all its evidence, and a row with the reason for "
    "each record without one. Synchronised shard by shard, and only where a shard changed.",
)
def smithsonian_records(context: dg.AssetExecutionContext, config: Pull, platform: Platform) -> dg.MaterializeResult:
    units = list(context.partition_keys)
    with step() as done:
        home = platform.home()
        if config.search is None:
            with _bulk_run(platform, context.run.run_id) as run:
                synced = list(run.synchronise(units))
                session = run.session
        else:
            with _alone(home), platform.session(context.run.run_id, SEARCH) as session:
                settings = platform.settings()
                client = SearchClient(session=session, key=require_key(settings.smithsonian_key))
                synced = [
                    pull(client, home, unit, config.search, side=settings.max_side, most=config.most_records)
                    for unit in track(units, "searching units", total=len(units), unit="units")
                ]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(_version(synced)),
        metadata={
            **_summary(synced),
            **stored(home, RECORDS, units[0] if len(units) == 1 else None),
            **asked_of_hosts(session.traffic),
            **done.cost,
        },
    )


def _version(synced: Sequence[UnitSync]) -> str:
    """The digest of the unit; of a run over several of them, which Dagster gives one version, that of all."""
    digests = [one.digest for one in synced]
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class _BulkRun:
    """One run over some units of the bulk metadata."""

    home: Home
    session: PoliteSession
    bulk: Bulk
    side: int

    def synchronise(self, units: Sequence[str]) -> Iterator[UnitSync]:
        """Synchronise them one after the other; one that the index does not list has no shards."""
        try:
            indexes = list_units(self.bulk, self.home)
        except ArchiveError:
            for unit in units:
                note_unread(self.home, unit)
            raise
        for unit in track(units, "synchronising units", total=len(units), unit="units"):
            yield sync_unit(self.bulk, self.home, unit, indexes.get(unit), side=self.side)


@contextmanager
def _bulk_run(platform: Platform, run_id: str) -> Iterator[_BulkRun]:
    settings = platform.settings()
    index = settings.smithsonian_index
    home = platform.home()
    with _alone(home), platform.session(run_id, index) as session:
        yield _BulkRun(home=home, session=session, bulk=open_bulk(index, session), side=settings.max_side)


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    with alone(home.root / "smithsonian", "reads the archive"):
        set_aside(home, RECORDS)
        yield


def _summary(synced: Sequence[UnitSync]) -> dict[str, dg.MetadataValue | int]:
    reading = Reading()
    for one in synced:
        reading.add(one.reading)
    failed = [f"{one.unit}/{shard}: {why}" for one in synced for shard, why in one.failed.items()]
    return {
        "dagster/row_count": reading.media + reading.reasons.total(),
        "units": len(synced),
        "changed_units": sum(one.is_changed for one in synced),
        "shards": sum(one.shards for one in synced),
        "shards_read": sum(one.read for one in synced),
        "shards_unchanged": sum(one.shards - one.read - len(one.failed) for one in synced),
        "shards_failed": len(failed),
        "failed": dg.MetadataValue.json(failed[:LISTED]),
        "lines": reading.lines,
        "records": reading.records,
        "media": reading.media,
        "reasons": counted("why there is no usable record", dict(sorted(reading.reasons.items()))),
        "usage": counted("usage.access", dict(sorted(reading.usage.items()))),
        "new": sum(one.new for one in synced),
        "changed": sum(one.changed for one in synced),
        "gone": sum(one.gone for one in synced),
    }


assets = [smithsonian_records]
