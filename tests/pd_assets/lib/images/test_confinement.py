"""What a decoder process can still do once it is confined: nothing but reckon with what it has open."""

import logging
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from pd_assets.lib.images.confinement import confine
from pd_assets.lib.images.pool import PASSED_ON, Decoders, warn_once
from pd_assets.lib.images.worker import NOT_CONFINED
from tests.conftest import ROOT
from tests.pd_assets.lib.pictures import encoded, painting

WORKER = "pd_assets.lib.images.worker"
# Each way says "open" where it can be gone, else the name of its error.
WAYS = """
import os, socket, subprocess, sys
from pd_assets.lib.images.confinement import confine
sys.path_hooks.clear()
folder, confined = sys.argv[1], sys.argv[2] == "confined"
known = open(f"{folder}/known", "rb")
ways = {
    "read a file": lambda: open(f"{folder}/known").read(),
    "read the environment of the parent": lambda: open(f"/proc/{os.getppid()}/environ", "rb").read(),
    "list a folder": lambda: os.listdir(folder),
    "write a file": lambda: open(f"{folder}/new", "w"),
    "cut a file": lambda: os.truncate(f"{folder}/spare3", 0),
    "remove a file": lambda: os.unlink(f"{folder}/spare"),
    "rename a file": lambda: os.rename(f"{folder}/spare2", f"{folder}/other"),
    "make a folder": lambda: os.mkdir(f"{folder}/folder"),
    "change rights": lambda: os.chmod(f"{folder}/known", 0o600),
    "TCP": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
    "UDP": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close(),
    "Unix sockets": lambda: socket.socket(socket.AF_UNIX).close(),
    "run a program": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "signal the parent": lambda: os.kill(os.getppid(), 0),
}
missing = confine() if confined else []
for name, way in ways.items():
    try:
        way()
        told = "open"
    except OSError as error:
        told = type(error).__name__
    print(f"{name}: {told}")
print("missing:", *missing)
print("still reads what it has open:", known.read().decode())
"""


def ways(folder: Path, confined: str) -> dict[str, str]:
    folder.mkdir()
    for name in ("known", "spare", "spare2", "spare3"):
        (folder / name).write_text("content")
    ran = subprocess.run(
        [sys.executable, "-c", WAYS, str(folder), confined], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return dict(line.split(": ", 1) for line in ran.stdout.splitlines() if ": " in line)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone has Landlock and seccomp")
def test_every_way_is_open_before_and_closed_after(tmp_path: Path) -> None:
    before, after = ways(tmp_path / "before", "free"), ways(tmp_path / "after", "confined")
    assert set(before.values()) == {"open", "content"}
    if "files" in after.get("missing", ""):
        pytest.skip("this kernel has no Landlock")
    assert {way for way, told in after.items() if told == "open"} == set()
    assert after["still reads what it has open"] == "content"


class OldKernel:
    """One that knows neither Landlock nor seccomp."""

    def prctl(self, *arguments: object) -> int:
        return 0

    def syscall(self, *arguments: object) -> int:
        return -1


def test_what_a_kernel_cannot_take_away_is_said_and_once(caplog: pytest.LogCaptureFixture) -> None:
    missing = confine(OldKernel())
    assert "files" in missing[0]
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            warn_once(f"{NOT_CONFINED}{missing[0]}")
    assert caplog.messages == [f"a decoder keeps {missing[0]}"]


def test_a_decoder_has_no_more_of_the_environment_than_python_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "PD_COMMONS_TOKEN"):
        monkeypatch.setenv(name, "secret")
    with Decoders(workers=1) as running:
        running.normalise(encoded(painting(1)), max_side=64)
        (worker,) = [child for child in psutil.Process().children() if WORKER in child.cmdline()]
        names = set(worker.environ())
    assert names <= {*PASSED_ON, "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
