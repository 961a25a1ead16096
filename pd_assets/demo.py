"""`pdd demo`: the whole line through Dagster, on the sandbox, and what came out in words and pictures."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
from dagster._utils.error import SerializableErrorInfo

from pd_assets import sandboxed
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.settings import Settings
from pd_assets.project import open_instance, project_root

JOB = "whole_line"
TAG = "pd/demo"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
LOOK_EVERY_S = 0.5
SHOWN = [
    dg.DagsterEventType.STEP_START,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_FAILURE,
]


class DemoFailed(PdError):
    """A step of the demo failed; the message is the step's own."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one asset took: its rows, seconds, and peak memory of its processes in megabytes."""

    asset: str
    rows: int | None
    seconds: float
    peak_mb: float


def run_demo(pictures: Path | None = None) -> None:
    """Run the whole line on the sandbox and print what it made. PdError where a step fails."""
    root = project_root()
    os.chdir(root)
    os.environ.setdefault("PD_RECIPE", "debug")
    home = open_home(Settings.from_env().home)
    started = time.monotonic()
    print(f"The whole line, offline, in {home.root}: from an archive on loopback to pictures that a model drew.")
    with sandboxed.running(home, pictures) as api:
        os.environ["PD_COMMONS_API"] = api
        print(f"The sandbox archive answers at {api}", flush=True)
        with open_instance(root) as instance:
            costs = _run(instance)
    _report(home, costs, time.monotonic() - started)


def _run(instance: dg.DagsterInstance) -> list[Cost]:
    """Run the job in a process of its own, as `dagster job execute` does, and show its steps as they come."""
    mark = uuid4().hex
    with tempfile.NamedTemporaryFile("w", suffix=".json") as config:
        json.dump(QUIET, config)
        config.flush()
        command = [sys.executable, "-W", "ignore", "-m", "dagster", "job", "execute", "-m", "pd_assets.definitions"]
        command += ["--job", JOB, "--config", config.name, "--tags", json.dumps({TAG: mark})]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            costs = list(_follow(instance, mark, process))
    if process.returncode != 0:
        raise DemoFailed(f"{JOB} ended with exit code {process.returncode} before its first step; its output says why")
    return costs


def _follow(instance: dg.DagsterInstance, mark: str, process: "subprocess.Popen[bytes]") -> Iterator[Cost]:
    """Print each step as it starts and ends, and yield what it cost. DemoFailed at the first failure."""
    run_id, cursor, failure = None, None, None
    running = True
    while running:
        running = process.poll() is None
        run_id = run_id or next(
            (run.run_id for run in instance.get_runs(dg.RunsFilter(tags={TAG: mark}), limit=1)), None
        )
        if run_id is not None:
            page = instance.get_records_for_run(run_id, cursor=cursor, of_type=set(SHOWN))
            cursor = page.cursor
            for record in page.records:
                event = record.event_log_entry.get_dagster_event()
                failure = failure or _failure(event)
                if (cost := _show(event)) is not None:
                    yield cost
        if running:
            time.sleep(LOOK_EVERY_S)
    if failure is not None:
        raise DemoFailed(failure)


def _show(event: dg.DagsterEvent) -> Cost | None:
    title = (event.step_key or "").replace("__", "/")
    if event.event_type is dg.DagsterEventType.STEP_START:
        print(f"▸ {title}", flush=True)
    if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        evaluation = event.asset_check_evaluation_data
        print(f"  check {evaluation.check_name}: {'passed' if evaluation.passed else 'FAILED'}", flush=True)
    if event.event_type is not dg.DagsterEventType.ASSET_MATERIALIZATION:
        return None
    found = event.step_materialization_data.materialization
    values = {name: value.value for name, value in found.metadata.items()}
    if "seconds" not in values:
        return None
    rows = values.get("dagster/row_count")
    cost = Cost(
        asset=found.asset_key.to_user_string(),
        rows=rows if isinstance(rows, int) else None,
        seconds=float(str(values["seconds"])),
        peak_mb=float(str(values["peak_memory_mb"])),
    )
    print(f"  {cost.asset}: {cost.seconds:.1f} s, {cost.peak_mb:.0f} MB at most", flush=True)
    return cost


def _failure(event: dg.DagsterEvent) -> str | None:
    if not event.is_step_failure or (error := event.step_failure_data.error) is None:
        return None
    user = event.step_failure_data.user_failure_data
    return f"{(event.step_key or '').replace('__', '/')}: {(user.description if user else None) or _innermost(error)}"


def _innermost(error: SerializableErrorInfo) -> str:
    while error.cause is not None:
        error = error.cause
    return " ".join(error.message.split())


def _report(home: Home, costs: list[Cost], seconds: float) -> None:
    evaluation = home.latest("evaluation", "report")
    assert evaluation is not None
    report = json.loads((evaluation / "report.json").read_text())
    print(f"\nDone in {seconds:.0f} s.\n")
    print(f"{'asset':<26}{'rows':>8}{'seconds':>10}{'peak MB':>10}")
    for cost in costs:
        print(f"{cost.asset:<26}{'' if cost.rows is None else cost.rows:>8}{cost.seconds:>10.1f}{cost.peak_mb:>10.0f}")
    print("\nLicence breakdown (profile and rules as in rights/decisions):")
    for line in licence_breakdown(home):
        print(f"  {line}")
    print("\nHeld-out attribute accuracy, told by colour alone, no model judging:")
    for line in _accuracies(report):
        print(f"  {line}")
    print(f"\nSample grid:  {evaluation / 'samples.png'}")
    print(f"Loss curve:   {evaluation / 'loss_curve.png'}")
    print(f"Catalogue:    {home.catalog}")
    print("\nOpen it all in the Dagster UI with:  make up")


def licence_breakdown(home: Home) -> list[str]:
    """Verdict, rule and count, the most frequent first, under the configured profile."""
    sql = """
        select verdict, rule_id, count(*) as items from decisions where profile = $profile
        group by all order by verdict, items desc, rule_id
    """
    content = tables.query(home, sql, {"decisions": DECISIONS}, {"profile": Settings.from_env().rights_profile})
    return [f"{row['verdict']:<11}{row['items']:>6}  {row['rule_id']}" for row in tables.rows(content)]


def _accuracies(report: Mapping[str, Any]) -> list[str]:
    """Each attribute's accuracy on prompts that the model never saw, beside chance and the real pictures' own."""
    lines = []
    for name, told in report.get("colour_attributes", {}).items():
        made, real = told["generated"], told["real"]
        lines.append(
            f"{name:<8}{made['accuracy']:.3f} of {made['n']} generated pictures (chance {made['chance']:.2f}, "
            f"p = {made['p']:.0e}; real pictures {real['accuracy']:.3f})"
        )
    return lines or ["no attributes are known for these pictures, so none were told"]
