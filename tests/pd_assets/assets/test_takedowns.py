"""rights/takedowns in the launchpad: lists and patterns, and the receipts that it shows."""

from pathlib import Path

import dagster as dg
import pytest

from pd_assets.assets.catalog import catalog_licensed_images
from pd_assets.assets.rights import rights_takedowns
from pd_assets.lib.home import Home, open_home
from pd_assets.resources import Platform
from tests.pd_assets.lib.release.planted import catalogue, dataset, model

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    catalogue(made, range(6))
    model(made, "unet_text", "seer", dataset(made))
    return made


def materialized(home: Home, asset: dg.AssetsDefinition, **config: object) -> dg.ExecuteInProcessResult:
    ops = {asset.op.name: {"config": config}} if config else {}
    return dg.materialize(
        [asset],
        instance=dg.DagsterInstance.ephemeral(),
        resources={"platform": Platform(pd_home=str(home.root))},
        run_config={**QUIET, "ops": ops},
        raise_on_error=False,
    )


def metadata(done: dg.ExecuteInProcessResult) -> dict[str, object]:
    (event,) = done.get_asset_materialization_events()
    return {name: value.value for name, value in event.step_materialization_data.materialization.metadata.items()}


def test_a_list_and_patterns_are_taken_down_under_one_receipt_and_the_next_step_counts_what_it_keeps_out(
    home: Home,
) -> None:
    done = materialized(
        home, rights_takedowns, items=["commons:M1", "nobody"], patterns=["title:picture 2"], reason="a letter"
    )
    assert done.success
    told = metadata(done)
    number = str(told["receipt"])
    assert number.startswith("T-") and told["unknown_names"] == ["nobody"] and told["left_to_do"] == []
    assert told["receipts_that_wait"] == 1 and told["dagster/row_count"] == 2
    assert f"| {number} |" in str(told["receipts"]) and "| waits |" in str(told["receipts"])
    counted = metadata(materialized(home, catalog_licensed_images))["left_out_as_taken_down"]
    assert str(number) in str(counted) and "2" in str(counted)


def test_without_a_name_it_goes_on_with_what_is_left_and_a_wrong_one_fails_by_name(home: Home) -> None:
    assert metadata(materialized(home, rights_takedowns))["receipts_that_wait"] == 0
    assert not materialized(home, rights_takedowns, patterns=["colour:red"], reason="a letter").success
    assert not materialized(home, rights_takedowns, item="commons:M1").success, "it needs a reason"
