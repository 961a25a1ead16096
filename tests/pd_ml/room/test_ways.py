"""Nothing inside can fetch what was not given: each way is open without a room, and refused in that of a real stage."""

import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pd_ml.provenance import read_run
from pd_ml.room import libraries, relay
from tests.patience import PATIENCE_S
from tests.pd_ml.room import ways
from tests.pd_ml.room.rooms import (
    TOKENIZER,
    WITHOUT_NAMESPACES,
    copy_of_package,
    is_root,
    require_landlock,
    require_own_root,
    run,
)

PROGRAM = Path(str(ways.__file__))
# A stage that tries all ways before it does its work.
TRYING = """

def _trying(job, export, bench):
    import json
    from pathlib import Path
    from pd_ml import ways
    told = json.loads((Path(ways.__file__).parent / "told.json").read_text())
    (export / "tried.json").write_text(json.dumps(ways.tried({**told, "box": str(job.partial)})))
    return train_tokenizer_stage(job, export, bench)

TRAINERS = MappingProxyType({**TRAINERS, "tokenizer": _trying})
"""
NOT_SUPPORTED = errno.errorcode[errno.ENOTSUP]
FILES = ("open", "pickle", "renamed weights", "mmap", "dlopen", "cat", "execve", "list", "relative open", "FIFO")
FILES += ("/proc/PID/root", "/proc/PID/fd", "/proc/PID/mem", "/proc/PID/environ", "/proc/PID/cmdline", "setns")
NAMES = ("stat", "readlink")
INTO = ("hard link", "symlink", "rename")
FILES += ("safetensors", "torch.from_file")
UNIX = ("unix by path", "unix, a descriptor", "unix abstract", "unix in its own folder")
UNIX += ("cipher socket", "vsock", "packet", "netlink audit")
CALLS = ("session key", "ptrace", "process_vm_readv", "io_uring", "open_by_handle_at", "mount", "unshare")
CALLS += ("clone a user namespace", "perf", "bpf", "kernel log")
IPC = ("SysV memory", "SysV messages", "message queue")
IN_ANY = {
    **dict.fromkeys(UNIX, "EAFNOSUPPORT"),
    **dict.fromkeys(CALLS, "EPERM"),
    "getxattr": NOT_SUPPORTED,
    "standard input": "ENODATA",
    "inherited descriptor": "EBADF",
    "i386 call": "SIGSYS",
    "x32 call": "SIGSYS",
}
WITH_OWN_ROOT = {
    **IN_ANY,
    **dict.fromkeys((*FILES, *NAMES, *INTO, *IPC, "/dev/shm"), "ENOENT"),
    "TCP 127.0.0.1": "ECONNREFUSED",
    "TCP ::1": "ECONNREFUSED",
    "UDP": "ENETUNREACH",
    "pidfd_getfd": "ESRCH",
    "mknod": "EACCES",
}
# Names, sizes and times of foreign files, and where links lead, are not kept by Landlock: `root` in run.json says so.
WITHOUT_NAMESPACES_OF_ITS_OWN = {
    **IN_ANY,
    **dict.fromkeys((*FILES, "symlink", "rename", "/dev/shm"), "EACCES"),
    **dict.fromkeys(NAMES, "open"),
    **dict.fromkeys((*IPC, "pidfd_getfd"), "EPERM"),
    **dict.fromkeys(("TCP 127.0.0.1", "TCP ::1", "UDP"), "EAFNOSUPPORT"),
    "hard link": "EXDEV",
    # Whatever it was refused with, safetensors says that there is no such file.
    "safetensors": "ENOENT",
    "mknod": "EACCES",
}
# These are refused by the kernel as it is set up on many machines, to an ordinary user on all.
MAY_BE_SHUT = {"bpf", "perf", "kernel log", "io_uring", "x32 call", "dlopen", "i386 call", "UDP", "vsock", "TCP ::1"}
MAY_BE_SHUT |= {"message queue", "cipher socket"}
NEED_ROOT = {"mount", "mknod", "packet", "open_by_handle_at", "setns", "unshare", "clone a user namespace"}
NEED_ROOT |= {"session key", "netlink audit"}


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[ways.Outside]:
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        pytest.skip("the numbers of the calls are those of Linux on x86-64")
    # The name of a socket has 107 letters at most.
    with tempfile.TemporaryDirectory(prefix="o") as short:
        Path(short).chmod(0o711)
        found = ways.Outside(short, str(tmp_path / "box"))
        yield found
        found.close()


