"""Which attention a U-Net computes with. Errors: DeviceError."""

from diffusers import ModelMixin

from pd_ml.errors import DeviceError


def use_attention(unet: ModelMixin, backend: str, device_type: str) -> None:
    """Switch the attention; `sdpa` is what diffusers does anyway. DeviceError where xformers cannot run."""
    if backend != "xformers":
        return
    if device_type != "cuda":
        raise DeviceError(f"attention_backend xformers needs CUDA, found {device_type}; --set attention_backend=sdpa")
    try:
        unet.enable_xformers_memory_efficient_attention()
    except (ImportError, ValueError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise DeviceError(f"xformers does not run here ({reason}); --set attention_backend=sdpa") from error
