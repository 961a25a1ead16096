"""What a training changes: the model, its average, the optimiser's moments. Each process holds them whole or, where
they are dealt (pd_ml/sharding.py), its rows of every tensor.

Checkpoints and released models are whole either way, so that a training may go on with another number of processes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import torch
from torch import Tensor, nn

from pd_ml.config import TrainingConfig
from pd_ml.device import Machine
from pd_ml.sharding import deal, dealt_like, gathered
from pd_ml.training.checkpoint import Moments, WeightsState
from pd_ml.training.ema import Ema

# Weights, gradient and two moments of AdamW, and the average, 4 bytes each.
_BYTES_PER_PARAMETER, _BYTES_OF_AVERAGE = 16, 4
# The one number that AdamW keeps of a parameter that is no moment of it.
_STEP = "step"


def state_bytes(model: nn.Module, config: TrainingConfig) -> int:
    """What weights, gradients, moments and average fill."""
    per_parameter = _BYTES_PER_PARAMETER + (_BYTES_OF_AVERAGE if config.ema_decay is not None else 0)
    return sum(parameter.numel() for parameter in model.parameters()) * per_parameter


class Weights:
    """The weights of `model` and their average. Where they are to be `dealt`, the average is at once, and the model is
    once it is known what fits the memory (gradients.py). All processes call each method together."""

    def __init__(self, model: nn.Module, config: TrainingConfig, machine: Machine, *, dealt: bool) -> None:
        self._model = model
        self._machine = machine
        # No process can call alone what is dealt to all: the first has a copy to gather it into.
        self._copy = deepcopy(model).requires_grad_(False).cpu() if dealt and machine.is_main else None
        self._ema = Ema(model, config.ema_decay) if config.ema_decay is not None else None
        if dealt and self._ema:
            deal(self._ema.model, machine.device)

    def update_average(self, steps_done: int) -> None:
        """Move the average, where there is one, towards the model, of which `steps_done` steps are done."""
        if self._ema:
            self._ema.update(self._model, steps_done)

    @contextmanager
    def released(self) -> Iterator[nn.Module | None]:
        """What is validated and exported: the average where there is one. None but in the first process."""
        model = self._ema.model if self._ema else self._model
        state = gathered(model.state_dict(), keep=self._copy is not None)
        if not self._machine.is_main:
            yield None
            return
        if self._copy is not None:
            self._copy.load_state_dict(state)
            model = self._copy.to(self._machine.device)
        was_training = model.training
        yield model.eval()
        model.train(was_training)
        if self._copy is not None:
            self._copy.cpu()

    def state(self, optimizer: torch.optim.Optimizer) -> WeightsState:
        """Everything whole, for a checkpoint; only the first process keeps what was dealt."""
        keep = self._machine.is_main
        moments: Moments = optimizer.state_dict()
        return WeightsState(
            model=gathered(self._model.state_dict(), keep=keep),
            ema=gathered(self._ema.model.state_dict(), keep=keep) if self._ema else {},
            optimizer=Moments(
                state={number: gathered(one, keep=keep) for number, one in moments["state"].items()},
                param_groups=moments["param_groups"],
            ),
        )

    def restore(self, state: WeightsState, optimizer: torch.optim.Optimizer) -> None:
        """Take over what `state` returned, be it of another number of processes."""
        _load(self._model, state["model"])
        if self._ema:
            _load(self._ema.model, state["ema"])
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        moments = {
            number: {
                name: value if name == _STEP else dealt_like(parameters[number], value) for name, value in one.items()
            }
            for number, one in state["optimizer"]["state"].items()
        }
        optimizer.load_state_dict({**state["optimizer"], "state": moments})


def _load(model: nn.Module, state: dict[str, Tensor]) -> None:
    own = model.state_dict()
    model.load_state_dict(
        {name: dealt_like(own[name], tensor) if name in own else tensor for name, tensor in state.items()}
    )
