"""Where the arithmetic runs: device, threads, precision, the processes of one training, and what repeats bit for bit.

A `Machine` is one process of a training. `accelerate launch` starts several; alone, it is the only one.
Errors: DeviceError.
"""

import importlib.metadata
import os
import platform
import resource
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import patch_environment
from torch import Tensor, nn

from pd_ml.config import TrainingConfig
from pd_ml.errors import ConfigError, DeviceError
from pd_ml.project import project
from pd_ml.sharding import deal

# What `accelerate launch` sets for its ways of sharding: the one that we follow, and those that we do not.
_FSDP = "ACCELERATE_USE_FSDP"
_FOREIGN_SHARDING = {"DeepSpeed": "ACCELERATE_USE_DEEPSPEED", "Megatron-LM": "ACCELERATE_USE_MEGATRON_LM"}
# Weights, gradients, moments and average that fill more of a GPU leave too little for activations.
_LARGEST_SHARE_OF_MEMORY = 0.5
# Those that decide what comes out.
_LIBRARIES = (
    "torch",
    "numpy",
    "diffusers",
    "transformers",
    "tokenizers",
    "pyarrow",
    "pillow",
    "safetensors",
    "accelerate",
)


def prepare_device(name: str, threads: int) -> torch.device:
    """The device called `auto`, `cpu` or `cuda`; sets torch's threads (0 leaves them) and determinism on the CPU."""
    if name == "cuda" and not torch.cuda.is_available():
        raise DeviceError("device cuda was asked for and torch sees no CUDA device; --set device=cpu or auto")
    if threads:
        torch.set_num_threads(threads)
    device = torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")
    torch.use_deterministic_algorithms(device.type == "cpu")
    if device.type == "cpu":
        # A library built with -ffast-math sets this for the thread that loads it: then results would depend on imports.
        torch.set_flush_denormal(True)
    else:
        torch.set_float32_matmul_precision("high")
    return device


class Machine:
    """One process of a training: its device and precision, and how it agrees with the others."""

    def __init__(self, accelerator: Accelerator, *, asked_to_deal: bool) -> None:
        self._accelerator = accelerator
        self._asked_to_deal = asked_to_deal
        self.device: torch.device = accelerator.device
        self.rank: int = accelerator.process_index
        self.processes: int = accelerator.num_processes
        self.is_main: bool = accelerator.is_main_process
        self.bf16: bool = accelerator.mixed_precision == "bf16"

    def deals(self, state_bytes: int) -> bool:
        """Whether the processes share out a training's state of that size, instead of each holding all of it: where
        `accelerate launch --use_fsdp` says so, and where the GPUs' memory asks for it."""
        return self.processes > 1 and self.any(self._asked_to_deal or fills_memory(state_bytes, self._memory_bytes()))

    def tuned(self, model: nn.Module, config: TrainingConfig, *, dealt: bool = False) -> nn.Module:
        """`model` on the device, laid out and compiled as the config says; `auto` is yes on CUDA only, and no for what
        will be dealt: FSDP2 wants rows."""
        model = model.to(self.device)
        if config.gradient_checkpointing:
            _checkpoint_gradients(model)
        if self._wanted(config.channels_last) and not dealt:
            model = model.to(memory_format=torch.channels_last)
        if self._wanted(config.compile):
            model.compile()
        return model

    def parallel(self, module: nn.Module, *, dealt: bool = False) -> nn.Module:
        """`module` under autocast, with gradients averaged over the processes; its weights whole, or dealt to them."""
        # accelerate's evaluation mode leaves out its own wrapping of several processes.
        prepared: nn.Module = self._accelerator.prepare_model(module, evaluation_mode=dealt)
        if dealt:
            deal(prepared, self.device)
        return prepared

    def without_sync(self, module: nn.Module) -> AbstractContextManager[object]:
        """Within it, gradients are only added up on this process; those of dealt weights are exchanged all the same,
        since whole ones would not fit."""
        context: AbstractContextManager[object] = self._accelerator.no_sync(module)
        return context

    def backward(self, loss: Tensor) -> None:
        """Add the gradient of `loss`."""
        self._accelerator.backward(loss)

    def wait(self) -> None:
        """Until every process is here."""
        self._accelerator.wait_for_everyone()

    def any(self, wish: bool) -> bool:
        """Whether any process wishes so."""
        return wish if self.processes == 1 else self._summed(float(wish)) > 0

    def smallest(self, value: int) -> int:
        """The smallest over the processes."""
        if self.processes == 1:
            return value
        gathered: Tensor = self._accelerator.gather(torch.tensor([value], device=self.device))
        return int(gathered.min())

    def total(self, values: Tensor) -> Tensor:
        """Sums over the processes."""
        if self.processes == 1:
            return values
        summed: Tensor = self._accelerator.reduce(values, reduction="sum")
        return summed

    def gathered(self, values: Tensor) -> Tensor:
        """The rows of all processes in their order; shares may differ by one row."""
        if self.processes == 1:
            return values
        counts = self._accelerator.gather(torch.tensor([len(values)], device=self.device)).tolist()
        padded: Tensor = self._accelerator.gather(self._accelerator.pad_across_processes(values.contiguous()))
        return torch.cat([rows[:count] for rows, count in zip(padded.chunk(self.processes), counts, strict=True)])

    def memory_mib(self) -> float:
        """The most that this process has held: of the GPU's memory, or resident on the CPU."""
        if self.device.type == "cuda":
            return round(torch.cuda.max_memory_allocated(self.device) / 2**20, 1)
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)

    def _memory_bytes(self) -> int | None:
        """The GPU's; None for a CPU."""
        return torch.cuda.get_device_properties(self.device).total_memory if self.device.type == "cuda" else None

    def _wanted(self, switch: str) -> bool:
        return switch == "on" or (switch == "auto" and self.device.type == "cuda")

    def _summed(self, value: float) -> float:
        return float(self.total(torch.tensor(value, device=self.device)))


