"""Text to picture in pixel space, as a diffusers pipeline. The file is shipped with the weights: it imports no pd_ml.

Shapes: B pictures, C channels, H height, W width, L tokens, D width of the text states.
"""

from collections.abc import Sequence
from typing import cast

import torch
from diffusers import DiffusionPipeline, DPMSolverMultistepScheduler, ImagePipelineOutput, UNet2DConditionModel
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer


def token_ids(tokenizer: CLIPTokenizer, texts: Sequence[str]) -> Tensor:
    """Ids padded and cut to the context length, BL."""
    readable = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    encoded = tokenizer(
        readable, padding="max_length", truncation=True, max_length=tokenizer.model_max_length, return_tensors="pt"
    )
    return cast(Tensor, encoded["input_ids"])


def text_states(text_encoder: CLIPTextModel, ids_BL: Tensor) -> Tensor:
    """Last hidden states, BLD. Without an attention mask: training and sampling must agree on the padding's states."""
    return cast(Tensor, text_encoder(input_ids=ids_BL).last_hidden_state)


class PdTextToImagePipeline(DiffusionPipeline):
    """Draws pictures for prompts with a pixel-space U-Net conditioned on a CLIP text tower."""

    model_cpu_offload_seq = "text_encoder->unet"

    def __init__(
        self,
        unet: UNet2DConditionModel,
        scheduler: DPMSolverMultistepScheduler,
        text_encoder: CLIPTextModel,
        tokenizer: CLIPTokenizer,
    ) -> None:
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler, text_encoder=text_encoder, tokenizer=tokenizer)

    def __call__(
        self,
        prompt: str | Sequence[str],
        *,
        negative_prompt: str | Sequence[str] = "",
        num_inference_steps: int = 20,
        guidance_scale: float = 2.0,
        generator: torch.Generator | list[torch.Generator] | None = None,
        output_type: str = "pil",
    ) -> ImagePipelineOutput:
        """One picture per prompt. `generator`: one, or one per prompt. `output_type`: pil, or np (floats in [0, 1])."""
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        negatives = [negative_prompt] if isinstance(negative_prompt, str) else list(negative_prompt)
        with torch.no_grad():
            images_BCHW = self._denoise(prompts, negatives, num_inference_steps, guidance_scale, generator)
        array_BHWC = (images_BCHW / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).float().cpu().numpy()
        images = self.numpy_to_pil(array_BHWC) if output_type == "pil" else array_BHWC
        return ImagePipelineOutput(images=images)

    def _denoise(
        self,
        prompts: list[str],
        negatives: list[str],
        steps: int,
        guidance_scale: float,
        generator: torch.Generator | list[torch.Generator] | None,
    ) -> Tensor:
        device = self._execution_device
        size = self.unet.config.sample_size
        shape = (len(prompts), self.unet.config.in_channels, size, size)
        x_BCHW = randn_tensor(shape, generator=generator, device=device, dtype=self.unet.dtype)
        text_BLD = self.encode_prompt(prompts)
        guided = guidance_scale != 1
        if guided:
            negative_BLD = self.encode_prompt(negatives).expand_as(text_BLD)
            text_BLD = torch.cat([negative_BLD, text_BLD])
        self.scheduler.set_timesteps(steps, device=device)
        for timestep in self.progress_bar(self.scheduler.timesteps):
            model_input = torch.cat([x_BCHW, x_BCHW]) if guided else x_BCHW
            predicted = self.unet(model_input, timestep, encoder_hidden_states=text_BLD).sample
            if guided:
                without, towards = predicted.chunk(2)
                predicted = without + guidance_scale * (towards - without)
            x_BCHW = self.scheduler.step(predicted, timestep, x_BCHW, generator=generator).prev_sample
        return cast(Tensor, x_BCHW)

    def encode_prompt(self, prompts: Sequence[str]) -> Tensor:
        """Text states of prompts, BLD, exactly as in training."""
        ids_BL = token_ids(self.tokenizer, prompts).to(self._execution_device)
        return text_states(self.text_encoder, ids_BL).to(self.unet.dtype)
