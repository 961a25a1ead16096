"""A run's folder is gone on with as it was sealed: what came after is taken away, or told."""

import os
from pathlib import Path

import pytest

from pd_ml.errors import CleanRoomError
from pd_ml.room.levels import CONTAINER, KERNEL
from pd_ml.room.seal import open_again, seal_path, write_seal


@pytest.fixture
def partial(tmp_path: Path) -> Path:
    folder = tmp_path / "clip.partial"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "lock").touch()
    (folder / "job.json").write_text("{}")
    (folder / "metrics.jsonl").write_text("one\n")
    (folder / "checkpoints" / "1.pt").write_bytes(b"first")
    return folder


def test_a_folder_at_rest_is_as_it_was_sealed_or_says_what_is_not(partial: Path) -> None:
    write_seal(partial, level=KERNEL, ended=True)
    assert open_again(partial).problem is None
    (partial / "checkpoints" / "2.pt").write_bytes(b"pushed")
    (partial / "checkpoints" / "1.pt").write_bytes(b"other")
    assert open_again(partial).problem == (
        "the run's folder is not as it was sealed: checkpoints/1.pt, checkpoints/2.pt"
    )
    assert (partial / "checkpoints" / "2.pt").exists(), "told, not taken away"


def test_what_a_killed_run_wrote_after_its_last_seal_is_taken_away(partial: Path) -> None:
    write_seal(partial, level=KERNEL, ended=False)
    (partial / "checkpoints" / "2.pt").write_bytes(b"after")
    with (partial / "metrics.jsonl").open("a") as file:
        file.write("two\n")
    found = open_again(partial)
    assert (found.level, found.problem) == (KERNEL, None)
    assert sorted(found.taken) == ["checkpoints/2.pt", "metrics.jsonl"]
    assert (partial / "metrics.jsonl").read_text() == "one\n"
    assert (partial / "checkpoints" / "1.pt").read_bytes() == b"first"
    (partial / "checkpoints" / "1.pt").write_bytes(b"other")
    assert open_again(partial).taken == ["checkpoints/1.pt"]
    assert not (partial / "checkpoints" / "1.pt").exists()


def test_a_copy_on_another_machine_is_the_same_by_its_digest(partial: Path) -> None:
    write_seal(partial, level=CONTAINER, ended=True)
    os.utime(partial / "checkpoints" / "1.pt", ns=(1, 1))
    found = open_again(partial)
    assert (found.level, found.problem) == (CONTAINER, None)


@pytest.mark.parametrize("damaged", ["", "[]", "{}", '{"format_version": 2}', '{"format_version": 1, "files": [1]}'])
def test_without_a_seal_that_can_be_read_nothing_is_told(partial: Path, damaged: str) -> None:
    assert open_again(partial).problem == "the run's folder was begun without a seal"
    seal_path(partial).write_text(damaged)
    assert open_again(partial).problem == "the run's folder was begun without a seal"


def test_an_empty_folder_is_begun_anew_whatever_seal_is_left(tmp_path: Path, partial: Path) -> None:
    write_seal(partial, level="unenforced: something", ended=True)
    for path in sorted(partial.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (partial / "lock").touch()
    found = open_again(partial)
    assert (found.level, found.problem) == (KERNEL, None)


def test_a_link_or_a_second_name_is_never_read_from_outside(partial: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"weights")
    for make in (lambda path: path.symlink_to(foreign), lambda path: path.hardlink_to(foreign), os.mkfifo):
        path = partial / "checkpoints" / "pushed"
        make(path)
        with pytest.raises(CleanRoomError, match="pushed: a link or a special file"):
            write_seal(partial, level=KERNEL, ended=True)
        assert "pushed" in str(open_again(partial).problem)
        path.unlink()
