"""Where the arithmetic runs: device, threads, precision, and what makes a CPU run repeat itself bit for bit."""

import contextlib
import importlib.metadata
import platform
from contextlib import AbstractContextManager

import torch

from pd_ml.errors import DeviceError

_LIBRARIES = ("torch", "diffusers", "transformers", "tokenizers", "numpy", "pillow")


def prepare_device(name: str, threads: int) -> torch.device:
    """The device called `auto`, `cpu` or `cuda`; sets torch's threads (0 leaves them) and determinism on the CPU."""
    if name == "cuda" and not torch.cuda.is_available():
        raise DeviceError("device cuda was asked for and torch sees no CUDA device; --set device=cpu or auto")
    if threads:
        torch.set_num_threads(threads)
    device = torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")
    torch.use_deterministic_algorithms(device.type == "cpu")
    return device


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """bf16 autocast where `precision` is bf16, or auto on a CUDA device that has it; otherwise nothing."""
    has_bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported()
    if precision == "bf16" or (precision == "auto" and has_bf16):
        bf16: AbstractContextManager[object] = torch.autocast(device.type, dtype=torch.bfloat16)
        return bf16
    return contextlib.nullcontext()


def environment() -> dict[str, str]:
    """What the numbers depend on besides config and inputs."""
    versions = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine()
    return {"python": platform.python_version(), "device": device, **versions}
