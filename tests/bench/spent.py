"""What a piece of work takes: CPU seconds and the most memory, of a process and of all that it starts.

`in_a_child` forks, so that what was imported is there already and counts for nothing, and what the work keeps in memory
ends with it.
"""

import multiprocessing
import os
import resource
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import cast

import psutil

LOOK_EVERY_S = 0.1


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Wall clock, CPU, and the most memory that was resident at a time."""

    seconds: float
    cpu_s: float
    peak_bytes: int


class Failed(Exception):
    """What the work in a child failed with."""


def in_a_child(work: Callable[[], Callable[[], object]]) -> Spent:
    """Do the work in a process of its own; `work` prepares it and gives what is measured. Raises Failed."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_measured, args=(work, there))
    child.start()
    there.close()
    peak = 0
    while not here.poll(LOOK_EVERY_S):
        peak = max(peak, resident(cast(int, child.pid)))
    try:
        told = here.recv()
    except EOFError:
        told = f"ended with {child.exitcode}"
    child.join()
    if isinstance(told, str):
        raise Failed(told)
    seconds, cpu_s, own_peak = told
    return Spent(seconds=seconds, cpu_s=cpu_s, peak_bytes=max(peak, own_peak))


def _measured(work: Callable[[], Callable[[], object]], there: Connection) -> None:
    try:
        measured = work()
        started, before = time.monotonic(), cpu_s()
        measured()
        own_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        there.send((time.monotonic() - started, cpu_s() - before, own_peak))
    except BaseException:
        there.send(traceback.format_exc())
    there.close()
    os._exit(0)


def resident(pid: int) -> int:
    """The memory of a process and its children, now."""
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        return sum(one.memory_info().rss for one in family)
    except psutil.Error:
        return 0


def cpu_s() -> float:
    """CPU seconds of this process and of its children that have ended."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
