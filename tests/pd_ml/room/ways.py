"""Ways to get at bytes that a training was not given: each is a function that raises OSError where it is refused.

Standard library only, no import of ours: it runs within a stage, and by a plain Python (of which one without torch does
not try what torch would read). `tried` gives for each way
"open", or the name of its errno. `Outside` is what one would get at. Numbers of calls are x86-64's.
"""

import array
import ctypes
import errno
import importlib.util
import json
import mmap
import os
import pickle
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

DATA = b"data"
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(*arguments):
    # The seventh lies on the stack, where an int would leave half of its place as it was.
    found = libc.syscall(*(ctypes.c_long(one) if isinstance(one, int) else one for one in arguments))
    if found < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return found


class Outside:
    """Foreign files, sockets, FIFOs, shared memory and keys, and a process whose memory holds something."""

    def __init__(self, folder, box):
        self.foreign = os.path.join(folder, "foreign")
        os.makedirs(self.foreign)
        os.makedirs(box, exist_ok=True)
        self.name = f"pd-room-{os.getpid()}-{time.monotonic_ns()}"
        self.number = 1 + os.getpid()
        self.weights = self._file("weights.pkl", pickle.dumps({"w": [1.0]}))
        self.renamed = self._file("renamed.dat", DATA * 100)
        header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
        self._file("weights.safetensors", struct.pack("<Q", len(header)) + header + DATA)
        os.chmod(self._file("script.sh", b"#!/bin/sh\ntrue\n"), 0o755)
        os.symlink("x" * 3000, os.path.join(self.foreign, "link"))
        self.attribute = self._attribute()
        os.mkfifo(os.path.join(self.foreign, "fifo"))
        self.kept = os.open(self.weights, os.O_RDONLY)
        self.memory = ctypes.create_string_buffer(DATA * 16)
        self.unnamed = os.memfd_create("unnamed")
        os.write(self.unnamed, DATA)
        with open(f"/dev/shm/{self.name}", "wb") as file:
            file.write(DATA)
        self.shared = libc.shmget(self.number, 64, 0o1666)
        self.messages = libc.msgget(self.number, 0o1666)
        self.queue = libc.mq_open(f"/{self.name}".encode(), os.O_CREAT | os.O_RDWR, 0o666, None)
        libc.syscall(250, 1, None)
        libc.syscall(248, b"user", self.name.encode(), DATA, 4, -3)
        # Others of the same user may look into us.
        libc.prctl(0x59616D61, ctypes.c_ulong(0xFFFFFFFFFFFFFFFF), 0, 0, 0)
        self.servers = [self._served(socket.AF_UNIX, os.path.join(self.foreign, "socket"))]
        self.servers.append(self._served(socket.AF_UNIX, f"\0{self.name}"))
        self.tcp = self._served(socket.AF_INET, ("127.0.0.1", 0))
        self.tcp6 = self._served(socket.AF_INET6, ("::1", 0)) if socket.has_ipv6 else self.tcp
        threading.Thread(target=self._feed, daemon=True).start()

    def _file(self, name, content):
        path = os.path.join(self.foreign, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def _attribute(self):
        try:
            os.setxattr(self.weights, "user.w", DATA)
        except OSError:
            return False
        return True

    def _served(self, family, address):
        server = socket.socket(family)
        server.bind(address)
        server.listen(9)
        threading.Thread(target=self._answer, args=(server,), daemon=True).start()
        return server

    def _answer(self, server):
        while True:
            try:
                connection, _ = server.accept()
                if server.family == socket.AF_UNIX:
                    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [self.kept]))
                    connection.sendmsg([DATA], [rights])
                else:
                    connection.sendall(DATA)
                connection.close()
            except OSError:
                if server.fileno() < 0:
                    return

    def _feed(self):
        while True:
            try:
                with open(os.path.join(self.foreign, "fifo"), "wb") as file:
                    file.write(DATA)
            except OSError:
                pass
            time.sleep(0.05)

    def told(self, box):
        """What the other side has to know."""
        return {
            "foreign": self.foreign,
            "box": box,
            "name": self.name,
            "number": self.number,
            "pid": os.getpid(),
            "memory": ctypes.addressof(self.memory),
            "unnamed": self.unnamed,
            "descriptor": self.kept,
            "tcp": self.tcp.getsockname()[1],
            "tcp6": self.tcp6.getsockname()[1],
            "attribute": self.attribute,
        }

    def close(self):
        for server in (*self.servers, self.tcp, self.tcp6):
            server.close()
        os.close(self.kept)
        os.unlink(f"/dev/shm/{self.name}")
        libc.shmctl(self.shared, 0, None)
        libc.msgctl(self.messages, 0, None)
        libc.mq_unlink(f"/{self.name}".encode())


