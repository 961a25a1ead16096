"""`pdd run JOB`: run one of the jobs in a process of its own, and show its steps as they come.

On a terminal each start and each check is told; elsewhere a line for each asset, and of checks those that did not pass.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import dagster as dg

from pd_assets.cli import sandbox
from pd_assets.cli.instance import open_instance
from pd_assets.cli.project import end_with_parent, project_root
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import open_home
from pd_assets.lib.settings import require_contact
from pd_assets.lib.standing import of_the_environment
from pd_assets.running import dead_runs
from pd_assets.running.execute import execute_here
from pd_assets.running.launcher import here
from pd_assets.running.private import DagsterExecutionInterruptedError, SerializableErrorInfo

JOBS = (
    "nightly",
    "refresh_sources",
    "build_dataset",
    "train_models",
    "train_latent_models",
    "train_all_models",
    "release",
    "whole_line",
)
EXAMPLES = """examples:
  pdd run nightly           refresh, decide, fetch, catalogue, export: what has changed
  pdd run train_models      the pixel models, of the dataset that is there
  pdd run whole_line        everything, from the archive to evaluated models
A home that the sandbox filled has it again while the job runs.
"""
TAG = "pd/command"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
LOOK_EVERY_S = 0.5
PATIENCE_S = 150.0
SHOWN = {
    dg.DagsterEventType.STEP_START,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_OBSERVATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_FAILURE,
}


class RunFailed(PdError):
    """A step of the run failed; the message is the step's own."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one asset took: its rows, seconds, and peak memory of its processes in megabytes."""

    asset: str
    rows: int | None
    seconds: float
    peak_mb: float


def run_job(
    job: str,
    changes: Mapping[str, Sequence[str]] | None = None,
    *,
    config: Mapping[str, Mapping[str, object]] | None = None,
) -> list[Cost]:
    """Run `job` with the settings of the environment; RunFailed where a step fails. Settings are checked first.

    `changes` to the recipe of a model, each as field=value, and other `config`, by the asset's key.
    """
    asked = {**{key: {"set": list(several)} for key, several in (changes or {}).items()}, **(config or {})}
    root = project_root()
    os.chdir(root)
    settings = of_the_environment()
    home = open_home(settings.home)
    require_contact(settings)
    with open_instance(root) as instance, sandbox.beside(home):
        dead_runs.bury(instance)
        return _run(instance, job, asked)


def _run(instance: dg.DagsterInstance, job: str, asked: Mapping[str, Mapping[str, object]]) -> list[Cost]:
    """Run the job in a process of its own, and show its steps as they come."""
    mark = uuid4().hex
    with tempfile.NamedTemporaryFile("w", suffix=".json") as config:
        ops = {key.replace("/", "__"): {"config": one} for key, one in asked.items()}
        json.dump({**QUIET, "ops": ops}, config)
        config.flush()
        command = [sys.executable, "-W", "ignore", "-m", "pd_assets.cli", "run", job]
        command += ["--here", config.name, "--tags", json.dumps({TAG: mark, **here()})]
        if sys.stderr.isatty():
            os.environ["PD_PROGRESS"] = "bar"
        # A session of its own: Ctrl-C reaches only us, and we pass one interruption on, for a checkpoint to be saved.
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, start_new_session=True, preexec_fn=end_with_parent
        ) as process:
            try:
                costs = list(_follow(instance, mark, process))
            except KeyboardInterrupt:
                print("stopping; a training saves a checkpoint first", flush=True)
                process.send_signal(signal.SIGINT)
                process.wait(PATIENCE_S)
                raise
    if process.returncode != 0:
        raise RunFailed(f"{job} ended with exit code {process.returncode} before its first step; its output says why")
    return costs


