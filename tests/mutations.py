"""The mutation check: plants one fault at a time in a copy of the working tree and asks whether the tests find it.

`python -m tests.mutations` runs for every fault of tests/planted_faults.py the tests that are said to find it;
`--whole quick` runs everything of that size instead, so that nobody has to trust the table. The working tree is only
read. Exit code 1 where a fault survived, or where its tests could not even be collected: that is no finding.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT
from tests.planted_faults import FAULTS, SIZES, Fault, problems
from tests.sizes import size_of

LIMIT_S = 3600
FAILED = re.compile(r"^FAILED (tests/.+?)(?: - |$)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What the tests made of one fault: `found`, `survived`, or `broken` where they could not be run."""

    fault: Fault
    outcome: str
    test: str

    def row(self) -> str:
        """One line of the table; files without their folders, tests without their files."""
        fault = self.fault
        files = ", ".join(dict.fromkeys(Path(name.partition("::")[0]).name for name in fault.found_by))
        test = f"`{self.test.rpartition('::')[2]}`" if self.test else f"**{self.outcome}**"
        return f"| {fault.name} | {fault.area} | {files} | {test} | {fault.size} |"


@contextmanager
def copied_tree() -> Iterator[Path]:
    """A copy of what git knows or would add, `shared` beside it where it lies beside the original."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        tree = Path(folder) / "tree"
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, tree / name)
        if (ROOT.parent / "shared").is_dir():
            (Path(folder) / "shared").symlink_to((ROOT.parent / "shared").resolve())
        yield tree


@contextmanager
def planted(fault: Fault, tree: Path) -> Iterator[None]:
    """The fault in the tree, and out of it again."""
    path = tree / fault.file
    sound = path.read_text()
    path.write_text(sound.replace(fault.old, fault.new))
    try:
        yield
    finally:
        path.write_text(sound)


def run_tests(tree: Path, tests: Iterable[str]) -> tuple[int, str]:
    """pytest's exit code and what it said; processes that tests start find the copy, too, and no stale bytecode."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    options = ("-x", "-q", "-o", "addopts=-rf", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", *options, *tests]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return -1, f"no end after {LIMIT_S} s"
    return done.returncode, done.stdout + done.stderr


def judge(fault: Fault, tree: Path, tests: Sequence[str]) -> Finding:
    """Plant the fault and run the tests. Only a test that ran and failed has found it."""
    with planted(fault, tree):
        code, said = run_tests(tree, tests)
    failed = FAILED.search(said)
    if code == 1 and failed:
        return Finding(fault=fault, outcome="found", test=failed.group(1))
    if code != 0:
        print(said[-3000:], file=sys.stderr)
    return Finding(fault=fault, outcome="broken" if code else "survived", test="")


def tests_up_to(size: str) -> list[str]:
    """Every test file that `make <size>` runs."""
    names = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py"))
    return [name for name in names if SIZES.index(size_of(name)) <= SIZES.index(size)]


def chosen(arguments: argparse.Namespace) -> list[Fault]:
    """The faults that the command line asks for."""
    named = [fault for fault in FAULTS if not arguments.only or fault.name in arguments.only]
    return [fault for fault in named if arguments.found_by in (None, fault.size)]


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    names = [fault.name for fault in FAULTS]
    parser.add_argument("--only", metavar="NAME", action="append", choices=names, help="only this fault (repeatable)")
    parser.add_argument("--found-by", choices=("quick", "test"), help="only faults that tests of this size find")
    parser.add_argument("--whole", choices=("quick", "test"), help="run all tests of this size, not those of the table")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check and print its table."""
    asked = command_line().parse_args(arguments)
    if wrong := problems(ROOT):
        print("\n".join(wrong), file=sys.stderr)
        return 2
    faults = chosen(asked)
    whole = tests_up_to(asked.whole) if asked.whole else []
    with copied_tree() as tree:
        code, said = run_tests(tree, whole or sorted({name for fault in faults for name in fault.found_by}))
        if code != 0:
            print(f"{said[-6000:]}\nthe tests fail without any fault; mend that first", file=sys.stderr)
            return 2
        print("| fault | area | found by | first failing test | size |\n|---|---|---|---|---|", flush=True)
        findings = []
        for fault in faults:
            findings.append(judge(fault, tree, whole or fault.found_by))
            print(findings[-1].row(), flush=True)
    found = [one for one in findings if one.outcome == "found"]
    quick = sum(one.fault.size == "quick" for one in found)
    print(f"\n{len(found)} of {len(findings)} faults found, {quick} of them by tests of `make quick`.")
    return 0 if len(found) == len(findings) else 1


if __name__ == "__main__":
    raise SystemExit(main())
