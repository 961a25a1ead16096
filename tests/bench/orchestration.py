"""What orchestration costs: a night over 1,000 unchanged partitions, an idle UI and daemon, and the start of `pdd up`.

    python -m tests.bench.orchestration [--partitions 1000] [--idle-s 60]

The overhead of a night is its time less that of the same requests, asked without Dagster, tables or partitions.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import psutil

from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.walk import walk
from pd_assets.lib.http import PoliteSession
from tests.integration.dagster_ui import running
from tests.pd_assets.line import Line, new_line

MOST_OVERHEAD_S = 60.0
MOST_CORE = 0.05
MOST_MEGABYTES = 600.0
MOST_START_S = 20.0
ROOT = "Root of the bench"
PAGES = dg.AssetKey(["commons", "pages"])


def main() -> int:
    """Print every number beside its bound; exit code 1 where one is beyond it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--partitions", type=int, default=1000)
    parser.add_argument("--idle-s", type=float, default=60.0)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    held = [*nights(arguments.partitions), *idle(arguments.idle_s)]
    return 0 if all(held) else 1


def nights(partitions: int) -> list[bool]:
    """Two runs over all partitions, by the driver and by the partitioned asset, with nothing changed."""
    with tempfile.TemporaryDirectory() as folder, new_line(Path(folder)) as made:
        fill(made, partitions)
        platform = made.platform_with(pd_commons_roots=ROOT)
        line = Line(server=made.server, home=made.home, instance=made.instance, platform=platform)
        first_s = timed(lambda: line.run("refresh_sources"))
        requests_s = timed(lambda: ask_only(line))
        night_s = timed(lambda: line.run("refresh_sources"))
        pages_s = timed(lambda: run_partitions(line))
    print(f"first sync of {partitions} partitions: {first_s:.1f} s; the same listings alone: {requests_s:.1f} s")
    each_ms = 1000 * (pages_s - requests_s) / partitions
    print(f"one run of commons/pages over all of them: {pages_s:.1f} s, {each_ms:.0f} ms a partition beyond requests")
    return [bounded("overhead of a night without a change", night_s - requests_s, MOST_OVERHEAD_S, "s")]


def fill(line: Line, partitions: int) -> None:
    """A root with so many categories, a file in each."""
    line.archive.add(f"Category:{ROOT}", wikitext="")
    for number in range(partitions - 1):
        line.archive.add(f"Category:Part {number}", wikitext=f"[[Category:{ROOT}]]")
        line.archive.add(f"File:Part {number}.jpg", wikitext=f"[[Category:Part {number}]]", content=b"\xff\xd8\xff")


def ask_only(line: Line) -> None:
    """The requests of a night without a change, and nothing else."""
    with PoliteSession("bench") as session:
        client = CommonsClient(line.server.api_url, session, thumb_side=256)
        client.probe()
        for category in walk(client, [ROOT], depth=4):
            for _ in client.listing(category.category):
                pass


def run_partitions(line: Line) -> dg.ExecuteInProcessResult:
    """One run of commons/pages over every partition, as a backfill launches it."""
    keys = line.instance.get_dynamic_partitions("commons_category")
    job = line.defs.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        instance=line.instance,
        asset_selection=[PAGES],
        tags={"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]},
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )


def idle(seconds: float) -> list[bool]:
    """Start `pdd up` on an empty home, leave it alone, and add up what its processes take."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        with running(Path(folder)) as ui:
            start_s = time.monotonic() - started
            time.sleep(20.0)
            family = ui.processes()
            before = sum(cpu_s(one) for one in family)
            time.sleep(seconds)
            core = (sum(cpu_s(one) for one in family) - before) / seconds
            megabytes = {one.pid: one.memory_full_info().pss / 1e6 for one in family}
            for one in family:
                print(f"  {megabytes[one.pid]:6.0f} MB  {' '.join(one.cmdline())[:100]}")
    return [
        bounded("`pdd up` until the UI answers", start_s, MOST_START_S, "s"),
        bounded("idle UI, daemon and code location", core, MOST_CORE, "of a core"),
        bounded("their memory (PSS)", sum(megabytes.values()), MOST_MEGABYTES, "MB"),
    ]


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def timed(work: Callable[[], object]) -> float:
    started = time.monotonic()
    done = work()
    assert not isinstance(done, dg.ExecuteInProcessResult) or done.success
    return time.monotonic() - started


def bounded(what: str, value: float, most: float, unit: str) -> bool:
    """Print a number beside its bound, and say whether it holds."""
    print(f"{'ok  ' if value <= most else 'OVER'} {what}: {value:.3g} {unit} (at most {most:g})", flush=True)
    return value <= most


if __name__ == "__main__":
    sys.exit(main())