def _follow(instance: dg.DagsterInstance, mark: str, process: "subprocess.Popen[bytes]") -> Iterator[Cost]:
    """Print each step as it starts and ends, and yield what it cost. RunFailed at the first failure."""
    run_id, cursor, failure = None, None, None
    running, passed = True, 0
    while running:
        running = process.poll() is None
        run_id = run_id or next(
            (run.run_id for run in instance.get_runs(dg.RunsFilter(tags={TAG: mark}), limit=1)), None
        )
        if run_id is not None:
            page = instance.get_records_for_run(run_id, cursor=cursor, of_type=SHOWN)
            cursor = page.cursor
            for record in page.records:
                event = record.event_log_entry.get_dagster_event()
                failure = failure or _failure(event)
                passed += _has_passed(event)
                if (cost := _show(event)) is not None:
                    yield cost
        if running:
            time.sleep(LOOK_EVERY_S)
    if failure is not None:
        raise RunFailed(failure)
    if passed and not sys.stdout.isatty():
        print(f"  {passed} checks passed", flush=True)


def _show(event: dg.DagsterEvent) -> Cost | None:
    title = (event.step_key or "").replace("__", "/")
    everything = sys.stdout.isatty()
    if everything and event.event_type is dg.DagsterEventType.STEP_START:
        print(f"▸ {title}", flush=True)
    if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        evaluation = event.asset_check_evaluation_data
        if everything or not evaluation.passed:
            print(f"  check {evaluation.check_name} {_outcome(evaluation)}", flush=True)
    found = _told(event)
    if found is None:
        return None
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
    if "in_short" in values:
        print(f"  {values['in_short']}", flush=True)
    print(f"  {cost.asset}: {cost.seconds:.1f} s, {cost.peak_mb:.0f} MB at most", flush=True)
    return cost


def _has_passed(event: dg.DagsterEvent) -> bool:
    is_check = event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
    return is_check and event.asset_check_evaluation_data.passed


def _outcome(evaluation: dg.AssetCheckEvaluation) -> str:
    """How a check went. One that only warns says what it found and why that stops nothing."""
    if evaluation.passed:
        return "passed"
    if evaluation.severity is dg.AssetCheckSeverity.WARN:
        return f"warns, and nothing stops: {evaluation.description}"
    return f"FAILED: {evaluation.description}"


def _told(event: dg.DagsterEvent) -> dg.AssetMaterialization | dg.AssetObservation | None:
    """What an asset told of its run: it reports itself, or is by bucket and observes what all of them are now."""
    if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
        return event.step_materialization_data.materialization
    if event.event_type is dg.DagsterEventType.ASSET_OBSERVATION:
        return event.asset_observation_data.asset_observation
    return None


def _failure(event: dg.DagsterEvent) -> str | None:
    if not event.is_step_failure or (error := event.step_failure_data.error) is None:
        return None
    user = event.step_failure_data.user_failure_data
    return f"{(event.step_key or '').replace('__', '/')}: {(user.description if user else None) or _innermost(error)}"


def _innermost(error: SerializableErrorInfo) -> str:
    while error.cause is not None:
        error = error.cause
    return " ".join(error.message.split())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    # Of the process that executes it.
    parser.add_argument("--here", type=_file, metavar="CONFIG", help=argparse.SUPPRESS)
    parser.add_argument("--tags", type=_tags, default={}, help=argparse.SUPPRESS)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument("job", choices=JOBS, help="nightly: refresh, decide, fetch, catalogue; whole_line: everything")


def _file(text: str) -> Path:
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"{text!r} is no file; expected one with the configuration of the job")
    return Path(text)


def _tags(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise argparse.ArgumentTypeError(f'found {text!r}, expected an object of texts, such as {{"name": "value"}}')
    return found


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    if arguments.here is None:
        run_job(arguments.job)
        return
    with open_instance(Path.cwd()) as instance:
        try:
            succeeded = execute_here(instance, arguments.job, arguments.here, arguments.tags)
        except (KeyboardInterrupt, DagsterExecutionInterruptedError):
            # Whoever started this process says so.
            raise SystemExit(130) from None
    raise SystemExit(not succeeded)
