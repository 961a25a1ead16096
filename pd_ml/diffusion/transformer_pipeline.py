"""Text to picture with our transformer, as a diffusers pipeline. Shipped with the weights: it imports no pd_ml.

    DiffusionPipeline.from_pretrained(folder, custom_pipeline=folder, trust_remote_code=True)

Shapes: B pictures, C channels, H height, W width, L tokens, D width of the text states.
"""

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from diffusers import DiffusionPipeline, DPMSolverMultistepScheduler, ImagePipelineOutput, ModelMixin
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTokenizer

# Where the class of the transformer lies beside its weights: `transformer/pd_transformer.py`.
MODULE = "pd_transformer"


class Told(NamedTuple):
    """What the transformer is told of texts: their states BLD, the state at their end BD, and which tokens count BL."""

    states_BLD: Tensor
    pooled_BD: Tensor
    is_token_BL: Tensor

    @classmethod
    def of(cls, text_encoder: CLIPTextModel, ids_BL: Tensor) -> "Told":
        """Of token ids, padded with the end token; without an attention mask, in training as in drawing."""
        states_BLD = text_encoder(input_ids=ids_BL).last_hidden_state
        # The first end token that is not the beginning: with few merges the two may be the same.
        ends_B = (ids_BL[:, 1:] == text_encoder.config.eos_token_id).int().argmax(1) + 1
        places_L = torch.arange(ids_BL.shape[1], device=ids_BL.device)
        pooled_BD = states_BLD[torch.arange(len(ids_BL), device=ids_BL.device), ends_B]
        return cls(states_BLD, pooled_BD, places_L[None] <= ends_B[:, None])

    def padded(self, length: int) -> "Told":
        """With empty states up to `length` tokens, which are not read: batches of one shape."""
        more = length - self.states_BLD.shape[1]
        states_BLD = functional.pad(self.states_BLD, (0, 0, 0, more))
        return self._replace(states_BLD=states_BLD, is_token_BL=functional.pad(self.is_token_BL, (0, more)))

    def named(self) -> dict[str, Tensor]:
        """As the transformer's arguments."""
        return {
            "encoder_hidden_states": self.states_BLD,
            "pooled_projections": self.pooled_BD,
            "encoder_attention_mask": self.is_token_BL,
        }


class PdTransformerPipeline(DiffusionPipeline):
    """Draws pictures for prompts with a transformer over patches of pixels, told of our CLIP's text tower."""

    model_cpu_offload_seq = "text_encoder->transformer"

    def __init__(
        self,
        transformer: ModelMixin,
        scheduler: DPMSolverMultistepScheduler,
        text_encoder: CLIPTextModel,
        tokenizer: CLIPTokenizer,
    ) -> None:
        super().__init__()
        self.register_modules(
            transformer=transformer, scheduler=scheduler, text_encoder=text_encoder, tokenizer=tokenizer
        )
        # By the file that travels along, not by the package that it was trained with.
        self.register_to_config(transformer=(MODULE, type(transformer).__name__))

    def __call__(
        self,
        prompt: str | Sequence[str],
        *,
        negative_prompt: str | Sequence[str] = "",
        num_inference_steps: int = 20,
        guidance_scale: float = 2.0,
        width: int | None = None,
        height: int | None = None,
        generator: torch.Generator | list[torch.Generator] | None = None,
        output_type: str = "pil",
    ) -> ImagePipelineOutput:
        """One picture per prompt, of the learnt size if no other is given. `generator`: one, or one per prompt.

        `output_type`: pil, or np (floats in [0, 1]).
        """
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        negatives = [negative_prompt] if isinstance(negative_prompt, str) else list(negative_prompt)
        side = self.transformer.config.sample_size
        shape = (len(prompts), self.transformer.config.in_channels, height or side, width or side)
        with torch.no_grad():
            noise_BCHW = randn_tensor(
                shape, generator=generator, device=self._execution_device, dtype=self.transformer.dtype
            )
            told = self.told(prompts, negatives if guidance_scale != 1 else None)
            images_BCHW = self._denoised(noise_BCHW, told, num_inference_steps, guidance_scale, generator)
        array_BHWC = (images_BCHW / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).float().cpu().numpy()
        images = self.numpy_to_pil(array_BHWC) if output_type == "pil" else array_BHWC
        return ImagePipelineOutput(images=images)

    def _denoised(
        self,
        x_BCHW: Tensor,
        told: Told,
        steps: int,
        guidance_scale: float,
        generator: torch.Generator | list[torch.Generator] | None,
    ) -> Tensor:
        self.scheduler.set_timesteps(steps, device=x_BCHW.device)
        for timestep in self.progress_bar(self.scheduler.timesteps):
            predicted_BCHW = self.predicted(x_BCHW, timestep, told, guidance_scale)
            x_BCHW = self.scheduler.step(predicted_BCHW, timestep, x_BCHW, generator=generator).prev_sample
        return x_BCHW

    def predicted(self, x_BCHW: Tensor, timestep: Tensor, told: Told, guidance_scale: float) -> Tensor:
        """What the transformer predicts, guided where it is told of twice as many texts as there are pictures."""
        if len(told.states_BLD) == len(x_BCHW):
            return cast(Tensor, self.transformer(x_BCHW, timestep, **told.named()).sample)
        both_BCHW = self.transformer(torch.cat([x_BCHW, x_BCHW]), timestep, **told.named()).sample
        without, towards = both_BCHW.chunk(2)
        return cast(Tensor, without + guidance_scale * (towards - without))

    def told(self, prompts: Sequence[str], negatives: Sequence[str] | None) -> Told:
        """Of prompts, as in training; with `negatives` (one, or one per prompt) of those first, for guidance."""
        texts = list(prompts)
        if negatives is not None:
            texts = list(negatives) * (len(prompts) // len(negatives)) + texts
        readable = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        length = self.tokenizer.model_max_length
        encoded = self.tokenizer(
            readable, padding="max_length", truncation=True, max_length=length, return_tensors="pt"
        )
        found = Told.of(self.text_encoder, encoded["input_ids"].to(self._execution_device))
        dtype = self.transformer.dtype
        return Told(found.states_BLD.to(dtype), found.pooled_BD.to(dtype), found.is_token_BL)
