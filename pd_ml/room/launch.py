"""Enter the room step by step, then become the training. Standard library only: `launcher.py` starts it so.

A plan comes as JSON on standard input; the first line of standard output says what was entered. With namespaces of
its own a room has a root, a network, and processes that end together; without, Landlock and seccomp alone keep it.
"""

import fcntl
import json
import os
import signal
import socket
import stat
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

from pd_ml.room import calls, kernel, landlock, root
from pd_ml.room.kernel import StepError

# Of several processes that end, the others get so long to end too.
GRACE_S = 10
_SIGNALLED = 128
_TRAINING_STOPPED = 75
_NAMESPACES = kernel.NEW_USER | kernel.NEW_NET | kernel.NEW_IPC | kernel.NEW_MOUNTS | kernel.NEW_PIDS
# Of /proc, where it is not one's own; never all of it: it shows other processes.
_OF_PROC = ("self", "cpuinfo", "meminfo", "stat", "version", "filesystems", "sys", "driver/nvidia")
# Where these can be listed, gloo wants them whole; in a root of one's own they are not there.
_OF_GLOO = ("/sys/bus/pci/devices", "/sys/devices")


class Plan:
    """What is given and what is started: paths without links, a command, its environment, how many of it."""

    def __init__(self, raw: dict[str, object]) -> None:
        def texts(name: str) -> list[str]:
            found = raw.get(name, [])
            assert isinstance(found, list)
            return [str(one) for one in found]

        environment = raw.get("environment", {})
        assert isinstance(environment, dict)
        self.read, self.write, self.devices = texts("read"), texts("write"), texts("devices")
        self.command = texts("command")
        self.environment = {str(name): str(value) for name, value in environment.items()}
        self.processes = int(str(raw.get("processes", 1)))
        self.port = int(str(raw.get("port", 29500)))
        self.parent = int(str(raw.get("parent", 0)))


class Facts:
    """What was entered; `missing` names what was not, and why."""

    def __init__(self) -> None:
        self.landlock = 0
        self.seccomp = False
        self.root = self.network = self.ipc = self.proc = "shared"
        self.missing: list[str] = []


def main() -> int:
    """Start the plan's command in the room and wait for it; its exit code, or 1 where the room cannot be entered."""
    plan = Plan(json.loads(sys.stdin.buffer.read()))
    try:
        _keep_standard_only()
        kernel.die_with_parent(signal.SIGKILL)
        if plan.parent and os.getppid() != plan.parent:
            return 1
        return _mirrored(_launched(plan))
    except StepError as error:
        return _failed(f"the clean room cannot be entered: {error}")


def _launched(plan: Plan) -> int:
    facts = Facts()
    refused = _tried(plan)
    if refused is None:
        kernel.leave(_NAMESPACES)
        kernel.raise_loopback()
        facts.root = facts.network = facts.ipc = facts.proc = "own"
        return _waited([_forked(partial(_first_process, plan, facts))])
    facts.missing.append(refused)
    kernel.adopt_orphans()
    code = _waited([_forked(partial(_without_namespaces, plan, facts, rank)) for rank in range(plan.processes)])
    _end_orphans()
    return code


def _keep_standard_only() -> None:
    """Nothing open but an empty input and two pipes to write to: whatever else is open is a way in."""
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    for descriptor in (1, 2):
        is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        if not is_pipe or fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE != os.O_WRONLY:
            raise StepError(f"descriptor {descriptor} (not the writing end of a pipe)", 22)
    kernel.close_all_but_standard()


