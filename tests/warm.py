"""Python processes that need not import torch, diffusers, transformers, dagster and our own modules first.

Those imports take up to 14 CPU-seconds, more than what most tests do with them. So a run of the suite has one process
that has made them and has done nothing else: it forks for each `-m pd_ml`, `-m pd_assets.cli` and `-m dagster`, and
before it has imported any module of ours for each `-c`. What runs is the same module or code, with the arguments,
environment, folder and files of whoever called; tests/warm_client.py stands in its place, passes signals on and ends as
it ends. `program()` is used like the path of Python. Where the tree of processes matters, a test starts Python itself.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

from tests.leftovers import MARK
from tests.once import locked
from tests.patience import until

CLIENT = Path(__file__).with_name("warm_client.py")
ROOT = Path(__file__).resolve().parents[1]
# Names of the two sockets, for code that is given and for modules, and of the file of CPU-seconds.
CODE, MODULES, SPENT = "code", "modules", "spent"
# Most of diffusers and transformers is imported when one of its classes is asked for.
LIBRARIES = {
    "torch": (),
    "diffusers": ("DiffusionPipeline", "DDPMPipeline", "StableDiffusionPipeline", "DPMSolverMultistepScheduler"),
    "transformers": ("CLIPModel", "CLIPTokenizer", "CLIPImageProcessorPil"),
    "accelerate": (),
    "matplotlib.backends.backend_agg": (),
}
# Not the definitions themselves, nor what they are made of that reads the environment. In one string: what is only
# imported early is nothing that a test depends on (tests/reach.py).
OURS = """
    pd_ml.training.stages pd_ml.evaluation.report pd_ml.evaluation.sheet dagster._cli
    pd_assets.cli.run pd_assets.cli.sql pd_assets.cli.takedown pd_assets.cli.trace
    pd_assets.assets.evaluation pd_assets.assets.models pd_assets.assets.rights pd_assets.assets.smithsonian
    pd_assets.checks.models
"""
# Set by a parent that we stop without: its process id, which the one that looks after us has to take the place of.
PARENT = "PD_STOP_WITHOUT_PARENT"
REAP_EVERY_S = 0.5


@cache
def program() -> str:
    """Used like the path of Python. The first call of a run of the suite starts the process that forks."""
    folder = Path(os.environ[MARK]) / "warm"
    python = folder / "python"
    with locked(folder / "lock"):
        if not python.exists():
            _start(folder)
            python.write_text(
                f"#!{sys.executable} -IS\nimport runpy, sys\nsys.argv[1:1] = [{str(folder)!r}, {sys.executable!r}]\n"
                f"runpy.run_path({str(CLIENT)!r}, run_name='__main__')\n"
            )
            python.chmod(0o755)
    return str(python)


def pd_ml() -> tuple[str, ...]:
    """What to put before the arguments of `pd_ml`."""
    return (program(), "-m", "pd_ml")


def spent_s(worker: str) -> float:
    """The CPU-seconds of what was forked for a worker of pytest and has ended."""
    spent = Path(os.environ[MARK]) / "warm" / SPENT
    rows = map(str.split, spent.read_text().splitlines()) if spent.exists() else ()
    return sum(float(seconds) for name, seconds in rows if name == worker)


def _start(folder: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tests.warm", folder]
    with (folder / "log").open("wb") as log:
        # The end of the session ends it: tests/leftovers.py.
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    until(lambda: (folder / MODULES).exists() or process.poll() is not None, (folder / "log").read_text)
    assert process.poll() is None, (folder / "log").read_text()


def serve(folder: Path) -> None:
    """Fork for each that connects, one process before and one after our own modules were imported."""
    os.environ.update({"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"})
    for name, classes in LIBRARIES.items():
        library = import_module(name)
        assert all(hasattr(library, one) for one in classes)
    gc.freeze()
    if os.fork() == 0:
        _accept(folder, CODE, _run_code)
    for name in OURS.split():
        import_module(name)
    # What is forked shares these pages as long as nobody writes to them, which the collector does where it looks.
    gc.freeze()
    _accept(folder, MODULES, _run_module)


def _accept(folder: Path, name: str, run: Callable[[list[str]], None]) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        # Found under its name only once it listens.
        hidden = folder / f".{name}"
        server.bind(str(hidden))
        server.listen(64)
        hidden.rename(folder / name)
        while True:
            if select.select([server], [], [], REAP_EVERY_S)[0]:
                connection, _ = server.accept()
                with connection:
                    if os.fork() == 0:
                        server.close()
                        _look_after(connection, run, folder / SPENT)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _look_after(connection: socket.socket, run: Callable[[list[str]], None], spent: Path) -> None:
    """Start what is asked for, pass signals on to it, and tell how it ended; killed like its client."""
    told, files, _, _ = socket.recv_fds(connection, 2**20, 3)
    asked = json.loads(told)
    pid = os.fork()
    if pid == 0:
        connection.close()
        _become(asked, files, run)
    for file in files:
        os.close(file)
    ended = os.pidfd_open(pid)
    while ended not in select.select([connection, ended], [], [])[0]:
        number = connection.recv(1)
        os.kill(pid, number[0] if number else signal.SIGKILL)
        if not number:
            break
    _, status, usage = os.wait4(pid, 0)
    with spent.open("a") as lines:
        lines.write(f"{asked['environment'].get('PYTEST_XDIST_WORKER', '-')} {usage.ru_utime + usage.ru_stime:.3f}\n")
    with suppress(OSError):
        connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(2, "big", signed=True))
    os._exit(0)


def _become(asked: dict[str, object], files: list[int], run: Callable[[list[str]], None]) -> None:
    """What is asked for, in a process that was just forked."""
    code = 1
    try:
        for standard, file in enumerate(files):
            os.dup2(file, standard)
            os.close(file)
        # It was opened on a file, in which one can seek: on a pipe it could not be configured anew.
        sys.stdout = open(1, "w", encoding=sys.stdout.encoding, closefd=False)  # noqa: SIM115
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(str(asked["folder"]))
        environment, arguments = asked["environment"], asked["arguments"]
        assert isinstance(environment, dict) and isinstance(arguments, list)
        os.environ.clear()
        os.environ.update(environment)
        if PARENT in os.environ:
            os.environ[PARENT] = str(os.getppid())
        # What it starts in turn need not import anything either.
        sys.executable = str(asked["python"])
        sys.path[0] = str(asked["folder"])
        run(arguments)
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


def _run_code(arguments: list[str]) -> None:
    code, *rest = arguments
    sys.argv = ["-c", *rest]
    exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})


def _run_module(arguments: list[str]) -> None:
    module, *rest = arguments
    # A clean room is entered by a process that imports everything anew: tests/pd_ml/room starts Python itself.
    os.environ.setdefault("PD_CLEAN_ROOM", "off")
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