def full_input() -> int:
    """A standard input with something in it."""
    reading, writing = os.pipe()
    os.write(writing, b"data" * 8)
    os.close(writing)
    return reading


def without_a_room(outside: ways.Outside, box: Path, python: str, *before: str) -> dict[str, str]:
    box.mkdir(exist_ok=True)
    box.chmod(0o777)
    reading = full_input()
    done = subprocess.run(
        [*before, python, "-I", str(PROGRAM), json.dumps(outside.told(str(box)))],
        stdin=reading,
        pass_fds=(outside.kept,),
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    os.close(reading)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def in_a_stage(outside: ways.Outside, folder: Path, dataset: Path, *before: str) -> dict[str, str]:
    package = copy_of_package(folder / "copy", TRYING, ways=PROGRAM)
    (package / "pd_ml" / "told.json").write_text(json.dumps(outside.told("")))
    out = folder / "made" / "tokenizer"
    reading = full_input()
    arguments = ("train", "tokenizer", *TOKENIZER, "--dataset", dataset, "--out", out)
    done = run(*arguments, before=before, package=package, stdin=reading, passed=(outside.kept,))
    os.close(reading)
    assert done.returncode == 0, done.stderr
    assert read_run(out).level == "kernel"
    found: dict[str, str] = json.loads((out / "tried.json").read_text())
    return found


def require_refused(found: dict[str, str], expected: dict[str, str]) -> None:
    assert found == {name: expected[name] for name in found}


def test_every_way_is_open_without_a_room_and_refused_in_that_of_a_stage(
    outside: ways.Outside, dataset: Path, tmp_path: Path
) -> None:
    require_own_root()
    open_ones = without_a_room(outside, tmp_path / "box", sys.executable)
    shut = {name for name, found in open_ones.items() if found != "open"}
    assert shut <= MAY_BE_SHUT | (set() if is_root() else NEED_ROOT), open_ones
    require_refused(in_a_stage(outside, tmp_path, dataset), WITH_OWN_ROOT)


@pytest.mark.extended
def test_without_namespaces_one_process_is_kept_by_landlock_and_the_filter(
    outside: ways.Outside, dataset: Path, tmp_path: Path
) -> None:
    require_landlock()
    require_refused(in_a_stage(outside, tmp_path, dataset, *WITHOUT_NAMESPACES), WITHOUT_NAMESPACES_OF_ITS_OWN)


def test_an_ordinary_user_has_the_same_room(outside: ways.Outside, tmp_path: Path) -> None:
    require_own_root()
    python = "/usr/bin/python3"
    if not is_root() or not Path(python).exists() or not Path("/usr/bin/setpriv").exists():
        pytest.skip("only root becomes somebody else, by setpriv and with a Python that others may start")
    before = ("/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o001 == 0:
            folder.chmod(folder.stat().st_mode | 0o011)
    Path(outside.foreign).chmod(0o777)
    for name in ("weights.pkl", "renamed.dat"):
        Path(outside.foreign, name).chmod(0o666)
    open_ones = without_a_room(outside, tmp_path / "box", python, *before)
    assert open_ones["open"] == open_ones["TCP 127.0.0.1"] == open_ones["unix abstract"] == "open"
    box = tmp_path / "room"
    box.mkdir()
    os.chown(box, 65534, 65534)
    program = box / "ways.py"
    program.write_text(PROGRAM.read_text())
    plan = {
        "read": [*libraries.trees(), *libraries.settings()],
        "write": [str(box)],
        "devices": libraries.devices(),
        "command": [os.path.realpath(python), "-I", "-S", str(program), json.dumps(outside.told(str(box)))],
        "environment": {"PATH": "/usr/bin:/bin"},
    }
    done = subprocess.run(
        [*before, python, "-I", "-S", str(relay.LAUNCHER)],
        input=json.dumps(plan),
        pass_fds=(outside.kept,),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    room, found = map(json.loads, done.stdout.splitlines())
    assert (room["root"], room["network"], room["seccomp"], room["missing"]) == ("own", "own", True, [])
    require_refused(found, WITH_OWN_ROOT)
