"""Folders as the prior system saved them with diffusers 0.11 and transformers 4.24: old config keys, old names of the
weights of attention blocks, pickled tensors."""

import json
from pathlib import Path

import torch
from diffusers import ModelMixin, UNet2DConditionModel, UNet2DModel
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel

CHANNELS = [16, 16, 32]

_SHARED = {
    "act_fn": "silu",
    "block_out_channels": CHANNELS,
    "center_input_sample": False,
    "downsample_padding": 1,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "in_channels": 3,
    "layers_per_block": 2,
    "mid_block_scale_factor": 1,
    "norm_eps": 1e-05,
    "norm_num_groups": 8,
    "out_channels": 3,
    "sample_size": 16,
    "attention_head_dim": 8,
}
PLAIN = {
    **_SHARED,
    "time_embedding_type": "positional",
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
}
CONDITIONAL = {
    **_SHARED,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    "mid_block_type": "UNetMidBlock2DCrossAttn",
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "only_cross_attention": False,
    "cross_attention_dim": 16,
    "dual_cross_attention": False,
    "use_linear_projection": False,
    "class_embed_type": None,
    "num_class_embeds": None,
    "upcast_attention": False,
    "resnet_time_scale_shift": "default",
}
SCHEDULER = {
    "_class_name": "DDPMScheduler",
    "_diffusers_version": "0.11.1",
    "beta_end": 0.02,
    "beta_schedule": "linear",
    "beta_start": 0.0001,
    "clip_sample": True,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "trained_betas": None,
    "variance_type": "fixed_small",
}
# As `unet.train` of the prior system wrote it.
BLOCK_NAMES = {".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."}


def write_plain(folder: Path) -> UNet2DModel:
    """An unconditional model; returns what its weights are those of."""
    torch.manual_seed(3)
    unet = UNet2DModel(**{**PLAIN, "norm_eps": 1e-5})
    index = {"_class_name": "DDPMPipeline", "unet": ["diffusers", "UNet2DModel"]}
    _write_unet(folder, index, PLAIN, unet, old_blocks=True)
    return unet


def write_conditional(folder: Path) -> UNet2DConditionModel:
    """A conditional model with its text tower and tokenizer of 300 tokens."""
    torch.manual_seed(4)
    unet = UNet2DConditionModel(**CONDITIONAL)
    index = {
        "_class_name": "DDPMConditionalPipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizerFast"],
    }
    _write_unet(folder, index, CONDITIONAL, unet, old_blocks=False)
    vocabulary = _write_tokenizer(folder / "tokenizer")
    _write_text_encoder(folder / "text_encoder", vocabulary)
    return unet


def _write_unet(
    folder: Path, index: dict[str, object], config: dict[str, object], unet: ModelMixin, *, old_blocks: bool
) -> None:
    (folder / "unet").mkdir(parents=True)
    (folder / "scheduler").mkdir()
    version = {"_diffusers_version": "0.11.1", "scheduler": ["diffusers", "DDPMScheduler"]}
    _json(folder / "model_index.json", {**index, **version})
    _json(folder / "scheduler" / "scheduler_config.json", SCHEDULER)
    _json(folder / "progress.json", {"last_epoch": 7})
    written = {"_class_name": type(unet).__name__, "_diffusers_version": "0.11.1", **config}
    _json(folder / "unet" / "config.json", written)
    weights = {_old_name(name) if old_blocks else name: value for name, value in unet.state_dict().items()}
    torch.save(weights, folder / "unet" / "diffusion_pytorch_model.bin")


def _old_name(name: str) -> str:
    for new, old in BLOCK_NAMES.items():
        name = name.replace(new, old)
    return name


def _write_tokenizer(folder: Path) -> int:
    """Special tokens first, as the prior system had them, then letters; no merge spans a word's end."""
    folder.mkdir()
    letters = [chr(number) for number in range(33, 127)]
    specials = ["[UNK]", "[PAD]", "[START]", "[END]"]
    symbols = [*specials, *letters, *(f"{letter}</w>" for letter in letters), "th", "the</w>"]
    vocabulary = {symbol: number for number, symbol in enumerate(symbols)}
    _json(folder / "vocab.json", vocabulary)
    (folder / "merges.txt").write_text("#version: 0.2\nt h\nth e</w>\n")
    roles = {"unk_token": "[UNK]", "pad_token": "[PAD]", "bos_token": "[START]", "eos_token": "[END]"}
    _json(folder / "special_tokens_map.json", roles)
    _json(folder / "tokenizer_config.json", {**roles, "tokenizer_class": "CLIPTokenizer"})
    return len(vocabulary)


def _write_text_encoder(folder: Path, vocabulary: int) -> None:
    """The weights' names are those of transformers 4.24, positions among them."""
    folder.mkdir()
    config = CLIPTextConfig(
        vocab_size=vocabulary,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=12,
        bos_token_id=2,
        eos_token_id=3,
        pad_token_id=1,
    )
    model = CLIPTextModel(config)
    names = {name.removeprefix("text_model."): value for name, value in model.state_dict().items()}
    weights: dict[str, Tensor] = {f"text_model.{name}": value for name, value in names.items()}
    weights["text_model.embeddings.position_ids"] = torch.arange(12)[None]
    written = {**config.to_dict(), "architectures": ["CLIPTextModel"], "transformers_version": "4.24.0"}
    _json(folder / "config.json", written)
    torch.save(weights, folder / "pytorch_model.bin")


def _json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2))
