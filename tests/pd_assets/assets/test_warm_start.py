"""models/unet on two datasets in turn: with PD_WARM_START the second training goes on from the first."""

from pathlib import Path

import dagster as dg
import pytest

from pd_assets.assets.models import models_unet
from pd_assets.lib.home import open_home
from pd_assets.resources import Platform
from pd_ml.provenance import INIT_FROM, read_run
from tests.pd_assets.lib.release.planted import catalogue, dataset

TINY = ["steps=2", "batch_size=4", "channels=[8,16]", "attention=[false,true]", "head_width=8", "norm_groups=4"]


@pytest.mark.extended
@pytest.mark.slow
def test_a_retraining_starts_from_the_model_in_use_and_is_made_once(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    platform = Platform(pd_home=str(home.root), pd_recipe="debug", pd_warm_start="1")
    config = {"ops": {"models__unet": {"config": {"set": [*TINY, "sample_steps=1", "previews=1"]}}}}

    def materialised() -> tuple[str, bool]:
        done = dg.materialize([models_unet], resources={"platform": platform}, run_config=config)
        told = done.asset_materializations_for_node("models__unet")[0].metadata
        return str(told["version"].value), bool(told["trained_now"].value)

    catalogue(home, range(12))
    dataset(home)
    first, _ = materialised()
    catalogue(home, range(14))
    dataset(home)
    second, trained_now = materialised()
    assert trained_now and second != first
    runs = [read_run(home.model("unet", version)) for version in (first, second)]
    assert INIT_FROM not in runs[0].inputs and runs[1].inputs[INIT_FROM] == runs[0].digest
    assert materialised() == (second, False)
