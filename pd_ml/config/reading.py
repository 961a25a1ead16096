"""A stage's config by its name, as JSON, and with `field=value` overrides. No torch in here. Errors: ConfigError."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from types import UnionType
from typing import TypeVar, Union, get_args, get_origin, get_type_hints

from pd_ml.config.checks import refuse
from pd_ml.config.denoisers import (
    LatentDiffusionConfig,
    LatentUnetConfig,
    TransformerConfig,
    UnetConfig,
    UnetTextConfig,
)
from pd_ml.config.evaluation import EvaluateConfig
from pd_ml.config.pictures import LatentsConfig, SuperResolutionConfig, VaeConfig
from pd_ml.config.text import ClipConfig, TokenizerConfig
from pd_ml.errors import ConfigError

StageConfig = (
    TokenizerConfig
    | ClipConfig
    | UnetConfig
    | UnetTextConfig
    | TransformerConfig
    | VaeConfig
    | LatentsConfig
    | LatentUnetConfig
    | LatentDiffusionConfig
    | SuperResolutionConfig
    | EvaluateConfig
)
C = TypeVar("C", bound=StageConfig)

CONFIGS: Mapping[str, type[StageConfig]] = {
    "tokenizer": TokenizerConfig,
    "clip": ClipConfig,
    "unet": UnetConfig,
    "unet_text": UnetTextConfig,
    "transformer": TransformerConfig,
    "vae": VaeConfig,
    "latents": LatentsConfig,
    "latent_unet": LatentUnetConfig,
    "latent_diffusion": LatentDiffusionConfig,
    "super_resolution": SuperResolutionConfig,
    "evaluate": EvaluateConfig,
}


def to_json(config: StageConfig) -> str:
    """The config as JSON with sorted keys: equal configs give equal text."""
    return json.dumps(asdict(config), indent=1, sort_keys=True)


def config_from_json(stage: str, text: str) -> StageConfig:
    """The config of `stage` that `to_json` wrote; fields that are left out take their defaults."""
    if stage not in CONFIGS:
        raise ConfigError(f"no stage {stage!r}; there are {', '.join(CONFIGS)}")
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"config of {stage} is not JSON ({error}); expected what to_json wrote") from error
    config = _build(CONFIGS[stage], raw, prefix="")
    assert isinstance(config, CONFIGS[stage])
    return config


def with_overrides(config: C, overrides: Sequence[str]) -> C:
    """`config` with each `field=value` set; a nested field by its path (`training.steps`) or, if unique, its last name.

    Every wrong override is named in one ConfigError.
    """
    paths = field_paths(config)
    raw = asdict(config)
    problems: list[str] = []
    for override in overrides:
        name, separator, text = override.partition("=")
        found = [path for path in paths if path == name] or [path for path in paths if path.split(".")[-1] == name]
        if not separator or not name:
            problems.append(f"{override!r} is not field=value")
        elif not found:
            problems.append(f"no field {name!r}{_elsewhere(name)}; there are {', '.join(paths)}")
        elif len(found) > 1:
            problems.append(f"{name!r} could be {' or '.join(found)}; write the whole path")
        else:
            _put(raw, found[0].split("."), _parsed(text))
    refuse(problems)
    changed = _build(type(config), raw, prefix="")
    assert isinstance(changed, type(config))
    return changed


def _elsewhere(name: str) -> str:
    """Which stages have a field of that name, for who says it to another one."""
    found = [stage for stage, kind in CONFIGS.items() if name in get_type_hints(kind)]
    return f" here, only of {', '.join(found)}" if found else ""


def field_paths(config: object) -> list[str]:
    """Every field that `--set` takes, nested ones with dots."""
    assert is_dataclass(config)
    paths: list[str] = []
    for entry in fields(config):
        value = getattr(config, entry.name)
        paths += [f"{entry.name}.{inner}" for inner in field_paths(value)] if is_dataclass(value) else [entry.name]
    return paths


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _put(raw: dict[str, object], path: list[str], value: object) -> None:
    for name in path[:-1]:
        inner = raw[name]
        assert isinstance(inner, dict)
        raw = inner
    raw[path[-1]] = value


def _build(kind: type, raw: object, *, prefix: str) -> object:
    """A dataclass of type `kind` out of parsed JSON; ConfigError lists every unknown or ill-typed field."""
    if not isinstance(raw, dict):
        raise ConfigError(f"{prefix or 'config'} is {raw!r}, expected an object of fields")
    hints = get_type_hints(kind)
    problems: list[str] = []
    values: dict[str, object] = {}
    for name, value in raw.items():
        if name not in hints:
            problems.append(f"no field {prefix}{name}; there are {', '.join(hints)}")
            continue
        try:
            values[name] = _coerced(value, hints[name], f"{prefix}{name}")
        except ConfigError as error:
            problems.append(str(error))
    refuse(problems)
    built: object = kind(**values)
    return built


def _coerced(value: object, kind: object, name: str) -> object:
    if isinstance(kind, type) and is_dataclass(kind):
        return _build(kind, value, prefix=f"{name}.")
    if get_origin(kind) in (Union, UnionType):
        if value is None:
            return None
        return _coerced(value, next(option for option in get_args(kind) if option is not type(None)), name)
    if get_origin(kind) is tuple:
        entries = value if isinstance(value, list | tuple) else [value]
        return tuple(_coerced(entry, get_args(kind)[0], name) for entry in entries)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is str and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    assert isinstance(kind, type)
    # bool is an int to Python, but `steps=true` is a mistake.
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise ConfigError(f"{name} is {value!r}, expected {kind.__name__}")
    return value
