"""What `release.json` says that the house knows beside the ledgers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pd_assets.lib.release.lineage import Model
from pd_assets.lib.release.said import training_flop


@dataclass(frozen=True, kw_only=True)
class Named:
    """What of a model is asked for."""

    stage: str
    version: str
    is_there: bool = True

    @property
    def folder(self) -> Path:
        return Path(f"{self.stage}-{self.version}")


def test_the_compute_of_a_model_is_its_own_though_the_chain_has_another_of_its_stage() -> None:
    asked: list[tuple[Path, ...]] = []

    def count(folders: tuple[Path, ...]) -> Mapping[str, float | None]:
        """By stage, as `pd_ml flop` tells it: a version is what it took."""
        asked.append(folders)
        spent: dict[str, float | None] = {}
        for stage, _, version in (folder.name.partition("-") for folder in folders):
            spent[stage] = (spent.get(stage) or 0.0) + float(version)
        return spent

    names = (("unet", "2"), ("clip", "1"), ("unet", "5"))
    chain = cast(list[Model], [Named(stage=stage, version=version) for stage, version in names])
    assert training_flop(chain, count) == {"clip 1": 1.0, "unet 2": 2.0, "unet 5": 5.0}
    asked.clear()
    assert training_flop(chain[:2], count) == {"clip 1": 1.0, "unet 2": 2.0} and len(asked) == 1
    gone = cast(list[Model], [*chain[:1], Named(stage="clip", version="1", is_there=False)])
    assert training_flop(gone, count) == {"clip 1": None, "unet 2": None}
