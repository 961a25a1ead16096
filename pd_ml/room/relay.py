"""A room as a child process: its plan goes in, its words come out, signals are passed on. Errors: CleanRoomError."""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType

from pd_ml.errors import CleanRoomError
from pd_ml.room import libraries
from pd_ml.training.stopping import Stopping

LAUNCHER = Path(__file__).with_name("launcher.py")
_LOOK_FOR_PARENT_EVERY_S = 0.5
_BLOCK = 1 << 16
# Of the environment of whoever starts a training, these go on; names that begin so, or are so.
_ALLOWED_BEGINNINGS = (
    *("OMP_", "MKL_", "KMP_", "OPENBLAS_", "CUDA_", "CUBLAS_", "NCCL_", "TORCH_", "TORCHINDUCTOR_", "PYTORCH_"),
    *("ACCELERATE_", "FSDP_", "TRITON_"),
)
_ALLOWED = frozenset({"LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "PD_PROGRESS"})
# Of these that begin so, folders, which would lead elsewhere.
_FOLDERS = frozenset({"TORCH_HOME", "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "TORCH_EXTENSIONS_DIR"})


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the launcher is told: see `launch.Plan`."""

    read: Sequence[str]
    write: Sequence[str]
    command: Sequence[str]
    environment: Mapping[str, str]
    processes: int = 1
    port: int = 29500
    devices: Sequence[str] = field(default_factory=libraries.devices)


def allowed_environment(scratch: Path) -> dict[str, str]:
    """An allow list of this process's environment; caches and temporary files go to `scratch`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if (name.startswith(_ALLOWED_BEGINNINGS) or name in _ALLOWED) and name not in _FOLDERS
    }
    programs = os.path.join(os.path.realpath(os.path.dirname(sys.executable)), "")
    places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME", "MPLCONFIGDIR"), str(scratch))
    offline = dict.fromkeys(("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"), "1")
    # Both would look for another interface than the one that there is.
    network = {"GLOO_SOCKET_IFNAME": "lo", "NCCL_SOCKET_IFNAME": "lo"}
    # NCCL would pass GPU memory on by a Unix socket, of which there are none.
    network["NCCL_CUMEM_ENABLE"] = "0"
    return {**kept, **places, **offline, **network, **_library_path(), "PATH": f"{programs.rstrip('/')}:/usr/bin:/bin"}


def _library_path() -> dict[str, str]:
    """What of LD_LIBRARY_PATH is given as a library."""
    asked = [os.path.realpath(path) for path in os.environ.get("LD_LIBRARY_PATH", "").split(":") if path]
    trees = [os.path.realpath(tree) for tree in libraries.trees()]
    found = [path for path in asked if any(path == tree or path.startswith(f"{tree}/") for tree in trees)]
    return {"LD_LIBRARY_PATH": ":".join(found)} if found else {}


def python() -> str:
    """This interpreter by a path whose folder is no link, so that it finds its environment."""
    return os.path.join(os.path.realpath(os.path.dirname(sys.executable)), os.path.basename(sys.executable))


def run(plan: Plan, on_event: Callable[[Mapping[str, object]], None]) -> int:
    """The plan's command in its room to its end: its exit code, or minus the signal that ended it.

    What it prints is printed here; each JSON line of its standard output is told to `on_event` first, the one about
    the room only there. When our own parent (PD_STOP_WITHOUT_PARENT) ends, it is asked to stop.
    """
    told = {**asdict(plan), "parent": os.getpid()}
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(LAUNCHER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin", **_library_path()},
        start_new_session=True,
    )
    with _passing_on(process):
        try:
            assert process.stdin is not None
            with process.stdin as plan_file:
                plan_file.write(json.dumps(told).encode())
        except BrokenPipeError as error:
            raise CleanRoomError(f"the launcher of the clean room ended with {process.wait()}") from error
        try:
            _pass(process, on_event)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return process.wait()


@contextmanager
def _passing_on(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    def pass_on(number: int, frame: FrameType | None) -> None:
        process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _pass(process: "subprocess.Popen[bytes]", on_event: Callable[[Mapping[str, object]], None]) -> None:
    assert process.stdout is not None and process.stderr is not None
    parent = Stopping()
    asked, line = False, b""
    with selectors.DefaultSelector() as streams:
        for stream in (process.stdout, process.stderr):
            streams.register(stream, selectors.EVENT_READ)
        while streams.get_map():
            for key, _ in streams.select(_LOOK_FOR_PARENT_EVERY_S):
                block = os.read(key.fd, _BLOCK)
                if not block:
                    streams.unregister(key.fileobj)
                elif key.fileobj is process.stderr:
                    _print(sys.stderr, block)
                else:
                    *lines, line = (line + block).split(b"\n")
                    for whole in lines:
                        _told(whole, on_event)
            if not asked and parent():
                asked = True
                process.terminate()
    if line:
        _print(sys.stdout, line)


def _told(line: bytes, on_event: Callable[[Mapping[str, object]], None]) -> None:
    try:
        event = json.loads(line) if line[:1] == b"{" else {}
    except ValueError:
        event = {}
    if isinstance(event, dict) and event:
        on_event(event)
        if event.get("event") == "room":
            return
    _print(sys.stdout, line + b"\n")


def _print(stream: "object", block: bytes) -> None:
    """As it came: a bar that is redrawn has no line ends. Nobody who listens is no reason to stop."""
    try:
        buffer = getattr(stream, "buffer", None)
        if buffer is not None:
            buffer.write(block)
            buffer.flush()
        else:
            stream.write(block.decode(errors="replace"))  # type: ignore[attr-defined]
    except BrokenPipeError:
        pass


def end_like(code: int) -> None:
    """End this process as the room ended: by the same signal, or with the same exit code."""
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        sys.stdout.flush()
        os.kill(os.getpid(), -code)
    raise SystemExit(code)


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as any_socket:
        any_socket.bind(("127.0.0.1", 0))
        return int(any_socket.getsockname()[1])
