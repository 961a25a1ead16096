"""A process gives up what it does not need, for good: new privileges, every file, the network, other programs.

What it has open it keeps. Linux alone has the means: Landlock (files, TCP, signals) and a seccomp filter (sockets of
all kinds, programs, other processes), each without root. Where one is missing, the answer says so.
"""

import ctypes
import os
import platform
import struct
import sys
from typing import Protocol, cast

PR_SET_NO_NEW_PRIVS = 38
CREATE_RULESET, RESTRICT_SELF = 444, 446
ABI_ONLY = 1
# Rights over files that each version of Landlock knows (include/uapi/linux/landlock.h).
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
TCP_SINCE, TCP_RIGHTS, SCOPES_SINCE, SCOPES = 4, 3, 6, 3
# Of seccomp(2): load, compare and return; the fields of its data; what a call ends in.
LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER_AT, ARCHITECTURE_AT = 0, 4
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x50001
FILTER_MODE = 1
# Architecture as seccomp names it, the number of seccomp(2), and of the calls that are refused. Sockets: socket,
# socketpair, connect, bind. Programs, processes: execve, execveat, ptrace, process_vm_readv and _writev, pidfd_getfd,
# unshare, setns. What Landlock does not look at: chmod, chown, times and attributes of files, open_by_handle_at,
# io_uring_setup, mount, bpf, perf_event_open, userfaultfd, keys.
MACHINES = {
    "x86_64": (
        0xC000003E,
        317,
        (
            *(41, 53, 42, 49),
            *(59, 322, 101, 310, 311, 438, 272, 308),
            *(90, 268, 452, 92, 94, 260, 132, 235, 261, 280, 188, 189, 197, 198, 304),
            *(425, 165, 321, 298, 323, 248, 249, 250),
        ),
    ),
    "aarch64": (
        0xC00000B7,
        277,
        (
            *(198, 199, 203, 200),
            *(221, 281, 117, 270, 271, 438, 97, 268),
            *(53, 452, 54, 88, 5, 6, 14, 15, 265),
            *(425, 40, 280, 241, 282, 217, 218, 219),
        ),
    ),
}
# On x86-64 the same calls once more, for programs of another kind.
X32 = 0x40000000


class Kernel(Protocol):
    """The C library's way into the kernel; -1 where it refuses."""

    def prctl(self, *arguments: object) -> int: ...

    def syscall(self, *arguments: object) -> int: ...


def confine(kernel: Kernel | None = None) -> list[str]:
    """Give up everything but memory and what is open; what could not be given up, in words."""
    if not sys.platform.startswith("linux"):
        return [f"files and network: {platform.system()} has no means to take them from a process"]
    kernel = kernel or _c_library()
    if kernel.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return [f"new privileges, files and network ({_last_error()})"]
    return [*_without_files(kernel), *_without_calls(kernel)]


def _c_library() -> Kernel:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return cast(Kernel, libc)


def _without_files(kernel: Kernel) -> list[str]:
    """A Landlock domain without any rule: nothing can be opened, made or removed, no TCP port reached."""
    version = kernel.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ABI_ONLY)
    if version < 1:
        return [f"files: this kernel has no Landlock ({_last_error()})"]
    rights = max(bits for since, bits in FILE_RIGHTS.items() if since <= version)
    handled = struct.pack("Q", (1 << rights) - 1)
    if version >= TCP_SINCE:
        handled += struct.pack("Q", TCP_RIGHTS)
    if version >= SCOPES_SINCE:
        handled += struct.pack("Q", SCOPES)
    rules = kernel.syscall(
        CREATE_RULESET, ctypes.create_string_buffer(handled, len(handled)), ctypes.c_size_t(len(handled)), 0
    )
    if rules < 0 or kernel.syscall(RESTRICT_SELF, rules, 0) != 0:
        return [f"files: Landlock refuses ({_last_error()})"]
    os.close(rules)
    return []


def _without_calls(kernel: Kernel) -> list[str]:
    machine = platform.machine()
    if machine not in MACHINES:
        return [f"network: the calls of {machine} are not known here"]
    architecture, seccomp, refused = MACHINES[machine]
    program = [
        _step(LOAD, ARCHITECTURE_AT),
        _step(IF_EQUAL, architecture, then=1),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER_AT),
        *(_step(IF_AT_LEAST, X32, otherwise=1), _step(RETURN, REFUSE)),
        *(step for number in refused for step in (_step(IF_EQUAL, number, otherwise=1), _step(RETURN, REFUSE))),
        _step(RETURN, ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(program))
    whole = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code)))
    if kernel.syscall(seccomp, FILTER_MODE, 0, whole) != 0:
        return [f"network: seccomp refuses ({_last_error()})"]
    return []


def _step(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    """One instruction of the filter: how many of the next are left out if it holds, and if it does not."""
    return struct.pack("HBBI", code, then, otherwise, value)


def _last_error() -> str:
    return os.strerror(ctypes.get_errno())