def open_machine(config: TrainingConfig) -> Machine:
    """This process as the config and `accelerate launch` want it; DeviceError or ConfigError where that cannot be."""
    _refuse_foreign_sharding()
    # Asked before the files can change: the code that runs is that of now.
    project()
    device = prepare_device(config.device, config.threads)
    # accelerate keeps one state a process; a second training in it may want another device or precision.
    AcceleratorState._reset_state(reset_partial_state=True)
    precision = "bf16" if _uses_bf16(device, config.precision) else "no"
    asked_to_deal = _is_set(_FSDP)
    # accelerate would wrap models in its own way.
    with patch_environment(**{_FSDP: "false"}):
        accelerator = Accelerator(cpu=device.type == "cpu", mixed_precision=precision)
    machine = Machine(accelerator, asked_to_deal=asked_to_deal)
    if config.batch_size < machine.processes:
        raise ConfigError(
            f"batch_size {config.batch_size} cannot be dealt to {machine.processes} processes; raise it or start fewer"
        )
    return machine


def fills_memory(state_bytes: int, memory_bytes: int | None) -> bool:
    """Whether a training's state of that size leaves less than half of a GPU; never on a CPU (None)."""
    return memory_bytes is not None and state_bytes > _LARGEST_SHARE_OF_MEMORY * memory_bytes


def _refuse_foreign_sharding() -> None:
    asked = [name for name, variable in _FOREIGN_SHARDING.items() if _is_set(variable)]
    if asked:
        raise ConfigError(
            f"accelerate was told to shard the weights by {', '.join(asked)}, which this training does not know; "
            "launch with --use_fsdp (the weights are dealt to the processes) or --multi_gpu (each holds all of them)"
        )


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in ("true", "1")


def environment() -> dict[str, str]:
    """What the numbers depend on besides config and inputs; `project` and `commit` are those of our own code."""
    versions = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return {
        **project(),
        "python": platform.python_version(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine(),
        "threads": str(torch.get_num_threads()),
        **versions,
    }


# Dense bf16 tensor-core peak of one GPU, TFLOP/s, from NVIDIA's data sheets: the first name that the device's contains.
PEAK_TFLOPS = {"H200": 989.0, "H100": 989.0, "A100": 312.0, "L40S": 362.0, "4090": 165.0, "3090": 71.0, "3060": 51.0}


def peak_flops_per_s(device: torch.device) -> float | None:
    """What the device could do at most in bf16; None where we do not know (every CPU)."""
    if device.type != "cuda":
        return None
    name = torch.cuda.get_device_name(device)
    return next((tflops * 1e12 for known, tflops in PEAK_TFLOPS.items() if known in name), None)


def _uses_bf16(device: torch.device, precision: str) -> bool:
    has_bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return precision == "bf16" or (precision == "auto" and has_bf16)


def _checkpoint_gradients(model: nn.Module) -> None:
    """Keep fewer activations and compute them again; the methods are called so in diffusers and in transformers."""
    for name in ("enable_gradient_checkpointing", "gradient_checkpointing_enable"):
        enable: Callable[[], None] | None = getattr(model, name, None)
        if enable is not None:
            return enable()
    raise ConfigError(f"{type(model).__name__} has no gradient checkpointing; --set gradient_checkpointing=false")
