"""Every asset, check, sensor and question at 1x, 3x and 10x of rows, each in a process of its own.

    python -m tests.bench.growth --rows 10000 --buckets 4
    python -m tests.bench.growth --rows 3000 --only "asset dataset/captions" --against 31743ef

Three states of each home: from scratch, a night without news, a night with 1% of the rows edited, new or gone. Exit
code 1 with the names of what costs more than linear, keeps rows in memory, or is not known here. The homes take about
7 kB a row on the disk. Archives and trainings are left out (steps.LEFT_OUT says which, and why).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

from pd_assets.definitions import build_defs
from tests.bench.growth import homes, steps
from tests.bench.growth.server import serving
from tests.bench.growth.verdict import Grown, table
from tests.bench.spent import Failed, Spent, in_a_child

TIMES = (1, 3, 10)
# What has a fixed cost has it here; some steps refuse a home without any row.
ALMOST_NONE = 20
Key = tuple[str, str]
Found = dict[Key, dict[int, Spent]]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000, help="items of the smallest home; others have 3x and 10x")
    parser.add_argument("--buckets", type=int, default=1, help="item buckets of the homes")
    parser.add_argument("--only", action="append", metavar="STEP", help="show only this step (those before it run too)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was measured here")
    parser.add_argument("--against", metavar="COMMIT", help="measure another commit too, in the same run")
    parser.add_argument("--once", action="store_true", help="only see whether each step runs, on a home of a few rows")
    parser.add_argument("--folder", type=Path, help="where the homes are made; a temporary folder without")
    options = parser.parse_args(argv)
    os.environ.update(steps.ENVIRONMENT)
    if unknown := steps.unknown(build_defs()):
        print(f"not known to tests/bench/growth/steps.py: {', '.join(unknown)}", file=sys.stderr)
        return 1
    before = _of_commit(options) if options.against else {}
    with tempfile.TemporaryDirectory(prefix="pd-growth-", dir=options.folder) as folder, serving() as host:
        if options.once:
            list(
                _measure(steps.Line.built(), Path(folder), host, ALMOST_NONE, options.buckets, steps.ORDER, ["changed"])
            )
            return 0
        found = grown(Path(folder), host, rows=options.rows, buckets=options.buckets, only=options.only)
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in found], indent=1))
    print("\n".join(table(found, before)))
    wrong = [f"{one.step}, {one.state}: {problem}" for one in found for problem in one.problems]
    print(f"\n{len(wrong)} over a bound", *wrong, sep="\n  ")
    return 1 if wrong else 0


def grown(folder: Path, host: str, *, rows: int, buckets: int, only: Sequence[str] | None = None) -> list[Grown]:
    """Measure every step, or those before and with the last of `only`, on all homes."""
    line = steps.Line.built()
    last = max((steps.ORDER.index(one) for one in only or ()), default=len(steps.ORDER) - 1)
    found: Found = {}
    for size in (ALMOST_NONE, *(rows * times for times in TIMES)):
        for key, spent in _measure(line, folder / str(size), host, size, buckets, steps.ORDER[: last + 1]):
            found.setdefault(key, {})[size] = spent
    return [
        Grown(step=step, state=state, fixed=spent.pop(ALMOST_NONE), spent=spent)
        for (step, state), spent in sorted(found.items(), key=lambda one: steps.ORDER.index(one[0][0]))
        if not only or step in only
    ]


def _measure(
    line: steps.Line,
    folder: Path,
    host: str,
    rows: int,
    buckets: int,
    names: Sequence[str],
    states: Sequence[str] = steps.STATES,
) -> Iterator[tuple[Key, Spent]]:
    place = steps.Place(folder=folder, host=host)
    say(f"{rows:,} rows")
    _alone(lambda: homes.make(place.root, rows, buckets, host))
    for state in states:
        if state == "changed":
            _alone(lambda: homes.change_a_night(place.home, rows, host))
        for name in names:
            if state not in steps.states(name):
                continue
            try:
                spent = in_a_child(partial(line.prepared, name, place))
            except Failed as error:
                raise SystemExit(f"{name}, {state}, {rows:,} rows: {error}") from error
            say(f"  {state:<8} {name:<50} {spent.cpu_s:8.2f} CPU-s {spent.peak_bytes / 1e6:6.0f} MB")
            yield (name, state), spent


def _alone(work: Callable[[], object]) -> None:
    in_a_child(lambda: work)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _of_commit(options: argparse.Namespace) -> dict[Key, Grown]:
    """The same figures of another commit, by the bench as it is here."""
    with _worktree(options.against) as there, tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        command = [sys.executable, "-m", "tests.bench.growth", "--rows", options.rows, "--buckets", options.buckets]
        command += [word for one in options.only or () for word in ("--only", one)] + ["--json", told]
        environment = {**os.environ, "PYTHONPATH": str(there)}
        subprocess.run(list(map(str, command)), cwd=there, env=environment, stdout=subprocess.DEVNULL, check=False)
        return {(one.step, one.state): one for one in map(_read, json.loads(told.read_text()))}


def _read(told: dict) -> Grown:
    spent = {int(rows): Spent(**one) for rows, one in told["spent"].items()}
    return Grown(**{**told, "fixed": Spent(**told["fixed"]), "spent": spent})


@contextmanager
def _worktree(commit: str) -> Iterator[Path]:
    """A checkout of a commit, with the benches as they are here."""
    here = Path(__file__).parents[3]
    with tempfile.TemporaryDirectory(prefix="pd-growth-") as folder:
        there = Path(folder) / "worktree"
        subprocess.run(["git", "worktree", "add", "--detach", "--quiet", there, commit], cwd=here, check=True)
        try:
            subprocess.run(["cp", "-r", here / "tests/bench", there / "tests"], check=True)
            yield there
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", there], cwd=here, check=True)


if __name__ == "__main__":
    sys.exit(main())
