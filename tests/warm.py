"""`python -m pd_ml` as a process of its own that need not import torch, diffusers and transformers first.

Those imports take ten CPU-seconds, more than what most tests train. So each worker of a run of the suite has one
process that has made them and has done nothing else: it forks for each command. What runs is the command itself, with
the arguments, environment, folder and files of whoever called; tests/warm_client.py stands in its place, passes signals
on and ends as it ends. Where a process of nothing but the command matters, a test starts Python.
"""

import atexit
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from tests.patience import until

CLIENT = Path(__file__).with_name("warm_client.py")
ROOT = Path(__file__).resolve().parents[1]
# Set by a parent that we stop without: its process id, which the one that forks has to take the place of.
PARENT = "PD_STOP_WITHOUT_PARENT"
REAP_EVERY_S = 0.5


@cache
def program() -> tuple[str, ...]:
    """What to put before the arguments of `pd_ml`; the first call starts the process that forks."""
    # A socket's path is short.
    listening = Path(tempfile.mkdtemp()) / "warm"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.warm", listening], cwd=ROOT, env=environment
    )
    atexit.register(process.kill)
    until(lambda: listening.exists() or process.poll() is not None)
    assert process.poll() is None, "the process that imports pd_ml ended"
    return (sys.executable, "-I", "-S", str(CLIENT), str(listening))


def serve(listening: Path) -> None:
    """Fork for each that connects."""
    os.environ.update({"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"})
    import pd_ml.evaluation.report
    import pd_ml.evaluation.sheet
    import pd_ml.training.stages

    assert pd_ml.training.stages.TRAINERS and pd_ml.evaluation.report and pd_ml.evaluation.sheet
    with socket.socket(socket.AF_UNIX) as server:
        # Found under its name only once it listens.
        hidden = listening.with_suffix(".partial")
        server.bind(str(hidden))
        server.listen()
        hidden.rename(listening)
        while True:
            if select.select([server], [], [], REAP_EVERY_S)[0]:
                connection, _ = server.accept()
                with connection:
                    if os.fork() == 0:
                        server.close()
                        _look_after(connection)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _look_after(connection: socket.socket) -> None:
    """Start the command that is asked for, pass signals on to it, and tell how it ended; killed like its client."""
    told, files, _, _ = socket.recv_fds(connection, 2**20, 3)
    asked = json.loads(told)
    pid = os.fork()
    if pid == 0:
        _run(asked, files, connection)
    for file in files:
        os.close(file)
    ended = os.pidfd_open(pid)
    while True:
        ready, _, _ = select.select([connection, ended], [], [])
        if ended in ready:
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            with suppress(OSError):
                connection.sendall(code.to_bytes(2, "big", signed=True))
            os._exit(0)
        number = connection.recv(1)
        os.kill(pid, number[0] if number else signal.SIGKILL)


def _run(asked: dict[str, object], files: list[int], connection: socket.socket) -> None:
    """The command, in a process that was just forked."""
    code = 1
    try:
        connection.close()
        for standard, file in enumerate(files):
            os.dup2(file, standard)
            os.close(file)
        os.setsid()
        os.chdir(str(asked["folder"]))
        environment = asked["environment"]
        assert isinstance(environment, dict)
        os.environ.clear()
        os.environ.update(environment)
        if PARENT in os.environ:
            os.environ[PARENT] = str(os.getppid())
        arguments = asked["arguments"]
        assert isinstance(arguments, list)
        sys.argv = ["pd_ml", *arguments]
        runpy.run_module("pd_ml", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
