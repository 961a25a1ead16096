"""What the suite costs: CPU-seconds and wall seconds of each test file, of collecting it, and of what fixtures make.

A plugin of pytest: `python -m pytest -p tests.times --times FILE` writes the figures as JSON, over all workers, and
`python -m tests.times FILE` prints them as a table. CPU-seconds are those of a worker and of all processes below it,
living or gone, and of what was forked for it (tests/warm.py). What leaves the process tree (Postgres) is not counted.
"""

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import psutil
import pytest

from tests import warm

# Below this nobody looks for other processes: the look itself costs some milliseconds.
SHORT_S = 0.05
KINDS = ("file", "collect", "fixture", "process")
Rows = dict[str, list[float]]  # what: CPU-seconds, wall seconds, times


class Fixture(Protocol):
    """What pytest tells of a fixture."""

    scope: str
    argname: str


class Worker(Protocol):
    """What xdist tells of a worker that has ended."""

    workeroutput: Mapping[str, str]


class Times:
    """The figures of one process, or in the controller those of all workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._me = psutil.Process()
        self._below_s = self._forked_s = 0.0
        self._started = time.monotonic()
        self.rows: dict[str, Rows] = {kind: defaultdict(lambda: [0.0, 0.0, 0]) for kind in KINDS}

    def cpu_s(self, *, look: bool) -> float:
        """CPU-seconds so far of this process and those below it; a look may be left out where none was seen last."""
        mine = self._me.cpu_times()
        if look or self._below_s:
            self._below_s = sum(_cpu_s(one) for one in self._me.children(recursive=True) if not _is_forked(one))
            self._forked_s = warm.spent_s(os.environ.get("PYTEST_XDIST_WORKER", "-"))
        return _sum(mine) + self._below_s + self._forked_s

    @contextmanager
    def measured(self, kind: str, what: str) -> Generator[None]:
        wall, cpu = time.monotonic(), self.cpu_s(look=False)
        try:
            yield
        finally:
            took_s = time.monotonic() - wall
            self._add(kind, what, [self.cpu_s(look=took_s > SHORT_S) - cpu, took_s, 1])

    def _add(self, kind: str, what: str, figures: list[float]) -> None:
        self.rows[kind][what] = [one + more for one, more in zip(self.rows[kind][what], figures, strict=True)]

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, object, object]:
        with self.measured("collect", collector.nodeid if isinstance(collector, pytest.Module) else "(conftests)"):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Fixture) -> Generator[None, object, object]:
        if fixturedef.scope == "function":
            return (yield)
        with self.measured("fixture", fixturedef.argname):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        with self.measured("file", item.nodeid.partition("::")[0]):
            return (yield)

    def pytest_testnodedown(self, node: Worker) -> None:
        # One that was killed says nothing.
        said = getattr(node, "workeroutput", {})
        for kind, rows in json.loads(said.get("times", "{}")).items():
            for what, figures in rows.items():
                self._add(kind, what, figures)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        # A session that a worker's test starts has its variables, and is no worker.
        is_worker = hasattr(self._config, "workeroutput")
        name = os.environ["PYTEST_XDIST_WORKER"] if is_worker else "controller"
        self._add("process", name, [self.cpu_s(look=name != "controller"), time.monotonic() - self._started, 1])
        if name == "controller":
            Path(self._config.getoption("--times")).write_text(json.dumps(self.rows))
        else:
            self._config.workeroutput["times"] = json.dumps(self.rows)  # type: ignore[attr-defined]


def _sum(times: object) -> float:
    """Own and reaped processes' user and system seconds."""
    return sum(getattr(times, name, 0.0) for name in ("user", "system", "children_user", "children_system"))


def _is_forked(process: psutil.Process) -> bool:
    """Whether tests/warm.py counts it, for the worker that asked, who need not be the one above it."""
    try:
        return "tests.warm" in process.cmdline()
    except psutil.Error:
        return False


def _cpu_s(process: psutil.Process) -> float:
    try:
        return _sum(process.cpu_times())
    except psutil.Error:
        return 0.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--times", default="times.json", help="where tests.times writes what it measured")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Times(config), "times")


def table(rows: dict[str, Rows], *, least_s: float = 1.0) -> str:
    """The figures in Markdown, dearest first; what cost less than `least_s` CPU-seconds is one line."""
    titles = {"file": "test file", "collect": "collection and imports", "fixture": "fixture", "process": "process"}
    lines = []
    for kind in KINDS:
        found = sorted(rows[kind].items(), key=lambda row: -row[1][0])
        small = [figures for _, figures in found if figures[0] < least_s]
        shown = [row for row in found if row[1][0] >= least_s]
        if small:
            shown.append(
                (f"{len(small)} others below {least_s:g} s", [sum(column) for column in zip(*small, strict=True)])
            )
        shown.append(("**all**", [sum(column) for column in zip(*rows[kind].values(), strict=True)] or [0, 0, 0]))
        lines += [f"| {titles[kind]} | CPU-s | wall s | times |", "|---|---|---|---|"]
        lines += [f"| {what} | {cpu:.1f} | {wall:.1f} | {times:.0f} |" for what, (cpu, wall, times) in shown]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table(json.loads(Path(sys.argv[1]).read_text())))
