"""The seccomp filter of a room: which calls are refused, and with which error. x86-64, standard library only.

A list of families of sockets to allow, never one to refuse: the kernel gets new ones. Numbers:
arch/x86/entry/syscalls/syscall_64.tbl; instructions: uapi/linux/filter.h and seccomp.h.
"""

import ctypes
import errno
import struct

from pd_ml.room.kernel import call

_SECCOMP, _FILTER_MODE = 317, 1
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_AT, _THIRD_AT = 0, 4, 16, 32
_X86_64, _X32 = 0xC000003E, 0x40000000
_SOCKET, _CLONE, _CLONE3 = 41, 56, 435
# CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
_ANY_NAMESPACE = 0x7E020080
_INET, _INET6, _NETLINK, _ROUTE = 2, 10, 16, 0

_OTHER_PROCESSES = (101, 310, 311, 312, 438, 440, 448)  # ptrace process_vm_* kcmp pidfd_getfd process_madvise _mrelease
_PAST_THE_FILTER = (425, 426, 427)  # io_uring
_NAMESPACES_AND_MOUNTS = (272, 308, 155, 161, 165, 166, 428, 429, 430, 431, 432, 433, 442, 457, 458, 467)
_FILES_BY_HANDLE = (303, 304)
_KERNEL = (321, 298, 323, 103, 300, 175, 176, 313, 246, 320, 169, 153, 172, 173, 163, 167, 168, 179, 443, 136, 139, 212)
_KEYS = (248, 249, 250)
_ATTRIBUTES = (188, 189, 190, 191, 192, 193, 194, 195, 196, 463, 464, 465, 466)
_SYSTEM_V = (29, 30, 31, 64, 65, 66, 67, 68, 69, 70, 71, 220)
_MESSAGE_QUEUES = (240, 241, 242, 243, 244, 245)


def restrict(*, sockets: bool, own_ipc: bool) -> None:
    """From here on, for this process and all that it starts. `sockets`: those of INET and of routes may be made."""
    program = _program(sockets=sockets, own_ipc=own_ipc)
    code = ctypes.create_string_buffer(b"".join(program))
    whole = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code)))
    call("seccomp", _SECCOMP, ctypes.c_uint(_FILTER_MODE), ctypes.c_uint(0), whole)


def _program(*, sockets: bool, own_ipc: bool) -> list[bytes]:
    program = [
        _step(_LOAD, _ARCHITECTURE_AT),
        *(_step(_IF_EQUAL, _X86_64, then=1), _step(_RETURN, _KILL)),
        _step(_LOAD, _NUMBER_AT),
        *(_step(_IF_AT_LEAST, _X32, otherwise=1), _step(_RETURN, _KILL)),
    ]
    forbidden = [*_OTHER_PROCESSES, *_PAST_THE_FILTER, *_NAMESPACES_AND_MOUNTS, *_FILES_BY_HANDLE, *_KERNEL, *_KEYS]
    if not own_ipc:
        forbidden += [*_SYSTEM_V, *_MESSAGE_QUEUES]
    program += _refused(forbidden, errno.EPERM)
    # shutil.copy2 passes over ENOTSUP, and raises on EPERM.
    program += _refused(_ATTRIBUTES, errno.ENOTSUP)
    # The C library falls back to clone, whose flags can be looked at.
    program += _refused([_CLONE3], errno.ENOSYS)
    return [*program, *_clone(), *_socket(sockets), _step(_RETURN, _ALLOW)]


def _refused(numbers: list[int] | tuple[int, ...], error: int) -> list[bytes]:
    steps = ((_step(_IF_EQUAL, number, otherwise=1), _step(_RETURN, _REFUSE | error)) for number in numbers)
    return [step for pair in steps for step in pair]


def _clone() -> list[bytes]:
    return [
        _step(_IF_EQUAL, _CLONE, otherwise=4),
        _step(_LOAD, _FIRST_AT),
        *(_step(_IF_ANY_BIT, _ANY_NAMESPACE, otherwise=1), _step(_RETURN, _REFUSE | errno.EPERM)),
        _step(_RETURN, _ALLOW),
    ]


def _socket(sockets: bool) -> list[bytes]:
    refusal = _step(_RETURN, _REFUSE | errno.EAFNOSUPPORT)
    body = [refusal]
    if sockets:
        allowed = _step(_RETURN, _ALLOW)
        by_family = [step for one in (_INET, _INET6) for step in (_step(_IF_EQUAL, one, otherwise=1), allowed)]
        of_routes = [_step(_LOAD, _THIRD_AT), _step(_IF_EQUAL, _ROUTE, otherwise=1), allowed]
        body = [
            _step(_LOAD, _FIRST_AT),
            *by_family,
            *(_step(_IF_EQUAL, _NETLINK, otherwise=len(of_routes)), *of_routes),
            refusal,
        ]
    return [_step(_IF_EQUAL, _SOCKET, otherwise=len(body)), *body]


def _step(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    """One instruction: how many of the next are passed over where it holds, and where it does not."""
    return struct.pack("HBBI", code, then, otherwise, value)
