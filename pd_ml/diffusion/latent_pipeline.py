"""Pictures out of latents without a prompt, as a diffusers pipeline. The file is shipped with the weights: it imports
no pd_ml. (diffusers' own LDMPipeline is deprecated and knows one kind of scheduler.)

Shapes: B pictures, C channels, H height, W width.
"""

from typing import cast

import torch
from diffusers import AutoencoderKL, DiffusionPipeline, DPMSolverMultistepScheduler, ImagePipelineOutput, UNet2DModel
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor


class PdLatentPipeline(DiffusionPipeline):
    """Draws pictures with a U-Net of latents and the decoder of a VAE."""

    model_cpu_offload_seq = "unet->vae"

    def __init__(self, unet: UNet2DModel, vae: AutoencoderKL, scheduler: DPMSolverMultistepScheduler) -> None:
        super().__init__()
        self.register_modules(unet=unet, vae=vae, scheduler=scheduler)
        self.vae_scale_factor = 2 ** (len(self.vae.config.block_out_channels) - 1)

    def __call__(
        self,
        batch_size: int = 1,
        *,
        num_inference_steps: int = 20,
        generator: torch.Generator | list[torch.Generator] | None = None,
        output_type: str = "pil",
    ) -> ImagePipelineOutput:
        """`generator`: one, or one per picture. `output_type`: pil, or np (floats in [0, 1])."""
        with torch.no_grad():
            latents_BCHW = self._denoise(batch_size, num_inference_steps, generator)
            images_BCHW = self.vae.decode(latents_BCHW / self.vae.config.scaling_factor).sample
        array_BHWC = (images_BCHW / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).float().cpu().numpy()
        images = self.numpy_to_pil(array_BHWC) if output_type == "pil" else array_BHWC
        return ImagePipelineOutput(images=images)

    def _denoise(self, count: int, steps: int, generator: torch.Generator | list[torch.Generator] | None) -> Tensor:
        device = self._execution_device
        size = self.unet.config.sample_size
        shape = (count, self.unet.config.in_channels, size, size)
        x_BCHW = randn_tensor(shape, generator=generator, device=device, dtype=self.unet.dtype)
        self.scheduler.set_timesteps(steps, device=device)
        for timestep in self.progress_bar(self.scheduler.timesteps):
            predicted = self.unet(x_BCHW, timestep).sample
            x_BCHW = self.scheduler.step(predicted, timestep, x_BCHW, generator=generator).prev_sample
        return cast(Tensor, x_BCHW)
