"""Measures CPU-seconds and wall seconds of each test file, of collection and of fixtures, over all workers of a run.

A pytest plugin, `python -m pytest -p tests.times --times FILE`: FILE gets the figures as JSON.
CPU-seconds are those of the worker and of every process below it, living or gone; what has left the process tree is not counted.
"""

import json
import os
import time
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import psutil
import pytest

SHORT_S = 0.05


class Clock:
    def __init__(self) -> None:
        self._me = psutil.Process()
        self._below = 0.0

    def cpu(self, look: bool = True) -> float:
        times = os.times()
        if look:
            self._below = 0.0
            for child in self._me.children(recursive=True):
                try:
                    seen = child.cpu_times()
                except psutil.Error:
                    continue
                self._below += seen.user + seen.system + getattr(seen, "children_user", 0) + getattr(seen, "children_system", 0)
        return times.user + times.system + times.children_user + times.children_system + self._below


class Times:
    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.clock = Clock()
        self.rows: dict[str, dict[str, list[float]]] = {k: defaultdict(lambda: [0.0, 0.0, 0]) for k in ("collect", "file", "fixture", "test", "process")}
        self.start = time.time()

    def _measure(self, kind: str, key: str) -> "Span":
        return Span(self, kind, key)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, object, object]:
        with Span(self, "collect", collector.nodeid if isinstance(collector, pytest.Module) else "(folders, conftests)"):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Generator[None, object, object]:
        if fixturedef.scope == "function":
            return (yield)
        with Span(self, "fixture", f"{fixturedef.baseid}::{fixturedef.argname}"):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: object) -> Generator[None, object, object]:
        with Span(self, "file", item.nodeid.split("::")[0], item.nodeid):
            return (yield)

    def pytest_sessionfinish(self) -> None:
        self.rows["process"][os.environ.get("PYTEST_XDIST_WORKER", "main")] = [self.clock.cpu(), time.time() - self.start, 1]
        out = {kind: dict(rows) for kind, rows in self.rows.items()}
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["times"] = json.dumps(out)
        else:
            self.write(out)

    def pytest_testnodedown(self, node: Any) -> None:
        for kind, rows in json.loads(node.workeroutput.get("times", "{}")).items():
            for key, (cpu, wall, n) in rows.items():
                row = self.rows[kind][key]
                row[0] += cpu
                row[1] += wall
                row[2] += n
        self.write({kind: dict(rows) for kind, rows in self.rows.items()})

    def write(self, out: object) -> None:
        Path(self.config.getoption("--times")).write_text(json.dumps(out))


class Span:
    def __init__(self, times: Times, kind: str, key: str, also: str | None = None) -> None:
        self.times, self.kind, self.key, self.also = times, kind, key, also

    def __enter__(self) -> None:
        self.wall = time.monotonic()
        self.cpu = self.times.clock.cpu(look=False)

    def __exit__(self, *_: object) -> None:
        wall = time.monotonic() - self.wall
        cpu = self.times.clock.cpu(look=wall > SHORT_S) - self.cpu
        for kind, key in ((self.kind, self.key), *([("test", self.also)] if self.also and wall > SHORT_S else [])):
            row = self.times.rows[kind][key]
            row[0] += cpu
            row[1] += wall
            row[2] += 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--times", default="times.json")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Times(config), "times")
