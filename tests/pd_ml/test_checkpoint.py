"""Checkpoints on a disk that is full: what is there stays, and the error says what to do."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from pd_ml.errors import CheckpointError
from pd_ml.training.checkpoint import LoopState, load_newest, save_checkpoint
from tests.pd_ml.toy import loop_in, same, weights


def state(step: int, size: int) -> LoopState:
    return LoopState(
        step=step,
        model={"weight": torch.full((size,), float(step))},
        ema={},
        optimizer={},
        loss_sum=0.0,
        loss_count=0,
        micro_batch_size=4,
    )


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """Like a disk that fills up: writing beyond that fails in the middle of a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fills_up_is_named_and_the_last_checkpoint_stays_whole(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, state(1, 1000), kept=1)
    with files_of_at_most(100_000), pytest.raises(CheckpointError) as caught:
        save_checkpoint(tmp_path, state(2, 1_000_000), kept=1)
    message = str(caught.value)
    assert "step-000000002: cannot be written" in message
    assert "MiB are free there; step-000000001 is whole; make room and run the same command again" in message
    assert [path.name for path in tmp_path.iterdir()] == ["step-000000001"]
    found, passed_over = load_newest(tmp_path)
    assert found is not None and found["step"] == 1 and passed_over == []


def test_training_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    undisturbed, full = tmp_path / "undisturbed", tmp_path / "full"
    loop_in(undisturbed).run(undisturbed)
    loop = loop_in(full)
    with files_of_at_most(2_000), pytest.raises(CheckpointError, match="there is no earlier one"):
        loop.run(full)
    loop_in(full).run(full)
    assert same(weights(full), weights(undisturbed))


def test_what_a_crash_left_half_written_is_replaced(tmp_path: Path) -> None:
    (tmp_path / ".step-000000003.partial").mkdir()
    (tmp_path / ".step-000000003.partial" / "state.pt").write_bytes(b"half")
    save_checkpoint(tmp_path, state(3, 10), kept=2)
    assert [path.name for path in tmp_path.iterdir()] == ["step-000000003"]
