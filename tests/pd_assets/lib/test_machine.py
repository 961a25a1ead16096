"""What a process may use is what its control group allows, of either version, and the settings come first."""

from pathlib import Path

import pytest

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.machine import Machine, sizes, this_machine
from pd_assets.lib.settings import Settings

GB = 1_000_000_000
WHOLE = this_machine(Path("/nowhere"))


def planted(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_without_control_groups_it_is_the_machine() -> None:
    assert WHOLE.cores >= 1 and WHOLE.memory_bytes > GB // 2


@pytest.mark.parametrize("group", ["/", "/kubepods/pod1/run", "/not/seen/from/inside"])
def test_the_second_version_says_memory_and_cores(tmp_path: Path, group: str) -> None:
    files = {"sys/fs/cgroup/memory.max": "300000000\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}
    found = this_machine(planted(tmp_path, {"proc/self/cgroup": f"0::{group}\n", **files}))
    assert found == Machine(cores=1, memory_bytes=300_000_000)


def test_the_least_of_a_group_and_those_above_it_counts(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/pod/run\n",
        "sys/fs/cgroup/pod/memory.max": "200000000\n",
        "sys/fs/cgroup/pod/run/memory.max": "max\n",
        "sys/fs/cgroup/pod/run/cpu.max": "max 100000\n",
    }
    assert this_machine(planted(tmp_path, files)) == Machine(cores=WHOLE.cores, memory_bytes=200_000_000)


def test_the_first_version_says_them_by_controller(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "4:memory:/docker/a\n2:cpu,cpuacct:/docker/a\n1:name=systemd:/\n0::/\n",
        "sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes": "400000000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_quota_us": "50000\n",
        "sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_period_us": "100000\n",
    }
    assert this_machine(planted(tmp_path, files)) == Machine(cores=1, memory_bytes=400_000_000)
    (tmp_path / "sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_quota_us").write_text("-1\n")
    assert this_machine(tmp_path).cores == WHOLE.cores


@pytest.mark.parametrize(
    ("cores", "memory", "threads", "share", "decoders"),
    [(2, 24 * GB, 2, 6 * GB, 2), (1, GB, 1, GB // 2, 1), (4, 4 * GB, 4, GB, 1), (64, 256 * GB, 8, 64 * GB, 4)],
)
def test_sizes_follow_the_machine(cores: int, memory: int, threads: int, share: int, decoders: int) -> None:
    found = sizes(Settings(), Machine(cores=cores, memory_bytes=memory))
    assert (found.threads, found.memory_bytes, found.decoders) == (threads, share, decoders)


def test_a_setting_comes_before_the_machine() -> None:
    env = {"PD_DUCKDB_THREADS": "3", "PD_DUCKDB_MEMORY_MB": "1500", "PD_DECODERS": "6"}
    found = sizes(Settings.from_env(env), Machine(cores=1, memory_bytes=GB))
    assert (found.threads, found.memory_bytes, found.decoders) == (3, 1_500_000_000, 6)
    with pytest.raises(ConfigError, match="PD_DECODERS=-1: expected a whole number of at least 0"):
        Settings.from_env({"PD_DECODERS": "-1"})