def ways(told):
    """Name -> the try."""
    foreign, box, name, number, pid = (told[key] for key in ("foreign", "box", "name", "number", "pid"))
    weights = os.path.join(foreign, "weights.pkl")

    def unix(address):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(address)
            message, rights, _, _ = client.recvmsg(9, 99)
            assert message == DATA
            return rights

    def passed_descriptor():
        found = array.array("i")
        found.frombytes(unix(os.path.join(foreign, "socket"))[0][2][:4])
        assert os.pread(found[0], 4, 0)

    def tcp(host, port):
        with socket.create_connection((host, port), timeout=5) as client:
            assert client.recv(4) == DATA

    def udp():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"x", ("192.0.2.1", 9))

    def made(family, kind=socket.SOCK_STREAM, protocol=0):
        socket.socket(family, kind, protocol).close()

    def fifo():
        reading = os.open(os.path.join(foreign, "fifo"), os.O_RDONLY | os.O_NONBLOCK)
        for _ in range(100):
            if select.select([reading], [], [], 0.05)[0] and os.read(reading, 4):
                return os.close(reading)
        raise OSError(errno.ENODATA, "nothing came")

    def nothing_in(descriptor):
        if not select.select([descriptor], [], [], 1)[0] or not os.read(descriptor, 4):
            raise OSError(errno.ENODATA, "empty")

    def mapped():
        with open(weights, "rb") as file:
            mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ).close()

    def mapped_by_the_library():
        found = ctypes.CDLL(os.path.join(foreign, "script.sh"))
        assert found

    def safetensors():
        from safetensors import safe_open

        with safe_open(os.path.join(foreign, "weights.safetensors"), framework="pt") as file:
            assert file.get_tensor("w").shape == (1,)

    def torch_from_file():
        import torch

        assert torch.from_file(os.path.join(foreign, "renamed.dat"), shared=False, size=4, dtype=torch.uint8).tolist()

    def unix_of_its_own():
        path = os.path.join(box, "own")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
        os.unlink(path)

    def linked():
        path = os.path.join(box, "linked")
        os.link(weights, path)
        os.unlink(path)

    def symlinked():
        path = os.path.join(box, "symlinked")
        os.symlink(weights, path)
        try:
            open(path, "rb").close()
        finally:
            os.unlink(path)

    def renamed():
        path = os.path.join(box, "renamed")
        os.rename(os.path.join(foreign, "renamed.dat"), path)
        os.rename(path, os.path.join(foreign, "renamed.dat"))

    def relative():
        here = os.getcwd()
        try:
            os.chdir(foreign)
            open("weights.pkl", "rb").close()
        finally:
            os.chdir(here)

    def by_another_program():
        done = subprocess.run(["/bin/cat", weights], capture_output=True, check=False)
        if done.returncode:
            words = done.stderr.decode()
            found = next((n for n in (errno.ENOENT, errno.EACCES) if os.strerror(n) in words), errno.EIO)
            raise OSError(found, words)

    def queue():
        if libc.mq_open(f"/{name}".encode(), 0) < 0:
            raise OSError(ctypes.get_errno(), "mq_open")

    def key():
        buffer = ctypes.create_string_buffer(64)
        assert call(250, 11, call(249, b"user", name.encode(), None, 0), buffer, 64)

    def memory_by_proc():
        with open(f"/proc/{pid}/mem", "rb", 0) as file:
            file.seek(told["memory"])
            assert file.read(4) == DATA

    def memory_by_call():
        buffer = ctypes.create_string_buffer(8)
        mine = ctypes.create_string_buffer(struct.pack("QQ", ctypes.addressof(buffer), 4))
        theirs = ctypes.create_string_buffer(struct.pack("QQ", told["memory"], 4))
        call(310, pid, mine, 1, theirs, 1, 0)
        assert buffer.raw[:4] == DATA

    def by_handle():
        handle, mount = (
            ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128)),
            ctypes.create_string_buffer(8),
        )
        call(303, -100, weights.encode(), handle, mount, 0)
        call(304, os.open(os.path.dirname(foreign), os.O_RDONLY), handle, 0)

    def traced():
        call(101, 0x4206, pid, 0, 0)

    def clone_user():
        child = call(56, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)

    def mounted():
        call(165, b"none", box.encode(), b"tmpfs", 0, None)
        call(166, box.encode(), 2)

    def device():
        path = os.path.join(box, "device")
        os.mknod(path, 0o20600, os.makedev(1, 8))
        os.unlink(path)

    def i386():
        code = mmap.mmap(-1, 4096, prot=7, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        code.write(bytes.fromhex("b814000000cd80c3"))
        address = ctypes.addressof(ctypes.c_char.from_buffer(code))
        assert ctypes.CFUNCTYPE(ctypes.c_int)(address)() > 0

    tries = {
        "open": lambda: open(weights, "rb").close(),
        "pickle": lambda: pickle.load(open(weights, "rb")),
        "renamed weights": lambda: open(os.path.join(foreign, "renamed.dat"), "rb").close(),
        "mmap": mapped,
        "dlopen": mapped_by_the_library,
        "cat": by_another_program,
        "execve": lambda: os.execv(os.path.join(foreign, "script.sh"), ["x"]),
        "list": lambda: os.listdir(foreign),
        "stat": lambda: os.stat(weights),
        "readlink": lambda: os.readlink(os.path.join(foreign, "link")),
        "relative open": relative,
        "hard link": linked,
        "symlink": symlinked,
        "rename": renamed,
        "FIFO": fifo,
        "standard input": lambda: nothing_in(0),
        "inherited descriptor": lambda: os.pread(told["descriptor"], 4, 0),
        "unix by path": lambda: unix(os.path.join(foreign, "socket")),
        "unix, a descriptor": passed_descriptor,
        "unix abstract": lambda: unix(f"\0{name}"),
        "TCP 127.0.0.1": lambda: tcp("127.0.0.1", told["tcp"]),
        "UDP": udp,
        "unix in its own folder": unix_of_its_own,
        "cipher socket": lambda: made(38, socket.SOCK_SEQPACKET),
        "vsock": lambda: made(40),
        "packet": lambda: made(17, socket.SOCK_RAW, 768),
        "netlink audit": lambda: made(16, socket.SOCK_RAW, 9),
        "/dev/shm": lambda: open(f"/dev/shm/{name}", "rb").close(),
        "SysV memory": lambda: call(29, number, 64, 0),
        "SysV messages": lambda: call(68, number, 0),
        "message queue": queue,
        "session key": key,
        "/proc/PID/root": lambda: open(f"/proc/{pid}/root{weights}", "rb").close(),
        "/proc/PID/fd": lambda: open(f"/proc/{pid}/fd/{told['unnamed']}", "rb").close(),
        "/proc/PID/mem": memory_by_proc,
        "/proc/PID/environ": lambda: open(f"/proc/{pid}/environ", "rb").close(),
        "/proc/PID/cmdline": lambda: open(f"/proc/{pid}/cmdline", "rb").close(),
        "setns": lambda: call(308, os.open(f"/proc/{pid}/ns/net", os.O_RDONLY), 0),
        "ptrace": traced,
        "process_vm_readv": memory_by_call,
        "pidfd_getfd": lambda: call(438, call(434, pid, 0), told["unnamed"], 0),
        "io_uring": lambda: call(425, 4, ctypes.create_string_buffer(120)),
        "open_by_handle_at": by_handle,
        "mount": mounted,
        "unshare": lambda: call(272, 0x10000000),
        "clone a user namespace": clone_user,
        "perf": lambda: call(298, struct.pack("IIQ", 1, 128, 0) + bytes(112), 0, -1, -1, 0),
        "bpf": lambda: call(321, 0, ctypes.create_string_buffer(128), 128),
        "kernel log": lambda: call(103, 3, ctypes.create_string_buffer(64), 64),
        "mknod": device,
        "i386 call": i386,
        "x32 call": lambda: call(0x40000000 | 39),
    }
    if told["tcp6"] != told["tcp"]:
        tries["TCP ::1"] = lambda: tcp("::1", told["tcp6"])
    if importlib.util.find_spec("torch"):
        tries["safetensors"], tries["torch.from_file"] = safetensors, torch_from_file
    if told["attribute"]:
        tries["getxattr"] = lambda: os.getxattr(weights, "user.w")
    return tries


def tried(told):
    """Each way in a child of its own: "open", the name of the errno, or of the signal that ended it."""
    return {name: _ended(way) for name, way in ways(told).items()}


def _ended(way):
    child = os.fork()
    if child == 0:
        code = 255
        try:
            way()
            code = 0
        except (OSError, RuntimeError) as error:
            code = getattr(error, "errno", None) or _from_words(str(error))
        except BaseException:
            code = 254
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    code = os.WEXITSTATUS(status)
    return "open" if code == 0 else errno.errorcode.get(code, str(code))


def _from_words(words):
    """dlopen and torch tell of an errno in words alone; what is no library at all is complained of once it was read."""
    return next((n for n in (errno.ENOENT, errno.EACCES, errno.EPERM) if os.strerror(n) in words), 0)


if __name__ == "__main__":
    print(json.dumps(tried(json.loads(sys.argv[1]))), flush=True)
