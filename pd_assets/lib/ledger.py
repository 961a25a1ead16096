"""The ledger of what we asked of archives: table http/ledger, one file per run, rows added when a session ends.

A run that is killed leaves no rows for the session that was open.
"""

import fcntl
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.schemas import FILES, LEDGER
from pd_assets.lib.home import Home, replacing
from pd_assets.lib.http import PoliteSession, Traffic

Row = dict[str, object]
# Dagster's run ids are such names; another one is kept under its digest.
PLAIN_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, kw_only=True)
class Expense:
    """What this home has cost its archives so far, and for how many pictures."""

    requests: int
    size_bytes: int
    pictures: int


@contextmanager
def recording(home: Home, run_id: str, session: PoliteSession) -> Iterator[PoliteSession]:
    """Add what `session` asked to the ledger when the block ends, also where it ends with an error."""
    with session:
        try:
            yield session
        finally:
            append(home, run_id, rows_of(run_id, session.traffic))


def rows_of(run_id: str, traffic: Mapping[tuple[str, str], Traffic]) -> list[Row]:
    """One row for each host and kind of traffic."""
    return [
        {
            "run_id": run_id,
            "host": host,
            "kind": kind,
            "requests": one.requests,
            "bytes": one.size_bytes,
            "waited_s": round(one.waited_s, 3),
            "retries": one.retries,
            "errors": json.dumps(one.errors, sort_keys=True),
            "started_at": one.started_at.replace(microsecond=0),
            "ended_at": one.ended_at.replace(microsecond=0),
        }
        for (host, kind), one in sorted(traffic.items())
    ]


def append(home: Home, run_id: str, rows: list[Row]) -> None:
    """Add rows to the file of a run. Two steps of a run may do so at once, in processes of their own."""
    if not rows:
        return
    folder = home.table(LEDGER.key)
    folder.mkdir(parents=True, exist_ok=True)
    name = run_id if PLAIN_NAME.fullmatch(run_id) else sha256(run_id.encode()).hexdigest()
    path = folder / f"{name}.parquet"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = tables.read_part(LEDGER, path) if path.is_file() else LEDGER.schema.empty_table()
        content = tables.sort(LEDGER, pa.concat_tables([before, tables.as_table(LEDGER, rows)]))
        with replacing(path) as partial:
            pq.write_table(content, partial, **damage.WRITTEN)
        damage.keep_second(LEDGER, path)


def expense(home: Home) -> Expense:
    """All requests and bytes in the ledger, metadata and pictures alike, and the accepted pictures now in the store."""
    found = tables.query(
        home,
        "select (select coalesce(sum(requests), 0)::bigint from ledger) as requests, "
        "(select coalesce(sum(bytes), 0)::bigint from ledger) as size_bytes, "
        "(select count(*) from files where status = 'ok') as pictures",
        {"ledger": LEDGER, "files": FILES},
    )
    return Expense(**found.to_pylist()[0])
