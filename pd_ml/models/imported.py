"""Pixel models of the prior system (folders of diffusers 0.11), made into finished folders that sample and train on.

Only what its commands made is read: DDPM's noise prediction on a linear schedule, U-Nets of plain and attention blocks,
and for the conditional one a CLIP text tower with its tokenizer. Weights are read without unpickling code, and every
difference from what this project builds is an error, not a guess. Errors: ForeignModelError.
"""

import json
import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from diffusers import DDPMPipeline, DiffusionPipeline, ModelMixin, UNet2DConditionModel, UNet2DModel
from transformers import CLIPTextModel, CLIPTokenizer

from pd_ml.config import SamplingConfig, UnetConfig, UnetTextConfig, to_json
from pd_ml.data.shards import sha256_of
from pd_ml.device import environment
from pd_ml.diffusion import pipeline as pipeline_module
from pd_ml.diffusion.objective import objective_of
from pd_ml.diffusion.pipeline import PdTextToImagePipeline
from pd_ml.errors import ConfigError, ForeignModelError, TokenizerError
from pd_ml.models.old_tokenizer import convert_tokenizer
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.models.unet import build_unet
from pd_ml.models.unet_text import build_unet as build_unet_text
from pd_ml.provenance import TRAIN_CONFIG, RunRecord, version_of, write_run

_INDEX = "model_index.json"
# What the prior system named them: its unconditional model is diffusers' own pipeline.
_PLAIN, _CONDITIONAL = "DDPMPipeline", "DDPMConditionalPipeline"

# The one schedule that its training used; a field that is absent has diffusers' default, which is the same.
_SCHEDULE = {
    "num_train_timesteps": 1000,
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "beta_schedule": "linear",
    "trained_betas": None,
    "prediction_type": "epsilon",
}
_SAMPLING = SamplingConfig(sample_steps=50, guidance_scale=1.0)

