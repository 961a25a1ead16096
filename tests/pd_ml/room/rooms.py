"""Trainings in a real room: a Python of their own, and a copy of the package whose stage does what we want."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

import pd_ml
from tests import last_words
from tests.patience import PATIENCE_S
from tests.pd_ml.command import ROOT, clean_environment
from tests.pd_ml.room.refusing import UNSHARE

PACKAGE = Path(str(pd_ml.__file__)).parent

TOKENIZER = ("--recipe", "debug", "--set", "vocab_size=600")


def refusing(*numbers: int) -> tuple[str, ...]:
    """What comes before a command that runs where the kernel refuses these calls."""
    return (sys.executable, "-m", "tests.pd_ml.room.refusing", ",".join(map(str, numbers)))


WITHOUT_NAMESPACES = refusing(UNSHARE)


def environment(**more: str) -> dict[str, str]:
    return {**clean_environment(), "PYTHONPATH": str(ROOT), **more}


@cache
def reached(*before: str) -> Sequence[Mapping[str, object]]:
    """What `python -m pd_ml room` says here, of one process and of several."""
    done = subprocess.run(
        [*before, sys.executable, "-m", "pd_ml", "room"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def require_own_root() -> None:
    """Skip where the kernel gives no namespaces."""
    found = reached()[1]
    if found["level"] != "kernel" or found.get("root") != "own":
        pytest.skip(f"this machine has no room of its own: {found['level']}; {found.get('missing')}")


def require_landlock() -> None:
    """Skip where a room without namespaces is none."""
    found = reached(*WITHOUT_NAMESPACES)[0]
    if found["level"] != "kernel":
        pytest.skip(f"this machine has no room without namespaces: {found['level']}")


def start(
    *arguments: object,
    before: Sequence[str] = (),
    package: Path = ROOT,
    stdin: int = subprocess.DEVNULL,
    passed: Sequence[int] = (),
    **more: str,
) -> "subprocess.Popen[str]":
    """`python -m pd_ml` with its outputs in pipes; `package` is the folder of another copy of it."""
    return subprocess.Popen(
        [*before, sys.executable, "-P", "-m", "pd_ml", *map(str, arguments)],
        cwd=ROOT,
        env=environment(**{"PYTHONPATH": f"{package}:{ROOT}", **more}),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=passed,
        text=True,
    )


def run(
    *arguments: object,
    before: Sequence[str] = (),
    package: Path = ROOT,
    stdin: int = subprocess.DEVNULL,
    passed: Sequence[int] = (),
    **more: str,
) -> "subprocess.CompletedProcess[str]":
    """`start`, to the end."""
    process = start(*arguments, before=before, package=package, stdin=stdin, passed=passed, **more)
    stdout, stderr = process.communicate(timeout=PATIENCE_S)
    last_words.said("pd_ml", stdout + stderr)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def copy_of_package(folder: Path, stages: str, **files: Path) -> Path:
    """A folder with a pd_ml whose `training/stages.py` ends with `stages`, and with further files in it."""
    copy = folder / "pd_ml"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with (copy / "training" / "stages.py").open("a") as file:
        file.write(stages)
    for name, path in files.items():
        shutil.copyfile(path, copy / f"{name}.py")
    return folder


def descendants(pid: int) -> list[int]:
    """Every process below one, itself left out."""
    found, todo = [], [pid]
    while todo:
        here = todo.pop()
        try:
            children = Path(f"/proc/{here}/task/{here}/children").read_text().split()
        except OSError:
            continue
        found += [int(child) for child in children]
        todo += [int(child) for child in children]
    return found


def alive(pids: Sequence[int]) -> list[int]:
    """Those that have not ended; one that nobody waited for has."""
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.append(pid)
    return found


def is_root() -> bool:
    return os.getuid() == 0
