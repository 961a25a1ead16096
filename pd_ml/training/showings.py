"""The run's own count of what it handed to the model, kept in its checkpoints and compared with the sampler at the end.

Each process counts its share of every step that changed the weights; what was tried and repeated (out of memory) or
only rehearsed does not count. Errors: TrainingError.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypedDict

import numpy as np
import torch
from torch import Tensor

from pd_ml.data.cache import Rows
from pd_ml.device import Machine
from pd_ml.errors import TrainingError
from pd_ml.ledger import Used
from pd_ml.training.checkpoint import LoopState
from pd_ml.training.sampler import ShowsPictures, Tally
from pd_ml.training.task import Places


class Counted(TypedDict):
    """The count as a checkpoint keeps it."""

    times_shown: Tensor
    captions_shown: Tensor


class Showings:
    """Counts for one process of a run; `state` and `proved` are asked for by all of them at once."""

    def __init__(self, task: ShowsPictures, machine: Machine) -> None:
        self._task = task
        self._machine = machine
        self._mine = task.sampler.nothing_yet()

    def add(self, step: int, handed: Sequence[Places]) -> None:
        """These places of `step` went through the model, and its weights were changed by them."""
        for places in handed:
            self._task.sampler.add(self._mine, self._task.sampler.shown(step, places))

    def state(self) -> Counted:
        """What all processes have counted."""
        counted = self._counted()
        return {
            "times_shown": torch.from_numpy(counted.times_N),
            "captions_shown": torch.from_numpy(counted.captions_K),
        }

    def restore(self, state: LoopState, batch_size: int) -> None:
        """Go on from the count of a checkpoint: the first process does, the others begin with nothing.

        A checkpoint of before there were ledgers has none: up to there the sampler's word is taken for it. Else its
        pictures are compared right away, and all of it at the end.
        """
        sampler = self._task.sampler
        self._mine = sampler.nothing_yet()
        if "times_shown" not in state or "captions_shown" not in state:
            if self._machine.is_main:
                self._mine = sampler.expected(state["step"], batch_size)
            return
        found = Tally(times_N=_array(state["times_shown"]), captions_K=_array(state["captions_shown"]))
        counted, expected = ((len(one.times_N), len(one.captions_K)) for one in (found, self._mine))
        if counted != expected:
            raise TrainingError(
                f"the checkpoint at step {state['step']} counts {counted[0]} examples and {counted[1]} captions, "
                f"expected {expected[0]} and {expected[1]}; train anew with another --out"
            )
        sampler.require(found, replace(found, times_N=sampler.expected_times(state["step"], batch_size)))
        if self._machine.is_main:
            self._mine = found

    def proved(self, steps: int, batch_size: int) -> Used:
        """What was shown in all; TrainingError where the run has counted something else than the sampler says."""
        sampler, counted = self._task.sampler, self._counted()
        expected = sampler.expected(steps, batch_size)
        sampler.require(counted, expected)
        assert int(expected.times_N.sum()) == steps * batch_size
        return sampler.used(counted, self._task.measured)

    def _counted(self) -> Tally:
        return replace(
            self._mine, times_N=self._total(self._mine.times_N), captions_K=self._total(self._mine.captions_K)
        )

    def _total(self, counts: Rows) -> Rows:
        if self._machine.processes == 1 or not len(counts):
            return counts.copy()
        summed: Rows = self._machine.total(torch.from_numpy(counts).to(self._machine.device)).cpu().numpy()
        return summed


def _array(counts: Tensor) -> Rows:
    found: Rows = counts.numpy().astype(np.int64)
    return found
