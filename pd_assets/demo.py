"""`pdd demo`: the whole line through Dagster, on the sandbox, and what came out in words and pictures."""

import json
import logging
import os
import sys
import time
from pathlib import Path

import dagster as dg
from dagster._utils.error import SerializableErrorInfo

from pd_assets import sandboxed
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.settings import Settings
from pd_assets.project import open_instance, project_root

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class DemoFailed(PdError):
    """A step of the demo failed; the message is the step's own."""


def run_demo(pictures: Path | None = None) -> None:
    """Run the job `whole_line` on the sandbox and print what it made. PdError where a step fails."""
    root = project_root()
    os.chdir(root)
    os.environ.setdefault("PD_RECIPE", "debug")
    home = open_home(Settings.from_env().home)
    started = time.monotonic()
    print(f"The whole line, offline: an archive on loopback -> pictures that are free -> a trained model, in {home.root}")
    _show_steps()
    with sandboxed.running(home, pictures) as api:
        os.environ["PD_COMMONS_API"] = api
        print(f"The sandbox archive answers at {api}", flush=True)
        with open_instance(root) as instance:
            run_id = _execute(instance)
            costs = _costs(instance, run_id)
    _report(home, costs, time.monotonic() - started)


def _show_steps() -> None:
    """Let the assets' own lines and the library's warnings through to the terminal."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("pd_assets")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _execute(instance: dg.DagsterInstance) -> str:
    from pd_assets.definitions import defs

    result = defs.resolve_job_def("whole_line").execute_in_process(
        instance=instance, run_config=QUIET, raise_on_error=False
    )
    if not result.success:
        raise DemoFailed(_why(result))
    return result.run_id


def _why(result: dg.ExecuteInProcessResult) -> str:
    for event in result.all_events:
        if event.is_step_failure and event.step_failure_data.error is not None:
            data = event.step_failure_data
            said = data.user_failure_data.description if data.user_failure_data else None
            return f"{event.step_key.replace('__', '/')}: {said or _innermost(data.error)}"
    return f"run {result.run_id} failed; `make up` shows its log"


def _innermost(error: SerializableErrorInfo) -> str:
    while error.cause is not None:
        error = error.cause
    return " ".join(error.message.split())


def _costs(instance: dg.DagsterInstance, run_id: str) -> list[tuple[str, int | None, float, float]]:
    """Asset, rows, seconds and peak memory of everything that the run materialised, in its order."""
    found: list[tuple[str, int | None, float, float]] = []
    for record in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION):
        materialization = record.asset_materialization
        if materialization is None or "seconds" not in materialization.metadata:
            continue
        values = {name: value.value for name, value in materialization.metadata.items()}
        rows = values.get("dagster/row_count")
        found.append(
            (
                materialization.asset_key.to_user_string(),
                rows if isinstance(rows, int) else None,
                float(str(values["seconds"])),
                float(str(values["peak_memory_mb"])),
            )
        )
    return found


def _report(home: Home, costs: list[tuple[str, int | None, float, float]], seconds: float) -> None:
    evaluation = home.latest("evaluation", "report")
    assert evaluation is not None
    report = json.loads((evaluation / "report.json").read_text())
    print(f"\nDone in {seconds:.0f} s.\n")
    print(f"{'asset':<26}{'rows':>8}{'seconds':>10}{'peak MB':>10}")
    for asset, rows, spent, peak in costs:
        print(f"{asset:<26}{'' if rows is None else rows:>8}{spent:>10.1f}{peak:>10.0f}")
    print("\nLicence breakdown (rights profile and rule table as in rights/decisions):")
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
    from pd_assets.lib.catalog import tables
    from pd_assets.lib.catalog.schemas import DECISIONS

    sql = """
        select verdict, rule_id, count(*) as items from decisions where profile = $profile
        group by all order by verdict, items desc, rule_id
    """
    content = tables.query(home, sql, {"decisions": DECISIONS}, {"profile": Settings.from_env().rights_profile})
    return [f"{row['verdict']:<11}{row['items']:>6}  {row['rule_id']}" for row in tables.rows(content)]


def _accuracies(report: dict[str, object]) -> list[str]:
    return [json.dumps(report)[:400]]
