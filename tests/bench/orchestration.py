"""What orchestration costs: a night over 1,000 unchanged partitions, a backfill over 5,000, an idle UI and daemon.

    python -m tests.bench.orchestration [nights] [backfill] [idle] [--partitions 1000] [--backfilled 5000]

The overhead of a night is its time less that of the same requests, asked without Dagster, tables or partitions. The
peer of a backfill whose runs take many partitions is the same through one run for each partition, on a sample.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import cast

import dagster as dg
import psutil

from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.walk import walk
from pd_assets.lib.http import PoliteSession
from pd_assets.sandbox import Archive, SandboxServer
from tests.integration.dagster_ui import DagsterUi, Json, running
from tests.pd_assets.line import Line, new_line

PARTS = ("nights", "backfill", "idle")
MOST_OVERHEAD_S = 60.0
MOST_CORE = 0.05
MOST_MEGABYTES = 600.0
MOST_START_S = 20.0
MOST_RUNS = 10
# What a page of the UI may take to answer.
MOST_ANSWER_S = 2.0
SAMPLE = 8
SETTLING_S = 30.0
PATIENCE_S = 7200.0
ROOT = "Root of the bench"
PAGES = dg.AssetKey(["commons", "pages"])
SELECTOR = {"repositoryLocationName": "pd", "repositoryName": "__repository__"}
BACKFILL = """mutation($keys: [String!]) { launchPartitionBackfill(backfillParams: {
  assetSelection: [{path: ["commons", "pages"]}], partitionNames: $keys}) {
  ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
STATUS = "query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }"
RUNS = """query($tags: [ExecutionTag!]) { runsOrError(filter: {tags: $tags}) { ... on Runs { results {
  runId startTime endTime status } } } }"""
RUN_ALONE = """mutation($tags: [ExecutionTag!]) { launchPipelineExecution(executionParams: {
  mode: "default", runConfigData: {}, executionMetadata: {tags: $tags},
  selector: {repositoryLocationName: "pd", repositoryName: "__repository__", pipelineName: "__ASSET_JOB",
             assetSelection: [{path: ["commons", "pages"]}]}}) {
  ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
START_SENSOR = """mutation($selector: SensorSelector!) { startSensor(sensorSelector: $selector) { __typename } }"""
PAGES_OF_THE_UI = {
    "Partitions tab": """query { assetNodeOrError(assetKey: {path: ["commons", "pages"]}) { ... on AssetNode {
        partitionKeys assetPartitionStatuses { ... on DefaultPartitionStatuses {
        materializedPartitions failedPartitions unmaterializedPartitions materializingPartitions } } } } }""",
    "overview of an asset": """query { assetNodeOrError(assetKey: {path: ["commons", "pages"]}) { ... on AssetNode {
        description partitionStats { numMaterialized numPartitions numFailed }
        assetMaterializations(limit: 1) { runId timestamp metadataEntries { label } } } } }""",
    "asset graph": """query { assetNodes { assetKey { path } staleStatus
        partitionStats { numMaterialized numPartitions }
        assetMaterializations(limit: 1) { timestamp } } }""",
    "runs": "query { runsOrError(limit: 25) { ... on Runs { results { runId status startTime endTime } } } }",
}


def main() -> int:
    """Print every number beside its bound; exit code 1 where one is beyond it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all where none is named")
    parser.add_argument("--partitions", type=int, default=1000, help="of the nights without a change")
    parser.add_argument("--backfilled", type=int, default=5000, help="partitions of the backfill")
    parser.add_argument("--idle-s", type=float, default=180.0, help="seconds of leaving it alone")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    parts: Mapping[str, Callable[[], list[bool]]] = {
        "nights": lambda: nights(arguments.partitions),
        "backfill": lambda: backfill(arguments.backfilled),
        "idle": lambda: idle(arguments.idle_s),
    }
    held = [one for part in arguments.parts or PARTS for one in parts[part]()]
    return 0 if all(held) else 1


def nights(partitions: int) -> list[bool]:
    """Two runs over all partitions, by the driver and by the partitioned asset, with nothing changed."""
    with tempfile.TemporaryDirectory() as folder, new_line(Path(folder)) as made:
        fill(made.archive, partitions)
        platform = made.platform_with(pd_commons_roots=ROOT)
        line = Line(server=made.server, home=made.home, instance=made.instance, platform=platform)
        first_s = timed(lambda: line.run("refresh_sources"))
        requests_s = timed(lambda: ask_only(line))
        began_cpu_s = time.process_time()
        night_s = timed(lambda: line.run("refresh_sources"))
        night_cpu_s = time.process_time() - began_cpu_s
        began_cpu_s = time.process_time()
        pages_s = timed(lambda: run_partitions(line))
        pages_cpu_s = time.process_time() - began_cpu_s
    print(f"first sync of {partitions} partitions: {first_s:.1f} s; the same listings alone: {requests_s:.1f} s")
    each_ms = 1000 * (pages_s - requests_s) / partitions
    print(
        f"one run of commons/pages over all of them: {pages_s:.1f} s, {each_ms:.0f} ms a partition beyond requests, "
        f"{1000 * pages_cpu_s / partitions:.0f} ms of CPU with the archive's; the night took {night_cpu_s:.1f} s of it"
    )
    return [bounded("overhead of a night without a change", night_s - requests_s, MOST_OVERHEAD_S, "s")]


def fill(archive: Archive, partitions: int) -> None:
    """A root with so many categories, a file in each."""
    archive.add(f"Category:{ROOT}", wikitext="")
    for number in range(partitions - 1):
        archive.add(f"Category:Part {number}", wikitext=f"[[Category:{ROOT}]]")
        archive.add(f"File:Part {number}.jpg", wikitext=f"[[Category:Part {number}]]", content=b"\xff\xd8\xff")


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


def backfill(partitions: int) -> list[bool]:
    """All partitions through a real daemon, with the UI asked meanwhile and afterwards; then a sample, a run each."""
    archive = Archive()
    fill(archive, partitions)
    with tempfile.TemporaryDirectory() as folder, SandboxServer(archive) as server:
        settings = {"PD_COMMONS_API": server.api_url, "PD_COMMONS_ROOTS": ROOT}
        with running(Path(folder), **settings) as ui:
            wait(ui, ui.launch("commons/categories"))
            tab = cast(Json, ui.ask(PAGES_OF_THE_UI["Partitions tab"])["assetNodeOrError"])
            keys = cast(list[str], tab["partitionKeys"])
            started = time.monotonic()
            number = str(cast(Json, ui.ask(BACKFILL, keys=keys)["launchPartitionBackfill"])["backfillId"])
            answers = {name: 0.0 for name in PAGES_OF_THE_UI}
            while status(ui, number) in ("REQUESTED", "COMPLETING"):
                answers = {name: max(answers[name], answer_s(ui, query)) for name, query in PAGES_OF_THE_UI.items()}
                time.sleep(5.0)
            took_s = time.monotonic() - started
            runs = runs_of(ui, number)
            after = {name: answer_s(ui, query) for name, query in PAGES_OF_THE_UI.items()}
            print(f"backfill over {len(keys)} partitions: {status(ui, number)}, {took_s:.0f} s in {len(runs)} runs")
            alone_s = one_run_each(ui, keys[:SAMPLE])
    each_s = took_s / len(keys)
    print(f"{each_s:.3f} s a partition; a run for each (of {SAMPLE}): {alone_s:.2f} s, {alone_s / each_s:.0f} times")
    return [
        bounded("runs of the backfill", len(runs), MOST_RUNS, "runs"),
        *(bounded(f"slowest {name} while it works", s, MOST_ANSWER_S, "s") for name, s in answers.items()),
        *(bounded(f"{name} afterwards", s, MOST_ANSWER_S, "s") for name, s in after.items()),
    ]


def one_run_each(ui: DagsterUi, keys: list[str]) -> float:
    """Seconds a partition where each has a run of its own, as without a backfill policy."""
    started = time.monotonic()
    runs = []
    for key in keys:
        launch = ui.ask(RUN_ALONE, tags=[{"key": "dagster/partition", "value": key}])["launchPipelineExecution"]
        runs.append(str(cast(Json, cast(Json, launch)["run"])["runId"]))
    for run in runs:
        wait(ui, run)
    return (time.monotonic() - started) / len(keys)


def wait(ui: DagsterUi, run: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while (found := ui.status(run)) not in ("SUCCESS", "FAILURE", "CANCELED"):
        assert time.monotonic() < deadline, f"run {run} is {found}"
        time.sleep(0.5)
    assert found == "SUCCESS", f"run {run}: {found}"


def status(ui: DagsterUi, number: str) -> str:
    return str(cast(Json, ui.ask(STATUS, id=number)["partitionBackfillOrError"])["status"])


def runs_of(ui: DagsterUi, number: str) -> list[Json]:
    tags = [{"key": "dagster/backfill", "value": number}]
    return cast(list[Json], cast(Json, ui.ask(RUNS, tags=tags)["runsOrError"])["results"])


def answer_s(ui: DagsterUi, query: str) -> float:
    return timed(lambda: ui.ask(query))


def idle(seconds: float) -> list[bool]:
    """`pdd up` on an empty home with schedule and sensors on, left alone: what its processes take."""
    with tempfile.TemporaryDirectory() as folder, SandboxServer(Archive()) as server:
        settings = {"PD_COMMONS_API": server.api_url, "PD_SCRAPE_ENABLED": "1", "PD_CONTACT": "bench@somewhere.net"}
        started = time.monotonic()
        with running(Path(folder), **settings) as ui:
            start_s = time.monotonic() - started
            print(f"started with {sum(map(cpu_s, alive(ui))):.1f} s of CPU, and what it took to prepare the storage")
            for name in ("retrain_on_new_images", "takedown_watch"):
                ui.ask(START_SENSOR, selector={**SELECTOR, "sensorName": name})
            time.sleep(SETTLING_S)
            before = {one.pid: cpu_s(one) for one in alive(ui)}
            time.sleep(seconds)
            family = list(alive(ui))
            core = sum(cpu_s(one) - before.get(one.pid, 0.0) for one in family) / seconds
            sizes = {one.pid: one.memory_full_info() for one in family}
            for one in family:
                used = (cpu_s(one) - before.get(one.pid, 0.0)) / seconds
                print(f"  {sizes[one.pid].pss / 1e6:6.0f} MB {used:6.1%}  {' '.join(one.cmdline())[:100]}")
            print(f"  RSS, which counts shared pages more than once: {sum(s.rss for s in sizes.values()) / 1e6:.0f} MB")
    return [
        bounded("`pdd up` until the UI answers", start_s, MOST_START_S, "s"),
        bounded("idle UI, daemon and code location", core, MOST_CORE, "of a core"),
        bounded("their memory (PSS)", sum(one.pss for one in sizes.values()) / 1e6, MOST_MEGABYTES, "MB"),
    ]


def alive(ui: DagsterUi) -> Iterator[psutil.Process]:
    """The processes that live; one that only looks something up ends at any time."""
    for one in ui.processes():
        try:
            one.memory_full_info()
            yield one
        except psutil.Error:
            continue


def cpu_s(process: psutil.Process) -> float:
    """CPU seconds of a process and of the children that it has seen end."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


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
