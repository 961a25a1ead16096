"""What Python imports first in the processes of a `pdd up` that tests started in a hurry; see ../hurry.py.

The same code does the same work. It is only looked more often whether there is something to do, a run is forked from a
process that has made the imports of a run and nothing else, and a training from tests/warm.py. Nothing is imported
here that would not be imported anyway.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType, SimpleNamespace

LOOK_EVERY_S, ALERT_WITHIN_S = 3, 8
# More than DAGSTER_EVENT_LOG_CONSUMER_DAEMON_INTERVAL_SECONDS of pdd_up/conftest.py, as Dagster's is less than ours.
OVERLOOKED_AFTER_S = 20
ALERTS = ("run_failure_alert", "overlooked_retries")


def of_controller(controller: ModuleType) -> None:
    """Backfills are looked at every thirty seconds else."""
    controller.DEFAULT_DAEMON_INTERVAL_SECONDS = LOOK_EVERY_S


def of_daemons(daemons: ModuleType) -> None:
    """Queue and run monitoring, not the one that starts failed runs again: it has a setting."""
    begin = daemons.IntervalDaemon.__init__

    def hurried(self: object, interval_seconds: float, **more: float) -> None:
        is_set = type(self).__name__ == "EventLogConsumerDaemon"
        begin(self, interval_seconds if is_set else min(interval_seconds, LOOK_EVERY_S), **more)

    daemons.IntervalDaemon.__init__ = hurried


def of_sensors(sensors: ModuleType) -> None:
    """Those that look for failed runs are due earlier; PD_WATCH_EVERY_S says when the others are."""
    is_early = sensors.is_under_min_interval

    def hurried(state: object, sensor: object, *more: int) -> bool:
        elapsed = sensors.get_elapsed(state)
        is_due = sensor.name in ALERTS and (elapsed is None or elapsed >= ALERT_WITHIN_S)
        return not is_due and is_early(state, sensor, *more)

    sensors.is_under_min_interval = hurried


def of_code_server(server: ModuleType) -> None:
    """It starts a run as a process of its own, which imports what the server has imported already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pd_assets.definitions"])
    server.multiprocessing = SimpleNamespace(get_context=lambda _: context)


def of_history(history: ModuleType) -> None:
    history.OVERLOOKED_AFTER = type(history.OVERLOOKED_AFTER)(seconds=OVERLOOKED_AFTER_S)


def of_child(child: ModuleType) -> None:
    child.program = lambda: (os.environ["TESTS_WARM_PYTHON"], "-m", "pd_ml")


HURRIED: dict[str, Callable[[ModuleType], None]] = {
    "dagster._daemon.controller": of_controller,
    "dagster._daemon.daemon": of_daemons,
    "dagster._daemon.sensor": of_sensors,
    "dagster._grpc.server": of_code_server,
    "pd_assets.running.history": of_history,
    "pd_assets.lib.child": of_child,
}


class Hurried(Loader):
    """A module as it is, and then changed."""

    def __init__(self, loader: Loader, change: Callable[[ModuleType], None]) -> None:
        self._loader, self._change = loader, change

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._change(module)


class Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        change = HURRIED.get(fullname)
        spec = PathFinder.find_spec(fullname, path, target) if change else None
        if spec is not None and spec.loader is not None and change is not None:
            spec.loader = Hurried(spec.loader, change)
        return spec


sys.meta_path.insert(0, Finder())