def _tried(plan: Plan) -> str | None:
    """Enter with namespaces in a child that is thrown away: which step was refused, None where none was."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            told = _refused_step(plan)
            os.write(writing, (told or "").encode()[:4000])
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        told = answer.read()
    os.waitpid(child, 0)
    return told or None


def _refused_step(plan: Plan) -> str | None:
    try:
        kernel.leave(_NAMESPACES)
        kernel.raise_loopback()
    except StepError as error:
        return str(error)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            root.enter(plan.read, plan.write, plan.devices)
            kernel.without_new_privileges()
            kernel.without_capabilities()
            os.write(writing, b"entered")
        except StepError as error:
            os.write(writing, str(error).encode()[:4000])
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        told = answer.read()
    os.waitpid(child, 0)
    return None if told == "entered" else told or "own root: the child that tried it ended"


def _first_process(plan: Plan, facts: Facts) -> int:
    """Process 1 of the room: it starts the training, reaps what nobody waits for, and the room ends with it."""
    root.enter(plan.read, plan.write, plan.devices)
    _confine(plan, facts, [*plan.read, "/proc"], sockets=True)
    _tell(facts)
    if not plan.command:
        return 0
    return _waited([_forked(partial(_become, plan, rank)) for rank in range(plan.processes)])


def _without_namespaces(plan: Plan, facts: Facts, rank: int) -> int:
    several = plan.processes > 1
    if several:
        foreign = _foreign_network()
        facts.network = "shared" if foreign else "container"
        facts.missing += [f"network: {foreign}"] if foreign else []
    else:
        facts.network = "none"
    facts.root, facts.proc, facts.ipc = "landlock", "landlock", "refused"
    readable = [*plan.read, *(f"/proc/{name}" for name in _OF_PROC), *(_OF_GLOO if several else ())]
    _confine(plan, facts, readable, sockets=several)
    if rank == 0:
        _tell(facts)
    if not plan.command:
        return 0
    return _become(plan, rank)


def _confine(plan: Plan, facts: Facts, readable: list[str], *, sockets: bool) -> None:
    """What a process gives up for good. What the kernel refuses is noted, and the level says it."""
    for step in (kernel.without_keys, kernel.without_new_privileges, kernel.without_capabilities):
        try:
            step()
        except StepError as error:
            # Without any, there is nothing to drop; and the filter refuses the calls for keys.
            if step is kernel.without_new_privileges:
                facts.missing.append(str(error))
    is_own = facts.root == "own" or facts.network == "container"
    shared_memory = [os.path.realpath("/dev/shm")] if is_own else []
    try:
        facts.landlock = landlock.restrict(readable, [*plan.write, *shared_memory], plan.devices)
    except StepError as error:
        facts.missing.append(str(error))
    try:
        calls.restrict(sockets=sockets, own_ipc=facts.ipc == "own")
        facts.seccomp = True
    except StepError as error:
        facts.missing.append(str(error))
    if facts.root == "landlock" and facts.landlock < landlock.LEAST_VERSION:
        facts.root = facts.proc = "shared"
    if not facts.seccomp:
        facts.ipc = "shared" if facts.ipc == "refused" else facts.ipc
        facts.network = "shared" if facts.network in ("none", "container") else facts.network


def _foreign_network() -> str | None:
    """What a network that is not our own has beside a loopback that nobody listens on; None where nothing."""
    links = [name for _, name in socket.if_nameindex() if name != "lo"]
    if links:
        return f"not its own, with {', '.join(sorted(links)[:4])}"
    for name in ("tcp", "tcp6", "udp", "udp6"):
        try:
            with open(f"/proc/net/{name}") as table:
                rows = [line.split() for line in table.readlines()[1:]]
        except OSError:
            continue
        if any(row[3] in ("0A", "07") for row in rows):
            return f"not its own, and somebody listens ({name})"
    shared = os.listdir("/dev/shm") if os.path.isdir("/dev/shm") else []
    return "not its own, and /dev/shm is not empty" if shared else None


def _tell(facts: Facts) -> None:
    os.write(1, (json.dumps({"event": "room", **vars(facts)}) + "\n").encode())


def _become(plan: Plan, rank: int) -> int:
    environment = dict(plan.environment)
    if plan.processes > 1:
        environment.update(RANK=str(rank), LOCAL_RANK=str(rank), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(plan.port))
        environment.update(WORLD_SIZE=str(plan.processes), LOCAL_WORLD_SIZE=str(plan.processes))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.chdir(plan.write[0] if plan.write else "/")
    os.execve(plan.command[0], plan.command, environment)


def _forked(work: Callable[[], int]) -> int:
    """A child that ends with us; its number."""
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        kernel.die_with_parent(signal.SIGKILL)
        # Of process 1 of a room the parent is outside: 0.
        if os.getppid() in (parent, 0):
            code = work()
    except StepError as error:
        code = _failed(f"the clean room cannot be entered: {error}")
    except OSError as error:
        code = _failed(f"the training cannot be started in the clean room: {error}")
    finally:
        os._exit(code)


def _waited(children: list[int]) -> int:
    """Pass signals on until all have ended; the first bad exit code, above 128 for a signal."""
    left = set(children)

    def pass_on(number: int, frame: FrameType | None) -> None:
        for child in left:
            try:
                os.kill(child, number)
            except ProcessLookupError:
                # It ended, and was waited for a moment ago.
                continue

    def end(number: int, frame: FrameType | None) -> None:
        pass_on(signal.SIGKILL, frame)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, pass_on)
    signal.signal(signal.SIGALRM, end)
    found = 0
    while left:
        child, status = os.waitpid(-1, 0)
        if child not in left:
            continue
        left.discard(child)
        code = os.waitstatus_to_exitcode(status)
        code = _SIGNALLED - code if code < 0 else code
        if code not in (0, _TRAINING_STOPPED) and found in (0, _TRAINING_STOPPED):
            signal.alarm(GRACE_S)
        found = code if found in (0, _TRAINING_STOPPED) and code else found
    signal.alarm(0)
    return found


def _end_orphans() -> None:
    """What a training left behind could still write when its work is looked at; with process 1 of a room it ends."""
    pid = os.getpid()
    while True:
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            left = [int(child) for child in children.read().split()]
        if not left:
            return
        for child in left:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _mirrored(code: int) -> int:
    """Ended by a signal, we end by the same."""
    if code > _SIGNALLED:
        if code - _SIGNALLED != signal.SIGKILL:
            signal.signal(code - _SIGNALLED, signal.SIG_DFL)
        os.kill(os.getpid(), code - _SIGNALLED)
    return code


def _failed(message: str) -> int:
    told = {"event": "error", "error": "CleanRoomError", "message": message}
    os.write(2, f"CleanRoomError: {message}\n".encode())
    os.write(1, (json.dumps(told) + "\n").encode())
    return 1
