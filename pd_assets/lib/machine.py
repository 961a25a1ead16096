"""What this process may use of the machine it is on: cores and memory, within what its control group allows.

A container's limits are its control group's, and neither the number of cores nor the size of the memory shows them.
https://docs.kernel.org/admin-guide/cgroup-v2.html, and cgroup-v1 beside it.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pd_assets.lib.settings import Settings

MEGABYTE = 1_000_000
# What one decoder may take at worst, with what stays for the process that it works for.
DECODER_BYTES = 2_500_000_000
MOST_DECODERS = 4
# More threads of DuckDB want more memory for each table that they join, and give no more here.
MOST_THREADS = 8
LEAST_MEMORY_BYTES = 1_000_000_000
ROOT = Path("/")
SETTINGS = ("PD_DUCKDB_THREADS", "PD_DUCKDB_MEMORY_MB", "PD_DECODERS")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What may be used."""

    cores: int
    memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much of it is used: by DuckDB its threads and memory, and how many decoders work at a time."""

    threads: int
    memory_bytes: int
    decoders: int


def sizes(settings: Settings | None = None, machine: Machine | None = None) -> Sizes:
    """As the settings say (default: those of the environment), and where they say nothing, by the machine."""
    # These alone: they are the machine's, and whatever else the environment says, a run may say otherwise.
    settings = settings or Settings.from_env({name: os.environ.get(name, "") for name in SETTINGS})
    machine = machine or _machine_of(os.getpid(), int(time.monotonic() // 3600))
    # A quarter, as three runs may be at work at once; half of a small one.
    share = max(machine.memory_bytes // 4, min(machine.memory_bytes // 2, LEAST_MEMORY_BYTES))
    decoders = min(machine.cores, MOST_DECODERS, machine.memory_bytes // DECODER_BYTES)
    return Sizes(
        threads=settings.duckdb_threads or min(machine.cores, MOST_THREADS),
        memory_bytes=settings.duckdb_memory_mb * MEGABYTE or share,
        decoders=settings.decoders or max(1, decoders),
    )


@lru_cache(maxsize=1)
def _machine_of(pid: int, hour: int) -> Machine:
    """This one, looked at once in an hour by each process: every question to the tables asks."""
    return this_machine()


def this_machine(root: Path = ROOT) -> Machine:
    """Cores and memory within the limits of this process; `root` has /proc and /sys."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        cores=max(1, min(cores, *map(int, _cores_allowed(root)), cores)),
        memory_bytes=min(memory_bytes, *_memory_allowed(root), memory_bytes),
    )


def _memory_allowed(root: Path) -> Iterator[int]:
    for folder in _groups(root, "memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            yield from (int(words[0]) for words in _said(folder / name))


def _cores_allowed(root: Path) -> Iterator[float]:
    for folder in _groups(root, "cpu"):
        for words in _said(folder / "cpu.max"):
            yield int(words[0]) / int(words[1])
        for quota in _said(folder / "cpu.cfs_quota_us"):
            yield from (int(quota[0]) / int(period[0]) for period in _said(folder / "cpu.cfs_period_us"))


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of the control groups that this process is in, each with those above it; of both versions."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = root / "sys/fs/cgroup" / (controllers if controllers else "")
        # Where a container does not see those above, its own is at the top.
        place = Path(name.lstrip("/"))
        yield from (top / one for one in (place, *place.parents))


def _said(file: Path) -> Iterator[list[str]]:
    """The words of a limit; nothing where there is none: no file, `max`, or -1."""
    try:
        words = file.read_text().split()
    except OSError:
        return
    if words and all(word.isdecimal() for word in words):
        yield words
