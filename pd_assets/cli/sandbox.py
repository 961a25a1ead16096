"""`pdd sandbox`: the sandbox archive, and how a home has it as a process of its own on the port that it remembers."""

import argparse
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from pd_assets.cli.project import HOST, free_port, is_free, ordinary_signals, require_free
from pd_assets.lib.errors import ConfigError, SandboxError
from pd_assets.lib.home import Home, alone, write_text
from pd_assets.lib.standing import ARCHIVE, RECIPE, RECIPE_OF_A_SANDBOX, sandbox_of

PREFERRED_PORT = 8421
PATIENCE_S = 60.0
LOOK_EVERY_S = 0.5


def api_url(port: int) -> str:
    return f"http://{HOST}:{port}/w/api.php"


def remembered(home: Home) -> tuple[int, Path | None] | None:
    """Port and pictures folder of the sandbox that fills this home, or None where no sandbox does."""
    found = sandbox_of(home)
    return None if found is None else (found.port, found.pictures)


def remember(home: Home, pictures: Path | None) -> int:
    """Choose the sandbox's port for this home, once and for all: page addresses in the tables name it."""
    known = remembered(home)
    if known is not None:
        if known[1] != (pictures and pictures.resolve()) and pictures is not None:
            raise ConfigError(
                f"PD_HOME={home.root} was filled from {known[1] or 'the drawn paintings'}, not from {pictures}; "
                "set PD_HOME to another folder"
            )
        return known[0]
    if home.archive is not None:
        raise ConfigError(
            f"PD_HOME={home.root} holds pictures of {home.archive}, and the demo would mix the sandbox's among them; "
            "set PD_HOME to another folder"
        )
    port = free_port(PREFERRED_PORT)
    write_text(
        home.root / "sandbox" / "sandbox.json",
        json.dumps({"port": port, "pictures": str(pictures.resolve()) if pictures else None}) + "\n",
    )
    if pictures is None:
        from pd_assets.sandbox import attributes  # the archive's whole machinery, which `pdd up` does without

        write_text(_told(home), json.dumps(attributes(), indent=1) + "\n")
    return port


@contextmanager
def running(home: Home, pictures: Path | None = None) -> Iterator[str]:
    """The home's sandbox, running in a process of its own for as long as this or another block needs it; yields its API
    address.
    """
    port = remember(home, pictures)
    with ExitStack() as used:
        with alone(home.root / "sandbox", "starts the sandbox"):
            user = used.enter_context(_in_use(home))
            used.enter_context(_started(home, port, user))
        yield api_url(port)


@contextmanager
def _started(home: Home, port: int, user: TextIO) -> Iterator[None]:
    if not is_free(port):
        raise SandboxError(
            f"port {port}, where this home's sandbox lives, is in use, expected it free; "
            "stop what uses it (another demo or `make up`?), or set PD_HOME to another folder"
        )
    command = [sys.executable, "-m", "pd_assets.cli", "sandbox", "--port", str(port), "--quiet"]
    command += ["--while-used", str(_users(home))]
    known = remembered(home)
    if known and known[1]:
        command += ["--pictures", str(known[1])]
    process = subprocess.Popen(command, start_new_session=True, preexec_fn=ordinary_signals)
    try:
        _wait(process, port)
        yield
    finally:
        # Where others use it, it ends after the last of them, as it does where this process is killed.
        if _is_last(user):
            process.terminate()
            process.wait()


@contextmanager
def _in_use(home: Home) -> Iterator[TextIO]:
    """While it is open, the home's sandbox stays; one that is about to end is waited for."""
    _users(home).parent.mkdir(parents=True, exist_ok=True)
    with _users(home).open("w") as user:
        fcntl.flock(user, fcntl.LOCK_SH)
        yield user


def _is_last(user: TextIO) -> bool:
    """Whether nobody else uses the sandbox."""
    try:
        fcntl.flock(user, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end_after_the_last(users: Path) -> None:
    """End this process once nobody uses it; who comes at that moment waits until it is gone."""
    with users.open("w") as lock:
        while not _is_last(lock):
            time.sleep(LOOK_EVERY_S)
        os.kill(os.getpid(), signal.SIGKILL)


def _users(home: Home) -> Path:
    return home.root / "sandbox" / ".users.lock"


@contextmanager
def beside(home: Home) -> Iterator[None]:
    """The archive of a home that a sandbox filled, for as long as the block; that of another process where one has it.

    Nothing is done where no sandbox filled it, or PD_COMMONS_API names an archive. The environment says it meanwhile.
    """
    known = remembered(home)
    if known is None or os.environ.get(ARCHIVE, "").strip():
        yield
        return
    before = dict(os.environ)
    with ExitStack() as used:
        with alone(home.root / "sandbox", "starts the sandbox"):
            user = used.enter_context(_in_use(home))
            if not is_at_work(home):
                used.enter_context(_started(home, known[0], user))
        os.environ[ARCHIVE] = api = api_url(known[0])
        os.environ[RECIPE] = os.environ.get(RECIPE) or RECIPE_OF_A_SANDBOX
        print(f"{home.root} was filled from the sandbox, which answers again at {api}", file=sys.stderr, flush=True)
        try:
            yield
        finally:
            for name in (ARCHIVE, RECIPE):
                os.environ.pop(name)
                os.environ.update({name: before[name]} if name in before else {})


def is_at_work(home: Home) -> bool:
    """Whether the home's sandbox answers already: the drawn one is the same whoever started it."""
    known = remembered(home)
    if known is None or known[1] is not None or is_free(known[0]):
        return False
    try:
        with urllib.request.urlopen(_attributes_url(known[0]), timeout=5) as answer:
            return bool(json.load(answer) == json.loads(_told(home).read_text()))
    except (OSError, ValueError):
        return False


def _told(home: Home) -> Path:
    return home.root / "sandbox" / "attributes.json"


def _attributes_url(port: int) -> str:
    return f"http://{HOST}:{port}/sandbox/attributes"


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SandboxError(f"the sandbox ended with exit code {process.returncode} before it answered")
        try:
            with urllib.request.urlopen(_attributes_url(port), timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise SandboxError(f"the sandbox did not answer on port {port} within {PATIENCE_S:.0f} s")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("--port", type=int, default=PREFERRED_PORT, help=f"port (default {PREFERRED_PORT})")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="a folder with pictures and metadata.jsonl")
    parser.add_argument("--while-used", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--quiet", action="store_true", help="say nothing once it runs")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    from pd_assets.sandbox import Archive, serve_forever

    require_free(arguments.port, "--port")
    archive = Archive.from_folder(arguments.pictures) if arguments.pictures else Archive.painted()

    def on_ready(url: str) -> None:
        if arguments.while_used is not None:
            # Opened after the port, so that this is free once the lock is.
            threading.Thread(target=_end_after_the_last, args=[arguments.while_used], daemon=True).start()
        if not arguments.quiet:
            print(f"The sandbox answers at {url}\nUse it with PD_COMMONS_API={url}; stop it with Ctrl-C.", flush=True)

    serve_forever(archive, arguments.port, on_ready=on_ready)
