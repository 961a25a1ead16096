"""Files of a home are cut, overwritten, emptied or gone: after two nights each is healed, or named with its remedy.

One case of each test is a whole night; of the others the steps run that read what is damaged.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from pd_assets.lib.catalog import damage
from pd_assets.lib.home import Home
from pd_assets.lib.soundness import faults, repair
from tests.pd_assets.line import Line, Night


def one_bit(body: bytes) -> bytes:
    """Another bit in the first third; of nothing, a byte."""
    place = len(body) // 3
    return body[:place] + bytes([(body or b"\0")[place] ^ 4]) + body[place + 1 :]


HOW: dict[str, Callable[[bytes], bytes | None]] = {
    "cut": lambda body: body[: len(body) // 2],
    "overwritten": lambda _: b"garbage\n",
    "emptied": lambda _: b"",
    "one bit": one_bit,
    "removed": lambda _: None,
}
# What nobody replaces without a person's word, and what has tests of its own.
OF_A_PERSON = ("dataset/main/", "dataset/members/", "rights/decisions/", "home.json")
# The steps of a night that read and make the current dataset.
EXPORT = ("dataset/shards", "dataset/manifest")


@pytest.fixture
def line(first_night: Night, tmp_path: Path) -> Iterator[Line]:
    with first_night.copy(tmp_path) as line:
        yield line


def files(home: Home, *, seconds: bool) -> list[Path]:
    """All but the pictures in the store, and of what is kept twice the one or the other."""
    found = [path for path in home.root.rglob("*") if path.is_file() and not path.is_symlink()]
    kept = [path for path in found if path.name != ".lock" and path.relative_to(home.root).parts[0] not in (".tmp",)]
    kept = [path for path in kept if path.parent.parent != home.images]
    return sorted(path for path in kept if seconds == path.name.endswith(damage.SECOND))


def harm(path: Path, how: str) -> None:
    body = HOW[how](path.read_bytes())
    path.unlink() if body is None else path.write_bytes(body)


def reasons(result: dg.ExecuteInProcessResult) -> str:
    failed = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    return " | ".join(str(one.user_failure_data.description if one.user_failure_data else one.error) for one in failed)


@pytest.mark.extended
@pytest.mark.parametrize("how", HOW)
def test_a_home_whose_tables_are_all_damaged_heals_in_two_nights(line: Line, how: str) -> None:
    before = {key: line.rows(key) for key in ("catalog/licensed_images", "dataset/captions", "dataset/splits")}
    for path in files(line.home, seconds=False):
        place = path.relative_to(line.home.root).as_posix()
        if not place.startswith(OF_A_PERSON):
            harm(path, how)
    night = line.run("nightly")
    if not night.success or list(faults(line.home)):
        night = line.run("nightly")
    assert night.success, reasons(night)
    assert [str(fault) for fault in faults(line.home)] == []
    assert {key: line.rows(key) for key in before} == before


@pytest.mark.extended
@pytest.mark.parametrize(
    ("lost", "job", "steps"),
    [
        (("*.parquet", "README.md"), "nightly", None),
        (("pictures.arrow",), "build_dataset", EXPORT),
        (("shards.json",), "build_dataset", EXPORT),
        (("manifest.json",), "build_dataset", EXPORT),
    ],
)
def test_the_current_dataset_is_made_whole_by_the_next_night(
    line: Line, lost: tuple[str, ...], job: str, steps: tuple[str, ...] | None
) -> None:
    (folder,) = (path.parent for path in (line.home.root / "dataset/main").glob("*/manifest.json"))
    for pattern in lost:
        for path in folder.glob(pattern):
            harm(path, "cut")
    night = line.run(job, steps)
    assert night.success, reasons(night)
    assert [str(fault) for fault in faults(line.home)] == []


@pytest.mark.extended
def test_what_is_kept_twice_is_copied_again(line: Line) -> None:
    for path in files(line.home, seconds=True):
        harm(path, "cut")
    assert line.run("refresh_sources").success
    assert [str(fault) for fault in faults(line.home)] == []


@pytest.mark.extended
@pytest.mark.parametrize("how", HOW)
def test_evidence_that_nothing_else_tells_is_named_and_set_aside_by_a_persons_word(line: Line, how: str) -> None:
    (path,) = (line.home.table("rights/decisions")).glob("*.parquet")
    kept = set(line.rows("rights/evidence"))
    job, steps = ("nightly", None) if how == "cut" else ("build_dataset", ["rights/decisions"])
    harm(path, how)
    night = line.run(job, steps)
    if how != "removed":
        assert not night.success and "pdd doctor --repair" in reasons(night), reasons(night)
        assert str(path) in reasons(night)
    list(repair(line.home, str(line.home.archive)))
    again = line.run(job, steps)
    assert again.success, reasons(again)
    assert [str(fault) for fault in faults(line.home)] == []
    assert set(line.rows("rights/evidence")) == kept
