"""The benchmark of growth knows every asset, check and sensor, each of its steps runs, and its verdict is right."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from tests.bench.growth import steps
from tests.bench.growth.verdict import Grown, table
from tests.bench.spent import Spent

SIZES = (1_000, 3_000, 10_000)
MEGABYTE = 1_000_000


def grown(cpu_s: Callable[[int], float], peak_bytes: Callable[[int], int]) -> Grown:
    """A step whose cost is that of a function, beside 0.5 CPU-s and 200 MB that it always takes."""

    def spent(rows: int) -> Spent:
        return Spent(seconds=0.0, cpu_s=0.5 + cpu_s(rows), peak_bytes=200 * MEGABYTE + peak_bytes(rows))

    return Grown(step="asset made/up", state="scratch", fixed=spent(0), spent={rows: spent(rows) for rows in SIZES})


def nothing(rows: int) -> int:
    return 0


def test_what_is_linear_passes() -> None:
    assert grown(lambda rows: rows / 1_000, nothing).problems == []


def test_what_is_quadratic_fails() -> None:
    found = grown(lambda rows: (rows / 1_000) ** 2 / 10, nothing)
    assert found.over_linear is not None and found.over_linear > 3
    assert len(found.problems) == 1 and "times linear" in found.problems[0]


def test_a_linear_step_that_begins_to_use_helpers_at_some_size_passes() -> None:
    assert grown(lambda rows: rows / 1_000 + (2.0 if rows > 2_000 else 0.0), nothing).problems == []


def test_what_takes_too_little_to_tell_passes() -> None:
    found = grown(lambda rows: (rows / 10_000) ** 2 / 10, nothing)
    assert found.over_linear is None and found.problems == []


def test_memory_that_keeps_rows_fails_and_noise_does_not() -> None:
    assert grown(lambda _: 0.0, lambda rows: 100 * MEGABYTE * (rows == 10_000)).problems == []
    found = grown(lambda _: 0.0, lambda rows: 30_000 * rows)
    assert len(found.problems) == 1 and "bytes a row" in found.problems[0]


def test_the_table_sets_another_commit_beside_it() -> None:
    now, before = grown(lambda rows: rows / 1_000, nothing), grown(lambda rows: rows / 500, nothing)
    *_, line = table([now], {(before.step, before.state): before})
    assert "| 20.50 | 0.51 |" in line


def test_an_asset_that_the_benchmark_does_not_know_is_named() -> None:
    @dg.asset(key=["catalog", "new"])
    def new() -> None: ...

    @dg.asset_check(asset=new)
    def is_new() -> dg.AssetCheckResult: ...

    @dg.sensor(name="new_watch", target="*")
    def new_watch() -> None: ...

    defs = dg.Definitions(assets=[new], asset_checks=[is_new], sensors=[new_watch])
    assert steps.unknown(defs) == ["asset catalog/new", "check catalog/new is_new", "sensor new_watch"]


@pytest.mark.extended
def test_every_step_runs_on_a_small_home() -> None:
    command = [sys.executable, "-m", "tests.bench.growth", "--once", "--buckets", "2"]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