Json = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What was made, and the `--set` values with which a training of the same architecture goes on from it."""

    record: RunRecord
    settings: tuple[str, ...]


def import_model(old: Path, new: Path) -> Imported:
    """Make the finished folder `new` of the pipeline folder `old`; ForeignModelError says what cannot be read."""
    if new.exists() and (not new.is_dir() or any(new.iterdir())):
        raise ForeignModelError(f"{new}: is not empty; choose a folder that does not exist yet")
    kind = _object(old / _INDEX).get("_class_name")
    readers: Mapping[object, Callable[[Path], tuple[str, UnetConfig | UnetTextConfig, DiffusionPipeline]]] = {
        _PLAIN: _plain,
        _CONDITIONAL: _conditional,
    }
    if kind not in readers:
        raise ForeignModelError(
            f"{old}: a pipeline of class {kind!r}, expected {_PLAIN} or {_CONDITIONAL}, which the prior system saved"
        )
    _require_schedule(old)
    stage, config, pipeline = readers[kind](old)
    return Imported(record=_finished(old, new, stage, config, pipeline), settings=_settings(config))


def _plain(old: Path) -> tuple[str, UnetConfig, DiffusionPipeline]:
    raw = _object(old / "unet" / "config.json")
    with _buildable(old):
        config = UnetConfig(
            image_size=_number(raw, "sample_size"),
            channels=_channels(raw),
            attention=_attention(raw, "AttnDownBlock2D"),
            layers_per_block=_number(raw, "layers_per_block"),
            norm_groups=_number(raw, "norm_num_groups"),
            head_width=_number(raw, "attention_head_dim"),
            objective="epsilon",
            sampling=_SAMPLING,
        )
    _require_same(old, raw, build_unet(config))
    unet = _weights(UNet2DModel, old / "unet")
    return "unet", config, DDPMPipeline(unet=unet, scheduler=objective_of(config).scheduler())


def _conditional(old: Path) -> tuple[str, UnetTextConfig, DiffusionPipeline]:
    raw = _object(old / "unet" / "config.json")
    with _buildable(old):
        config = UnetTextConfig(
            image_size=_number(raw, "sample_size"),
            channels=_channels(raw),
            attention=_attention(raw, "CrossAttnDownBlock2D"),
            layers_per_block=_number(raw, "layers_per_block"),
            norm_groups=_number(raw, "norm_num_groups"),
            heads=_number(raw, "attention_head_dim"),
            objective="epsilon",
            sampling=_SAMPLING,
        )
    text_encoder = _text_encoder(old / "text_encoder")
    width = text_encoder.config.hidden_size
    if raw.get("cross_attention_dim") != width:
        raise ForeignModelError(
            f"{old}: the U-Net attends to states of width {raw.get('cross_attention_dim')}, its text tower gives "
            f"{width}; the prior system could not draw with such a model either"
        )
    _require_same(old, raw, build_unet_text(config, width))
    unet = _weights(UNet2DConditionModel, old / "unet")
    tokenizer = _tokenizer(old / "tokenizer", text_encoder)
    pipeline = PdTextToImagePipeline(
        unet=unet, scheduler=objective_of(config).scheduler(), text_encoder=text_encoder, tokenizer=tokenizer
    )
    return "unet_text", config, pipeline


def _finished(
    old: Path, new: Path, stage: str, config: UnetConfig | UnetTextConfig, pipeline: DiffusionPipeline
) -> RunRecord:
    """The folder, under its final name when it is complete. Nobody vouches for the pictures: it is not proven."""
    partial = new.with_name(f"{new.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    pipeline.save_pretrained(partial)
    if stage == "unet_text":
        shutil.copyfile(str(pipeline_module.__file__), partial / "pipeline.py")
    (partial / TRAIN_CONFIG).write_text(to_json(config) + "\n")
    inputs = {"imported": sha256_of(_weights_file(old / "unet"))}
    record = RunRecord(
        stage=stage,
        version=version_of(stage, config, inputs),
        config=json.loads(to_json(config)),
        inputs=inputs,
        dataset_version="",
        item_count=0,
        proven=False,
        environment=environment(),
    )
    complete = write_run(partial, record)
    if new.is_dir():
        new.rmdir()
    os.replace(partial, new)
    return complete


def _settings(config: UnetConfig | UnetTextConfig) -> tuple[str, ...]:
    raw = json.loads(to_json(config))
    return tuple(
        f"{name}={json.dumps(value, separators=(',', ':')) if not isinstance(value, str) else value}"
        for name, value in sorted(raw.items())
        if name in {"image_size", "channels", "attention", "layers_per_block", "norm_groups", "objective"}
        or name in {"head_width", "heads"}
    )


@contextmanager
def _buildable(old: Path) -> Iterator[None]:
    try:
        yield
    except ConfigError as error:
        raise ForeignModelError(f"{old / 'unet'}: an architecture that is not built here: {error}") from error


def _require_schedule(old: Path) -> None:
    raw = _object(old / "scheduler" / "scheduler_config.json")
    found = {name: raw.get(name, expected) for name, expected in _SCHEDULE.items()}
    wrong = [
        f"{name} {found[name]!r} (expected {expected!r})"
        for name, expected in _SCHEDULE.items()
        if found[name] != expected
    ]
    if wrong:
        raise ForeignModelError(
            f"{old / 'scheduler'}: another noise schedule than was trained with: {', '.join(wrong)}"
        )


def _require_same(old: Path, raw: Json, built: ModelMixin) -> None:
    """Every field of the old config has the value that the model has which is built from ours."""
    mine = {name: _plain_value(value) for name, value in built.config.items()}
    theirs = {name: _plain_value(value) for name, value in raw.items() if not name.startswith("_")}
    wrong = [
        f"{name} {value!r} (expected {mine[name]!r})" if name in mine else f"{name} {value!r} (not known)"
        for name, value in sorted(theirs.items())
        if mine.get(name) != value
    ]
    if wrong:
        raise ForeignModelError(f"{old / 'unet'}: an architecture that is not built here: {', '.join(wrong)}")


def _weights(kind: type[ModelMixin], folder: Path) -> ModelMixin:
    """The U-Net; diffusers renames the weights of old attention blocks and unpickles tensors alone."""
    safe = _weights_file(folder).suffix == ".safetensors"
    try:
        model, loading = kind.from_pretrained(
            folder, use_safetensors=safe, output_loading_info=True, low_cpu_mem_usage=False
        )
    except (OSError, ValueError, RuntimeError, KeyError, pickle.UnpicklingError) as error:
        raise ForeignModelError(f"{folder}: weights cannot be read ({' '.join(str(error).split())[:300]})") from error
    _require_complete(folder, loading)
    return model


def _text_encoder(folder: Path) -> CLIPTextModel:
    try:
        model, loading = CLIPTextModel.from_pretrained(folder, output_loading_info=True)
    except (OSError, ValueError, RuntimeError, KeyError, pickle.UnpicklingError) as error:
        raise ForeignModelError(f"{folder}: no text tower ({' '.join(str(error).split())[:300]})") from error
    _require_complete(folder, loading)
    return model


def _require_complete(folder: Path, loading: Mapping[str, Sequence[object]]) -> None:
    """Libraries fill what is missing with random weights and a warning; here it is an error."""
    # Numbers of positions, which older transformers saved and newer ones make.
    surplus = [name for name in loading["unexpected_keys"] if not str(name).endswith("position_ids")]
    missing = [name for name in loading["missing_keys"] if not str(name).endswith("position_ids")]
    wrong = {"missing": missing, "not known": surplus, "of another shape": list(loading["mismatched_keys"])}
    problems = [
        f"{len(names)} weights are {words}, such as {sorted(map(str, names))[0]}"
        for words, names in wrong.items()
        if names
    ]
    if problems:
        raise ForeignModelError(f"{folder}: {'; '.join(problems)}; the config and the weights do not belong together")


def _tokenizer(folder: Path, text_encoder: CLIPTextModel) -> CLIPTokenizer:
    with tempfile.TemporaryDirectory() as name:
        try:
            convert_tokenizer(folder, Path(name) / "tokenizer")
        except TokenizerError as error:
            raise ForeignModelError(f"{folder}: {error}") from error
        tokenizer = load_tokenizer(Path(name) / "tokenizer")
    tokenizer.model_max_length = text_encoder.config.max_position_embeddings
    if len(tokenizer) > text_encoder.config.vocab_size:
        raise ForeignModelError(
            f"{folder}: {len(tokenizer)} tokens, the text tower knows {text_encoder.config.vocab_size}; they do not "
            "belong together"
        )
    return tokenizer


def _weights_file(folder: Path) -> Path:
    names = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin")
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is None:
        raise ForeignModelError(f"{folder}: no weights; expected {' or '.join(names)}")
    return found


def _object(path: Path) -> Json:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ForeignModelError(
            f"{path}: cannot be read ({error}); expected the folder that the prior system's unet.train saved"
        ) from error
    if not isinstance(found, dict):
        raise ForeignModelError(f"{path}: {type(found).__name__}, expected an object")
    return found


def _number(raw: Json, name: str) -> int:
    value = raw.get(name)
    if not isinstance(value, int):
        raise ForeignModelError(f"unet/config.json: {name} is {value!r}, expected a whole number")
    return value


def _channels(raw: Json) -> tuple[int, ...]:
    value = raw.get("block_out_channels")
    if not isinstance(value, list) or not all(isinstance(one, int) for one in value):
        raise ForeignModelError(f"unet/config.json: block_out_channels is {value!r}, expected a list of numbers")
    return tuple(value)


def _attention(raw: Json, name: str) -> tuple[bool, ...]:
    value = raw.get("down_block_types")
    if not isinstance(value, list):
        raise ForeignModelError(f"unet/config.json: down_block_types is {value!r}, expected a list of names")
    return tuple(one == name for one in value)


def _plain_value(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
