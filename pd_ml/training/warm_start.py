"""Weights to start from: those of a finished model of the same stage and shape, instead of fresh ones.

Errors: ProvenanceError (another stage), ConfigError (another architecture, or a stage without weights).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from torch import nn

from pd_ml.config import StageConfig, to_json
from pd_ml.errors import ConfigError
from pd_ml.provenance import read_run

_NAMED_KEYS = 6
# What is trained lies in the folder itself, or in that part of its pipeline.
_PARTS = (".", "unet", "transformer", "vae")


class _Saved(Protocol):
    """A class of diffusers or transformers, whose older names of weights its reader knows."""

    @classmethod
    def from_pretrained(cls, folder: Path) -> nn.Module: ...


@dataclass(frozen=True, kw_only=True)
class WarmStart:
    """The finished folder to start from, and the config that asks for it."""

    folder: Path
    config: StageConfig

    def into(self, model: nn.Module) -> None:
        """Put the folder's weights into `model`; ConfigError lists every weight that does not fit, and why.

        What a folder does not hold, such as the critic of an autoencoder, keeps its fresh weights.
        """
        released, part = self._released(model)
        found = cast(type[_Saved], type(released)).from_pretrained(part).state_dict()
        wanted = released.state_dict()
        problems = _listed("it has no", sorted(wanted.keys() - found.keys()))
        problems += _listed("it also has", sorted(found.keys() - wanted.keys()))
        both = sorted(found.keys() & wanted.keys())
        problems += _listed(
            "of another shape are",
            [
                f"{name} {list(found[name].shape)} (expected {list(wanted[name].shape)})"
                for name in both
                if found[name].shape != wanted[name].shape
            ],
        )
        if problems:
            raise ConfigError(f"--init-from {self.folder}: {'; '.join(problems)}; {self._remedy()}")
        released.load_state_dict(found)

    def _released(self, model: nn.Module) -> tuple[nn.Module, Path]:
        """The part of what is trained that the folder holds, and where."""
        for part in (self.folder / name for name in _PARTS):
            name = _class_name(part)
            released = next((module for module in model.modules() if type(module).__name__ == name), None)
            if released is not None:
                return released, part
        raise ConfigError(f"--init-from {self.folder}: no weights in it that this stage trains; choose another folder")

    def _remedy(self) -> str:
        theirs, mine = read_run(self.folder).config, json.loads(to_json(self.config))
        different = [
            f"--set {name}={json.dumps(theirs[name], separators=(',', ':'))}"
            for name in sorted(theirs)
            if name not in ("training", "sampling") and theirs[name] != mine.get(name)
        ]
        return f"to train the same architecture say {' '.join(different)}" if different else "choose another folder"


def _class_name(folder: Path) -> str | None:
    """Which class the weights of a folder belong to."""
    path = folder / "config.json"
    if not path.is_file():
        return None
    raw = json.loads(path.read_text())
    named = raw.get("_class_name") or next(iter(raw.get("architectures") or []), None)
    return str(named) if named else None


def _listed(words: str, names: list[str]) -> list[str]:
    more = f" and {len(names) - _NAMED_KEYS} more" if len(names) > _NAMED_KEYS else ""
    return [f"{words} {', '.join(names[:_NAMED_KEYS])}{more}"] if names else []
