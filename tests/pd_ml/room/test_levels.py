"""Which level a machine reaches is found by doing every step: a kernel that refuses one of them shows it."""

import sys
from pathlib import Path

import pytest

from tests.pd_ml.room.refusing import LANDLOCK, MOUNT, PIVOT_ROOT, SECCOMP, UNSHARE
from tests.pd_ml.room.rooms import is_root, reached, refusing, require_landlock, require_own_root


def test_without_landlock_a_root_of_its_own_is_enough() -> None:
    require_own_root()
    for found in reached(*refusing(LANDLOCK)):
        assert (found["level"], found["landlock"], found["root"]) == ("kernel", 0, "own")
        assert found["missing"] == ["Landlock: Operation not supported"]


@pytest.mark.parametrize("number", [UNSHARE, MOUNT, PIVOT_ROOT])
def test_a_refused_namespace_mount_or_root_leaves_landlock_and_the_filter_for_one_process(number: int) -> None:
    require_landlock()
    alone, several = reached(*refusing(number))
    assert (alone["level"], alone["root"], alone["network"], alone["ipc"]) == ("kernel", "landlock", "none", "refused")
    assert len(alone["missing"]) == 1 and "Operation not permitted" in alone["missing"][0]
    assert several["level"].startswith("unenforced: ") or several["level"] == "kernel, network of the container"


def test_without_namespaces_and_landlock_nothing_is_enforced() -> None:
    require_landlock()
    for found in reached(*refusing(UNSHARE, LANDLOCK)):
        assert found["level"].startswith("unenforced: namespaces: Operation not permitted; ")
        assert "Landlock: Operation not supported" in found["level"]
        assert found["root"] == "shared" and found["seccomp"] is True


def test_without_the_filter_nothing_is_enforced() -> None:
    require_own_root()
    alone, _ = reached(*refusing(SECCOMP))
    assert alone["level"] == "unenforced: seccomp: Operation not permitted"


def test_a_container_whose_network_is_a_silent_loopback_has_a_level_of_its_own() -> None:
    require_landlock()
    if not is_root() or not Path("/usr/bin/unshare").exists():
        pytest.skip("only root makes a container of its own here, by unshare")
    up = "import pd_ml.room.kernel as kernel; kernel.raise_loopback()"
    container = f'mount -t tmpfs none /dev/shm && {sys.executable} -c "{up}" && exec "$@"'
    inside = ("/usr/bin/unshare", "--net", "--mount", "/bin/sh", "-c", container, "sh", *refusing(UNSHARE))
    alone, several = reached(*inside)
    assert (alone["level"], several["level"]) == ("kernel", "kernel, network of the container")
    assert several["network"] == "container"
