"""Checkpoints: everything that the next step depends on, written beside its place and renamed into it.

A checkpoint is a folder `step-<number>` with `state.pt` and `manifest.json` (size and SHA-256), which is written last.
A damaged one is passed over for the one before. Randomness is not in it: it is a function of seed and step.
Errors: CheckpointError.
"""

import json
import os
import pickle
import shutil
from pathlib import Path
from typing import NotRequired, TypedDict

import torch
from torch import Tensor

from pd_ml.data.shards import sha256_of
from pd_ml.errors import CheckpointError

_STATE, _MANIFEST = "state.pt", "manifest.json"


class Moments(TypedDict):
    """What an optimiser says of itself: its tensors by the number of their parameter, and its settings."""

    state: dict[int, dict[str, Tensor]]
    param_groups: list[dict[str, object]]


class WeightsState(TypedDict):
    """All rows of weights, averages and moments. `ema` is empty where there is no average."""

    model: dict[str, Tensor]
    ema: dict[str, Tensor]
    optimizer: Moments


class LoopState(WeightsState):
    """What the loop needs to go on after `step` steps.

    `micro_batch_size` is in it because sums depend, in the last digit, on how a batch is cut. `times_shown` and
    `captions_shown` are the run's own count of what all processes handed to the model; checkpoints of before there were
    ledgers, and tasks without pictures, have none.
    """

    step: int
    loss_sum: float
    loss_count: int
    micro_batch_size: int
    times_shown: NotRequired[Tensor]
    captions_shown: NotRequired[Tensor]


def save_checkpoint(folder: Path, state: LoopState, *, kept: int) -> Path:
    """Write `state` below `folder`, then remove all but the newest `kept`.

    CheckpointError where it cannot be written (a full disk); those that are there stay as they are.
    """
    final = folder / f"step-{state['step']:09d}"
    partial = folder / f".{final.name}.partial"
    try:
        shutil.rmtree(partial, ignore_errors=True)
        _write(partial, state)
        shutil.rmtree(final, ignore_errors=True)
        os.replace(partial, final)
        _sync(folder)
    # torch reports a full disk as a RuntimeError of its zip writer.
    except (OSError, RuntimeError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise CheckpointError(_not_written(final, error)) from error
    for old in sorted(folder.glob("step-*"))[:-kept]:
        shutil.rmtree(old)
    return final


def load_newest(folder: Path) -> tuple[LoopState | None, list[str]]:
    """The newest checkpoint that is whole (None: there is none), and what was passed over and why."""
    passed_over: list[str] = []
    for path in sorted(folder.glob("step-*"), reverse=True):
        problem = _problem(path)
        if problem is None:
            try:
                state: LoopState = torch.load(path / _STATE, map_location="cpu", weights_only=True)
                return state, passed_over
            except (RuntimeError, pickle.UnpicklingError, EOFError, KeyError) as error:
                problem = f"cannot be read ({str(error).splitlines()[0]})"
        passed_over.append(f"{path.name} {problem}")
    return None, passed_over


def _write(partial: Path, state: LoopState) -> None:
    partial.mkdir(parents=True)
    with (partial / _STATE).open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    size_bytes = (partial / _STATE).stat().st_size
    listing = {"size_bytes": size_bytes, "sha256": sha256_of(partial / _STATE), "step": state["step"]}
    (partial / _MANIFEST).write_text(json.dumps(listing))
    _sync(partial / _MANIFEST)
    _sync(partial)


def _not_written(final: Path, error: Exception) -> str:
    newest = max((path.name for path in final.parent.glob("step-*")), default=None)
    where = final.parent if final.parent.is_dir() else final.parent.parent
    free_mib = shutil.disk_usage(where).free // 2**20 if where.is_dir() else 0
    return (
        f"{final}: cannot be written ({' '.join(str(error).split())[:200]}), {free_mib} MiB are free there; "
        f"{f'{newest} is whole' if newest else 'there is no earlier one'}; make room and run the same command again"
    )


def _problem(path: Path) -> str | None:
    try:
        listing = json.loads((path / _MANIFEST).read_text())
        if (path / _STATE).stat().st_size != listing["size_bytes"]:
            return "has another size than it was written with"
        if sha256_of(path / _STATE) != listing["sha256"]:
            return "has another SHA-256 than it was written with"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"is incomplete ({error})"
    return None


def _sync(path: Path) -> None:
    """A file's bytes or a folder's names, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
